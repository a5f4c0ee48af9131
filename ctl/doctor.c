#include "doctor.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* In the order in which they are shown. */
static const struct doctor_area *const areas[] = {
    &doctor_svc,    &doctor_cfg, &doctor_host, &doctor_net,
    &doctor_router, &doctor_nat, &doctor_fw,   &doctor_docker,
};

size_t doctor_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(areas); i++)
		count += areas[i]->count;
	return count;
}

const struct doctor_check *doctor_at(size_t i)
{
	for (size_t a = 0; a < COUNT_OF(areas); a++) {
		if (i < areas[a]->count)
			return &areas[a]->checks[i];
		i -= areas[a]->count;
	}
	return NULL;
}

const struct doctor_check *doctor_find(const char *id)
{
	const struct doctor_check *check;

	for (size_t i = 0; (check = doctor_at(i)); i++)
		if (strcmp(check->id, id) == 0)
			return check;
	return NULL;
}

/* --- choosing ---------------------------------------------------------------
 */

/* Is the word of LEN bytes this id, or its area? */
static bool is_word_for(const char *id, const char *word, size_t len)
{
	return strncmp(id, word, len) == 0 &&
	       (id[len] == '\0' || id[len] == '.') && len > 0;
}

bool doctor_matches(const char *id, const char *list)
{
	size_t len;

	for (; list && *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (is_word_for(id, list, len))
			return true;
	}
	return false;
}

static bool is_any_word(const char *word, size_t len)
{
	const struct doctor_check *check;

	for (size_t i = 0; (check = doctor_at(i)); i++)
		if (is_word_for(check->id, word, len))
			return true;
	return false;
}

char *doctor_unknown_word(const char *list)
{
	size_t len;

	for (; list && *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (!is_any_word(list, len))
			return xstrndup(list, len);
	}
	return NULL;
}

bool doctor_is_chosen(const struct args *args, const struct doctor_check *check)
{
	bool is_named = doctor_matches(check->id, args->only);

	for (int i = 0; i < args->count; i++)
		is_named =
		    is_named || doctor_matches(check->id, args->words[i]);
	if ((args->only || args->count > 0) && !is_named)
		return false;
	return !doctor_matches(check->id, args->skip);
}

static bool is_id_chosen(const struct args *args, const char *id)
{
	const struct doctor_check *check = doctor_find(id);

	return check && doctor_is_chosen(args, check);
}

struct doctor_wants doctor_wants(const struct args *args)
{
	return (struct doctor_wants){
	    .firewall = is_id_chosen(args, "fw.input") ||
			is_id_chosen(args, "fw.forward_policy") ||
			is_id_chosen(args, "fw.summary") ||
			is_id_chosen(args, "fw.flush_warning") ||
			is_id_chosen(args, "docker.rules") ||
			is_id_chosen(args, "inbound.reach"),
	    .router_table =
		!args->offline && (is_id_chosen(args, "router.upnp_exposure") ||
				   is_id_chosen(args, "router.forward_range")),
	    .port_tests =
		!args->offline && is_id_chosen(args, "net.port_specific"),
	};
}

/* --- running ----------------------------------------------------------------
 */

void doctor_run_check(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	if (check->place == DOCTOR_DAEMON && !facts->status)
		doctor_add(items, DOCTOR_SKIPPED, "%s",
			   facts->daemon_why ? facts->daemon_why
					     : "traversald is not running");
	else if (check->place == DOCTOR_PROBE && !facts->firewall)
		doctor_add(items, DOCTOR_SKIPPED, "%s",
			   facts->firewall_why ? facts->firewall_why
					       : "the firewall is not known");
	else
		check->run(check, facts, items);
	if (items->count == 0)
		doctor_add(items, DOCTOR_OK, "%s", check->title);
}

void doctor_run(const struct args *args, const struct doctor_facts *facts,
		struct doctor_reports *ret_reports)
{
	struct doctor_reports reports = {
	    .items = xcalloc(doctor_count(), sizeof(*reports.items))};
	const struct doctor_check *check;

	for (size_t i = 0; (check = doctor_at(i)); i++) {
		struct doctor_report *report = &reports.items[reports.count];

		if (!doctor_is_chosen(args, check))
			continue;
		report->check = check;
		doctor_run_check(check, facts, &report->items);
		for (size_t k = 0; k < report->items.count; k++)
			reports.totals[report->items.items[k].result]++;
		reports.count++;
	}
	*ret_reports = reports;
}

void doctor_reports_fini(struct doctor_reports *reports)
{
	for (size_t i = 0; i < reports->count; i++)
		doctor_items_clear(&reports->items[i].items);
	free(reports->items);
	*reports = (struct doctor_reports){0};
}

enum doctor_result doctor_worst(const struct doctor_reports *reports)
{
	if (reports->totals[DOCTOR_FAILURE] > 0)
		return DOCTOR_FAILURE;
	return reports->totals[DOCTOR_WARNING] > 0 ? DOCTOR_WARNING : DOCTOR_OK;
}
