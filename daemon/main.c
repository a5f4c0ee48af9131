/*
 * main: the command line of traversald.
 */
#include <errno.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "config.h"
#include "daemon.h"

/* What is larger goes back to the kernel when it is freed. */
#define LARGE_BYTES (128 * 1024)

static const char usage_text[] =
    "usage: traversald [--defaults=FILE] [--conf-dir=DIR] [OPTION...]\n"
    "\n"
    "Makes UDP and TCP services behind NAT reachable and keeps them so.\n"
    "Runs in the foreground; systemd starts it. Ask it with traversalctl.\n"
    "\n"
    "  --defaults=FILE     the defaults file; without it /etc/default/\n"
    "                      traversald, else /etc/default/mysterium-node\n"
    "  --conf-dir=DIR      [service] and [peer] files; default\n"
    "                      /etc/traversald\n"
    "  --map [NAME=]PORT/udp|tcp[:EXTERNAL]\n"
    "                      a port to keep reachable; may be repeated\n"
    "  --traversal=LIST    the order; default manual,upnp,holepunching\n"
    "  --udp.ports=A:B     dynamic ports; default 10000:60000\n"
    "  --runtime-dir=DIR   where the sockets are; default /run\n"
    "  --data-dir=DIR      what is kept; default /var/lib/traversald\n"
    "  --log-level=LEVEL   err, warn, info or debug\n"
    "  --version, --help\n"
    "\n"
    "All options, and the grammar of the file: man traversald.conf\n"
    "Try it without root: traversald --map 51820/udp --runtime-dir=/tmp/t \\\n"
    "                     --data-dir=/tmp/t\n";

/* The value of --NAME=VALUE or --NAME VALUE on the command line, or NULL. */
static const char *option_value(int argc, char **argv, const char *name)
{
	size_t len = strlen(name);
	const char *value = NULL;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (word[0] != '-')
			continue;
		word += word[1] == '-' ? 2 : 1;
		if (strncmp(word, name, len) != 0)
			continue;
		if (word[len] == '=')
			value = word + len + 1;
		else if (word[len] == '\0' && i + 1 < argc)
			value = argv[i + 1];
	}
	return value;
}

static bool has_option(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' &&
		    strcmp(argv[i] + (argv[i][1] == '-' ? 2 : 1), name) == 0)
			return true;
	return false;
}

static void print_findings(const struct config *config)
{
	for (size_t i = 0; i < config->findings.count; i++) {
		const struct finding *f = &config->findings.items[i];

		fprintf(stderr, "traversald: ");
		if (f->file && f->line)
			fprintf(stderr, "%s:%u: ", f->file, f->line);
		fprintf(stderr, "%s\n", f->title);
		if (*f->fix)
			fprintf(stderr, "  %s\n", f->fix);
	}
}

/* The texts of a status and of the state file are large for a moment. Left to
 * itself, glibc would keep such memory after the first of them. */
static void return_large_memory(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
#endif
}

int main(int argc, char **argv)
{
	const struct config_sources sources = {
	    .defaults_file = option_value(argc, argv, "defaults"),
	    .conf_dir = option_value(argc, argv, "conf-dir"),
	    .argc = argc - 1,
	    .argv = argv + 1,
	};
	struct config *config;
	int error;

	if (has_option(argc, argv, "help") || has_option(argc, argv, "h")) {
		fputs(usage_text, stdout);
		return 0;
	}
	if (has_option(argc, argv, "version")) {
		printf("traversald %s\n", VERSION);
		return 0;
	}
	return_large_memory();
	if (sodium_init() < 0) {
		fputs("traversald: no randomness to be had\n", stderr);
		return EX_OSERR;
	}
	error = config_load(&sources, &config);
	if (error) {
		print_findings(config);
		config_free(config);
		return EX_CONFIG;
	}
	return daemon_run(&sources, config);
}
