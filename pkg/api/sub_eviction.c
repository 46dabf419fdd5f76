/*
 * eviction: a delete that asks the disruption budget first.
 *
 * Pods that are terminal, pending or already going need no budget.  Otherwise the one budget that selects
 * the pod must allow a disruption: it is charged (status.disruptionsAllowed, disruptedPods) before the
 * pod is touched.  Then the pod gets the condition DisruptionTarget and is deleted.
 * k8s: pkg/registry/core/pod/storage/eviction.go.
 */
#include "api/core.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

#define DISRUPTED_MAX 2000

static const char too_many[] = "Cannot evict pod as it would violate the pod's disruption budget.";

static bool budget_unobserved(struct call *c, const char *budget, struct status *st)
{
	status_too_many(st, 10, "%s", too_many);
	status_add_cause(
		st, "DisruptionBudget",
		arena_printf(c->a, "The disruption budget %s is still being processed by the server.",
			     budget),
		NULL);
	return false;
}

/* Why a budget of 0 is 0. */
static bool budget_exhausted(struct call *c, const struct json *pdb, struct status *st)
{
	const struct json *cond = meta_condition(pdb, "DisruptionAllowed");
	int64_t healthy = json_path_int(pdb, "status.currentHealthy", 0);
	int64_t desired = json_path_int(pdb, "status.desiredHealthy", 0);
	const char *name = meta_name(pdb), *reason = json_str(json_get(cond, "reason"));
	const char *message = json_str(json_get(cond, "message")), *text;
	bool told = cond && !strcmp(json_str(json_get(cond, "status")), "False") && *message;

	if (told && !strcmp(reason, "SyncFailed"))
		text = arena_printf(
			c->a,
			"The disruption budget %s does not allow evicting pods currently because it failed sync: %s",
			name, message);
	else if (healthy <= desired)
		text = arena_printf(
			c->a,
			"The disruption budget %s needs %lld healthy pods and has %lld currently",
			name, (long long)desired, (long long)healthy);
	else if (told)
		text = arena_printf(
			c->a,
			"The disruption budget %s does not allow evicting pods currently (%s): %s",
			name, reason, message);
	else
		text = arena_printf(c->a,
				    "The disruption budget %s does not allow evicting pods currently",
				    name);
	status_too_many(st, 0, "%s", too_many);
	status_add_cause(st, "DisruptionBudget", text, NULL);
	return false;
}

static bool budget_check(struct call *c, const struct json *pdb, struct status *st)
{
	static const struct subject budget = { "policy", "poddisruptionbudget",
					       "PodDisruptionBudget" };
	int64_t allowed = json_path_int(pdb, "status.disruptionsAllowed", 0);

	if (json_path_int(pdb, "status.observedGeneration", 0) < meta_generation(pdb))
		return budget_unobserved(c, meta_name(pdb), st);
	if (allowed < 0)
		return status_forbidden(st, &budget, meta_name(pdb),
					"pdb disruptions allowed is negative");
	if (json_count(json_path(pdb, "status.disruptedPods")) > DISRUPTED_MAX)
		return status_forbidden(
			st, &budget, meta_name(pdb),
			"DisruptedPods map too big - too many evictions not confirmed by PDB controller");
	return allowed > 0 || budget_exhausted(c, pdb, st);
}

/* api_change() of the budget: charge it for the pod named by arg. */
static bool budget_charge(struct call *c, struct json *pdb, void *arg, struct status *st)
{
	struct json *status = json_ensure_object(c->a, pdb, "status");
	int64_t left;
	char now[TIME_LEN];

	if (!budget_check(c, pdb, st))
		return false;
	left = json_path_int(status, "disruptionsAllowed", 0) - 1;
	json_set_int(c->a, status, "disruptionsAllowed", left);
	time_format(clock_now_s(), now);
	json_set_str(c->a, json_ensure_object(c->a, status, "disruptedPods"), arg, now);
	if (!left)
		meta_set_condition(c->a, pdb, "DisruptionAllowed", "False", "InsufficientPods", "",
				   false);
	return true;
}

/* The budgets that select the pod; the first in *out. */
static size_t budgets_of(struct call *c, const struct obj *pod, const struct obj **out)
{
	const struct kind *k = c->api->known.disruption_budget;
	STATUS_AUTO struct status ignored = STATUS_INIT;
	struct store_list l;
	size_t n = 0;

	store_list(api_table(c->api, k), pod->ns, NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++) {
		const struct json *tree = obj_tree(c->a, l.items[i]);
		struct selector *s = selector_from_label_selector(
			c->a, json_path(tree, "spec.selector"), &ignored);

		if (s && selector_matches_obj(s, pod) && !n++)
			*out = obj_hold(c->a, l.items[i]);
	}
	store_list_free(&l);
	return n;
}

static bool needs_no_budget(const struct json *pod)
{
	const char *phase = json_path_str(pod, "status.phase");

	return !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed") ||
	       !strcmp(phase, "Pending") || meta_deleting(pod);
}

/* An unready pod whose eviction costs the application nothing is not charged. */
static bool goes_free(const struct json *pod, const struct json *pdb)
{
	const struct json *ready = meta_condition(pod, "Ready");
	int64_t healthy = json_path_int(pdb, "status.currentHealthy", 0);
	int64_t desired = json_path_int(pdb, "status.desiredHealthy", 0);

	if (!strcmp(json_str(json_get(ready, "status")), "True"))
		return false;
	return !strcmp(json_path_str(pdb, "spec.unhealthyPodEvictionPolicy"), "AlwaysAllow") ||
	       (healthy >= desired && desired > 0);
}

static bool budget_ask(struct call *c, const struct obj *pod, const struct json *tree,
		       struct status *st)
{
	const struct obj *pdb = NULL;
	size_t n = budgets_of(c, pod, &pdb);
	const char *manager = c->manager;
	char *name;
	bool ok;

	if (n > 1)
		return status_plain_error(
			st,
			"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
	if (!n || goes_free(tree, obj_tree(c->a, pdb)))
		return true;
	if (c->dry_run)
		return budget_check(c, obj_tree(c->a, pdb), st);
	name = arena_strdup(c->a, pod->name);
	c->manager = "kube-apiserver";
	ok = api_change(c, c->api->known.disruption_budget, "status", pod->ns, pdb->name,
			budget_charge, name, st);
	c->manager = manager;
	return ok;
}

static bool mark_disrupted(struct call *c, struct json *pod, void *arg, struct status *st)
{
	(void)arg;
	(void)st;
	meta_set_condition(c->a, pod, "DisruptionTarget", "True", "EvictionByEvictionAPI",
			   "Eviction API: evicting", false);
	return true;
}

static bool evict_now(struct call *c, const struct obj *pod, struct delete_options *o,
		      struct status *st)
{
	const struct kind *k = c->api->known.pod;
	const char *manager = c->manager;
	const struct obj *marked;

	if (!c->dry_run) {
		c->manager = NULL; /* as a binding, this is nobody's */
		marked = api_change(c, k, "status", pod->ns, pod->name, mark_disrupted, NULL, st);
		c->manager = manager;
		if (!marked)
			return false;
		if (o->rv) /* the mark was ours */
			o->rv = arena_printf(c->a, "%lld", (long long)marked->rev);
	}
	return api_delete(c, k, pod->ns, pod->name, o, NULL, st);
}

static bool precondition_check(const struct obj *pod, const struct delete_options *o,
			       struct status *st)
{
	static const struct subject s = { "", "Pod", "Pod" };
	int64_t rev;

	if (o->uid && strcmp(o->uid, pod->uid))
		return status_conflict(
			st, &s, pod->name,
			"the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted and then recreated",
			o->uid, pod->uid);
	if (o->rv && (!revision_parse(o->rv, &rev) || rev != pod->rev))
		return status_conflict(
			st, &s, pod->name,
			"the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%lld). The object might have been modified",
			o->rv, (long long)pod->rev);
	return true;
}

bool api_evict(struct call *c, const char *ns, const char *name, const struct json *eviction,
	       struct status *st)
{
	static const struct admit_type type = { "policy", "v1", "Eviction" };
	const struct action x = { c->api->known.pod, ADMIT_CREATE, "eviction", ns, name, &type };
	struct delete_options o;
	const struct obj *pod;
	const struct json *tree;
	bool inner = c->inner, ok;

	if (*meta_name(eviction) && strcmp(meta_name(eviction), name))
		return status_bad_request(st, "name in URL does not match name in Eviction object");
	if (!admission_action(c, &x, &eviction, st) ||
	    !delete_options_from(&o, json_get(eviction, "deleteOptions"), st))
		return false;
	pod = api_get(c, c->api->known.pod, ns, name, st);
	if (!pod || !precondition_check(pod, &o, st))
		return false;
	tree = obj_tree(c->a, pod);
	c->inner = true; /* the eviction was admitted, what follows from it is not asked about */
	ok = (needs_no_budget(tree) || budget_ask(c, pod, tree, st)) && evict_now(c, pod, &o, st);
	c->inner = inner;
	return ok;
}
