#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "command.h"
#include "exits.h"
#include "punch_handover.h"
#include "punch_request.h"
#include "say.h"
#include "table.h"

#define TIMEOUT_MS 15000
#define FDS_MOST   16

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static long long number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* "ADDRESS:PORT" as a cell, "-" for null. */
static void add_endpoint(struct table *table, const json_t *end)
{
	if (json_is_object(end))
		table_add(table, "%s:%lld", text_of(end, "address"),
			  number_of(end, "port"));
	else
		table_add(table, "-");
}

/* --- what is shown -------------------------------------------------------- */

static void show_progress(const struct args *args, const json_t *reply)
{
	const json_t *path = json_object_get(reply, "path");

	if (args->verbose)
		say(args, "%lld ms: path %lld %s", number_of(reply, "took_ms"),
		    number_of(path, "index"), text_of(path, "state"));
}

static void show_paths(const struct out *out, const json_t *paths)
{
	static const struct table_column columns[] = {
	    {"PATH", 0},  {"TTL", 2},   {"PEER", 3},    {"HEARD AT", 4},
	    {"PINGS", 2}, {"HEARD", 2}, {"ANSWERS", 1}, {"ICMP", 1},
	    {"STATE", 0}, {"CAUSE", 0},
	};
	struct table table = {columns, sizeof(columns) / sizeof(*columns), NULL,
			      0};
	const json_t *path;
	size_t i;

	json_array_foreach (paths, i, path) {
		table_add(&table, "%lld", number_of(path, "index"));
		table_add(&table, "%lld", number_of(path, "ttl"));
		add_endpoint(&table, json_object_get(path, "announced"));
		add_endpoint(&table, json_object_get(path, "remote"));
		table_add(&table, "%lld", number_of(path, "pings_sent"));
		table_add(&table, "%lld",
			  number_of(path, "pings_heard") +
			      number_of(path, "oks_heard"));
		table_add(&table, "%lld", number_of(path, "answers_sent"));
		table_add(&table, "%lld",
			  number_of(path, "icmp_refused") +
			      number_of(path, "icmp_unreachable"));
		table_add(&table, "%s", text_of(path, "state"));
		table_add(&table, "%s", text_of(path, "cause"));
	}
	table_print(out, &table);
}

static void show_connections(const struct out *out, const json_t *connections)
{
	static const struct table_column columns[] = {
	    {"PATH", 0}, {"LOCAL", 0}, {"REMOTE", 0}, {"PROOF", 1}};
	struct table table = {columns, sizeof(columns) / sizeof(*columns), NULL,
			      0};
	const json_t *connection;
	size_t i;

	json_array_foreach (connections, i, connection) {
		table_add(&table, "%lld", number_of(connection, "index"));
		add_endpoint(&table, json_object_get(connection, "local"));
		add_endpoint(&table, json_object_get(connection, "remote"));
		table_add(&table, "%s", text_of(connection, "proof"));
	}
	table_print(out, &table);
}

static void show(const struct args *args, const struct out *out,
		 const json_t *reply)
{
	if (args->json != ARGS_JSON_OFF) {
		out_json(out, reply);
	} else {
		show_connections(out, json_object_get(reply, "connections"));
		if (args->verbose)
			show_paths(out, json_object_get(reply, "paths"));
	}
	fflush(stdout);
}

/* --- what becomes of it --------------------------------------------------- */

static int hand_over(const struct args *args, struct client *client,
		     const json_t *reply)
{
	const struct args_punch *punch = &args->punch;
	struct endpoint service;
	int fds[FDS_MOST], error = 0;
	size_t count = client_take_fds(client, fds, FDS_MOST);

	if ((punch->exec || punch->relay) && count == 0) {
		say(args, "traversald passed no sockets");
		return CTL_FAILED;
	}
	if (punch->exec) {
		error = punch_exec(punch->exec, fds, count,
				   json_object_get(reply, "connections"));
		say(args, "%s: %s", punch->exec, strerror(-error));
	} else if (punch->relay) {
		error = endpoint_parse(punch->relay, &service);
		if (!error)
			error = punch_relay(&service, fds, count);
		if (error)
			say(args, "%s: %s", punch->relay, strerror(-error));
	}
	while (count > 0)
		close(fds[--count]);
	return error ? CTL_FAILED : CTL_OK;
}

static int take_error(const struct args *args, const struct out *out,
		      const struct varlink_reply *reply)
{
	const json_t *paths = json_object_get(reply->parameters, "paths");

	if (args->json != ARGS_JSON_OFF)
		out_json(out, reply->parameters);
	else if (args->verbose && json_array_size(paths) > 0)
		show_paths(out, paths);
	return say_error(args, "Punch", reply);
}

/* Reads replies up to the last. */
static int follow(const struct args *args, const struct out *out,
		  struct client *client, const char *path)
{
	uint64_t deadline_ms = call_deadline_ms(args, TIMEOUT_MS);
	struct varlink_reply reply;
	bool is_last = false;
	int status = 0;

	while (!is_last) {
		int error = client_receive(client, deadline_ms, &reply);

		if (error)
			return say_lost(args, path, error);
		is_last = !reply.continues;
		if (reply.error) {
			status = take_error(args, out, &reply);
		} else if (is_last) {
			show(args, out, reply.parameters);
			status = hand_over(args, client, reply.parameters);
		} else {
			show_progress(args, reply.parameters);
		}
		varlink_reply_fini(&reply);
	}
	return status;
}

int command_punch(const struct args *args, const struct out *out)
{
	struct call call = {
	    .method = "Punch",
	    .admin = true,
	    .more = args->verbose,
	    .timeout_ms = TIMEOUT_MS,
	};
	struct client *client;
	char *path;
	int status = punch_request(args, &call.parameters);

	if (!status)
		status = call_open(args, &call, &client);
	if (status)
		return status;
	path = call_socket_path(args, true);
	status = follow(args, out, client, path);
	free(path);
	client_free(client);
	return status;
}
