/*
 * node-lifecycle, the part about conditions: what a node says of itself, and whether it is cordoned, becomes
 * taints: nothing new comes to it, and what does not tolerate its silence leaves.
 * k8s: pkg/controller/nodelifecycle/node_lifecycle_controller.go (doNoScheduleTaintingPass, doNoExecuteTaintingPass).
 */
#include "control/control.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static const struct {
	const char *condition, *status, *taint, *effect;
} rules[] = {
	{ "Ready", "False", "node.kubernetes.io/not-ready", "NoSchedule" },
	{ "Ready", "False", "node.kubernetes.io/not-ready", "NoExecute" },
	{ "Ready", "Unknown", "node.kubernetes.io/unreachable", "NoSchedule" },
	{ "Ready", "Unknown", "node.kubernetes.io/unreachable", "NoExecute" },
	{ "MemoryPressure", "True", "node.kubernetes.io/memory-pressure", "NoSchedule" },
	{ "DiskPressure", "True", "node.kubernetes.io/disk-pressure", "NoSchedule" },
	{ "PIDPressure", "True", "node.kubernetes.io/pid-pressure", "NoSchedule" },
	{ "NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable", "NoSchedule" },
	{ NULL, NULL, "node.kubernetes.io/unschedulable", "NoSchedule" },
};

#define RULES (sizeof rules / sizeof *rules)

static bool holds(const struct json *node, size_t i)
{
	const struct json *c;

	if (!rules[i].condition)
		return json_path_bool(node, "spec.unschedulable", false);
	c = meta_condition(node, rules[i].condition);
	return c && !strcmp(json_path_str(c, "status"), rules[i].status);
}

static struct json *find(const struct json *taints, size_t i)
{
	json_each(t, taints)
		if (!strcmp(json_path_str(t, "key"), rules[i].taint) &&
		    !strcmp(json_path_str(t, "effect"), rules[i].effect))
			return t;
	return NULL;
}

/* Taints as they should be; false when they are. */
static bool taint(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct json *spec = json_ensure_object(c->a, o, "spec"), *taints = json_get(spec, "taints");
	bool changed = false;
	char now[TIME_LEN];

	(void)arg;
	(void)st;
	time_format(clock_now_s(), now);
	for (size_t i = 0; i < RULES; i++) {
		struct json *t = find(taints, i);

		if (!t == !holds(o, i))
			continue;
		changed = true;
		if (t) {
			json_detach(taints, t);
			continue;
		}
		taints = json_ensure_array(c->a, spec, "taints");
		json_append(taints, json_build(c->a, "{key:%s,effect:%s,timeAdded:%s}",
					       rules[i].taint, rules[i].effect, now));
	}
	if (changed && !json_count(taints))
		json_del(spec, "taints");
	return changed;
}

static bool taint_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "", "v1", "nodes");

	(void)out;
	return task_change(t, k, NULL, "", key.name, taint, NULL, st);
}

const struct controller node_taint_controller = {
	.name = "node-lifecycle",
	.watch = { { "v1", "Node", map_live } },
	.reconcile = taint_reconcile,
};
