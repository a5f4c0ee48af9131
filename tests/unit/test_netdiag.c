/* nlmsg, netconf, sockdiag, nfchain: what the kernel tells over netlink. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netconf.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "netconf.h"
#include "nfchain.h"
#include "nfrule.h"
#include "sockdiag.h"

/* Builds one message: header, body, attributes. */
struct builder {
	uint8_t bytes[512];
	size_t len;
};

static void put(struct builder *b, const void *bytes, size_t len)
{
	memcpy(b->bytes + b->len, bytes, len);
	b->len = (b->len + len + 3) & ~(size_t)3;
}

static struct builder begin(uint16_t type, const void *body, size_t len)
{
	struct nlmsghdr header = {.nlmsg_type = type};
	struct builder b = {.len = 0};

	put(&b, &header, sizeof(header));
	put(&b, body, len);
	return b;
}

static void put_attr(struct builder *b, uint16_t type, const void *bytes,
		     size_t len)
{
	struct nlattr header = {.nla_len = (uint16_t)(sizeof(header) + len),
				.nla_type = type};

	put(b, &header, sizeof(header));
	put(b, bytes, len);
}

static void put_u32(struct builder *b, uint16_t type, uint32_t value)
{
	put_attr(b, type, &value, sizeof(value));
}

static struct nl_message finish(struct builder *b)
{
	struct nl_message m = {0};
	struct nlmsghdr header;
	struct nl_reader reader;

	memcpy(&header, b->bytes, sizeof(header));
	header.nlmsg_len = (uint32_t)b->len;
	memcpy(b->bytes, &header, sizeof(header));
	reader = nl_reader_init(b->bytes, b->len);
	assert_true(nl_next(&reader, &m));
	return m;
}

/* --- nlmsg ------------------------------------------------------------------
 */

static void nl_next_when_length_exceeds_buffer_then_broken(void **state)
{
	struct nlmsghdr header = {.nlmsg_len = sizeof(header) + 1};
	struct nl_reader reader = nl_reader_init(&header, sizeof(header));
	struct nl_message m;

	(void)state;
	assert_false(nl_next(&reader, &m));
	assert_true(reader.is_broken);
	header.nlmsg_len = 3;
	reader = nl_reader_init(&header, sizeof(header));
	assert_false(nl_next(&reader, &m));
	assert_true(reader.is_broken);
}

static void nl_next_attr_when_attribute_is_cut_then_ends(void **state)
{
	const uint8_t bytes[] = {9, 0, 1, 0, 'a', 'b', 'c', 'd'};
	struct nl_attrs rest = {bytes, sizeof(bytes)};
	struct nl_attr attr;

	(void)state;
	assert_false(nl_next_attr(&rest, &attr));
}

static void nl_text_when_hostile_then_question_marks(void **state)
{
	struct nl_attr attr = {.bytes = (const uint8_t *)"a\x1b;$(x)\xff b",
			       .len = 11};
	char text[32], cut[4];

	(void)state;
	nl_text(&attr, text, sizeof(text));
	assert_string_equal(text, "a?;$(x)??b");
	nl_text(&attr, cut, sizeof(cut));
	assert_string_equal(cut, "a?;");
}

static void nl_is_end_when_error_then_told(void **state)
{
	int32_t refused = -EPERM, error = 1;
	struct builder b = begin(NLMSG_ERROR, &refused, sizeof(refused));
	struct nl_message m = finish(&b);

	(void)state;
	assert_true(nl_is_end(&m, &error));
	assert_int_equal(error, -EPERM);
}

/* --- netconf ----------------------------------------------------------------
 */

static void netconf_read_when_forwarding_then_told(void **state)
{
	struct netconfmsg body = {.ncm_family = AF_INET};
	struct builder b = begin(RTM_NEWNETCONF, &body, sizeof(body));
	struct netconf conf;
	struct nl_message m;

	(void)state;
	put_u32(&b, NETCONFA_IFINDEX, (uint32_t)NETCONFA_IFINDEX_ALL);
	put_u32(&b, NETCONFA_FORWARDING, 1);
	put_u32(&b, NETCONFA_RP_FILTER, 2);
	m = finish(&b);
	assert_true(netconf_read(&m, &conf));
	assert_int_equal(conf.family, AF_INET);
	assert_int_equal(conf.ifindex, NETCONF_ALL);
	assert_int_equal(conf.forwarding, 1);
	assert_int_equal(conf.rp_filter, 2);
}

static void netconf_read_when_index_missing_then_false(void **state)
{
	struct netconfmsg body = {.ncm_family = AF_INET};
	struct builder b = begin(RTM_NEWNETCONF, &body, sizeof(body));
	struct netconf conf;
	struct nl_message m;

	(void)state;
	put_u32(&b, NETCONFA_FORWARDING, 1);
	m = finish(&b);
	assert_false(netconf_read(&m, &conf));
}

/* --- sockdiag ---------------------------------------------------------------
 */

static struct builder udp_socket(uint16_t port, uint32_t uid, uint32_t inode)
{
	struct inet_diag_msg body = {
	    .idiag_family = AF_INET,
	    .idiag_state = 7,
	    .idiag_uid = uid,
	    .idiag_inode = inode,
	    .id = {.idiag_sport = htons(port)},
	};

	return begin(SOCK_DIAG_BY_FAMILY, &body, sizeof(body));
}

static void sockdiag_read_when_wireguard_then_inode_is_zero(void **state)
{
	struct builder b = udp_socket(51820, 0, 0);
	struct nl_message m = finish(&b);
	struct sockdiag s;

	(void)state;
	assert_true(sockdiag_read(&m, &s));
	assert_int_equal(s.local.port, 51820);
	assert_int_equal(s.inode, 0);
	assert_false(addr_is_set(&s.local.addr));
	assert_false(s.is_connected);
}

static void sockdiag_read_when_truncated_then_false(void **state)
{
	const uint8_t few[20] = {AF_INET};
	struct builder b = begin(SOCK_DIAG_BY_FAMILY, few, sizeof(few));
	struct nl_message m = finish(&b);
	struct sockdiag s;

	(void)state;
	assert_false(sockdiag_read(&m, &s));
}

/* --- nfchain ----------------------------------------------------------------
 */

static struct builder chain_message(uint8_t family, uint32_t hook,
				    uint32_t policy)
{
	struct nfgenmsg body = {.nfgen_family = family};
	struct builder b =
	    begin((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN),
		  &body, sizeof(body));
	struct builder nest = {.len = 0};

	put_attr(&b, NFTA_CHAIN_TABLE, "filter", 7);
	put_attr(&b, NFTA_CHAIN_NAME, "FORWARD", 8);
	put_u32(&nest, NFTA_HOOK_HOOKNUM, htonl(hook));
	put_u32(&nest, NFTA_HOOK_PRIORITY, htonl((uint32_t)-5));
	put_attr(&b, NFTA_CHAIN_HOOK | NLA_F_NESTED, nest.bytes, nest.len);
	put_u32(&b, NFTA_CHAIN_POLICY, htonl(policy));
	put_attr(&b, NFTA_CHAIN_TYPE, "filter", 7);
	return b;
}

static void nfchain_read_when_forward_drops_then_told(void **state)
{
	struct builder b =
	    chain_message(NFPROTO_IPV4, NF_INET_FORWARD, NF_DROP);
	struct nl_message m = finish(&b);
	struct nfchain chain;

	(void)state;
	assert_true(nfchain_read(&m, &chain));
	assert_string_equal(chain.family, "ip");
	assert_string_equal(chain.table, "filter");
	assert_string_equal(chain.name, "FORWARD");
	assert_true(chain.is_base);
	assert_int_equal(chain.hook, NF_HOOK_FORWARD);
	assert_int_equal(chain.priority, -5);
	assert_true(chain.drops);
	assert_string_equal(nf_hook_name(chain.hook), "forward");
}

static void nfchain_read_when_bridge_then_hook_is_other(void **state)
{
	struct builder b =
	    chain_message(NFPROTO_BRIDGE, NF_INET_FORWARD, NF_ACCEPT);
	struct nl_message m = finish(&b);
	struct nfchain chain;

	(void)state;
	assert_true(nfchain_read(&m, &chain));
	assert_int_equal(chain.hook, NF_HOOK_OTHER);
	assert_false(chain.drops);
}

static void nfchain_read_when_hook_number_is_wild_then_other(void **state)
{
	struct builder b = chain_message(NFPROTO_INET, 4000000000u, NF_DROP);
	struct nl_message m = finish(&b);
	struct nfchain chain;

	(void)state;
	assert_true(nfchain_read(&m, &chain));
	assert_int_equal(chain.hook, NF_HOOK_OTHER);
}

/* --- nfrule -----------------------------------------------------------------
 */

static void put_expression(struct builder *list, const char *name,
			   const struct builder *data)
{
	struct builder element = {.len = 0};

	put_attr(&element, NFTA_EXPR_NAME, name, strlen(name) + 1);
	put_attr(&element, NFTA_EXPR_DATA | NLA_F_NESTED, data->bytes,
		 data->len);
	put_attr(list, NFTA_LIST_ELEM | NLA_F_NESTED, element.bytes,
		 element.len);
}

static void put_payload(struct builder *list, uint32_t base, uint32_t offset,
			uint32_t len)
{
	struct builder data = {.len = 0};

	put_u32(&data, NFTA_PAYLOAD_BASE, htonl(base));
	put_u32(&data, NFTA_PAYLOAD_OFFSET, htonl(offset));
	put_u32(&data, NFTA_PAYLOAD_LEN, htonl(len));
	put_expression(list, "payload", &data);
}

static void put_compare(struct builder *list, uint32_t op, const void *value,
			size_t len)
{
	struct builder data = {.len = 0}, nest = {.len = 0};

	put_attr(&nest, NFTA_DATA_VALUE, value, len);
	put_u32(&data, NFTA_CMP_OP, htonl(op));
	put_attr(&data, NFTA_CMP_DATA | NLA_F_NESTED, nest.bytes, nest.len);
	put_expression(list, "cmp", &data);
}

static void put_verdict(struct builder *list, uint32_t code)
{
	struct builder data = {.len = 0}, outer = {.len = 0};
	struct builder inner = {.len = 0};

	put_u32(&inner, NFTA_VERDICT_CODE, htonl(code));
	put_attr(&outer, NFTA_DATA_VERDICT | NLA_F_NESTED, inner.bytes,
		 inner.len);
	put_attr(&data, NFTA_IMMEDIATE_DATA | NLA_F_NESTED, outer.bytes,
		 outer.len);
	put_expression(list, "immediate", &data);
}

static void put_dport(struct builder *list, uint16_t port)
{
	const uint8_t bytes[] = {(uint8_t)(port >> 8), (uint8_t)port};

	put_payload(list, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
	put_compare(list, NFT_CMP_EQ, bytes, sizeof(bytes));
}

static bool read_rule(const struct builder *list, struct nfrule *ret_rule)
{
	struct nfgenmsg body = {.nfgen_family = NFPROTO_INET};
	struct builder b =
	    begin((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE),
		  &body, sizeof(body));
	struct nl_message m;

	put_attr(&b, NFTA_RULE_TABLE, "filter", 7);
	put_attr(&b, NFTA_RULE_CHAIN, "input", 6);
	put_attr(&b, NFTA_RULE_EXPRESSIONS | NLA_F_NESTED, list->bytes,
		 list->len);
	m = finish(&b);
	return nfrule_read(&m, ret_rule);
}

/* udp dport 5000 accept */
static void nfrule_read_when_port_is_accepted_then_told(void **state)
{
	struct builder list = {.len = 0};
	struct nfrule rule;
	const uint8_t udp = 17;

	(void)state;
	put_payload(&list, NFT_PAYLOAD_NETWORK_HEADER, 9, 1);
	put_compare(&list, NFT_CMP_EQ, &udp, 1);
	put_dport(&list, 5000);
	put_verdict(&list, NF_ACCEPT);
	assert_true(read_rule(&list, &rule));
	assert_string_equal(rule.chain, "input");
	assert_int_equal(rule.protocol, 17);
	assert_int_equal(rule.first, 5000);
	assert_int_equal(rule.last, 5000);
	assert_false(rule.has_more);
	assert_int_equal(rule.verdict, NF_VERDICT_ACCEPT);
}

/* udp sport 5000 accept */
static void nfrule_read_when_source_port_then_false(void **state)
{
	const uint8_t port[] = {0x13, 0x88};
	struct builder list = {.len = 0};
	struct nfrule rule;

	(void)state;
	put_payload(&list, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2);
	put_compare(&list, NFT_CMP_EQ, port, sizeof(port));
	put_verdict(&list, NF_ACCEPT);
	assert_false(read_rule(&list, &rule));
}

/* ip saddr 192.0.2.1 udp dport 5000 drop */
static void nfrule_read_when_source_address_then_more(void **state)
{
	const uint8_t address[] = {192, 0, 2, 1};
	struct builder list = {.len = 0};
	struct nfrule rule;

	(void)state;
	put_payload(&list, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	put_compare(&list, NFT_CMP_EQ, address, sizeof(address));
	put_dport(&list, 5000);
	put_verdict(&list, NF_DROP);
	assert_true(read_rule(&list, &rule));
	assert_true(rule.has_more);
	assert_int_equal(rule.verdict, NF_VERDICT_DROP);
}

/* -p udp -m udp --dport 5000:5010 -j ACCEPT */
static void nfrule_read_when_iptables_match_then_told(void **state)
{
	const struct xt_udp ports = {.spts = {0, 65535}, .dpts = {5000, 5010}};
	struct builder list = {.len = 0}, data = {.len = 0};
	struct nfrule rule;

	(void)state;
	put_attr(&data, NFTA_MATCH_NAME, "udp", 4);
	put_attr(&data, NFTA_MATCH_INFO, &ports, sizeof(ports));
	put_expression(&list, "match", &data);
	put_verdict(&list, NF_ACCEPT);
	assert_true(read_rule(&list, &rule));
	assert_int_equal(rule.first, 5000);
	assert_int_equal(rule.last, 5010);
	assert_int_equal(rule.protocol, 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nl_next_when_length_exceeds_buffer_then_broken),
	    cmocka_unit_test(nl_next_attr_when_attribute_is_cut_then_ends),
	    cmocka_unit_test(nl_text_when_hostile_then_question_marks),
	    cmocka_unit_test(nl_is_end_when_error_then_told),
	    cmocka_unit_test(netconf_read_when_forwarding_then_told),
	    cmocka_unit_test(netconf_read_when_index_missing_then_false),
	    cmocka_unit_test(sockdiag_read_when_wireguard_then_inode_is_zero),
	    cmocka_unit_test(sockdiag_read_when_truncated_then_false),
	    cmocka_unit_test(nfchain_read_when_forward_drops_then_told),
	    cmocka_unit_test(nfchain_read_when_bridge_then_hook_is_other),
	    cmocka_unit_test(nfchain_read_when_hook_number_is_wild_then_other),
	    cmocka_unit_test(nfrule_read_when_port_is_accepted_then_told),
	    cmocka_unit_test(nfrule_read_when_source_port_then_false),
	    cmocka_unit_test(nfrule_read_when_source_address_then_more),
	    cmocka_unit_test(nfrule_read_when_iptables_match_then_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
