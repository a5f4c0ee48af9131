/*
 * The files of /etc/traversald, and the files that are shipped.
 */
#include "unit.h"

#include "config_defaults.h"
#include "config_fixture.h"
#include "config_options.h"

#define KEY "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="

static void config_load_when_service_section_then_every_key_counts(void **state)
{
	struct config *c = fixture_load("",
					"# c\n[service b]\n"
					"port = \"5/tcp\" ; comment\n"
					"  external = 6\n"
					"forward: [::1]:7\n\n"
					"[ service 'a' ]\nport=9\r\n",
					NULL);
	const struct service_config *b = &c->services[1];
	const struct config_entry *e = fixture_entry(c, "service");

	(void)state;
	assert_int_equal(c->findings.count, 0);
	assert_int_equal(c->service_count, 2);
	assert_string_equal(c->services[0].name, "a");
	assert_int_equal(c->services[0].port, 9);
	assert_int_equal(c->services[0].transport, TRANSPORT_UDP);
	assert_false(c->services[0].has_forward);
	assert_string_equal(b->name, "b");
	assert_int_equal(b->transport, TRANSPORT_TCP);
	assert_int_equal(b->port, 5);
	assert_int_equal(b->external, 6);
	assert_true(b->has_forward);
	assert_int_equal(b->forward.port, 7);
	assert_false(c->has_pool);
	assert_string_equal(e->value, "b=5/tcp:6");
	assert_int_equal(e->line, 2);
	assert_non_null(strstr(e->file, "/conf/a.conf"));
	config_free(c);
}

static void config_load_when_peer_section_then_kept(void **state)
{
	struct config *c = fixture_load("",
					"[peer z]\npublic-key = " KEY "\n"
					"[peer y]\npublic-key=\"" KEY "\"\n"
					"allow = game , web\n",
					NULL);

	(void)state;
	assert_int_equal(c->findings.count, 0);
	assert_int_equal(c->peer_count, 2);
	assert_string_equal(c->peers[0].name, "y");
	assert_string_equal(c->peers[0].public_key, KEY);
	assert_int_equal(c->peers[0].allow_count, 2);
	assert_string_equal(c->peers[0].allow[1], "web");
	assert_int_equal(c->peers[1].allow_count, 0);
	assert_true(c->has_pool);
	config_free(c);
}

static void config_load_when_section_is_wrong_then_finding_names_its_line(
    void **state)
{
	static const struct {
		const char *conf;
		unsigned int line;
		const char *id;
		enum finding_severity severity;
		size_t services; /* that stand all the same */
	} rows[] = {
	    {"[service a]\nexternal=5\n", 1, "cfg.syntax", FINDING_FAILURE, 0},
	    {"[service a]\n", 1, "cfg.syntax", FINDING_FAILURE, 0},
	    {"\n[service]\nport=5\n", 2, "cfg.syntax", FINDING_FAILURE, 0},
	    {"[service a b]\nport=5\n", 1, "cfg.syntax", FINDING_FAILURE, 0},
	    {"[service abcdefghijklmnopqrstuvwxyz0123456]\nport=5\n", 1,
	     "cfg.syntax", FINDING_FAILURE, 0},
	    {"[service a]\nport=5\nport=6\n", 3, "cfg.syntax", FINDING_FAILURE,
	     0},
	    {"[service a]\nport=5\n  port=6\n", 3, "cfg.syntax",
	     FINDING_FAILURE, 0},
	    {"[service a]\nport=0\n", 2, "cfg.syntax", FINDING_FAILURE, 0},
	    {"[service a]\nport=5/icmp\n", 2, "cfg.syntax", FINDING_FAILURE, 0},
	    {"[service a]\nport=5\nexternal=65536\n", 3, "cfg.syntax",
	     FINDING_FAILURE, 0},
	    {"[service a]\nport=5\nforward=localhost:5\n", 3, "cfg.syntax",
	     FINDING_FAILURE, 0},
	    {"[service a]\nport=\"5\n", 2, "cfg.syntax", FINDING_FAILURE, 0},
	    {"[service a]\nport=\"5 ; 6\"\n", 2, "cfg.syntax", FINDING_FAILURE,
	     0},
	    {"[service a]\nport=5\n[service b\nport=6\n", 3, "cfg.syntax",
	     FINDING_FAILURE, 1},
	    {"[service a]\nport=5\nnonsense\n", 3, "cfg.syntax",
	     FINDING_FAILURE, 0},
	    {"port=5\n[service a]\nport=5\n", 1, "cfg.syntax", FINDING_FAILURE,
	     1},
	    {"[service a]\nport=5\n#\xff\nx=\xff\n", 4, "cfg.syntax",
	     FINDING_FAILURE, 0},
	    {"[service a]\nport=5\ncolour=red\n", 3, "cfg.syntax",
	     FINDING_WARNING, 1},
	    {"[services a]\nport=5\n", 1, "cfg.syntax", FINDING_WARNING, 0},
	    {"[service a]\nport=5\n[service a]\nport=6\n", 3, "cfg.map",
	     FINDING_WARNING, 1},
	    {"[service a]\nport=5\n[service b]\nport=5/udp\n", 3, "cfg.map",
	     FINDING_WARNING, 1},
	    {"[peer a]\n", 1, "cfg.syntax", FINDING_FAILURE, 0},
	    {"[peer a]\npublic-key=abc\n", 2, "cfg.syntax", FINDING_FAILURE, 0},
	    {"[peer a]\npublic-key=" KEY "\nallow=a,,b\n", 3, "cfg.syntax",
	     FINDING_FAILURE, 0},
	    {"[peer a]\npublic-key=" KEY "\n[peer a]\npublic-key=" KEY "\n", 3,
	     "cfg.syntax", FINDING_FAILURE, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct config *c = fixture_load("", rows[i].conf, NULL);
		const struct finding *f = fixture_finding(c, rows[i].id);

		if (!f || f->line != rows[i].line ||
		    f->severity != rows[i].severity || !f->file)
			fail_msg("'%s': line %u", rows[i].conf,
				 f ? f->line : 0);
		if (c->service_count != rows[i].services)
			fail_msg("'%s': %zu services", rows[i].conf,
				 c->service_count);
		config_free(c);
	}
}

static void config_load_when_line_is_too_long_then_finding_and_next_line_counts(
    void **state)
{
	char conf[1024];
	struct config *c;

	(void)state;
	snprintf(conf, sizeof(conf),
		 "; %0300d\n[service a]\nport=5\n[service b]\nport=%0300d\n"
		 "[service c]\nport=7\n",
		 1, 6);
	c = fixture_load("", conf, NULL);
	assert_int_equal(c->service_count, 2);
	assert_string_equal(c->services[0].name, "a");
	assert_string_equal(c->services[1].name, "c");
	assert_int_equal(fixture_finding(c, "cfg.syntax")->line, 5);
	config_free(c);
}

static void config_load_when_several_files_then_alphabetical_first_stands(
    void **state)
{
	static const char first[] = "[service a]\nport=1\n";
	static const char second[] = "[service a]\nport=2\n"
				     "[service b]\nport=3\n";
	static const char ignored[] = "[service c]\nport=4\n";
	struct config *c;

	(void)state;
	fixture_write("conf/b.conf", second, strlen(second));
	fixture_write("conf/.hidden.conf", ignored, strlen(ignored));
	fixture_write("conf/c.conf.bak", ignored, strlen(ignored));
	c = fixture_load("DAEMON_OPTS=--map=b=9/udp\n", first, NULL);
	unlink(fixture_path("conf/b.conf"));
	unlink(fixture_path("conf/.hidden.conf"));
	unlink(fixture_path("conf/c.conf.bak"));
	assert_int_equal(c->service_count, 2);
	assert_int_equal(c->services[0].port, 1);
	assert_int_equal(c->services[1].port, 9);
	assert_int_equal(c->findings.count, 2);
	assert_non_null(strstr(c->findings.items[0].file, "/b.conf"));
	assert_int_equal(c->findings.items[0].line, 1);
	assert_int_equal(c->findings.items[1].line, 3);
	config_free(c);
}

static void config_load_when_flag_and_section_forward_then_flag_wins(
    void **state)
{
	struct config *c =
	    fixture_load("DAEMON_OPTS=--forward=a=127.0.0.1:7\n",
			 "[service a]\nport=5\nforward=127.0.0.1:6\n", NULL);

	(void)state;
	assert_int_equal(c->findings.count, 0);
	assert_int_equal(c->services[0].forward.port, 7);
	config_free(c);
}

static void config_load_when_conf_file_is_unreadable_then_failure(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(mkdir(fixture_path("conf/x.conf"), 0700), 0);
	c = fixture_load("", NULL, NULL);
	rmdir(fixture_path("conf/x.conf"));
	assert_true(config_is_broken(c));
	assert_string_equal(c->findings.items[0].id, "cfg.unreadable");
	config_free(c);
}

static void config_load_when_named_directory_is_missing_then_only_a_warning(
    void **state)
{
	const struct config_sources sources = {.defaults_file = "/dev/null",
					       .conf_dir = "/nonexistent"};
	struct config *c;

	(void)state;
	assert_int_equal(config_load(&sources, &c), 0);
	assert_false(config_is_broken(c));
	assert_int_equal(c->findings.count, 1);
	assert_string_equal(c->findings.items[0].id, "cfg.unreadable");
	assert_int_equal(c->findings.items[0].severity, FINDING_WARNING);
	config_free(c);
}

/* Reads what make's user sees as conf/NAME. */
static char *read_shipped(const char *name)
{
	char path[128];
	char *text = calloc(1, 16384);
	FILE *f;

	snprintf(path, sizeof(path), "conf/%s", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("run me from the top of the tree: no %s", path);
	assert_non_null(text);
	assert_true(fread(text, 1, 16383, f) > 0);
	fclose(f);
	return text;
}

static void config_load_when_shipped_file_then_no_complaint(void **state)
{
	static const struct {
		const char *name;
		const char *key, *value;
	} rows[] = {
	    {"traversald.default", "traversal", "manual,upnp,holepunching"},
	    {"examples/mysterium-holepunching.default", "traversal",
	     "holepunching,manual,upnp"},
	    {"examples/mysterium-port-range.default", "udp.ports",
	     "30000:60000"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char *text = read_shipped(rows[i].name);
		struct config *c = fixture_load(text, NULL, NULL);

		if (c->findings.count > 0)
			fail_msg("%s: %s", rows[i].name,
				 c->findings.items[0].title);
		assert_string_equal(fixture_entry(c, rows[i].key)->value,
				    rows[i].value);
		config_free(c);
		free(text);
	}
}

static void config_load_when_shipped_line_is_uncommented_then_no_complaint(
    void **state)
{
	char *text = read_shipped("traversald.default");
	char *cursor = text, *line;
	size_t count = 0;

	(void)state;
	while ((line = strsep(&cursor, "\n"))) {
		struct config *c;

		if (strncmp(line, "#DAEMON_OPTS=", 13) != 0 &&
		    strncmp(line, "#SERVICE_OPTS=", 14) != 0)
			continue;
		count++;
		c = fixture_load(line + 1, NULL, NULL);
		if (c->findings.count > 0)
			fail_msg("%s: %s", line, c->findings.items[0].title);
		config_free(c);
	}
	assert_true(count > 10);
	free(text);
}

static void config_load_when_shipped_sections_then_no_complaint(void **state)
{
	char *text = read_shipped("traversald.conf.example");
	struct config *c = fixture_load("", text, NULL);

	(void)state;
	assert_int_equal(c->findings.count, 0);
	assert_int_equal(c->service_count, 2);
	assert_int_equal(c->peer_count, 1);
	config_free(c);
	free(text);
}

/* Every flag that has an effect stands in the shipped file. */
static void config_options_when_shipped_file_then_every_flag_is_shown(
    void **state)
{
	char *text = read_shipped("traversald.default");
	size_t count;
	const struct option *options = config_options(&count);
	char flag[64];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		bool is_deprecated = options[i].apply && !options[i].format &&
				     options[i].merge == OPTION_LAST;

		snprintf(flag, sizeof(flag), "--%s=", options[i].name);
		if (options[i].apply && !is_deprecated && !strstr(text, flag))
			fail_msg("no %s", flag);
	}
	free(text);
}

static void config_defaults_when_first_file_is_silent_then_next_counts(
    void **state)
{
	static const char silent[] = "#DAEMON_OPTS=--lease=1h\nX=1\n";
	static const char spoken[] = "SERVICE_OPTS=\"\"\n";
	char first[128], second[128];
	const char *const paths[] = {first, second};

	(void)state;
	snprintf(first, sizeof(first), "%s", fixture_path("first"));
	snprintf(second, sizeof(second), "%s", fixture_path("second"));
	for (int round = 0; round < 3; round++) {
		struct config c = {.entry_count = 0};
		struct config_draft draft = {.config = &c};
		const char *text = round == 0 ? spoken : silent;

		fixture_write("first", text, strlen(text));
		if (round < 2)
			fixture_write("second", spoken, strlen(spoken));
		config_defaults_read_first(&draft, paths, 2);
		assert_string_equal(c.defaults_file,
				    round == 1 ? second : first);
		unlink(first);
		unlink(second);
		draft_fini(&draft);
		free(c.defaults_file);
		findings_clear(&c.findings);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		config_load_when_service_section_then_every_key_counts),
	    cmocka_unit_test(config_load_when_peer_section_then_kept),
	    cmocka_unit_test(
		config_load_when_section_is_wrong_then_finding_names_its_line),
	    cmocka_unit_test(
		config_load_when_line_is_too_long_then_finding_and_next_line_counts),
	    cmocka_unit_test(
		config_load_when_several_files_then_alphabetical_first_stands),
	    cmocka_unit_test(
		config_load_when_flag_and_section_forward_then_flag_wins),
	    cmocka_unit_test(
		config_load_when_conf_file_is_unreadable_then_failure),
	    cmocka_unit_test(
		config_load_when_named_directory_is_missing_then_only_a_warning),
	    cmocka_unit_test(config_load_when_shipped_file_then_no_complaint),
	    cmocka_unit_test(
		config_load_when_shipped_line_is_uncommented_then_no_complaint),
	    cmocka_unit_test(
		config_load_when_shipped_sections_then_no_complaint),
	    cmocka_unit_test(
		config_options_when_shipped_file_then_every_flag_is_shown),
	    cmocka_unit_test(
		config_defaults_when_first_file_is_silent_then_next_counts),
	};

	return cmocka_run_group_tests_name("config_conf", tests, fixture_setup,
					   fixture_teardown);
}
