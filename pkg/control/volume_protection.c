/*
 * volume_protection: a claim that a pod uses, and a volume that a claim is bound to, outlive their deletion.
 *
 * Each carries a finalizer from the first moment on, which goes when it is being deleted and in no use.
 * k8s: pkg/controller/volume/{pvcprotection,pvprotection}.
 */
#include "control/control.h"
#include "control/pods.h"
#include "control/volumes.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define CLAIM_FINALIZER "kubernetes.io/pvc-protection"
#define VOLUME_FINALIZER "kubernetes.io/pv-protection"

static bool add(struct call *c, struct json *o, void *finalizer, struct status *st)
{
	(void)st;
	if (meta_deleting(o) || meta_has_finalizer(o, finalizer))
		return false;
	meta_add_finalizer(c->a, o, finalizer);
	return true;
}

static bool drop(struct call *c, struct json *o, void *finalizer, struct status *st)
{
	(void)st;
	if (!meta_has_finalizer(o, finalizer))
		return false;
	meta_del_finalizer(c->a, o, finalizer);
	return true;
}

static bool change(struct task *t, const struct kind *k, const struct obj *o, change_fn fn,
		   const char *finalizer, struct status *st)
{
	char *copy = arena_strdup(t->call.a, finalizer);

	return task_change(t, k, NULL, o->ns, o->name, fn, copy, st);
}

/* ---- claims ---- */

struct use {
	struct arena *a;
	const struct pods *pods;
	const char *claim;
	bool found;
};

/* Pods that are placed; of those that ended only what they name themselves. */
static bool uses(const struct obj *pod, void *arg)
{
	struct use *u = arg;
	const struct json *tree;
	bool over;

	if (u->found || !*pod_node(u->pods, pod) || !strstr(pod->json, u->claim))
		return false;
	tree = obj_tree(u->a, pod);
	over = pod->deleted_s && pod_finished(u->pods, pod);
	json_each(v, json_path(tree, "spec.volumes")) {
		const char *name = json_path_str(v, "persistentVolumeClaim.claimName");

		if (!strcmp(name, u->claim))
			u->found = true;
		else if (!over && json_get(v, "ephemeral"))
			u->found = u->found ||
				   !strcmp(ephemeral_claim_name(u->a, pod->name, v), u->claim);
	}
	return false;
}

static bool in_use(struct task *t, const struct obj *claim)
{
	struct pods pods = pods_of(t->call.api);
	struct use u = { .a = t->call.a, .pods = &pods, .claim = claim->name };
	struct store_list l;

	store_list(api_table(t->call.api, pods.kind), claim->ns, NULL, NULL, 0, uses, &u, &l);
	store_list_free(&l);
	return u.found;
}

static bool claim_protection_reconcile(struct task *t, struct key key, struct result *out,
				       struct status *st)
{
	const struct kind *k =
		kinds_by_resource(api_kinds(t->call.api), "", "v1", "persistentvolumeclaims");
	const struct obj *o = api_get(&t->call, k, key.ns, key.name, NULL);

	(void)out;
	if (!o)
		return true;
	if (!o->deleted_s)
		return change(t, k, o, add, CLAIM_FINALIZER, st);
	return in_use(t, o) || change(t, k, o, drop, CLAIM_FINALIZER, st);
}

/* A pod that ended or is gone lets go of its claims. */
static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct pods pods = pods_of(api);
	struct arena *a;

	if (ev->type != EVENT_DELETED && !pod_finished(&pods, ev->obj))
		return;
	if (!strstr(ev->obj->json, "\"claimName\"") && !strstr(ev->obj->json, "\"ephemeral\""))
		return;
	a = arena_new();
	json_each(v, json_path(obj_tree(a, ev->obj), "spec.volumes")) {
		const char *name = json_path_str(v, "persistentVolumeClaim.claimName");

		if (*name)
			enqueue_key(q, ev->obj->ns, name);
		else if (json_get(v, "ephemeral"))
			enqueue_key(q, ev->obj->ns, ephemeral_claim_name(a, ev->obj->name, v));
	}
	arena_free(&a);
}

const struct controller claim_protection_controller = {
	.name = "persistentvolumeclaim-protection",
	.source = "persistentvolumeclaim-protection-controller",
	.watch = { { "v1", "PersistentVolumeClaim", NULL }, { "v1", "Pod", map_pod } },
	.reconcile = claim_protection_reconcile,
};

/* ---- volumes ---- */

static bool volume_protection_reconcile(struct task *t, struct key key, struct result *out,
					struct status *st)
{
	const struct kind *k =
		kinds_by_resource(api_kinds(t->call.api), "", "v1", "persistentvolumes");
	const struct obj *o = api_get(&t->call, k, "", key.name, NULL);

	(void)out;
	if (!o)
		return true;
	if (!o->deleted_s)
		return change(t, k, o, add, VOLUME_FINALIZER, st);
	if (!strcmp(json_path_str(obj_tree(t->call.a, o), "status.phase"), "Bound"))
		return true;
	return change(t, k, o, drop, VOLUME_FINALIZER, st);
}

const struct controller volume_protection_controller = {
	.name = "persistentvolume-protection",
	.source = "persistentvolume-protection-controller",
	.watch = { { "v1", "PersistentVolume", NULL } },
	.reconcile = volume_protection_reconcile,
};
