/* The binary's front door: find the subcommand, run it. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
	&command_server, &command_kubeconfig, &command_manifest, &command_test, &command_version,
};

#define NCOMMANDS (sizeof commands / sizeof *commands)

static void usage(FILE *out)
{
	fputs("nutshell: a Kubernetes virtual cluster in one binary.\n"
	      "\n"
	      "Usage: nutshell COMMAND [flags]\n"
	      "\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "Try it:\n"
	      "  nutshell server --data-dir ./demo --listen 127.0.0.1:6443 &\n"
	      "  export KUBECONFIG=./demo/kubeconfig.yaml\n"
	      "  kubectl create deployment web --image=nginx --replicas=3\n"
	      "\n"
	      "`nutshell COMMAND --help` explains a command and its flags.\n",
	      out);
}

int main(int argc, char **argv)
{
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : EXIT_SUCCESS;
	}
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return commands[i]->run(argc - 1, argv + 1);
	fprintf(stderr, "nutshell: there is no command \"%s\"; `nutshell --help` lists them\n",
		argv[1]);
	return EXIT_USAGE;
}
