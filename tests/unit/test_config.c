#include "unit.h"

#include <errno.h>

#include "config_fixture.h"

static void config_load_when_no_options_then_documented_defaults(void **state)
{
	struct config *c = fixture_load("", NULL, NULL);

	(void)state;
	assert_int_equal(c->chain_count, 3);
	assert_int_equal(c->chain[0], METHOD_MANUAL);
	assert_int_equal(c->chain[1], METHOD_UPNP);
	assert_int_equal(c->chain[2], METHOD_HOLEPUNCHING);
	assert_int_equal(c->udp_ports.first, 10000);
	assert_int_equal(c->udp_ports.last, 60000);
	assert_int_equal(c->stun_servers.count, 3);
	assert_string_equal(c->stun_servers.items[2].host,
			    "stun2.l.google.com");
	assert_int_equal(c->stun_servers.items[2].port, 19302);
	assert_int_equal(c->port_check_servers.count, 1);
	assert_string_equal(c->port_check_servers.items[0].host,
			    "echo.mysterium.network");
	assert_int_equal(c->port_check_servers.items[0].port, 4589);
	assert_int_equal(c->broker_count, 0);
	assert_int_equal(c->service_count, 0);
	assert_int_equal(c->peer_count, 0);
	assert_true(c->has_pool);
	assert_string_equal(c->pool_name, "wireguard");
	assert_false(addr_is_set(&c->bind_address));
	assert_false(addr_is_set(&c->gateway));
	assert_int_equal(c->lease_s, 7200);
	assert_string_equal(c->runtime_dir, "/run");
	assert_string_equal(c->data_dir, "/var/lib/traversald");
	assert_int_equal(c->log_level, LEVEL_INFO);
	assert_non_null(strstr(c->defaults_file, "/defaults"));
	assert_int_equal(c->findings.count, 0);
	assert_false(config_is_broken(c));
	config_free(c);
}

static void config_load_when_both_then_command_line_wins(void **state)
{
	static const char text[] =
	    "#\nDAEMON_OPTS=\"--lease=1h --udp.ports=1:100 --map=a=5/udp\n"
	    "--stun-servers=f:1 --map=b=6/udp\"\n";
	static const char *const args[] = {"--lease", "3h", "--map=a=7/udp",
					   "--stun-servers=c:1", NULL};
	struct config *c = fixture_load(text, NULL, args);
	const struct config_entry *e;

	(void)state;
	assert_int_equal(c->lease_s, 3 * 3600);
	assert_int_equal(fixture_entry(c, "lease")->origin,
			 ORIGIN_COMMAND_LINE);
	assert_null(fixture_entry(c, "lease")->file);
	assert_int_equal(c->stun_servers.count, 1);
	assert_string_equal(c->stun_servers.items[0].host, "c");
	assert_int_equal(c->service_count, 2);
	assert_string_equal(c->services[0].name, "a");
	assert_int_equal(c->services[0].port, 7);
	assert_string_equal(c->services[1].name, "b");
	e = fixture_entry(c, "udp.ports");
	assert_int_equal(e->origin, ORIGIN_FILE);
	assert_int_equal(e->line, 2);
	assert_non_null(strstr(e->file, "/defaults"));
	assert_true(e->ours);
	assert_int_equal(fixture_entry(c, "traversal")->origin, ORIGIN_DEFAULT);
	assert_int_equal(fixture_finding(c, "cfg.map")->line, 2);
	config_free(c);
}

static void config_load_when_value_spans_lines_then_finding_on_its_line(
    void **state)
{
	struct config *c = fixture_load("DAEMON_OPTS=\"--lease=1h\n"
					" --udp.ports=x \\\n --log-level=y\"\n",
					NULL, NULL);

	(void)state;
	assert_int_equal(fixture_finding(c, "cfg.port_range")->line, 2);
	assert_int_equal(fixture_finding(c, "cfg.value")->line, 3);
	assert_non_null(
	    strstr(fixture_finding(c, "cfg.value")->file, "/defaults"));
	config_free(c);
}

static void config_load_when_quotes_reach_the_command_line_then_removed(
    void **state)
{
	static const char *const args[] = {
	    "--traversal=\"holepunching,manual,upnp\"",
	    "--udp.ports='30000:60000'", "--stun-servers=\"a:1\",'b:2'", NULL};
	struct config *c = fixture_load("", NULL, args);

	(void)state;
	assert_int_equal(c->chain[0], METHOD_HOLEPUNCHING);
	assert_int_equal(c->chain_count, 3);
	assert_int_equal(c->udp_ports.first, 30000);
	assert_string_equal(c->stun_servers.items[1].host, "b");
	assert_true(findings_has(&c->findings, "cfg.syntax"));
	assert_false(config_is_broken(c));
	config_free(c);
}

static void config_load_when_foreign_flag_then_entry_not_ours(void **state)
{
	struct config *c = fixture_load(
	    "DAEMON_OPTS=\"--keystore.lightweight --tequilapi.port 4050\"\n",
	    NULL, NULL);
	const struct config_entry *e = fixture_entry(c, "tequilapi.port");

	(void)state;
	assert_false(e->ours);
	assert_string_equal(e->value, "4050");
	assert_int_equal(e->origin, ORIGIN_FILE);
	assert_false(fixture_entry(c, "keystore.lightweight")->ours);
	assert_int_equal(c->findings.count, 0);
	config_free(c);
}

static void config_load_when_text_is_hostile_then_shown_sanitised(void **state)
{
	struct config *c = fixture_load(
	    "DAEMON_OPTS=\"--identity=x\033[2Jy \033[1m\"\n", NULL, NULL);

	(void)state;
	assert_string_equal(fixture_entry(c, "identity")->value, "x\\x1b[2Jy");
	for (size_t i = 0; i < c->findings.count; i++)
		assert_null(strchr(c->findings.items[i].title, '\033'));
	assert_true(findings_has(&c->findings, "cfg.stray_word"));
	config_free(c);
}

static void config_load_when_named_file_is_missing_then_enoent(void **state)
{
	const struct config_sources sources = {.defaults_file =
						   "/nonexistent/defaults",
					       .conf_dir = "/nonexistent"};
	struct config *c;

	(void)state;
	assert_int_equal(config_load(&sources, &c), -ENOENT);
	assert_int_equal(c->findings.count, 1);
	assert_string_equal(c->findings.items[0].id, "cfg.unreadable");
	assert_string_equal(c->findings.items[0].file, "/nonexistent/defaults");
	assert_int_equal(c->entry_count, 0);
	assert_null(c->runtime_dir);
	config_free(c);
	config_free(NULL);
}

static void config_load_when_file_cannot_be_read_then_einval(void **state)
{
	const struct config_sources sources = {.defaults_file = "/",
					       .conf_dir = fixture_dir};
	struct config *c;

	(void)state;
	assert_int_equal(config_load(&sources, &c), -EINVAL);
	assert_true(config_is_broken(c));
	assert_string_equal(c->findings.items[0].id, "cfg.unreadable");
	config_free(c);
}

static void config_load_when_nul_bytes_then_usable_only_with_the_rest(
    void **state)
{
	static const char garbage[] = "\x7f"
				      "ELF\0\0\1A=\0\n";
	static const char mixed[] = "\0\nDAEMON_OPTS=\"--lease=1h\"\n";
	static const char *const where[] = {"--runtime-dir=/x",
					    "--log-level=debug", NULL};
	static const char *const what[] = {"--map=5/udp", NULL};
	struct config *c;

	(void)state;
	assert_int_equal(
	    fixture_load_bytes(garbage, sizeof(garbage) - 1, NULL, where, &c),
	    -EINVAL);
	assert_int_equal(fixture_finding(c, "cfg.syntax")->line, 1);
	assert_true(config_is_broken(c));
	config_free(c);
	assert_int_equal(
	    fixture_load_bytes(garbage, sizeof(garbage) - 1, NULL, what, &c),
	    0);
	assert_true(config_is_broken(c));
	config_free(c);
	assert_int_equal(
	    fixture_load_bytes(mixed, sizeof(mixed) - 1, NULL, NULL, &c), 0);
	assert_int_equal(c->lease_s, 3600);
	assert_true(config_is_broken(c));
	config_free(c);
}

static void config_load_when_over_64_kib_then_einval(void **state)
{
	const size_t len = 65537;
	char *text = malloc(len);
	struct config *c;

	(void)state;
	assert_non_null(text);
	memset(text, '#', len);
	assert_int_equal(fixture_load_bytes(text, len, NULL, NULL, &c),
			 -EINVAL);
	assert_non_null(strstr(c->findings.items[0].title, "64 KiB"));
	config_free(c);
	assert_int_equal(fixture_load_bytes(text, len - 1, NULL, NULL, &c), 0);
	config_free(c);
	free(text);
}

static void config_is_broken_when_row_then_only_for_syntax(void **state)
{
	static const struct {
		const char *text;
		const char *conf;
		bool is_broken;
	} rows[] = {
	    {"DAEMON_OPTS=\"--lease=1h\n", NULL, true},
	    {"DAEMON_OPTS='--lease=1h\n", NULL, true},
	    {"DAEMON_OPTS=\"--lease=1h\nSERVICE_OPTS=\"dvpn\"\n", NULL, true},
	    {"DAEMON_OPTS=\"--map=\\\"5000/udp\"\n", NULL, true},
	    {"DAEMON_OPTS=\"--udp.ports=x --traversal=y --map=z\"\n", NULL,
	     false},
	    {"export DAEMON_OPTS=--frobnicate\n", NULL, false},
	    {"X=\xff\n", NULL, false},
	    {"", "[service a]\nport = 5\n", false},
	    {"", "[service a]\nport = x\n", true},
	    {"", "[service a]\n", true},
	    {"", "[service a/b]\nport = 5\n", true},
	    {"", "[nonsense]\nport = 5\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct config *c =
		    fixture_load(rows[i].text, rows[i].conf, NULL);

		if (config_is_broken(c) != rows[i].is_broken)
			fail_msg("'%s' '%s'", rows[i].text,
				 rows[i].conf ? rows[i].conf : "");
		config_free(c);
	}
}

static void config_service_equal_when_one_field_differs_then_false(void **state)
{
	const struct service_config a = {.name = "a", .port = 5};
	struct service_config b = a;

	(void)state;
	assert_true(config_service_equal(&a, &b));
	b.port = 6;
	assert_false(config_service_equal(&a, &b));
	b = a;
	b.transport = TRANSPORT_TCP;
	assert_false(config_service_equal(&a, &b));
	b = a;
	b.external = 5;
	assert_false(config_service_equal(&a, &b));
	b = a;
	b.has_forward = true;
	assert_false(config_service_equal(&a, &b));
	b = a;
	strcpy(b.name, "b");
	assert_false(config_service_equal(&a, &b));
}

static void method_parse_when_word_then_id_or_einval(void **state)
{
	enum method_id id;

	(void)state;
	for (size_t i = 0; i < METHOD_COUNT; i++) {
		assert_int_equal(
		    method_parse(method_name((enum method_id)i), &id), 0);
		assert_int_equal(id, i);
	}
	assert_int_equal(method_parse("Manual", &id), -EINVAL);
	assert_int_equal(method_parse("", &id), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		config_load_when_no_options_then_documented_defaults),
	    cmocka_unit_test(config_load_when_both_then_command_line_wins),
	    cmocka_unit_test(
		config_load_when_value_spans_lines_then_finding_on_its_line),
	    cmocka_unit_test(
		config_load_when_quotes_reach_the_command_line_then_removed),
	    cmocka_unit_test(config_load_when_foreign_flag_then_entry_not_ours),
	    cmocka_unit_test(
		config_load_when_text_is_hostile_then_shown_sanitised),
	    cmocka_unit_test(
		config_load_when_named_file_is_missing_then_enoent),
	    cmocka_unit_test(config_load_when_file_cannot_be_read_then_einval),
	    cmocka_unit_test(
		config_load_when_nul_bytes_then_usable_only_with_the_rest),
	    cmocka_unit_test(config_load_when_over_64_kib_then_einval),
	    cmocka_unit_test(config_is_broken_when_row_then_only_for_syntax),
	    cmocka_unit_test(
		config_service_equal_when_one_field_differs_then_false),
	    cmocka_unit_test(method_parse_when_word_then_id_or_einval),
	};

	return cmocka_run_group_tests_name("config", tests, fixture_setup,
					   fixture_teardown);
}
