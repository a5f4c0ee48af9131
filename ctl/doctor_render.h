/*
 * doctor_render: what the checks said, as a screen, as JSON and as a script;
 * and what the checks are. Runs nothing.
 */
#ifndef CTL_DOCTOR_RENDER_H
#define CTL_DOCTOR_RENDER_H

#include "doctor.h"
#include "out.h"

/* A line for each thing that was seen, with effect and fix below; the sums. */
void doctor_render_screen(const struct out *out,
			  const struct doctor_reports *reports,
			  uint64_t took_ms);
/* The same as JSON; owned by the caller. */
json_t *doctor_render_json(const struct doctor_reports *reports,
			   uint64_t took_ms);
/* The commands of all fixes as a shell script, with the reasons as comments.
 * What the daemon or the network told stands in comments alone. */
void doctor_render_script(const struct out *out,
			  const struct doctor_reports *reports);

/* Every check with its title; as JSON everything about it. */
void doctor_render_list(const struct out *out);
json_t *doctor_list_json(void);
json_t *doctor_check_json(const struct doctor_check *check);
/* What one check looks at, why it fails, what to do. */
void doctor_render_explain(const struct out *out,
			   const struct doctor_check *check);

#endif
