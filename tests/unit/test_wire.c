#include "unit.h"

#include <string.h>

#include "wire.h"

static void wire_put_when_room_then_big_endian(void **state)
{
	static const uint8_t want[] = {1, 2, 3, 4, 5, 6, 7, 0, 0};
	uint8_t buf[sizeof(want)];
	struct wire_writer w = wire_writer_init(buf, sizeof(buf));

	(void)state;
	wire_put_u8(&w, 1);
	wire_put_u16(&w, 0x0203);
	wire_put_u32(&w, 0x04050607);
	wire_put_zeros(&w, 2);
	assert_true(wire_writer_is_ok(&w));
	assert_int_equal(w.at, sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void wire_put_when_full_then_overrun_and_nothing_written(void **state)
{
	uint8_t buf[4] = {9, 9, 9, 9};
	struct wire_writer w = wire_writer_init(buf, 3);

	(void)state;
	wire_put_u32(&w, 1);
	wire_put_u8(&w, 1);
	assert_false(wire_writer_is_ok(&w));
	assert_int_equal(buf[0], 9);
	assert_int_equal(buf[3], 9);
}

static void wire_get_when_bytes_then_values_and_rest(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 0, 0, 0, 9, 8,
					7, 6, 5, 4, 3, 2, 1, 0xaa};
	struct wire_reader r = wire_reader_init(bytes, sizeof(bytes));
	uint8_t last;

	(void)state;
	assert_int_equal(wire_get_u8(&r), 1);
	assert_int_equal(wire_get_u16(&r), 0x0203);
	assert_int_equal(wire_get_u32(&r), 9);
	assert_true(wire_get_u64(&r) == 0x0807060504030201);
	assert_int_equal(wire_remaining(&r), 1);
	wire_get_bytes(&r, &last, 1);
	assert_int_equal(last, 0xaa);
	assert_true(wire_reader_is_ok(&r));
}

static void wire_get_when_short_then_overrun_zero_and_sticky(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct wire_reader r = wire_reader_init(bytes, sizeof(bytes));
	uint8_t out[2] = {7, 7};

	(void)state;
	assert_int_equal(wire_get_u32(&r), 0);
	assert_false(wire_reader_is_ok(&r));
	assert_int_equal(wire_get_u8(&r), 0);
	wire_get_bytes(&r, out, 2);
	assert_int_equal(out[0], 0);
	assert_int_equal(wire_remaining(&r), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wire_put_when_room_then_big_endian),
	    cmocka_unit_test(
		wire_put_when_full_then_overrun_and_nothing_written),
	    cmocka_unit_test(wire_get_when_bytes_then_values_and_rest),
	    cmocka_unit_test(wire_get_when_short_then_overrun_zero_and_sticky),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
