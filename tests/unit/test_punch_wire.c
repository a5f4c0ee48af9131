#include "unit.h"

#include <string.h>

#include "punch_wire.h"

struct row {
	const char *name;
	const char *text;
	enum punch_message message;
};

static const struct row rows[] = {
    {"ping", "continuously pinging to 11.22.1.2:30000", PUNCH_PING},
    {"ping without an address", "continuously pinging to ", PUNCH_PING},
    {"ping cut short", "continuously pinging to", PUNCH_OTHER},
    {"ping in capitals", "Continuously pinging to 1.2.3.4:5", PUNCH_OTHER},
    {"ok", "OK", PUNCH_OK},
    {"ok with a line feed", "OK\n", PUNCH_OTHER},
    {"half an ok", "O", PUNCH_OTHER},
    {"ack", "OK_ACK", PUNCH_ACK},
    {"half an ack", "OK_AC", PUNCH_OTHER},
    {"ack and more", "OK_ACK ", PUNCH_OTHER},
    {"nothing", "", PUNCH_OTHER},
    {"data", "\x04\x01\x02", PUNCH_OTHER},
};

static enum punch_message classify(const void *bytes, size_t len)
{
	return punch_codec_mysterium.classify(NULL, bytes, len);
}

static void classify_each_text_is_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (classify(rows[i].text, strlen(rows[i].text)) !=
		    rows[i].message)
			fail_msg("%s", rows[i].name);
}

static void classify_ok_with_a_nul_is_other(void **state)
{
	(void)state;
	assert_int_equal(classify("OK", 3), PUNCH_OTHER);
}

static void encode_each_message_is_classified_as_itself(void **state)
{
	const enum punch_message messages[] = {PUNCH_PING, PUNCH_OK, PUNCH_ACK};
	struct endpoint to;
	uint8_t bytes[PUNCH_MESSAGE_BYTES];

	(void)state;
	assert_int_equal(endpoint_parse("255.255.255.255:65535", &to), 0);
	for (size_t i = 0; i < COUNT_OF(messages); i++) {
		size_t len =
		    punch_codec_mysterium.encode(NULL, messages[i], &to, bytes);

		assert_int_equal(classify(bytes, len), messages[i]);
	}
}

static void encode_ping_is_the_text_that_peers_send(void **state)
{
	const char *want = "continuously pinging to 11.22.1.2:30000";
	struct endpoint to;
	uint8_t bytes[PUNCH_MESSAGE_BYTES];
	size_t len;

	(void)state;
	assert_int_equal(endpoint_parse("11.22.1.2:30000", &to), 0);
	len = punch_codec_mysterium.encode(NULL, PUNCH_PING, &to, bytes);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(bytes, want, len);
}

static void encode_longest_ping_fits(void **state)
{
	struct endpoint to;
	uint8_t bytes[PUNCH_MESSAGE_BYTES];

	(void)state;
	assert_int_equal(
	    endpoint_parse("[1111:2222:3333:4444:5555:6666:7777:8888]:65535",
			   &to),
	    0);
	/* IPv6 is beyond the dialect; it must not overrun. */
	assert_true(punch_codec_mysterium.encode(NULL, PUNCH_PING, &to,
						 bytes) <= sizeof(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(classify_each_text_is_what_it_says),
	    cmocka_unit_test(classify_ok_with_a_nul_is_other),
	    cmocka_unit_test(encode_each_message_is_classified_as_itself),
	    cmocka_unit_test(encode_ping_is_the_text_that_peers_send),
	    cmocka_unit_test(encode_longest_ping_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
