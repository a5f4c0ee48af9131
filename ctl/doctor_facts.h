/*
 * doctor_facts: everything that the checks of `doctor` look at, gathered once
 * within a deadline. What could not be learnt is missing, and says why.
 */
#ifndef CTL_DOCTOR_FACTS_H
#define CTL_DOCTOR_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"
#include "config.h"
#include "doctor_host_facts.h"
#include "hostnet.h"

/* A fixed port that should be reachable. */
struct doctor_port {
	char name[CONFIG_NAME_BYTES];
	enum transport transport;
	uint16_t port;
	const json_t *service; /* of the status; borrowed; NULL: no daemon */
};

/* The result of asking the daemon to test a port; NULL: it did not tell. */
struct doctor_port_test {
	uint16_t port;
	json_t *result; /* owned */
};

#define DOCTOR_PORT_TESTS 3

struct doctor_facts {
	json_t *status;       /* owned; NULL: see daemon_why */
	char *daemon_why;     /* owned: why there is no status, or NULL */
	bool is_absent;       /* nothing listens: the daemon does not run */
	json_t *router_table; /* owned array of Mapping, or NULL */
	struct doctor_port_test tests[DOCTOR_PORT_TESTS];
	struct config *config;      /* owned: the files as they are now */
	int config_error;           /* of config_load() */
	int64_t defaults_changed_s; /* Unix time; 0: not known */
	bool defaults_is_writable;  /* for group or others */
	int64_t now_s;              /* Unix time */
	struct doctor_port *ports;  /* owned */
	size_t port_count;
	struct hostnet net;
	struct doctor_host_facts host;
	json_t *firewall;         /* owned: what the probe told, or NULL */
	const char *firewall_why; /* a constant: why it told nothing */
	char uplink_mac[24];      /* "" where not known */
	bool is_offline;          /* nothing may be sent */
};

/* What has to be learnt; the rest always is. */
struct doctor_wants {
	bool firewall;
	bool router_table; /* makes the daemon ask the router */
	bool port_tests;   /* makes the daemon send packets */
};

/* Gathers; takes at most some 2.7 s. */
void doctor_facts_gather(const struct args *args,
			 const struct doctor_wants *wants,
			 struct doctor_facts *ret_facts);
void doctor_facts_fini(struct doctor_facts *facts);

/* Fills the list of ports from the status, or else the configuration. */
void doctor_facts_list_ports(struct doctor_facts *facts);

/* Returns the finding of the daemon with that id, or NULL. */
const json_t *doctor_finding(const struct doctor_facts *facts, const char *id);
/* Returns the attempt of METHOD for a service, or NULL. */
const json_t *doctor_attempt(const json_t *service, const char *method);
/* Was a packet from outside received for that service? */
bool doctor_is_proven(const json_t *service);
/* Does some service carry the traffic of others (a VPN)? Returns its name. */
const char *doctor_routing_service(const struct doctor_facts *facts);
/* The address of this host in its network, as text to BUF; "-" if unknown. */
const char *doctor_local_address(const struct doctor_facts *facts, char *buf,
				 size_t buf_bytes);
/* The gateway, the same way. */
const char *doctor_gateway(const struct doctor_facts *facts, char *buf,
			   size_t buf_bytes);
/* The socket that serves a port, but none of the daemon's; or NULL. */
const struct host_socket *doctor_listener(const struct doctor_facts *facts,
					  enum transport transport,
					  uint16_t port);

#endif
