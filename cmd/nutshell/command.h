/*
 * command: the subcommands of the binary.  One file each; main.c lists them.
 */
#ifndef NUTSHELL_CMD_COMMAND_H
#define NUTSHELL_CMD_COMMAND_H

struct command {
	const char *name;
	const char *summary;               /* one line of `nutshell --help` */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
};

extern const struct command command_server, command_kubeconfig, command_manifest, command_test,
	command_version;

/* Exit codes. */
#define EXIT_USAGE 2

#endif
