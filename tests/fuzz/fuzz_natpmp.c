/* fuzz_natpmp: the guard in front of libnatpmp keeps its promises. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "natpmp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct natpmp_wire_answer a, b;
	int error = natpmp_wire_decode_answer(data, size, &a);

	if (natpmp_wire_decode_announcement(data, size, &b) == 0 &&
	    (error != 0 || b.op != NATPMP_WIRE_ADDRESS || b.result != 0))
		abort();
	if (error == -EPROTONOSUPPORT || error == -EBADMSG)
		return 0;
	/* What libnatpmp may read: its length and its opcode fit together. */
	if (error != 0 || data[0] != 0 || data[1] != (0x80 | a.op) ||
	    size != (a.op == NATPMP_WIRE_ADDRESS ? NATPMP_WIRE_ADDRESS_BYTES
						 : NATPMP_WIRE_MAP_BYTES))
		abort();
	return 0;
}
