/*
 * job_ttl: deletes Jobs that have ended, spec.ttlSecondsAfterFinished after their end.
 * k8s: pkg/controller/ttlafterfinished.
 */
#include "control/control.h"

#include "base/clock.h"
#include "obj/json.h"

#include <string.h>

/* When the Job ended, in microseconds; false while it has not. */
static bool ended_us(const struct json *job, int64_t *us)
{
	json_each(c, json_path(job, "status.conditions")) {
		const char *type = json_path_str(c, "type");

		if (strcmp(type, "Complete") && strcmp(type, "Failed"))
			continue;
		if (!strcmp(json_path_str(c, "status"), "True"))
			return time_parse(json_path_str(c, "lastTransitionTime"), us);
	}
	return false;
}

static bool job_ttl_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "batch", "v1", "jobs");
	const struct obj *o = api_get(&t->call, k, key.ns, key.name, NULL);
	struct delete_options opts = { .grace_s = -1, .propagation = PROPAGATE_FOREGROUND };
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct json *job;
	int64_t us, left_ms, ttl;
	bool gone;

	if (!o || o->deleted_s)
		return true;
	job = obj_tree(t->call.a, o);
	ttl = json_path_int(job, "spec.ttlSecondsAfterFinished", -1);
	if (ttl < 0 || !ended_us(job, &us))
		return true;
	left_ms = ttl * 1000 - (clock_now_us() - us) / 1000;
	if (left_ms > 0) {
		out->after_ms = left_ms;
		return true;
	}
	opts.uid = o->uid;
	if (api_delete(&t->call, k, o->ns, o->name, &opts, &gone, &err) ||
	    status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}

const struct controller job_ttl_controller = {
	.name = "ttl-after-finished",
	.source = "ttl-after-finished-controller",
	.watch = { { "batch/v1", "Job", NULL } },
	.reconcile = job_ttl_reconcile,
};
