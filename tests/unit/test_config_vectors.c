/*
 * The defaults files that are out there, and what each must come to.
 */
#include "unit.h"

#include "config_fixture.h"

struct vector {
	const char *text;
	const char *key;   /* of an entry, or NULL */
	const char *value; /* its effective value */
	const char *id;    /* of the finding expected, or NULL for none */
};

static void check_vector(const struct vector *v)
{
	struct config *c = fixture_load(v->text, NULL, NULL);
	const struct config_entry *e = v->key ? fixture_entry(c, v->key) : NULL;
	const struct finding *complaint = fixture_complaint(c);

	if (v->key && (!e || strcmp(e->value, v->value) != 0))
		fail_msg("%s: %s is '%s'", v->text, v->key,
			 e ? e->value : "not there");
	if (v->id && !findings_has(&c->findings, v->id))
		fail_msg("%s: no finding %s", v->text, v->id);
	if (!v->id && complaint)
		fail_msg("%s: %s %s", v->text, complaint->id, complaint->title);
	config_free(c);
}

static void config_load_when_documented_file_then_effective_value(void **state)
{
	static const struct vector vectors[] = {
	    /* As the documentation of the node shows them. */
	    {"DAEMON_OPTS=\"--traversal=\\\"holepunching,manual,upnp\\\" "
	     "--keystore.lightweight\"\nSERVICE_OPTS=\"wireguard\"\n",
	     "traversal", "holepunching,manual,upnp", NULL},
	    {"DAEMON_OPTS=\"--keystore.lightweight --udp.ports=30000:60000\"\n"
	     "SERVICE_OPTS=\"wireguard\"\n",
	     "udp.ports", "30000:60000", NULL},
	    /* As the node's package ships it. */
	    {"CONF_DIR=\"--config-dir=/etc/mysterium-node\"\n"
	     "SCRIPT_DIR=\"--script-dir=/etc/mysterium-node\"\n"
	     "RUN_DIR=\"--runtime-dir=/var/run/mysterium-node\"\n"
	     "DATA_DIR=\"--data-dir=/var/lib/mysterium-node\"\n"
	     "DAEMON_OPTS=\"--keystore.lightweight\"\n"
	     "SERVICE_OPTS=\"wireguard\"\n",
	     "runtime-dir", "/run", NULL},
	    {"SERVICE_OPTS=\"\"\n", "pool", "wireguard", NULL},
	    /* As older nodes left them. */
	    {"DAEMON_OPTS=\"--tequilapi.address=0.0.0.0\"\n",
	     "tequilapi.address", "0.0.0.0", NULL},
	    {"SERVICE_OPTS=\"openvpn,wireguard\"\n", "pool", "wireguard", NULL},
	    {"SERVICE_OPTS=\"--wireguard.listen.ports=61920:62075 "
	     "--access-policy.list=mysterium wireguard\"\n",
	     "pool", "wireguard", "cfg.deprecated"},
	    {"SERVICE_OPTS=\"--openvpn.port=1025 openvpn\"\n", "service",
	     "openvpn=1025/udp", NULL},
	    {"DAEMON_OPTS=\"--experiment-natpunching=false\"\n", "traversal",
	     "manual,upnp", "cfg.deprecated"},
	    {"DAEMON_OPTS=\"--nat-port-mapping=false\"\n", "traversal",
	     "manual,holepunching", "cfg.deprecated"},
	    {"SERVICE_OPTS=\"-openvpn.proto=TCP --openvpn.port 1234 openvpn\"",
	     "service", "openvpn=1234/tcp", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++)
		check_vector(&vectors[i]);
}

static void config_load_when_written_for_a_shell_then_repaired(void **state)
{
	static const struct vector vectors[] = {
	    {"DAEMON_OPTS='--traversal=\"upnp,manual\" --udp.ports=\"1:2\"'\n",
	     "traversal", "upnp,manual", "cfg.port_range"},
	    {"DAEMON_OPTS=--traversal=manual,upnp --keystore.lightweight\n",
	     "traversal", "manual,upnp", NULL},
	    {"DAEMON_OPTS=\"--udp.ports=\"30000:60000\" --lease=1h\"\n",
	     "udp.ports", "30000:60000", "cfg.syntax"},
	    {"DAEMON_OPTS=\"--udp.ports=\"30000:60000\" --lease=1h\"\n",
	     "lease", "1h", "cfg.syntax"},
	    {"DAEMON_OPTS=\"--tequilapi.address=\"0.0.0.0\" --lease=1h\"\n",
	     "lease", "1h", "cfg.syntax"},
	    {"DAEMON_OPTS=\"--traversal=\"upnp,manual\" x\"\n", "traversal",
	     "upnp,manual", "cfg.stray_word"},
	    {"DAEMON_OPTS=\"--traversal=manual, upnp\"\n", "traversal",
	     "manual,upnp", "cfg.syntax"},
	    {"DAEMON_OPTS=\"--traversal manual , upnp --lease 1h\"\n",
	     "traversal", "manual,upnp", "cfg.syntax"},
	    {"DAEMON_OPTS='--traversal=\"manual, upnp\"'\n", "traversal",
	     "manual,upnp", NULL},
	    {"DAEMON_OPTS=\"--traversal=upnp\n  --lease=1h\"\n", "lease", "1h",
	     NULL},
	    {"DAEMON_OPTS=\"--traversal=upnp\"\r\nSERVICE_OPTS=\"dvpn\"\r\n",
	     "pool", "dvpn", NULL},
	    {"DAEMON_OPTS=--lease=1h\r\n", "lease", "1h", NULL},
	    {"DAEMON_OPTS=\"--traversal=\\\\\"upnp\\\\\"\"\n", "traversal",
	     "upnp", "cfg.syntax"},
	    {"export DAEMON_OPTS=\"--lease=1h\"\n", "lease", "1h",
	     "cfg.syntax"},
	    {"DAEMON_OPTS=\"--x\"\nDAEMON_OPTS+=\" --lease=1h\"\n", "lease",
	     "1h", "cfg.syntax"},
	    {"DAEMON_OPTS=\"--lease=1h\" # one hour\n", "lease", "1h",
	     "cfg.syntax"},
	    {"DAEMON_OPTS=--lease=1h # one hour\n", "lease", "1h",
	     "cfg.stray_word"},
	    {"\xef\xbb\xbf"
	     "DAEMON_OPTS=\"--lease=1h\"\n",
	     "lease", "1h", "cfg.syntax"},
	    {"# caf\xe9\nDAEMON_OPTS=\"--lease=1h\"\n", "lease", "1h", NULL},
	    {"X=caf\xe9\nDAEMON_OPTS=\"--lease=1h\"\n", "lease", "1h",
	     "cfg.syntax"},
	    {"DAEMON_OPTS=\"--lease=2h\"\nDAEMON_OPTS=\"--lease=1h\"\n",
	     "lease", "1h", NULL},
	    {"; semi\nDAEMON_OPTS=--lease=1h", "lease", "1h", NULL},
	    {"# c \\\nDAEMON_OPTS=--lease=1h\n", "lease", "2h", "cfg.syntax"},
	    {"DAEMON_OPTS='--lease=1h' \"--x\"\n", "lease", "2h", "cfg.syntax"},
	    {"DAEMON_OPTS=\"--lease=1h\\\n --x\"\n", "lease", "1h", NULL},
	    {"DAEMON_OPTS=\"$X --lease=1h\"\n", "lease", "1h",
	     "cfg.stray_word"},
	    {"DAEMON_OPTS=\"--lease=1h\nSERVICE_OPTS=\"dvpn\"\n", "lease", "1h",
	     "cfg.syntax"},
	    {"DAEMON_OPTS=\"--lease=1h", "lease", "1h", "cfg.syntax"},
	    {"DAEMON_OPTS=\"--map=\\\"5000/udp\"\n", "map", "udp-5000=5000/udp",
	     "cfg.syntax"},
	    {"DAEMON_OPTS=\"--lease=1h '' \\\"\\\"\"\n", "lease", "1h", NULL},
	    {"DEAMON_OPTS=\"--lease=1h\"\n", "lease", "2h",
	     "cfg.unknown_variable"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++)
		check_vector(&vectors[i]);
}

static void config_load_when_value_then_effective_or_finding(void **state)
{
	static const struct vector vectors[] = {
	    {"DAEMON_OPTS=\"--traversal=upnp,carrier,manual\"\n", "traversal",
	     "upnp,manual", "cfg.traversal_order"},
	    {"DAEMON_OPTS=\"--traversal=UPnP\"\n", "traversal",
	     "manual,upnp,holepunching", "cfg.traversal_order"},
	    {"DAEMON_OPTS=\"--traversal=,\"\n", "traversal",
	     "manual,upnp,holepunching", "cfg.traversal_order"},
	    {"DAEMON_OPTS=\"--traversal=upnp,upnp\"\n", "traversal", "upnp",
	     NULL},
	    {"DAEMON_OPTS=\"--traversal=upnp --nat-port-mapping=false\"\n",
	     "traversal", "manual,holepunching", "cfg.deprecated"},
	    {"DAEMON_OPTS=\"--nat-hole-punching=true\"\n", "traversal",
	     "manual,upnp,holepunching", "cfg.deprecated"},
	    {"DAEMON_OPTS=\"--nat-hole-punching=maybe\"\n", "traversal",
	     "manual,upnp,holepunching", "cfg.value"},
	    {"DAEMON_OPTS=\"--nat-port-mapping false\"\n", "traversal",
	     "manual,upnp,holepunching", "cfg.stray_word"},
	    {"DAEMON_OPTS=\"--p2p.listen.ports=1:9\"\n", "udp.ports",
	     "10000:60000", "cfg.deprecated"},
	    {"DAEMON_OPTS=\"--udp.ports=20000-30000\"\n", "udp.ports",
	     "20000:30000", NULL},
	    {"DAEMON_OPTS=\"--udp.ports=1:65535\"\n", "udp.ports", "1:65535",
	     NULL},
	    {"DAEMON_OPTS=\"--udp.ports=9233:9234\"\n", "udp.ports",
	     "9233:9234", "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports=1000:1038\"\n", "udp.ports",
	     "1000:1038", "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports=1000:1039\"\n", "udp.ports",
	     "1000:1039", NULL},
	    {"DAEMON_OPTS=\"--udp.ports=5:5\"\n", "udp.ports", "10000:60000",
	     "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports=60000:10000\"\n", "udp.ports",
	     "10000:60000", "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports=-5:10\"\n", "udp.ports", "10000:60000",
	     "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports=99999:100000\"\n", "udp.ports",
	     "10000:60000", "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports=0:100\"\n", "udp.ports", "10000:60000",
	     "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports=1:2:3\"\n", "udp.ports", "10000:60000",
	     "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports=\"\n", "udp.ports", "10000:60000",
	     "cfg.port_range"},
	    {"DAEMON_OPTS=\"--udp.ports\"\n", "udp.ports", "10000:60000",
	     "cfg.syntax"},
	    {"DAEMON_OPTS=\"--udp.ports --lease=1h\"\n", "lease", "1h",
	     "cfg.syntax"},
	    {"DAEMON_OPTS=\"--upd.ports=1:100\"\n", "udp.ports", "10000:60000",
	     "cfg.unknown_flag"},
	    {"DAEMON_OPTS=\"--mtu=1400 --foo 3\"\n", "mtu", "1400", NULL},
	    {"DAEMON_OPTS=\"--frobnicate some --lease=1h\"\n", "lease", "1h",
	     NULL},
	    {"DAEMON_OPTS=\"--lease=90m\"\n", "lease", "1h30m", NULL},
	    {"DAEMON_OPTS=\"--lease=7200\"\n", "lease", "2h", NULL},
	    {"DAEMON_OPTS=\"--lease=119\"\n", "lease", "2m", "cfg.lease"},
	    {"DAEMON_OPTS=\"--lease=86401s\"\n", "lease", "24h", "cfg.lease"},
	    {"DAEMON_OPTS=\"--lease=99999999999\"\n", "lease", "24h",
	     "cfg.lease"},
	    {"DAEMON_OPTS=\"--lease=soon\"\n", "lease", "2h", "cfg.lease"},
	    {"DAEMON_OPTS=\"--stun-servers=a.example,b.example:99\"\n",
	     "stun-servers", "a.example:3478,b.example:99", NULL},
	    {"DAEMON_OPTS=\"--stun-servers=\"\n", "stun-servers", "none", NULL},
	    {"DAEMON_OPTS='--stun-servers=\"\"'\n", "stun-servers", "none",
	     NULL},
	    {"DAEMON_OPTS=\"--stun-servers=a:1 --stun-servers=[::1]\"\n",
	     "stun-servers", "a:1,[::1]:3478", NULL},
	    {"DAEMON_OPTS=\"--stun-servers=a:b:c,d:1\"\n", "stun-servers",
	     "d:1", "cfg.server"},
	    {"DAEMON_OPTS=\"--port-check-servers=192.0.2.1,2001:db8::1\"\n",
	     "port-check-servers", "192.0.2.1:4589,[2001:db8::1]:4589", NULL},
	    {"DAEMON_OPTS=\"--port-check-servers=bad_/host\"\n",
	     "port-check-servers", "echo.mysterium.network:4589", "cfg.server"},
	    {"DAEMON_OPTS=\"--broker-address=nats://u:p@b.example,c.example\"",
	     "broker-address", "nats://(hidden)@b.example,nats://c.example",
	     NULL},
	    {"DAEMON_OPTS=\"--broker-address=http://b.example\"",
	     "broker-address", "none", "cfg.server"},
	    {"DAEMON_OPTS=\"--bind.address=0.0.0.0\"\n", "bind.address",
	     "by route", NULL},
	    {"DAEMON_OPTS=\"--bind.address=192.168.1.2\"\n", "bind.address",
	     "192.168.1.2", NULL},
	    {"DAEMON_OPTS=\"--gateway=router\"\n", "gateway", "by route",
	     "cfg.value"},
	    {"DAEMON_OPTS=\"--gateway=224.0.0.1\"\n", "gateway", "by route",
	     "cfg.value"},
	    {"DAEMON_OPTS=\"--runtime-dir=/run/x --data-dir=y\"\n",
	     "runtime-dir", "/run/x", "cfg.value"},
	    {"DAEMON_OPTS=\"--log-level=warning\"\n", "log-level", "warn",
	     NULL},
	    {"DAEMON_OPTS=\"--log-level=loud\"\n", "log-level", "info",
	     "cfg.value"},
	    {"DAEMON_OPTS=\"--identity.passphrase=geheim\"\n",
	     "identity.passphrase", "(hidden)", NULL},
	    {"DAEMON_OPTS=\"--defaults=/x --conf-dir /y --foreground "
	     "--version --help\"\n",
	     "lease", "2h", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++)
		check_vector(&vectors[i]);
}

static void config_load_when_services_then_fixed_and_dynamic(void **state)
{
	static const struct vector vectors[] = {
	    {"DAEMON_OPTS=\"--map=51820/udp\"\n", "map", "udp-51820=51820/udp",
	     NULL},
	    {"DAEMON_OPTS=\"--map 443/TCP\"\n", "map", "tcp-443=443/tcp", NULL},
	    {"DAEMON_OPTS=\"--map=game=27015/udp:443\"\n", "map",
	     "game=27015/udp:443", NULL},
	    {"DAEMON_OPTS=\"--map=game=27015/udp\"\n", "pool", "none", NULL},
	    {"DAEMON_OPTS=\"--map=game=27015/udp\"\nSERVICE_OPTS=noop\n",
	     "pool", "noop", NULL},
	    {"DAEMON_OPTS=\"--map=0/udp\"\n", "pool", "wireguard", "cfg.map"},
	    {"DAEMON_OPTS=\"--map=5/sctp\"\n", "pool", "wireguard", "cfg.map"},
	    {"DAEMON_OPTS=\"--map=a=5/udp:70000\"\n", "pool", "wireguard",
	     "cfg.map"},
	    {"DAEMON_OPTS=\"--map=a/b=5/udp\"\n", "pool", "wireguard",
	     "cfg.map"},
	    {"DAEMON_OPTS=\"--map=abcdefghijklmnopqrstuvwxyz012345=5/udp\"\n",
	     "pool", "wireguard", "cfg.map"},
	    {"DAEMON_OPTS=\"--map=a=5/udp --map=a=6/udp\"\n", "map", "a=5/udp",
	     "cfg.map"},
	    {"DAEMON_OPTS=\"--map=a=5/udp --map=b=5/udp\"\n", "map", "a=5/udp",
	     "cfg.map"},
	    {"DAEMON_OPTS=\"--map=a=5/udp --map=b=5/tcp\"\n", "map", "a=5/udp",
	     NULL},
	    {"SERVICE_OPTS=\"openvpn\"\n", "pool", "openvpn", NULL},
	    {"SERVICE_OPTS=\"openvpn --openvpn.port=0\"\n", "pool", "openvpn",
	     NULL},
	    {"SERVICE_OPTS=\"openvpn\"\nDAEMON_OPTS=--map=a=5/udp\n", "pool",
	     "none", NULL},
	    {"SERVICE_OPTS=\"openvpn --openvpn.port=1194\"\n", "pool", "none",
	     NULL},
	    {"SERVICE_OPTS=\"wireguard\"\nDAEMON_OPTS=--openvpn.port=1194\n",
	     "pool", "wireguard", "cfg.deprecated"},
	    {"SERVICE_OPTS=\"openvpn --openvpn.proto=ipx\"\n", "openvpn.proto",
	     "udp", "cfg.value"},
	    {"SERVICE_OPTS=\"openvpn openvpn.port=1234\"\n", "pool", "openvpn",
	     "cfg.stray_word"},
	    {"SERVICE_OPTS=\"--unknown scraping, quic_scraping\"\n", "pool",
	     "scraping", NULL},
	    {"SERVICE_OPTS=\"wiregard\"\n", "pool", "wireguard", "cfg.service"},
	    {"DAEMON_OPTS=\"--udp.ports=59850:60000 service "
	     "--agreed-terms-and-conditions data_transfer\"\n",
	     "pool", "data_transfer", NULL},
	    {"DAEMON_OPTS=\"--map=a=5/udp --forward=a=127.0.0.1:7\"\n",
	     "forward", "a=127.0.0.1:7", NULL},
	    {"DAEMON_OPTS=\"--map=a=5/udp --forward=127.0.0.1:7\"\n", "forward",
	     "127.0.0.1:7", NULL},
	    {"DAEMON_OPTS=\"--forward=wireguard=[::1]:7\"\n", "forward",
	     "wireguard=[::1]:7", NULL},
	    {"DAEMON_OPTS=\"--forward=b=127.0.0.1:7\"\n", NULL, NULL,
	     "cfg.forward"},
	    {"DAEMON_OPTS=\"--forward=127.0.0.1\"\n", NULL, NULL,
	     "cfg.forward"},
	    {"DAEMON_OPTS=\"--map=a=5/udp --map=b=6/udp --forward=1.2.3.4:5\"",
	     NULL, NULL, "cfg.forward"},
	    {"DAEMON_OPTS=\"--forward=1.2.3.4:5 --forward=1.2.3.4:6\"",
	     "forward", "1.2.3.4:5", "cfg.forward"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++)
		check_vector(&vectors[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		config_load_when_documented_file_then_effective_value),
	    cmocka_unit_test(
		config_load_when_written_for_a_shell_then_repaired),
	    cmocka_unit_test(config_load_when_value_then_effective_or_finding),
	    cmocka_unit_test(config_load_when_services_then_fixed_and_dynamic),
	};

	return cmocka_run_group_tests_name("config_vectors", tests,
					   fixture_setup, fixture_teardown);
}
