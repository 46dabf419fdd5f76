/*
 * The life of a simulated pod, as a pure function of its object and the time: bound -> running and ready ->
 * (if it is meant to end) terminated.  A pod is meant to end when its restartPolicy is not Always: after the
 * annotation's time, or the `sleep` of its command, or at once; with the annotation's exit code or 0.
 * OnFailure restarts failed containers with the back-off a kubelet has.
 */
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_S 10
#define BACKOFF_MAX_S 300

struct life {
	struct arena *a;
	struct json *pod, *status;
	const char *node_ip, *pod_ip;
	int64_t now_us, after_ms;
	char now[TIME_LEN];
};

/* ---- how long ---- */

/* The argument of sleep: a number, with a unit or not, or infinity. */
static bool sleep_time(const char *arg, int64_t *ns)
{
	char *end;
	double n = strtod(arg, &end), unit = 1;

	if (!strncmp(arg, "inf", 3)) {
		*ns = INT64_MAX;
		return true;
	}
	if (end == arg || n < 0)
		return false;
	if (*end && strchr("mhd", *end))
		unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : 86400;
	n *= unit * 1e9;
	*ns = n < 9e18 ? (int64_t)n : INT64_MAX;
	return true;
}

/* The time of the first `sleep N` in a command line's words. */
static bool sleep_in(const struct json *words, int64_t *ns)
{
	json_each(w, words)
		for (const char *at = json_str(w); (at = strstr(at, "sleep")); at += 5) {
			const char *arg = at + 5;

			if (at != json_str(w) && !strchr(" ;&|\t\n/({", at[-1]))
				continue;
			if (!*arg)
				arg = json_str(json_next(w));
			else if (!strchr(" \t", *arg))
				continue;
			if (sleep_time(arg + strspn(arg, " \t"), ns))
				return true;
		}
	return false;
}

static int64_t run_ns(const struct life *l, const struct json *container)
{
	const char *an = meta_annotation(l->pod, ANNOTATION_CRASH_AFTER);
	int64_t ns = 0;

	if (an && duration_parse(an, &ns))
		return ns;
	an = meta_annotation(l->pod, ANNOTATION_RUN_FOR);
	if (an && duration_parse(an, &ns))
		return ns;
	if (!sleep_in(json_get(container, "command"), &ns))
		sleep_in(json_get(container, "args"), &ns);
	return ns;
}

static int64_t exit_code(const struct life *l)
{
	const char *an = meta_annotation(l->pod, ANNOTATION_EXIT_CODE);
	bool crash = meta_annotation(l->pod, ANNOTATION_CRASH_AFTER);

	int64_t code = an ? strtoll(an, NULL, 10) & 255 : 0;

	return crash && !code ? 1 : code;
}

static bool ends(const struct life *l)
{
	const char *policy = json_path_str(l->pod, "spec.restartPolicy");

	return !strcmp(policy, "Never") || !strcmp(policy, "OnFailure") ||
	       meta_annotation(l->pod, ANNOTATION_CRASH_AFTER);
}

/* ---- container statuses ---- */

static const char *container_id(struct arena *a)
{
	unsigned char raw[32];

	random_bytes(raw, sizeof raw);
	return arena_printf(a, "simulated://%s", hex_encode(a, raw, sizeof raw));
}

static const char *image_id(struct arena *a, const char *image)
{
	uint64_t h = fnv64a(image, strlen(image));

	return arena_printf(a, "simulated://%s@sha256:%016llx%016llx%016llx%016llx", image,
			    (unsigned long long)h, (unsigned long long)h * 31,
			    (unsigned long long)h * 37, (unsigned long long)h * 41);
}

/* The resources a container has are those it asks for, at once. */
static void set_resources(struct life *l, struct json *s, const struct json *c)
{
	const struct json *r = json_get(c, "resources"), *requests = json_get(r, "requests");

	if (json_count(requests))
		json_set(l->a, s, "allocatedResources", json_copy(l->a, requests));
	else
		json_del(s, "allocatedResources");
	json_set(l->a, s, "resources", r ? json_copy(l->a, r) : json_object(l->a));
}

static struct json *status_of(struct life *l, const struct json *c, struct json *state, bool up)
{
	const char *image = json_path_str(c, "image");
	struct json *s = json_build(l->a,
				    "{name:%s,state:%j,lastState:{},ready:%b,restartCount:%d,image:%s,"
				    "imageID:%s,containerID:%s,started:%b}",
				    json_path_str(c, "name"), state, up, 0, image,
				    image_id(l->a, image), container_id(l->a), up);

	set_resources(l, s, c);
	return s;
}

static struct json *running(struct life *l)
{
	return json_build(l->a, "{running:{startedAt:%s}}", l->now);
}

static struct json *terminated(struct life *l, int64_t code, const char *started, const char *id)
{
	return json_build(l->a,
			  "{terminated:{exitCode:%l,reason:%s,startedAt:%s,finishedAt:%s,"
			  "containerID:%s}}",
			  code, code ? "Error" : "Completed", started, l->now, id);
}

static void start_init(struct life *l)
{
	struct json *list;

	if (!json_count(json_path(l->pod, "spec.initContainers")))
		return;
	list = json_set(l->a, l->status, "initContainerStatuses", json_array(l->a));
	json_each(c, json_path(l->pod, "spec.initContainers")) {
		bool sidecar = !strcmp(json_path_str(c, "restartPolicy"), "Always");
		struct json *s = status_of(l, c, running(l), true);

		if (!sidecar) {
			json_set(l->a, s, "state",
				 terminated(l, 0, l->now, json_path_str(s, "containerID")));
			json_set_bool(l->a, s, "started", false);
		}
		json_append(list, s);
	}
}

static void start_containers(struct life *l)
{
	struct json *list = json_set(l->a, l->status, "containerStatuses", json_array(l->a));

	json_each(c, json_path(l->pod, "spec.containers"))
		json_append(list, status_of(l, c, running(l), true));
}

static struct json *ip_list(struct arena *a, const char *ip)
{
	struct json *list = json_array(a);

	json_append(list, json_build(a, "{ip:%s}", ip));
	return list;
}

static void start(struct life *l)
{
	json_set_str(l->a, l->status, "phase", "Running");
	json_set_str(l->a, l->status, "hostIP", l->node_ip);
	json_set(l->a, l->status, "hostIPs", ip_list(l->a, l->node_ip));
	json_set_str(l->a, l->status, "podIP", l->pod_ip);
	json_set(l->a, l->status, "podIPs", ip_list(l->a, l->pod_ip));
	json_set_str(l->a, l->status, "startTime", l->now);
	start_init(l);
	start_containers(l);
}

/* ---- changes of a running pod's spec ---- */

static struct json *named(struct json *list, const char *name)
{
	json_each(s, list)
		if (!strcmp(json_path_str(s, "name"), name))
			return s;
	return NULL;
}

/* Debug containers that were added; they are never ready. */
static void start_ephemeral(struct life *l)
{
	json_each(c, json_path(l->pod, "spec.ephemeralContainers")) {
		struct json *list = json_ensure_array(l->a, l->status, "ephemeralContainerStatuses");
		struct json *s;

		if (named(list, json_path_str(c, "name")))
			continue;
		s = status_of(l, c, running(l), false);
		json_del(s, "started");
		json_append(list, s);
	}
}

static void follow_resize(struct life *l)
{
	static const char *const lists[][2] = { { "containers", "containerStatuses" },
						{ "initContainers", "initContainerStatuses" } };

	for (size_t i = 0; i < 2; i++)
		json_each(c, json_get(json_get(l->pod, "spec"), lists[i][0])) {
			struct json *s =
				named(json_get(l->status, lists[i][1]), json_path_str(c, "name"));

			if (json_path(s, "state.running"))
				set_resources(l, s, c);
		}
}

/* ---- ends and restarts ---- */

static void look_in(struct life *l, int64_t us)
{
	int64_t ms = us / 1000 + 1;

	if (!l->after_ms || ms < l->after_ms)
		l->after_ms = ms;
}

static void crash(struct life *l, struct json *s, struct json *end)
{
	int64_t n = json_path_int(s, "restartCount", 0);

	json_set(l->a, s, "lastState", end);
	json_set(l->a, s, "state",
		 json_build(l->a, "{waiting:{reason:%s,message:%s}}", "CrashLoopBackOff",
			    "back-off restarting failed container"));
	json_set_int(l->a, s, "restartCount", n + 1);
	json_set_bool(l->a, s, "ready", false);
	json_set_bool(l->a, s, "started", false);
}

/* End whatever still runs. */
static void stop_all(struct life *l, int64_t code)
{
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses",
					     "ephemeralContainerStatuses" };

	for (size_t i = 0; i < 3; i++)
		json_each(s, json_get(l->status, lists[i])) {
			if (json_path(s, "state.running"))
				json_set(l->a, s, "state",
					 terminated(l, code,
						    json_path_str(s, "state.running.startedAt"),
						    json_path_str(s, "containerID")));
			json_set_bool(l->a, s, "ready", false);
			if (json_get(s, "started"))
				json_set_bool(l->a, s, "started", false);
		}
}

static bool too_long(struct life *l)
{
	int64_t limit_s = json_path_int(l->pod, "spec.activeDeadlineSeconds", 0), since_us, left_us;

	if (limit_s <= 0 || !time_parse(json_path_str(l->status, "startTime"), &since_us))
		return false;
	left_us = since_us + limit_s * 1000000 - l->now_us;
	if (left_us > 0) {
		look_in(l, left_us);
		return false;
	}
	stop_all(l, 137);
	json_set_str(l->a, l->status, "phase", "Failed");
	json_set_str(l->a, l->status, "reason", "DeadlineExceeded");
	json_set_str(l->a, l->status, "message",
		     "Pod was active on the node longer than the specified deadline");
	return true;
}

static void end_or_wait(struct life *l, struct json *s, const struct json *c, bool retry)
{
	const char *started = json_path_str(s, "state.running.startedAt");
	int64_t since_us, ns = run_ns(l, c), left_us;
	struct json *end;

	if (ns == INT64_MAX || !time_parse(started, &since_us))
		return;
	left_us = since_us + ns / 1000 - l->now_us;
	if (left_us > 0) {
		look_in(l, left_us);
		return;
	}
	end = terminated(l, exit_code(l), started, json_path_str(s, "containerID"));
	if (retry && exit_code(l)) {
		crash(l, s, end);
		look_in(l, BACKOFF_S * 1000000L);
		return;
	}
	json_set(l->a, s, "state", end);
	json_set_bool(l->a, s, "ready", false);
	json_set_bool(l->a, s, "started", false);
}

static void restart_or_wait(struct life *l, struct json *s)
{
	int64_t n = json_path_int(s, "restartCount", 0), wait_s = BACKOFF_S, ended_us;

	for (int64_t i = 1; i < n && wait_s < BACKOFF_MAX_S; i++)
		wait_s *= 2;
	if (wait_s > BACKOFF_MAX_S)
		wait_s = BACKOFF_MAX_S;
	if (!time_parse(json_path_str(s, "lastState.terminated.finishedAt"), &ended_us))
		ended_us = 0;
	if (l->now_us < ended_us + wait_s * 1000000) {
		look_in(l, ended_us + wait_s * 1000000 - l->now_us);
		return;
	}
	json_set(l->a, s, "state", running(l));
	json_set_str(l->a, s, "containerID", container_id(l->a));
	json_set_bool(l->a, s, "ready", true);
	json_set_bool(l->a, s, "started", true);
}

static const struct json *container_named(const struct life *l, const char *name)
{
	json_each(c, json_path(l->pod, "spec.containers"))
		if (!strcmp(json_path_str(c, "name"), name))
			return c;
	return NULL;
}

static void move_on(struct life *l)
{
	bool retry = strcmp(json_path_str(l->pod, "spec.restartPolicy"), "Never") != 0;
	bool all = true, failed = false;

	json_each(s, json_get(l->status, "containerStatuses")) {
		if (json_path(s, "state.running"))
			end_or_wait(l, s, container_named(l, json_path_str(s, "name")), retry);
		else if (json_path(s, "state.waiting"))
			restart_or_wait(l, s);
		all = all && json_path(s, "state.terminated");
		failed = failed || json_path_int(s, "state.terminated.exitCode", 0);
	}
	if (!all)
		return;
	stop_all(l, 0); /* sidecars and debug containers end with the pod */
	json_set_str(l->a, l->status, "phase", failed ? "Failed" : "Succeeded");
}

/* Containers that run become ready after the annotation's time. */
static void warm_up(struct life *l)
{
	const char *an = meta_annotation(l->pod, ANNOTATION_READY_AFTER);
	int64_t ns, since_us, left_us;

	if (!an || !duration_parse(an, &ns))
		return;
	json_each(s, json_get(l->status, "containerStatuses")) {
		if (!time_parse(json_path_str(s, "state.running.startedAt"), &since_us))
			continue;
		left_us = since_us + ns / 1000 - l->now_us;
		json_set_bool(l->a, s, "ready", left_us <= 0);
		if (left_us > 0)
			look_in(l, left_us);
	}
}

/* ---- conditions ---- */

static const char *gates_closed(struct life *l)
{
	json_each(g, json_path(l->pod, "spec.readinessGates")) {
		const char *type = json_path_str(g, "conditionType");
		const struct json *c = meta_condition(l->pod, type);

		if (!c)
			return arena_printf(l->a,
					    "corresponding condition of pod readiness gate \"%s\" does "
					    "not exist.",
					    type);
		if (strcmp(json_path_str(c, "status"), "True"))
			return arena_printf(
				l->a,
				"the status of pod readiness gate \"%s\" is not \"True\", but %s",
				type, json_path_str(c, "status"));
	}
	return NULL;
}

/* `containers with unready status: [a b]`, or NULL when all are ready. */
static const char *unready(struct life *l)
{
	const char *names = NULL;

	json_each(s, json_get(l->status, "containerStatuses"))
		if (!json_path_bool(s, "ready", false))
			names = arena_printf(l->a, "%s%s%s", names ? names : "", names ? " " : "",
					     json_path_str(s, "name"));
	return names ? arena_printf(l->a, "containers with unready status: [%s]", names) : NULL;
}

static void condition(struct life *l, const char *type, bool yes, const char *reason,
		      const char *message)
{
	struct json *c;

	meta_set_condition(l->a, l->pod, type, yes ? "True" : "False", yes ? "" : reason,
			   yes || !message ? "" : message, false);
	c = meta_condition(l->pod, type);
	if (!*json_path_str(c, "reason"))
		json_del(c, "reason");
	if (!*json_path_str(c, "message"))
		json_del(c, "message");
}

static void set_conditions(struct life *l)
{
	const char *phase = json_path_str(l->status, "phase");
	bool done = !strcmp(phase, "Succeeded"), failed = !strcmp(phase, "Failed");
	const char *waits = done || failed ? NULL : unready(l);
	const char *why = done ? "PodCompleted" : failed ? "PodFailed" : "ContainersNotReady";
	bool ready = !done && !failed && !waits;
	const char *closed = ready ? gates_closed(l) : NULL;

	condition(l, "PodReadyToStartContainers", !done && !failed, "", NULL);
	condition(l, "Initialized", true, done ? "PodCompleted" : "", NULL);
	condition(l, "Ready", ready && !closed, closed ? "ReadinessGatesNotReady" : why,
		  closed ? closed : waits);
	condition(l, "ContainersReady", ready, why, waits);
	condition(l, "PodScheduled", true, "", NULL);
}

bool pod_end(struct arena *a, struct json *pod, int64_t now_us)
{
	struct life l = { .a = a, .pod = pod, .now_us = now_us };
	const char *phase = json_path_str(pod, "status.phase");

	l.status = json_ensure_object(a, pod, "status");
	time_format(now_us / 1000000, l.now);
	if (!strcmp(phase, "Succeeded") || !strcmp(phase, "Failed"))
		return false;
	stop_all(&l, 143);
	json_set_str(a, l.status, "phase", "Failed");
	set_conditions(&l);
	return true;
}

bool pod_life(struct arena *a, struct json *pod, const char *node_ip, const char *pod_ip,
	      int64_t now_us, int64_t *after_ms)
{
	struct life l = { .a = a, .pod = pod, .node_ip = node_ip, .pod_ip = pod_ip, .now_us = now_us };
	const struct json *before;
	const char *phase;

	l.status = json_ensure_object(a, pod, "status");
	before = json_copy(a, l.status);
	time_format(now_us / 1000000, l.now);
	phase = json_path_str(l.status, "phase");
	if (!strcmp(phase, "Succeeded") || !strcmp(phase, "Failed"))
		return false;
	if (!json_get(l.status, "startTime"))
		start(&l);
	start_ephemeral(&l);
	follow_resize(&l);
	if (!too_long(&l) && ends(&l))
		move_on(&l);
	warm_up(&l);
	set_conditions(&l);
	json_set_int(a, l.status, "observedGeneration", meta_generation(pod));
	*after_ms = l.after_ms;
	return !json_equal(before, json_get(pod, "status"));
}
