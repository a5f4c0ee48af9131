#include "services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "port_pick.h"

struct services {
	struct services_options options;
	struct service_list list;
	size_t count;
	bool is_stopping;
	size_t stopping;
	void (*stopped)(void *arg);
	void *stopped_arg;
};

static struct service_options make_options(struct services *services,
					   enum service_origin origin,
					   const struct service_config *config,
					   const struct prover_options *prover,
					   int held_fd)
{
	return (struct service_options){
	    .env = services->options.env,
	    .prover = prover,
	    .table = services->options.table,
	    .origin = origin,
	    .config = config,
	    .held_fd = held_fd,
	    .changed = services->options.changed,
	    .arg = services->options.arg,
	};
}

static struct prover_options base_prover(struct services *services)
{
	return (struct prover_options){
	    .loop = services->options.env->loop,
	    .log = services->options.env->log,
	    .resolver = services->options.resolver,
	    .config = &services->options.env->config,
	    .rtt = services->options.rtt,
	};
}

static struct service *add(struct services *services,
			   enum service_origin origin,
			   const struct service_config *config,
			   uint32_t lifetime_s, int held_fd)
{
	struct prover_options prover = base_prover(services);
	struct service_options options =
	    make_options(services, origin, config, &prover, held_fd);
	struct service *service;

	options.lifetime_s = lifetime_s;
	service = service_new(&options);
	LIST_INSERT_HEAD(&services->list, service, link);
	services->count++;
	return service;
}

static void take_out(struct services *services, struct service *service)
{
	LIST_REMOVE(service, link);
	services->count--;
	if (!services->is_stopping && services->options.changed)
		services->options.changed(services->options.arg, NULL);
}

static void end_service(struct services *services, struct service *service)
{
	take_out(services, service);
	service_stop(service, NULL, NULL);
}

struct services *services_new(const struct services_options *options)
{
	struct services *services = xcalloc(1, sizeof(*services));

	services->options = *options;
	LIST_INIT(&services->list);
	return services;
}

static void on_one_stopped(void *arg)
{
	struct services *services = arg;
	void (*stopped)(void *) = services->stopped;
	void *stopped_arg = services->stopped_arg;

	if (--services->stopping > 0)
		return;
	free(services);
	stopped(stopped_arg);
}

void services_stop(struct services *services, void (*done)(void *arg),
		   void *arg)
{
	struct service *service;

	services->is_stopping = true;
	services->stopped = done;
	services->stopped_arg = arg;
	services->stopping = services->count + 1;
	while ((service = LIST_FIRST(&services->list))) {
		take_out(services, service);
		service_stop(service, on_one_stopped, services);
	}
	on_one_stopped(services);
}

struct service_list *services_list(struct services *services)
{
	return &services->list;
}

size_t services_count(const struct services *services)
{
	return services->count;
}

struct service *services_find(struct services *services, const char *name)
{
	struct service *service;

	LIST_FOREACH (service, &services->list, link)
		if (strcmp(service->config.name, name) == 0)
			return service;
	return NULL;
}

struct service *services_find_port(struct services *services,
				   enum transport transport, uint16_t port)
{
	struct service *service;

	LIST_FOREACH (service, &services->list, link)
		if (service->config.transport == transport &&
		    service->config.port == port)
			return service;
	return NULL;
}

struct service *services_of_chain(struct services *services,
				  const struct chain *chain)
{
	struct service *service;

	LIST_FOREACH (service, &services->list, link)
		if (service->chain == chain)
			return service;
	return NULL;
}

/* --- the pool ------------------------------------------------------------ */

static size_t count_origin(const struct services *services,
			   enum service_origin origin)
{
	const struct service *service;
	size_t count = 0;

	LIST_FOREACH (service, &services->list, link)
		count += service->origin == origin;
	return count;
}

static void name_pool_port(struct services *services, char *buf, size_t cap)
{
	const char *pool = services->options.env->config->pool_name;

	for (unsigned int n = 1; n <= SERVICES_MOST + 1; n++) {
		snprintf(buf, cap, "%.24s-%u", pool, n);
		if (!services_find(services, buf))
			return;
	}
}

/* Binds a free port that no service of ours has: one that was handed out may
 * not be bound by its new owner yet. */
static int pick_port(struct services *services, uint16_t *ret_port)
{
	const struct port_range *range =
	    &services->options.env->config->udp_ports;
	int fd;

	for (int draw = 0; draw < SERVICES_MOST; draw++) {
		fd = port_pick_udp(range, ret_port);
		if (fd < 0)
			return fd;
		if (!services_find_port(services, TRANSPORT_UDP, *ret_port))
			return fd;
		close(fd);
	}
	return -EADDRINUSE;
}

static bool prepare_one(struct services *services)
{
	const struct config *config = services->options.env->config;
	struct service_config wanted = {.transport = TRANSPORT_UDP};
	int fd;

	if (services->count >= SERVICES_MOST)
		return false;
	fd = pick_port(services, &wanted.port);
	if (fd < 0) {
		log_warn(services->options.env->log,
			 "event=pool-empty range=%u:%u error=\"%s\"",
			 config->udp_ports.first, config->udp_ports.last,
			 strerror(-fd));
		return false;
	}
	name_pool_port(services, wanted.name, sizeof(wanted.name));
	add(services, SERVICE_PREPARED, &wanted, 0, fd);
	return true;
}

static void fill_pool(struct services *services)
{
	if (!services->options.env->config->has_pool)
		return;
	while (count_origin(services, SERVICE_PREPARED) < POOL_SIZE)
		if (!prepare_one(services))
			return;
}

static bool is_in_range(const struct port_range *range, uint16_t port)
{
	return port >= range->first && port <= range->last;
}

/* --- a new configuration ------------------------------------------------- */

static const struct service_config *find_config(const struct config *config,
						const struct service *service)
{
	for (size_t i = 0; i < config->service_count; i++)
		if (strcmp(config->services[i].name, service->config.name) == 0)
			return &config->services[i];
	return NULL;
}

/* A forward concerns only punched traffic: it needs no new mapping. */
static bool is_same_port(const struct service_config *a,
			 const struct service_config *b)
{
	return a->transport == b->transport && a->port == b->port &&
	       a->external == b->external;
}

static bool is_wanted(const struct services *services,
		      const struct service *service)
{
	const struct config *config = services->options.env->config;
	const struct service_config *wanted;

	switch (service->origin) {
	case SERVICE_CONFIGURED:
		wanted = find_config(config, service);
		return wanted && is_same_port(wanted, &service->config);
	case SERVICE_PREPARED:
		return config->has_pool &&
		       is_in_range(&config->udp_ports, service->config.port);
	case SERVICE_AD_HOC:
	case SERVICE_ACQUIRED:
		return true;
	}
	return true;
}

static void remove_unwanted(struct services *services)
{
	struct service *service, *next;

	for (service = LIST_FIRST(&services->list); service; service = next) {
		next = LIST_NEXT(service, link);
		if (is_wanted(services, service))
			continue;
		end_service(services, service);
	}
}

static void rename_service(struct service *service, const char *name)
{
	snprintf(service->config.name, sizeof(service->config.name), "%s",
		 name);
	snprintf(service->base.name, sizeof(service->base.name), "%s", name);
}

/* SERVICE, by hand or of the pool, has the port that is WANTED now: what is
 * mapped for it already is kept. */
static void take_over(struct services *services, struct service *service,
		      const struct service_config *wanted)
{
	if (service->origin == SERVICE_PREPARED ||
	    !is_same_port(wanted, &service->config)) {
		end_service(services, service);
		return;
	}
	service->origin = SERVICE_CONFIGURED;
	rename_service(service, wanted->name);
}

/* SERVICE has the name that is WANTED now for another port. */
static void give_name(struct services *services, struct service *service)
{
	char name[CONFIG_NAME_BYTES];

	if (service->origin == SERVICE_AD_HOC) {
		end_service(services, service);
		return;
	}
	name_pool_port(services, name, sizeof(name));
	rename_service(service, name);
}

/* What is configured comes before what was mapped by hand or prepared. */
static void make_room(struct services *services,
		      const struct service_config *wanted)
{
	struct service *service;

	service = services_find_port(services, wanted->transport, wanted->port);
	if (service && service->origin != SERVICE_CONFIGURED)
		take_over(services, service, wanted);
	service = services_find(services, wanted->name);
	if (service && service->origin != SERVICE_CONFIGURED)
		give_name(services, service);
}

static void add_missing(struct services *services)
{
	const struct config *config = services->options.env->config;
	struct service *service;

	for (size_t i = 0; i < config->service_count; i++) {
		make_room(services, &config->services[i]);
		service = services_find(services, config->services[i].name);
		if (service)
			service->config = config->services[i];
		else
			add(services, SERVICE_CONFIGURED, &config->services[i],
			    0, -1);
	}
}

static bool is_order_changed(const struct config *a, const struct config *b)
{
	return a->chain_count != b->chain_count ||
	       memcmp(a->chain, b->chain, a->chain_count * sizeof(*a->chain)) !=
		   0;
}

static void restart_all(struct services *services)
{
	struct prover_options prover = base_prover(services);
	struct service *service;

	LIST_FOREACH (service, &services->list, link) {
		struct service_options options =
		    make_options(services, service->origin, &service->config,
				 &prover, service->held_fd);

		service_restart(service, &options);
	}
}

void services_apply(struct services *services, const struct config *before)
{
	const struct config *now = services->options.env->config;

	remove_unwanted(services);
	if (before && is_order_changed(before, now))
		restart_all(services);
	else if (before && !config_hosts_equal(&before->port_check_servers,
					       &now->port_check_servers))
		services_again(services, CAUSE_CHECK);
	add_missing(services);
	fill_pool(services);
}

void services_again(struct services *services, enum method_cause cause)
{
	struct service *service;

	LIST_FOREACH (service, &services->list, link)
		chain_again(service->chain, cause);
}

/* --- by hand ------------------------------------------------------------- */

int services_map(struct services *services, const struct service_config *config,
		 uint32_t lifetime_s, struct service **ret_service)
{
	if (services_find(services, config->name) ||
	    services_find_port(services, config->transport, config->port))
		return -EEXIST;
	if (services->count >= SERVICES_MOST)
		return -ENOSPC;
	*ret_service = add(services, SERVICE_AD_HOC, config, lifetime_s, -1);
	return 0;
}

int services_unmap(struct services *services, enum transport transport,
		   uint16_t port, void (*done)(void *arg), void *arg)
{
	struct service *service = services_find_port(services, transport, port);

	if (!service)
		return -ENOENT;
	if (service->origin != SERVICE_AD_HOC)
		return -EPERM;
	take_out(services, service);
	service_stop(service, done, arg);
	return 0;
}

void services_adopt(struct services *services, const char *name, uint16_t port,
		    int fd)
{
	struct service_config wanted = {.transport = TRANSPORT_UDP,
					.port = port};
	bool has_room =
	    fd < 0 || count_origin(services, SERVICE_PREPARED) < POOL_SIZE;

	if (!has_room || services->count >= SERVICES_MOST ||
	    services_find_port(services, TRANSPORT_UDP, port)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (*name && !services_find(services, name))
		snprintf(wanted.name, sizeof(wanted.name), "%s", name);
	else
		name_pool_port(services, wanted.name, sizeof(wanted.name));
	add(services, fd < 0 ? SERVICE_ACQUIRED : SERVICE_PREPARED, &wanted, 0,
	    fd);
}

/* Reachable is better than likely is better than anything else. */
static int worth(const struct service *service)
{
	switch (chain_state(service->chain)) {
	case CHAIN_REACHABLE:
		return 4;
	case CHAIN_LIKELY:
		return 3;
	case CHAIN_LIMITED:
		return 2;
	case CHAIN_TRYING:
		return 1;
	case CHAIN_UNREACHABLE:
		return 0;
	}
	return 0;
}

struct service *services_acquire(struct services *services)
{
	struct service *service, *best = NULL;

	fill_pool(services);
	LIST_FOREACH (service, &services->list, link)
		if (service->origin == SERVICE_PREPARED &&
		    (!best || worth(service) > worth(best)))
			best = service;
	if (!best)
		return NULL;
	service_hand_out(best);
	fill_pool(services);
	return best;
}

int services_release(struct services *services, uint16_t port,
		     void (*done)(void *arg), void *arg)
{
	struct service *service =
	    services_find_port(services, TRANSPORT_UDP, port);

	if (!service || service->origin != SERVICE_ACQUIRED)
		return -ENOENT;
	take_out(services, service);
	service_stop(service, done, arg);
	return 0;
}
