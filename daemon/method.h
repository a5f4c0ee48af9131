/*
 * method: what manual, upnp and holepunching have in common.
 *
 * A method is one file and one row of the table in methods.c. For each service
 * it runs once, keeps what it got (a lease, a proof) alive by itself, and
 * reports every change to its slot of the chain.
 */
#ifndef DAEMON_METHOD_H
#define DAEMON_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "config.h"
#include "log.h"
#include "loop.h"
#include "transport.h"

#define METHOD_DETAIL_BYTES  192
#define METHOD_VANTAGE_BYTES 80
#define METHOD_EXTERNALS     4

struct chain_slot;
struct method_run;

/* The words of the status, DESIGN: attempts[].outcome. */
enum method_outcome {
	METHOD_RUNNING,
	METHOD_OK,
	METHOD_NO_REPLY,        /* asked outside, nothing came in */
	METHOD_REFUSED,         /* the router said no */
	METHOD_ABSENT,          /* nobody there to ask */
	METHOD_CONFLICT,        /* the port is in other hands */
	METHOD_TIMEOUT,         /* it answered, but not in time */
	METHOD_PRIVATE_ADDRESS, /* the router has no public address itself */
	METHOD_BROKEN,          /* answers that make no sense */
};

/* An outer endpoint that leads to the service, and why it does. */
struct method_external {
	const char *via; /* "pcp", "nat-pmp", "upnp", "stun", "manual" */
	struct endpoint endpoint;
	struct addr gateway; /* unset: none involved */
	bool has_lease;      /* the three figures below count */
	bool is_permanent;   /* it never expires */
	uint32_t lifetime_s;
	uint64_t expires_in_ms;
	uint64_t renew_in_ms;
};

enum method_proof_kind { PROOF_ECHO, PROOF_INBOUND, PROOF_PUNCH };

/* A packet that came in from outside, or did not. */
struct method_proof {
	enum method_proof_kind kind;
	bool received;
	uint64_t at_ms;                     /* on the loop's clock */
	char vantage[METHOD_VANTAGE_BYTES]; /* who sent it */
};

struct method_report {
	enum method_outcome outcome;
	bool is_proven;                   /* with METHOD_OK */
	bool is_partial;                  /* with METHOD_OK: some peers only */
	char detail[METHOD_DETAIL_BYTES]; /* one sentence for a person */
	bool has_proof;
	struct method_proof proof;
};

/* What a method works for. Borrowed; outlives the run. */
struct method_service {
	char name[CONFIG_NAME_BYTES];
	enum transport transport;
	uint16_t port;          /* local */
	uint16_t external_port; /* wished; 0 = the same */
	uint32_t lifetime_s;    /* wished; 0 = the configuration's */
	struct prover *prover;
};

/* What every method may use. Borrowed; outlives the runs. */
struct method_env {
	struct loop *loop;
	struct log *log;
	const struct config *config;   /* replaced by a reload */
	const struct netview *netview; /* what netmon knows now */
	struct portmap *portmap;       /* NULL: there is no gateway */
	struct nested_nat *nested;     /* NULL: none is looked for */
	struct pinholes *pinholes;     /* NULL: none are made */
	struct nat_watch *nat;         /* NULL: not observed */
};

/* Why a method is asked to try again. */
enum method_cause {
	CAUSE_NETWORK,  /* route, address or gateway changed: all is stale */
	CAUSE_CHECK,    /* a person asked for a proof: keep what is held */
	CAUSE_REQUEST,  /* a person asked: renew, find out anew */
	CAUSE_LOST,     /* the method that carried the service failed */
	CAUSE_SCHEDULE, /* the slow timer */
};

struct method_ops {
	enum method_id id;
	/* Tried again so long after a failure, doubling; 0 = by itself. */
	uint64_t retry_first_ms;
	uint64_t retry_most_ms;
	/* Returns an owned run that reports to SLOT, from the loop only. */
	struct method_run *(*start)(const struct method_env *env,
				    const struct method_service *service,
				    struct chain_slot *slot);
	void (*again)(struct method_run *run, enum method_cause cause);
	/* An outcome of the chain, or its carrier, changed. May be NULL. */
	void (*sibling_changed)(struct method_run *run);
	/* The service's port is given away: holds no socket on it when this
	 * returns. May be NULL. */
	void (*let_go)(struct method_run *run);
	/* Fills up to METHOD_EXTERNALS outer endpoints; returns how many. */
	size_t (*externals)(const struct method_run *run,
			    struct method_external *ret_externals);
	/* Gives back what it holds and frees the run; calls DONE once, perhaps
	 * before it returns. */
	void (*stop)(struct method_run *run, void (*done)(void *arg),
		     void *arg);
};

/* "running", "ok", "no-reply", ... */
const char *method_outcome_name(enum method_outcome outcome);

/* The visible table, one row a method, indexed by enum method_id. */
extern const struct method_ops *const methods[METHOD_COUNT];

#endif
