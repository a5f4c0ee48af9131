#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "varlink.h"

static void feed(struct varlink_buffer *buffer, const char *bytes, size_t len)
{
	size_t room;
	char *space = varlink_buffer_space(buffer, &room);

	assert_true(room >= len);
	memcpy(space, bytes, len);
	varlink_buffer_add(buffer, len);
}

static void varlink_buffer_when_one_byte_at_a_time_then_each_message(
    void **state)
{
	static const char stream[] = "one\0\0three";
	char bytes[8];
	struct varlink_buffer buffer;
	const char *message;
	size_t len, count = 0;

	(void)state;
	varlink_buffer_init(&buffer, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(stream); i++) {
		feed(&buffer, &stream[i], 1);
		assert_int_equal(varlink_buffer_has_message(&buffer),
				 stream[i] == '\0');
		assert_int_equal(varlink_buffer_has_partial(&buffer),
				 stream[i] != '\0');
		while ((message = varlink_buffer_next(&buffer, &len))) {
			static const char *const want[] = {"one", "", "three"};

			assert_string_equal(message, want[count]);
			assert_int_equal(len, strlen(want[count]));
			count++;
		}
	}
	assert_int_equal(count, 3);
}

static void varlink_buffer_when_two_and_a_half_then_two(void **state)
{
	char bytes[16];
	struct varlink_buffer buffer;
	size_t len, room;

	(void)state;
	varlink_buffer_init(&buffer, bytes, sizeof(bytes));
	feed(&buffer, "a\0bc\0de", 7);
	assert_string_equal(varlink_buffer_next(&buffer, &len), "a");
	assert_string_equal(varlink_buffer_next(&buffer, &len), "bc");
	assert_null(varlink_buffer_next(&buffer, &len));
	assert_true(varlink_buffer_has_partial(&buffer));
	(void)varlink_buffer_space(&buffer, &room);
	assert_int_equal(room, sizeof(bytes) - 2);
	feed(&buffer, "f", 2);
	assert_string_equal(varlink_buffer_next(&buffer, &len), "def");
	assert_false(varlink_buffer_has_partial(&buffer));
}

static void varlink_buffer_when_full_without_end_then_overrun(void **state)
{
	char bytes[4];
	struct varlink_buffer buffer;
	size_t len, room;

	(void)state;
	varlink_buffer_init(&buffer, bytes, sizeof(bytes));
	feed(&buffer, "abc", 3);
	assert_false(varlink_buffer_is_overrun(&buffer));
	feed(&buffer, "", 1);
	assert_false(varlink_buffer_is_overrun(&buffer));
	assert_string_equal(varlink_buffer_next(&buffer, &len), "abc");
	feed(&buffer, "abcd", 4);
	assert_true(varlink_buffer_is_overrun(&buffer));
	assert_null(varlink_buffer_next(&buffer, &len));
	(void)varlink_buffer_space(&buffer, &room);
	assert_int_equal(room, 0);
}

static void varlink_depth_when_brackets_in_strings_then_not_counted(
    void **state)
{
	static const struct {
		const char *text;
		size_t depth;
	} rows[] = {
	    {"", 0},         {"1", 0},
	    {"{}", 1},       {"[[],[[]]]", 3},
	    {"\"[[[[\"", 0}, {"[\"\\\"[[\"]", 1},
	    {"]]]][", 1},    {"[\"\\\\\",[]]", 2},
	    {"{\"a\":[", 2}, {"\"\\", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (varlink_depth(rows[i].text, strlen(rows[i].text)) !=
		    rows[i].depth)
			fail_msg("%s", rows[i].text);
}

static void varlink_parse_request_when_valid_then_members(void **state)
{
	static const char text[] = "{\"method\":\"io.traversald.Map\","
				   "\"parameters\":{\"port\":7},\"more\":true,"
				   "\"later\":1}";
	struct varlink_request request;
	const char *why;

	(void)state;
	assert_int_equal(
	    varlink_parse_request(text, strlen(text), &request, &why),
	    VARLINK_OK);
	assert_string_equal(request.method, "io.traversald.Map");
	assert_int_equal(
	    json_integer_value(json_object_get(request.parameters, "port")), 7);
	assert_true(request.more);
	assert_false(request.oneway);
	varlink_request_fini(&request);
}

static void varlink_parse_request_when_no_parameters_then_empty(void **state)
{
	static const char text[] = "{\"method\":\"a.B\"}";
	struct varlink_request request;
	const char *why;

	(void)state;
	assert_int_equal(
	    varlink_parse_request(text, strlen(text), &request, &why),
	    VARLINK_OK);
	assert_true(json_is_object(request.parameters));
	assert_int_equal(json_object_size(request.parameters), 0);
	varlink_request_fini(&request);
}

static void varlink_parse_request_when_hostile_then_verdict(void **state)
{
	static const struct {
		const char *text;
		enum varlink_verdict verdict;
	} rows[] = {
	    {"", VARLINK_BAD_JSON},
	    {"GET / HTTP/1.1\r\n", VARLINK_BAD_JSON},
	    {"{\"method\":\"a.B\"} ]", VARLINK_BAD_JSON},
	    {"{\"method\":\"a.B\",\"method\":\"a.C\"}", VARLINK_BAD_JSON},
	    {"{\"method\":\"a.B\",\"parameters\":{\"x\":1,\"x\":1}}",
	     VARLINK_BAD_JSON},
	    {"{\"method\":\"a.B\xff\"}", VARLINK_BAD_JSON},
	    {"{\"method\":\"a.\xc0\xaf\"}", VARLINK_BAD_JSON},
	    {"{\"method\":\"a.B\\u0000\"}", VARLINK_BAD_JSON},
	    {"{\"method\":\"a.B\",\"x\":1e999}", VARLINK_BAD_JSON},
	    {"{\"method\":\"a.B\",\"x\":9223372036854775808}",
	     VARLINK_BAD_JSON},
	    {"{'method':'a.B'}", VARLINK_BAD_JSON},
	    {"[]", VARLINK_BAD_CALL},
	    {"\"a.B\"", VARLINK_BAD_JSON},
	    {"{}", VARLINK_BAD_CALL},
	    {"{\"method\":7}", VARLINK_BAD_CALL},
	    {"{\"method\":\"GetStatus\"}", VARLINK_BAD_CALL},
	    {"{\"method\":\".B\"}", VARLINK_BAD_CALL},
	    {"{\"method\":\"a.\"}", VARLINK_BAD_CALL},
	    {"{\"method\":\"a.B\",\"parameters\":[]}", VARLINK_BAD_CALL},
	    {"{\"method\":\"a.B\",\"parameters\":null}", VARLINK_BAD_CALL},
	    {"{\"method\":\"a.B\",\"more\":1}", VARLINK_BAD_CALL},
	    {"{\"method\":\"a.B\",\"oneway\":\"yes\"}", VARLINK_BAD_CALL},
	    {"{\"method\":\"a.B\",\"upgrade\":true}", VARLINK_BAD_CALL},
	    {"{\"method\":\"a.B\",\"upgrade\":{}}", VARLINK_BAD_CALL},
	    {"{\"method\":\"a.B\",\"more\":true,\"oneway\":true}",
	     VARLINK_BAD_CALL},
	};
	struct varlink_request request = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *why = NULL;

		if (varlink_parse_request(rows[i].text, strlen(rows[i].text),
					  &request, &why) != rows[i].verdict)
			fail_msg("%s", rows[i].text);
		assert_non_null(why);
		assert_null(request.root);
	}
}

/* DEPTH levels: the message, its parameters, and arrays within. */
static enum varlink_verdict parse_depth(size_t depth)
{
	struct varlink_request request = {0};
	char text[256] = "{\"method\":\"a.B\",\"parameters\":{\"x\":";
	enum varlink_verdict verdict;
	const char *why;

	for (size_t i = 2; i < depth; i++)
		strcat(text, "[");
	for (size_t i = 2; i < depth; i++)
		strcat(text, "]");
	strcat(text, "}}");
	verdict = varlink_parse_request(text, strlen(text), &request, &why);
	if (verdict == VARLINK_OK)
		varlink_request_fini(&request);
	return verdict;
}

static void varlink_parse_request_when_17_deep_then_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_depth(16), VARLINK_OK);
	assert_int_equal(parse_depth(17), VARLINK_TOO_DEEP);
}

static void varlink_parse_reply_when_error_that_continues_then_bad(void **state)
{
	static const char good[] = "{\"error\":\"a.E\"}";
	static const char bad[] = "{\"error\":\"a.E\",\"continues\":true}";
	struct varlink_reply reply;
	const char *why;

	(void)state;
	assert_int_equal(varlink_parse_reply(good, strlen(good), &reply, &why),
			 VARLINK_OK);
	assert_string_equal(reply.error, "a.E");
	varlink_reply_fini(&reply);
	assert_int_equal(varlink_parse_reply(bad, strlen(bad), &reply, &why),
			 VARLINK_BAD_CALL);
}

static void varlink_encode_when_built_then_parses_to_the_same(void **state)
{
	struct varlink_request request;
	struct varlink_reply reply;
	const char *why;
	size_t len;
	char *text;

	(void)state;
	text = varlink_encode(
	    varlink_request_new("a.B", json_pack("{s:s}", "k", "\xc3\xa4"),
				true),
	    &len);
	assert_int_equal(len, strlen(text) + 1);
	assert_non_null(strstr(text, "\\u00E4"));
	assert_int_equal(varlink_parse_request(text, len - 1, &request, &why),
			 VARLINK_OK);
	assert_true(request.more);
	varlink_request_fini(&request);
	free(text);

	text = varlink_encode(varlink_reply_new(NULL, true), &len);
	assert_int_equal(varlink_parse_reply(text, len - 1, &reply, &why),
			 VARLINK_OK);
	assert_true(reply.continues);
	assert_null(reply.error);
	varlink_reply_fini(&reply);
	free(text);
}

static void varlink_split_name_when_dotted_then_last_part(void **state)
{
	size_t len = 0;

	(void)state;
	assert_string_equal(varlink_split_name("org.varlink.service.X", &len),
			    "X");
	assert_int_equal(len, strlen("org.varlink.service"));
	assert_null(varlink_split_name("", &len));
	assert_null(varlink_split_name(".", &len));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		varlink_buffer_when_one_byte_at_a_time_then_each_message),
	    cmocka_unit_test(varlink_buffer_when_two_and_a_half_then_two),
	    cmocka_unit_test(varlink_buffer_when_full_without_end_then_overrun),
	    cmocka_unit_test(
		varlink_depth_when_brackets_in_strings_then_not_counted),
	    cmocka_unit_test(varlink_parse_request_when_valid_then_members),
	    cmocka_unit_test(
		varlink_parse_request_when_no_parameters_then_empty),
	    cmocka_unit_test(varlink_parse_request_when_hostile_then_verdict),
	    cmocka_unit_test(varlink_parse_request_when_17_deep_then_refused),
	    cmocka_unit_test(
		varlink_parse_reply_when_error_that_continues_then_bad),
	    cmocka_unit_test(varlink_encode_when_built_then_parses_to_the_same),
	    cmocka_unit_test(varlink_split_name_when_dotted_then_last_part),
	};

	return cmocka_run_group_tests_name("varlink", tests, NULL, NULL);
}
