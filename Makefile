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
	lib/finding.c \
	lib/mem.c \
	lib/transport.c \
	lib/wire.c

# Everything of the daemon but its main(), so that tests can link it.
DAEMON_SRC := \
	daemon/log.c \
	daemon/loop_event.c \
	daemon/map_client.c \
	daemon/resolve_event.c

CTL_SRC :=

# Programs: NAME_SRC holds the file with main().
PROGRAMS :=

# tests/unit/test_NAME.c
UNIT_TESTS := \
	addr \
	wire

# tests/replay/test_NAME.c, linked with the fake loop
REPLAY_TESTS :=

# tests/fuzz/fuzz_NAME.c, corpus in tests/fuzz/corpus/NAME
FUZZ_TARGETS :=

# --- flags ------------------------------------------------------------------

CONFIG_MK := build/config.mk
-include $(CONFIG_MK)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wwrite-strings \
	-Wmissing-prototypes -Wstrict-prototypes -Wswitch-enum -Wvla -Wformat=2
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE
ifeq ($(SAN),1)
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
else
OPT := -O2 -g -D_FORTIFY_SOURCE=2
endif
CPPFLAGS_ALL := -D_GNU_SOURCE -Ibuild -Ilib -Idaemon \
	-DVERSION='"$(VERSION)"' $(EVENT_CFLAGS) $(SODIUM_CFLAGS) \
	$(JANSSON_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL := -std=c11 $(OPT) $(HARDEN) $(WARN) $(if $(WERROR),-Werror) \
	$(CFLAGS)
LDFLAGS_ALL := $(OPT) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)
LIB_LIBS := $(INIH_LIBS) $(JANSSON_LIBS)
DAEMON_LIBS := $(LIB_LIBS) $(EVENT_LIBS) $(NATPMP_LIBS) $(SYSTEMD_LIBS) \
	$(SODIUM_LIBS)

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_A := $(BUILD)/libtraversal.a
DAEMON_A := $(BUILD)/libdaemon.a

# --- build ------------------------------------------------------------------

.PHONY: all
all: $(PROGRAMS:%=$(BUILD)/%)

configure: configure.ac
	$(Q)command -v autoconf >/dev/null && pkg-config --exists libevent_core \
		|| $(MAKE) deps
	$(Q)autoconf -I "$$(dirname "$$(command -v pkg-config)")/../share/aclocal"

$(CONFIG_MK): configure config.mk.in autoconf.h.in tests/deps.sh
	$(Q)tests/deps.sh build
	$(Q)mkdir -p build
	$(Q)./configure -q || { cat config.log | tail -n 20; exit 1; }
	$(Q)touch $@

$(BUILD)/%.o: %.c $(CONFIG_MK)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(LIB_A): $(call objects,$(LIB_SRC))
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(DAEMON_A): $(call objects,$(DAEMON_SRC))
	$(Q)rm -f $@ && $(AR) rcs $@ $^

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# --- tests ------------------------------------------------------------------

UNIT_BIN := $(UNIT_TESTS:%=$(BUILD)/tests/unit/test_%)
REPLAY_BIN := $(REPLAY_TESTS:%=$(BUILD)/tests/replay/test_%)

$(UNIT_BIN): %: %.o $(DAEMON_A) $(LIB_A)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(DAEMON_LIBS) $(CMOCKA_LIBS)

$(REPLAY_BIN): %: %.o $(BUILD)/tests/replay/loop_fake.o $(DAEMON_A) $(LIB_A)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(DAEMON_LIBS) $(CMOCKA_LIBS)

.PHONY: unit
unit: $(UNIT_BIN) $(REPLAY_BIN)
	$(Q)tests/run-cmocka.sh $^
