/*
 * traversalctl: asks traversald and shows the answer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "commands.h"
#include "exits.h"
#include "say.h"

int main(int argc, char **argv)
{
	struct args args;
	struct out out;
	int status;

	if (args_parse(argc, argv, &args) < 0)
		return CTL_USAGE;
	if (args.quiet && !freopen("/dev/null", "w", stdout))
		return CTL_FAILED;
	out = out_init(&args);
	status = commands_run(&args, &out);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		say(&args, "cannot write: %s", strerror(errno));
		return CTL_FAILED;
	}
	return status;
}
