/*
 * RuntimeClass: a pod gets the overhead, the node selector and the tolerations of its runtime class, and may
 * name no other overhead.  k8s: plugin/pkg/admission/runtimeclass, pkg/util/tolerations.
 */
#include "api/admit.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

/* *class NULL: the pod names none. */
static bool class_find(struct admission *ad, const struct json **class, struct status *st)
{
	const struct kind *k =
		kinds_preferred(ad->c->api->config.kinds, "node.k8s.io", "runtimeclasses");
	const char *name = json_path_str(ad->o, "spec.runtimeClassName");
	const struct obj *o;

	*class = NULL;
	if (!*name)
		return true;
	o = store_get(api_table(ad->c->api, k), "", name);
	if (!o)
		return status_forbidden(st, &ad->k->subject, ad->name,
					"pod rejected: RuntimeClass \"%s\" not found", name);
	*class = obj_tree(ad->c->a, obj_give(ad->c->a, o));
	return true;
}

static bool same_amounts(const struct json *x, const struct json *y)
{
	if (json_count(x) != json_count(y))
		return false;
	json_each(v, x) {
		struct quantity p, q;

		if (!quantity_parse(json_str(v), &p) ||
		    !quantity_parse(json_str(json_get(y, json_name(v))), &q) || quantity_cmp(&p, &q))
			return false;
	}
	return true;
}

static bool mismatch(struct admission *ad, struct status *st)
{
	return status_forbidden(
		st, &ad->k->subject, ad->name,
		"pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

static bool set_overhead(struct admission *ad, const struct json *class, struct status *st)
{
	const struct json *fixed = json_path(class, "overhead.podFixed");
	struct json *spec = json_get(ad->o, "spec");

	if (!json_get(class, "overhead"))
		return true;
	if (json_count(json_get(spec, "overhead")) && !same_amounts(json_get(spec, "overhead"), fixed))
		return mismatch(ad, st);
	if (json_count(fixed))
		json_set(ad->c->a, spec, "overhead", json_copy(ad->c->a, fixed));
	return true;
}

static bool set_selector(struct admission *ad, const struct json *class, struct status *st)
{
	struct json *spec = json_get(ad->o, "spec"), *have;

	json_each(want, json_path(class, "scheduling.nodeSelector")) {
		have = json_ensure_object(ad->c->a, spec, "nodeSelector");
		if (json_get(have, json_name(want)) &&
		    strcmp(json_str(json_get(have, json_name(want))), json_str(want)) != 0)
			return status_forbidden(
				st, &ad->k->subject, ad->name,
				"conflict: runtimeClass.scheduling.nodeSelector[%s] = %s; pod.spec.nodeSelector[%s] = %s",
				json_name(want), json_str(want), json_name(want),
				json_str(json_get(have, json_name(want))));
		json_set_str(ad->c->a, have, json_name(want), json_str(want));
	}
	return true;
}

/* Whatever t tolerates, more does, too. */
static bool covers(const struct json *more, const struct json *t)
{
	bool exists = !strcmp(json_path_str(more, "operator"), "Exists");
	const char *key = json_path_str(more, "key"), *effect = json_path_str(more, "effect");
	const struct json *limit = json_get(more, "tolerationSeconds");

	if (json_equal(more, t))
		return true;
	if (strcmp(key, json_path_str(t, "key")) != 0 && !(exists && !*key))
		return false;
	if (*effect && strcmp(effect, json_path_str(t, "effect")) != 0)
		return false;
	if (!strcmp(effect, "NoExecute") && limit &&
	    (!json_get(t, "tolerationSeconds") ||
	     json_path_int(t, "tolerationSeconds", 0) > json_path_int(more, "tolerationSeconds", 0)))
		return false;
	return exists || (strcmp(json_path_str(t, "operator"), "Exists") != 0 &&
			  !strcmp(json_path_str(more, "value"), json_path_str(t, "value")));
}

static bool is_redundant(const struct json *merged, const struct json *t)
{
	json_each(m, merged)
		if (covers(m, t))
			return true;
	for (const struct json *later = json_next(t); later; later = json_next(later))
		if (!json_equal(later, t) && covers(later, t))
			return true;
	return false;
}

static void set_tolerations(struct admission *ad, const struct json *class)
{
	struct arena *a = ad->c->a;
	struct json *spec = json_get(ad->o, "spec"), *merged = json_array(a), *all;

	if (!json_get(class, "scheduling"))
		return;
	all = json_array(a);
	json_each(t, json_get(spec, "tolerations"))
		json_append(all, json_copy(a, t));
	json_each(t, json_path(class, "scheduling.tolerations"))
		json_append(all, json_copy(a, t));
	json_each(t, all)
		if (!is_redundant(merged, t))
			json_append(merged, json_copy(a, t));
	if (json_count(merged))
		json_set(a, spec, "tolerations", merged);
}

bool admit_runtime_class(struct admission *ad, struct status *st)
{
	const struct json *class;

	if (!admit_is_pod(ad, ADMIT_CREATE))
		return true;
	if (!class_find(ad, &class, st))
		return false;
	if (!class)
		return true;
	if (!set_overhead(ad, class, st) || !set_selector(ad, class, st))
		return false;
	set_tolerations(ad, class);
	return true;
}

bool admit_runtime_check(struct admission *ad, struct status *st)
{
	const struct json *class, *overhead;

	if (!admit_is_pod(ad, ADMIT_CREATE))
		return true;
	overhead = json_path(ad->o, "spec.overhead");
	if (!overhead && !*json_path_str(ad->o, "spec.runtimeClassName"))
		return true;
	if (!class_find(ad, &class, st))
		return false;
	if (json_get(class, "overhead"))
		return same_amounts(json_path(class, "overhead.podFixed"), overhead) ||
		       mismatch(ad, st);
	return !overhead ||
	       status_forbidden(
		       st, &ad->k->subject, ad->name,
		       "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
}
