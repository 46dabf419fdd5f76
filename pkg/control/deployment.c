/*
 * deployment: rolls pods from one template to the next through ReplicaSets.
 *
 * One reconcile does at most one step (scale up or scale down) and then writes the status; the sets' own
 * status changes bring it back.  The arithmetic is in rollout*.c.
 * k8s: pkg/controller/deployment/{deployment_controller,rolling,recreate}.go.
 */
#include "control/claim.h"
#include "control/control.h"
#include "control/pods.h"
#include "control/rollout.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

/* The Deployment's size was changed since the sets were last told of it. */
static bool resized(const struct rollout *r)
{
	for (size_t i = 0; i < r->nall; i++) {
		const struct rollset *s = &r->all[i];

		if (s->spec > 0 && rollset_annotation(s, ANNOTATION_DESIRED, r->want) != r->want)
			return true;
	}
	return false;
}

/* Take unhealthy pods of old sets away first: they cost no availability. */
static bool drop_unhealthy(struct rollout *r, int64_t max, int64_t *dropped, bool *scaled,
			   struct status *st)
{
	*dropped = 0;
	for (size_t i = 0; i < r->nall && *dropped < max; i++) {
		struct rollset *s = &r->all[i];
		int64_t n = s->spec - s->available;

		if (s == r->fresh || !s->spec || n <= 0)
			continue;
		if (n > max - *dropped)
			n = max - *dropped;
		if (!rollout_scale(r, s, s->spec - n, scaled, st))
			return false;
		*dropped += n;
	}
	return true;
}

static bool drop_available(struct rollout *r, bool *scaled, struct status *st)
{
	int64_t spare = rollout_sum_available(r) - (r->want - r->unavailable);

	for (size_t i = 0; i < r->nall && spare > 0; i++) {
		struct rollset *s = &r->all[i];
		int64_t n = s->spec < spare ? s->spec : spare;

		if (s == r->fresh || !s->spec)
			continue;
		if (!rollout_scale(r, s, s->spec - n, scaled, st))
			return false;
		spare -= n;
	}
	return true;
}

static bool shrink_old(struct rollout *r, bool *scaled, struct status *st)
{
	int64_t fresh_unavailable = r->fresh->spec - r->fresh->available, dropped;
	int64_t max = rollout_sum_spec(r, false) - (r->want - r->unavailable) - fresh_unavailable;

	if (!rollout_sum_spec(r, true) || max <= 0)
		return true;
	return drop_unhealthy(r, max, &dropped, scaled, st) && drop_available(r, scaled, st);
}

static bool roll(struct rollout *r, struct status *st)
{
	bool scaled = false;
	int64_t to;

	if (!rollout_ensure_fresh(r, true, st))
		return false;
	to = r->fresh->spec > r->want ? r->want : rollout_fresh_size(r);
	if (!rollout_scale(r, r->fresh, to, &scaled, st))
		return false;
	if (!scaled && !shrink_old(r, &scaled, st))
		return false;
	if (!scaled && rollout_complete(r) && !rollout_cleanup(r, st))
		return false;
	return rollout_status(r, true, st);
}

/* Does any pod of an old set still exist that has not finished? */
static bool old_pods_run(struct rollout *r)
{
	struct pods p = pods_of(r->t->call.api);

	for (size_t i = 0; i < r->nall; i++) {
		const struct obj **mine;
		size_t n;

		if (&r->all[i] == r->fresh)
			continue;
		n = children_list(r->t, p.kind, r->obj->ns, r->all[i].obj->uid, &mine);
		for (size_t j = 0; j < n; j++)
			if (!pod_finished(&p, mine[j]))
				return true;
	}
	return false;
}

static bool recreate(struct rollout *r, struct status *st)
{
	bool scaled = false;

	for (size_t i = 0; i < r->nall; i++)
		if (&r->all[i] != r->fresh && r->all[i].spec > 0 &&
		    !rollout_scale(r, &r->all[i], 0, &scaled, st))
			return false;
	if (scaled || old_pods_run(r))
		return rollout_status(r, true, st);
	if (!rollout_ensure_fresh(r, true, st) || !rollout_scale(r, r->fresh, r->want, NULL, st))
		return false;
	if (rollout_complete(r) && !rollout_cleanup(r, st))
		return false;
	return rollout_status(r, true, st);
}

static bool pause_condition(struct call *c, struct json *o, void *arg, struct status *st)
{
	bool paused = json_path_bool(o, "spec.paused", false);
	const char *reason = json_path_str(meta_condition(o, "Progressing"), "reason");

	(void)arg;
	(void)st;
	if (!rollout_deadline(o) || !strcmp(reason, "ProgressDeadlineExceeded"))
		return false;
	if (paused && strcmp(reason, "DeploymentPaused"))
		return meta_set_condition(c->a, o, "Progressing", "Unknown", "DeploymentPaused",
					  "Deployment is paused", true);
	if (!paused && !strcmp(reason, "DeploymentPaused"))
		return meta_set_condition(c->a, o, "Progressing", "Unknown", "DeploymentResumed",
					  "Deployment is resumed", true);
	return false;
}

/* Pausing and resuming restart the progress deadline. */
static bool note_pause(struct rollout *r, struct status *st)
{
	STATUS_AUTO struct status nothing = STATUS_INIT;
	struct json *probe = json_copy(r->t->call.a, r->tree);
	const struct obj *o;

	if (!pause_condition(&r->t->call, probe, NULL, &nothing))
		return true;
	o = api_change(&r->t->call, r->kind, "status", r->obj->ns, r->obj->name, pause_condition,
		       NULL, st);
	if (!o)
		return false;
	r->obj = o;
	r->tree = obj_tree(r->t->call.a, o);
	return true;
}

static bool step(struct rollout *r, struct status *st)
{
	if (r->obj->deleted_s)
		return rollout_status(r, false, st);
	if (!note_pause(r, st))
		return false;
	/* Recreate scales every set by itself; sharing out is for sets that live side by side. */
	if (r->paused || (!r->recreate && resized(r)))
		return rollout_ensure_fresh(r, false, st) && rollout_proportion(r, st) &&
		       (!r->paused || rollout_cleanup(r, st)) && rollout_status(r, false, st);
	return r->recreate ? recreate(r, st) : roll(r, st);
}

static bool deployment_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "apps", "v1", "deployments");
	const struct obj *o = api_get(&t->call, k, key.ns, key.name, NULL), **sets;
	struct claim c = { .t = t, .owner_kind = k, .owner = o };
	struct rollout r;
	size_t n;

	if (!o)
		return true;
	rollout_init(&r, t, o);
	c.kind = r.rs_kind;
	c.sel = selector_from_label_selector(t->call.a, json_path(r.tree, "spec.selector"), st);
	if (!c.sel || !claim(&c, &sets, &n, st))
		return false;
	rollout_sets(&r, sets, n);
	if (!step(&r, st))
		return false;
	out->after_ms = r.after_ms;
	return true;
}

static void map_set(struct enqueue *q, struct api *api, const struct event *ev)
{
	claim_offer(q, api, ev, kinds_by_resource(api_kinds(api), "apps", "v1", "deployments"));
}

/* Only a Recreate rollout waits for pods, and only for their end. */
static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	const struct owner *rs = obj_controller(ev->obj), *d;
	const struct obj *o;

	if (ev->type != EVENT_DELETED || !rs || strcmp(rs->kind, "ReplicaSet"))
		return;
	o = store_get(api_table(api, kinds_by_resource(api_kinds(api), "apps", "v1", "replicasets")),
		      ev->obj->ns, rs->name);
	d = o ? obj_controller(o) : NULL;
	if (d && !strcmp(d->kind, "Deployment"))
		enqueue_key(q, o->ns, d->name);
	obj_unref(o);
}

const struct controller deployment_controller = {
	.name = "deployment",
	.source = "deployment-controller",
	.watch = { { "apps/v1", "Deployment", NULL },
		   { "apps/v1", "ReplicaSet", map_set },
		   { "v1", "Pod", map_pod } },
	.reconcile = deployment_reconcile,
	.workers = 2,
};
