/*
 * autoscaler: sets the replicas of anything that has a scale subresource by what its pods use.
 *
 * Each HorizontalPodAutoscaler is looked at every 15 seconds as upstream does, and besides soon after its spec or
 * the annotations or readiness of a pod of its namespace changed: simulated pods say in annotations what they
 * use.  A pass reads the Scale, works out the status as it is to be, writes the Scale and then the status.
 * k8s: pkg/controller/podautoscaler/horizontal.go.
 */
#include "control/autoscaler.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"
#include "obj/selector.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_MS 15000
#define SOON_MS 1000
#define SETTLE_MS 200
#define TOLERANCE 0.1
#define ATTEMPTS 5

struct autoscalers {
	struct map *pasts; /* "ns/name" -> struct past; the one worker's own */
	const struct peers *peers;
};

/* ---- status ---- */

void autoscaling_condition(struct autoscaling *x, const char *type, bool yes, const char *reason,
			   const char *fmt, ...)
{
	struct arena *a = x->t->call.a;
	va_list ap;

	va_start(ap, fmt);
	meta_set_condition(a, x->o, type, yes ? "True" : "False", reason, arena_vprintf(a, fmt, ap),
			   false);
	va_end(ap);
}

/* All but the conditions anew; desired < 0 keeps what it says. */
static void set_status(struct autoscaling *x, int64_t desired, struct json *metrics, bool rescaled)
{
	struct arena *a = x->t->call.a;
	struct json *old = json_ensure_object(a, x->o, "status"), *s = json_object(a);
	const struct json *last = json_get(old, "lastScaleTime");
	const struct json *conditions = json_get(old, "conditions");
	char now[TIME_LEN];

	time_format(x->now_us / 1000000, now);
	if (rescaled)
		json_set_str(a, s, "lastScaleTime", now);
	else if (last)
		json_set(a, s, "lastScaleTime", json_copy(a, last));
	if (x->current)
		json_set_int(a, s, "currentReplicas", x->current);
	if (desired < 0)
		desired = json_path_int(old, "desiredReplicas", 0);
	json_set_int(a, s, "desiredReplicas", desired);
	json_set(a, s, "currentMetrics", metrics ? metrics : json_null(a));
	if (conditions)
		json_set(a, s, "conditions", json_copy(a, conditions));
	json_set(a, x->o, "status", s);
}

static bool put_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct autoscaling *x = arg;
	const struct json *s = json_get(x->o, "status");

	(void)st;
	if (strcmp(meta_uid(o), x->obj->uid) || json_equal(json_get(o, "status"), s))
		return false;
	json_set(c->a, o, "status", json_copy(c->a, s));
	return true;
}

static bool write_status(struct autoscaling *x, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	if (api_change(&x->t->call, x->kind, "status", x->obj->ns, x->obj->name, put_status, x, &err) ||
	    status_is(&err, "NotFound"))
		return true;
	autoscaling_tell(x, "Warning", "FailedUpdateStatus", "%s", err.message);
	status_move(st, &err);
	return false;
}

/* ---- the target ---- */

static const char *group_of(struct arena *a, const char *api_version)
{
	const char *slash = strchr(api_version, '/');

	return slash ? arena_dup(a, api_version, (size_t)(slash - api_version)) : "";
}

/* The kind in the group of the reference, in its version or in any other. */
static const struct kind *target_kind(struct call *c, const struct json *ref, const char **why)
{
	const char *version = json_path_str(ref, "apiVersion"), *kind = json_path_str(ref, "kind");
	const char *group = group_of(c->a, version), *slash = strchr(version, '/');
	const struct kind *k = kinds_by_api_version(api_kinds(c->api), version, kind);

	if (slash && strchr(slash + 1, '/')) {
		*why = arena_printf(c->a, "unexpected GroupVersion string: %s", version);
		return NULL;
	}
	for (size_t it = 0; !k && (k = kinds_next(api_kinds(c->api), &it));)
		if (strcmp(k->subject.kind, kind) || strcmp(k->subject.group, group))
			k = NULL;
	if (!k)
		*why = arena_printf(c->a, "no matches for kind \"%s\" in group \"%s\"", kind, group);
	return k;
}

static struct json *scale_of(struct call *c, const struct obj *autoscaler, const struct json *spec,
			     const struct kind **k, const char **why)
{
	const struct json *ref = json_get(spec, "scaleTargetRef");
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json *scale;

	*k = target_kind(c, ref, why);
	if (!*k)
		return NULL;
	scale = api_scale_get(c, *k, autoscaler->ns, json_path_str(ref, "name"), &st);
	if (!scale)
		*why = arena_strdup(c->a, st.message);
	return scale;
}

static bool read_target(struct autoscaling *x)
{
	const char *why = "";

	x->scale = scale_of(&x->t->call, x->obj, x->spec, &x->target, &why);
	if (!x->scale) {
		autoscaling_tell(x, "Warning", "FailedGetScale", "%s", why);
		autoscaling_condition(
			x, "AbleToScale", false, "FailedGetScale",
			"the HPA controller was unable to get the target's current scale: %s", why);
		return false;
	}
	autoscaling_condition(x, "AbleToScale", true, "SucceededGetScale",
			      "the HPA controller was able to get the target's current scale");
	x->current = json_path_int(x->scale, "spec.replicas", 0);
	x->observed = json_path_int(x->scale, "status.replicas", 0);
	x->selector = json_path_str(x->scale, "status.selector");
	return true;
}

static bool write_scale(struct autoscaling *x, int64_t replicas, struct status *st)
{
	struct call *c = &x->t->call;
	const char *name = json_path_str(x->spec, "scaleTargetRef.name");
	struct json *scale = x->scale;

	for (int i = 0; scale && i < ATTEMPTS; i++) {
		STATUS_AUTO struct status err = STATUS_INIT;
		struct json *asked = json_copy(c->a, scale);

		json_set_int(c->a, json_ensure_object(c->a, asked, "spec"), "replicas", replicas);
		if (api_scale_update(c, x->target, x->obj->ns, name, asked, PATCH_MERGE, false,
				     false, &err))
			return true;
		if (!status_is(&err, "Conflict") || i == ATTEMPTS - 1) {
			status_move(st, &err);
			return false;
		}
		scale = api_scale_get(c, x->target, x->obj->ns, name, st);
	}
	return false;
}

/* ---- whose pods they are ---- */

struct rivals {
	struct autoscaling *x;
	struct store_list pods;
	const char *names;
	size_t n;
};

static bool mine(const struct obj *pod, void *arg)
{
	const struct autoscaling *x = arg;

	return selector_matches_obj(x->sel, pod);
}

static bool selects_any(struct rivals *r, const struct obj *other)
{
	struct call *c = &r->x->t->call;
	const struct kind *k;
	const char *why;
	const struct json *scale =
		scale_of(c, other, json_get(obj_tree(c->a, other), "spec"), &k, &why);
	const char *text = json_path_str(scale, "status.selector");
	const struct selector *sel = *text ? selector_parse(c->a, text, NULL) : NULL;

	for (size_t i = 0; sel && i < r->pods.n; i++)
		if (selector_matches_obj(sel, r->pods.items[i]))
			return true;
	return false;
}

/* The autoscalers that control pods of x; "[ns/a ns/b]" when there are several, else NULL. */
static const char *ambiguous(struct autoscaling *x)
{
	struct rivals r = { x, { 0 }, "", 0 };
	struct table *table = api_table(x->t->call.api, x->kind);
	struct arena *a = x->t->call.a;
	struct store_list all;

	store_list(table, x->obj->ns, NULL, NULL, 0, NULL, NULL, &all);
	if (all.n > 1)
		store_list(api_table(x->t->call.api, x->pods.kind), x->obj->ns, NULL, NULL, 0, mine,
			   x, &r.pods);
	for (size_t i = 0; i < all.n && r.pods.n; i++) {
		const struct obj *o = all.items[i];

		if (strcmp(o->name, x->obj->name) && !selects_any(&r, o))
			continue;
		r.names = arena_printf(a, "%s%s%s/%s", r.names, r.n++ ? " " : "", o->ns, o->name);
	}
	if (all.n > 1)
		store_list_free(&r.pods);
	store_list_free(&all);
	return r.n > 1 ? arena_printf(a, "[%s]", r.names) : NULL;
}

static const char *bad_selector(struct autoscaling *x, const char *reason, const char *text)
{
	autoscaling_tell(x, "Warning", reason, "%s", text);
	autoscaling_condition(x, "ScalingActive", false, reason, "%s", text);
	return text;
}

/* NULL, or why the target's pods are not known. */
static const char *read_selector(struct autoscaling *x)
{
	struct arena *a = x->t->call.a;
	STATUS_AUTO struct status st = STATUS_INIT;
	const char *rivals;

	if (!*x->selector) {
		autoscaling_tell(x, "Warning", "SelectorRequired", "selector is required");
		autoscaling_condition(x, "ScalingActive", false, "InvalidSelector",
				      "the HPA target's scale is missing a selector");
		return "selector is required";
	}
	x->sel = selector_parse(a, x->selector, &st);
	if (!x->sel)
		return bad_selector(
			x, "InvalidSelector",
			arena_printf(a, "couldn't convert selector into a corresponding internal selector object: %s",
				     st.message));
	rivals = ambiguous(x);
	if (!rivals)
		return NULL;
	return bad_selector(x, "AmbiguousSelector",
			    arena_printf(a, "pods by selector %s are controlled by multiple HPAs: %s",
					 x->selector, rivals));
}

/* ---- deciding ---- */

struct decision {
	int64_t replicas;
	const char *reason;
	struct json *metrics; /* NULL = none were looked at */
};

/* From the metrics.  False when they allow no answer. */
static bool measure(struct autoscaling *x, struct decision *d)
{
	const char *why = read_selector(x), *metric;

	if (why || !metrics_propose(x, &d->metrics, &d->replicas, &metric, &why)) {
		autoscaling_tell(x, "Warning", "FailedComputeMetricsReplicas", "%s", why);
		return false;
	}
	if (d->replicas > x->current)
		d->reason = arena_printf(x->t->call.a, "%s above target", metric);
	else if (d->replicas < x->current)
		d->reason = "All metrics below target";
	d->replicas = rate_limit(x, d->replicas);
	return true;
}

static bool decide(struct autoscaling *x, struct decision *d)
{
	*d = (struct decision){ x->current, "", NULL };
	if (!x->current) {
		autoscaling_condition(
			x, "ScalingActive", false, "ScalingDisabled",
			"scaling is disabled since the replica count of the target is zero");
	} else if (x->current > x->max) {
		d->replicas = x->max;
		d->reason = "Current number of replicas above Spec.MaxReplicas";
	} else if (x->current < x->min) {
		d->replicas = x->min;
		d->reason = "Current number of replicas below Spec.MinReplicas";
	} else {
		return measure(x, d);
	}
	return true;
}

/* True when the target now has the decided size. */
static bool rescale(struct autoscaling *x, const struct decision *d)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	if (!write_scale(x, d->replicas, &err)) {
		autoscaling_tell(x, "Warning", "FailedRescale",
				 "New size: %lld; reason: %s; error: %s", (long long)d->replicas,
				 d->reason, err.message);
		autoscaling_condition(x, "AbleToScale", false, "FailedUpdateScale",
				      "the HPA controller was unable to update the target scale: %s",
				      err.message);
		return false;
	}
	autoscaling_condition(x, "AbleToScale", true, "SucceededRescale",
			      "the HPA controller was able to update the target scale to %lld",
			      (long long)d->replicas);
	autoscaling_tell(x, "Normal", "SuccessfulRescale", "New size: %lld; reason: %s",
			 (long long)d->replicas, d->reason);
	rate_note(x, x->current, d->replicas);
	return true;
}

static void pass(struct autoscaling *x)
{
	struct decision d;
	bool change;

	if (!read_target(x))
		return;
	rate_begin(x);
	if (!decide(x, &d)) {
		set_status(x, -1, d.metrics, false);
		return;
	}
	change = d.replicas != x->current;
	if (change && !rescale(x, &d))
		set_status(x, -1, d.metrics, false);
	else
		set_status(x, d.replicas, d.metrics, change);
}

/* ---- the controller ---- */

static double tolerance(const struct json *spec, const char *direction)
{
	const struct json *v = json_get(json_get(json_get(spec, "behavior"), direction), "tolerance");
	struct quantity q;

	return v && quantity_parse(json_str(v), &q) ? (double)q.nano / 1e9 : TOLERANCE;
}

static struct past *past_of(struct autoscalers *s, const char *key)
{
	struct past *p = map_get(s->pasts, key);

	if (p)
		return p;
	p = calloc(1, sizeof *p);
	BUG_ON(!p);
	map_set(s->pasts, key, p);
	return p;
}

static bool autoscaler_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct autoscalers *s = t->state;
	struct autoscaling x = { .t = t,
				 .peers = s->peers,
				 .kind = kinds_by_resource(api_kinds(t->call.api), "autoscaling",
							   "v2", "horizontalpodautoscalers"),
				 .pods = pods_of(t->call.api),
				 .now_us = clock_now_us() };
	const char *id = arena_printf(t->call.a, "%s/%s", key.ns, key.name);

	x.obj = api_get(&t->call, x.kind, key.ns, key.name, NULL);
	if (!x.obj) {
		struct past *old = map_del(s->pasts, id);

		if (old)
			rate_past_free(old);
		return true;
	}
	x.past = past_of(s, id);
	x.o = obj_tree(t->call.a, x.obj);
	x.spec = json_get(x.o, "spec");
	x.min = json_path_int(x.spec, "minReplicas", 1);
	x.max = json_path_int(x.spec, "maxReplicas", 0);
	x.up = tolerance(x.spec, "scaleUp");
	x.down = tolerance(x.spec, "scaleDown");
	pass(&x);
	out->after_ms = x.soon ? SOON_MS : PERIOD_MS;
	return write_status(&x, st);
}

/* Its own status is no reason to look again. */
static void map_self(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct arena *a = arena_new();

	(void)api;
	if (!ev->prev || ev->type == EVENT_DELETED ||
	    !json_equal(json_get(obj_tree(a, ev->obj), "spec"),
			json_get(obj_tree(a, ev->prev), "spec")))
		enqueue_key(q, ev->obj->ns, ev->obj->name);
	arena_free(&a);
}

static bool same_annotations(const struct obj *x, const struct obj *y)
{
	static const char member[] = "\"annotations\":{";
	struct arena *a;
	bool same;

	if (!strstr(x->json, member) && !strstr(y->json, member))
		return true;
	a = arena_new();
	same = json_equal(json_path(obj_tree(a, x), "metadata.annotations"),
			  json_path(obj_tree(a, y), "metadata.annotations"));
	arena_free(&a);
	return same;
}

static bool uses_otherwise(struct api *api, const struct event *ev)
{
	struct pods pods = pods_of(api);

	return pod_ready(&pods, ev->obj) != pod_ready(&pods, ev->prev) ||
	       !same_annotations(ev->obj, ev->prev);
}

static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct store_list l;
	bool look;

	if (!ev->prev || ev->type == EVENT_DELETED)
		return;
	store_list(api_table(api, kinds_by_resource(api_kinds(api), "autoscaling", "v2",
						    "horizontalpodautoscalers")),
		   ev->obj->ns, NULL, NULL, 0, NULL, NULL, &l);
	look = l.n && uses_otherwise(api, ev);
	for (size_t i = 0; look && i < l.n; i++)
		enqueue_after(q, l.items[i]->ns, l.items[i]->name, SETTLE_MS);
	store_list_free(&l);
}

static void *autoscaler_start(struct runtime *rt, void *arg)
{
	struct autoscalers *s = calloc(1, sizeof *s);

	(void)rt;
	BUG_ON(!s);
	s->pasts = map_new();
	s->peers = arg;
	return s;
}

static void autoscaler_stop(void *state)
{
	struct autoscalers *s = state;

	map_free(&s->pasts, rate_past_free);
	free(s);
}

const struct controller autoscaler_controller = {
	.name = "horizontal-pod-autoscaling",
	.source = "horizontal-pod-autoscaler",
	.watch = { { "autoscaling/v2", "HorizontalPodAutoscaler", map_self },
		   { "v1", "Pod", map_pod } },
	.reconcile = autoscaler_reconcile,
	.start = autoscaler_start,
	.stop = autoscaler_stop,
};
