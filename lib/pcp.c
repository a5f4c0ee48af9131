#include "pcp.h"

#include <errno.h>
#include <string.h>

#include "wire.h"

/* RFC 6887 section 7.1, 7.2. */
#define WIRE_VERSION 2
#define RESPONSE_BIT 0x80
/* RFC 6887 section 7.3: option code, reserved, length; then padding to 4. */
#define OPTION_PREFER_FAILURE 2
/* RFC 6886 section 3.5: how NAT-PMP refuses a version; it has no more. */
#define NATPMP_REFUSAL_BYTES 8
#define NATPMP_VERSION       0

static void put_addr(struct wire_writer *w, const struct addr *a)
{
	if (a->family == AF_INET6) {
		wire_put_bytes(w, a->bytes, 16);
		return;
	}
	/* RFC 6887 section 5: v4-mapped, all-zeros IPv4 included. */
	wire_put_zeros(w, 10);
	wire_put_u16(w, 0xffff);
	wire_put_bytes(w, a->bytes, 4);
}

static struct addr get_addr(struct wire_reader *r)
{
	uint8_t bytes[16];

	wire_get_bytes(r, bytes, sizeof(bytes));
	return addr_from_ipv6(bytes);
}

static bool is_all_zeros(const struct addr *a)
{
	static const uint8_t zeros[16];

	return memcmp(a->bytes, zeros, sizeof(zeros)) == 0;
}

static void put_map(struct wire_writer *w, const struct pcp_map *map,
		    sa_family_t family)
{
	struct addr external = map->external;

	if (!addr_is_set(&external))
		external.family = family;
	wire_put_bytes(w, map->nonce, sizeof(map->nonce));
	wire_put_u8(w, map->protocol);
	wire_put_zeros(w, 3);
	wire_put_u16(w, map->internal_port);
	wire_put_u16(w, map->external_port);
	put_addr(w, &external);
}

static struct pcp_map get_map(struct wire_reader *r)
{
	struct pcp_map map = {.protocol = 0};

	wire_get_bytes(r, map.nonce, sizeof(map.nonce));
	map.protocol = wire_get_u8(r);
	wire_skip(r, 3);
	map.internal_port = wire_get_u16(r);
	map.external_port = wire_get_u16(r);
	map.external = get_addr(r);
	if (is_all_zeros(&map.external))
		map.external = (struct addr){.family = AF_UNSPEC};
	return map;
}

static int finish(const struct wire_writer *w)
{
	return wire_writer_is_ok(w) ? (int)w->at : -ENOBUFS;
}

int pcp_encode_request(const struct pcp_request *request, void *buf,
		       size_t buf_bytes)
{
	struct wire_writer w = wire_writer_init(buf, buf_bytes);

	if (!addr_is_set(&request->client))
		return -EAFNOSUPPORT;
	wire_put_u8(&w, WIRE_VERSION);
	wire_put_u8(&w, (uint8_t)request->opcode);
	wire_put_u16(&w, 0);
	wire_put_u32(&w, request->lifetime_s);
	put_addr(&w, &request->client);
	if (request->opcode == PCP_MAP)
		put_map(&w, &request->map, request->client.family);
	if (request->opcode == PCP_MAP && request->prefer_failure) {
		wire_put_u8(&w, OPTION_PREFER_FAILURE);
		wire_put_u8(&w, 0);
		wire_put_u16(&w, 0);
	}
	return finish(&w);
}

int pcp_encode_response(const struct pcp_response *response, void *buf,
			size_t buf_bytes)
{
	struct wire_writer w = wire_writer_init(buf, buf_bytes);

	wire_put_u8(&w, WIRE_VERSION);
	wire_put_u8(&w, (uint8_t)(RESPONSE_BIT | response->opcode));
	wire_put_u8(&w, 0);
	wire_put_u8(&w, response->result);
	wire_put_u32(&w, response->lifetime_s);
	wire_put_u32(&w, response->epoch_s);
	wire_put_zeros(&w, 12);
	if (response->has_map)
		put_map(&w, &response->map, AF_INET);
	return finish(&w);
}

/* RFC 6887 section 8.1, 8.3: what is too short, too long or not a multiple of
 * four is dropped in silence. */
static bool is_length_ok(size_t len)
{
	return len >= PCP_HEADER_BYTES && len <= PCP_MESSAGE_BYTES &&
	       len % 4 == 0;
}

/* Reads options up to the end; false when the last one is cut off. The data is
 * padded to four bytes, which the length does not count. */
static bool read_options(struct wire_reader *r, bool *ret_prefer_failure)
{
	bool prefer_failure = false;
	uint8_t code;
	size_t len;

	while (wire_remaining(r) > 0) {
		code = wire_get_u8(r);
		wire_skip(r, 1);
		len = wire_get_u16(r);
		wire_skip(r, (len + 3) & ~(size_t)3);
		if (code == OPTION_PREFER_FAILURE)
			prefer_failure = true;
	}
	if (!wire_reader_is_ok(r))
		return false;
	*ret_prefer_failure = prefer_failure;
	return true;
}

static bool is_opcode_known(unsigned int opcode)
{
	return opcode == PCP_ANNOUNCE || opcode == PCP_MAP;
}

int pcp_decode_request(const void *bytes, size_t len,
		       struct pcp_request *ret_request)
{
	struct wire_reader r = wire_reader_init(bytes, len);
	struct pcp_request request = {.opcode = PCP_ANNOUNCE};
	unsigned int version = wire_get_u8(&r);
	unsigned int opcode = wire_get_u8(&r);

	if (!is_length_ok(len) || version != WIRE_VERSION ||
	    !is_opcode_known(opcode))
		return -EBADMSG;
	request.opcode = (enum pcp_opcode)opcode;
	wire_skip(&r, 2);
	request.lifetime_s = wire_get_u32(&r);
	request.client = get_addr(&r);
	if (request.opcode == PCP_MAP)
		request.map = get_map(&r);
	if (!wire_reader_is_ok(&r) ||
	    !read_options(&r, &request.prefer_failure))
		return -EBADMSG;
	*ret_request = request;
	return 0;
}

unsigned int pcp_peek_version(const void *bytes, size_t len)
{
	struct wire_reader r = wire_reader_init(bytes, len);

	return wire_get_u8(&r);
}

/* The same bytes mean 'unsupported version' in NAT-PMP and in any later PCP. */
static bool is_version_refusal(const void *bytes, size_t len)
{
	struct wire_reader r = wire_reader_init(bytes, len);
	unsigned int version = wire_get_u8(&r);
	unsigned int opcode = wire_get_u8(&r);
	unsigned int result = wire_get_u16(&r);

	if (!(opcode & RESPONSE_BIT) || result != PCP_UNSUPP_VERSION)
		return false;
	if (version == NATPMP_VERSION)
		return len == NATPMP_REFUSAL_BYTES || is_length_ok(len);
	return version != WIRE_VERSION && is_length_ok(len);
}

static int read_response(struct wire_reader *r, struct pcp_response *response)
{
	bool is_preferred;

	wire_skip(r, 1);
	response->result = wire_get_u8(r);
	response->lifetime_s = wire_get_u32(r);
	response->epoch_s = wire_get_u32(r);
	wire_skip(r, 12);
	/* A server that cannot read the request may answer a bare header. */
	if (response->opcode == PCP_MAP &&
	    (response->result == PCP_SUCCESS || wire_remaining(r) > 0)) {
		response->has_map = true;
		response->map = get_map(r);
	}
	if (!wire_reader_is_ok(r) || !read_options(r, &is_preferred))
		return -EBADMSG;
	return 0;
}

int pcp_decode_response(const void *bytes, size_t len,
			struct pcp_response *ret_response)
{
	struct wire_reader r = wire_reader_init(bytes, len);
	struct pcp_response response = {.opcode = PCP_ANNOUNCE};
	unsigned int version = wire_get_u8(&r);
	unsigned int opcode = wire_get_u8(&r);

	if (is_version_refusal(bytes, len))
		return -EPROTONOSUPPORT;
	if (!is_length_ok(len) || version != WIRE_VERSION ||
	    !(opcode & RESPONSE_BIT) ||
	    !is_opcode_known(opcode & ~(unsigned int)RESPONSE_BIT))
		return -EBADMSG;
	response.opcode =
	    (enum pcp_opcode)(opcode & ~(unsigned int)RESPONSE_BIT);
	if (read_response(&r, &response) < 0)
		return -EBADMSG;
	*ret_response = response;
	return 0;
}

const char *pcp_result_name(unsigned int result)
{
	static const char *const names[] = {
	    [PCP_SUCCESS] = "SUCCESS",
	    [PCP_UNSUPP_VERSION] = "UNSUPP_VERSION",
	    [PCP_NOT_AUTHORIZED] = "NOT_AUTHORIZED",
	    [PCP_MALFORMED_REQUEST] = "MALFORMED_REQUEST",
	    [PCP_UNSUPP_OPCODE] = "UNSUPP_OPCODE",
	    [PCP_UNSUPP_OPTION] = "UNSUPP_OPTION",
	    [PCP_MALFORMED_OPTION] = "MALFORMED_OPTION",
	    [PCP_NETWORK_FAILURE] = "NETWORK_FAILURE",
	    [PCP_NO_RESOURCES] = "NO_RESOURCES",
	    [PCP_UNSUPP_PROTOCOL] = "UNSUPP_PROTOCOL",
	    [PCP_USER_EX_QUOTA] = "USER_EX_QUOTA",
	    [PCP_CANNOT_PROVIDE_EXTERNAL] = "CANNOT_PROVIDE_EXTERNAL",
	    [PCP_ADDRESS_MISMATCH] = "ADDRESS_MISMATCH",
	    [PCP_EXCESSIVE_REMOTE_PEERS] = "EXCESSIVE_REMOTE_PEERS",
	};

	if (result >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[result];
}
