/*
 * The command that gives another command a cluster of its own: in memory, with simulated nodes and all
 * controllers, for as long as that command runs.
 *
 * KUBECONFIG names the cluster; USE_EXISTING_CLUSTER tells suites written for envtest to use it.  An interrupt
 * of the terminal reaches the command by itself, TERM is passed on; either way it is waited for, and its exit code
 * is ours.
 */
#include "command.h"
#include "flags.h"
#include "logins.h"
#include "wire.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_FOUND 127 /* as shells say it */
#define EXIT_SIGNAL 128

extern char **environ;

static const struct flag flags[] = {
	{ .name = "nodes",
	  .value = "N|FILE",
	  .initial = "1",
	  .help = "simulated nodes: a number, or a file of Node manifests" },
	{ .name = "controllers",
	  .value = "LIST",
	  .initial = "*",
	  .help = "\"*\", names, \"-name\" to leave one out, \"none\" for an API server alone" },
	{ .name = "log-level",
	  .value = "LEVEL",
	  .initial = "error",
	  .help = "what the cluster says on standard error: debug, info, warn, error" },
	{ .name = NULL },
};

struct trial {
	char dir[256];
	char kubeconfig[300];
	struct wire *w;
	pid_t child;
};

static bool make_dir(struct trial *t)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(t->dir, sizeof t->dir, "%s/nutshell-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(t->dir)) {
		fprintf(stderr, "nutshell test: no directory for the kubeconfig: %s: %s\n", t->dir,
			strerror(errno));
		return false;
	}
	snprintf(t->kubeconfig, sizeof t->kubeconfig, "%s/kubeconfig", t->dir);
	return true;
}

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGCHLD);
	/* Before any thread starts, so that only follow() sees them. */
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The command starts with the signals that we were started with. */
static bool start_child(struct trial *t, char **argv)
{
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int err;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	setenv("KUBECONFIG", t->kubeconfig, 1);
	setenv("USE_EXISTING_CLUSTER", "true", 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	err = posix_spawnp(&t->child, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (err)
		fprintf(stderr, "nutshell test: %s: %s\n", argv[0], strerror(err));
	return !err;
}

/* Wait for the command; its exit code. */
static int follow(struct trial *t, const sigset_t *set)
{
	int sig, status;

	for (;;) {
		sig = sigwaitinfo(set, NULL);
		if (sig == SIGTERM)
			kill(t->child, SIGTERM);
		if (waitpid(t->child, &status, WNOHANG) != t->child)
			continue;
		return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static int try_command(struct trial *t, const struct flag *table, char **argv)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct logins_config logins;
	sigset_t set;
	int code = EXIT_NOT_FOUND;
	struct wire_config c = {
		.logins = &logins,
		.data_dir = ":memory:",
		.listen = "127.0.0.1:0",
		.kubeconfig_out = t->kubeconfig,
		.sans = (const char *const[]){ NULL },
		.host = "simulated",
		.nodes = flag_get(table, "nodes"),
		.name = "nutshell-test",
		.controllers = flag_get(table, "controllers"),
		.cluster_domain = "cluster.local",
		.service_cidr = "10.43.0.0/16",
		.pod_cidr = "10.42.0.0/16",
	};

	c.accountless = !strcmp(c.controllers, "none");
	logins_none(&logins);
	block_signals(&set);
	t->w = wire_start(&c, &st);
	if (!t->w) {
		fprintf(stderr, "nutshell test: %s\n", st.message);
		return st.code == 400 ? EXIT_USAGE : EXIT_FAILURE;
	}
	if (start_child(t, argv))
		code = follow(t, &set);
	wire_stop(&t->w);
	return code;
}

/* Where the command begins, behind "--"; NULL with a word when there is none. */
static char **command_of(int argc, char **argv, int *own)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		*own = i;
		if (argv[i + 1])
			return argv + i + 1;
		break;
	}
	return NULL;
}

static bool configure_log(const char *level)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };

	for (int i = 0; i < 4; i++) {
		if (!strcmp(level, levels[i])) {
			log_configure((enum log_level)i, false);
			return true;
		}
	}
	fprintf(stderr, "nutshell test: --log-level is debug, info, warn or error, not \"%s\"\n",
		level);
	return false;
}

static int run(int argc, char **argv)
{
	struct flag table[sizeof flags / sizeof *flags];
	struct trial t = { 0 };
	int code = EXIT_USAGE, own = argc;
	char **command = command_of(argc, argv, &own);

	memcpy(table, flags, sizeof flags);
	if (!flags_parse(table, "test",
			 "Runs a command with a cluster of its own, in memory: nutshell test [flags] -- CMD ...",
			 own, argv, &code)) {
		flags_free(table);
		return code;
	}
	if (!command) {
		fprintf(stderr, "nutshell test: what is to be run? nutshell test -- go test ./...\n");
	} else if (configure_log(flag_get(table, "log-level")) && make_dir(&t)) {
		code = try_command(&t, table, command);
		unlink(t.kubeconfig);
		rmdir(t.dir);
	}
	flags_free(table);
	return code;
}

const struct command command_test = {
	.name = "test",
	.summary = "run a command with a cluster of its own, in memory",
	.run = run,
};
