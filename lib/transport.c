#include "transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <strings.h>

const char *transport_name(enum transport transport)
{
	return transport == TRANSPORT_TCP ? "tcp" : "udp";
}

int transport_parse(const char *text, enum transport *ret_transport)
{
	if (strcasecmp(text, "udp") == 0)
		*ret_transport = TRANSPORT_UDP;
	else if (strcasecmp(text, "tcp") == 0)
		*ret_transport = TRANSPORT_TCP;
	else
		return -EINVAL;
	return 0;
}

uint8_t transport_ipproto(enum transport transport)
{
	return transport == TRANSPORT_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}
