/* The command that runs a virtual cluster in the foreground. */
#include "command.h"
#include "flags.h"
#include "logins.h"
#include "wire.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MAINTAIN_S 21600
#define STOP_LIMIT_S 5

static const struct flag flags[] = {
	{ .name = "data-dir",
	  .value = "DIR",
	  .initial = "./nutshell-data",
	  .help = "database, keys and kubeconfig; \":memory:\" keeps nothing" },
	{ .name = "listen",
	  .value = "ADDR:PORT",
	  .initial = "0.0.0.0:6443",
	  .help = "HTTPS address; port 0 takes a free one" },
	{ .name = "kubeconfig-out",
	  .value = "FILE",
	  .help = "where the admin kubeconfig goes; DIR/kubeconfig.yaml by default" },
	{ .name = "tls-san",
	  .value = "NAME",
	  .repeat = true,
	  .help = "one more name or address of the server; may be repeated" },
	{ .name = "host",
	  .value = "KIND",
	  .initial = "auto",
	  .help = "where pods run: auto, kubernetes, simulated" },
	{ .name = "host-kubeconfig", .value = "FILE", .help = "how to reach the host cluster" },
	{ .name = "host-namespace",
	  .value = "NS",
	  .help = "the one namespace of the host cluster that is used" },
	{ .name = "nodes",
	  .value = "N|FILE",
	  .initial = "1",
	  .help = "simulated nodes: a number, or a file of Node manifests" },
	{ .name = "name", .value = "NAME", .initial = "nutshell", .help = "shown name" },
	{ .name = "controllers",
	  .value = "LIST",
	  .initial = "*",
	  .help = "\"*\", names, \"-name\" to leave one out, \"none\"" },
	{ .name = "cluster-domain",
	  .value = "NAME",
	  .initial = "cluster.local",
	  .help = "DNS domain of services" },
	{ .name = "service-cidr",
	  .value = "CIDR",
	  .initial = "10.43.0.0/16",
	  .help = "service addresses" },
	{ .name = "pod-cidr",
	  .value = "CIDR",
	  .initial = "10.42.0.0/16",
	  .help = "pod addresses of simulated nodes" },
	{ .name = "client-ca-file",
	  .value = "FILE",
	  .help = "another authority whose client certificates are accepted" },
	{ .name = "requestheader-client-ca-file",
	  .value = "FILE",
	  .help = "authority of front proxies, which say by headers who is calling" },
	{ .name = "requestheader-allowed-names",
	  .value = "NAME",
	  .repeat = true,
	  .help = "common name of a front proxy; any by default" },
	{ .name = "requestheader-username-headers",
	  .value = "NAME",
	  .repeat = true,
	  .help = "X-Remote-User by default" },
	{ .name = "requestheader-uid-headers",
	  .value = "NAME",
	  .repeat = true,
	  .help = "X-Remote-Uid by default" },
	{ .name = "requestheader-group-headers",
	  .value = "NAME",
	  .repeat = true,
	  .help = "X-Remote-Group by default" },
	{ .name = "requestheader-extra-headers-prefix",
	  .value = "NAME",
	  .repeat = true,
	  .help = "X-Remote-Extra- by default" },
	{ .name = "oidc-issuer-url",
	  .value = "URL",
	  .help = "OpenID provider whose tokens are accepted" },
	{ .name = "oidc-client-id", .value = "ID", .help = "the audience its tokens must name" },
	{ .name = "oidc-ca-file",
	  .value = "FILE",
	  .help = "authority of its certificate; the system's by default" },
	{ .name = "oidc-username-claim", .value = "CLAIM", .initial = "sub", .help = "who it is" },
	{ .name = "oidc-username-prefix",
	  .value = "TEXT",
	  .help = "before the name; URL# by default, - for nothing" },
	{ .name = "oidc-groups-claim", .value = "CLAIM", .help = "which groups" },
	{ .name = "oidc-groups-prefix", .value = "TEXT", .help = "before each group" },
	{ .name = "oidc-required-claim",
	  .value = "KEY=VALUE",
	  .repeat = true,
	  .help = "what a token must say besides" },
	{ .name = "oidc-signing-algs",
	  .value = "ALG",
	  .repeat = true,
	  .help = "RS256 by default; also RS384 ... ES256 ... PS512" },
	{ .name = "audit-log",
	  .value = "FILE",
	  .help = "who did what, one JSON line each; \"-\": standard output; opened again on SIGHUP" },
	{ .name = "audit-policy",
	  .value = "FILE",
	  .help = "an audit.k8s.io/v1 Policy; without one, metadata of every request" },
	{ .name = "log-level", .value = "LEVEL", .initial = "info", .help = "debug, info, warn, error" },
	{ .name = "log-format", .value = "FORMAT", .initial = "text", .help = "text or json" },
	{ .name = NULL },
};

static bool configure_log(const struct flag *t)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	const char *level = flag_get(t, "log-level"), *format = flag_get(t, "log-format");

	if (strcmp(format, "text") && strcmp(format, "json")) {
		fprintf(stderr, "nutshell server: --log-format is text or json, not \"%s\"\n",
			format);
		return false;
	}
	for (int i = 0; i < 4; i++) {
		if (!strcmp(level, levels[i])) {
			log_configure((enum log_level)i, !strcmp(format, "json"));
			return true;
		}
	}
	fprintf(stderr, "nutshell server: --log-level is debug, info, warn or error, not \"%s\"\n",
		level);
	return false;
}

/* Every watch is a connection: take all descriptors we may have. */
static void raise_descriptor_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* SIGHUP ends the server as it ends other programs, unless it has a log to be rotated. */
static void block_signals(sigset_t *set, bool rotates)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	if (rotates)
		sigaddset(set, SIGHUP);
	/* Before any thread starts, so that all inherit the mask and only wait_for_end() sees them. */
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void wait_for_end(struct wire *w, const sigset_t *set)
{
	struct timespec day = { .tv_sec = MAINTAIN_S };

	int sig;

	while ((sig = sigtimedwait(set, NULL, &day)) < 0 || sig == SIGHUP) {
		if (sig == SIGHUP)
			wire_reopen(w);
		else if (errno == EAGAIN)
			wire_maintain(w);
	}
}

static void announce(const struct wire *w, int64_t since_ns)
{
	const char *kc = wire_kubeconfig(w);

	log_info("server", "ready in %lld ms at %s, pods on host \"%s\"%s%s",
		 (long long)((clock_mono_ns() - since_ns) / 1000000), wire_url(w), wire_host(w),
		 kc ? "; use it: export KUBECONFIG=" : "", kc ? kc : "");
}

static void give_up(int sig)
{
	static const char text[] = "nutshell server: something did not end in time; what was "
				   "acknowledged is on disk\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);

	(void)sig;
	(void)n;
	_exit(EXIT_FAILURE);
}

/* Whatever hangs (a host that does not answer, a stream), the process ends: nothing acknowledged is lost by
 * that, because a commit is durable before it is acknowledged. */
static void limit_stop(void)
{
	struct sigaction a = { .sa_handler = give_up };

	sigaction(SIGALRM, &a, NULL);
	alarm(STOP_LIMIT_S);
}

static int serve(const struct flag *t)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	int64_t since = clock_mono_ns();
	sigset_t set;
	struct wire *w;
	struct logins_config logins;
	struct wire_config c = {
		.logins = &logins,
		.data_dir = flag_get(t, "data-dir"),
		.listen = flag_get(t, "listen"),
		.kubeconfig_out = flag_get(t, "kubeconfig-out"),
		.sans = flag_all(t, "tls-san"),
		.host = flag_get(t, "host"),
		.host_kubeconfig = flag_get(t, "host-kubeconfig"),
		.host_namespace = flag_get(t, "host-namespace"),
		.nodes = flag_get(t, "nodes"),
		.name = flag_get(t, "name"),
		.controllers = flag_get(t, "controllers"),
		.cluster_domain = flag_get(t, "cluster-domain"),
		.service_cidr = flag_get(t, "service-cidr"),
		.pod_cidr = flag_get(t, "pod-cidr"),
		.audit_log = flag_get(t, "audit-log"),
		.audit_policy = flag_get(t, "audit-policy"),
	};

	logins_from_flags(&logins, t);
	raise_descriptor_limit();
	if (c.audit_policy && !c.audit_log) {
		fprintf(stderr, "nutshell server: --audit-policy needs --audit-log\n");
		return EXIT_USAGE;
	}
	block_signals(&set, c.audit_log);
	w = wire_start(&c, &st);
	if (!w) {
		fprintf(stderr, "nutshell server: %s\n", st.message);
		return st.code == 400 ? EXIT_USAGE : EXIT_FAILURE;
	}
	announce(w, since);
	wait_for_end(w, &set);
	log_info("server", "stopping");
	limit_stop();
	wire_stop(&w);
	return EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
	struct flag table[sizeof flags / sizeof *flags];
	int code = EXIT_USAGE;

	memcpy(table, flags, sizeof flags);
	if (flags_parse(table, "server", "Runs a virtual cluster in the foreground.", argc, argv,
			&code))
		code = configure_log(table) ? serve(table) : EXIT_USAGE;
	flags_free(table);
	return code;
}

const struct command command_server = {
	.name = "server",
	.summary = "run a virtual cluster in the foreground",
	.run = run,
};
