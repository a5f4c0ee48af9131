#include "sockdiag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>

#define TCP_LISTENING    (1u << 10) /* of enum in net/tcp_states.h */
#define EVERY_STATE      (~0u)
#define UDP_IS_CONNECTED 1 /* TCP_ESTABLISHED, said of UDP as well */

size_t sockdiag_write_dump(sa_family_t family, enum transport transport,
			   uint32_t sequence, uint8_t buf[NL_REQUEST_BYTES])
{
	const struct inet_diag_req_v2 body = {
	    .sdiag_family = (uint8_t)family,
	    .sdiag_protocol =
		transport == TRANSPORT_TCP ? IPPROTO_TCP : IPPROTO_UDP,
	    .idiag_states =
		transport == TRANSPORT_TCP ? TCP_LISTENING : EVERY_STATE,
	};

	return nl_write_request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sequence,
				&body, sizeof(body), buf);
}

bool sockdiag_read(const struct nl_message *message,
		   struct sockdiag *ret_socket)
{
	static const uint8_t zeros[16];
	struct nl_attrs rest = message->body;
	struct sockdiag s = {.family = AF_UNSPEC};
	struct inet_diag_msg m;
	size_t len;

	if (message->type != SOCK_DIAG_BY_FAMILY ||
	    !nl_take(&rest, &m, sizeof(m)) ||
	    (m.idiag_family != AF_INET && m.idiag_family != AF_INET6))
		return false;
	s.family = m.idiag_family;
	s.local.port = ntohs(m.id.idiag_sport);
	len = s.family == AF_INET ? 4 : 16;
	if (memcmp(m.id.idiag_src, zeros, len) != 0)
		s.local.addr = s.family == AF_INET
				   ? addr_from_ipv4(m.id.idiag_src)
				   : addr_from_ipv6(m.id.idiag_src);
	s.is_connected = m.idiag_state == UDP_IS_CONNECTED;
	s.uid = m.idiag_uid;
	s.inode = m.idiag_inode;
	*ret_socket = s;
	return true;
}
