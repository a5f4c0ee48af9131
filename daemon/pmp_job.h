/*
 * pmp_job: the requests of a PCP or NAT-PMP client and where each one stands.
 *
 * A request waits in the queue, then is in flight, then has ended and waits for
 * its user to be told. Finding one by its id takes no walk through all. It
 * sends nothing and calls nobody: see pmp_engine.h.
 */
#ifndef DAEMON_PMP_JOB_H
#define DAEMON_PMP_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "map_client.h"

#define PMP_BUCKETS 256

enum pmp_kind { PMP_PROBE, PMP_MAP, PMP_UNMAP };

enum pmp_place { PMP_QUEUED, PMP_FLYING, PMP_ENDED, PMP_PLACE_COUNT };

struct pmp_job {
	uint64_t id;
	enum pmp_kind kind;
	enum pmp_place place; /* written by pmp_jobs_move() alone */
	struct map_request request;
	struct map_result result; /* once ended */
	map_done_fn done;         /* may be NULL */
	void *arg;
	/* A probe that was given up but may still be answered. */
	bool is_late;
	int send_error; /* -errno of the last try to send, or 0 */
	uint64_t first_sent_ms;
	uint64_t retry_at_ms;
	uint64_t deadline_ms;
	uint32_t interval_ms;
	TAILQ_ENTRY(pmp_job) link;
	LIST_ENTRY(pmp_job) bucket;
};

TAILQ_HEAD(pmp_job_list, pmp_job);
LIST_HEAD(pmp_job_bucket, pmp_job);

struct pmp_jobs {
	struct pmp_job_list at[PMP_PLACE_COUNT];
	struct pmp_job_bucket buckets[PMP_BUCKETS];
	uint64_t last_id;
	unsigned int flying_count;
};

void pmp_jobs_init(struct pmp_jobs *jobs);
/* Frees every job. */
void pmp_jobs_fini(struct pmp_jobs *jobs);

/* Appends a zeroed job of KIND to the queue and returns it (borrowed). */
struct pmp_job *pmp_jobs_add(struct pmp_jobs *jobs, enum pmp_kind kind);
/* The job with ID or NULL. */
struct pmp_job *pmp_jobs_find(const struct pmp_jobs *jobs, uint64_t id);
/* The first job at PLACE or NULL. */
struct pmp_job *pmp_jobs_first(const struct pmp_jobs *jobs,
			       enum pmp_place place);
/* Puts JOB at the end of PLACE. */
void pmp_jobs_move(struct pmp_jobs *jobs, struct pmp_job *job,
		   enum pmp_place place);
/* Takes JOB out and frees it. */
void pmp_jobs_free(struct pmp_jobs *jobs, struct pmp_job *job);

/* Is another map or unmap request for JOB's inner port in flight? The two could
 * overtake each other. */
bool pmp_jobs_is_port_flying(const struct pmp_jobs *jobs,
			     const struct pmp_job *job);
/* The probe in flight that somebody waits for, or NULL. */
struct pmp_job *pmp_jobs_flying_probe(const struct pmp_jobs *jobs);
/* When the next job in flight is due to be sent again or given up; UINT64_MAX
 * when none is. */
uint64_t pmp_jobs_next_due_ms(const struct pmp_jobs *jobs);

#endif
