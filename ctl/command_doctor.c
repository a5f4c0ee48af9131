#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "doctor_render.h"
#include "exits.h"
#include "say.h"
#include "text.h"

#define TYPO_DISTANCE 4

static int list_checks(const struct args *args, const struct out *out)
{
	json_t *list;

	if (args->json == ARGS_JSON_OFF) {
		doctor_render_list(out);
		return CTL_OK;
	}
	list = doctor_list_json();
	out_json(out, list);
	json_decref(list);
	return CTL_OK;
}

static const char *nearest_check(const char *word)
{
	size_t best_distance = TYPO_DISTANCE + 1, distance;
	const struct doctor_check *check;
	const char *best = NULL;

	for (size_t i = 0; (check = doctor_at(i)); i++) {
		distance = text_edit_distance(check->id, word);
		if (distance < best_distance) {
			best_distance = distance;
			best = check->id;
		}
	}
	return best;
}

static int say_no_check(const struct args *args, const char *word)
{
	const char *near = nearest_check(word);

	if (near)
		say(args, "there is no check '%s'. Did you mean '%s'?", word,
		    near);
	else
		say(args,
		    "there is no check '%s'. The checks: traversalctl doctor "
		    "--list. Words: traversalctl explain",
		    word);
	return CTL_USAGE;
}

static int explain(const struct args *args, const struct out *out)
{
	const struct doctor_check *check = doctor_find(args->explain);

	json_t *answer;

	if (!check)
		return say_no_check(args, args->explain);
	if (args->json == ARGS_JSON_OFF) {
		doctor_render_explain(out, check);
		return CTL_OK;
	}
	answer = doctor_check_json(check);
	out_json(out, answer);
	json_decref(answer);
	return CTL_OK;
}

/* Every word that should name a check names one. */
static int check_words(const struct args *args)
{
	char *unknown = doctor_unknown_word(args->only);
	int status;

	if (!unknown)
		unknown = doctor_unknown_word(args->skip);
	for (int i = 0; !unknown && i < args->count; i++)
		unknown = doctor_unknown_word(args->words[i]);
	if (!unknown)
		return CTL_OK;
	status = say_no_check(args, unknown);
	free(unknown);
	return status;
}

static void show(const struct args *args, const struct out *out,
		 const struct doctor_reports *reports, uint64_t took_ms)
{
	json_t *answer;

	if (args->fix_script) {
		doctor_render_script(out, reports);
	} else if (args->json != ARGS_JSON_OFF) {
		answer = doctor_render_json(reports, took_ms);
		out_json(out, answer);
		json_decref(answer);
	} else {
		doctor_render_screen(out, reports, took_ms);
	}
}

static int exit_status(enum doctor_result worst)
{
	switch (worst) {
	case DOCTOR_FAILURE:
		return CTL_FAILED;
	case DOCTOR_WARNING:
		return CTL_DEGRADED;
	case DOCTOR_OK:
	case DOCTOR_SKIPPED:
	case DOCTOR_RESULT_COUNT:
		break;
	}
	return CTL_OK;
}

int command_doctor(const struct args *args, const struct out *out)
{
	uint64_t began_ms = client_now_ms();
	struct doctor_reports reports;
	struct doctor_facts facts;
	struct doctor_wants wants;
	enum doctor_result worst;
	int status;

	if (args->list)
		return list_checks(args, out);
	if (args->explain)
		return explain(args, out);
	status = check_words(args);
	if (status)
		return status;
	wants = doctor_wants(args);
	doctor_facts_gather(args, &wants, &facts);
	facts.is_offline = args->offline;
	doctor_run(args, &facts, &reports);
	worst = doctor_worst(&reports);
	show(args, out, &reports, client_now_ms() - began_ms);
	doctor_reports_fini(&reports);
	doctor_facts_fini(&facts);
	return exit_status(worst);
}
