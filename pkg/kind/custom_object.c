/*
 * Objects of custom kinds: what rows do with them, by the present definition's schema.
 */
#include "kind/custom.h"

#include "base/arena.h"
#include "kind/check.h"
#include "kind/crd.h"
#include "kind/kind.h"
#include "kind/structural.h"
#include "obj/json.h"
#include "obj/jsonpath.h"
#include "obj/meta.h"

#include <stdio.h>
#include <string.h>

static const struct structural *schema_of(struct arena *a, const struct kind *k)
{
	const struct crd_version *v = custom_version(a, k);

	return v ? v->schema : NULL;
}

const char *custom_field(struct arena *a, const struct kind *k, const struct obj *o, size_t i)
{
	const struct crd_version *v = custom_version(a, k);
	const struct json *found = NULL;

	if (v && i < v->nfields)
		found = jsonpath_first(v->fields[i].query, obj_tree(a, o));
	if (json_is_null(found))
		return "";
	return json_is_string(found) ? json_str(found) : json_text(a, found);
}

/* ---- reading and writing ---- */

bool custom_clean(struct arena *a, const struct kind *k, struct json *o, struct schema_warnings *w,
		  struct status *st)
{
	const struct structural *s = schema_of(a, k);

	if (!structural_coerce_meta(a, k, o, w, st) || !structural_coerce(a, s, k, o, w, st))
		return false;
	if (s)
		structural_prune(a, s, o, true, w);
	return true;
}

void custom_refresh(struct arena *a, const struct kind *k, struct json *o)
{
	const struct structural *s = schema_of(a, k);

	if (!s)
		return;
	structural_prune(a, s, o, true, NULL);
	structural_default(a, s, o);
}

bool custom_is_current(struct arena *a, const struct kind *k, const struct obj *o)
{
	const struct crd *d = custom_definition(a, k);
	char head[256];
	int n;

	if (!d)
		return true; /* nothing is known any more: as it is */
	n = snprintf(head, sizeof head, "{\"apiVersion\":\"%s/%s\",", k->subject.group, k->version);
	return d->since && o->rev > d->since && n < (int)sizeof head && o->len > (uint32_t)n &&
	       !memcmp(o->json, head, (size_t)n);
}

/* ---- hooks ---- */

void custom_defaults(struct hook *h, struct json *o)
{
	const struct structural *s = schema_of(h->a, h->kind);

	if (s)
		structural_default(h->a, s, o);
}

/* Everything stays as it was, metadata too, but status and who manages it. */
void custom_prepare_status(struct hook *h, struct json *o, const struct json *old)
{
	const struct json *managed = json_path(o, "metadata.managedFields");
	struct json *meta = json_copy(h->a, json_get(old, "metadata"));
	const struct json *revision = json_path(o, "metadata.resourceVersion");

	kind_status_only(h, o, old);
	if (managed)
		json_set(h->a, meta, "managedFields", json_copy(h->a, managed));
	else
		json_del(meta, "managedFields");
	if (revision)
		json_set(h->a, meta, "resourceVersion", json_copy(h->a, revision));
	json_set(h->a, o, "metadata", meta);
}

/* A replica count or selector where the scale subresource looks for it. */
static void check_replicas(struct hook *h, const char *path, const struct json *o)
{
	const struct json *v = path ? json_path(o, path) : NULL;
	const char *shown = path ? arena_printf(h->a, ".%s", path) : "";
	int64_t n;

	if (!v)
		return;
	if (!json_int(v, &n))
		err_invalid_int(h, AT_ROOT(shown), 0,
				".%s accessor error: %s is of the type %s, expected int64", path,
				json_is_string(v) ? json_str(v) : json_text(h->a, v),
				json_is_string(v) ? "string" :
				json_is_number(v) ? "float64" :
				json_is_bool(v)   ? "bool" :
				json_is_array(v)  ? "[]interface {}" :
						    "map[string]interface {}");
	else if (n < 0)
		err_invalid_int(h, AT_ROOT(shown), n, "should be a non-negative integer");
	else if (n > INT32_MAX)
		err_invalid_int(h, AT_ROOT(shown), n, "should be less than or equal to %d",
				INT32_MAX);
}

static void check_scale(struct hook *h, const struct json *o, bool spec)
{
	const char *const *paths = h->kind->scale_paths;

	if (!paths)
		return;
	if (spec)
		check_replicas(h, paths[0], o);
	check_replicas(h, paths[1], o);
}

/* Duplicates are no fault of an update of what had some before. */
static void check_lists(struct hook *h, const struct structural *s, const struct json *o,
			const struct json *old)
{
	if (!old || structural_validate_lists(NULL, s, old))
		structural_validate_lists(h, s, o);
}

static void check_object(struct hook *h, const struct json *o, const struct json *old)
{
	const struct structural *s = schema_of(h->a, h->kind);

	if (s)
		structural_validate(h, s, o, old, "");
	check_scale(h, o, true);
	if (!s)
		return;
	structural_validate_embedded(h, s, o);
	check_lists(h, s, o, old);
}

void custom_validate(struct hook *h, const struct json *o)
{
	if (!h->old)
		check_object(h, o, NULL);
}

void custom_validate_update(struct hook *h, const struct json *o, const struct json *old)
{
	check_object(h, o, old);
}

void custom_validate_status(struct hook *h, const struct json *o, const struct json *old)
{
	const struct structural *s = schema_of(h->a, h->kind);
	const struct json *status = json_get(o, "status");

	if (structural_property(s, "status") && status)
		structural_validate(h, structural_property(s, "status"), status,
				    json_get(old, "status"), "status");
	check_scale(h, o, false);
	if (s)
		check_lists(h, s, o, old);
}

/* ---- warnings ---- */

static void warn_finalizer(struct hook *h, const char *name)
{
	static const char *const standard[] = { "orphan", "foregroundDeletion", "kubernetes", NULL };

	if (strchr(name, '/') || one_of(name, standard))
		return;
	hook_warn(h,
		  "metadata.finalizers: \"%s\": prefer a domain-qualified finalizer name%s to avoid "
		  "accidental conflicts with other finalizer writers",
		  name, strchr(name, '.') ? " including a path (/)" : "");
}

void custom_warn(struct hook *h, const struct json *o, const struct json *old)
{
	json_each(f, json_path(o, "metadata.finalizers"))
		if (!old || !meta_has_finalizer(old, json_str(f)))
			warn_finalizer(h, json_str(f));
}
