#include "pmp_job.h"

#include <stdlib.h>

#include "mem.h"

void pmp_jobs_init(struct pmp_jobs *jobs)
{
	*jobs = (struct pmp_jobs){.last_id = 0};
	for (int i = 0; i < PMP_PLACE_COUNT; i++)
		TAILQ_INIT(&jobs->at[i]);
}

void pmp_jobs_fini(struct pmp_jobs *jobs)
{
	for (int i = 0; i < PMP_PLACE_COUNT; i++)
		while (!TAILQ_EMPTY(&jobs->at[i]))
			pmp_jobs_free(jobs, TAILQ_FIRST(&jobs->at[i]));
}

struct pmp_job *pmp_jobs_add(struct pmp_jobs *jobs, enum pmp_kind kind)
{
	struct pmp_job *job = xcalloc(1, sizeof(*job));

	job->id = ++jobs->last_id;
	job->kind = kind;
	job->place = PMP_QUEUED;
	TAILQ_INSERT_TAIL(&jobs->at[PMP_QUEUED], job, link);
	LIST_INSERT_HEAD(&jobs->buckets[job->id % PMP_BUCKETS], job, bucket);
	return job;
}

struct pmp_job *pmp_jobs_find(const struct pmp_jobs *jobs, uint64_t id)
{
	struct pmp_job *job;

	LIST_FOREACH (job, &jobs->buckets[id % PMP_BUCKETS], bucket)
		if (job->id == id)
			return job;
	return NULL;
}

struct pmp_job *pmp_jobs_first(const struct pmp_jobs *jobs,
			       enum pmp_place place)
{
	return TAILQ_FIRST(&jobs->at[place]);
}

static void take_out(struct pmp_jobs *jobs, struct pmp_job *job)
{
	TAILQ_REMOVE(&jobs->at[job->place], job, link);
	if (job->place == PMP_FLYING)
		jobs->flying_count--;
}

void pmp_jobs_move(struct pmp_jobs *jobs, struct pmp_job *job,
		   enum pmp_place place)
{
	take_out(jobs, job);
	job->place = place;
	TAILQ_INSERT_TAIL(&jobs->at[place], job, link);
	if (place == PMP_FLYING)
		jobs->flying_count++;
}

void pmp_jobs_free(struct pmp_jobs *jobs, struct pmp_job *job)
{
	take_out(jobs, job);
	LIST_REMOVE(job, bucket);
	free(job);
}

bool pmp_jobs_is_port_flying(const struct pmp_jobs *jobs,
			     const struct pmp_job *job)
{
	const struct pmp_job *other;

	if (job->kind == PMP_PROBE)
		return false;
	TAILQ_FOREACH (other, &jobs->at[PMP_FLYING], link)
		if (other->kind != PMP_PROBE &&
		    other->request.transport == job->request.transport &&
		    other->request.internal_port == job->request.internal_port)
			return true;
	return false;
}

struct pmp_job *pmp_jobs_flying_probe(const struct pmp_jobs *jobs)
{
	struct pmp_job *job;

	TAILQ_FOREACH (job, &jobs->at[PMP_FLYING], link)
		if (job->kind == PMP_PROBE && !job->is_late)
			return job;
	return NULL;
}

uint64_t pmp_jobs_next_due_ms(const struct pmp_jobs *jobs)
{
	const struct pmp_job *job;
	uint64_t due_ms = UINT64_MAX;

	TAILQ_FOREACH (job, &jobs->at[PMP_FLYING], link) {
		if (job->deadline_ms < due_ms)
			due_ms = job->deadline_ms;
		if (job->retry_at_ms < due_ms)
			due_ms = job->retry_at_ms;
	}
	return due_ms;
}
