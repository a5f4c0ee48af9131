/* nlmsg, netconf, sockdiag, nfchain: what the kernel tells over netlink. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netconf.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "netconf.h"
#include "nfchain.h"
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
