# traversald: one non-recursive Makefile. `make help` lists the targets.
#
# Configures itself on first use. BUILD= builds elsewhere, CC= with another
# compiler, SAN=1 with sanitizers, WERROR=1 for CI, V=1 shows the commands.

BUILD ?= build
V ?= 0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
Q := $(if $(filter 1,$(V)),,@)

# --- sources ----------------------------------------------------------------

LIB_SRC := \
	lib/addr.c \
	lib/conf_ini.c \
	lib/config.c \
	lib/config_apply.c \
	lib/config_apply_net.c \
	lib/config_conf.c \
	lib/config_defaults.c \
	lib/config_draft.c \
	lib/config_file.c \
	lib/config_options.c \
	lib/config_values.c \
	lib/echo.c \
	lib/echo_rtt.c \
	lib/envfile.c \
	lib/envfile_lex.c \
	lib/epoch.c \
	lib/finding.c \
	lib/http_reply.c \
	lib/igd_desc.c \
	lib/igd_soap.c \
	lib/igd_url.c \
	lib/igd_wire.c \
	lib/mem.c \
	lib/method_id.c \
	lib/nat_behaviour.c \
	lib/nat_names.c \
	lib/nat_peers.c \
	lib/nat_servers.c \
	lib/natpmp_wire.c \
	lib/netconf.c \
	lib/nfchain.c \
	lib/nfrule.c \
	lib/nlmsg.c \
	lib/node_flags.c \
	lib/options.c \
	lib/pcp.c \
	lib/punch_cause.c \
	lib/punch_core.c \
	lib/punch_path.c \
	lib/punch_paths.c \
	lib/punch_plan.c \
	lib/punch_wire.c \
	lib/renewal.c \
	lib/rfc3339.c \
	lib/rtnl.c \
	lib/sanitize.c \
	lib/sockdiag.c \
	lib/ssdp.c \
	lib/state_file.c \
	lib/status_text.c \
	lib/stun.c \
	lib/stun_retry.c \
	lib/stun_vote.c \
	lib/text.c \
	lib/transport.c \
	lib/varlink.c \
	lib/wire.c \
	lib/words.c

# Everything of the daemon but its main(), so that tests can link it.
DAEMON_SRC := \
	daemon/api.c \
	daemon/api_change.c \
	daemon/api_check.c \
	daemon/api_read.c \
	daemon/api_wait.c \
	daemon/chain.c \
	daemon/control.c \
	daemon/control_conn.c \
	daemon/control_listen.c \
	daemon/control_service.c \
	daemon/counters_json.c \
	daemon/daemon.c \
	daemon/echo_check.c \
	daemon/echo_cookie.c \
	daemon/echo_limit.c \
	daemon/echo_port.c \
	daemon/echo_server.c \
	daemon/echo_target.c \
	daemon/events.c \
	daemon/gateway.c \
	daemon/health.c \
	daemon/hop_probe.c \
	daemon/igd_client.c \
	daemon/igd_ladder.c \
	daemon/igd_place.c \
	daemon/igd_process.c \
	daemon/igd_queue.c \
	daemon/igd_sandbox.c \
	daemon/igd_serve.c \
	daemon/keeper.c \
	daemon/lease.c \
	daemon/lease_check.c \
	daemon/lease_end.c \
	daemon/lease_hold.c \
	daemon/lease_parts.c \
	daemon/lease_race.c \
	daemon/log.c \
	daemon/loop_event.c \
	daemon/map_client.c \
	daemon/mapping.c \
	daemon/method.c \
	daemon/method_holepunching.c \
	daemon/method_manual.c \
	daemon/method_upnp.c \
	daemon/methods.c \
	daemon/nat_check.c \
	daemon/nat_hairpin.c \
	daemon/nat_lifetime.c \
	daemon/nat_watch.c \
	daemon/natpmp_client.c \
	daemon/nested_nat.c \
	daemon/net_layers.c \
	daemon/netlink.c \
	daemon/netmon.c \
	daemon/nettable.c \
	daemon/netview.c \
	daemon/orphans.c \
	daemon/pcp_client.c \
	daemon/pinhole.c \
	daemon/pinhole_client.c \
	daemon/pmp_engine.c \
	daemon/pmp_job.c \
	daemon/pmp_listen.c \
	daemon/pmp_socket.c \
	daemon/port_pick.c \
	daemon/portmap.c \
	daemon/prover.c \
	daemon/punch.c \
	daemon/punch_api.c \
	daemon/punch_filter.c \
	daemon/punch_json.c \
	daemon/punch_request.c \
	daemon/relay.c \
	daemon/reload.c \
	daemon/resolve_event.c \
	daemon/router_table.c \
	daemon/secret.c \
	daemon/service.c \
	daemon/service_manager.c \
	daemon/services.c \
	daemon/ssdp_search.c \
	daemon/status_json.c \
	daemon/status_slices.c \
	daemon/store.c \
	daemon/stun_client.c \
	daemon/stun_keep.c \
	daemon/stun_map.c \
	daemon/tally.c \
	daemon/teller.c \
	daemon/twin.c \
	daemon/udp.c \
	daemon/uplink.c \
	daemon/verdict.c

CTL_SRC := \
	ctl/args.c \
	ctl/call.c \
	ctl/client.c \
	ctl/command_ask.c \
	ctl/command_change.c \
	ctl/command_config.c \
	ctl/command_explain.c \
	ctl/command_doctor.c \
	ctl/command_follow.c \
	ctl/command_metrics.c \
	ctl/command_punch.c \
	ctl/command_watch.c \
	ctl/commands.c \
	ctl/complete.c \
	ctl/glossary.c \
	ctl/metrics.c \
	ctl/doctor.c \
	ctl/doctor_cfg.c \
	ctl/doctor_check.c \
	ctl/doctor_docker.c \
	ctl/doctor_facts.c \
	ctl/doctor_firewall.c \
	ctl/doctor_fw.c \
	ctl/doctor_host.c \
	ctl/doctor_host_facts.c \
	ctl/doctor_nat.c \
	ctl/doctor_net.c \
	ctl/doctor_probe.c \
	ctl/doctor_render.c \
	ctl/doctor_router.c \
	ctl/doctor_svc.c \
	ctl/hostnet.c \
	ctl/out.c \
	ctl/pick.c \
	ctl/prom.c \
	ctl/punch_handover.c \
	ctl/punch_request.c \
	ctl/render_list.c \
	ctl/render_nat.c \
	ctl/render_service.c \
	ctl/render_status.c \
	ctl/say.c \
	ctl/screen.c \
	ctl/table.c \
	ctl/usage.c \
	ctl/watch_view.c

# Their main() files stand with the rules below.
PROGRAMS := \
	traversalctl \
	traversald \
	traversald-echo \
	traversald-fwprobe \
	traversald-igd

# tests/unit/test_NAME.c
UNIT_TESTS := \
	addr \
	config \
	config_conf \
	config_vectors \
	control \
	control_limits \
	doctor \
	echo \
	echo_check \
	echo_rtt \
	echo_server \
	envfile \
	epoch \
	events \
	glossary \
	finding \
	http_reply \
	igd_desc \
	igd_ladder \
	igd_place \
	igd_sandbox \
	igd_soap \
	igd_unmap \
	igd_url \
	igd_wire \
	nat_behaviour \
	natpmp_client \
	natpmp_wire \
	netdiag \
	netview \
	pcp \
	pcp_client \
	pmp_client \
	pmp_listen \
	punch_cause \
	punch_engine \
	punch_plan \
	punch_request \
	punch_wire \
	relay \
	renewal \
	resolve \
	rfc3339 \
	rtnl \
	sanitize \
	secret \
	service_manager \
	ssdp \
	state_file \
	status_json \
	store \
	stun \
	stun_client \
	stun_vote \
	tally \
	text \
	usage \
	varlink \
	verdict \
	wire \
	words

# tests/replay/test_NAME.c, linked with the fake loop
REPLAY_TESTS := \
	chain \
	lease \
	manual \
	mapping \
	nat_watch \
	punch \
	services \
	stun_keep \
	upnp

# tests/fuzz/fuzz_NAME.c, corpus in tests/fuzz/corpus/NAME
FUZZ_TARGETS := \
	conf \
	config \
	ctl \
	echo \
	envfile \
	http_reply \
	igd_desc \
	igd_url \
	igd_wire \
	natpmp \
	netdiag \
	netlink \
	pcp \
	punch \
	sanitize \
	ssdp \
	state \
	stun

# tests/tools/NAME.c: small programs that the lab and system tests use
TEST_TOOLS := \
	echo_probe \
	evil_igd \
	evil_pmp \
	evil_stun \
	fake_daemon \
	go_pinger \
	igd_probe \
	nat_probe \
	netcheck \
	netmon_watch \
	notify_sink \
	nsmeasure \
	pmp_probe \
	punch_peer

# Tools of several files.
FAKEGW_SRC := \
	tests/tools/fakegw/fakegw.c \
	tests/tools/fakegw/http_face.c \
	tests/tools/fakegw/knobs.c \
	tests/tools/fakegw/pmp.c \
	tests/tools/fakegw/ssdp_face.c

USERNAT_SRC := \
	tests/tools/usernat/delay.c \
	tests/tools/usernat/packet.c \
	tests/tools/usernat/table.c \
	tests/tools/usernat/usernat.c

# --- flags ------------------------------------------------------------------

# Configuring writes build/config.mk; help, clean and the like need none of it.
CONFIG_MK := build/config.mk
ifneq ($(filter-out help clean distclean deps,$(or $(MAKECMDGOALS),all)),)
-include $(CONFIG_MK)
endif

prefix ?= /usr/local
sbindir = $(prefix)/sbin
bindir = $(prefix)/bin
libexecdir = $(prefix)/lib/traversald
datadir = $(prefix)/share
mandir = $(datadir)/man
bashdir = $(datadir)/bash-completion/completions
fishdir = $(datadir)/fish/vendor_completions.d
# Where Debian lets packages, and where zsh lets everybody else.
zshdir = $(datadir)/zsh/$(if $(filter /usr,$(prefix)),vendor-completions,site-functions)
unitdir = $(prefix)/lib/systemd/system
catalogdir = $(prefix)/lib/systemd/catalog
sysusersdir = $(prefix)/lib/sysusers.d
sysconfdir = /etc

WARN := -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wwrite-strings \
	-Wmissing-prototypes -Wstrict-prototypes -Wswitch-enum -Wvla -Wformat=2
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all
ifeq ($(SAN),1)
OPT := -O1 -g -fno-omit-frame-pointer $(SANITIZERS)
else ifeq ($(FUZZ),1)
OPT := -O1 -g -fno-omit-frame-pointer $(SANITIZERS) -fsanitize=fuzzer-no-link
else
OPT := -O2 -g -D_FORTIFY_SOURCE=2
endif
# Who may see whose headers, kept by the compiler as well as by tests/lint.
INCLUDES = -Ilib -Idaemon -Ictl -Itests/unit -Itests/replay
$(BUILD)/lib/%.o: INCLUDES = -Ilib
$(BUILD)/daemon/%.o: INCLUDES = -Ilib -Idaemon
$(BUILD)/ctl/%.o: INCLUDES = -Ilib -Ictl
CPPFLAGS_ALL = -D_GNU_SOURCE $(INCLUDES) -DVERSION='"$(VERSION)"' \
	$(EVENT_CFLAGS) $(INIH_CFLAGS) $(JANSSON_CFLAGS) $(MINIUPNPC_CFLAGS) \
	$(SODIUM_CFLAGS) $(SYSTEMD_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL = -std=c11 $(OPT) $(HARDEN) $(WARN) $(if $(WERROR),-Werror) \
	$(CFLAGS)
LDFLAGS_ALL = $(OPT) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)
LIB_LIBS = $(INIH_LIBS) $(JANSSON_LIBS)
DAEMON_LIBS = $(LIB_LIBS) $(EVENT_LIBS) $(NATPMP_LIBS) $(SYSTEMD_LIBS) \
	$(SODIUM_LIBS)

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_A := $(BUILD)/libtraversal.a
DAEMON_A := $(BUILD)/libdaemon.a
CTL_A := $(BUILD)/libctl.a
LINK = $(if $(Q),@echo "  LD    $@";) $(CC) $(LDFLAGS_ALL) -o $@ $^

# --- build ------------------------------------------------------------------

.PHONY: all deps help clean
all: $(PROGRAMS:%=$(BUILD)/%) ## build the programs (the default)

deps: ## install the Debian packages that every target needs
	$(Q)tests/deps.sh all

configure: configure.ac tests/deps.sh
	$(Q)tests/deps.sh build
	$(Q)autoconf -I "$$(dirname "$$(command -v pkg-config)")/../share/aclocal"
	$(Q)touch $@

$(CONFIG_MK): configure config.mk.in
	$(Q)tests/deps.sh build
	$(Q)mkdir -p build
	$(Q)./configure -q || { tail -n 20 config.log; exit 1; }
	$(Q)touch $@

$(BUILD)/%.o: %.c $(CONFIG_MK)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The interface definition, as a C string in the daemon.
$(BUILD)/daemon/idl.c: doc/io.traversald.varlink
	@mkdir -p $(@D)
	$(Q)awk 'BEGIN { print "#include \"idl.h\"\n\nconst char idl_text[] =" } \
		{ gsub(/[\\"]/, "\\\\&"); print "    \"" $$0 "\\n\"" } \
		END { print "    \"\";" }' $< >$@
$(BUILD)/daemon/idl.o: $(BUILD)/daemon/idl.c daemon/idl.h $(CONFIG_MK)
	$(if $(Q),@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(LIB_A): $(call objects,$(LIB_SRC))
$(DAEMON_A): $(call objects,$(DAEMON_SRC)) $(BUILD)/daemon/idl.o
$(CTL_A): $(call objects,$(CTL_SRC))
$(LIB_A) $(DAEMON_A) $(CTL_A):
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/traversald: $(call objects,daemon/main.c) $(DAEMON_A) $(LIB_A)
	$(LINK) $(DAEMON_LIBS)
$(BUILD)/traversalctl: $(call objects,ctl/main.c) $(CTL_A) $(LIB_A)
	$(LINK) $(LIB_LIBS)
$(BUILD)/traversald-igd: $(call objects,daemon/igd_worker.c \
		daemon/igd_firewall.c daemon/igd_http.c daemon/igd_sandbox.c) $(LIB_A)
	$(LINK) $(LIB_LIBS) $(MINIUPNPC_LIBS)
$(BUILD)/traversald-echo: $(call objects,daemon/traversald_echo.c) \
		$(DAEMON_A) $(LIB_A)
	$(LINK) $(DAEMON_LIBS)
$(BUILD)/traversald-fwprobe: $(call objects,daemon/fwprobe.c) $(LIB_A)
	$(LINK) $(LIB_LIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# --- tests ------------------------------------------------------------------

UNIT_BIN := $(UNIT_TESTS:%=$(BUILD)/tests/unit/test_%)
REPLAY_BIN := $(REPLAY_TESTS:%=$(BUILD)/tests/replay/test_%)
FUZZ_BIN := $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/fuzz_%)
TOOL_BIN := $(TEST_TOOLS:%=$(BUILD)/tests/tools/%)
S ?= 10

$(UNIT_BIN): %: %.o $(DAEMON_A) $(CTL_A) $(LIB_A)
	$(LINK) $(DAEMON_LIBS) $(CMOCKA_LIBS)
$(REPLAY_BIN): %: %.o $(call objects,tests/replay/loop_fake.c \
		tests/replay/fake_gateway.c \
		tests/replay/method_scene.c \
		tests/replay/prover_fake.c \
		tests/replay/punch_sim.c) $(DAEMON_A) $(LIB_A)
	$(LINK) $(DAEMON_LIBS) $(CMOCKA_LIBS)
$(TOOL_BIN): %: %.o $(DAEMON_A) $(LIB_A)
	$(LINK) $(DAEMON_LIBS)
TOOL_BIN += $(BUILD)/tests/tools/usernat/usernat
TOOL_BIN += $(BUILD)/tests/tools/fakegw/fakegw
$(BUILD)/tests/tools/fakegw/fakegw: $(call objects,$(FAKEGW_SRC)) $(LIB_A)
	$(LINK)
$(BUILD)/tests/tools/usernat/usernat: $(call objects,$(USERNAT_SRC)) $(LIB_A)
	$(LINK)
$(FUZZ_BIN): %: %.o $(DAEMON_A) $(CTL_A) $(LIB_A)
	$(LINK) -fsanitize=fuzzer $(DAEMON_LIBS)

.PHONY: run demo check unit lab system bench fuzz fuzz-run san lint lint-light
run: all ## the daemon on this host, no root, state in build/run (ARGS=)
	$(Q)tests/run-here.sh $(BUILD) $(ARGS)

demo: all $(TOOL_BIN) ## a home network, a real router, a way in: the tour (root)
	$(Q)tests/deps.sh lab
	$(Q)BUILD=$(BUILD) tests/lab/demo.sh

check: all ## everything that can fail: unit, lab, system, lint (root)
	$(Q)tests/check.sh unit lab system lint-light

unit: $(UNIT_BIN) $(REPLAY_BIN) ## unit and replay tests
	$(Q)tests/run-cmocka.sh $^

lab: all $(TOOL_BIN) ## networks in namespaces, real servers (root; T=name)
	$(Q)tests/deps.sh lab
	$(Q)BUILD=$(BUILD) tests/lab/run.sh tests/lab $(T)

system: all $(TOOL_BIN) ## systemd units, notify, install (T=name)
	$(Q)tests/deps.sh lab
	$(Q)BUILD=$(BUILD) tests/lab/run.sh tests/system $(T)

bench: all $(TOOL_BIN) ## the figures that the design promises
	$(Q)tests/deps.sh lab
	$(Q)BUILD=$(BUILD) tests/bench/run.sh $(T)

fuzz: ## every parser for S seconds each (S=10)
	$(Q)tests/deps.sh fuzz
	$(Q)$(MAKE) CC=clang FUZZ=1 BUILD=build/fuzz fuzz-run
fuzz-run: $(FUZZ_BIN)
	$(Q)tests/fuzz/run.sh $(S) $^

san: ## unit and replay tests with address and undefined sanitizers
	$(Q)$(MAKE) SAN=1 BUILD=build/san unit

lint: all ## every style gate: layers, sizes, format, tidy, shell, man
	$(Q)tests/deps.sh lint
	$(Q)BUILD=$(BUILD) tests/lint/run.sh all

lint-light: all ## the gates that need no clang
	$(Q)tests/deps.sh lab
	$(Q)BUILD=$(BUILD) tests/lint/run.sh light

# --- install ----------------------------------------------------------------

# source:directory:mode
INSTALLED = \
	$(BUILD)/traversald:$(sbindir):755 \
	$(BUILD)/traversald-echo:$(sbindir):755 \
	$(BUILD)/traversald-igd:$(libexecdir):755 \
	$(BUILD)/traversald-fwprobe:$(libexecdir):755 \
	$(BUILD)/traversalctl:$(bindir):755 \
	systemd/traversald.service:$(unitdir):644 \
	systemd/traversald.socket:$(unitdir):644 \
	systemd/traversald-admin.socket:$(unitdir):644 \
	systemd/traversald-fwprobe.socket:$(unitdir):644 \
	systemd/traversald-fwprobe@.service:$(unitdir):644 \
	systemd/traversald.catalog:$(catalogdir):644 \
	systemd/traversald.conf:$(sysusersdir):644 \
	completion/bash/traversalctl:$(bashdir):644 \
	completion/fish/traversalctl.fish:$(fishdir):644 \
	completion/zsh/_traversalctl:$(zshdir):644 \
	doc/traversalctl.1:$(mandir)/man1:644 \
	doc/traversald.conf.5:$(mandir)/man5:644 \
	doc/traversald-checks.7:$(mandir)/man7:644 \
	doc/traversald.8:$(mandir)/man8:644 \
	doc/traversald-echo.8:$(mandir)/man8:644 \
	conf/traversald.conf.example:$(datadir)/doc/traversald:644 \
	doc/traversald.schema.json:$(datadir)/doc/traversald:644 \
	conf/traversald.default:$(sysconfdir)/default:644

.PHONY: install uninstall dist deb
install: all ## install (DESTDIR= prefix=/usr/local)
	$(Q)prefix=$(prefix) DESTDIR=$(DESTDIR) systemd/install.sh $(INSTALLED)

uninstall: ## remove what install put there, but not /etc/default/traversald
	$(Q)DESTDIR=$(DESTDIR) systemd/install.sh --remove $(INSTALLED)

dist: $(CONFIG_MK) ## build/traversald-VERSION.tar.gz of the last commit
	$(Q)git archive --prefix=traversald-$(VERSION)/ \
		-o build/traversald-$(VERSION).tar.gz HEAD
	@echo build/traversald-$(VERSION).tar.gz

deb: ## build/traversald_*.deb of the last commit
	$(Q)tests/deps.sh deb
	$(Q)debian/build.sh

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

clean: ## remove everything that was built
	$(Q)rm -rf build autom4te.cache configure configure~ config.log \
		config.status
