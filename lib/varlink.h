/*
 * varlink: NUL-terminated JSON messages in a byte stream, and the rules for
 * what a request or a reply must look like (https://varlink.org/Interface-
 * Definition and /Method-Call).
 *
 * Both ends use it. It opens no socket, knows no method, and keeps what a
 * stranger sends within limits: size, depth, duplicate keys, types.
 */
#ifndef LIB_VARLINK_H
#define LIB_VARLINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The largest request without its NUL, and how deep it may nest. */
#define VARLINK_REQUEST_MOST_BYTES 65536
#define VARLINK_DEPTH_MOST         16
#define VARLINK_NAME_MOST_BYTES    128

/* Cuts a stream into messages, in memory that the caller lends. */
struct varlink_buffer {
	char *bytes; /* borrowed */
	size_t cap;
	size_t begin;   /* first byte of the message at hand */
	size_t end;     /* past the last byte received */
	size_t scanned; /* bytes up to here hold no NUL */
};

enum varlink_verdict {
	VARLINK_OK,
	VARLINK_TOO_DEEP, /* deeper than VARLINK_DEPTH_MOST */
	VARLINK_BAD_JSON, /* no JSON, not UTF-8, or a key twice */
	VARLINK_BAD_CALL, /* JSON, but no varlink message */
};

struct varlink_request {
	json_t *root;       /* owned; everything below is borrowed from it */
	const char *method; /* whole: "io.traversald.GetStatus" */
	json_t *parameters; /* an object, never NULL */
	bool more;
	bool oneway;
};

struct varlink_reply {
	json_t *root;       /* owned; everything below is borrowed from it */
	const char *error;  /* whole name, or NULL */
	json_t *parameters; /* an object, never NULL */
	bool continues;
};

/* Starts an empty buffer on CAP bytes at BYTES (borrowed): messages of up to
 * CAP - 1 bytes fit. */
void varlink_buffer_init(struct varlink_buffer *buffer, char *bytes,
			 size_t cap);
/* Returns where to put the next bytes and in *ret_room how many; 0 when full.
 * Messages returned before are gone. */
char *varlink_buffer_space(struct varlink_buffer *buffer, size_t *ret_room);
/* Tells that COUNT bytes were put there. */
void varlink_buffer_add(struct varlink_buffer *buffer, size_t count);
/* Takes the next whole message: NUL-terminated, borrowed until the next call of
 * varlink_buffer_space(). Returns NULL when none is whole. */
const char *varlink_buffer_next(struct varlink_buffer *buffer, size_t *ret_len);
/* Is one whole message waiting? */
bool varlink_buffer_has_message(struct varlink_buffer *buffer);
/* Are there bytes of a message whose end has not come? */
bool varlink_buffer_has_partial(struct varlink_buffer *buffer);
/* Has a message come that is larger than the buffer? */
bool varlink_buffer_is_overrun(struct varlink_buffer *buffer);

/* How deep LEN bytes of JSON text nest: 0 for a scalar. Counts brackets outside
 * of strings without parsing. */
size_t varlink_depth(const char *text, size_t len);

/* Reads LEN bytes of TEXT as a request. With VARLINK_OK *ret_request is owned
 * by the caller (varlink_request_fini()); else it is untouched and *ret_why, a
 * constant text for people, says what is wrong. */
enum varlink_verdict varlink_parse_request(const char *text, size_t len,
					   struct varlink_request *ret_request,
					   const char **ret_why);
void varlink_request_fini(struct varlink_request *request);

/* The same for a reply. */
enum varlink_verdict varlink_parse_reply(const char *text, size_t len,
					 struct varlink_reply *ret_reply,
					 const char **ret_why);
void varlink_reply_fini(struct varlink_reply *reply);

/* Splits "io.traversald.GetStatus" at its last dot: returns what follows it,
 * and in *ret_interface_len how long the interface is; NULL when there is no
 * dot, or nothing on one side of it. */
const char *varlink_split_name(const char *name, size_t *ret_interface_len);

/* Builds a request, a reply or an error; PARAMETERS (NULL means {}) is taken.
 * Returns an owned message. */
json_t *varlink_request_new(const char *method, json_t *parameters, bool more);
json_t *varlink_reply_new(json_t *parameters, bool continues);
json_t *varlink_error_new(const char *error, json_t *parameters);

/* Writes MESSAGE (taken) as one line of ASCII. Returns owned text; *ret_len
 * counts its terminating NUL, which goes over the wire too. */
char *varlink_encode(json_t *message, size_t *ret_len);

#endif
