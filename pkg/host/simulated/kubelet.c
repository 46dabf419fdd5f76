/*
 * kubelet: lives the life of every pod bound to a simulated node.  Subjects without a namespace are the nodes
 * themselves (heartbeat.c).
 *
 * Nothing is remembered but the addresses in use: what to do follows from the object and the clock.
 */
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

/* How long containers take to stop.  `kubectl delete` looks at the pod and then watches its name: a pod that
 * is gone and made anew in between, as a StatefulSet does, would be waited for in vain. */
#define STOP_MS 250

struct step {
	const struct obj *pod;
	const char *node_ip, *pod_ip;
	int64_t after_ms;
};

static bool over(const char *phase)
{
	return !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
}

static bool live_on(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct step *s = arg;

	(void)st;
	if (strcmp(meta_uid(o), s->pod->uid) || meta_deleting(o))
		return false;
	return pod_life(c->a, o, s->node_ip, s->pod_ip, clock_now_us(), &s->after_ms);
}

static bool missing_is_fine(bool ok, struct status *err, struct status *st)
{
	if (ok || status_is(err, "NotFound"))
		return true;
	status_move(st, err);
	return false;
}

static bool end_held(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct obj *pod = arg;

	(void)st;
	return !strcmp(meta_uid(o), pod->uid) && pod_end(c->a, o, clock_now_us());
}

/* Simulated containers obey SIGTERM.  What finalizers keep shows its end. */
static bool finish(struct task *t, const struct kind *k, const struct obj *o, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct delete_options now = { .grace_s = 0, .uid = o->uid };
	bool gone;

	if (o->finalizers && !missing_is_fine(api_change(&t->call, k, "status", o->ns, o->name,
							 end_held, (void *)(uintptr_t)o, &err),
					      &err, st))
		return false;
	status_clear(&err);
	return missing_is_fine(api_delete(&t->call, k, o->ns, o->name, &now, &gone, &err), &err, st);
}

static const char *address(struct task *t, const struct obj *o, const struct json *tree,
			   const char *node_ip, const char *range)
{
	struct host *h = t->state;
	char ip[46];

	if (json_path_bool(tree, "spec.hostNetwork", false))
		return node_ip;
	if (!addresses_take(h->addresses, o->uid, *range ? range : h->config.pod_cidr, ip))
		return NULL;
	return arena_strdup(t->call.a, ip);
}

static void tell_start(struct task *t, const struct kind *k, const struct obj *o,
		       const struct json *tree)
{
	json_each(c, json_path(tree, "spec.containers")) {
		task_event(t, k, o, "Normal", "Pulled",
			   "Container image \"%s\" already present on machine",
			   json_path_str(c, "image"));
		task_event(t, k, o, "Normal", "Created", "Container created");
		task_event(t, k, o, "Normal", "Started", "Container started");
	}
}

static bool advance(struct task *t, const struct kind *k, const struct obj *o,
		    const struct json *tree, const char *node_ip, const char *range,
		    struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct step s = { .pod = o, .node_ip = node_ip };
	const struct obj *now;

	s.pod_ip = address(t, o, tree, s.node_ip, range);
	if (!s.pod_ip) {
		task_event(t, k, o, "Warning", "FailedCreatePodSandBox",
			   "no address is left in the node's range; use a larger --pod-cidr");
		out->after_ms = 5000;
		return true;
	}
	now = api_change(&t->call, k, "status", o->ns, o->name, live_on, &s, &err);
	out->after_ms = s.after_ms;
	if (!now || strcmp(now->uid, o->uid))
		addresses_release(((struct host *)t->state)->addresses, o->uid);
	if (now && !json_path(tree, "status.startTime"))
		tell_start(t, k, o, tree);
	return missing_is_fine(now, &err, st);
}

static bool kubelet_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "", "v1", "pods");
	const struct obj *o = *key.ns ? api_get(&t->call, k, key.ns, key.name, NULL) : NULL;
	const struct json *tree;
	const char *node_ip, *range;

	if (!*key.ns)
		return heartbeat_reconcile(t, key.name, st);
	if (!o)
		return true;
	tree = obj_tree(t->call.a, o);
	if (!simulated_node(&t->call, json_path_str(tree, "spec.nodeName"), &node_ip, &range))
		return true; /* someone else's node */
	if (o->deleted_s)
		return finish(t, k, o, st);
	return over(json_path_str(tree, "status.phase")) ||
	       advance(t, k, o, tree, node_ip, range, out, st);
}

/* Bound pods are our subjects; header fields tell without parsing. */
static void map_pod(struct enqueue *q, void *state, const struct controller_watch *w,
		    const struct event *ev)
{
	struct host *h = state;
	const struct kind *k = kinds_by_resource(api_kinds(h->api), "", "v1", "pods");
	const char *node = "", *ip = "", *phase = "", *before = "";

	(void)w;
	for (int i = 0; k->fields[i]; i++) {
		if (!strcmp(k->fields[i], "spec.nodeName"))
			node = ev->obj->fields[i];
		else if (!strcmp(k->fields[i], "status.podIP"))
			ip = ev->obj->fields[i];
		else if (!strcmp(k->fields[i], "status.phase")) {
			phase = ev->obj->fields[i];
			before = ev->prev ? ev->prev->fields[i] : "";
		}
	}
	/* A finished pod shows its address, but others may have it. */
	if (ev->type == EVENT_DELETED || over(phase)) {
		addresses_release(h->addresses, ev->obj->uid);
		if (ev->type == EVENT_DELETED || !ev->obj->deleted_s)
			return;
	}
	if (!*node)
		return;
	/* Our own first step, which knows already when to look again. */
	if (!strcmp(before, "Pending") && !strcmp(phase, "Running") && !ev->obj->deleted_s)
		return;
	if (*ip && !ev->prev && !over(phase))
		addresses_mark(h->addresses, ev->obj->uid, ip);
	enqueue_after(q, ev->obj->ns, ev->obj->name, ev->obj->deleted_s ? STOP_MS : 0);
}

const struct controller simulated_kubelet = {
	.name = "kubelet",
	.manager = "kubelet",
	.watch = { { "v1", "Pod", NULL }, { "coordination.k8s.io/v1", "Lease", heartbeat_map } },
	.map_state = map_pod,
	.reconcile = kubelet_reconcile,
	.workers = 8,
};
