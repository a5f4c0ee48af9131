/* The checks of containers: of this one, and of those beside. */
#include "doctor_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_facts.h"
#include "doctor_firewall.h"
#include "mem.h"
#include "pick.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/* Docker runs a proxy for each published port. */
#define PUBLISHED_MOST 200

/* The way out leads to another namespace of this machine: a container in
 * bridge mode. */
static const struct rtnl_link *find_bridged(const struct doctor_facts *facts)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);
	const struct rtnl_link *link =
	    route ? hostnet_link(&facts->net, route->ifindex) : NULL;

	return link && link->has_peer_ns && strcmp(link->kind, "veth") == 0
		   ? link
		   : NULL;
}

static bool has_docker_bridge(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->net.link_count; i++)
		if (strcmp(facts->net.links[i].kind, "bridge") == 0 &&
		    (strcmp(facts->net.links[i].name, "docker0") == 0 ||
		     strncmp(facts->net.links[i].name, "br-", 3) == 0))
			return true;
	return false;
}

static void run_rules(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	struct doctor_item *item;

	(void)check;
	if (facts->host.docker_leaves_iptables) {
		item = doctor_add(items, DOCTOR_WARNING,
				  "/etc/docker/daemon.json has \"iptables\": "
				  "false");
		item->effect = xstrdup("Without NAT rules of your own no "
				       "container reaches the internet.");
		item->fix = xstrdup("remove it, and put your rules into the "
				    "chain DOCKER-USER");
	} else if (doctor_firewall_has_chain(facts, "DOCKER") ||
		   has_docker_bridge(facts) || facts->host.is_docker) {
		doctor_add(items, DOCTOR_OK,
			   "Docker is here; rules of your own belong into "
			   "DOCKER-USER");
	} else {
		doctor_add(items, DOCTOR_OK, "no Docker here");
	}
}

static void run_publish(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	const struct port_range *range =
	    facts->config ? &facts->config->udp_ports : NULL;
	struct doctor_item *item;
	int width;

	(void)check;
	if (!find_bridged(facts) ||
	    facts->host.container == DOCTOR_NO_CONTAINER || !range ||
	    range->last == 0) {
		doctor_add(items, DOCTOR_OK, "not in a container's network");
		return;
	}
	width = range->last - range->first + 1;
	if (width <= PUBLISHED_MOST) {
		doctor_add(items, DOCTOR_OK,
			   "publish them as -p %u-%u:%u-%u/udp", range->first,
			   range->last, range->first, range->last);
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "%d ports are too many to publish from a container",
			  width);
	item->effect = xstrdup("Docker starts a proxy for each, and without "
			       "/udp it publishes TCP.");
	item->fix = xstrdup("write --udp.ports=59850:60000 and start the "
			    "container with -p 59850-60000:59850-60000/udp");
}

static void run_caps(const struct doctor_check *check,
		     const struct doctor_facts *facts,
		     struct doctor_items *items)
{
	const struct doctor_host_facts *host = &facts->host;
	struct doctor_item *item;

	(void)check;
	if (host->container == DOCTOR_NO_CONTAINER ||
	    !doctor_routing_service(facts)) {
		doctor_add(items, DOCTOR_OK, "%s",
			   host->container == DOCTOR_NO_CONTAINER
			       ? "not in a container"
			       : "no service here needs rights");
		return;
	}
	if (host->can_admin_net && host->has_tun) {
		doctor_add(items, DOCTOR_OK, "NET_ADMIN and /dev/net/tun");
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING, "this container lacks%s%s%s",
			  host->can_admin_net ? "" : " NET_ADMIN",
			  host->can_admin_net || host->has_tun ? "" : " and",
			  host->has_tun ? "" : " /dev/net/tun");
	item->effect = xstrdup("A VPN service cannot make its interface.");
	item->fix = xstrdup("start it with: docker run --cap-add NET_ADMIN "
			    "--device /dev/net/tun:/dev/net/tun ...");
}

static void run_netmode(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	const struct rtnl_link *link = find_bridged(facts);
	struct doctor_item *item;
	char gateway[ADDR_TEXT_BYTES];

	(void)check;
	if (!link) {
		doctor_add(items, DOCTOR_OK,
			   "the way out is no bridge of this machine");
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "this is a container in bridge mode: %s leads to %s "
			  "on the same machine",
			  link->name,
			  doctor_gateway(facts, gateway, sizeof(gateway)));
	item->effect = xstrdup("One more NAT stands in the way.");
	item->fix = facts->host.is_desktop
			? xstrdup("Docker Desktop has no host network: "
				  "publish the ports with /udp, or use Linux")
			: xstrdup("start the container with --network=host "
				  "(Linux only)");
}

#define DOCKER(name, worst_, title_, cause_, fix_, run_)                       \
	{                                                                      \
		.id = "docker." name, .place = DOCTOR_HERE,                    \
		.worst = DOCTOR_##worst_, .title = (title_),                   \
		.cause = (cause_), .fix = (fix_), .run = (run_)                \
	}

static const struct doctor_check checks[] = {
    DOCKER("rules", WARNING, "Docker keeps its own firewall rules",
	   "Docker writes rules of its own. With \"iptables\": false it leaves "
	   "that to you, for every container.",
	   "Put rules into the chain DOCKER-USER instead.", run_rules),
    DOCKER("publish", WARNING, "few ports are published, and with /udp",
	   "-p 59850-60000:59850-60000 publishes TCP ports only, and each port "
	   "costs a process.",
	   "Use a range of at most 200 ports, and write /udp behind it.",
	   run_publish),
    DOCKER("caps", WARNING, "this container may make tunnels",
	   "A VPN service in a container needs the right to make interfaces.",
	   "docker run --cap-add NET_ADMIN --device "
	   "/dev/net/tun:/dev/net/tun ...",
	   run_caps),
    DOCKER("netmode", WARNING, "the way out is no bridge of this machine",
	   "A container in bridge mode is behind one more NAT, that of its "
	   "host, which maps no ports when it is asked.",
	   "Start it with --network=host. Docker Desktop on Windows and macOS "
	   "has no host network; publish the ports there.",
	   run_netmode),
};

const struct doctor_area doctor_docker = {checks, COUNT_OF(checks)};
