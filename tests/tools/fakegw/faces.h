/*
 * faces: the sides that the fake gateway shows: PCP and NAT-PMP, SSDP, and HTTP
 * with SOAP. Each takes one datagram or connection and answers as the knobs
 * say.
 */
#ifndef FAKEGW_FACES_H
#define FAKEGW_FACES_H

#include "addr.h"
#include "knobs.h"

#define PMP_PORT  5351
#define EARS_PORT 5350

/* Opens a UDP socket at ADDRESS:PORT; exits when it cannot. */
int face_udp(const struct addr *address, uint16_t port);
/* Sends to the group GROUP:PORT through the interface of FROM. */
void face_send_group(int fd, const struct addr *from, const char *group,
		     uint16_t port, const void *bytes, size_t len);

/* One request on FD, from port 5351. */
void pmp_answer(int fd, struct knobs *knobs);
/* Announces by both protocols. */
void pmp_announce(int fd, const struct addr *from, const struct knobs *knobs);

/* One search on FD; GROUP tells that it came to the group. ODD_FD answers when
 * the knobs want another port. */
void ssdp_answer(int fd, int odd_fd, bool is_group, const struct addr *self,
		 unsigned int http_port, struct knobs *knobs);
/* Says ssdp:alive or ssdp:byebye. */
void ssdp_notify(int fd, const char *nts, const struct addr *self,
		 unsigned int http_port, const struct knobs *knobs);

/* Closes a connection with a reset. */
void http_reset(int fd);
/* One connection, which it closes, or keeps open for ever. */
void http_answer(int fd, const struct addr *self, unsigned int http_port,
		 struct knobs *knobs);

#endif
