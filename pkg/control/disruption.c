/*
 * disruption: how many pods of a PodDisruptionBudget may be evicted now.
 *
 * Healthy pods are counted against what is wanted of them, which for percentages is a share of what their
 * controllers ask for.  Evictions that the api has granted but not yet carried out count as done for two minutes.
 * When the count cannot be trusted nothing may be evicted.  The same two minutes later a pod that was marked
 * for disruption but lives on loses the mark.
 * k8s: pkg/controller/disruption/disruption.go.
 */
#include "control/control.h"
#include "control/pods.h"
#include "control/workload.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

#define GRANTED_S 120
#define OWNERS_MAX 4 /* levels of controllers looked up */

struct budget {
	struct task *t;
	const struct kind *kind;
	struct pods pods;
	const struct obj *obj;
	struct json *tree;
	const struct obj **mine;
	size_t n;
	int64_t expected, desired, healthy;
	size_t unmanaged;
	struct json *granted; /* status.disruptedPods as it is to be; NULL = none */
	int64_t after_ms;
};

/* ---- what is wanted ---- */

struct owner_scale {
	const char *uid;
	int64_t replicas;
};

/* The outermost live controller that can be scaled, and its size.  False with st where there is none. */
static bool scale_of(struct budget *b, const struct owner *ref, const char *ns, int depth,
		     struct owner_scale *out, struct status *st)
{
	struct call *c = &b->t->call;
	const struct kind *k = kinds_by_api_version(api_kinds(c->api), ref->api_version, ref->kind);
	const struct obj *o;
	const struct owner *above;

	if (!k)
		return status_internal(st, "no matches for kind \"%s\" in version \"%s\"",
				       ref->kind, ref->api_version);
	o = api_get(c, k, ns, ref->name, NULL);
	if (!o || strcmp(o->uid, ref->uid)) {
		out->uid = NULL;
		return true;
	}
	if (!(k->subs & SUB_SCALE))
		return status_internal(st, "%s%s%s does not implement the scale subresource",
				       k->subject.resource, *k->subject.group ? "." : "",
				       k->subject.group);
	above = obj_controller(o);
	if (above && depth < OWNERS_MAX && scale_of(b, above, ns, depth + 1, out, NULL) && out->uid)
		return true;
	out->uid = o->uid;
	out->replicas = json_path_int(obj_tree(c->a, o), k->scale_paths[0], 1);
	return true;
}

static bool known(const struct owner_scale *all, size_t n, const char *uid)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].uid, uid))
			return true;
	return false;
}

/* The sum of what the pods' controllers ask for. */
static bool expected_scale(struct budget *b, struct status *st)
{
	struct arena *a = b->t->call.a;
	struct owner_scale *all = arena_alloc(a, (b->n + 1) * sizeof(*all));
	const char *last = "";
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct owner *ref = obj_controller(b->mine[i]);

		b->unmanaged += !ref;
		if (!ref || !strcmp(ref->uid, last))
			continue;
		last = ref->uid;
		if (!scale_of(b, ref, b->obj->ns, 0, &all[n], st))
			return false;
		if (!all[n].uid)
			return status_internal(st, "found no controllers for pod \"%s\"",
					       b->mine[i]->name);
		if (!known(all, n, all[n].uid))
			b->expected += all[n++].replicas;
	}
	return true;
}

static bool wanted(struct budget *b, struct status *st)
{
	const struct json *most = json_path(b->tree, "spec.maxUnavailable");
	const struct json *least = json_path(b->tree, "spec.minAvailable");

	if (most) {
		if (!expected_scale(b, st))
			return false;
		b->desired = b->expected - int_or_percent(most, b->expected, true);
		if (b->desired < 0)
			b->desired = 0;
	} else if (json_is_number(least)) {
		b->expected = (int64_t)b->n;
		b->desired = json_path_int(b->tree, "spec.minAvailable", 0);
	} else if (least) {
		if (!expected_scale(b, st))
			return false;
		b->desired = int_or_percent(least, b->expected, true);
	}
	return true;
}

/* ---- what there is ---- */

/* Milliseconds until an eviction granted to this pod is given up; 0 = none is pending. */
static int64_t granted_ms(struct budget *b, const struct obj *pod)
{
	const struct json *when = json_get(json_path(b->tree, "status.disruptedPods"), pod->name);
	int64_t us, left;

	if (!when || !time_parse(json_str(when), &us))
		return 0;
	left = GRANTED_S * 1000 - (clock_now_us() - us) / 1000;
	if (left > 0)
		return left;
	task_event(b->t, b->pods.kind, pod, "Warning", "NotDeleted",
		   "Pod was expected by PDB %s/%s to be deleted but it wasn't", b->obj->ns,
		   b->obj->ns);
	return 0;
}

static void grant(struct budget *b, const struct obj *pod, int64_t left_ms)
{
	struct arena *a = b->t->call.a;
	const struct json *when = json_get(json_path(b->tree, "status.disruptedPods"), pod->name);

	if (!b->granted)
		b->granted = json_object(a);
	json_set(a, b->granted, pod->name, json_copy(a, when));
	if (!b->after_ms || left_ms < b->after_ms)
		b->after_ms = left_ms;
}

static void count(struct budget *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct obj *pod = b->mine[i];
		int64_t left;

		if (pod->deleted_s)
			continue;
		left = granted_ms(b, pod);
		if (left)
			grant(b, pod, left);
		else
			b->healthy += pod_ready(&b->pods, pod);
	}
}

static bool matches(const struct obj *pod, void *sel)
{
	return selector_matches_obj(sel, pod);
}

static bool read_pods(struct budget *b, struct status *st)
{
	struct arena *a = b->t->call.a;
	struct selector *sel =
		selector_from_label_selector(a, json_path(b->tree, "spec.selector"), st);
	struct store_list l;

	if (!sel)
		return false;
	store_list(api_table(b->t->call.api, b->pods.kind), b->obj->ns, NULL, NULL, 0, matches, sel,
		   &l);
	b->mine = arena_alloc(a, (l.n + 1) * sizeof(*b->mine));
	for (b->n = 0; b->n < l.n; b->n++)
		b->mine[b->n] = obj_hold(a, l.items[b->n]);
	store_list_free(&l);
	return true;
}

/* ---- telling ---- */

struct news {
	struct budget *b;
	const char *trouble; /* why nothing may be evicted; NULL = none */
};

/* A metav1.Condition: its message is always there, and it tells of which generation it speaks. */
static void set_allowed(struct arena *a, struct json *o, bool yes, const char *reason,
			const char *message)
{
	struct json *c;

	meta_set_condition(a, o, "DisruptionAllowed", yes ? "True" : "False", reason, message, false);
	c = meta_condition(o, "DisruptionAllowed");
	json_set_str(a, c, "message", message);
	json_set_int(a, c, "observedGeneration", json_path_int(o, "status.observedGeneration", 0));
}

static bool change_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct news *w = arg;
	struct budget *b = w->b;
	struct json *s = json_ensure_object(c->a, o, "status");
	const struct json *before = json_copy(c->a, s);
	int64_t allowed = b->healthy - b->desired;

	(void)st;
	if (strcmp(meta_uid(o), b->obj->uid))
		return false;
	if (w->trouble) {
		json_set_int(c->a, s, "disruptionsAllowed", 0);
		set_allowed(c->a, o, false, "SyncFailed", w->trouble);
		return !json_equal(before, s);
	}
	if (b->expected <= 0 || allowed < 0)
		allowed = 0;
	/* Somebody was granted an eviction since we looked: count again. */
	if (!json_equal(json_get(s, "disruptedPods"), json_path(b->tree, "status.disruptedPods")))
		return status_modified(st, &b->kind->subject, b->obj->name);
	json_set_int(c->a, s, "observedGeneration", b->obj->generation);
	if (b->granted)
		json_set(c->a, s, "disruptedPods", json_copy(c->a, b->granted));
	else
		json_del(s, "disruptedPods");
	json_set_int(c->a, s, "disruptionsAllowed", allowed);
	json_set_int(c->a, s, "currentHealthy", b->healthy);
	json_set_int(c->a, s, "desiredHealthy", b->desired);
	json_set_int(c->a, s, "expectedPods", b->expected);
	set_allowed(c->a, o, allowed, allowed ? "SufficientPods" : "InsufficientPods", "");
	return !json_equal(before, s);
}

static bool write_status(struct budget *b, const char *trouble, struct status *st)
{
	struct news w = { b, trouble };

	return task_change(b->t, b->kind, "status", b->obj->ns, b->obj->name, change_status, &w, st);
}

static void tell(struct budget *b)
{
	if (!b->n)
		task_event(b->t, b->kind, b->obj, "Normal", "NoPods", "No matching pods found");
	if (b->unmanaged)
		task_event(b->t, b->kind, b->obj, "Warning", "UnmanagedPods",
			   "Pods selected by this PodDisruptionBudget (selector: %s) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
			   json_text(b->t->call.a, json_path(b->tree, "spec.selector")));
}

static bool sync(struct budget *b, struct status *st)
{
	STATUS_AUTO struct status why = STATUS_INIT;

	if (!read_pods(b, st))
		return false;
	if (!wanted(b, &why)) {
		task_event(b->t, b->kind, b->obj, "Warning", "CalculateExpectedPodCountFailed",
			   "Failed to calculate the number of expected pods: %s", why.message);
		return write_status(b, why.message, st);
	}
	tell(b);
	count(b);
	return write_status(b, NULL, st);
}

/* ---- marks that came to nothing ---- */

/* Milliseconds until the mark is stale; -1 = there is none. */
static int64_t mark_ms(const struct json *pod)
{
	const struct json *c = meta_condition(pod, "DisruptionTarget");
	int64_t us, left;

	if (meta_deleting(pod) || !c || strcmp(json_path_str(c, "status"), "True") ||
	    !strcmp(json_path_str(c, "reason"), "TerminationByKubelet"))
		return -1;
	if (!time_parse(json_path_str(c, "lastTransitionTime"), &us))
		return 0;
	left = GRANTED_S * 1000 - (clock_now_us() - us) / 1000;
	return left > 0 ? left : 0;
}

static bool unmark(struct call *c, struct json *pod, void *arg, struct status *st)
{
	(void)arg;
	(void)st;
	if (mark_ms(pod))
		return false;
	return meta_set_condition(c->a, pod, "DisruptionTarget", "False", "", "", false);
}

static bool clean_mark(struct task *t, const struct pods *pods, const char *ns, const char *name,
		       struct result *out, struct status *st)
{
	const struct obj *o = api_get(&t->call, pods->kind, ns, name, NULL);
	int64_t left = o && !pod_finished(pods, o) ? mark_ms(obj_tree(t->call.a, o)) : -1;

	if (left) {
		out->after_ms = left > 0 ? left : 0;
		return true;
	}
	return task_change(t, pods->kind, "status", ns, name, unmark, NULL, st);
}

/* ---- the controller ---- */

static bool disruption_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct kinds *ks = api_kinds(t->call.api);
	struct budget b = { .t = t,
			    .kind = kinds_by_resource(ks, "policy", "v1", "poddisruptionbudgets"),
			    .pods = pods_of(t->call.api) };
	bool ok;

	if (*key.name == '/') /* a pod by its name: its mark */
		return clean_mark(t, &b.pods, key.ns, key.name + 1, out, st);
	b.obj = api_get(&t->call, b.kind, key.ns, key.name, NULL);
	if (!b.obj)
		return true;
	b.tree = obj_tree(t->call.a, b.obj);
	ok = sync(&b, st);
	out->after_ms = b.after_ms;
	return ok;
}

struct offer {
	struct enqueue *q;
	struct arena *a;
	const struct event *ev;
};

static bool offer(const struct obj *budget, void *arg)
{
	struct offer *of = arg;
	struct selector *sel = selector_from_label_selector(
		of->a, json_path(obj_tree(of->a, budget), "spec.selector"), NULL);

	if (sel && (selector_matches_obj(sel, of->ev->obj) ||
		    (of->ev->prev && selector_matches_obj(sel, of->ev->prev))))
		enqueue_key(of->q, budget->ns, budget->name);
	return false;
}

static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	const struct kind *k =
		kinds_by_resource(api_kinds(api), "policy", "v1", "poddisruptionbudgets");
	struct offer of = { q, arena_new(), ev };
	char name[300] = "/";
	struct store_list l;

	store_list(api_table(api, k), ev->obj->ns, NULL, NULL, 0, offer, &of, &l);
	store_list_free(&l);
	arena_free(&of.a);
	if (ev->type != EVENT_DELETED && !ev->obj->deleted_s &&
	    strstr(ev->obj->json, "\"DisruptionTarget\"") && strlen(ev->obj->name) < sizeof name - 1)
		enqueue_key(q, ev->obj->ns, strcat(name, ev->obj->name));
}

const struct controller disruption_controller = {
	.name = "disruption",
	.source = "controllermanager",
	.watch = { { "policy/v1", "PodDisruptionBudget", NULL }, { "v1", "Pod", map_pod } },
	.reconcile = disruption_reconcile,
};
