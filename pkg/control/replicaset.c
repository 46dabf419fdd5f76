/*
 * replicaset, replicationcontroller: keep spec.replicas pods of a template alive.
 *
 * The two kinds differ in nothing but their names and the spelling of the selector.
 * Pods are counted from memory, which already holds our own last writes, so no expectations are needed:
 * the difference between wanted and active pods is created or deleted, at most BURST at a time, and the
 * status is written when it differs.  Victims are chosen in victims.c.
 * k8s: pkg/controller/replicaset/replica_set.go.
 */
#include "control/claim.h"
#include "control/control.h"
#include "control/pods.h"
#include "control/podwork.h"
#include "control/victims.h"
#include "control/workload.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <stdlib.h>
#include <string.h>

#define BURST 500

struct rs {
	struct task *t;
	const struct kind *kind;
	struct pods pods;
	const struct obj *obj;
	struct json *tree;
	const struct obj **mine;
	size_t nmine;
	const struct obj **active; /* the active ones of mine */
	size_t nactive;
	int64_t want;
	int64_t after_ms;
	struct status failure; /* of creating or deleting pods, told in a condition */
	const char *failure_reason;
};

static void count_active(struct rs *r)
{
	r->active = arena_alloc(r->t->call.a, (r->nmine + 1) * sizeof(*r->active));
	for (size_t i = 0; i < r->nmine; i++)
		if (pod_active(&r->pods, r->mine[i]))
			r->active[r->nactive++] = r->mine[i];
}

static struct json *build_pod(void *arg, size_t i)
{
	struct rs *r = arg;

	(void)i;
	return pod_from_template(r->t->call.a, json_path(r->tree, "spec.template"), r->obj->name);
}

static struct podwork work_of(struct rs *r)
{
	return (struct podwork){ .t = r->t,
				 .pod_kind = r->pods.kind,
				 .kind = r->kind,
				 .owner = r->obj,
				 .build = build_pod,
				 .arg = r };
}

static bool create_pods(struct rs *r, int64_t n)
{
	struct podwork w = work_of(r);
	size_t made = podwork_create(&w, (size_t)n, &r->failure);

	if (!status_ok(&r->failure)) {
		r->failure_reason = "FailedCreate";
		return false;
	}
	if (made < (size_t)n)
		r->want = (int64_t)(r->nactive + made);
	return true;
}

struct kin {
	const struct obj **sets;
	size_t nsets;
};

static bool is_kin(const struct obj *pod, void *arg)
{
	const struct kin *k = arg;
	const struct owner *c = obj_controller(pod);

	for (size_t i = 0; c && i < k->nsets; i++)
		if (!strcmp(k->sets[i]->uid, c->uid))
			return true;
	return false;
}

/* The pods of all sets that share this one's owner. */
static size_t related(struct rs *r, const struct obj ***out)
{
	const struct owner *owner = obj_controller(r->obj);
	struct kin k;
	struct store_list l;
	size_t n;

	*out = r->active;
	if (!owner)
		return r->nactive;
	k.nsets = children_list(r->t, r->kind, r->obj->ns, owner->uid, &k.sets);
	store_list(api_table(r->t->call.api, r->pods.kind), r->obj->ns, NULL, NULL, 0, is_kin, &k,
		   &l);
	n = l.n;
	*out = arena_alloc(r->t->call.a, (n + 1) * sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = obj_hold(r->t->call.a, l.items[i]);
	store_list_free(&l);
	return n;
}

static bool delete_pods(struct rs *r, int64_t n)
{
	struct podwork w = work_of(r);

	if (n < (int64_t)r->nactive) {
		const struct obj **others;
		size_t nothers = related(r, &others);

		victims_sort(r->t->call.a, &r->pods, r->active, r->nactive, others, nothers);
	}
	for (int64_t i = 0; i < n; i++) {
		if (podwork_delete(&w, r->active[i], &r->failure))
			continue;
		r->failure_reason = "FailedDelete";
		return false;
	}
	return true;
}

static bool scale(struct rs *r)
{
	int64_t diff = r->want - (int64_t)r->nactive;

	if (diff > 0)
		return create_pods(r, diff > BURST ? BURST : diff);
	if (diff < 0)
		return delete_pods(r, -diff > BURST ? BURST : -diff);
	return true;
}

static bool fully_labeled(const struct obj *o, const struct json *labels)
{
	json_each(l, labels) {
		const char *v = obj_label(o, json_name(l));

		if (!v || strcmp(v, json_str(l)))
			return false;
	}
	return true;
}

static void set_counts(struct rs *r, struct json *s)
{
	struct arena *a = r->t->call.a;
	const struct json *labels = json_path(r->tree, "spec.template.metadata.labels");
	int64_t min_ready = json_path_int(r->tree, "spec.minReadySeconds", 0);
	int64_t labeled = 0, ready = 0, available = 0, terminating = 0;

	for (size_t i = 0; i < r->nactive; i++) {
		labeled += fully_labeled(r->active[i], labels);
		ready += pod_ready(&r->pods, r->active[i]);
		available += pod_available(&r->pods, a, r->active[i], min_ready, &r->after_ms);
	}
	for (size_t i = 0; i < r->nmine; i++)
		terminating += r->mine[i]->deleted_s && !pod_finished(&r->pods, r->mine[i]);
	status_count(a, s, "replicas", (int64_t)r->nactive, true);
	status_count(a, s, "fullyLabeledReplicas", labeled, false);
	status_count(a, s, "readyReplicas", ready, false);
	status_count(a, s, "availableReplicas", available, false);
	json_set_int(a, s, "terminatingReplicas", terminating);
	json_set_int(a, s, "observedGeneration", r->obj->generation);
}

/* ReplicaFailure stands while pods cannot be made or removed, and goes once they can. */
static void set_failure(struct rs *r, struct json *o)
{
	struct json *conds = json_path(o, "status.conditions");
	struct json *c = meta_condition(o, "ReplicaFailure");

	/* What failed first is told; a text that names each attempt's pod must not change it every time. */
	if (r->failure_reason && c)
		return;
	if (r->failure_reason)
		meta_set_condition(r->t->call.a, o, "ReplicaFailure", "True", r->failure_reason,
				   r->failure.message, false);
	else if (c)
		json_detach(conds, c);
	if (conds && !json_count(conds))
		json_del(json_get(o, "status"), "conditions");
}

static bool change_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct rs *r = arg;
	const struct json *before = json_copy(c->a, json_get(o, "status"));

	(void)st;
	if (strcmp(meta_uid(o), r->obj->uid))
		return false;
	set_counts(r, json_ensure_object(c->a, o, "status"));
	set_failure(r, o);
	return !json_equal(before, json_get(o, "status"));
}

static bool write_status(struct rs *r, struct status *st)
{
	return task_change(r->t, r->kind, "status", r->obj->ns, r->obj->name, change_status, r, st);
}

/* Look again at the pods after they were changed. */
static bool recount(struct rs *r, const struct selector *sel, struct status *st)
{
	struct claim c = {
		.t = r->t, .kind = r->pods.kind, .owner_kind = r->kind, .owner = r->obj, .sel = sel
	};

	r->nactive = 0;
	if (!claim(&c, &r->mine, &r->nmine, st))
		return false;
	count_active(r);
	return true;
}

static const struct kind *kind_of(const struct task *t)
{
	const struct controller_watch *subject = &t->ctl->watch[0];

	return kinds_by_api_version(api_kinds(t->call.api), subject->api_version, subject->kind);
}

static bool replicaset_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct rs r = { .t = t, .kind = kind_of(t), .pods = pods_of(t->call.api) };
	struct selector *sel;
	bool ok;

	r.obj = api_get(&t->call, r.kind, key.ns, key.name, NULL);
	if (!r.obj)
		return true;
	r.tree = obj_tree(t->call.a, r.obj);
	r.want = json_path_int(r.tree, "spec.replicas", 1);
	sel = workload_selector(t->call.a, json_path(r.tree, "spec.selector"), st);
	if (!sel || !recount(&r, sel, st))
		return false;
	if (!r.obj->deleted_s && (int64_t)r.nactive != r.want) {
		ok = scale(&r);
		if (!recount(&r, sel, st))
			return false;
	} else {
		ok = true;
	}
	ok = write_status(&r, st) && ok;
	if (r.failure.code && !st->code)
		status_move(st, &r.failure);
	status_clear(&r.failure);
	out->after_ms = r.after_ms ? r.after_ms : (int64_t)r.nactive < r.want ? 1 : 0;
	return ok;
}

static void offer_to_sets(struct enqueue *q, struct api *api, const struct event *ev)
{
	claim_offer(q, api, ev, kinds_by_resource(api_kinds(api), "apps", "v1", "replicasets"));
}

static void offer_to_controllers(struct enqueue *q, struct api *api, const struct event *ev)
{
	claim_offer(q, api, ev,
		    kinds_by_resource(api_kinds(api), "", "v1", "replicationcontrollers"));
}

const struct controller replicaset_controller = {
	.name = "replicaset",
	.source = "replicaset-controller",
	.watch = { { "apps/v1", "ReplicaSet", NULL }, { "v1", "Pod", offer_to_sets } },
	.reconcile = replicaset_reconcile,
	.workers = 2,
};

const struct controller replicationcontroller_controller = {
	.name = "replicationcontroller",
	.source = "replication-controller",
	.watch = { { "v1", "ReplicationController", NULL }, { "v1", "Pod", offer_to_controllers } },
	.reconcile = replicaset_reconcile,
};
