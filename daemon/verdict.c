#include "verdict.h"

static enum reachable reachable_of(enum chain_state state)
{
	switch (state) {
	case CHAIN_REACHABLE:
		return REACHABLE_YES;
	case CHAIN_LIKELY:
		return REACHABLE_LIKELY;
	case CHAIN_LIMITED:
		return REACHABLE_LIMITED;
	case CHAIN_UNREACHABLE:
		return REACHABLE_NO;
	case CHAIN_TRYING:
		return REACHABLE_UNKNOWN;
	}
	return REACHABLE_UNKNOWN;
}

static struct verdict judge_proven(const struct verdict_input *input)
{
	struct verdict v = {REACHABLE_YES, "mapped-proven",
			    "Reachable from the internet"};

	if (input->carrier == METHOD_MANUAL)
		v.code = "manual-proven";
	else if (input->carrier == METHOD_HOLEPUNCHING)
		v.code = "open-nat";
	return v;
}

static struct verdict judge_likely(const struct verdict_input *input)
{
	if (input->has_carrier && input->carrier == METHOD_MANUAL)
		return (struct verdict){
		    REACHABLE_LIKELY, "manual-unproven",
		    "Probably reachable: it was proven before, and cannot be "
		    "proven now"};
	return (struct verdict){
	    REACHABLE_LIKELY, "mapped-unproven",
	    "Probably reachable: the router granted it, nothing outside "
	    "confirmed it"};
}

static struct verdict judge_unreachable(const struct verdict_input *input)
{
	struct verdict v = {REACHABLE_NO, "no-path",
			    "NOT reachable from the internet"};

	if (input->is_offline) {
		v.code = "no-network";
		v.summary = "NOT reachable from the internet: this host has "
			    "no way out (no default route)";
		return v;
	}
	switch (input->upnp_outcome) {
	case METHOD_PRIVATE_ADDRESS:
		v.code = "private-address";
		v.summary = "NOT reachable from the internet: the router has "
			    "no public address";
		break;
	case METHOD_REFUSED:
		v.code = "mapping-refused";
		v.summary = "NOT reachable from the internet: the router "
			    "refused the mapping";
		break;
	case METHOD_CONFLICT:
		v.code = "mapping-conflict";
		v.summary = "NOT reachable from the internet: the port is "
			    "taken on the router";
		break;
	case METHOD_NO_REPLY:
		v.code = "mapped-silent";
		v.summary = "NOT reachable from the internet: the router "
			    "granted a mapping that lets nothing in";
		break;
	case METHOD_ABSENT:
	case METHOD_TIMEOUT:
		v.code = "no-router-help";
		v.summary = "NOT reachable from the internet: the router "
			    "opens no port for us";
		break;
	case METHOD_BROKEN:
	case METHOD_OK:
	case METHOD_RUNNING:
		break;
	}
	return v;
}

static struct verdict judge_one(const struct verdict_input *input)
{
	switch (input->state) {
	case CHAIN_REACHABLE:
		return judge_proven(input);
	case CHAIN_LIKELY:
		return judge_likely(input);
	case CHAIN_LIMITED:
		return (struct verdict){
		    REACHABLE_LIMITED, "punch-limited",
		    "Reachable for some peers, by hole punching"};
	case CHAIN_UNREACHABLE:
		return judge_unreachable(input);
	case CHAIN_TRYING:
		break;
	}
	return (struct verdict){REACHABLE_UNKNOWN, "starting",
				"Finding out whether the services are "
				"reachable"};
}

struct verdict_input verdict_input_of(const struct chain *chain)
{
	struct verdict_input input = {.state = chain_state(chain),
				      .upnp_outcome = METHOD_RUNNING};
	int carrier = chain_carrier(chain);

	input.has_carrier = carrier >= 0;
	for (size_t i = 0; i < chain_attempt_count(chain); i++) {
		struct chain_attempt attempt = chain_attempt(chain, i);

		if ((int)i == carrier)
			input.carrier = attempt.id;
		if (attempt.id == METHOD_UPNP)
			input.upnp_outcome = attempt.report.outcome;
	}
	return input;
}

struct verdict verdict_judge(const struct verdict_input *inputs, size_t count)
{
	/* How bad: what is still being tried hides nothing that is known. */
	static const int badness[] = {
	    [REACHABLE_YES] = 0,     [REACHABLE_LIKELY] = 1,
	    [REACHABLE_LIMITED] = 2, [REACHABLE_UNKNOWN] = 3,
	    [REACHABLE_NO] = 4,
	};
	const struct verdict_input *worst = NULL;

	for (size_t i = 0; i < count; i++)
		if (!worst || badness[reachable_of(inputs[i].state)] >
				  badness[reachable_of(worst->state)])
			worst = &inputs[i];
	if (!worst)
		return (struct verdict){REACHABLE_UNKNOWN, "no-service",
					"No service is configured"};
	return judge_one(worst);
}
