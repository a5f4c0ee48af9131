/* fuzz_netlink: the reader of rtnetlink messages, and the table and the view
 * that are built from them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netview.h"
#include "rtnl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct rtnl_message *m)
{
	if (m->type == RTNL_LINK &&
	    (!memchr(m->link.name, '\0', sizeof(m->link.name)) ||
	     !memchr(m->link.kind, '\0', sizeof(m->link.kind))))
		abort();
	if ((m->type == RTNL_DONE || m->type == RTNL_ERROR) && m->error > 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct netmon_options none;
	struct rtnl_reader reader = rtnl_reader_init(data, size);
	struct nettable table = {0};
	struct rtnl_message m;
	struct netview view;

	while (rtnl_next(&reader, &m)) {
		check(&m);
		(void)nettable_is_news(&table, &m);
		nettable_add(&table, &m);
		if (m.type == RTNL_ROUTE) {
			table.lookup4.is_found = m.route.family == AF_INET;
			table.lookup4.route = m.route;
		}
	}
	if (reader.at > size || (!reader.is_broken && reader.at != size))
		abort();
	view = netview_build(&table, &none);
	if (view.route_count > NETVIEW_MOST_ROUTES ||
	    !netview_equal(&view, &view))
		abort();
	nettable_clear(&table);
	return 0;
}
