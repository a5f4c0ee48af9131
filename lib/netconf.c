#include "netconf.h"

#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

size_t netconf_write_dump(sa_family_t family, uint32_t sequence,
			  uint8_t buf[NL_REQUEST_BYTES])
{
	const struct netconfmsg body = {.ncm_family = (uint8_t)family};

	return nl_write_request(RTM_GETNETCONF, NLM_F_DUMP, sequence, &body,
				sizeof(body), buf);
}

bool netconf_read(const struct nl_message *message, struct netconf *ret_conf)
{
	struct netconf conf = {.forwarding = -1, .rp_filter = -1};
	struct nl_attrs rest = message->body;
	struct netconfmsg header;
	bool has_index = false;
	struct nl_attr attr;

	if (message->type != RTM_NEWNETCONF ||
	    !nl_take(&rest, &header, sizeof(header)))
		return false;
	conf.family = header.ncm_family;
	while (nl_next_attr(&rest, &attr)) {
		switch (attr.type) {
		case NETCONFA_IFINDEX:
			conf.ifindex = (int)nl_u32(&attr, 0);
			has_index = attr.len >= 4;
			break;
		case NETCONFA_FORWARDING:
			conf.forwarding = (int)nl_u32(&attr, (uint32_t)-1);
			break;
		case NETCONFA_RP_FILTER:
			conf.rp_filter = (int)nl_u32(&attr, (uint32_t)-1);
			break;
		default:
			break;
		}
	}
	if (has_index)
		*ret_conf = conf;
	return has_index;
}
