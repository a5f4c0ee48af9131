/*
 * punch_filter: keeps what is left of the punching out of a socket.
 *
 * A peer repeats its last words in case they were lost. Whoever gets the socket
 * knows nothing of that, so the kernel drops them: a socket filter (socket(7),
 * SO_ATTACH_FILTER) for the words of the Mysterium dialect and nothing else.
 * Its owner may take it away with SO_DETACH_FILTER.
 */
#ifndef DAEMON_PUNCH_FILTER_H
#define DAEMON_PUNCH_FILTER_H

/* Returns 0 or -errno; without it stray words come in. */
int punch_filter_attach(int fd);

#endif
