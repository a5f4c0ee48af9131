#include "natpmp_wire.h"

#include <errno.h>
#include <stdbool.h>

#include "pcp.h"
#include "wire.h"

/* RFC 6886 section 3.5: an answer's opcode is that of the request plus 128. */
#define WIRE_VERSION  0
#define RESPONSE_BIT  0x80
#define REFUSAL_BYTES 8

/* A gateway that speaks PCP only refuses version 0 in its own format. */
static bool is_refusal(const void *bytes, size_t len)
{
	struct wire_reader r = wire_reader_init(bytes, len);
	unsigned int version = wire_get_u8(&r);
	unsigned int opcode = wire_get_u8(&r);
	unsigned int result = wire_get_u16(&r);

	if (!(opcode & RESPONSE_BIT))
		return false;
	if (version == WIRE_VERSION)
		return len == REFUSAL_BYTES &&
		       (result == NATPMP_WIRE_UNSUPP_VERSION ||
			result == NATPMP_WIRE_UNSUPP_OPCODE);
	return result == PCP_UNSUPP_VERSION && len >= PCP_HEADER_BYTES &&
	       len <= PCP_MESSAGE_BYTES && len % 4 == 0;
}

static bool is_shape_ok(unsigned int version, unsigned int opcode, size_t len)
{
	if (version != WIRE_VERSION)
		return false;
	if (opcode == (RESPONSE_BIT | NATPMP_WIRE_ADDRESS))
		return len == NATPMP_WIRE_ADDRESS_BYTES;
	if (opcode == (RESPONSE_BIT | NATPMP_WIRE_MAP_UDP) ||
	    opcode == (RESPONSE_BIT | NATPMP_WIRE_MAP_TCP))
		return len == NATPMP_WIRE_MAP_BYTES;
	return false;
}

static struct natpmp_wire_answer read_answer(struct wire_reader *r,
					     enum natpmp_wire_op op)
{
	struct natpmp_wire_answer answer = {.op = op};
	uint8_t bytes[4];

	answer.result = wire_get_u16(r);
	answer.epoch_s = wire_get_u32(r);
	if (op == NATPMP_WIRE_ADDRESS) {
		wire_get_bytes(r, bytes, sizeof(bytes));
		answer.external = addr_from_ipv4(bytes);
		return answer;
	}
	answer.internal_port = wire_get_u16(r);
	answer.external_port = wire_get_u16(r);
	answer.lifetime_s = wire_get_u32(r);
	return answer;
}

int natpmp_wire_decode_answer(const void *bytes, size_t len,
			      struct natpmp_wire_answer *ret_answer)
{
	struct wire_reader r = wire_reader_init(bytes, len);
	unsigned int version = wire_get_u8(&r);
	unsigned int opcode = wire_get_u8(&r);

	if (is_refusal(bytes, len))
		return -EPROTONOSUPPORT;
	if (!is_shape_ok(version, opcode, len))
		return -EBADMSG;
	opcode &= ~(unsigned int)RESPONSE_BIT;
	*ret_answer = read_answer(&r, (enum natpmp_wire_op)opcode);
	return 0;
}

int natpmp_wire_decode_announcement(const void *bytes, size_t len,
				    struct natpmp_wire_answer *ret_answer)
{
	struct natpmp_wire_answer answer;

	if (natpmp_wire_decode_answer(bytes, len, &answer) < 0 ||
	    answer.op != NATPMP_WIRE_ADDRESS ||
	    answer.result != NATPMP_WIRE_SUCCESS)
		return -EBADMSG;
	*ret_answer = answer;
	return 0;
}

const char *natpmp_wire_result_name(unsigned int result)
{
	static const char *const names[] = {
	    [NATPMP_WIRE_SUCCESS] = "success",
	    [NATPMP_WIRE_UNSUPP_VERSION] = "unsupported version",
	    [NATPMP_WIRE_NOT_AUTHORIZED] = "not authorized",
	    [NATPMP_WIRE_NETWORK_FAILURE] = "network failure",
	    [NATPMP_WIRE_NO_RESOURCES] = "out of resources",
	    [NATPMP_WIRE_UNSUPP_OPCODE] = "unsupported opcode",
	};

	if (result >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[result];
}
