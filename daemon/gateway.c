#include "gateway.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "igd_client.h"
#include "natpmp_client.h"
#include "method.h"
#include "pcp_client.h"
#include "pinhole_client.h"

#define WORKER_NAME "traversald-igd"

/* Beside the daemon in a build tree, else PREFIX/lib of its PREFIX/sbin, so
 * that the same program serves every prefix. */
static const char *find_worker(char *buf, size_t cap)
{
	char self[PATH_MAX - 64]; /* leaves room for what follows */
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	snprintf(buf, cap, "%s/" WORKER_NAME, dirname(self));
	if (access(buf, X_OK) != 0)
		snprintf(buf, cap, "%s/../lib/traversald/" WORKER_NAME, self);
	return buf;
}

static struct map_client_options make_options(
    const struct portmap_options *options,
    const struct map_client_listener *listener)
{
	return (struct map_client_options){
	    .gateway = options->link.gateway,
	    .local = options->link.local,
	    .ifindex = options->link.ifindex,
	    .seen = options->link.seen,
	    .listener = *listener,
	};
}

static struct map_client *new_pcp(const struct portmap_options *options,
				  const struct map_client_listener *listener)
{
	struct map_client_options client = make_options(options, listener);

	return pcp_client_new(options->loop, options->log, &client);
}

static struct map_client *new_natpmp(const struct portmap_options *options,
				     const struct map_client_listener *listener)
{
	struct map_client_options client = make_options(options, listener);

	return natpmp_client_new(options->loop, options->log, &client);
}

static struct map_client *new_igd(const struct portmap_options *options,
				  const struct map_client_listener *listener)
{
	char worker[PATH_MAX];
	const struct igd_client_options client = {
	    .link = make_options(options, listener),
	    .worker = find_worker(worker, sizeof(worker)),
	};

	return igd_client_new(options->loop, options->log, &client);
}

void gateway_fill_clients(struct portmap_options *options)
{
	options->new_client[MAP_VIA_PCP] = new_pcp;
	options->new_client[MAP_VIA_NATPMP] = new_natpmp;
	options->new_client[MAP_VIA_UPNP] = new_igd;
}

static const struct igd_places *find_places(void *arg)
{
	const struct method_env *env = arg;
	const struct map_client *igd =
	    env->portmap ? portmap_client(env->portmap, MAP_VIA_UPNP) : NULL;

	return igd ? igd_client_places(igd) : NULL;
}

static struct map_client *new_pinhole(
    const struct portmap_options *options,
    const struct map_client_listener *listener)
{
	char worker[PATH_MAX];
	const struct pinhole_client_options client = {
	    .link = make_options(options, listener),
	    .worker = find_worker(worker, sizeof(worker)),
	    .places = find_places,
	    .arg = options->factory_arg,
	};

	return pinhole_client_new(options->loop, options->log, &client);
}

void gateway_fill_ipv6_clients(struct portmap_options *options)
{
	options->new_client[MAP_VIA_PCP] = new_pcp;
	options->new_client[MAP_VIA_UPNP] = new_pinhole;
}
