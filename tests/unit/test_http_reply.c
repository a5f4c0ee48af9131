#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "http_reply.h"

static int parse(const char *text, bool is_end, char *body, size_t cap)
{
	char bytes[1024];
	struct http_reply reply;
	size_t len = strlen(text);
	int error;

	memcpy(bytes, text, len);
	error = http_reply_parse(bytes, len, is_end, &reply);
	if (error)
		return error;
	assert_true(reply.body_at + reply.body_len <= len);
	assert_true(reply.body_len < cap);
	memcpy(body, bytes + reply.body_at, reply.body_len);
	body[reply.body_len] = '\0';
	return (int)reply.status;
}

static void http_reply_parse_when_whole_then_status_and_body(void **state)
{
	static const struct {
		const char *text;
		bool is_end;
		int status;
		const char *body;
	} cases[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, 200,
	     "abc"},
	    {"HTTP/1.0 500 Internal\r\ncontent-length:3\r\n\r\nabcdef", false,
	     500, "abc"},
	    {"HTTP/1.1 200 OK\r\n\r\nabc", true, 200, "abc"},
	    {"HTTP/1.1 200\n\nabc", true, 200, "abc"},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 200, ""},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
	     "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
	     false, 200, "abc0123456789"},
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(
		    parse(cases[i].text, cases[i].is_end, body, sizeof(body)),
		    cases[i].status);
		assert_string_equal(body, cases[i].body);
	}
}

static void http_reply_parse_when_cut_anywhere_then_more_is_due(void **state)
{
	static const char *const texts[] = {
	    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n2\r\nde\r\n0\r\n",
	};
	char bytes[128];
	struct http_reply reply;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		for (size_t len = 0; len < strlen(texts[i]); len++) {
			memcpy(bytes, texts[i], len);
			assert_int_equal(
			    http_reply_parse(bytes, len, false, &reply),
			    -EAGAIN);
			/* Untouched, so that the rest can be added. */
			assert_memory_equal(bytes, texts[i], len);
			assert_int_equal(
			    http_reply_parse(bytes, len, true, &reply),
			    -EBADMSG);
		}
}

static void http_reply_parse_when_nonsense_then_ebadmsg(void **state)
{
	static const char *const texts[] = {
	    "SSH-2.0-dropbear_2019.78\r\n\r\n",
	    "HTTP/2.0 200 OK\r\n\r\n",
	    "HTTP/1.1 20x OK\r\n\r\n",
	    "HTTP/1.1 099 OK\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
	    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc",
	    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "ffffffffff\r\nabc",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "2\r\nabc\r\n0\r\n",
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(parse(texts[i], true, body, sizeof(body)),
				 -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(http_reply_parse_when_whole_then_status_and_body),
	    cmocka_unit_test(
		http_reply_parse_when_cut_anywhere_then_more_is_due),
	    cmocka_unit_test(http_reply_parse_when_nonsense_then_ebadmsg),
	};

	return cmocka_run_group_tests_name("http_reply", tests, NULL, NULL);
}
