#include "glossary.h"

#include <ctype.h>
#include <string.h>

#include "text.h"

#define NAME_BYTES    64
#define TYPO_DISTANCE 2

/* Names are of RFC 4787, and of RFC 3489 for the old ones. */
static const struct glossary_entry entries[] = {
    {"address-and-port-dependent",
     {"APDM", "APDF", NULL},
     "Of mapping: the NAT gives a socket another outer port for each address "
     "and port that it sends to, so a port that one server saw is of no use "
     "to another peer (the old name: symmetric).\n"
     "Of filtering: a packet comes in only from the very address and port "
     "that this host sent to before.",
     {"NAT types", "symmetric", "port restricted cone", NULL}},
    {"address-dependent",
     {"ADM", "ADF", NULL},
     "Of mapping: another outer port for each address that is sent to, "
     "whatever its port.\n"
     "Of filtering: packets come in from every port of an address that this "
     "host sent to before (the old name: restricted cone).",
     {"NAT types", "restricted cone", NULL}},
    {"CGNAT",
     {"carrier-grade NAT", "NAT444", "large-scale NAT", "provider NAT", NULL},
     "The provider's own NAT: many customers share one public address. The "
     "router's outer address is then itself not public, often out of "
     "100.64.0.0/10 (RFC 6598), and no port forwarding in the router can "
     "help, for the provider's NAT stands before it.\n"
     "What helps: ask the provider for a public IPv4 address, use IPv6, or "
     "meet peers by hole punching. Most mobile networks are so.",
     {"double NAT", "private address", "hole punching", NULL}},
    {"cone NAT",
     {"cone", NULL},
     "The old name of a NAT with endpoint-independent mapping: a socket has "
     "one outer port, whoever it sends to. Full, restricted and port "
     "restricted cones differ in what they let in.\n"
     "It does not mean that the outer port is the same number as the inner "
     "one: that is port preservation, which any kind of NAT may do or not.",
     {"NAT types", "port preservation", "symmetric", NULL}},
    {"Docker",
     {"container", "bridge mode", NULL},
     "A container in bridge mode is behind one more NAT, that of its host. On "
     "Linux --network=host takes it away. Published ports are TCP unless "
     "they end in /udp: -p 51820:51820/udp.",
     {"double NAT", "port forwarding", NULL}},
    {"double NAT",
     {"NAT behind NAT", "cascaded NAT", NULL},
     "Two NATs one after the other, such as a router of one's own behind the "
     "provider's box. Both would have to forward the port. What helps: put "
     "the first one into bridge mode, let it forward to the second, or use "
     "the second one only as a switch.",
     {"CGNAT", "port forwarding", NULL}},
    {"echo",
     {"port check", "asymmetric echo", NULL},
     "A test from outside: a server is asked to send a packet to the outer "
     "port from another address than it was asked at. If it arrives, the "
     "port is open for everybody.",
     {"proof", "manual", NULL}},
    {"endpoint-independent",
     {"EIM", "EIF", NULL},
     "Of mapping: a socket has one outer port, whoever it sends to. Hole "
     "punching works with such a NAT.\n"
     "Of filtering: once the port is open it is open for everybody.",
     {"NAT types", "full cone", "hole punching", NULL}},
    {"filtering",
     {"filtering behaviour", NULL},
     "Whose packets a NAT lets in to a port that is open: those of everybody "
     "(endpoint-independent), of addresses that were sent to "
     "(address-dependent), or of addresses and ports that were sent to "
     "(address-and-port-dependent). RFC 4787 section 5.",
     {"mapping", "NAT types", "firewall", NULL}},
    {"firewall",
     {"packet filter", "iptables", "nftables", NULL},
     "Drops what nobody asked for; it may stand on this host, in the router "
     "and at the provider. A service needs one rule for its port. Never flush "
     "all rules or set the policy to accept for a test: that opens this host "
     "and everything that it forwards, containers too.",
     {"port forwarding", "filtering", NULL}},
    {"full cone",
     {"full cone NAT", "NAT 1", NULL},
     "Endpoint-independent mapping and filtering: one outer port, and once it "
     "is open everybody may send to it. Connects with every kind of peer.",
     {"NAT types", "endpoint-independent", NULL}},
    {"hairpin",
     {"hairpinning", "NAT loopback", NULL},
     "A host of the home network sends to the outer address of its own "
     "router, and the router turns the packet around. Many do not. So a test "
     "from inside proves nothing: it may fail where the port is open, and "
     "succeed where the provider blocks it.",
     {"echo", "proof", NULL}},
    {"hole punching",
     {"holepunching", "UDP hole punching", NULL},
     "Two peers send to each other at the same time, so that each NAT takes "
     "what comes in for an answer. Both must learn the other's outer address "
     "and port first, from a broker. It opens nothing for strangers: it is "
     "for peers who know of each other. It fails between two symmetric NATs, "
     "and mostly between a symmetric and a port restricted one.",
     {"NAT types", "STUN", "symmetric", NULL}},
    {"IPv6",
     {"pinhole", "IPv6 pinhole", NULL},
     "With IPv6 every host has a public address and there is no NAT, but the "
     "router's firewall still drops what nobody asked for. A pinhole is its "
     "rule for one port; PCP and newer UPnP routers (IGD:2) open it on "
     "request.",
     {"firewall", "PCP", NULL}},
    {"lease",
     {"lifetime", "renewal", NULL},
     "The time for which a router grants a mapping. traversald asks for two "
     "hours and renews at half of what it got; if it dies, the mapping ends "
     "by itself.",
     {"mapping", "PCP", NULL}},
    {"limited",
     {NULL},
     "A verdict: only some peers can connect, by hole punching. Which: "
     "traversalctl nat.",
     {"verdict", "hole punching", NULL}},
    {"manual",
     {"manual port forwarding", NULL},
     "A method: traversald changes nothing and only tests whether the port is "
     "open already, because somebody forwards it in the router or because "
     "this host has a public address.",
     {"method", "port forwarding", "echo", NULL}},
    {"mapping",
     {"port mapping", "binding", NULL},
     "What a NAT remembers: packets to this outer port go to that inner "
     "address and port. It comes from sending something out, or from asking "
     "the router for it by PCP, NAT-PMP or UPnP.\n"
     "Mapping behaviour is whether a socket's outer port is the same for all "
     "who are sent to. RFC 4787 section 4.",
     {"lease", "NAT types", "port forwarding", NULL}},
    {"method",
     {"traversal", "chain", NULL},
     "A way to make a service reachable: manual, upnp or holepunching. All are "
     "tried side by side; of those that work the first in the order of "
     "--traversal carries the service, and the next one is the spare.",
     {"manual", "UPnP", "hole punching", NULL}},
    {"NAT",
     {"network address translation", "NAPT", "masquerading", NULL},
     "A router rewrites the addresses and ports of packets, so that many "
     "hosts share one public address. What comes in without a mapping has no "
     "host to go to and is dropped.",
     {"NAT types", "mapping", "private address", NULL}},
    {"NAT traversal",
     {"traversing", NULL},
     "Everything that makes a host behind a NAT reachable: port forwarding, "
     "mappings that the router grants, hole punching. Only IPsec calls its "
     "UDP encapsulation by that name.",
     {"method", "hole punching", NULL}},
    {"NAT types",
     {"NAT type", "NAT behaviour", NULL},
     "Two things make the type, in the words of RFC 4787: mapping (which outer "
     "port) and filtering (who may send to it). The old names of RFC 3489:\n"
     "full cone = endpoint-independent mapping and filtering\n"
     "restricted cone = endpoint-independent mapping, address-dependent "
     "filtering\n"
     "port restricted cone = endpoint-independent mapping, "
     "address-and-port-dependent filtering\n"
     "symmetric = address-and-port-dependent mapping\n"
     "Yours, and who can connect to it: traversalctl nat.",
     {"mapping", "filtering", "cone NAT", "symmetric", NULL}},
    {"NAT-PMP",
     {"NAT-PNP", "NATPMP", "NAT port mapping protocol", NULL},
     "A small protocol to ask the router for a mapping (RFC 6886), found on "
     "Apple's and many open routers. PCP is its successor. The name is "
     "NAT-PMP; 'NAT-PNP' is a mix-up with UPnP.",
     {"PCP", "UPnP", "lease", NULL}},
    {"PCP",
     {"port control protocol", NULL},
     "The newest protocol to ask a router, or a provider's NAT, for a mapping "
     "(RFC 6887). It says how long the mapping lives, opens pinholes for "
     "IPv6, and tells when the router has restarted.",
     {"NAT-PMP", "UPnP", "lease", "IPv6", NULL}},
    {"port",
     {"port number", NULL},
     "A number from 1 to 65535 that tells the services of one address apart. "
     "UDP and TCP count for themselves: UDP 51820 and TCP 51820 are two "
     "ports. A port is open when something listens and every NAT and "
     "firewall lets packets through.",
     {"port forwarding", "UDP", NULL}},
    {"port forwarding",
     {"forward", "port forward", "virtual server", NULL},
     "A mapping that a person sets in the router: this outer port goes to "
     "that host and port. Give the host a fixed address there, choose UDP "
     "for WireGuard and most games, and keep the same port inside and "
     "outside. It cannot help behind CGNAT.",
     {"manual", "mapping", "CGNAT", "double NAT", NULL}},
    {"port preservation",
     {"port preserving", "port kept", NULL},
     "The NAT keeps the inner port's number for the outer port while it is "
     "free. That says nothing about the type: a symmetric NAT may do it and "
     "a cone may not.",
     {"cone NAT", "mapping", NULL}},
    {"port restricted cone",
     {"port restricted cone NAT", "port restricted", "NAT 3", NULL},
     "Endpoint-independent mapping, address-and-port-dependent filtering: the "
     "most common home router. Hole punching works with every peer but a "
     "symmetric one.",
     {"NAT types", "hole punching", NULL}},
    {"private address",
     {"RFC 1918", "LAN address", NULL},
     "An address that is not routed on the internet: 10.0.0.0/8, "
     "172.16.0.0/12, 192.168.0.0/16 (RFC 1918), and 100.64.0.0/10 (RFC 6598), "
     "which providers use behind their own NAT. If the router's outer address "
     "is one of these, there is another NAT before it.",
     {"public address", "CGNAT", "double NAT", NULL}},
    {"proof",
     {NULL},
     "A packet that came in from outside: an echo, a peer's, or one of a "
     "punch. Without one a mapping is only a promise of the router.",
     {"verdict", "echo", NULL}},
    {"public address",
     {"external address", "outer address", "WAN address", NULL},
     "The address under which the internet sees this host or its router. It "
     "may change: then traversald notices, renews and tells "
     "(address-changed).",
     {"private address", "STUN", NULL}},
    {"restricted cone",
     {"restricted cone NAT", "NAT 2", NULL},
     "Endpoint-independent mapping, address-dependent filtering: an address "
     "may send in, from any port, once it was sent to. Connects with every "
     "kind of peer.",
     {"NAT types", "port restricted cone", NULL}},
    {"STUN",
     {NULL},
     "A small protocol: a server on the internet answers with the address and "
     "port from which the question came (RFC 8489). Several servers together "
     "tell how the NAT behaves (RFC 5780).",
     {"NAT types", "public address", NULL}},
    {"symmetric",
     {"symmetric NAT", "NAT 4", NULL},
     "Address-and-port-dependent mapping: another outer port for each peer, "
     "so nobody can know it beforehand. It is the rule in mobile networks "
     "and behind many a CGNAT, not an exception. Hole punching works with "
     "peers that filter by address at most; for the others a mapping or "
     "IPv6 is needed.",
     {"NAT types", "address-and-port-dependent", "CGNAT", NULL}},
    {"TCP",
     {NULL},
     "Connections, as for web and mail. A TCP port is forwarded apart from "
     "the UDP port of the same number. Hole punching here is for UDP only.",
     {"UDP", "port", NULL}},
    {"UDP",
     {NULL},
     "Single packets without a connection, as for WireGuard, games and voice. "
     "A NAT forgets a UDP mapping after some silence, often 30 to 180 s, so "
     "something must be sent now and then.",
     {"TCP", "port", "mapping", NULL}},
    {"UPnP",
     {"IGD", "UPnP IGD", "universal plug and play", NULL},
     "The oldest protocol to ask a router for a mapping, and the most common. "
     "It must be switched on in many routers. As a method, 'upnp' stands for "
     "all three protocols: PCP, NAT-PMP and UPnP.",
     {"PCP", "NAT-PMP", "method", NULL}},
    {"verdict",
     {"reachable", "likely", NULL},
     "yes: a packet from outside came in. likely: a router granted a mapping, "
     "but nothing from outside confirmed it. limited: some peers can connect. "
     "no: it was proven not to be reachable. unknown: not found out yet.",
     {"proof", "limited", NULL}},
};

#define ENTRY_COUNT (sizeof(entries) / sizeof(entries[0]))

const struct glossary_entry *glossary_at(size_t index)
{
	return index < ENTRY_COUNT ? &entries[index] : NULL;
}

/* Lower case, letters and digits only. */
static void fold(const char *name, char *buf)
{
	size_t used = 0;

	for (; *name && used + 1 < NAME_BYTES; name++)
		if (isalnum((unsigned char)*name))
			buf[used++] = (char)tolower((unsigned char)*name);
	buf[used] = '\0';
}

/* How far TERM is from the name of an entry that is nearest to it. */
static size_t distance(const struct glossary_entry *entry, const char *folded)
{
	char name[NAME_BYTES];
	size_t best, other;

	fold(entry->term, name);
	best = text_edit_distance(name, folded);
	for (size_t i = 0; entry->also[i]; i++) {
		fold(entry->also[i], name);
		other = text_edit_distance(name, folded);
		if (other < best)
			best = other;
	}
	return best;
}

const struct glossary_entry *glossary_find(const char *term)
{
	char folded[NAME_BYTES];

	fold(term, folded);
	for (size_t i = 0; *folded && i < ENTRY_COUNT; i++)
		if (distance(&entries[i], folded) == 0)
			return &entries[i];
	return NULL;
}

const char *glossary_nearest(const char *term)
{
	char folded[NAME_BYTES];
	const char *best = NULL;
	size_t best_distance = TYPO_DISTANCE + 1, other;

	fold(term, folded);
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		other = distance(&entries[i], folded);
		if (other < best_distance) {
			best_distance = other;
			best = entries[i].term;
		}
	}
	return best;
}
