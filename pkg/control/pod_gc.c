/*
 * pod-garbage-collector: removes pods nobody will: bound to a node that is gone, terminating without ever
 * having been bound, and finished ones beyond a threshold.
 *
 * Pods of a missing node are only touched after the node has been missing for a quarantine time, because
 * nodes of some hosts come and go with their pods.  k8s: pkg/controller/podgc/gc_controller.go.
 */
#include "control/control.h"
#include "control/pods.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define QUARANTINE_MS 40000
#define FINISHED_MAX 12500

static bool mark_failed(struct call *c, struct json *o, void *arg, struct status *st)
{
	const char *phase = json_path_str(o, "status.phase");

	(void)st;
	if (!strcmp(phase, "Succeeded") || !strcmp(phase, "Failed"))
		return false;
	json_set_str(c->a, json_ensure_object(c->a, o, "status"), "phase", "Failed");
	meta_set_condition(c->a, o, "DisruptionTarget", "True", "DeletionByPodGC", arg, false);
	return true;
}

static bool remove_pod(struct task *t, const struct pods *p, const struct obj *o, const char *why,
		       struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct delete_options now = { .grace_s = 0, .uid = o->uid };
	char *text = why ? arena_strdup(t->call.a, why) : NULL;
	bool gone;

	if (text)
		api_change(&t->call, p->kind, "status", o->ns, o->name, mark_failed, text, NULL);
	if (api_delete(&t->call, p->kind, o->ns, o->name, &now, &gone, &err) ||
	    status_is(&err, "NotFound") || status_is(&err, "Conflict"))
		return true;
	status_move(st, &err);
	return false;
}

static bool reconcile_pod(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct pods p = pods_of(t->call.api);
	const struct kind *nodes = kinds_by_resource(api_kinds(t->call.api), "", "v1", "nodes");
	const struct obj *o = api_get(&t->call, p.kind, key.ns, key.name, NULL);
	const char *node;

	(void)out;
	if (!o)
		return true;
	node = pod_node(&p, o);
	if (!*node)
		return !o->deleted_s || remove_pod(t, &p, o, NULL, st);
	if (api_get(&t->call, nodes, "", node, NULL))
		return true;
	return remove_pod(t, &p, o, "PodGC: node no longer exists", st);
}

static bool finished(const struct obj *o, void *arg)
{
	return pod_finished(arg, o);
}

static int oldest(const void *x, const void *y)
{
	const struct obj *a = *(const struct obj *const *)x, *b = *(const struct obj *const *)y;

	return a->created_s < b->created_s ? -1 : a->created_s > b->created_s;
}

/* The key without a name: too many finished pods. */
static bool trim_finished(struct task *t, struct status *st)
{
	struct pods p = pods_of(t->call.api);
	struct store_list l;
	bool ok = true;

	store_list(api_table(t->call.api, p.kind), "", NULL, NULL, 0, finished, &p, &l);
	qsort(l.items, l.n, sizeof(*l.items), oldest);
	for (size_t i = 0; ok && l.n - i > FINISHED_MAX; i++)
		ok = remove_pod(t, &p, l.items[i], NULL, st);
	store_list_free(&l);
	return ok;
}

static bool pod_gc_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	return *key.name ? reconcile_pod(t, key, out, st) : trim_finished(t, st);
}

static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct pods p = pods_of(api);
	const struct obj *node;

	if (ev->type == EVENT_DELETED)
		return;
	if (pod_finished(&p, ev->obj) && table_count(api_table(api, p.kind)) > FINISHED_MAX)
		enqueue_after(q, "", "", 1000);
	if (!*pod_node(&p, ev->obj)) {
		if (ev->obj->deleted_s)
			enqueue_key(q, ev->obj->ns, ev->obj->name);
		return;
	}
	node = store_get(api_table(api, kinds_by_resource(api_kinds(api), "", "v1", "nodes")), "",
			 pod_node(&p, ev->obj));
	if (!node)
		enqueue_after(q, ev->obj->ns, ev->obj->name, QUARANTINE_MS);
	obj_unref(node);
}

static void map_node(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct pods p = pods_of(api);
	struct store_list l;

	if (ev->type != EVENT_DELETED)
		return;
	store_list(api_table(api, p.kind), "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		if (!strcmp(pod_node(&p, l.items[i]), ev->obj->name))
			enqueue_after(q, l.items[i]->ns, l.items[i]->name, QUARANTINE_MS);
	store_list_free(&l);
}

const struct controller pod_gc_controller = {
	.name = "pod-garbage-collector",
	.watch = { { "v1", "Pod", map_pod }, { "v1", "Node", map_node } },
	.reconcile = pod_gc_reconcile,
};
