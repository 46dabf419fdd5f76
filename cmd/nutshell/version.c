/* The command that prints what this binary is. */
#include "command.h"

#include "base/version.h"

#include <stdio.h>
#include <stdlib.h>

static int run(int argc, char **argv)
{
	if (argc > 1) {
		fprintf(stderr, "nutshell version: takes no argument, got \"%s\"\n", argv[1]);
		return EXIT_USAGE;
	}
	printf("nutshell %s (Kubernetes API %s.%s)\n", version_text(), KUBERNETES_MAJOR,
	       KUBERNETES_MINOR);
	return EXIT_SUCCESS;
}

const struct command command_version = {
	.name = "version",
	.summary = "print version and API level",
	.run = run,
};
