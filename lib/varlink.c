#include "varlink.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

void varlink_buffer_init(struct varlink_buffer *buffer, char *bytes, size_t cap)
{
	*buffer = (struct varlink_buffer){.bytes = bytes, .cap = cap};
}

char *varlink_buffer_space(struct varlink_buffer *buffer, size_t *ret_room)
{
	size_t len = buffer->end - buffer->begin;

	if (buffer->begin > 0) {
		memmove(buffer->bytes, buffer->bytes + buffer->begin, len);
		buffer->scanned -= buffer->begin;
		buffer->begin = 0;
		buffer->end = len;
	}
	*ret_room = buffer->cap - buffer->end;
	return buffer->bytes + buffer->end;
}

void varlink_buffer_add(struct varlink_buffer *buffer, size_t count)
{
	assert(count <= buffer->cap - buffer->end);
	buffer->end += count;
}

/* Returns the NUL that ends the message at hand. Bytes are looked at once: a
 * request that drips in costs no more than one that comes at a time. */
static char *find_end(struct varlink_buffer *buffer)
{
	char *nul = memchr(buffer->bytes + buffer->scanned, '\0',
			   buffer->end - buffer->scanned);

	buffer->scanned = nul ? (size_t)(nul - buffer->bytes) : buffer->end;
	return nul;
}

const char *varlink_buffer_next(struct varlink_buffer *buffer, size_t *ret_len)
{
	const char *message = buffer->bytes + buffer->begin;
	const char *nul = find_end(buffer);

	if (!nul)
		return NULL;
	*ret_len = (size_t)(nul - message);
	buffer->begin += *ret_len + 1;
	buffer->scanned = buffer->begin;
	return message;
}

bool varlink_buffer_has_message(struct varlink_buffer *buffer)
{
	return find_end(buffer) != NULL;
}

bool varlink_buffer_has_partial(struct varlink_buffer *buffer)
{
	return buffer->end > buffer->begin && !find_end(buffer);
}

bool varlink_buffer_is_overrun(struct varlink_buffer *buffer)
{
	return buffer->end - buffer->begin == buffer->cap && !find_end(buffer);
}

size_t varlink_depth(const char *text, size_t len)
{
	size_t depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if (text[i] == '{' || text[i] == '[')
			deepest = ++depth > deepest ? depth : deepest;
		else if ((text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
	}
	return deepest;
}

static enum varlink_verdict parse_object(const char *text, size_t len,
					 json_t **ret_root,
					 const char **ret_why)
{
	json_t *root;

	/* The parser recurses: look before it leaps. */
	if (varlink_depth(text, len) > VARLINK_DEPTH_MOST) {
		*ret_why = "nested too deep";
		return VARLINK_TOO_DEEP;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!root) {
		*ret_why = "no valid JSON, or a key twice";
		return VARLINK_BAD_JSON;
	}
	if (!json_is_object(root)) {
		json_decref(root);
		*ret_why = "no JSON object";
		return VARLINK_BAD_CALL;
	}
	*ret_root = root;
	return VARLINK_OK;
}

/* Fetches an optional boolean; absent is false. */
static bool get_flag(const json_t *root, const char *key, bool *ret_flag)
{
	const json_t *value = json_object_get(root, key);

	*ret_flag = json_is_true(value);
	return !value || json_is_boolean(value);
}

/* Fetches the parameters, and makes them {} where there are none. */
static json_t *get_parameters(json_t *root)
{
	json_t *parameters = json_object_get(root, "parameters");

	if (!parameters) {
		parameters = json_object();
		json_object_set_new(root, "parameters", parameters);
	}
	return json_is_object(parameters) ? parameters : NULL;
}

static const char *check_request(struct varlink_request *request)
{
	json_t *method = json_object_get(request->root, "method");
	size_t interface_len;
	bool upgrade;

	if (!json_is_string(method))
		return "method is not a string";
	request->method = json_string_value(method);
	if (json_string_length(method) > VARLINK_NAME_MOST_BYTES ||
	    !varlink_split_name(request->method, &interface_len))
		return "method is no INTERFACE.METHOD";
	request->parameters = get_parameters(request->root);
	if (!request->parameters)
		return "parameters is not an object";
	if (!get_flag(request->root, "more", &request->more))
		return "more is not a boolean";
	if (!get_flag(request->root, "oneway", &request->oneway))
		return "oneway is not a boolean";
	if (!get_flag(request->root, "upgrade", &upgrade))
		return "upgrade is not a boolean";
	if (upgrade)
		return "upgrade is not offered";
	return request->more && request->oneway ? "both more and oneway" : NULL;
}

enum varlink_verdict varlink_parse_request(const char *text, size_t len,
					   struct varlink_request *ret_request,
					   const char **ret_why)
{
	struct varlink_request request = {0};
	enum varlink_verdict verdict;
	const char *why;

	verdict = parse_object(text, len, &request.root, ret_why);
	if (verdict != VARLINK_OK)
		return verdict;
	why = check_request(&request);
	if (why) {
		json_decref(request.root);
		*ret_why = why;
		return VARLINK_BAD_CALL;
	}
	*ret_request = request;
	return VARLINK_OK;
}

void varlink_request_fini(struct varlink_request *request)
{
	json_decref(request->root);
	*request = (struct varlink_request){0};
}

static const char *check_reply(struct varlink_reply *reply)
{
	json_t *error = json_object_get(reply->root, "error");

	if (error && !json_is_string(error))
		return "error is not a string";
	reply->error = json_string_value(error);
	reply->parameters = get_parameters(reply->root);
	if (!reply->parameters)
		return "parameters is not an object";
	if (!get_flag(reply->root, "continues", &reply->continues))
		return "continues is not a boolean";
	return error && reply->continues ? "an error that continues" : NULL;
}

enum varlink_verdict varlink_parse_reply(const char *text, size_t len,
					 struct varlink_reply *ret_reply,
					 const char **ret_why)
{
	struct varlink_reply reply = {0};
	enum varlink_verdict verdict;
	const char *why;

	verdict = parse_object(text, len, &reply.root, ret_why);
	if (verdict != VARLINK_OK)
		return verdict;
	why = check_reply(&reply);
	if (why) {
		json_decref(reply.root);
		*ret_why = why;
		return VARLINK_BAD_CALL;
	}
	*ret_reply = reply;
	return VARLINK_OK;
}

void varlink_reply_fini(struct varlink_reply *reply)
{
	json_decref(reply->root);
	*reply = (struct varlink_reply){0};
}

const char *varlink_split_name(const char *name, size_t *ret_interface_len)
{
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || dot[1] == '\0')
		return NULL;
	*ret_interface_len = (size_t)(dot - name);
	return dot + 1;
}

static json_t *message_new(json_t *parameters)
{
	json_t *message = json_object();

	json_object_set_new(message, "parameters",
			    parameters ? parameters : json_object());
	return message;
}

json_t *varlink_request_new(const char *method, json_t *parameters, bool more)
{
	json_t *message = message_new(parameters);

	json_object_set_new(message, "method", json_string(method));
	if (more)
		json_object_set_new(message, "more", json_true());
	return message;
}

json_t *varlink_reply_new(json_t *parameters, bool continues)
{
	json_t *message = message_new(parameters);

	if (continues)
		json_object_set_new(message, "continues", json_true());
	return message;
}

json_t *varlink_error_new(const char *error, json_t *parameters)
{
	json_t *message = message_new(parameters);

	json_object_set_new(message, "error", json_string(error));
	return message;
}

char *varlink_encode(json_t *message, size_t *ret_len)
{
	char *text = json_dumps(message, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(message);
	/* What was built here is an object of valid strings: only memory can
	 * be missing. */
	if (!text)
		text = xstrdup("{}");
	*ret_len = strlen(text) + 1;
	return text;
}
