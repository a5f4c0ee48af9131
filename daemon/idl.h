/*
 * idl: the definition of the control interface, doc/io.traversald.varlink as it
 * stood when the daemon was built.
 */
#ifndef DAEMON_IDL_H
#define DAEMON_IDL_H

extern const char idl_text[];

#endif
