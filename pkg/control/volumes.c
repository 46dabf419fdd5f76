#include "control/volumes.h"
#include "control/nodematch.h"

#include "api/api.h"
#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"
#include "obj/selector.h"

#include <stdlib.h>
#include <string.h>

#define BETA_CLASS "volume.beta.kubernetes.io/storage-class"

static const char *class_of(const struct json *o)
{
	const char *beta = meta_annotation(o, BETA_CLASS);

	return beta ? beta : json_path_str(o, "spec.storageClassName");
}

const char *claim_class(const struct json *claim)
{
	return class_of(claim);
}

const char *volume_class(const struct json *volume)
{
	return class_of(volume);
}

bool volume_is_for(const struct json *volume, const struct json *claim)
{
	const struct json *ref = json_path(volume, "spec.claimRef");
	const char *uid = json_path_str(ref, "uid");

	return ref && !strcmp(json_path_str(ref, "name"), meta_name(claim)) &&
	       !strcmp(json_path_str(ref, "namespace"), meta_ns(claim)) &&
	       (!*uid || !strcmp(uid, meta_uid(claim)));
}

/* ---- size, modes ---- */

static struct quantity size(const struct json *v)
{
	struct quantity q = { 0 };

	quantity_parse(json_str(json_get(v, "storage")), &q);
	return q;
}

static struct quantity volume_size(const struct json *volume)
{
	return size(json_path(volume, "spec.capacity"));
}

static bool is_large_enough(const struct json *volume, const struct json *claim)
{
	struct quantity have = volume_size(volume);
	struct quantity want = size(json_path(claim, "spec.resources.requests"));

	return quantity_cmp(&have, &want) >= 0;
}

static bool has_modes(const struct json *volume, const struct json *claim)
{
	json_each(want, json_path(claim, "spec.accessModes")) {
		bool found = false;

		json_each(have, json_path(volume, "spec.accessModes"))
			found = found || !strcmp(json_str(have), json_str(want));
		if (!found)
			return false;
	}
	return true;
}

static const char *mode_of(const struct json *o)
{
	const char *mode = json_path_str(o, "spec.volumeMode");

	return *mode ? mode : "Filesystem";
}

bool volume_mode_differs(const struct json *volume, const struct json *claim)
{
	return strcmp(mode_of(volume), mode_of(claim));
}

static bool same_attributes(const struct json *volume, const struct json *claim)
{
	return !strcmp(json_path_str(volume, "spec.volumeAttributesClassName"),
		       json_path_str(claim, "spec.volumeAttributesClassName"));
}

const char *volume_unsuited(struct arena *a, const struct json *volume, const struct json *claim)
{
	if (meta_deleting(volume))
		return arena_printf(a, "the volume is marked for deletion \"%s\"", meta_name(volume));
	if (!is_large_enough(volume, claim))
		return "requested PV is too small";
	if (strcmp(volume_class(volume), claim_class(claim)))
		return "storageClassName does not match";
	if (!same_attributes(volume, claim))
		return "volumeAttributesClassName does not match";
	if (volume_mode_differs(volume, claim))
		return "incompatible volumeMode";
	return has_modes(volume, claim) ? NULL : "incompatible accessMode";
}

bool volume_reaches(const struct json *volume, const struct obj *node)
{
	const struct json *required = json_path(volume, "spec.nodeAffinity.required");

	return !required || node_terms_fit(node, required);
}

/* ---- the best ---- */

struct search {
	struct arena *a;
	const struct json *claim;
	const struct selector *sel; /* NULL = any */
	const struct obj *node;
	bool bound_only;
	const struct obj *best;
	struct quantity best_size;
	bool made_for; /* best was made for the claim */
};

static bool may_serve(const struct search *s, const struct obj *o, const struct json *volume)
{
	if (strcmp(json_path_str(volume, "status.phase"), "Available"))
		return false;
	if (s->sel && !selector_matches_obj(s->sel, o))
		return false;
	return !strcmp(volume_class(volume), claim_class(s->claim)) && has_modes(volume, s->claim);
}

/* Nothing about the volume itself speaks against it. */
static bool is_possible(const struct search *s, const struct obj *o, const struct json *volume)
{
	if (json_path(volume, "spec.claimRef") && !volume_is_for(volume, s->claim))
		return false;
	return is_large_enough(volume, s->claim) && !volume_mode_differs(volume, s->claim) &&
	       same_attributes(volume, s->claim) && !o->deleted_s;
}

static void weigh(struct search *s, const struct obj *o)
{
	const struct json *volume = obj_tree(s->a, o);
	struct quantity q = volume_size(volume);

	if (!is_possible(s, o, volume) || (s->node && !volume_reaches(volume, s->node)))
		return;
	if (volume_is_for(volume, s->claim)) {
		s->best = o;
		s->made_for = true;
	} else if (!s->made_for && !s->bound_only && may_serve(s, o, volume) &&
		   (!s->best || quantity_cmp(&q, &s->best_size) < 0)) {
		s->best = o;
		s->best_size = q;
	}
}

static bool search_open(struct search *s)
{
	const struct json *sel = json_path(s->claim, "spec.selector");

	s->sel = sel ? selector_from_label_selector(s->a, sel, NULL) : NULL;
	return !sel || s->sel;
}

static void list_volumes(struct api *api, struct store_list *l)
{
	const struct kind *k = kinds_by_resource(api_kinds(api), "", "v1", "persistentvolumes");

	store_list(api_table(api, k), "", NULL, NULL, 0, NULL, NULL, l);
}

const struct obj *volume_match(struct api *api, struct arena *a, const struct json *claim,
			       const struct obj *node, bool bound_only)
{
	struct search s = { .a = a, .claim = claim, .node = node, .bound_only = bound_only };
	struct store_list l;

	if (!search_open(&s))
		return NULL;
	list_volumes(api, &l);
	for (size_t i = 0; i < l.n; i++)
		weigh(&s, l.items[i]);
	if (s.best)
		obj_hold(a, s.best);
	store_list_free(&l);
	return s.best;
}

struct choice {
	const struct obj *o;
	bool made_for;
	struct quantity size;
};

static int by_fitness(const void *x, const void *y)
{
	const struct choice *a = x, *b = y;

	if (a->made_for != b->made_for)
		return a->made_for ? -1 : 1;
	return quantity_cmp(&a->size, &b->size);
}

const struct obj *const *volume_suited(struct api *api, struct arena *a, const struct json *claim,
				       size_t *n)
{
	struct search s = { .a = a, .claim = claim };
	const struct obj **out;
	struct choice *all;
	struct store_list l;

	*n = 0;
	if (!search_open(&s))
		return NULL;
	list_volumes(api, &l);
	all = arena_alloc(a, (l.n + 1) * sizeof(*all));
	for (size_t i = 0; i < l.n; i++) {
		const struct json *v = obj_tree(a, l.items[i]);
		bool made_for = volume_is_for(v, claim);

		if (is_possible(&s, l.items[i], v) && (made_for || may_serve(&s, l.items[i], v)))
			all[(*n)++] =
				(struct choice){ obj_hold(a, l.items[i]), made_for, volume_size(v) };
	}
	store_list_free(&l);
	qsort(all, *n, sizeof(*all), by_fitness);
	out = arena_alloc(a, (*n + 1) * sizeof(*out));
	for (size_t i = 0; i < *n; i++)
		out[i] = all[i].o;
	return out;
}

bool volume_point_at(struct arena *a, struct json *volume, const struct obj *claim)
{
	struct json *spec = json_get(volume, "spec"), *ref = json_get(spec, "claimRef");

	if (ref && !strcmp(json_path_str(ref, "uid"), claim->uid))
		return false;
	if (!ref)
		meta_set_annotation(a, volume, PV_BOUND_BY_CONTROLLER, "yes");
	json_set(a, spec, "claimRef",
		 json_build(a, "{kind:%s,namespace:%s,name:%s,uid:%s,apiVersion:%s,resourceVersion:%s}",
			    "PersistentVolumeClaim", claim->ns, claim->name, claim->uid, "v1",
			    arena_printf(a, "%lld", (long long)claim->rev)));
	return true;
}

bool class_waits(struct api *api, struct arena *a, const char *class)
{
	const struct kind *k =
		kinds_by_resource(api_kinds(api), "storage.k8s.io", "v1", "storageclasses");
	const struct obj *o = *class ? store_get(api_table(api, k), "", class) : NULL;
	bool waits = o && !strcmp(json_path_str(obj_tree(a, o), "volumeBindingMode"),
				  "WaitForFirstConsumer");

	obj_unref(o);
	return waits;
}

char *ephemeral_claim_name(struct arena *a, const char *pod, const struct json *volume)
{
	return arena_printf(a, "%s-%s", pod, json_path_str(volume, "name"));
}
