/*
 * scheduler: binds pods to nodes, for hosts that do not schedule themselves.
 *
 * The feed keeps an index of nodes and occupants (placement) and a table of pods waiting for a node.  A pass
 * takes what waits, highest priority first, chooses a node for each while counting the choices made before it,
 * and binds them all in one commit.  A pod that fits nowhere is told why and waits until something changes
 * that may help it: a node, the end of another pod, the pod itself; or UNSCHEDULABLE_MS.  Less important pods
 * may have to make room for it (preemption).  Claims may have to be bound first (scheduler_volumes).  Pods with
 * another schedulerName or with gates are left alone.  k8s: pkg/scheduler/schedule_one.go, backend/queue.
 */
#include "control/control.h"
#include "control/neighbors.h"
#include "control/placement.h"
#include "control/pods.h"
#include "control/preemption.h"
#include "control/scheduler_feed.h"
#include "control/scheduler_volumes.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASS_MAX 512
#define BACKOFF_MIN_MS 100 /* after a bind that did not go through */
#define BACKOFF_MAX_MS 10000
#define UNSCHEDULABLE_MS 300000
#define VOLUMES_MS 600000 /* that is how long claims may take to be bound */

/* ---- a pass ---- */

struct candidate {
	const struct obj *pod;
	struct json *tree;
	int64_t priority;
	const char *node, *why;
	struct sacrifice sacrifice; /* who leaves for it; n 0 = nobody */
	struct pod_claims *claims;  /* NULL = it has none */
};

static int by_priority(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->pod->created_s != b->pod->created_s)
		return a->pod->created_s < b->pod->created_s ? -1 : 1;
	return a->pod->rev < b->pod->rev ? -1 : a->pod->rev > b->pod->rev;
}

/* Those whose time has come, at most PASS_MAX, the most important ones. */
static size_t take_due(struct scheduler *s, struct arena *a, struct candidate *out)
{
	struct candidate *all = arena_alloc(a, (map_count(s->waiting) + 1) * sizeof(*all));
	int64_t now = clock_mono_ns();
	size_t it = 0, n = 0;
	void *v;

	while (map_next(s->waiting, &it, NULL, &v)) {
		const struct waiting *w = v;

		if (w->not_before_ns <= now)
			all[n++] = (struct candidate){ .pod = w->pod, .priority = w->priority };
	}
	qsort(all, n, sizeof(*all), by_priority);
	n = n < PASS_MAX ? n : PASS_MAX;
	for (size_t i = 0; i < n; i++) {
		out[i] = all[i];
		out[i].pod = obj_hold(a, all[i].pod);
		out[i].tree = obj_tree(a, all[i].pod);
	}
	return n;
}

/* Milliseconds until another pass has something to do; 0 when nothing waits. */
static int64_t next_due_ms(struct scheduler *s)
{
	int64_t now = clock_mono_ns(), next = 0;
	size_t it = 0;
	void *v;

	while (map_next(s->waiting, &it, NULL, &v)) {
		const struct waiting *w = v;
		int64_t left = w->not_before_ns > now ? (w->not_before_ns - now) / 1000000 + 1 : 1;

		if (!next || left < next)
			next = left;
	}
	return next;
}

/* ---- rules between pods: looked up only when some pod has any ---- */

static bool placed(const struct obj *o, void *pods)
{
	return *pod_node(pods, o) && !pod_finished(pods, o);
}

/* Where everybody is: bound pods from memory, and the choices of this pass. */
static struct neighbors *neighborhood(struct scheduler *s, struct arena *a,
				      const struct candidate *c, size_t n)
{
	struct neighbors *all = neighbors_new(a, s->api, s->place);
	struct store_list l;

	store_list(api_table(s->api, s->pods.kind), "", NULL, NULL, 0, placed, &s->pods, &l);
	for (size_t i = 0; i < l.n; i++) {
		const struct obj *o = obj_hold(a, l.items[i]);
		bool shy = map_get(s->shy, o->uid);

		neighbors_add(all, o, placement_find(s->place, pod_node(&s->pods, o)),
			      shy ? json_get(obj_tree(a, o), "spec") : NULL);
	}
	store_list_free(&l);
	for (size_t i = 0; i < n; i++) {
		const struct json *spec = json_get(c[i].tree, "spec");

		if (c[i].node)
			neighbors_add(all, c[i].pod, placement_find(s->place, c[i].node),
				      neighbors_shy(spec) ? spec : NULL);
	}
	return all;
}

/* What one pass has looked up, when it needed it. */
struct pass {
	struct scheduler *s;
	struct arena *a;
	struct candidate *all;
	struct neighbors *around;
	struct preemption *preemption;
};

/* Places held for less important pods are free to this one. */
static void ignore_lesser(struct scheduler *s, int64_t priority, bool up)
{
	const char *uid;
	size_t it = 0;
	void *v;

	while (map_next(s->nominees, &it, &uid, &v))
		if (((struct nominee *)v)->priority < priority)
			placement_lift(s->place, uid, up);
}

/* True when there is more room than was thought. */
static bool look_closer(struct pass *p)
{
	bool freed = false;

	if (!p->preemption)
		p->preemption = preemption_new(p->a, p->s->api, p->s->place, &p->s->pods, &freed);
	return freed;
}

/* Nothing fits: who would have to leave?  The place is held until they have. */
static void make_room(struct pass *p, struct candidate *c, const struct amounts *want,
		      const struct node_rules *rules)
{
	struct scheduler *s = p->s;
	const struct json *spec = json_get(c->tree, "spec");
	struct newcomer in = { c->pod, spec, c->priority, want, rules };
	struct nominee *held = map_get(s->nominees, c->pod->uid);
	const char *why = NULL;

	if (held && preemption_pending(p->preemption, held->node, c->priority)) {
		why = "not eligible due to a terminating pod on the nominated node.";
		placement_take(s->place, c->pod->uid, held->node, "", want, spec);
	} else if (preemption_plan(p->preemption, &in, &c->sacrifice, &why)) {
		free(held);
		held = calloc(1, sizeof *held);
		BUG_ON(!held);
		held->priority = c->priority;
		snprintf(held->node, sizeof held->node, "%s", c->sacrifice.node);
		map_set(s->nominees, c->pod->uid, held);
		placement_take(s->place, c->pod->uid, held->node, "", want, spec);
	} else {
		free(map_del(s->nominees, c->pod->uid));
	}
	if (why)
		c->why = arena_printf(p->a, "%s preemption: %s", c->why, why);
}

/* Choose a node for the n-th candidate of a pass. */
static void choose(struct pass *p, size_t n)
{
	struct scheduler *s = p->s;
	struct candidate *c = &p->all[n];
	const struct owner *owner = obj_controller(c->pod);
	const struct json *spec = json_get(c->tree, "spec");
	const char *uid = owner ? owner->uid : "";
	bool matter = neighbors_matter(spec) || map_count(s->shy);
	struct node_rules between, storage, *rules = NULL;
	struct amounts want;

	c->claims = claims_of_pod(p->a, s->api, s->place, c->pod, spec, &c->why);
	placement_leave(s->place, c->pod->uid);
	if (c->claims && c->why) {
		c->why = placement_refuse(s->place, p->a, c->why);
		return;
	}
	if (matter && !p->around)
		p->around = neighborhood(s, p->a, p->all, n);
	if (matter) {
		between = neighbors_rules(p->around, c->pod, spec);
		rules = &between;
	}
	if (c->claims) {
		storage = claims_rules(c->claims, rules);
		rules = &storage;
	}
	amounts_of_pod(&want, spec);
	ignore_lesser(s, c->priority, true);
	c->node = placement_choose(s->place, p->a, spec, uid, &want, rules, &c->why);
	if (!c->node && look_closer(p))
		c->node = placement_choose(s->place, p->a, spec, uid, &want, rules, &c->why);
	if (!c->node)
		make_room(p, c, &want, rules);
	ignore_lesser(s, c->priority, false);
	if (!c->node)
		return;
	placement_take(s->place, c->pod->uid, c->node, uid, &want, spec);
	if (neighbors_shy(spec))
		scheduler_note_shy(s, c->pod);
	if (p->around)
		neighbors_add(p->around, c->pod, placement_find(s->place, c->node),
			      neighbors_shy(spec) ? spec : NULL);
}

static bool tell_unschedulable(struct call *call, struct json *o, void *arg, struct status *st)
{
	const struct candidate *c = arg;
	bool changed = false;

	(void)st;
	if (*json_path_str(o, "spec.nodeName"))
		return false;
	if (c->sacrifice.n &&
	    strcmp(json_path_str(o, "status.nominatedNodeName"), c->sacrifice.node)) {
		json_set_str(call->a, json_ensure_object(call->a, o, "status"), "nominatedNodeName",
			     c->sacrifice.node);
		changed = true;
	}
	return meta_set_condition(call->a, o, "PodScheduled", "False", "Unschedulable", c->why,
				  false) ||
	       changed;
}

static void put_aside(struct scheduler *s, const char *uid)
{
	struct waiting *w = map_get(s->waiting, uid);

	if (w)
		w->not_before_ns = clock_mono_ns() + UNSCHEDULABLE_MS * 1000000LL;
}

static void back_off(struct scheduler *s, const char *uid)
{
	struct waiting *w = map_get(s->waiting, uid);

	if (!w)
		return;
	w->backoff_ms = w->backoff_ms ? w->backoff_ms * 2 : BACKOFF_MIN_MS;
	if (w->backoff_ms > BACKOFF_MAX_MS)
		w->backoff_ms = BACKOFF_MAX_MS;
	w->not_before_ns = clock_mono_ns() + w->backoff_ms * 1000000;
}

static void refuse(struct task *t, struct scheduler *s, struct candidate *c)
{
	task_event(t, s->pods.kind, c->pod, "Warning", "FailedScheduling", "%s", c->why);
	api_change(&t->call, s->pods.kind, "status", c->pod->ns, c->pod->name, tell_unschedulable,
		   c, NULL);
	preemption_evict(t, &s->pods, c->pod, &c->sacrifice);
}

/* Are the pod's claims being bound for too long?  From now on when they were not. */
static bool volumes_overdue(struct scheduler *s, const char *uid)
{
	struct waiting *w = map_get(s->waiting, uid);
	int64_t now = clock_mono_ns();

	if (w && !w->volumes_ns)
		w->volumes_ns = now;
	if (!w || now - w->volumes_ns < VOLUMES_MS * 1000000LL)
		return false;
	w->volumes_ns = 0;
	return true;
}

/* The node is chosen, but claims are not bound yet: tell the binder, hold the place, and come back. */
static void bind_volumes(struct task *t, struct scheduler *s, struct candidate *c)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	bool overdue, ok;

	lock_take(&s->lock);
	overdue = volumes_overdue(s, c->pod->uid);
	lock_drop(&s->lock);
	ok = !overdue && claims_commit(t, c->claims, c->node, &err);
	c->node = NULL;
	if (ok)
		return;
	lock_take(&s->lock);
	scheduler_vacate(s, c->pod->uid);
	back_off(s, c->pod->uid);
	lock_drop(&s->lock);
	if (!overdue)
		return;
	claims_give_up(t, c->claims);
	c->why = "binding volumes: context deadline exceeded";
	refuse(t, s, c);
}

/* What the commit did not take is free again and tried anew; a deleted pod's event cleans up. */
static void settle(struct task *t, struct scheduler *s, const struct candidate *c,
		   const struct bind_item *b, size_t n)
{
	lock_take(&s->lock);
	for (size_t i = 0; i < n; i++) {
		if (b[i].bound) {
			scheduler_forget(s, b[i].uid);
		} else {
			scheduler_vacate(s, b[i].uid);
			back_off(s, b[i].uid);
		}
	}
	lock_drop(&s->lock);
	for (size_t i = 0; i < n; i++)
		if (b[i].bound)
			task_event(t, s->pods.kind, c[i].pod, "Normal", "Scheduled",
				   "Successfully assigned %s/%s to %s", b[i].ns, b[i].name,
				   b[i].node);
}

static bool bind_all(struct task *t, struct scheduler *s, struct candidate *c, size_t n,
		     struct status *st)
{
	struct bind_item *b = arena_alloc(t->call.a, (n + 1) * sizeof(*b));
	struct candidate *fit = arena_alloc(t->call.a, (n + 1) * sizeof(*fit));
	size_t nfit = 0;
	bool ok;

	for (size_t i = 0; i < n; i++) {
		if (!c[i].node)
			continue;
		fit[nfit] = c[i];
		b[nfit++] = (struct bind_item){ c[i].pod->ns, c[i].pod->name, c[i].pod->uid,
						c[i].node, false };
	}
	ok = !nfit || api_bind_many(&t->call, b, nfit, st);
	settle(t, s, fit, b, nfit);
	return ok;
}

static bool is_ready(const struct candidate *c)
{
	return !c->claims || claims_bound(c->claims);
}

static bool scheduler_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct scheduler *s = t->state;
	struct candidate *c = arena_zalloc(t->call.a, PASS_MAX * sizeof(*c));
	struct pass p = { .s = s, .a = t->call.a, .all = c };
	size_t n;

	(void)key;
	lock_take(&s->lock);
	n = take_due(s, t->call.a, c);
	for (size_t i = 0; i < n; i++) {
		choose(&p, i);
		if (!c[i].node || !is_ready(&c[i]))
			put_aside(s, c[i].pod->uid);
	}
	lock_drop(&s->lock);
	for (size_t i = 0; i < n; i++)
		if (!c[i].node)
			refuse(t, s, &c[i]);
		else if (!is_ready(&c[i]))
			bind_volumes(t, s, &c[i]);
	if (!bind_all(t, s, c, n, st))
		return false;
	lock_take(&s->lock);
	out->after_ms = next_due_ms(s);
	lock_drop(&s->lock);
	return true;
}

static void *scheduler_start(struct runtime *rt, void *arg)
{
	struct scheduler *s = calloc(1, sizeof *s);

	(void)arg;
	BUG_ON(!s);
	lock_init(&s->lock, "scheduler", LOCK_CONTROL);
	s->api = runtime_api(rt);
	s->place = placement_new();
	s->shy = map_new();
	s->waiting = map_new();
	s->nominees = map_new();
	s->pods = pods_of(runtime_api(rt));
	return s;
}

static void scheduler_stop(void *state)
{
	struct scheduler *s = state;

	placement_free(&s->place);
	map_free(&s->shy, obj_unref_value);
	map_free(&s->waiting, waiting_free);
	map_free(&s->nominees, free);
	lock_destroy(&s->lock);
	free(s);
}

const struct controller scheduler_controller = {
	.name = "scheduler",
	.manager = "kube-scheduler",
	.source = "default-scheduler",
	.watch = { { "v1", "Node", NULL },
		   { "v1", "Pod", NULL },
		   { "v1", "PersistentVolumeClaim", NULL },
		   { "v1", "PersistentVolume", NULL },
		   { "storage.k8s.io/v1", "StorageClass", NULL } },
	.map_state = scheduler_map,
	.restless = true,
	.reconcile = scheduler_reconcile,
	.start = scheduler_start,
	.stop = scheduler_stop,
};
