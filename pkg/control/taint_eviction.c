/*
 * taint_eviction: pods leave nodes with NoExecute taints that they do not tolerate, or tolerate only so long.
 *
 * Time runs from when a taint says that it was added, else from when the pod was first seen beside it, which is
 * all that is remembered.
 * k8s: pkg/controller/tainteviction/taint_eviction.go.
 */
#include "control/control.h"
#include "control/nodematch.h"
#include "control/pods.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/thread.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define NEVER INT64_MAX

struct memory {
	struct lock lock;
	struct map *since; /* uid -> int64_t seconds: pods that are to go */
};

/* When a pod first had to go; noted now when it is new. */
static int64_t since_s(struct memory *m, const char *uid)
{
	int64_t *s;

	lock_take(&m->lock);
	s = map_get(m->since, uid);
	if (!s) {
		s = malloc(sizeof *s);
		BUG_ON(!s);
		*s = clock_now_s();
		map_set(m->since, uid, s);
	}
	lock_drop(&m->lock);
	return *s;
}

/* False when it was not to go. */
static bool forget(struct memory *m, const char *uid)
{
	void *s;

	lock_take(&m->lock);
	s = map_del(m->since, uid);
	lock_drop(&m->lock);
	free(s);
	return s;
}

static bool evicts(const struct json *taint)
{
	return !strcmp(json_path_str(taint, "effect"), "NoExecute");
}

/* Seconds that the pod tolerates one taint; 0 = not at all. */
static int64_t patience(const struct json *pod, const struct json *taint)
{
	int64_t least = NEVER, seconds;
	bool any = false;

	json_each(t, json_path(pod, "spec.tolerations")) {
		const struct json *limit = json_get(t, "tolerationSeconds");

		if (!toleration_covers(t, taint))
			continue;
		any = true;
		if (json_int(limit, &seconds) && seconds < least)
			least = seconds < 0 ? 0 : seconds;
	}
	return any ? least : 0;
}

/* The moment at which the pod is to leave; NEVER = it may stay. */
static int64_t due_s(struct memory *m, const struct obj *o, const struct json *pod,
		     const struct json *node)
{
	int64_t due = NEVER, us;

	json_each(t, json_path(node, "spec.taints")) {
		int64_t seconds = evicts(t) ? patience(pod, t) : NEVER, from;

		if (seconds == NEVER)
			continue;
		if (!seconds)
			return 0;
		from = time_parse(json_path_str(t, "timeAdded"), &us) ? us / 1000000 :
									since_s(m, o->uid);
		if (from + seconds < due)
			due = from + seconds;
	}
	return due;
}

static bool mark(struct call *c, struct json *pod, void *arg, struct status *st)
{
	(void)arg;
	(void)st;
	return meta_set_condition(c->a, pod, "DisruptionTarget", "True", "DeletionByTaintManager",
				  "Taint manager: deleting due to NoExecute taint", false);
}

static bool evict(struct task *t, const struct kind *k, const struct obj *o, struct status *st)
{
	struct delete_options opts = DELETE_OPTIONS_INIT;
	STATUS_AUTO struct status err = STATUS_INIT;
	bool gone;

	task_event(t, k, o, "Normal", "TaintManagerEviction", "Marking for deletion Pod %s/%s",
		   o->ns, o->name);
	opts.uid = o->uid;
	if (api_change(&t->call, k, "status", o->ns, o->name, mark, NULL, &err) &&
	    api_delete(&t->call, k, o->ns, o->name, &opts, &gone, &err))
		return true;
	if (status_is(&err, "NotFound") || status_is(&err, "Conflict"))
		return true;
	status_move(st, &err);
	return false;
}

static bool taint_eviction_reconcile(struct task *t, struct key key, struct result *out,
				     struct status *st)
{
	struct pods pods = pods_of(t->call.api);
	const struct kind *nodes = kinds_by_resource(api_kinds(t->call.api), "", "v1", "nodes");
	const struct obj *o = api_get(&t->call, pods.kind, key.ns, key.name, NULL), *node;
	int64_t due;

	if (!o || o->deleted_s || !*pod_node(&pods, o))
		return true;
	node = api_get(&t->call, nodes, "", pod_node(&pods, o), NULL);
	due = node ? due_s(t->state, o, obj_tree(t->call.a, o), obj_tree(t->call.a, node)) : NEVER;
	if (due == NEVER) {
		if (forget(t->state, o->uid))
			task_event(t, pods.kind, o, "Normal", "TaintManagerEviction",
				   "Cancelling deletion of Pod %s/%s", o->ns, o->name);
		return true;
	}
	if (due > clock_now_s()) {
		out->after_ms = (due - clock_now_s()) * 1000;
		return true;
	}
	forget(t->state, o->uid);
	return evict(t, pods.kind, o, st);
}

/* ---- what concerns whom ---- */

static bool has_evicting_taint(struct arena *a, const struct obj *node)
{
	if (!node || !strstr(node->json, "\"NoExecute\""))
		return false;
	json_each(t, json_path(obj_tree(a, node), "spec.taints"))
		if (evicts(t))
			return true;
	return false;
}

struct tenants {
	struct enqueue *q;
	struct pods pods;
	const char *node;
};

static bool offer(const struct obj *pod, void *arg)
{
	struct tenants *t = arg;

	if (!pod->deleted_s && !strcmp(pod_node(&t->pods, pod), t->node))
		enqueue_key(t->q, pod->ns, pod->name);
	return false;
}

static void node_changed(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct tenants t = { q, pods_of(api), ev->obj->name };
	struct arena *a = arena_new();
	struct store_list l;

	if (has_evicting_taint(a, ev->obj) || has_evicting_taint(a, ev->prev)) {
		store_list(api_table(api, t.pods.kind), NULL, NULL, NULL, 0, offer, &t, &l);
		store_list_free(&l);
	}
	arena_free(&a);
}

/* A pod is looked at when it is bound; its tolerations can only grow. */
static void pod_changed(struct enqueue *q, struct memory *m, struct api *api, const struct event *ev)
{
	struct pods pods = pods_of(api);
	const struct kind *nodes;
	const struct obj *node;
	struct arena *a;

	if (ev->type == EVENT_DELETED) {
		forget(m, ev->obj->uid);
		return;
	}
	if (!*pod_node(&pods, ev->obj) || ev->obj->deleted_s)
		return;
	if (ev->prev && *pod_node(&pods, ev->prev) && ev->prev->generation == ev->obj->generation)
		return;
	nodes = kinds_by_resource(api_kinds(api), "", "v1", "nodes");
	node = store_get(api_table(api, nodes), "", pod_node(&pods, ev->obj));
	a = arena_new();
	if (has_evicting_taint(a, node))
		enqueue_key(q, ev->obj->ns, ev->obj->name);
	arena_free(&a);
	obj_unref(node);
}

struct eviction_state {
	struct memory memory; /* first: the state of a task */
	struct api *api;
};

static void map_change(struct enqueue *q, void *state, const struct controller_watch *w,
		       const struct event *ev)
{
	struct eviction_state *s = state;

	if (!strcmp(w->kind, "Node"))
		node_changed(q, s->api, ev);
	else
		pod_changed(q, &s->memory, s->api, ev);
}

static void *taint_eviction_start(struct runtime *rt, void *arg)
{
	struct eviction_state *s = calloc(1, sizeof *s);

	(void)arg;
	BUG_ON(!s);
	lock_init(&s->memory.lock, "taint eviction", LOCK_CONTROL);
	s->memory.since = map_new();
	s->api = runtime_api(rt);
	return s;
}

static void taint_eviction_stop(void *state)
{
	struct eviction_state *s = state;

	map_free(&s->memory.since, free);
	lock_destroy(&s->memory.lock);
	free(s);
}

const struct controller taint_eviction_controller = {
	.name = "taint-eviction",
	.source = "taint-eviction-controller",
	.watch = { { "v1", "Pod", NULL }, { "v1", "Node", NULL } },
	.map_state = map_change,
	.reconcile = taint_eviction_reconcile,
	.start = taint_eviction_start,
	.stop = taint_eviction_stop,
};
