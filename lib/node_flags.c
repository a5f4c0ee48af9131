#include "node_flags.h"

#include <stddef.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const services[] = {
    "wireguard",     "openvpn",    "dvpn", "scraping",
    "data_transfer", "monitoring", "noop", "quic_scraping",
};

static const char *const switches[] = {
    "access-policy.fetching-enabled",
    "agreed-terms-and-conditions",
    "auto-reconnect",
    "betanet",
    "consumer",
    "dvpnmode",
    "firewall.killSwitch.always",
    "incoming-firewall",
    "keep-connected-on-fail",
    "keystore.lightweight",
    "local-service-discovery",
    "localnet",
    "log.http",
    "mainnet",
    "outgoing-firewall",
    "payments.during-session-debug",
    "pprof.enable",
    "proxymode",
    "shaper.enabled",
    "sse.enable",
    "tequilapi",
    "tequilapi.debug",
    "testnet",
    "testnet2",
    "testnet3",
    "transactor.provider.try-free-registration",
    "ui.enable",
    "usermode",
    "userspace",
};

static const char *const valued[] = {
    "access-policy.address",
    "access-policy.fetch",
    "access-policy.list",
    "active-services",
    "api.address",
    "config-dir",
    "discovery.address",
    "discovery.dht.address",
    "discovery.dht.peers",
    "discovery.dht.port",
    "discovery.dht.proto",
    "discovery.fetch",
    "discovery.ping",
    "discovery.type",
    "dns-resolution-headstart",
    "dns.listen-port",
    "docs-url",
    "feedback.url",
    "firewall.protected.networks",
    "identity",
    "identity.passphrase",
    "ip-detector",
    "launcher.ver",
    "location.address",
    "location.city",
    "location.country",
    "location.ip-type",
    "location.type",
    "log-dir",
    "mmn.address",
    "mmn.api-address",
    "mmn.api-key",
    "natpunching.max-ttl",
    "network",
    "node-ui-dir",
    "noop.access-policies",
    "openvpn.access-policies",
    "openvpn.binary",
    "openvpn.netmask",
    "openvpn.subnet",
    "payment.price-gib",
    "payment.price-hour",
    "proxy.bind.address",
    "quality.address",
    "quality.type",
    "resident-country",
    "script-dir",
    "shaper.bandwidth",
    "stats-report-interval",
    "stopped-services",
    "tequilapi.address",
    "tequilapi.allowed-hostnames",
    "tequilapi.auth.password",
    "tequilapi.auth.username",
    "tequilapi.port",
    "transactor.address",
    "ui.address",
    "ui.features",
    "ui.port",
    "vendor.id",
    "wireguard.access-policies",
    "wireguard.allowed.subnet",
    "wireguard.connect.delay",
    "wireguard.mtu",
};

static bool is_among(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

enum node_flag node_flag_find(const char *name)
{
	if (is_among(switches, COUNT_OF(switches), name))
		return NODE_FLAG_BOOL;
	if (is_among(valued, COUNT_OF(valued), name))
		return NODE_FLAG_VALUE;
	return NODE_FLAG_UNKNOWN;
}

bool node_has_service(const char *name)
{
	return is_among(services, COUNT_OF(services), name);
}
