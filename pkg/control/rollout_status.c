/*
 * The status of a Deployment: counts, Available, Progressing with its deadline, ReplicaFailure.
 * k8s: pkg/controller/deployment/progress.go, sync.go (calculateStatus).
 */
#include "control/rollout.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct counts {
	int64_t replicas, updated, ready, available, unavailable;
};

static struct counts count(const struct rollout *r)
{
	struct counts c = { .replicas = rollout_sum_status(r),
			    .updated = r->fresh ? r->fresh->replicas : 0,
			    .ready = rollout_sum_ready(r),
			    .available = rollout_sum_available(r) };

	c.unavailable = rollout_sum_spec(r, false) - c.available;
	if (c.unavailable < 0)
		c.unavailable = 0;
	return c;
}

static bool complete(const struct rollout *r, const struct counts *c)
{
	return c->updated == r->want && c->replicas == r->want && c->available == r->want;
}

bool rollout_complete(const struct rollout *r)
{
	struct counts c = count(r);

	return complete(r, &c) &&
	       json_path_int(r->tree, "status.observedGeneration", 0) >= r->obj->generation;
}

int64_t rollout_deadline(const struct json *deployment)
{
	int64_t s = json_path_int(deployment, "spec.progressDeadlineSeconds", 0);

	return s < INT32_MAX ? s : 0;
}

static bool progressing(const struct counts *c, const struct json *old)
{
	int64_t replicas = json_path_int(old, "replicas", 0);
	int64_t updated = json_path_int(old, "updatedReplicas", 0);

	return c->updated > updated || c->replicas - c->updated < replicas - updated ||
	       c->ready > json_path_int(old, "readyReplicas", 0) ||
	       c->available > json_path_int(old, "availableReplicas", 0);
}

/* Has the Progressing condition stood still for longer than the deadline?  If not yet, *left_ms is the time
 * that remains. */
static bool timed_out(const struct rollout *r, const struct json *cond, int64_t *left_ms)
{
	int64_t since_us, deadline_s = rollout_deadline(r->tree);
	const char *reason = json_path_str(cond, "reason");

	if (!cond || !strcmp(reason, "NewReplicaSetAvailable"))
		return false;
	if (!strcmp(reason, "ProgressDeadlineExceeded"))
		return true;
	if (!time_parse(json_path_str(cond, "lastUpdateTime"), &since_us))
		return false;
	*left_ms = since_us / 1000 + deadline_s * 1000 - clock_now_us() / 1000;
	return *left_ms < 0;
}

static const char *subject(const struct rollout *r)
{
	return r->fresh ? arena_printf(r->t->call.a, "ReplicaSet \"%s\"", r->fresh->obj->name) :
			  arena_printf(r->t->call.a, "Deployment \"%s\"", r->obj->name);
}

static void set_progress(struct rollout *r, struct json *o, const struct counts *c,
			 const struct json *old)
{
	struct arena *a = r->t->call.a;
	struct json *cond = meta_condition(o, "Progressing");
	int64_t left_ms = 0;

	if (c->replicas == c->updated &&
	    !strcmp(json_path_str(cond, "reason"), "NewReplicaSetAvailable"))
		return;
	if (complete(r, c)) {
		meta_set_condition(a, o, "Progressing", "True", "NewReplicaSetAvailable",
				   arena_printf(a, "%s has successfully progressed.", subject(r)),
				   true);
		return;
	}
	if (progressing(c, old)) {
		/* A step forward restarts the deadline even if reason and message stay. */
		json_del(cond, "message");
		meta_set_condition(a, o, "Progressing", "True", "ReplicaSetUpdated",
				   arena_printf(a, "%s is progressing.", subject(r)), true);
	} else if (timed_out(r, cond, &left_ms)) {
		meta_set_condition(a, o, "Progressing", "False", "ProgressDeadlineExceeded",
				   arena_printf(a, "%s has timed out progressing.", subject(r)),
				   true);
		return;
	}
	if (!timed_out(r, meta_condition(o, "Progressing"), &left_ms) && left_ms > 0)
		r->after_ms = left_ms + 1000;
}

static void drop_condition(struct json *o, const char *type)
{
	struct json *c = meta_condition(o, type);

	if (c)
		json_detach(json_path(o, "status.conditions"), c);
}

static void set_failure(struct rollout *r, struct json *o)
{
	const struct json *c = NULL;

	if (r->fresh)
		c = meta_condition(r->fresh->tree, "ReplicaFailure");
	for (size_t i = 0; !c && i < r->nall; i++)
		c = meta_condition(r->all[i].tree, "ReplicaFailure");
	if (c)
		meta_set_condition(r->t->call.a, o, "ReplicaFailure", json_path_str(c, "status"),
				   json_path_str(c, "reason"), json_path_str(c, "message"), true);
	else
		drop_condition(o, "ReplicaFailure");
}

static void set_available(struct rollout *r, struct json *o, const struct counts *c)
{
	if (c->available >= r->want - r->unavailable)
		meta_set_condition(r->t->call.a, o, "Available", "True", "MinimumReplicasAvailable",
				   "Deployment has minimum availability.", true);
	else
		meta_set_condition(r->t->call.a, o, "Available", "False",
				   "MinimumReplicasUnavailable",
				   "Deployment does not have minimum availability.", true);
}

static void put(struct arena *a, struct json *s, const char *name, int64_t n)
{
	if (n)
		json_set_int(a, s, name, n);
	else
		json_del(s, name);
}

static int64_t terminating(const struct rollout *r)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->nall; i++)
		n += json_path_int(r->all[i].tree, "status.terminatingReplicas", 0);
	return n;
}

static void set_counts(struct rollout *r, struct json *s, const struct counts *c)
{
	struct arena *a = r->t->call.a;

	json_set_int(a, s, "observedGeneration", r->obj->generation);
	put(a, s, "replicas", c->replicas);
	put(a, s, "updatedReplicas", c->updated);
	put(a, s, "readyReplicas", c->ready);
	put(a, s, "availableReplicas", c->available);
	put(a, s, "unavailableReplicas", c->unavailable);
	json_set_int(a, s, "terminatingReplicas", terminating(r));
}

struct update {
	struct rollout *r;
	bool progress;
};

static bool change(struct call *call, struct json *o, void *arg, struct status *st)
{
	struct update *u = arg;
	struct rollout *r = u->r;
	struct counts c = count(r);
	const struct json *old = json_copy(call->a, json_get(o, "status"));
	struct json *s = json_ensure_object(call->a, o, "status");

	(void)st;
	if (strcmp(meta_uid(o), r->obj->uid))
		return false;
	set_counts(r, s, &c);
	set_available(r, o, &c);
	if (!rollout_deadline(r->tree))
		drop_condition(o, "Progressing");
	else if (u->progress)
		set_progress(r, o, &c, old);
	set_failure(r, o);
	return !json_equal(old, json_get(o, "status"));
}

bool rollout_status(struct rollout *r, bool progress, struct status *st)
{
	struct update u = { r, progress };

	return task_change(r->t, r->kind, "status", r->obj->ns, r->obj->name, change, &u, st);
}
