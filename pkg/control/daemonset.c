/*
 * daemonset: one pod on every node that suits.
 *
 * Survey the nodes with their pods, write down who is missing and who is too many, carry it out, then roll
 * what is of an old template, then tell.  Failed pods are replaced with growing pauses, which is all that is
 * remembered between reconciles.
 * k8s: pkg/controller/daemon/daemon_controller.go.
 */
#include "control/backoff.h"
#include "control/claim.h"
#include "control/control.h"
#include "control/daemon.h"
#include "control/podwork.h"
#include "control/workload.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

#define BURST 250
#define LABEL_HASH "controller-revision-hash"
#define ANNOTATION_GENERATION "deprecated.daemonset.template.generation"

/* ---- one station ---- */

static bool phase_is(struct daemon *d, const struct obj *pod, const char *phase)
{
	return !strcmp(pod_phase(&d->pods, pod), phase);
}

/* A pod that ended is replaced; a failed one not at once for ever. */
static bool ended(struct daemon *d, const struct station *s, const struct obj *pod,
		  struct daemon_plan *p)
{
	const char *key;
	int64_t left;

	if (phase_is(d, pod, "Succeeded")) {
		task_event(d->t, d->kind, d->obj, "Normal", "SucceededDaemonPod",
			   "Found succeeded daemon pod %s/%s on node %s, will try to delete it",
			   pod->ns, pod->name, s->name);
	} else if (phase_is(d, pod, "Failed")) {
		key = arena_printf(d->t->call.a, "%s/%s", d->obj->uid, s->name);
		left = backoffs_try(d->t->state, key);
		if (left) {
			if (!d->after_ms || left < d->after_ms)
				d->after_ms = left;
			return true;
		}
		task_event(d->t, d->kind, d->obj, "Warning", "FailedDaemonPod",
			   "Found failed daemon pod %s/%s on node %s, will try to kill it", pod->ns,
			   pod->name, s->name);
	} else {
		return false;
	}
	p->victims[p->nvictims++] = pod;
	return true;
}

/* While surging two may run: an old one that is ready and a new one that is not yet. */
static void prune_surge(struct daemon *d, const struct obj **running, size_t n, struct daemon_plan *p)
{
	const struct obj *old = NULL, *fresh = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct obj **first = daemon_is_fresh(d, running[i]) ? &fresh : &old;

		if (*first)
			p->victims[p->nvictims++] = running[i];
		else
			*first = running[i];
	}
	if (old && fresh && (!pod_ready(&d->pods, old) || daemon_available(d, fresh)))
		p->victims[p->nvictims++] = old;
}

static void tend(struct daemon *d, const struct station *s, struct daemon_plan *p)
{
	const struct obj **running = arena_alloc(d->t->call.a, (s->npods + 1) * sizeof(*running));
	size_t n = 0;

	for (size_t i = 0; i < s->npods; i++)
		if (!s->pods[i]->deleted_s && !ended(d, s, s->pods[i], p))
			running[n++] = s->pods[i];
	if (d->surge && n > 1)
		prune_surge(d, running, n, p);
	else if (d->surge && !n && s->should_run)
		p->nodes[p->nnodes++] = s->name;
	else
		for (size_t i = 1; i < n; i++)
			p->victims[p->nvictims++] = running[i];
}

static void evacuate(const struct station *s, struct daemon_plan *p)
{
	for (size_t i = 0; i < s->npods; i++)
		if (!s->pods[i]->deleted_s)
			p->victims[p->nvictims++] = s->pods[i];
}

/* A node that is no more: what was bound there is pod GC's, what waits for it would wait for ever. */
static void abandon(struct daemon *d, const struct station *s, struct daemon_plan *p)
{
	for (size_t i = 0; i < s->npods; i++)
		if (!s->pods[i]->deleted_s && !*pod_node(&d->pods, s->pods[i]))
			p->victims[p->nvictims++] = s->pods[i];
}

static void plan(struct daemon *d, struct daemon_plan *p)
{
	daemon_plan_init(d, p);
	for (size_t i = 0; i < d->nstations; i++) {
		const struct station *s = &d->stations[i];

		if (!s->node)
			abandon(d, s, p);
		else if (s->should_run && !s->npods)
			p->nodes[p->nnodes++] = s->name;
		else if (s->may_stay)
			tend(d, s, p);
		else
			evacuate(s, p);
	}
}

/* ---- carrying it out ---- */

struct making {
	struct daemon *d;
	const struct daemon_plan *p;
};

static struct json *build(void *arg, size_t i)
{
	struct making *m = arg;

	return daemon_pod(m->d, m->p->nodes[i]);
}

static bool carry_out(struct daemon *d, const struct daemon_plan *p, struct status *st)
{
	struct making m = { d, p };
	struct podwork w = { .t = d->t,
			     .pod_kind = d->pods.kind,
			     .kind = d->kind,
			     .owner = d->obj,
			     .build = build,
			     .arg = &m };
	STATUS_AUTO struct status failure = STATUS_INIT;

	podwork_create(&w, p->nnodes < BURST ? p->nnodes : BURST, &failure);
	for (size_t i = 0; i < p->nvictims && i < BURST; i++)
		if (!podwork_delete(&w, p->victims[i], &failure))
			break;
	if (p->nnodes > BURST || p->nvictims > BURST)
		d->after_ms = 1;
	if (status_ok(&failure))
		return true;
	status_move(st, &failure);
	return false;
}

static bool survey(struct daemon *d, const struct selector *sel, struct status *st)
{
	const struct json *r = json_path(d->tree, "spec.updateStrategy.rollingUpdate");
	struct claim c = {
		.t = d->t, .kind = d->pods.kind, .owner_kind = d->kind, .owner = d->obj, .sel = sel
	};
	const struct obj **pods;
	size_t n;

	if (!claim(&c, &pods, &n, st))
		return false;
	daemon_survey(d, pods, n);
	if (!d->on_delete) {
		d->surge = int_or_percent(json_get(r, "maxSurge"), d->wanted, true);
		d->unavailable = int_or_percent(json_get(r, "maxUnavailable"), d->wanted, true);
	}
	if (!d->surge && !d->unavailable)
		d->unavailable = 1;
	return true;
}

static bool act(struct daemon *d, const struct selector *sel, struct status *st)
{
	struct daemon_plan p;

	plan(d, &p);
	if (!carry_out(d, &p, st))
		return false;
	if (d->on_delete || d->after_ms == 1)
		return true;
	/* Look again only when something was done. */
	if ((p.nnodes || p.nvictims) && !survey(d, sel, st))
		return false;
	daemon_plan_init(d, &p);
	daemon_roll(d, &p);
	return carry_out(d, &p, st);
}

/* ---- telling ---- */

struct tally {
	int64_t scheduled, misscheduled, ready, updated, available;
};

static struct tally count(struct daemon *d)
{
	struct tally n = { 0 };

	for (size_t i = 0; i < d->nstations; i++) {
		const struct station *s = &d->stations[i];

		if (!s->node || !s->npods)
			continue;
		if (!s->should_run) {
			n.misscheduled++;
			continue;
		}
		n.scheduled++;
		if (pod_ready(&d->pods, s->pods[0])) {
			n.ready++;
			n.available += daemon_available(d, s->pods[0]);
		}
		n.updated += daemon_is_fresh(d, s->pods[0]);
	}
	return n;
}

struct news {
	struct daemon *d;
	int64_t collisions;
};

static bool change_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct news *w = arg;
	struct daemon *d = w->d;
	struct json *s = json_ensure_object(c->a, o, "status");
	const struct json *before = json_copy(c->a, s);
	struct tally n = count(d);

	(void)st;
	if (strcmp(meta_uid(o), d->obj->uid))
		return false;
	status_count(c->a, s, "currentNumberScheduled", n.scheduled, true);
	status_count(c->a, s, "numberMisscheduled", n.misscheduled, true);
	status_count(c->a, s, "desiredNumberScheduled", d->wanted, true);
	status_count(c->a, s, "numberReady", n.ready, true);
	json_set_int(c->a, s, "observedGeneration", d->obj->generation);
	status_count(c->a, s, "updatedNumberScheduled", n.updated, false);
	status_count(c->a, s, "numberAvailable", n.available, false);
	status_count(c->a, s, "numberUnavailable", d->wanted - n.available, false);
	if (w->collisions)
		json_set_int(c->a, s, "collisionCount", w->collisions);
	return !json_equal(before, s);
}

static bool write_status(struct daemon *d, int64_t collisions, struct status *st)
{
	struct news w = { d, collisions };

	return task_change(d->t, d->kind, "status", d->obj->ns, d->obj->name, change_status, &w, st);
}

static bool is_live(const char *name, void *arg)
{
	const struct daemon *d = arg;
	const struct revision *r = history_find(&d->history, name);
	const char *hash = r ? obj_label(r->obj, LABEL_HASH) : NULL;

	if (r == &d->history.all[d->history.n - 1])
		return true;
	for (size_t i = 0; hash && i < d->nstations; i++)
		for (size_t j = 0; j < d->stations[i].npods; j++) {
			const char *v = obj_label(d->stations[i].pods[j], LABEL_HASH);

			if (v && !strcmp(v, hash))
				return true;
		}
	return false;
}

static bool sync(struct daemon *d, const struct selector *sel, struct status *st)
{
	STATUS_AUTO struct status failure = STATUS_INIT;
	int64_t collisions = json_path_int(d->tree, "status.collisionCount", 0);
	const struct revision *r;
	bool ok;

	d->history.hash_label = LABEL_HASH;
	if (!history_read(&d->history, d->t, d->kind, d->obj, sel, st))
		return false;
	r = history_settle(&d->history, d->tree, &collisions, st);
	if (!r)
		return false;
	d->hash = obj_label(r->obj, LABEL_HASH);
	if (!d->hash)
		d->hash = r->obj->name;
	d->template = daemon_template(d);
	if (!survey(d, sel, st))
		return false;
	ok = act(d, sel, &failure);
	if (!survey(d, sel, st) || !write_status(d, collisions, st))
		return false;
	if (!ok) {
		status_move(st, &failure);
		return false;
	}
	return history_truncate(&d->history, json_path_int(d->tree, "spec.revisionHistoryLimit", 10),
				is_live, d, st);
}

static void read_spec(struct daemon *d)
{
	const char *generation = meta_annotation(d->tree, ANNOTATION_GENERATION);

	d->generation = generation ? generation : "";
	d->min_ready = json_path_int(d->tree, "spec.minReadySeconds", 0);
	d->on_delete = !strcmp(json_path_str(d->tree, "spec.updateStrategy.type"), "OnDelete");
}

static bool daemonset_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct kinds *ks = api_kinds(t->call.api);
	struct daemon d = { .t = t,
			    .kind = kinds_by_resource(ks, "apps", "v1", "daemonsets"),
			    .pods = pods_of(t->call.api) };
	const struct selector *sel;
	bool ok;

	d.obj = api_get(&t->call, d.kind, key.ns, key.name, NULL);
	if (!d.obj || d.obj->deleted_s)
		return true;
	d.tree = obj_tree(t->call.a, d.obj);
	sel = selector_from_label_selector(t->call.a, json_path(d.tree, "spec.selector"), st);
	if (!sel)
		return false;
	if (selector_everything(sel)) {
		task_event(t, d.kind, d.obj, "Warning", "SelectingAll",
			   "This daemon set is selecting all pods. A non-empty selector is required.");
		return true;
	}
	read_spec(&d);
	ok = sync(&d, sel, st);
	out->after_ms = d.after_ms;
	return ok;
}

/* ---- what concerns whom ---- */

static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	claim_offer(q, api, ev, kinds_by_resource(api_kinds(api), "apps", "v1", "daemonsets"));
}

static bool offer(const struct obj *set, void *q)
{
	enqueue_key(q, set->ns, set->name);
	return false;
}

/* A node's labels, taints or existence decide for every set; its heartbeats do not. */
static void map_node(struct enqueue *q, struct api *api, const struct event *ev)
{
	const struct kind *k = kinds_by_resource(api_kinds(api), "apps", "v1", "daemonsets");
	struct store_list l;

	if (ev->type == EVENT_MODIFIED && ev->prev && obj_same_labels(ev->obj, ev->prev)) {
		struct arena *a = arena_new();
		bool same = json_equal(json_get(obj_tree(a, ev->obj), "spec"),
				       json_get(obj_tree(a, ev->prev), "spec"));

		arena_free(&a);
		if (same)
			return;
	}
	store_list(api_table(api, k), "", NULL, NULL, 0, offer, q, &l);
	store_list_free(&l);
}

static void *daemonset_start(struct runtime *rt, void *arg)
{
	(void)rt;
	(void)arg;
	return backoffs_new();
}

static void daemonset_stop(void *state)
{
	struct backoffs *b = state;

	backoffs_free(&b);
}

const struct controller daemonset_controller = {
	.name = "daemonset",
	.source = "daemonset-controller",
	.watch = { { "apps/v1", "DaemonSet", NULL },
		   { "v1", "Pod", map_pod },
		   { "v1", "Node", map_node } },
	.reconcile = daemonset_reconcile,
	.workers = 2,
	.start = daemonset_start,
	.stop = daemonset_stop,
};
