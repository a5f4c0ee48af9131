/* doctor: the table of checks, how they are chosen, and what they say. */
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "doctor_firewall.h"
#include "doctor_render.h"

#define MAN_PAGE "doc/traversald-checks.7"

/* --- the table --------------------------------------------------------------
 */

static bool is_id(const char *id)
{
	const char *dot = strchr(id, '.');

	if (!dot || dot == id || !dot[1])
		return false;
	for (const char *p = id; *p; p++)
		if (p != dot && !islower((unsigned char)*p) && *p != '_' &&
		    !isdigit((unsigned char)*p))
			return false;
	return true;
}

static void table_when_read_then_every_check_is_whole(void **state)
{
	const struct doctor_check *check;

	(void)state;
	for (size_t i = 0; (check = doctor_at(i)); i++) {
		assert_true(is_id(check->id));
		assert_non_null(check->run);
		assert_true(strlen(check->title) > 8);
		assert_true(strlen(check->title) < 70);
		assert_true(strlen(check->cause) > 20);
		assert_true(strlen(check->fix) > 8);
		assert_ptr_equal(doctor_find(check->id), check);
	}
	assert_true(doctor_count() >= 50);
	assert_null(doctor_at(doctor_count()));
	assert_null(doctor_find("fw"));
}

static void table_when_compared_then_the_manual_has_the_same(void **state)
{
	const struct doctor_check *check;
	size_t len, entries = 0;
	char *page, line[80];

	(void)state;
	assert_int_equal(config_file_read(MAN_PAGE, &page, &len), 0);
	for (size_t i = 0; (check = doctor_at(i)); i++) {
		snprintf(line, sizeof(line), "\n.It Sy %s\n", check->id);
		if (!strstr(page, line))
			fail_msg("%s is not in %s", check->id, MAN_PAGE);
	}
	for (const char *p = page; (p = strstr(p, "\n.It Sy ")); p++)
		entries++;
	assert_int_equal(entries, doctor_count());
	free(page);
}

/* Every check says something of nothing at all, and does not fall over. */
static void table_when_nothing_is_known_then_each_says_something(void **state)
{
	const struct doctor_facts facts = {.config = NULL};
	const struct doctor_check *check;

	(void)state;
	for (size_t i = 0; (check = doctor_at(i)); i++) {
		struct doctor_items items = {0};

		doctor_run_check(check, &facts, &items);
		assert_true(items.count > 0);
		doctor_items_clear(&items);
	}
}

/* What a daemon of another make might say. */
static const char *const garbage[] = {
    "{}",
    "{\"services\":7,\"nat\":[],\"findings\":{},\"verdict\":null}",
    "{\"services\":[null,1,[],{},{\"local\":{\"port\":99999}},"
    "{\"local\":{\"port\":5000},\"attempts\":[0,{\"method\":3}],"
    "\"external\":{},\"proof\":\"x\"}],\"nat\":{\"layers\":\"two\","
    "\"peers\":[1,{\"peer\":null}]},\"findings\":[[],{\"id\":9},"
    "{\"id\":\"net.cgnat\"},{\"id\":\"x\"}]}",
};

static void table_when_the_daemon_tells_garbage_then_survives(void **state)
{
	const struct doctor_check *check;

	(void)state;
	for (size_t g = 0; g < COUNT_OF(garbage); g++) {
		struct doctor_facts facts = {
		    .status = json_loads(garbage[g], 0, NULL),
		    .router_table =
			json_loads("[1,{},{\"ours\":false}]", 0, NULL),
		    .firewall = json_loads(
			"{\"chains\":[0,{\"name\":7,\"hook\":\"input\"}]}", 0,
			NULL)};

		assert_non_null(facts.status);
		doctor_facts_list_ports(&facts);
		for (size_t i = 0; (check = doctor_at(i)); i++) {
			struct doctor_items items = {0};

			doctor_run_check(check, &facts, &items);
			doctor_items_clear(&items);
		}
		doctor_facts_fini(&facts);
	}
}

/* --- choosing ---------------------------------------------------------------
 */

static void doctor_matches_when_area_then_all_of_it(void **state)
{
	(void)state;
	assert_true(doctor_matches("fw.input", "fw"));
	assert_true(doctor_matches("fw.input", "cfg,fw.input"));
	assert_false(doctor_matches("fw.input", "fw.in"));
	assert_false(doctor_matches("fw.input", "f"));
	assert_false(doctor_matches("fw.input", ","));
	assert_false(doctor_matches("fw.input", NULL));
}

static void doctor_unknown_word_when_typo_then_named(void **state)
{
	char *word = doctor_unknown_word("fw,host.ip_foward");

	(void)state;
	assert_string_equal(word, "host.ip_foward");
	free(word);
	assert_null(doctor_unknown_word("fw,net.cgnat"));
}

static void doctor_is_chosen_when_skipped_then_not(void **state)
{
	struct args args = {.only = "fw", .skip = "fw.summary"};

	(void)state;
	assert_true(doctor_is_chosen(&args, doctor_find("fw.input")));
	assert_false(doctor_is_chosen(&args, doctor_find("fw.summary")));
	assert_false(doctor_is_chosen(&args, doctor_find("net.cgnat")));
	args = (struct args){.offline = true};
	assert_true(doctor_wants(&args).firewall);
	assert_false(doctor_wants(&args).port_tests);
	assert_false(doctor_wants(&args).router_table);
}

/* --- single checks ----------------------------------------------------------
 */

/* A host with one uplink; what a test changes comes after. */
struct scene {
	struct doctor_facts facts;
	struct rtnl_link link;
	struct rtnl_route route;
	struct netconf conf;
	struct doctor_port port;
	struct config config;
	struct doctor_items items;
};

static void scene_init(struct scene *s)
{
	*s = (struct scene){
	    .link = {.ifindex = 2, .name = "eth0", .is_up = true},
	    .route = {.family = AF_INET, .ifindex = 2},
	    .conf = {.family = AF_INET, .ifindex = NETCONF_ALL},
	    .port = {.name = "wireguard", .port = 51820},
	    .config = {.udp_ports = {10000, 60000}},
	};
	addr_parse("192.168.1.1", &s->route.gateway);
	s->facts.net = (struct hostnet){
	    .links = &s->link,
	    .link_count = 1,
	    .routes = &s->route,
	    .route_count = 1,
	    .confs = &s->conf,
	    .conf_count = 1,
	};
	s->facts.ports = &s->port;
	s->facts.port_count = 1;
	s->facts.config = &s->config;
	s->facts.host.ephemeral_first = 32768;
	s->facts.host.ephemeral_last = 60999;
}

/* Runs a check; returns its last item. */
static const struct doctor_item *run(struct scene *s, const char *id)
{
	doctor_items_clear(&s->items);
	doctor_run_check(doctor_find(id), &s->facts, &s->items);
	return &s->items.items[s->items.count - 1];
}

static void ip_forward_when_off_and_vpn_then_failure(void **state)
{
	const struct doctor_item *item;
	struct scene s;

	(void)state;
	scene_init(&s);
	item = run(&s, "host.ip_forward");
	assert_int_equal(item->result, DOCTOR_FAILURE);
	assert_non_null(strstr(item->commands, "/etc/sysctl.d/"));
	assert_non_null(strstr(item->avoid, "sysctl -w"));
	s.conf.forwarding = 1;
	assert_int_equal(run(&s, "host.ip_forward")->result, DOCTOR_OK);
	s.conf.forwarding = 0;
	strcpy(s.port.name, "game");
	assert_int_equal(run(&s, "host.ip_forward")->result, DOCTOR_OK);
	doctor_items_clear(&s.items);
}

static void set_firewall(struct scene *s, const char *chains)
{
	json_decref(s->facts.firewall);
	s->facts.firewall = json_loads(chains, 0, NULL);
	assert_non_null(s->facts.firewall);
}

#define CHAIN(family, table, name, hook, policy)                               \
	"{\"family\":\"" family "\",\"table\":\"" table "\",\"name\":\"" name  \
	"\",\"base\":true,\"type\":\"filter\",\"hook\":\"" hook                \
	"\",\"priority\":0,\"policy\":\"" policy "\"}"

static void forward_policy_when_docker_then_its_own_chain(void **state)
{
	const struct doctor_item *item;
	struct scene s;

	(void)state;
	scene_init(&s);
	set_firewall(&s,
		     "{\"chains\":[" CHAIN(
			 "ip", "filter", "FORWARD", "forward",
			 "drop") ","
				 "{\"family\":\"ip\",\"table\":\"filter\","
				 "\"name\":\"DOCKER-USER\",\"base\":false}]}");
	item = run(&s, "fw.forward_policy");
	assert_int_equal(item->result, DOCTOR_FAILURE);
	assert_non_null(strstr(item->text, "set by Docker"));
	assert_non_null(strstr(item->commands, "-I DOCKER-USER -i myst+"));
	assert_null(strstr(item->commands, "-P FORWARD"));
	assert_non_null(strstr(item->avoid, "-P FORWARD ACCEPT"));
	strcpy(s.link.name, "wg0");
	strcpy(s.link.kind, "wireguard");
	item = run(&s, "fw.forward_policy");
	assert_non_null(strstr(item->commands, "-o wg0 "));
	doctor_items_clear(&s.items);
	json_decref(s.facts.firewall);
}

static void forward_policy_when_no_probe_then_a_guess_or_skipped(void **state)
{
	const struct doctor_item *item;
	struct scene s;

	(void)state;
	scene_init(&s);
	s.facts.firewall_why = "needs the firewall probe";
	item = run(&s, "fw.forward_policy");
	assert_int_equal(item->result, DOCTOR_SKIPPED);
	assert_string_equal(item->text, "needs the firewall probe");
	s.facts.host.is_ufw = s.facts.host.ufw_drops_forward = true;
	item = run(&s, "fw.forward_policy");
	assert_int_equal(item->result, DOCTOR_WARNING);
	assert_non_null(strstr(item->text, "probably"));
	assert_non_null(strstr(item->commands, "ufw reload"));
	assert_int_equal(run(&s, "fw.input")->result, DOCTOR_SKIPPED);
	doctor_items_clear(&s.items);
}

static void fw_input_when_hostile_names_then_no_command_has_them(void **state)
{
	const struct doctor_item *item;
	struct scene s;

	(void)state;
	scene_init(&s);
	set_firewall(&s, "{\"chains\":[" CHAIN("inet", "x;reboot", "$(id)",
					       "input", "drop") "]}");
	item = run(&s, "fw.input");
	assert_int_equal(item->result, DOCTOR_WARNING);
	assert_string_equal(item->commands, "sudo nft insert rule inet filter "
					    "input udp dport 51820 accept");
	doctor_items_clear(&s.items);
	json_decref(s.facts.firewall);
}

#define RULE(chain, first, last, conditional, verdict)                         \
	"{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"" chain         \
	"\",\"protocol\":17,\"first\":" #first ",\"last\":" #last              \
	",\"conditional\":" #conditional ",\"verdict\":\"" verdict "\"}"

static void fw_input_when_rules_name_the_port_then_they_count(void **state)
{
	static const struct {
		const char *rules;
		enum doctor_result result;
	} rows[] = {
	    {"", DOCTOR_WARNING},
	    {RULE("input", 51820, 51820, false, "accept"), DOCTOR_OK},
	    {RULE("input", 51000, 52000, false, "accept"), DOCTOR_OK},
	    {RULE("input", 1, 51819, false, "accept"), DOCTOR_WARNING},
	    {RULE("input", 51820, 51820, true, "accept"), DOCTOR_OK},
	    {RULE("input", 51820, 51820, false, "drop"), DOCTOR_WARNING},
	    {RULE("input", 51820, 51820, false,
		  "drop") "," RULE("input", 51820, 51820, false, "accept"),
	     DOCTOR_WARNING},
	    {RULE("forward", 51820, 51820, false, "accept"), DOCTOR_WARNING},
	    {RULE("nowhere", 51820, 51820, false, "accept"), DOCTOR_WARNING},
	};
	struct scene s;
	char text[1024];

	(void)state;
	scene_init(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(
		    text, sizeof(text), "{\"chains\":[%s,%s],\"rules\":[%s]}",
		    CHAIN("inet", "filter", "input", "input", "drop"),
		    CHAIN("inet", "filter", "forward", "forward", "accept"),
		    rows[i].rules);
		set_firewall(&s, text);
		if (run(&s, "fw.input")->result != rows[i].result)
			fail_msg("row %zu: %s", i, s.items.items[0].text);
	}
	doctor_items_clear(&s.items);
	json_decref(s.facts.firewall);
}

static void firewall_open_when_front_end_known_then_its_command(void **state)
{
	struct scene s;
	char *command;

	(void)state;
	scene_init(&s);
	s.facts.host.is_ufw = true;
	command = doctor_firewall_open(&s.facts, TRANSPORT_UDP, 51820);
	assert_string_equal(command, "sudo ufw allow 51820/udp");
	free(command);
	s.facts.host.is_ufw = false;
	s.facts.host.is_firewalld = true;
	command = doctor_firewall_open(&s.facts, TRANSPORT_TCP, 443);
	assert_string_equal(command,
			    "sudo firewall-cmd --permanent --add-port=443/tcp "
			    "&& sudo firewall-cmd --reload");
	free(command);
}

static void port_range_when_all_ephemeral_then_warning(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(run(&s, "cfg.port_range")->result, DOCTOR_OK);
	s.config.udp_ports = (struct port_range){30000, 60000};
	assert_int_equal(run(&s, "cfg.port_range")->result, DOCTOR_OK);
	s.config.udp_ports = (struct port_range){59850, 60000};
	assert_int_equal(run(&s, "cfg.port_range")->result, DOCTOR_WARNING);
	strcpy(s.facts.host.reserved_ports, "1,59000-60000");
	assert_int_equal(run(&s, "cfg.port_range")->result, DOCTOR_OK);
	doctor_items_clear(&s.items);
}

static void port_range_when_ports_are_taken_then_failure(void **state)
{
	struct host_socket taken[2] = {
	    {.diag = {.local = {.port = 20000}}},
	    {.diag = {.local = {.port = 20001}}},
	};
	struct scene s;

	(void)state;
	scene_init(&s);
	s.config.udp_ports = (struct port_range){20000, 20002};
	s.facts.net.sockets = taken;
	s.facts.net.socket_count = 2;
	assert_int_equal(run(&s, "cfg.port_range")->result, DOCTOR_FAILURE);
	doctor_items_clear(&s.items);
}

static void listening_when_only_the_daemon_then_warning(void **state)
{
	struct host_socket s_ = {
	    .diag = {.local = {.port = 51820}, .inode = 77, .uid = 990}};
	struct scene s;

	(void)state;
	scene_init(&s);
	s.facts.net.sockets = &s_;
	s.facts.net.socket_count = 1;
	s.facts.host.daemon_uid = 991;
	assert_int_equal(run(&s, "svc.listening")->result, DOCTOR_OK);
	s.facts.host.daemon_uid = 990;
	assert_int_equal(run(&s, "svc.listening")->result, DOCTOR_WARNING);
	s_.diag.inode = 0;
	assert_int_equal(run(&s, "svc.listening")->result, DOCTOR_OK);
	s_.diag.inode = 78;
	s.facts.host.daemon_uid = 0;
	addr_parse("127.0.0.1", &s_.diag.local.addr);
	assert_int_equal(run(&s, "svc.listening")->result, DOCTOR_FAILURE);
	doctor_items_clear(&s.items);
}

static void netmode_when_uplink_ends_in_another_namespace_then_warning(
    void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	strcpy(s.link.kind, "veth");
	assert_int_equal(run(&s, "docker.netmode")->result, DOCTOR_OK);
	s.link.has_peer_ns = true;
	assert_int_equal(run(&s, "docker.netmode")->result, DOCTOR_WARNING);
	strcpy(s.link.kind, "macvlan");
	assert_int_equal(run(&s, "docker.netmode")->result, DOCTOR_OK);
	doctor_items_clear(&s.items);
}

static void multihome_when_equal_metrics_then_warning(void **state)
{
	struct rtnl_route routes[2];
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(run(&s, "host.multihome")->result, DOCTOR_OK);
	routes[0] = routes[1] = s.route;
	routes[1].ifindex = 3;
	s.facts.net.routes = routes;
	s.facts.net.route_count = 2;
	assert_int_equal(run(&s, "host.multihome")->result, DOCTOR_WARNING);
	routes[1].metric = 100;
	assert_int_equal(run(&s, "host.multihome")->result, DOCTOR_OK);
	s.conf.rp_filter = 1;
	assert_int_equal(run(&s, "host.rp_filter")->result, DOCTOR_WARNING);
	doctor_items_clear(&s.items);
}

static void vpn_default_when_route_is_a_tunnel_then_warning(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(run(&s, "net.vpn_default")->result, DOCTOR_OK);
	strcpy(s.link.kind, "wireguard");
	assert_int_equal(run(&s, "net.vpn_default")->result, DOCTOR_WARNING);
	doctor_items_clear(&s.items);
}

static void upnp_exposure_when_port_is_well_known_then_warning(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.facts.status = json_object();
	assert_int_equal(run(&s, "router.upnp_exposure")->result,
			 DOCTOR_SKIPPED);
	s.facts.router_table = json_loads(
	    "[{\"ours\":true,\"external\":{\"port\":22}},{\"ours\":false,"
	    "\"external\":{\"port\":51820},\"protocol\":\"udp\","
	    "\"internal\":{\"address\":\"192.168.1.77\"}}]",
	    0, NULL);
	assert_int_equal(run(&s, "router.upnp_exposure")->result, DOCTOR_OK);
	assert_int_equal(run(&s, "router.forward_range")->result,
			 DOCTOR_WARNING);
	json_object_set_new(json_array_get(s.facts.router_table, 0), "ours",
			    json_false());
	assert_int_equal(run(&s, "router.upnp_exposure")->result,
			 DOCTOR_WARNING);
	doctor_items_clear(&s.items);
	json_decref(s.facts.router_table);
	json_decref(s.facts.status);
}

/* --- the script -------------------------------------------------------------
 */

/* Returns what doctor_render_script() prints; owned. */
static char *script_of(const struct doctor_reports *reports)
{
	const struct args args = {.count = 0};
	char *text = NULL;
	size_t len = 0;
	const struct out out = {.args = &args,
				.stream = open_memstream(&text, &len)};

	doctor_render_script(&out, reports);
	fclose(out.stream);
	return text;
}

static void script_when_text_is_hostile_then_it_stays_a_comment(void **state)
{
	struct doctor_items items = {0};
	struct doctor_item *item =
	    doctor_add(&items, DOCTOR_FAILURE, "seen\nrm -rf /\r\nreboot\x1b");
	struct doctor_report report = {doctor_find("net.cgnat"), items};
	const struct doctor_reports reports = {.items = &report, .count = 1};
	char *text, *rest, *line;
	int commands = 0;

	(void)state;
	item->fix = strdup("do\n$(reboot)");
	item->commands = strdup("sudo true");
	text = rest = script_of(&reports);
	while ((line = strsep(&rest, "\n"))) {
		if (*line == '#' || *line == '\0')
			continue;
		commands++;
		assert_true(strcmp(line, "set -eu") == 0 ||
			    strcmp(line, "sudo true") == 0);
	}
	assert_int_equal(commands, 2);
	free(text);
	doctor_items_clear(&items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_when_read_then_every_check_is_whole),
	    cmocka_unit_test(table_when_compared_then_the_manual_has_the_same),
	    cmocka_unit_test(
		table_when_nothing_is_known_then_each_says_something),
	    cmocka_unit_test(table_when_the_daemon_tells_garbage_then_survives),
	    cmocka_unit_test(doctor_matches_when_area_then_all_of_it),
	    cmocka_unit_test(doctor_unknown_word_when_typo_then_named),
	    cmocka_unit_test(doctor_is_chosen_when_skipped_then_not),
	    cmocka_unit_test(ip_forward_when_off_and_vpn_then_failure),
	    cmocka_unit_test(forward_policy_when_docker_then_its_own_chain),
	    cmocka_unit_test(
		forward_policy_when_no_probe_then_a_guess_or_skipped),
	    cmocka_unit_test(
		fw_input_when_hostile_names_then_no_command_has_them),
	    cmocka_unit_test(fw_input_when_rules_name_the_port_then_they_count),
	    cmocka_unit_test(
		firewall_open_when_front_end_known_then_its_command),
	    cmocka_unit_test(port_range_when_all_ephemeral_then_warning),
	    cmocka_unit_test(port_range_when_ports_are_taken_then_failure),
	    cmocka_unit_test(listening_when_only_the_daemon_then_warning),
	    cmocka_unit_test(
		netmode_when_uplink_ends_in_another_namespace_then_warning),
	    cmocka_unit_test(multihome_when_equal_metrics_then_warning),
	    cmocka_unit_test(vpn_default_when_route_is_a_tunnel_then_warning),
	    cmocka_unit_test(
		upnp_exposure_when_port_is_well_known_then_warning),
	    cmocka_unit_test(
		script_when_text_is_hostile_then_it_stays_a_comment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
