#include "netmon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "netlink.h"
#include "rtnl.h"

/* The kernel answers within the call that asks. This long without an answer is
 * a lost one. */
#define STEP_TIMEOUT_MS 1000
/* Before a reading that failed is repeated. */
#define REPEAT_MS 100
/* Datagrams read before the loop gets its turn. */
#define READ_MOST 16

/* The questions of one reading, in order. */
enum step {
	STEP_LINKS,
	STEP_ADDRS,
	STEP_ROUTES4,
	STEP_ROUTES6,
	STEP_LOOKUP4,
	STEP_LOOKUP6,
	STEP_NONE, /* no reading under way */
};

struct netmon {
	struct loop *loop;
	struct log *log;
	struct netmon_options options;
	struct netmon_listener listener;
	struct nettable table; /* of the last complete reading */
	struct nettable next;  /* of the one under way */
	struct netview view;
	enum step step;
	bool is_broken; /* the dump under way cannot be used */
	uint32_t sequence;
	uint64_t dirty_since_ms; /* of the first event not yet read; 0 = none */
	struct loop_timer *quiet;   /* a reading is due */
	struct loop_timer *timeout; /* an answer is due */
	int event_fd, query_fd;
	struct loop_io *event_io, *query_io;
	unsigned int read_count, repeat_count;
	uint8_t buf[NETLINK_BUFFER_BYTES];
};

static void ask(struct netmon *m);
static void on_query(void *arg, int fd, unsigned int events);

static void finish_step(struct netmon *m)
{
	m->step++;
	ask(m);
}

static void drop_reading(struct netmon *m)
{
	m->step = STEP_NONE;
	loop_timer_stop(m->timeout);
	nettable_clear(&m->next);
}

static void repeat_reading(struct netmon *m, const char *why)
{
	log_debug(m->log, "network: reading again: %s", why);
	m->repeat_count++;
	drop_reading(m);
	if (!loop_timer_is_running(m->quiet))
		loop_timer_start(m->quiet, REPEAT_MS);
}

static const char *text_of(const struct addr *a, char *buf)
{
	return addr_format(a, buf, ADDR_TEXT_BYTES);
}

static void log_path(struct netmon *m, const char *family, bool has,
		     const struct netpath *path)
{
	char gateway[ADDR_TEXT_BYTES], local[ADDR_TEXT_BYTES];

	if (!has)
		log_info(m->log, "network: family=%s way_out=none", family);
	else
		log_info(m->log,
			 "network: family=%s gateway=%s local=%s/%u "
			 "interface=%s link=%s%s",
			 family, text_of(&path->gateway, gateway),
			 text_of(&path->local, local), path->prefix_bits,
			 path->ifname, path->is_up ? "up" : "down",
			 path->is_vpn ? " vpn=yes" : "");
}

static void log_changes(struct netmon *m, const struct netview *view)
{
	bool is_first = m->view.generation == 0;

	if (is_first || m->view.has_ipv4 != view->has_ipv4 ||
	    !netpath_equal(&m->view.ipv4, &view->ipv4))
		log_path(m, "ipv4", view->has_ipv4, &view->ipv4);
	if (is_first || m->view.has_ipv6 != view->has_ipv6 ||
	    !netpath_equal(&m->view.ipv6, &view->ipv6))
		log_path(m, "ipv6", view->has_ipv6, &view->ipv6);
}

static void finish_reading(struct netmon *m)
{
	struct netview view = netview_build(&m->next, &m->options);

	m->step = STEP_NONE;
	loop_timer_stop(m->timeout);
	nettable_clear(&m->table);
	m->table = m->next;
	m->next = (struct nettable){0};
	m->read_count++;
	if (m->view.generation != 0 && netview_equal(&m->view, &view))
		return;
	view.generation = m->view.generation + 1;
	log_changes(m, &view);
	m->view = view;
	m->listener.changed(m->listener.arg, &m->view);
}

/* Returns the length of the question, 0 when there is nothing to ask. */
static size_t write_lookup(struct netmon *m, sa_family_t family,
			   uint8_t buf[RTNL_REQUEST_BYTES])
{
	struct addr destination = netview_probe(&m->options, family);

	if (!addr_is_set(&destination))
		return 0;
	return rtnl_write_lookup(&destination, &m->options.bind_address,
				 m->sequence, buf);
}

static size_t write_question(struct netmon *m, uint8_t buf[RTNL_REQUEST_BYTES])
{
	switch (m->step) {
	case STEP_LINKS:
		return rtnl_write_dump(RTNL_DUMP_LINKS, AF_UNSPEC, m->sequence,
				       buf);
	case STEP_ADDRS:
		return rtnl_write_dump(RTNL_DUMP_ADDRS, AF_UNSPEC, m->sequence,
				       buf);
	case STEP_ROUTES4:
		return rtnl_write_dump(RTNL_DUMP_ROUTES, AF_INET, m->sequence,
				       buf);
	case STEP_ROUTES6:
		return rtnl_write_dump(RTNL_DUMP_ROUTES, AF_INET6, m->sequence,
				       buf);
	case STEP_LOOKUP4:
		return write_lookup(m, AF_INET, buf);
	case STEP_LOOKUP6:
		return write_lookup(m, AF_INET6, buf);
	case STEP_NONE:
		break;
	}
	return 0;
}

/* Asks the question of the step, or of the next one that has any. */
static void ask(struct netmon *m)
{
	uint8_t buf[RTNL_REQUEST_BYTES];
	size_t len = 0;
	int r;

	m->is_broken = false;
	m->sequence++;
	while (m->step != STEP_NONE && (len = write_question(m, buf)) == 0)
		m->step++;
	if (m->step == STEP_NONE) {
		finish_reading(m);
		return;
	}
	loop_timer_start(m->timeout, STEP_TIMEOUT_MS);
	r = netlink_send(m->query_fd, buf, len);
	if (r < 0)
		repeat_reading(m, strerror(-r));
}

static void open_query(struct netmon *m)
{
	m->query_io = NULL;
	m->query_fd = netlink_open(false);
	if (m->query_fd >= 0)
		m->query_io =
		    loop_io_new(m->loop, m->query_fd, LOOP_READ, on_query, m);
}

static void start_reading(struct netmon *m)
{
	m->dirty_since_ms = 0;
	nettable_clear(&m->next);
	if (m->query_fd < 0)
		open_query(m);
	m->step = STEP_LINKS;
	ask(m);
}

static void on_quiet(void *arg)
{
	struct netmon *m = arg;

	if (m->step == STEP_NONE)
		start_reading(m);
	else
		loop_timer_start(m->quiet, REPEAT_MS);
}

static bool is_lookup(const struct netmon *m)
{
	return m->step == STEP_LOOKUP4 || m->step == STEP_LOOKUP6;
}

static void on_lookup(struct netmon *m, const struct rtnl_message *message)
{
	struct netlookup *lookup =
	    m->step == STEP_LOOKUP4 ? &m->next.lookup4 : &m->next.lookup6;

	/* An error is an answer too: there is no way out. */
	lookup->is_found = message->type == RTNL_ROUTE && !message->is_removal;
	if (lookup->is_found)
		lookup->route = message->route;
	finish_step(m);
}

/* A family that the kernel does not have, or has no table of, has no routes:
 * that is no failure. */
static bool means_none(int error)
{
	return error == -ENOENT || error == -EOPNOTSUPP ||
	       error == -EAFNOSUPPORT;
}

static void on_dump_end(struct netmon *m, int error)
{
	if (m->is_broken)
		repeat_reading(m, "the dump was interrupted");
	else if (error && !means_none(error))
		repeat_reading(m, strerror(-error));
	else
		finish_step(m);
}

static void on_answer(struct netmon *m, const struct rtnl_message *message)
{
	if (m->step == STEP_NONE || message->sequence != m->sequence)
		return;
	if (message->is_interrupted)
		m->is_broken = true;
	if (is_lookup(m))
		on_lookup(m, message);
	else if (message->type == RTNL_DONE || message->type == RTNL_ERROR)
		on_dump_end(m, message->error);
	else
		nettable_add(&m->next, message);
}

static void on_query(void *arg, int fd, unsigned int events)
{
	struct netmon *m = arg;
	struct rtnl_message message;
	struct rtnl_reader reader;
	ssize_t n;

	(void)events;
	for (int i = 0; i < READ_MOST; i++) {
		n = netlink_receive(fd, m->buf, sizeof(m->buf));
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			repeat_reading(m, strerror((int)-n));
			return;
		}
		reader = rtnl_reader_init(m->buf, (size_t)n);
		while (rtnl_next(&reader, &message))
			on_answer(m, &message);
		if (reader.is_broken)
			m->is_broken = true;
	}
}

/* The answer is lost, or the socket is stuck: a new one starts clean. */
static void on_timeout(void *arg)
{
	struct netmon *m = arg;

	loop_io_free(m->query_io);
	if (m->query_fd >= 0)
		close(m->query_fd);
	open_query(m);
	repeat_reading(m, "the kernel did not answer");
}

/* Puts the reading off until the burst has ended, but not for ever. */
static void note_change(struct netmon *m)
{
	uint64_t now_ms = loop_now_ms(m->loop);
	uint64_t latest_ms, delay_ms = NETMON_QUIET_MS;

	if (m->dirty_since_ms == 0)
		m->dirty_since_ms = now_ms;
	latest_ms = m->dirty_since_ms + NETMON_MOST_MS;
	if (now_ms + delay_ms > latest_ms)
		delay_ms = latest_ms > now_ms ? latest_ms - now_ms : 0;
	loop_timer_start(m->quiet, delay_ms);
}

static void on_events(struct netmon *m, size_t len)
{
	struct rtnl_reader reader = rtnl_reader_init(m->buf, len);
	struct rtnl_message message;

	while (rtnl_next(&reader, &message))
		if (nettable_is_news(&m->table, &message))
			note_change(m);
	if (reader.is_broken)
		note_change(m);
}

static void on_event(void *arg, int fd, unsigned int events)
{
	struct netmon *m = arg;
	ssize_t n;

	(void)events;
	for (int i = 0; i < READ_MOST; i++) {
		n = netlink_receive(fd, m->buf, sizeof(m->buf));
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			/* Events were dropped: what they said is read. */
			m->repeat_count++;
			note_change(m);
			return;
		}
		on_events(m, (size_t)n);
	}
}

int netmon_new(struct loop *loop, struct log *log,
	       const struct netmon_options *options,
	       const struct netmon_listener *listener,
	       struct netmon **ret_netmon)
{
	struct netmon *m;
	int event_fd = netlink_open(true);

	if (event_fd < 0)
		return event_fd;
	m = xcalloc(1, sizeof(*m));
	m->loop = loop;
	m->log = log;
	m->listener = *listener;
	if (options)
		m->options = *options;
	m->step = STEP_NONE;
	m->quiet = loop_timer_new(loop, on_quiet, m);
	m->timeout = loop_timer_new(loop, on_timeout, m);
	m->event_fd = event_fd;
	m->event_io = loop_io_new(loop, m->event_fd, LOOP_READ, on_event, m);
	open_query(m);
	loop_timer_start(m->quiet, 0);
	*ret_netmon = m;
	return 0;
}

void netmon_free(struct netmon *netmon)
{
	if (!netmon)
		return;
	loop_io_free(netmon->event_io);
	loop_io_free(netmon->query_io);
	close(netmon->event_fd);
	if (netmon->query_fd >= 0)
		close(netmon->query_fd);
	loop_timer_free(netmon->quiet);
	loop_timer_free(netmon->timeout);
	nettable_clear(&netmon->table);
	nettable_clear(&netmon->next);
	free(netmon);
}

const struct netview *netmon_view(const struct netmon *netmon)
{
	return &netmon->view;
}

bool netmon_is_own(const struct netmon *netmon, const struct addr *a)
{
	return nettable_is_own(&netmon->table, a);
}

bool netmon_is_on_link(const struct netmon *netmon, const struct addr *a)
{
	return nettable_is_on_link(&netmon->table, a);
}

void netmon_refresh(struct netmon *netmon)
{
	loop_timer_start(netmon->quiet, 0);
}

void netmon_set_options(struct netmon *netmon,
			const struct netmon_options *options)
{
	netmon->options = *options;
	netmon_refresh(netmon);
}

unsigned int netmon_read_count(const struct netmon *netmon)
{
	return netmon->read_count;
}

unsigned int netmon_repeat_count(const struct netmon *netmon)
{
	return netmon->repeat_count;
}
