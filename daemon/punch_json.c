#include "punch_json.h"

#include <string.h>

static json_t *endpoint_json(const struct endpoint *e)
{
	char text[ADDR_TEXT_BYTES];

	if (!addr_is_set(&e->addr))
		return json_null();
	return json_pack("{s:s,s:i}", "address",
			 addr_format(&e->addr, text, sizeof(text)), "port",
			 (int)e->port);
}

const char *punch_json_role(enum punch_role role)
{
	return role == PUNCH_PROVIDER ? "provider" : "consumer";
}

json_t *punch_json_path(const struct punch_core *core, size_t index,
			enum punch_role role)
{
	const struct punch_path *path = punch_core_path(core, index);

	return json_pack(
	    "{s:i,s:o,s:o,s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,"
	    "s:s?}",
	    "index", (int)index, "announced", endpoint_json(&path->announced),
	    "remote", endpoint_json(&path->remote), "state",
	    punch_state_name(path->state), "proof",
	    punch_proof_name(path->proof), "cause",
	    punch_cause_name(punch_cause_of_path(path, role)), "ttl",
	    (int)path->ttl, "pings_sent", (int)path->pings_sent, "answers_sent",
	    (int)path->answers_sent, "pings_heard", (int)path->pings_heard,
	    "oks_heard", (int)path->oks_heard, "acks_heard",
	    (int)path->acks_heard, "icmp_refused", (int)path->refused,
	    "icmp_unreachable", (int)path->unreachable, "icmp_expired",
	    (int)path->expired, "error",
	    path->send_error ? strerror(path->send_error) : NULL);
}

json_t *punch_json_paths(const struct punch_core *core, enum punch_role role)
{
	json_t *array = json_array();

	for (size_t i = 0; i < punch_core_path_count(core); i++)
		json_array_append_new(array, punch_json_path(core, i, role));
	return array;
}

json_t *punch_json_connections(const struct punch_result *result, bool has_fds)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->count; i++) {
		const struct punch_connection *c = &result->connections[i];

		json_array_append_new(
		    array,
		    json_pack("{s:i,s:o,s:o,s:s,s:o}", "index", (int)c->index,
			      "local", endpoint_json(&c->local), "remote",
			      endpoint_json(&c->remote), "proof",
			      punch_proof_name(c->proof), "fd",
			      has_fds ? json_integer((json_int_t)i)
				      : json_null()));
	}
	return array;
}
