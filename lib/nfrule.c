#include "nfrule.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netlink.h>
#include <string.h>

#define TYPE(message) ((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (message)))

/* Where a UDP or TCP header has the destination port. */
#define DPORT_OFFSET 2
#define DPORT_BYTES  2

/* What the next comparison is about. */
enum subject { SUBJECT_OTHER, SUBJECT_PROTOCOL, SUBJECT_DPORT };

struct reading {
	struct nfrule rule;
	enum subject subject;
	bool has_port, has_verdict;
};

/* Returns the first attribute of that type inside NEST, or an empty one. */
static struct nl_attr find_inside(const struct nl_attr *nest, uint16_t type)
{
	struct nl_attrs rest = nl_nested(nest);
	struct nl_attr attr;

	while (nl_next_attr(&rest, &attr))
		if (attr.type == type)
			return attr;
	return (struct nl_attr){.len = 0};
}

/* The value inside a nest of NFTA_DATA_VALUE. */
static struct nl_attr value_of(const struct nl_attr *data)
{
	return find_inside(data, NFTA_DATA_VALUE);
}

static uint16_t port_of(const struct nl_attr *value)
{
	return (uint16_t)(value->bytes[0] << 8 | value->bytes[1]);
}

static void read_payload(struct reading *r, struct nl_attrs rest)
{
	uint32_t base = 0, offset = UINT32_MAX, len = 0;
	struct nl_attr attr;

	while (nl_next_attr(&rest, &attr)) {
		if (attr.type == NFTA_PAYLOAD_BASE)
			base = nl_u32_be(&attr, 0);
		else if (attr.type == NFTA_PAYLOAD_OFFSET)
			offset = nl_u32_be(&attr, UINT32_MAX);
		else if (attr.type == NFTA_PAYLOAD_LEN)
			len = nl_u32_be(&attr, 0);
	}
	r->subject = SUBJECT_OTHER;
	if (base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == DPORT_OFFSET &&
	    len == DPORT_BYTES)
		r->subject = SUBJECT_DPORT;
	/* The protocol of an IPv4 packet, and the next header of IPv6. */
	else if (base == NFT_PAYLOAD_NETWORK_HEADER && len == 1 &&
		 (offset == 9 || offset == 6))
		r->subject = SUBJECT_PROTOCOL;
}

static void read_meta(struct reading *r, struct nl_attrs rest)
{
	struct nl_attr attr;

	r->subject = SUBJECT_OTHER;
	while (nl_next_attr(&rest, &attr))
		/* The family is no condition beside a table's own. */
		if (attr.type == NFTA_META_KEY &&
		    (nl_u32_be(&attr, 0) == NFT_META_L4PROTO ||
		     nl_u32_be(&attr, 0) == NFT_META_NFPROTO))
			r->subject = SUBJECT_PROTOCOL;
}

static void compare_port(struct reading *r, uint32_t op, uint16_t port)
{
	struct nfrule *rule = &r->rule;

	if (op == NFT_CMP_EQ) {
		rule->first = rule->last = port;
	} else if (op == NFT_CMP_GTE) {
		rule->first = port;
		if (!r->has_port)
			rule->last = UINT16_MAX;
	} else if (op == NFT_CMP_LTE) {
		rule->last = port;
	} else {
		rule->has_more = true;
	}
	r->has_port = true;
}

static void read_compare(struct reading *r, struct nl_attrs rest)
{
	struct nl_attr attr, value = {.len = 0};
	uint32_t op = UINT32_MAX;

	while (nl_next_attr(&rest, &attr)) {
		if (attr.type == NFTA_CMP_OP)
			op = nl_u32_be(&attr, UINT32_MAX);
		else if (attr.type == NFTA_CMP_DATA)
			value = value_of(&attr);
	}
	if (r->subject == SUBJECT_DPORT && value.len == DPORT_BYTES)
		compare_port(r, op, port_of(&value));
	else if (r->subject == SUBJECT_PROTOCOL && value.len == 1 &&
		 op == NFT_CMP_EQ &&
		 (*value.bytes == IPPROTO_UDP || *value.bytes == IPPROTO_TCP))
		r->rule.protocol = *value.bytes;
	else if (r->subject != SUBJECT_PROTOCOL)
		r->rule.has_more = true;
}

/* nft writes a range as one expression as well. */
static void read_range(struct reading *r, struct nl_attrs rest)
{
	struct nl_attr attr, from = {.len = 0}, to = {.len = 0};
	uint32_t op = UINT32_MAX;

	while (nl_next_attr(&rest, &attr)) {
		if (attr.type == NFTA_RANGE_OP)
			op = nl_u32_be(&attr, UINT32_MAX);
		else if (attr.type == NFTA_RANGE_FROM_DATA)
			from = value_of(&attr);
		else if (attr.type == NFTA_RANGE_TO_DATA)
			to = value_of(&attr);
	}
	if (r->subject != SUBJECT_DPORT || op != NFT_RANGE_EQ ||
	    from.len != DPORT_BYTES || to.len != DPORT_BYTES) {
		r->rule.has_more = true;
		return;
	}
	r->rule.first = port_of(&from);
	r->rule.last = port_of(&to);
	r->has_port = true;
}

/* The extension "udp" or "tcp" of iptables: its structure begins with source
 * and destination ports in host order; that of tcp is longer. */
static void read_match(struct reading *r, struct nl_attrs rest)
{
	struct nl_attr attr, info = {.len = 0};
	char name[16] = "";
	struct xt_udp ports;

	while (nl_next_attr(&rest, &attr)) {
		if (attr.type == NFTA_MATCH_NAME)
			nl_text(&attr, name, sizeof(name));
		else if (attr.type == NFTA_MATCH_INFO)
			info = attr;
	}
	if ((strcmp(name, "udp") != 0 && strcmp(name, "tcp") != 0) ||
	    info.len < sizeof(ports)) {
		r->rule.has_more =
		    r->rule.has_more || strcmp(name, "comment") != 0;
		return;
	}
	memcpy(&ports, info.bytes, sizeof(ports));
	r->rule.protocol = name[0] == 'u' ? IPPROTO_UDP : IPPROTO_TCP;
	r->rule.first = ports.dpts[0];
	r->rule.last = ports.dpts[1];
	r->has_port = ports.dpts[0] != 0 || ports.dpts[1] != UINT16_MAX;
}

static void read_verdict(struct reading *r, struct nl_attrs rest)
{
	const struct nl_attr all = {.bytes = rest.bytes, .len = rest.len};
	struct nl_attr data = find_inside(&all, NFTA_IMMEDIATE_DATA);
	struct nl_attr verdict = find_inside(&data, NFTA_DATA_VERDICT);
	struct nl_attr code = find_inside(&verdict, NFTA_VERDICT_CODE);

	if (code.len == 0)
		return;
	r->has_verdict = true;
	switch (nl_u32_be(&code, UINT32_MAX)) {
	case NF_ACCEPT:
		r->rule.verdict = NF_VERDICT_ACCEPT;
		break;
	case NF_DROP:
		r->rule.verdict = NF_VERDICT_DROP;
		break;
	default:
		r->rule.verdict = NF_VERDICT_OTHER;
	}
}

static void read_expression(struct reading *r, const struct nl_attr *element)
{
	static const struct {
		const char *name;
		void (*read)(struct reading *r, struct nl_attrs rest);
	} readers[] = {
	    {"payload", read_payload}, {"meta", read_meta},
	    {"cmp", read_compare},     {"range", read_range},
	    {"match", read_match},     {"immediate", read_verdict},
	};
	static const char *const harmless[] = {"counter", "log", "last"};
	struct nl_attrs rest = nl_nested(element);
	struct nl_attr attr, data = {.len = 0};
	char name[16] = "";

	while (nl_next_attr(&rest, &attr)) {
		if (attr.type == NFTA_EXPR_NAME)
			nl_text(&attr, name, sizeof(name));
		else if (attr.type == NFTA_EXPR_DATA)
			data = attr;
	}
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (strcmp(name, readers[i].name) == 0) {
			readers[i].read(r, nl_nested(&data));
			return;
		}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strcmp(name, harmless[i]) == 0)
			return;
	/* "reject" is a drop that says so. */
	if (strcmp(name, "reject") == 0) {
		r->has_verdict = true;
		r->rule.verdict = NF_VERDICT_DROP;
		return;
	}
	r->subject = SUBJECT_OTHER;
	r->rule.has_more = true;
}

size_t nfrule_write_dump(uint32_t sequence, uint8_t buf[NL_REQUEST_BYTES])
{
	const struct nfgenmsg body = {.nfgen_family = NFPROTO_UNSPEC,
				      .version = NFNETLINK_V0};

	return nl_write_request(TYPE(NFT_MSG_GETRULE), NLM_F_DUMP, sequence,
				&body, sizeof(body), buf);
}

bool nfrule_read(const struct nl_message *message, struct nfrule *ret_rule)
{
	struct nl_attrs rest = message->body, list;
	struct reading r = {.has_port = false};
	struct nfgenmsg header;
	struct nl_attr attr;

	if (message->type != TYPE(NFT_MSG_NEWRULE) ||
	    !nl_take(&rest, &header, sizeof(header)))
		return false;
	r.rule.family = nf_family_name(header.nfgen_family);
	while (nl_next_attr(&rest, &attr)) {
		if (attr.type == NFTA_RULE_TABLE) {
			nl_text(&attr, r.rule.table, sizeof(r.rule.table));
		} else if (attr.type == NFTA_RULE_CHAIN) {
			nl_text(&attr, r.rule.chain, sizeof(r.rule.chain));
		} else if (attr.type == NFTA_RULE_EXPRESSIONS) {
			list = nl_nested(&attr);
			while (nl_next_attr(&list, &attr))
				read_expression(&r, &attr);
		}
	}
	if (!r.has_port || !r.has_verdict)
		return false;
	*ret_rule = r.rule;
	return true;
}
