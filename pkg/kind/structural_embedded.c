/*
 * Resources inside custom resources: their metadata is that of any object, whatever the schema says.
 * k8s: apiextensions-apiserver/pkg/apiserver/schema/objectmeta.
 */
#include "kind/structural.h"

#include "base/arena.h"
#include "base/buf.h"
#include "kind/check.h"
#include "kind/kind.h"
#include "kind/types.h"
#include "obj/json.h"

#include <string.h>

/* ---- metadata as a Go server would have decoded it ---- */

bool structural_coerce_meta(struct arena *a, const struct kind *k, struct json *o,
			    struct schema_warnings *w, struct status *st)
{
	static const struct schema_field fields[] = {
		{ .name = "metadata",
		  .go = "v1.ObjectMeta",
		  .type = &type_meta_v1_ObjectMeta,
		  .flags = FIELD_OMITEMPTY },
	};
	static const struct schema_type envelope = { .name = "", .fields = fields, .nfields = 1 };
	struct json *meta = json_get(o, "metadata"), *only;

	if (!meta)
		return true;
	only = json_object(a);
	json_add(a, only, "metadata", json_copy(a, meta));
	if (!schema_clean(a, &envelope, k->subject.kind, k->version, only, NULL, w, st))
		return false;
	if (json_get(only, "metadata"))
		json_replace(a, o, meta, json_copy(a, json_get(only, "metadata")));
	else
		json_detach(o, meta);
	return true;
}

bool structural_coerce(struct arena *a, const struct structural *s, const struct kind *k,
		       struct json *v, struct schema_warnings *w, struct status *st)
{
	if (!s || !(s->flags & STRUCTURAL_EMBEDS))
		return true;
	if (json_is_object(v) && s->flags & STRUCTURAL_EMBEDDED &&
	    !structural_coerce_meta(a, k, v, w, st))
		return false;
	json_each(c, v) {
		const struct structural *sub =
			json_is_array(v) ? s->items : structural_property(s, json_name(c));

		if (!structural_coerce(a, sub || json_is_array(v) ? sub : s->additional, k, c, w, st))
			return false;
	}
	return true;
}

/* ---- validation ---- */

static void check_text_member(struct hook *h, const struct at *at, const char *name,
			      const struct json *v)
{
	if (!v)
		err_required(h, AT(at, name), NULL);
	else if (!json_is_string(v))
		err_invalid_json(h, AT(at, name), v, "must be a string");
	else if (!*json_str(v))
		err_invalid(h, AT(at, name), "", "must not be empty");
}

static void check_version(struct hook *h, const struct at *at, const char *v)
{
	const char *slash = strchr(v, '/');

	if (slash && strchr(slash + 1, '/'))
		err_invalid(h, AT(at, "apiVersion"), v, "unexpected GroupVersion string: %s", v);
}

static void check_kind(struct hook *h, const struct at *at, const char *kind)
{
	const char *faults[TEXT_FAULTS_MAX];
	char *lower = arena_strdup(h->a, kind);
	BUF_AUTO struct buf b = BUF_INIT;
	size_t n;

	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	n = *kind ? text_faults(TEXT_DNS_LABEL_1035, lower, faults) : 0;
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", faults[i]);
	if (n)
		err_invalid(h, AT(at, "kind"), kind,
			    "may have mixed case, but should otherwise match: %s", b.p);
}

static void check_meta(struct hook *h, const struct at *at, const struct json *v)
{
	const struct json *ns = json_path(v, "metadata.namespace");
	const struct kind any = { .name_rule = NAME_PATH_SEGMENT,
				  .namespaced = *json_str(ns) != '\0' };
	struct field_errors found = FIELD_ERRORS_INIT;
	struct json *copy = json_copy(h->a, v);
	struct hook sub = *h;
	const char *prefix = at_text(h, at);

	if (!*json_path_str(copy, "metadata.name"))
		json_set_str(h->a, json_get(copy, "metadata"), "name", "fakename");
	sub.kind = &any;
	sub.errors = &found;
	kind_validate_meta(&sub, copy, NULL);
	for (size_t i = 0; i < found.n; i++)
		field_error(h->errors, found.items[i].type,
			    arena_printf(h->a, "%s.%s", prefix, found.items[i].field),
			    found.items[i].value, found.items[i].detail);
	field_errors_clear(&found);
}

static void check_resource(struct hook *h, const struct json *v, const struct at *at)
{
	const struct json *version = json_get(v, "apiVersion"), *kind = json_get(v, "kind");

	check_text_member(h, at, "apiVersion", version);
	check_text_member(h, at, "kind", kind);
	check_version(h, at, json_str(version));
	check_kind(h, at, json_str(kind));
	if (json_is_object(json_get(v, "metadata")))
		check_meta(h, at, v);
}

static void walk(struct hook *h, const struct structural *s, const struct json *v, const struct at *at)
{
	size_t i = 0;

	if (!s || !(s->flags & STRUCTURAL_EMBEDS))
		return;
	if (at && json_is_object(v) && s->flags & STRUCTURAL_EMBEDDED)
		check_resource(h, v, at);
	if (json_is_array(v)) {
		json_each(c, v)
			walk(h, s->items, c, AT_ITEM(at, i++));
		return;
	}
	json_each(c, v) {
		const struct structural *sub = structural_property(s, json_name(c));

		if (sub)
			walk(h, sub, c, AT(at, json_name(c)));
		else
			walk(h, s->additional, c, AT_KEY(at, json_name(c)));
	}
}

void structural_validate_embedded(struct hook *h, const struct structural *s, const struct json *v)
{
	walk(h, s, v, NULL);
}
