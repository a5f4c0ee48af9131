/*
 * igd_sandbox: the walls around the UPnP worker.
 *
 * The worker parses what any host of the link may have written, with a library
 * that puts no bound on size or time. The kernel sets the bounds. Linux only;
 * linked into the worker alone.
 */
#ifndef DAEMON_IGD_SANDBOX_H
#define DAEMON_IGD_SANDBOX_H

#include <stddef.h>

/* The worker's address space: it peaks at a third of that in normal use. */
#define IGD_SANDBOX_MEMORY_BYTES ((size_t)32 << 20)

/*
 * Bounds memory, CPU time, descriptors and file size of this process, forbids
 * core dumps and new privileges, has it killed when its parent ends, and closes
 * the file system by Landlock where the kernel has it. Returns Landlock's ABI,
 * 0 when the kernel has none, or -errno when a bound could not be set.
 */
int igd_sandbox_enter(void);

#endif
