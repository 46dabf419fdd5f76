/*
 * columns_pod: pods and pod templates.
 *
 * The status of a pod is one word out of many container states; struct summary gathers it in the
 * order that kubectl users know: the pod's own reason, then the first init container that is not
 * done, then the containers from the last to the first, then deletion.
 * k8s: pkg/printers/internalversion/printers.go (printPod).
 */
#include "kind/columns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"

#include <string.h>

struct summary {
	struct arena *a;
	const struct json *tree, *status;
	const char *reason;
	int64_t restarts, restarted_s; /* restarted_s 0: never */
	int64_t side_restarts, side_restarted_s;
	size_t total, ready;
};

static const struct json *condition(const struct json *status, const char *type)
{
	json_each(c, json_get(status, "conditions"))
		if (!strcmp(json_path_str(c, "type"), type))
			return c;
	return NULL;
}

static bool condition_true(const struct json *status, const char *type)
{
	return !strcmp(json_path_str(condition(status, type), "status"), "True");
}

static bool is_sidecar(const struct json *tree, const char *name)
{
	json_each(c, json_path(tree, "spec.initContainers"))
		if (!strcmp(json_path_str(c, "name"), name))
			return !strcmp(json_path_str(c, "restartPolicy"), "Always");
	return false;
}

static void later(int64_t *when, const struct json *container)
{
	int64_t s;

	if (cell_time(json_path_str(container, "lastState.terminated.finishedAt"), &s) && s > *when)
		*when = s;
}

/* Why a container ended: its reason, signal or exit code. */
static const char *end_reason(struct summary *s, const struct json *terminated)
{
	const char *reason = json_path_str(terminated, "reason");
	long long signal = json_path_int(terminated, "signal", 0);

	if (reason[0])
		return reason;
	if (signal)
		return arena_printf(s->a, "Signal:%lld", signal);
	return arena_printf(s->a, "ExitCode:%lld",
			    (long long)json_path_int(terminated, "exitCode", 0));
}

/* One init container; true when it is done, or runs as a sidecar. */
static bool init_done(struct summary *s, const struct json *c, size_t i)
{
	const struct json *terminated = json_path(c, "state.terminated");
	const char *waiting = json_path_str(c, "state.waiting.reason");
	bool side = is_sidecar(s->tree, json_path_str(c, "name"));

	s->restarts += json_path_int(c, "restartCount", 0);
	later(&s->restarted_s, c);
	if (side) {
		s->side_restarts += json_path_int(c, "restartCount", 0);
		later(&s->side_restarted_s, c);
	}
	if (terminated && json_path_int(terminated, "exitCode", 0) == 0)
		return true;
	if (side && json_path_bool(c, "started", false)) {
		s->ready += json_path_bool(c, "ready", false);
		return true;
	}
	if (terminated)
		s->reason = arena_printf(s->a, "Init:%s", end_reason(s, terminated));
	else if (waiting[0] && strcmp(waiting, "PodInitializing") != 0)
		s->reason = arena_printf(s->a, "Init:%s", waiting);
	else
		s->reason = arena_printf(s->a, "Init:%zu/%zu", i,
					 json_count(json_path(s->tree, "spec.initContainers")));
	return false;
}

static bool init_containers(struct summary *s)
{
	size_t i = 0;

	json_each(c, json_get(s->status, "initContainerStatuses"))
		if (!init_done(s, c, i++))
			return false;
	return true;
}

static void main_containers(struct summary *s)
{
	const struct json *list = json_get(s->status, "containerStatuses");
	const char *error = "";
	bool running = false;

	s->restarts = s->side_restarts;
	s->restarted_s = s->side_restarted_s;
	for (size_t i = json_count(list); i-- > 0;) {
		const struct json *c = json_at(list, i);
		const struct json *terminated = json_path(c, "state.terminated");
		const char *waiting = json_path_str(c, "state.waiting.reason");

		s->restarts += json_path_int(c, "restartCount", 0);
		later(&s->restarted_s, c);
		if (waiting[0]) {
			s->reason = waiting;
		} else if (terminated) {
			s->reason = end_reason(s, terminated);
			if (json_path_int(terminated, "exitCode", 0) != 0)
				error = s->reason;
		} else if (json_path_bool(c, "ready", false) && json_path(c, "state.running")) {
			running = true;
			s->ready++;
		}
	}
	if (strcmp(s->reason, "Completed") != 0)
		return;
	if (running && condition_true(s->status, "Ready"))
		s->reason = "Running";
	else if (error[0])
		s->reason = error;
	else if (running)
		s->reason = "NotReady";
}

static struct summary summarize(struct arena *a, const struct json *tree)
{
	struct summary s = { .a = a, .tree = tree, .status = json_get(tree, "status") };
	const char *phase = json_path_str(s.status, "phase");
	const char *own = json_path_str(s.status, "reason");

	s.reason = own[0] ? own : phase;
	if (!strcmp(json_path_str(condition(s.status, "PodScheduled"), "reason"), "SchedulingGated"))
		s.reason = "SchedulingGated";
	s.total = json_count(json_path(tree, "spec.containers"));
	json_each(c, json_path(tree, "spec.initContainers"))
		s.total += !strcmp(json_path_str(c, "restartPolicy"), "Always");
	if (init_containers(&s) || condition_true(s.status, "Initialized"))
		main_containers(&s);
	if (json_path(tree, "metadata.deletionTimestamp")) {
		if (!strcmp(own, "NodeLost"))
			s.reason = "Unknown";
		else if (strcmp(phase, "Succeeded") != 0 && strcmp(phase, "Failed") != 0)
			s.reason = "Terminating";
	}
	return s;
}

CELL(pod_ready)
{
	struct summary s = summarize(a, tree);

	cell_strf(out, "%zu/%zu", s.ready, s.total);
}

CELL(pod_status)
{
	cell_str(out, summarize(a, tree).reason);
}

CELL(pod_restarts)
{
	struct summary s = summarize(a, tree);

	if (s.restarts && s.restarted_s)
		cell_strf(out, "%lld (%s ago)", (long long)s.restarts,
			  cell_span(a, now_s - s.restarted_s));
	else
		cell_strf(out, "%lld", (long long)s.restarts);
}

CELL(pod_gates)
{
	const struct json *gates = json_path(tree, "spec.readinessGates");
	size_t ok = 0;

	json_each(g, gates)
		ok += condition_true(json_get(tree, "status"), json_path_str(g, "conditionType"));
	if (json_count(gates))
		cell_strf(out, "%zu/%zu", ok, json_count(gates));
	else
		cell_str(out, "<none>");
}

CELL(pod_ip)
{
	const char *ip = json_path_str(tree, "status.podIPs.0.ip");

	cell_or(out, ip[0] ? ip : json_path_str(tree, "status.podIP"), "<none>");
}

const struct column columns_pod[] = {
	COL_NAME,
	COL_FN("Ready", "Containers that are ready, of all that should be.", pod_ready),
	COL_FN("Status", "What the pod's containers are doing, in one word.", pod_status),
	COL_FN("Restarts", "How often containers were restarted, and when last.", pod_restarts),
	COL_AGE,
	COL_WIDE_FN("IP", "The pod's address.", pod_ip),
	COL_WIDE("Node", "The node that the pod is bound to.", "spec.nodeName"),
	COL_WIDE("Nominated Node", "The node that preemption is making room on.",
		 "status.nominatedNodeName"),
	COL_WIDE_FN("Readiness Gates", "Readiness gates that are true, of all.", pod_gates),
	COL_END,
};

CELL(template_containers)
{
	cell_containers(out, a, json_path(tree, "template.spec"));
}

CELL(template_images)
{
	cell_images(out, a, json_path(tree, "template.spec"));
}

CELL(template_labels)
{
	cell_map(out, a, json_path(tree, "template.metadata.labels"));
}

const struct column columns_podtemplate[] = {
	COL_NAME,
	COL_FN("Containers", "Names of the template's containers.", template_containers),
	COL_FN("Images", "Images of the template's containers.", template_images),
	COL_FN("Pod Labels", "Labels of the template.", template_labels),
	COL_END,
};
