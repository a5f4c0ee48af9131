#include "rfc3339.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static const char form[] = "%Y-%m-%dT%H:%M:%SZ";

const char *rfc3339_format(int64_t unix_s, char *buf)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) ||
	    strftime(buf, RFC3339_TEXT_BYTES, form, &tm) == 0)
		strcpy(buf, "-");
	return buf;
}

int rfc3339_parse(const char *text, int64_t *ret_unix_s)
{
	char again[RFC3339_TEXT_BYTES];
	struct tm tm = {0};
	const char *end = strptime(text, form, &tm);
	int64_t unix_s;

	if (!end || *end != '\0')
		return -EINVAL;
	unix_s = timegm(&tm);
	/* strptime() takes 31 February, one-digit hours and more. */
	if (strcmp(rfc3339_format(unix_s, again), text) != 0)
		return -EINVAL;
	*ret_unix_s = unix_s;
	return 0;
}
