/*
 * job: runs pods until enough of them have succeeded.
 *
 * Read the pods, judge, make or stop pods, look again, count.  Pods whose Job is gone, done or another one by
 * the same name would be held for ever by the tracking finalizer: they are let go under the name of the Job
 * their reference names, or under "/NAME" of their own when nobody owns them any more.
 * k8s: pkg/controller/job/job_controller.go.
 */
#include "control/claim.h"
#include "control/control.h"
#include "control/jobs.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

#define MANAGER "kubernetes.io/job-controller"

static void read_spec(struct job *j)
{
	const struct json *spec = json_get(j->tree, "spec");
	const char *manner = json_path_str(spec, "podReplacementPolicy");

	j->indexed = !strcmp(json_path_str(spec, "completionMode"), "Indexed");
	j->per_index = j->indexed && json_get(spec, "backoffLimitPerIndex");
	j->index_limit = json_path_int(spec, "backoffLimitPerIndex", 0);
	j->suspended = json_path_bool(spec, "suspend", false);
	j->only_failed = !strcmp(manner, "Failed") || json_get(spec, "podFailurePolicy");
	j->any = !json_get(spec, "completions");
	j->parallelism = json_path_int(spec, "parallelism", 1);
	j->completions = json_path_int(spec, "completions", 0);
	j->backoff_limit = json_path_int(spec, "backoffLimit", 6);
}

static void start_clock(struct job *j)
{
	char now[TIME_LEN];

	time_format(clock_now_s(), now);
	json_set_str(j->t->call.a, j->status, "startTime", now);
}

static void tell_suspension(struct job *j)
{
	if (j->suspended) {
		if (!job_condition(j, "Suspended", "True", "JobSuspended", "Job suspended"))
			return;
		task_event(j->t, j->kind, j->obj, "Normal", "Suspended", "Job suspended");
		json_del(j->status, "startTime");
	} else if (job_condition(j, "Suspended", "False", "JobResumed", "Job resumed")) {
		task_event(j->t, j->kind, j->obj, "Normal", "Resumed", "Job resumed");
		start_clock(j);
	}
}

static bool enough(const struct job *j)
{
	return !j->active && (j->any ? j->succeeded > 0 : j->succeeded >= j->completions);
}

/* Stop, or go on; either changes pods, which are then read again. */
static bool act(struct job *j, struct status *st)
{
	struct status failure = STATUS_INIT;
	bool ok = true, ending = j->verdict.type;

	if (ending)
		ok = job_stop_pods(j, &failure);
	else if (!j->obj->deleted_s)
		ok = job_manage(j, &failure);
	if (!job_read_pods(j, ok ? st : NULL)) {
		status_clear(&failure);
		return false;
	}
	if (ending && j->active)
		j->verdict.type = NULL; /* not all could be stopped: not yet */
	if (!ending && enough(j))
		j->verdict = (struct verdict){ "SuccessCriteriaMet", "CompletionsReached",
					       "Reached expected number of succeeded pods" };
	else if (!ending && !j->obj->deleted_s)
		tell_suspension(j);
	if (ok)
		return true;
	status_move(st, &failure);
	return false;
}

static void write_counts(struct job *j)
{
	struct arena *a = j->t->call.a;

	if (j->active)
		json_set_int(a, j->status, "active", j->active);
	else
		json_del(j->status, "active");
	json_set_int(a, j->status, "ready", j->ready);
	json_set_int(a, j->status, "terminating", j->terminating);
}

static bool sync(struct job *j, struct status *st)
{
	STATUS_AUTO struct status failure = STATUS_INIT;
	bool ok;

	if (!job_read_pods(j, st))
		return false;
	if (!json_get(j->status, "startTime") && !j->suspended)
		start_clock(j);
	job_judge(j);
	ok = act(j, &failure);
	write_counts(j);
	if (!job_track(j, st))
		return false;
	if (ok)
		return true;
	status_move(st, &failure);
	return false;
}

static bool is_over(const struct json *status)
{
	return job_has_condition(status, "Complete") || job_has_condition(status, "Failed");
}

/* ---- pods nobody counts ---- */

struct leftover {
	const char *job, *uid; /* uid: of the Job that counts; "" = none does */
};

static bool is_leftover(const struct obj *pod, void *arg)
{
	const struct leftover *l = arg;
	const struct owner *c = obj_controller(pod);

	return pod->finalizers && c && !strcmp(c->kind, "Job") && !strcmp(c->name, l->job) &&
	       strcmp(c->uid, l->uid);
}

static bool release_leftovers(struct task *t, struct key key, const char *uid, struct status *st)
{
	const struct kind *pods = kinds_by_resource(api_kinds(t->call.api), "", "v1", "pods");
	struct leftover l = { key.name, uid };
	struct store_list found;
	bool ok = true;

	store_list(api_table(t->call.api, pods), key.ns, NULL, NULL, 0, is_leftover, &l, &found);
	for (size_t i = 0; ok && i < found.n; i++)
		ok = job_release_pod(t, found.items[i], st);
	store_list_free(&found);
	return ok;
}

static bool release_orphan(struct task *t, struct key key, struct status *st)
{
	const struct kind *pods = kinds_by_resource(api_kinds(t->call.api), "", "v1", "pods");
	const struct obj *o = api_get(&t->call, pods, key.ns, key.name + 1, NULL);

	return !o || obj_controller(o) || job_release_pod(t, o, st);
}

/* ---- the controller ---- */

static bool job_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct arena *a = t->call.a;
	struct job j = { .t = t,
			 .kind = kinds_by_resource(api_kinds(t->call.api), "batch", "v1", "jobs"),
			 .pods = pods_of(t->call.api) };
	const char *manager;
	bool ok;

	if (*key.name == '/')
		return release_orphan(t, key, st);
	j.obj = api_get(&t->call, j.kind, key.ns, key.name, NULL);
	if (!j.obj)
		return release_leftovers(t, key, "", st);
	j.tree = obj_tree(a, j.obj);
	manager = json_path_str(j.tree, "spec.managedBy");
	if (*manager && strcmp(manager, MANAGER))
		return true;
	j.status = json_get(j.tree, "status") ? json_copy(a, json_get(j.tree, "status")) :
						json_object(a);
	if (is_over(j.status))
		return release_leftovers(t, key, "", st);
	read_spec(&j);
	j.sel = selector_from_label_selector(a, json_path(j.tree, "spec.selector"), st);
	ok = j.sel && release_leftovers(t, key, j.obj->uid, st) && sync(&j, st);
	out->after_ms = j.after_ms;
	return ok;
}

static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	const struct obj *o = ev->obj;
	char name[300] = "/";

	claim_offer(q, api, ev, kinds_by_resource(api_kinds(api), "batch", "v1", "jobs"));
	if (ev->type == EVENT_DELETED || !o->finalizers || obj_controller(o))
		return;
	if (ev->prev && !obj_controller(ev->prev) && o->deleted_s == ev->prev->deleted_s)
		return;
	if (strlen(o->name) < sizeof name - 1)
		enqueue_key(q, o->ns, strcat(name, o->name));
}

const struct controller job_controller = {
	.name = "job",
	.source = "job-controller",
	.watch = { { "batch/v1", "Job", NULL }, { "v1", "Pod", map_pod } },
	.reconcile = job_reconcile,
	.workers = 2,
};
