#include "prom.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "pick.h"
#include "sanitize.h"

#define FILE_NAME "traversald.prom"

/* A label's value: backslash, quote and line feed are escaped; the sanitiser
 * has left none of the last. */
static void put_value(FILE *stream, const char *text)
{
	char clean[SANITIZE_BYTES];

	sanitize(text, strlen(text), clean, sizeof(clean));
	fputc('"', stream);
	for (const char *c = clean; *c; c++) {
		if (*c == '\\' || *c == '"')
			fputc('\\', stream);
		fputc(*c, stream);
	}
	fputc('"', stream);
}

static void put_labels(FILE *stream, json_t *labels)
{
	const char *name, *separator = "{";
	json_t *value;

	json_object_foreach (labels, name, value) {
		fprintf(stream, "%s%s=", separator, name);
		put_value(stream, json_is_string(value)
				      ? json_string_value(value)
				      : "");
		separator = ",";
	}
	if (*separator == ',')
		fputc('}', stream);
}

static void put_sample(FILE *stream, const char *name, const json_t *sample)
{
	const json_t *value = json_object_get(sample, "value");

	fprintf(stream, "%s%s", name, pick_text(sample, "suffix", ""));
	put_labels(stream, json_object_get(sample, "labels"));
	if (json_is_integer(value))
		fprintf(stream, " %lld\n",
			(long long)json_integer_value(value));
	else
		fprintf(stream, " %.15g\n", json_number_value(value));
}

void prom_write(FILE *stream, const json_t *families)
{
	const json_t *family, *samples, *sample;
	const char *name;
	size_t i, k;

	json_array_foreach (families, i, family) {
		samples = json_object_get(family, "samples");
		name = pick_text(family, "name", "");
		if (json_array_size(samples) == 0)
			continue;
		fprintf(stream, "# HELP %s %s\n# TYPE %s %s\n", name,
			pick_text(family, "help", ""), name,
			pick_text(family, "type", "untyped"));
		json_array_foreach (samples, k, sample)
			put_sample(stream, name, sample);
	}
}

/* Fills the new file FD, takes it over, and puts it in its place. */
static int replace(int fd, const char *from, const char *to,
		   const json_t *families)
{
	FILE *stream = fdopen(fd, "w");
	int error = 0;

	if (!stream) {
		error = -errno;
		close(fd);
		return error;
	}
	prom_write(stream, families);
	if (fflush(stream) != 0 || ferror(stream) || fchmod(fd, 0644) < 0 ||
	    fsync(fd) < 0)
		error = errno ? -errno : -EIO;
	if (fclose(stream) != 0 && !error)
		error = -errno;
	if (!error && rename(from, to) < 0)
		error = -errno;
	return error;
}

int prom_write_file(const char *dir, const json_t *families)
{
	/* The node exporter reads *.prom only. */
	char *from = xasprintf("%s/%s.XXXXXX", dir, FILE_NAME);
	char *to = xasprintf("%s/%s", dir, FILE_NAME);
	int fd = mkstemp(from);
	int error = fd < 0 ? -errno : replace(fd, from, to, families);

	if (error && fd >= 0)
		unlink(from);
	free(from);
	free(to);
	return error;
}
