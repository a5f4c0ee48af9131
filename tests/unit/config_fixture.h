/*
 * config_fixture: configurations from texts, by way of files that a test makes
 * in a directory of its own and removes.
 */
#ifndef TESTS_CONFIG_FIXTURE_H
#define TESTS_CONFIG_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define MOST_ARGS 6

static char fixture_dir[] = "/tmp/traversald-test-XXXXXX";

static inline const char *fixture_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", fixture_dir, name);
	return path;
}

static inline int fixture_setup(void **state)
{
	(void)state;
	if (!mkdtemp(fixture_dir))
		return -1;
	return mkdir(fixture_path("conf"), 0700);
}

static inline int fixture_teardown(void **state)
{
	(void)state;
	rmdir(fixture_path("conf"));
	return rmdir(fixture_dir);
}

static inline void fixture_write(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(fixture_path(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Loads a defaults file with LEN bytes of TEXT, the file conf/NAME (unless
 * CONF is NULL), and the words of ARGS (may be NULL). Returns what
 * config_load() does. */
static inline int fixture_load_bytes(const char *text, size_t len,
				     const char *conf, const char *const *args,
				     struct config **ret_config)
{
	char *argv[MOST_ARGS];
	char defaults[128], dir[128];
	struct config_sources sources = {
	    .defaults_file = defaults, .conf_dir = dir, .argv = argv};
	int r;

	while (args && sources.argc < MOST_ARGS && args[sources.argc]) {
		argv[sources.argc] = strdup(args[sources.argc]);
		sources.argc++;
	}
	fixture_write("defaults", text, len);
	if (conf)
		fixture_write("conf/a.conf", conf, strlen(conf));
	snprintf(defaults, sizeof(defaults), "%s", fixture_path("defaults"));
	snprintf(dir, sizeof(dir), "%s", fixture_path("conf"));
	r = config_load(&sources, ret_config);
	unlink(fixture_path("conf/a.conf"));
	unlink(fixture_path("defaults"));
	for (int i = 0; i < sources.argc; i++)
		free(argv[i]);
	return r;
}

/* The same for a text; the load must succeed. Returns it owned. */
static inline struct config *fixture_load(const char *text, const char *conf,
					  const char *const *args)
{
	struct config *c;

	assert_int_equal(fixture_load_bytes(text, strlen(text), conf, args, &c),
			 0);
	return c;
}

/* Returns the first entry of that key, or NULL. */
static inline const struct config_entry *fixture_entry(const struct config *c,
						       const char *key)
{
	for (size_t i = 0; i < c->entry_count; i++)
		if (strcmp(c->entries[i].key, key) == 0)
			return &c->entries[i];
	return NULL;
}

/* Returns the first finding of that id, or NULL. */
static inline const struct finding *fixture_finding(const struct config *c,
						    const char *id)
{
	for (size_t i = 0; i < c->findings.count; i++)
		if (strcmp(c->findings.items[i].id, id) == 0)
			return &c->findings.items[i];
	return NULL;
}

/* Returns the first finding above information, or NULL. */
static inline const struct finding *fixture_complaint(const struct config *c)
{
	for (size_t i = 0; i < c->findings.count; i++)
		if (c->findings.items[i].severity != FINDING_INFO)
			return &c->findings.items[i];
	return NULL;
}

#endif
