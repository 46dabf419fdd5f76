/*
 * Counting pods once: uid into the status, finalizer off, uid into a number.  At most UNCOUNTED_MAX pods a
 * round, which bounds the status.
 */
#include "control/jobs.h"
#include "control/workload.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define UNCOUNTED_MAX 500

/* ---- the status ---- */

bool job_condition(struct job *j, const char *type, const char *status, const char *reason,
		   const char *message)
{
	struct arena *a = j->t->call.a;
	struct json *list = json_get(j->status, "conditions"), *old = NULL, *new;
	char now[TIME_LEN];

	json_each(c, list)
		if (!strcmp(json_path_str(c, "type"), type))
			old = c;
	if (old ? !strcmp(json_path_str(old, "status"), status) &&
			    !strcmp(json_path_str(old, "reason"), reason) &&
			    !strcmp(json_path_str(old, "message"), message) :
		  !strcmp(status, "False"))
		return false;
	time_format(clock_now_s(), now);
	new = json_build(
		a, "{type:%s,status:%s,lastProbeTime:%s,lastTransitionTime:%s,reason:%s,message:%s}",
		type, status, now, now, reason, message);
	list = json_ensure_array(a, j->status, "conditions");
	if (old)
		json_replace(a, list, old, new);
	else
		json_append(list, new);
	return true;
}

static bool put_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct job *j = arg;

	(void)st;
	if (strcmp(meta_uid(o), j->obj->uid) || json_equal(json_get(o, "status"), j->status))
		return false;
	json_set(c->a, o, "status", json_copy(c->a, j->status));
	return true;
}

static bool flush(struct job *j, struct status *st)
{
	return task_change(j->t, j->kind, "status", j->obj->ns, j->obj->name, put_status, j, st);
}

/* ---- finalizers ---- */

static bool drop_finalizer(struct call *c, struct json *o, void *arg, struct status *st)
{
	(void)arg;
	(void)st;
	if (!meta_has_finalizer(o, JOB_FINALIZER))
		return false;
	meta_del_finalizer(c->a, o, JOB_FINALIZER);
	return true;
}

bool job_release_pod(struct task *t, const struct obj *pod, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "", "v1", "pods");

	if (!pod->finalizers ||
	    api_change(&t->call, k, NULL, pod->ns, pod->name, drop_finalizer, NULL, &err) ||
	    status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}

/* ---- a round ---- */

struct round {
	struct jobpod **leaving; /* whose finalizers go */
	size_t n;
	int64_t *done; /* completion indexes */
	size_t ndone;
	bool full;
};

static bool may_leave(struct job *j, struct jobpod *p)
{
	if (j->obj->deleted_s || j->verdict.type || p->succeeded)
		return true;
	if (!p->failed)
		return false;
	/* The next pod of its index must first be told how often it failed. */
	return !j->per_index || p->index < 0 || job_index_last_failed(j, p->index) != p;
}

static void remember(struct job *j, const char *list, const struct jobpod *p)
{
	struct arena *a = j->t->call.a;
	struct json *u = json_ensure_object(a, j->status, "uncountedTerminatedPods");

	json_append(json_ensure_array(a, u, list), json_string(a, p->o->uid));
}

static bool failing(const struct job *j)
{
	return j->verdict.type && strcmp(j->verdict.type, "SuccessCriteriaMet");
}

/* Once a Job fails, what has not ended has failed. */
static void count_failed(struct job *j, struct jobpod *p)
{
	char *message;
	bool counts;

	if (p->uncounted || (!p->failed && !failing(j)) || (j->indexed && p->index < 0))
		return;
	job_pod_policy(j, p, &counts, &message);
	if (counts)
		remember(j, "failed", p);
}

static void count_succeeded(struct job *j, struct jobpod *p, struct round *r)
{
	if (!j->indexed && !p->uncounted)
		remember(j, "succeeded", p);
	else if (j->indexed && p->index >= 0 && !indexes_has(&j->done_before, p->index))
		r->done[r->ndone++] = p->index;
}

static size_t uncounted(const struct job *j)
{
	const struct json *u = json_get(j->status, "uncountedTerminatedPods");

	return json_count(json_get(u, "succeeded")) + json_count(json_get(u, "failed"));
}

static void pick(struct job *j, struct round *r)
{
	struct arena *a = j->t->call.a;

	r->leaving = arena_alloc(a, (j->n + 1) * sizeof(*r->leaving));
	r->done = arena_alloc(a, (j->n + 1) * sizeof(*r->done));
	for (size_t i = 0; i < j->n && !r->full; i++) {
		struct jobpod *p = &j->all[i];

		if (!p->tracked || !may_leave(j, p))
			continue;
		r->leaving[r->n++] = p;
		if (p->succeeded)
			count_succeeded(j, p, r);
		else
			count_failed(j, p);
		r->full = r->ndone + uncounted(j) >= UNCOUNTED_MAX;
	}
}

/* Of those in the list whose finalizer is gone the number is added to total. */
static void settle(struct job *j, const char *list, const char *total)
{
	struct arena *a = j->t->call.a;
	struct json *u = json_get(j->status, "uncountedTerminatedPods"), *uids = json_get(u, list);
	int64_t n = json_path_int(j->status, total, 0);
	struct json *next;

	for (struct json *e = json_first(uids); e; e = next) {
		bool tracked = false;

		next = json_next(e);
		for (size_t i = 0; i < j->n && !tracked; i++)
			tracked = j->all[i].tracked && !strcmp(j->all[i].o->uid, json_str(e));
		if (tracked)
			continue;
		json_detach(uids, e);
		n++;
	}
	if (uids && !json_count(uids))
		json_del(u, list);
	status_count(a, j->status, total, n, false);
}

static void settle_all(struct job *j)
{
	/* With indexes the successes are the completed indexes. */
	if (!j->indexed)
		settle(j, "succeeded", "succeeded");
	settle(j, "failed", "failed");
}

static void write_indexes(struct job *j, struct round *r)
{
	struct arena *a = j->t->call.a;
	struct indexes now = indexes_of(a, r->done, r->ndone);
	struct indexes all = indexes_union(a, &j->done_before, &now);
	const char *text = indexes_text(a, &all);

	status_count(a, j->status, "succeeded", indexes_total(&all), false);
	if (*text)
		json_set_str(a, j->status, "completedIndexes", text);
	else
		json_del(j->status, "completedIndexes");
	if (j->per_index)
		json_set_str(a, j->status, "failedIndexes", indexes_text(a, &j->lost));
}

/* ---- the end ---- */

/* The interim condition, before any finalizer goes. */
static void announce(struct job *j)
{
	struct verdict *v = &j->verdict;

	if (!v->type || !strcmp(v->type, "Failed"))
		return;
	job_condition(j, v->type, "True", v->reason, v->message);
	v->type = !strcmp(v->type, "FailureTarget") ? "Failed" : "Complete";
}

static bool conclude(struct job *j, const struct round *r)
{
	const struct verdict *v = &j->verdict;
	char now[TIME_LEN];

	if (!v->type || r->full || uncounted(j) || j->terminating)
		return false;
	if (!job_condition(j, v->type, "True", v->reason, v->message))
		return false;
	time_format(clock_now_s(), now);
	if (!strcmp(v->type, "Complete"))
		json_set_str(j->t->call.a, j->status, "completionTime", now);
	return true;
}

/* The recorder keeps the pointer, and a recalled reason lives in the arena. */
static const char *lasting(const char *reason)
{
	static const char *const reasons[] = { "PodFailurePolicy", "BackoffLimitExceeded",
					       "DeadlineExceeded", "MaxFailedIndexesExceeded",
					       "FailedIndexes" };

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (!strcmp(reasons[i], reason))
			return reasons[i];
	return "Failed";
}

static void tell_end(struct job *j)
{
	if (strcmp(j->verdict.type, "Complete")) {
		task_event(j->t, j->kind, j->obj, "Warning", lasting(j->verdict.reason), "%s",
			   j->verdict.message);
		return;
	}
	if (!j->any && json_path_int(j->status, "succeeded", 0) > j->completions)
		task_event(j->t, j->kind, j->obj, "Warning", "TooManySucceededPods",
			   "Too many succeeded pods running after completion count reached");
	task_event(j->t, j->kind, j->obj, "Normal", "Completed", "Job completed");
}

bool job_track(struct job *j, struct status *st)
{
	struct round r = { 0 };
	bool ok = true, ended;

	json_ensure_object(j->t->call.a, j->status, "uncountedTerminatedPods");
	settle_all(j);
	pick(j, &r);
	if (j->indexed)
		write_indexes(j, &r);
	announce(j);
	if (!flush(j, st))
		return false;
	for (size_t i = 0; i < r.n && ok; i++) {
		ok = job_release_pod(j->t, r.leaving[i]->o, st);
		r.leaving[i]->tracked = !ok;
	}
	settle_all(j);
	ended = ok && conclude(j, &r);
	if (!flush(j, ok ? st : NULL) || !ok)
		return false;
	if (ended)
		tell_end(j);
	if (r.full)
		j->after_ms = 1;
	return true;
}
