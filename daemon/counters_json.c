#include "counters_json.h"

static json_t *events_json(const struct tally *tally)
{
	json_t *array = json_array();

	for (size_t i = 0; i < tally->count; i++) {
		const struct tally_row *row = &tally->rows[i];

		json_array_append_new(
		    array, json_pack("{s:s,s:s?,s:I}", "event", row->name,
				     "via", *row->via ? row->via : NULL,
				     "count", (json_int_t)row->count));
	}
	return array;
}

static json_t *round_trips_json(const struct echo_rtt_counts *counts)
{
	json_t *buckets = json_array();

	for (unsigned int i = 0; i < ECHO_RTT_BUCKETS; i++)
		json_array_append_new(
		    buckets, json_pack("{s:i,s:I}", "at_most_ms",
				       (int)echo_rtt_bucket_ms(i), "count",
				       (json_int_t)counts->at_most[i]));
	return json_pack("{s:o,s:I,s:I}", "buckets", buckets, "count",
			 (json_int_t)counts->count, "sum_ms",
			 (json_int_t)counts->sum_ms);
}

static json_t *rejected_json(const struct portmap *portmap)
{
	json_t *array = json_array();

	for (int via = 0; portmap && via < MAP_VIA_COUNT; via++) {
		const struct map_client *client =
		    portmap_client(portmap, (enum map_via)via);

		if (client)
			json_array_append_new(
			    array,
			    json_pack("{s:s,s:I}", "protocol",
				      map_via_name((enum map_via)via), "count",
				      (json_int_t)client->rejected_count));
	}
	return array;
}

static json_t *punch_json(const struct app_punched *punched)
{
	return json_pack("{s:I,s:I,s:I,s:I}", "packets_sent",
			 (json_int_t)punched->packets_sent, "packets_heard",
			 (json_int_t)punched->packets_heard, "connected",
			 (json_int_t)punched->connected, "failed",
			 (json_int_t)punched->failed);
}

json_t *counters_json(struct app *app)
{
	return json_pack(
	    "{s:o,s:o,s:o,s:o,s:I,s:I}", "events",
	    events_json(events_tally(app->events)), "round_trips",
	    round_trips_json(&app->rtt.counts), "rejected",
	    rejected_json(app->env.portmap), "punch", punch_json(&app->punched),
	    "slow_callbacks", (json_int_t)loop_slow_count(app->loop),
	    "slowest_callback_ms", (json_int_t)loop_slowest_ms(app->loop));
}
