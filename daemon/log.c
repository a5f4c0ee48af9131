#include "log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"

/* One call site (told apart by its format) may write so many lines at once and
 * gets one back each second. */
#define SITE_BURST 20
#define SITE_COUNT 64
#define LINE_BYTES 1024

struct site {
	const char *format;
	unsigned int tokens;
	unsigned int suppressed;
	time_t refilled_s;
};

struct log {
	enum config_log_level level;
	bool journal;
	log_event_fn on_event;
	void *event_arg;
	struct site sites[SITE_COUNT];
};

static const struct {
	const char *name;
	int syslog;
} levels[] = {
    [LEVEL_ERR] = {"err", 3},
    [LEVEL_WARN] = {"warn", 4},
    [LEVEL_INFO] = {"info", 6},
    [LEVEL_DEBUG] = {"debug", 7},
};

struct log *log_new(enum config_log_level level, bool journal)
{
	struct log *log = xcalloc(1, sizeof(*log));

	log->level = level;
	log->journal = journal;
	return log;
}

void log_free(struct log *log)
{
	free(log);
}

void log_on_event(struct log *log, log_event_fn fn, void *arg)
{
	log->on_event = fn;
	log->event_arg = arg;
}

void log_set_level(struct log *log, enum config_log_level level)
{
	log->level = level;
}

bool log_is_on(const struct log *log, enum config_log_level level)
{
	return level <= log->level;
}

static struct site *site_of(struct log *log, const char *format)
{
	size_t slot = (size_t)((uintptr_t)format >> 3) % SITE_COUNT;

	/* Two sites that share a slot evict each other: harmless. */
	if (log->sites[slot].format != format)
		log->sites[slot] =
		    (struct site){.format = format, .tokens = SITE_BURST};
	return &log->sites[slot];
}

static bool site_may_write(struct site *site, unsigned int *ret_suppressed)
{
	struct timespec now;
	time_t passed_s;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	passed_s = now.tv_sec - site->refilled_s;
	if (passed_s > 0) {
		site->tokens = passed_s + site->tokens > SITE_BURST
				   ? SITE_BURST
				   : site->tokens + (unsigned int)passed_s;
		site->refilled_s = now.tv_sec;
	}
	if (site->tokens == 0) {
		site->suppressed++;
		return false;
	}
	site->tokens--;
	*ret_suppressed = site->suppressed;
	site->suppressed = 0;
	return true;
}

static void print_prefix(struct log *log, enum config_log_level level)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	if (log->journal) {
		fprintf(stderr, "<%d>", levels[level].syslog);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(stderr, "%s.%03ldZ %-5s ", text, now.tv_nsec / 1000000,
		levels[level].name);
}

static void __attribute__((format(printf, 3, 0)))
write_line(struct log *log, enum config_log_level level, const char *format,
	   va_list args)
{
	char line[LINE_BYTES];
	unsigned int suppressed = 0;

	if (!log_is_on(log, level))
		return;
	if (level != LEVEL_DEBUG &&
	    !site_may_write(site_of(log, format), &suppressed))
		return;
	vsnprintf(line, sizeof(line), format, args);
	if (log->on_event && !suppressed &&
	    strncmp(line, "event=", strlen("event=")) == 0 &&
	    log->on_event(log->event_arg, levels[level].syslog, line))
		return;
	print_prefix(log, level);
	if (suppressed)
		fprintf(stderr, "%s (%u more like this not shown)\n", line,
			suppressed);
	else
		fprintf(stderr, "%s\n", line);
}

#define DEFINE_LEVEL(function, level)                                          \
	void function(struct log *log, const char *format, ...)                \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, format);                                        \
		write_line(log, level, format, args);                          \
		va_end(args);                                                  \
	}

DEFINE_LEVEL(log_err, LEVEL_ERR)
DEFINE_LEVEL(log_warn, LEVEL_WARN)
DEFINE_LEVEL(log_info, LEVEL_INFO)
DEFINE_LEVEL(log_debug, LEVEL_DEBUG)
