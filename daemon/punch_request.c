#include "punch_request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNT_DEFAULT   2
#define PRIMER_TTL_MOST 64

int punch_refuse(struct punch_refusal *why, const char *field,
		 const char *format, ...)
{
	va_list list;

	why->field = field;
	va_start(list, format);
	vsnprintf(why->message, sizeof(why->message), format, list);
	va_end(list);
	return -EINVAL;
}

/* --- addresses ------------------------------------------------------------ */

/* May packets be sent to A, which PRIVATE may allow? */
static int check_addr(const struct addr *a, bool allow_private,
		      const struct punch_ground *ground, const char *field,
		      struct punch_refusal *why)
{
	enum addr_class class = addr_classify(a);
	bool is_private = class == ADDR_PRIVATE || class == ADDR_CGNAT ||
			  class == ADDR_LINK_LOCAL;
	char text[ADDR_TEXT_BYTES];

	addr_format(a, text, sizeof(text));
	if (a->family != AF_INET)
		return punch_refuse(why, field, "%s is not an IPv4 address",
				    text);
	if (ground->is_own(ground->arg, a))
		return punch_refuse(why, field, "%s is this host itself", text);
	if (class == ADDR_PUBLIC)
		return 0;
	if (!is_private)
		return punch_refuse(why, field,
				    "%s is no address of a peer: %s", text,
				    addr_class_name(class));
	if (!allow_private)
		return punch_refuse(why, field,
				    "%s is not public (%s); a peer in the LAN "
				    "needs allow_private",
				    text, addr_class_name(class));
	if (!ground->is_on_link(ground->arg, a))
		return punch_refuse(why, field,
				    "%s is not public (%s), and on none of "
				    "our own links",
				    text, addr_class_name(class));
	return 0;
}

static int read_addr(const json_t *value, bool allow_private,
		     const struct punch_ground *ground, const char *field,
		     struct addr *ret_addr, struct punch_refusal *why)
{
	const char *text = json_string_value(value);

	if (!text || addr_parse(text, ret_addr) < 0)
		return punch_refuse(why, field, "an IPv4 address is needed");
	return check_addr(ret_addr, allow_private, ground, field, why);
}

/* --- ports ---------------------------------------------------------------- */

static int read_port(const json_t *value, const char *field, uint16_t *ret_port,
		     struct punch_refusal *why)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return punch_refuse(why, field, "a port is no number");
	if (number < 1 || number > UINT16_MAX)
		return punch_refuse(why, field,
				    "port %lld is not between 1 and 65535",
				    (long long)number);
	*ret_port = (uint16_t)number;
	return 0;
}

static int read_ports(const json_t *array, const char *field,
		      uint16_t *ret_ports, size_t *ret_count,
		      struct punch_refusal *why)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count == 0)
		return punch_refuse(why, field, "a list of ports is needed");
	if (count > PUNCH_PORTS_MOST)
		return punch_refuse(why, field, "%zu ports, more than %d",
				    count, PUNCH_PORTS_MOST);
	for (size_t i = 0; i < count; i++) {
		int error = read_port(json_array_get(array, i), field,
				      &ret_ports[i], why);

		if (error)
			return error;
		for (size_t j = 0; j < i; j++)
			if (ret_ports[j] == ret_ports[i])
				return punch_refuse(why, field,
						    "port %u is named twice",
						    ret_ports[i]);
	}
	*ret_count = count;
	return 0;
}

static int read_all_ports(const json_t *parameters, struct punch_options *o,
			  struct punch_refusal *why)
{
	size_t remote_count;
	int error;

	error = read_ports(json_object_get(parameters, "local_ports"),
			   "local_ports", o->local_ports, &o->ports, why);
	if (!error)
		error = read_ports(json_object_get(parameters, "remote_ports"),
				   "remote_ports", o->target_ports[0],
				   &remote_count, why);
	if (!error && remote_count != o->ports)
		error = punch_refuse(
		    why, "remote_ports",
		    "%zu ports, but %zu local ones: they are paired by index",
		    remote_count, o->ports);
	return error;
}

/* --- other addresses of the peer ------------------------------------------ */

static int read_candidate(const json_t *value, bool allow_private,
			  const struct punch_ground *ground,
			  struct punch_options *o, struct punch_refusal *why)
{
	const json_t *ports = json_object_get(value, "ports");
	size_t count = o->ports, at = o->target_count;
	int error;

	error = read_addr(json_object_get(value, "address"), allow_private,
			  ground, "candidates", &o->targets[at], why);
	if (error)
		return error;
	if (!ports || json_is_null(ports))
		memcpy(o->target_ports[at], o->target_ports[0],
		       sizeof(o->target_ports[0]));
	else
		error = read_ports(ports, "candidates", o->target_ports[at],
				   &count, why);
	if (!error && count != o->ports)
		error = punch_refuse(why, "candidates",
				     "%zu ports of a candidate, not %zu", count,
				     o->ports);
	o->target_count++;
	return error;
}

static int read_candidates(const json_t *parameters, bool allow_private,
			   const struct punch_ground *ground,
			   struct punch_options *o, struct punch_refusal *why)
{
	const json_t *array = json_object_get(parameters, "candidates");
	size_t count = json_array_size(array);
	int error = 0;

	if (!array || json_is_null(array))
		return 0;
	if (!json_is_array(array))
		return punch_refuse(why, "candidates", "a list is needed");
	if (count >= PUNCH_TARGETS_MOST)
		return punch_refuse(why, "candidates",
				    "%zu candidates, more than %d", count,
				    PUNCH_TARGETS_MOST - 1);
	for (size_t i = 0; i < count && !error; i++)
		error = read_candidate(json_array_get(array, i), allow_private,
				       ground, o, why);
	return error;
}

/* --- the rest ------------------------------------------------------------- */

static int read_role(const json_t *parameters, struct punch_options *o,
		     struct punch_refusal *why)
{
	const char *role =
	    json_string_value(json_object_get(parameters, "role"));

	if (role && strcmp(role, "provider") == 0)
		o->role = PUNCH_PROVIDER;
	else if (role && strcmp(role, "consumer") == 0)
		o->role = PUNCH_CONSUMER;
	else
		return punch_refuse(why, "role",
				    "provider or consumer is needed");
	return 0;
}

static int read_number(const json_t *parameters, const char *field,
		       unsigned int otherwise, unsigned int most,
		       unsigned int *ret_value, struct punch_refusal *why)
{
	const json_t *value = json_object_get(parameters, field);
	json_int_t number = json_integer_value(value);

	*ret_value = otherwise;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value) || number < 1 || number > most)
		return punch_refuse(why, field, "not between 1 and %u", most);
	*ret_value = (unsigned int)number;
	return 0;
}

static int read_count(const json_t *parameters, struct punch_options *o,
		      struct punch_refusal *why)
{
	unsigned int most = o->ports < PUNCH_CONNECTIONS_MOST
				? (unsigned int)o->ports
				: PUNCH_CONNECTIONS_MOST;

	return read_number(parameters, "count",
			   most < COUNT_DEFAULT ? most : COUNT_DEFAULT, most,
			   &o->wanted, why);
}

/* An endpoint, or the name of a service that has one configured. */
static int read_forward(const json_t *parameters,
			const struct punch_ground *ground,
			struct punch_request *request,
			struct punch_refusal *why)
{
	const json_t *value = json_object_get(parameters, "forward");
	const char *text = json_string_value(value);

	if (!value || json_is_null(value))
		return 0;
	if (!text ||
	    (endpoint_parse(text, &request->forward) < 0 &&
	     !ground->find_forward(ground->arg, text, &request->forward)) ||
	    request->forward.port == 0)
		return punch_refuse(why, "forward",
				    "ADDRESS:PORT is needed, or a service "
				    "whose forward is configured");
	request->has_forward = true;
	return 0;
}

int punch_request_read(const json_t *parameters,
		       const struct punch_ground *ground,
		       struct punch_request *ret_request,
		       struct punch_refusal *ret_why)
{
	struct punch_request request = {.has_forward = false};
	struct punch_options *o = &request.options;
	bool allow_private =
	    json_is_true(json_object_get(parameters, "allow_private"));
	int error;

	o->policy = &punch_policy_mysterium;
	o->target_count = 1;
	error = read_addr(json_object_get(parameters, "peer"), allow_private,
			  ground, "peer", &o->targets[0], ret_why);
	if (!error)
		error = read_all_ports(parameters, o, ret_why);
	if (!error)
		error = read_role(parameters, o, ret_why);
	if (!error)
		error = read_count(parameters, o, ret_why);
	if (!error)
		error = read_number(parameters, "primer_ttl", 0,
				    PRIMER_TTL_MOST, &o->primer_ttl, ret_why);
	if (!error)
		error = read_candidates(parameters, allow_private, ground, o,
					ret_why);
	if (!error)
		error = read_forward(parameters, ground, &request, ret_why);
	if (!error)
		*ret_request = request;
	return error;
}
