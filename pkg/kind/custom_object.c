/*
 * Objects of custom kinds: what rows do with them, by the present definition's schema.
 */
#include "kind/custom.h"

#include "base/arena.h"
#include "cel/cel.h"
#include "kind/check.h"
#include "kind/crd.h"
#include "kind/kind.h"
#include "kind/structural.h"
#include "kind/structural_rule.h"
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

	if (!structural_coerce(a, s, k, o, w, st))
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

/* ---- where the scale subresource looks ---- */

static const char *go_type(const struct json *v)
{
	int64_t n;

	switch (json_type(v)) {
	case JSON_OBJECT: return "map[string]interface {}";
	case JSON_ARRAY: return "[]interface {}";
	case JSON_STRING: return "string";
	case JSON_NUMBER: return json_int(v, &n) ? "int64" : "float64";
	case JSON_NULL: return "<nil>";
	default: return "bool";
	}
}

/* fmt's %v */
static const char *go_value(struct arena *a, const struct json *v)
{
	const char *text = "";

	if (json_is_null(v))
		return "<nil>";
	if (!json_is_array(v) && !json_is_object(v))
		return json_is_string(v) ? json_str(v) : structural_show(a, v);
	json_each(c, v)
		text = arena_printf(a, "%s%s%s%s%s", text, *text ? " " : "",
				    json_name(c) ? json_name(c) : "", json_name(c) ? ":" : "",
				    go_value(a, c));
	return arena_printf(a, "%s[%s]", json_is_object(v) ? "map" : "", text);
}

/* The value at a path, or NULL: absent, or the way there is not one of objects, which is told. */
static const struct json *scale_value(struct hook *h, const char *path, const struct json *o,
				      const char *want, const char *zero)
{
	const struct json *v = o;
	const char *p = path, *text;

	for (size_t n; *p && v; p += n + (p[n] == '.')) {
		n = strcspn(p, ".");
		if (!json_is_object(v))
			break;
		v = json_get(v, arena_dup(h->a, p, n));
	}
	if (!v || (!*p && !strcmp(go_type(v), want)))
		return v;
	text = arena_printf(h->a, ".%.*s accessor error: %s is of the type %s, expected %s",
			    (int)(*p ? (size_t)(p - path) + strcspn(p, ".") : strlen(path)), path,
			    go_value(h->a, v), go_type(v), *p ? "map[string]interface{}" : want);
	field_error(h->errors, FIELD_INVALID, arena_printf(h->a, ".%s", path), zero, text);
	return NULL;
}

static void check_replicas(struct hook *h, const char *path, const struct json *o)
{
	const struct json *v = path ? scale_value(h, path, o, "int64", "0") : NULL;
	const char *shown = path ? arena_printf(h->a, ".%s", path) : "";
	int64_t n;

	if (!json_int(v, &n))
		return;
	if (n < 0)
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
	if (paths[2])
		scale_value(h, paths[2], o, "string", "\"\"");
}

/* ---- validation ---- */

/* The body was sent to the right place; what it says it is, is looked at only here. */
static bool check_kind(struct hook *h, const struct json *o)
{
	const char *kind = json_str(json_get(o, "kind")), *want = h->kind->subject.kind;

	if (!strcmp(kind, want))
		return true;
	err_invalid(h, AT_ROOT("kind"), kind, "must be %s", want);
	return false;
}

/* Duplicates are no fault of an update of what had some before. */
static void check_lists(struct hook *h, const struct structural *s, const struct json *o,
			const struct json *old)
{
	if (!old || structural_validate_lists(NULL, s, old))
		structural_validate_lists(h, s, o);
}

/* Faults that make rules unfit to be evaluated. */
static bool blocked(const struct hook *h)
{
	for (size_t i = 0; i < h->errors->n; i++)
		switch (h->errors->items[i].type) {
		case FIELD_NOT_SUPPORTED:
		case FIELD_REQUIRED:
		case FIELD_TOO_LONG:
		case FIELD_TOO_MANY:
		case FIELD_TYPE_INVALID: return true;
		default: break;
		}
	return false;
}

static void check_rules(struct hook *h, const struct json *o, const struct json *old)
{
	const struct crd_version *v = custom_version(h->a, h->kind);
	struct rule_set *rules = v ? crd_version_rules(v) : NULL;
	int64_t budget = CEL_LIMIT_OBJECT;

	if (!rules)
		return;
	if (blocked(h))
		field_error(h->errors, FIELD_INVALID, "<nil>", "null",
			    "some validation rules were not checked because the object was invalid; "
			    "correct the existing errors to complete validation");
	else
		rule_set_run(h, rules, v->schema, o, old, NULL, old, &budget);
}

static void check_object(struct hook *h, const struct json *o, const struct json *old)
{
	const struct structural *s = schema_of(h->a, h->kind);

	if (!check_kind(h, o))
		return;
	if (s)
		structural_validate(h, s, o, old, "");
	check_scale(h, o, true);
	if (!s)
		return;
	structural_validate_embedded(h, s, o);
	check_lists(h, s, o, old);
	check_rules(h, o, old);
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
	check_rules(h, o, old);
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

/* In order of their names. */
void custom_warn(struct hook *h, const struct json *o, const struct json *old)
{
	const struct json *list = json_path(o, "metadata.finalizers");
	const char *last = "";

	for (;;) {
		const char *next = NULL;

		json_each(f, list)
			if (strcmp(json_str(f), last) > 0 && (!next || strcmp(json_str(f), next) < 0))
				next = json_str(f);
		if (!next)
			return;
		if (!old || !meta_has_finalizer(old, next))
			warn_finalizer(h, next);
		last = next;
	}
}
