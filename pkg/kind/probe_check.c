/*
 * probe_check: what kubelet does with containers: probes, and handlers of their beginning and end.
 * k8s: pkg/apis/core/validation/validation.go (validateHandler, validateProbe, validateLifecycle).
 */
#include "kind/podspec_check.h"

#include "kind/kind.h"
#include "obj/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_http(struct hook *h, const struct at *at, const struct json *get)
{
	if (!json_path_str(get, "path")[0])
		err_required(h, AT(at, "path"), NULL);
	check_port_ref(h, AT(at, "port"), json_get(get, "port"));
	if (!one_of(json_path_str(get, "scheme"), LIST("HTTP", "HTTPS")))
		err_unsupported(h, AT(at, "scheme"), json_path_str(get, "scheme"),
				LIST("HTTP", "HTTPS"));
	json_each(header, json_get(get, "httpHeaders"))
		check_text(h, AT(at, "httpHeaders"), TEXT_HTTP_HEADER, json_path_str(header, "name"));
}

static void check_sleep(struct hook *h, const struct at *at, const struct json *sleep,
			const struct json *spec)
{
	int64_t seconds = json_path_int(sleep, "seconds", 0), grace;

	if (json_int(json_get(spec, "terminationGracePeriodSeconds"), &grace) &&
	    (seconds < 0 || seconds > grace))
		err_invalid_int(h, at, seconds,
				"must be non-negative and less than terminationGracePeriodSeconds "
				"(%lld)",
				(long long)grace);
}

static void check_action(struct hook *h, const struct at *at, const char *type,
			 const struct json *action, const struct json *spec)
{
	if (!strcmp(type, "exec")) {
		if (!json_count(json_get(action, "command")))
			err_required(h, AT(at, "command"), NULL);
	} else if (!strcmp(type, "httpGet")) {
		check_http(h, at, action);
	} else if (!strcmp(type, "sleep")) {
		check_sleep(h, at, action, spec);
	} else {
		check_port_ref(h, AT(at, "port"), json_get(action, "port"));
	}
}

static void check_handler(struct hook *h, const struct at *at, const struct json *handler,
			  const struct json *spec)
{
	const char *const *types = LIST("exec", "httpGet", "tcpSocket", "grpc", "sleep");
	size_t n = 0;

	for (size_t i = 0; types[i]; i++) {
		const struct json *action = json_get(handler, types[i]);

		if (!action)
			continue;
		if (n++)
			err_forbidden(h, AT(at, types[i]),
				      "may not specify more than 1 handler type");
		else
			check_action(h, AT(at, types[i]), types[i], action, spec);
	}
	if (!n)
		err_required(h, at, "must specify a handler type");
}

static void check_probe(struct hook *h, const struct at *at, const char *name,
			const struct json *probe)
{
	const char *const *numbers = LIST("initialDelaySeconds", "timeoutSeconds", "periodSeconds",
					  "successThreshold", "failureThreshold");
	const struct at *grace_at = AT(at, "terminationGracePeriodSeconds");
	int64_t grace = json_path_int(probe, "terminationGracePeriodSeconds", 1);
	int64_t success = json_path_int(probe, "successThreshold", 1);

	if (!probe)
		return;
	check_handler(h, at, probe, NULL);
	for (size_t i = 0; numbers[i]; i++)
		check_nonnegative(h, AT(at, numbers[i]), json_get(probe, numbers[i]));
	if (grace <= 0)
		err_invalid_int(h, grace_at, grace, "must be greater than 0");
	if (strcmp(name, "readinessProbe") != 0) {
		if (success != 1)
			err_invalid_int(h, AT(at, "successThreshold"), success, "must be 1");
	} else if (json_get(probe, "terminationGracePeriodSeconds")) {
		err_invalid_int(h, grace_at, grace, "must not be set for readinessProbes");
	}
}

/* ---- signals ---- */

static const char *const linux_signals[] = {
	"SIGABRT",  "SIGALRM", "SIGBUS",    "SIGCHLD",  "SIGCLD",  "SIGCONT",   "SIGFPE",
	"SIGHUP",   "SIGILL",  "SIGINT",    "SIGIO",    "SIGIOT",  "SIGKILL",   "SIGPIPE",
	"SIGPOLL",  "SIGPROF", "SIGPWR",    "SIGQUIT",  "SIGSEGV", "SIGSTKFLT", "SIGSTOP",
	"SIGSYS",   "SIGTERM", "SIGTRAP",   "SIGTSTP",  "SIGTTIN", "SIGTTOU",   "SIGURG",
	"SIGUSR1",  "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ",   "SIGRTMIN",
	"SIGRTMAX", NULL,
};

/* SIGRTMIN+1 to +15, SIGRTMAX-14 to -1. */
static bool is_realtime(const char *s)
{
	bool up = !strncmp(s, "SIGRTMIN+", 9), down = !strncmp(s, "SIGRTMAX-", 9);
	char again[24];
	int n;

	if (!up && !down)
		return false;
	n = atoi(s + 9);
	snprintf(again, sizeof again, "%.9s%d", s, n);
	return n >= 1 && n <= (up ? 15 : 14) && !strcmp(again, s);
}

static void check_signal(struct hook *h, const struct at *at, const char *signal, const char *os)
{
	const char *const *windows = LIST("SIGKILL", "SIGTERM");

	if (!os[0])
		err_forbidden(h, at, "may not be set for containers with empty `spec.os.name`");
	else if (!strcmp(os, "windows") && !one_of(signal, windows))
		err_unsupported(h, at, signal, windows);
	else if (!strcmp(os, "linux") && !one_of(signal, linux_signals) && !is_realtime(signal))
		err_unsupported(h, at, signal, linux_signals);
}

static const char *const probe_names[] = { "livenessProbe", "readinessProbe", "startupProbe" };

void check_running(struct hook *h, const struct at *at, const struct json *c, const struct json *spec)
{
	const char *const *handlers = LIST("postStart", "preStop");
	const struct json *lifecycle = json_get(c, "lifecycle");
	const struct at *lifecycle_at = AT(at, "lifecycle");

	for (size_t i = 0; handlers[i]; i++)
		if (json_get(lifecycle, handlers[i]))
			check_handler(h, AT(lifecycle_at, handlers[i]),
				      json_get(lifecycle, handlers[i]), spec);
	if (json_get(lifecycle, "stopSignal"))
		check_signal(h, AT(lifecycle_at, "stopSignal"),
			     json_path_str(lifecycle, "stopSignal"), json_path_str(spec, "os.name"));
	for (size_t i = 0; i < sizeof probe_names / sizeof *probe_names; i++)
		check_probe(h, AT(at, probe_names[i]), probe_names[i], json_get(c, probe_names[i]));
}

void forbid_running(struct hook *h, const struct at *at, const struct json *c)
{
	const char *const *names =
		LIST("lifecycle", "livenessProbe", "readinessProbe", "startupProbe");

	for (size_t i = 0; names[i]; i++)
		if (json_get(c, names[i]))
			err_forbidden(h, AT(at, names[i]),
				      "may not be set for init containers without "
				      "restartPolicy=Always");
}
