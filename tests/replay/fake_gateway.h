/*
 * fake_gateway: a router in the test's hands, behind three fake map clients.
 *
 * It is a fake: it answers in fake time what the scenario says. What a real
 * router does is tested in tests/lab against miniupnpd.
 */
#ifndef TESTS_FAKE_GATEWAY_H
#define TESTS_FAKE_GATEWAY_H

#include "portmap.h"

struct fake_protocol {
	bool is_there;          /* answers at all */
	uint64_t delay_ms;      /* of every answer */
	enum map_status status; /* of every request */
	uint32_t lifetime_s;    /* granted; 0 = what was asked for */
	bool is_permanent;
	uint16_t taken_port; /* this outer port is a conflict */
	uint16_t other_port; /* grant this one instead; 0 = the wished */
	uint32_t retry_after_s;
	struct addr external;
	/* What was seen. */
	unsigned int probes, maps, unmaps;
	uint16_t last_external, last_unmapped;
	uint8_t last_nonce[MAP_NONCE_BYTES];
};

struct fake_gateway {
	struct loop *loop;
	struct fake_protocol via[MAP_VIA_COUNT];
	struct map_client *clients[MAP_VIA_COUNT]; /* borrowed */
	unsigned int entries[65536]; /* held outer ports, by count of grants */
};

/* A gateway with the outer address 11.22.33.2 that speaks nothing yet. */
struct fake_gateway *fake_gateway_new(struct loop *loop);
void fake_gateway_free(struct fake_gateway *gateway);
/* OPTIONS for a portmap in front of it. */
struct portmap_options fake_gateway_options(struct fake_gateway *gateway,
					    struct log *log);
/* The protocol starts to answer, as when the router has booted. */
void fake_gateway_appear(struct fake_gateway *gateway, enum map_via via);
/* The router loses power: its table is gone and nothing tells so. */
void fake_gateway_vanish(struct fake_gateway *gateway, enum map_via via);
/* The protocol tells that the router restarted. */
void fake_gateway_restart(struct fake_gateway *gateway, enum map_via via);
/* The router got another outer address and says so. */
void fake_gateway_readdress(struct fake_gateway *gateway, enum map_via via,
			    const char *address);
/* How many outer ports are held now. */
unsigned int fake_gateway_held(const struct fake_gateway *gateway);

#endif
