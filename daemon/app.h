/*
 * app: the running daemon as one value.
 *
 * daemon.c builds it, drives it and takes it down; api.c and status_json.c read
 * it. Nothing below them sees it.
 */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include "config.h"
#include "control.h"
#include "echo_rtt.h"
#include "events.h"
#include "log.h"
#include "loop.h"
#include "method.h"
#include "netmon.h"
#include "portmap.h"
#include "resolve.h"
#include "service_manager.h"
#include "services.h"
#include "verdict.h"

struct keeper;
struct nat_watch;
struct teller;

/* What all punching so far came to. */
struct app_punched {
	uint64_t packets_sent, packets_heard;
	uint64_t connected, failed; /* attempts */
};

struct app {
	struct loop *loop;
	struct log *log;
	struct resolver *resolver;
	struct service_manager *manager;
	struct control *control;
	struct events *events;
	struct netmon *netmon;
	struct netview netview; /* what the methods see */
	struct config *config;  /* in force */
	struct config_sources sources;
	unsigned int config_generation;
	char *runtime_dir, *data_dir; /* of the start: a reload keeps them */
	struct echo_rtt rtt;
	struct method_env env;
	struct services *services;
	struct keeper *keeper;
	struct teller *teller;
	uint8_t secret[32]; /* of this host, kept in the data directory */
	uint64_t started_ms;
	struct verdict verdict;
	uint64_t verdict_since_ms;
	struct app_punched punched;
	struct findings runtime; /* findings that no configuration causes */
	/* What the api may set off; daemon.c fills them in.
	 *
	 * Reads the configuration anew and brings it into force. Returns 0;
	 * -EINVAL when it is broken: the old one stays and RET_WHY (borrowed
	 * until the next reload) is the finding that says why. */
	int (*reload)(struct app *app, const struct finding **ret_why);
	/* Finds out everything anew: network, router, services. */
	void (*probe)(struct app *app);
	/* The last portmap is gone, with the last lease. */
	void (*idle)(struct app *app);
	unsigned int portmaps; /* that live: leases of theirs may be ending */
	bool is_stopping;
	bool is_clean; /* everything has ended */
	bool has_left; /* a mapping that could not be given back */
};

#endif
