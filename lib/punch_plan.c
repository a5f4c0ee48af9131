#include "punch_plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The TTLs that most often end between the two NATs of two homes. */
#define LIKELY_TTL_SUM 9 /* 4 and 5 */

const struct punch_policy punch_policy_mysterium = {
    .name = "mysterium",
    .codec = &punch_codec_mysterium,
    .limit_ms = 10000,
    .slot_ms = 40,
    .slot_packets = 2,
    .primers = 8,
    .primer_ttl = 2,
    .full_ttl = 128,
    .full_after_ms = 600,
    .resend_ms = {200, 600, 1400, 3000, 6200},
    .full_resend = 3,
    .answer_first_ms = 20,
    .answer_ms = 60,
    .answer_burst = 24,
    .answer_rate = 50,
    .assume_ms = 400,
    .stalled_ms = 600,
    .alive_ms = 200,
    .foreign_ms = 500,
    .spray_pings = 10,
    .spray_ms = 100,
    .tail_ms = {20, 60, 120, 200, 300, 420, 560, 740},
};

/* The lower the earlier. TTL 1 never leaves the first router. */
static unsigned int rank(size_t index, size_t ports)
{
	size_t classes = ports > 1 ? ports / 2 : 1;
	int ttl = 1 + (int)(index % classes);

	return ttl == 1 ? UINT8_MAX
			: (unsigned int)abs(2 * ttl - LIKELY_TTL_SUM) * 2 +
			      (2 * ttl > LIKELY_TTL_SUM);
}

void punch_plan_order(size_t ports, uint8_t *ret_order)
{
	size_t at;

	for (size_t i = 0; i < ports; i++) {
		for (at = i;
		     at > 0 && rank(ret_order[at - 1], ports) > rank(i, ports);
		     at--)
			ret_order[at] = ret_order[at - 1];
		ret_order[at] = (uint8_t)i;
	}
}

static void add(struct punch_plan *plan, struct punch_step step)
{
	assert(plan->count < PUNCH_STEPS_MOST);
	plan->steps[plan->count++] = step;
}

/* A ping and its resends. */
static void add_series(const struct punch_policy *policy,
		       struct punch_plan *plan, struct punch_step step)
{
	uint32_t first_ms = step.at_ms;

	add(plan, step);
	for (unsigned int i = 0; i < PUNCH_RESENDS; i++) {
		step.at_ms = first_ms + policy->resend_ms[i];
		if (i + 1 >= policy->full_resend)
			step.ttl = (uint8_t)policy->full_ttl;
		add(plan, step);
	}
}

static void add_provider(const struct punch_policy *policy,
			 const struct punch_plan_input *input,
			 const uint8_t *order, struct punch_plan *plan)
{
	unsigned int ttl =
	    input->primer_ttl ? input->primer_ttl : policy->primer_ttl;
	size_t primers =
	    input->ports < policy->primers ? input->ports : policy->primers;

	/* The highest TTL first: what a NAT with other ports for other peers
	 * needs is a packet that arrives. */
	for (size_t i = primers; i-- > 0;)
		add_series(policy, plan,
			   (struct punch_step){.index = order[i],
					       .ttl = (uint8_t)(ttl + i / 2)});
	for (size_t i = primers; i < input->ports; i++)
		add_series(
		    policy, plan,
		    (struct punch_step){.at_ms = policy->full_after_ms,
					.index = order[i],
					.ttl = (uint8_t)policy->full_ttl});
}

static void add_consumer(const struct punch_policy *policy,
			 const struct punch_plan_input *input,
			 const uint8_t *order, struct punch_plan *plan)
{
	for (size_t i = 0; i < input->ports; i++)
		add_series(policy, plan,
			   (struct punch_step){
			       .at_ms = (uint32_t)(i / policy->slot_packets *
						   policy->slot_ms),
			       .index = order[i],
			       .ttl = (uint8_t)policy->full_ttl});
}

/* Other addresses of the peer: no NAT lies before them, or our own, so that two
 * sockets at full TTL say it all. */
static void add_others(const struct punch_policy *policy,
		       const struct punch_plan_input *input,
		       const uint8_t *order, struct punch_plan *plan)
{
	for (size_t target = 1; target < input->targets; target++)
		for (size_t i = 0; i < 2 && i < input->ports; i++)
			add_series(policy, plan,
				   (struct punch_step){
				       .index = order[i],
				       .target = (uint8_t)target,
				       .ttl = (uint8_t)policy->full_ttl});
}

/* Stable, and short enough for the plain way. */
static void sort(struct punch_plan *plan)
{
	for (size_t i = 1; i < plan->count; i++) {
		struct punch_step step = plan->steps[i];
		size_t at = i;

		for (; at > 0 && plan->steps[at - 1].at_ms > step.at_ms; at--)
			plan->steps[at] = plan->steps[at - 1];
		plan->steps[at] = step;
	}
}

/* Is the step part of the opening, which need not wait for a slot? */
static bool is_opening(const struct punch_policy *policy,
		       const struct punch_step *step)
{
	return step->at_ms == 0 &&
	       (step->target > 0 || step->ttl != policy->full_ttl);
}

/* Moves steps to later times until no slot holds too many. */
static void pace(const struct punch_policy *policy, struct punch_plan *plan)
{
	uint32_t slot_ms = 0;
	unsigned int used = 0;

	for (size_t i = 0; i < plan->count; i++) {
		struct punch_step *step = &plan->steps[i];

		if (is_opening(policy, step))
			continue;
		if (step->at_ms > slot_ms || used == policy->slot_packets) {
			slot_ms += policy->slot_ms;
			if (step->at_ms > slot_ms)
				slot_ms = step->at_ms;
			used = 0;
		}
		step->at_ms = slot_ms;
		used++;
	}
}

static void cut(const struct punch_policy *policy, struct punch_plan *plan)
{
	while (plan->count > 0 &&
	       plan->steps[plan->count - 1].at_ms >= policy->limit_ms)
		plan->count--;
}

void punch_plan_build(const struct punch_policy *policy,
		      const struct punch_plan_input *input,
		      struct punch_plan *ret_plan)
{
	uint8_t order[PUNCH_PORTS_MOST];

	assert(input->ports >= 1 && input->ports <= PUNCH_PORTS_MOST);
	assert(input->targets >= 1 && input->targets <= PUNCH_TARGETS_MOST);
	ret_plan->count = 0;
	punch_plan_order(input->ports, order);
	if (input->role == PUNCH_PROVIDER)
		add_provider(policy, input, order, ret_plan);
	else
		add_consumer(policy, input, order, ret_plan);
	add_others(policy, input, order, ret_plan);
	sort(ret_plan);
	pace(policy, ret_plan);
	sort(ret_plan);
	cut(policy, ret_plan);
}

unsigned int punch_plan_ttl(const struct punch_plan *plan, size_t index)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].index == index && plan->steps[i].target == 0)
			return plan->steps[i].ttl;
	return 0;
}
