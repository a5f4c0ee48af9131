/*
 * http_reply: one whole HTTP/1.x answer in memory, as routers write them.
 *
 * Bodies come with a length, in chunks, or until the end of the connection (RFC
 * 9112 section 6.3). Opens nothing and allocates nothing; judges no status.
 */
#ifndef LIB_HTTP_REPLY_H
#define LIB_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

struct http_reply {
	unsigned int status; /* 100 to 999 */
	size_t body_at;      /* offset into the bytes */
	size_t body_len;
};

/*
 * Looks whether the LEN bytes that have come so far are a whole answer; IS_END:
 * no more will come. Returns 0 (the chunks of the body have been joined, in
 * place), -EAGAIN when more has to come, -EBADMSG when it is no answer.
 */
int http_reply_parse(char *bytes, size_t len, bool is_end,
		     struct http_reply *ret_reply);

#endif
