#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mapping.h"
#include "mem.h"
#include "port_pick.h"

/* RFC 6887 section 15 recommends servers to grant no less. */
#define TWIN_LIFETIME_S 120

struct twin {
	int fd;
	struct prover *prover;
	struct mapping *mapping;
	uint64_t question;
	prove_fn fn;
	void *arg;
};

static void on_released(void *arg, bool confirmed)
{
	(void)confirmed;
	free(arg);
}

static void end(struct twin *twin)
{
	prover_free(twin->prover);
	close(twin->fd);
	mapping_release(twin->mapping, on_released, twin);
}

static void finish(struct twin *twin, const struct prove_result *result)
{
	prove_fn fn = twin->fn;
	void *arg = twin->arg;

	twin->fn = NULL;
	end(twin);
	fn(arg, result);
}

static void on_proof(void *arg, const struct prove_result *result)
{
	struct twin *twin = arg;

	twin->question = 0;
	finish(twin, result);
}

static void on_mapping(void *arg, struct mapping *mapping)
{
	struct twin *twin = arg;
	struct lease_view view = mapping_view(mapping);
	struct prove_result none = {.outcome = PROVE_NO_SERVER};

	if (!twin->fn)
		return;
	if (view.state == LEASE_HELD && !twin->question) {
		twin->question = prover_ask(twin->prover, view.external.port,
					    on_proof, twin);
	} else if (view.state == LEASE_FAILED) {
		snprintf(none.detail, sizeof(none.detail),
			 "no second mapping to prove with: %.90s",
			 view.failure.detail);
		finish(twin, &none);
	}
}

struct twin *twin_start(const struct twin_options *options, prove_fn fn,
			void *arg)
{
	struct prover_options prover = *options->prover;
	struct lease_wish wish = {
	    .transport = TRANSPORT_UDP,
	    .lifetime_s = TWIN_LIFETIME_S,
	    .is_quiet = true,
	};
	struct twin *twin;
	uint16_t port;
	int fd = port_pick_udp(&options->ports, &port);

	if (fd < 0)
		return NULL;
	twin = xcalloc(1, sizeof(*twin));
	twin->fd = fd;
	twin->fn = fn;
	twin->arg = arg;
	prover.transport = TRANSPORT_UDP;
	prover.port = port;
	prover.fd = fd;
	twin->prover = prover_new(&prover);
	wish.internal_port = port;
	snprintf(wish.name, sizeof(wish.name), "%.20s-twin", options->name);
	twin->mapping = mapping_new(options->portmap, options->nested, &wish,
				    on_mapping, twin);
	return twin;
}

void twin_cancel(struct twin *twin)
{
	if (!twin || !twin->fn)
		return;
	twin->fn = NULL;
	end(twin);
}
