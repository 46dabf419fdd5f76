/*
 * Resources inside custom resources: their metadata is that of any object, whatever the schema says.
 * k8s: apiextensions-apiserver/pkg/apiserver/schema/objectmeta.
 */
#include "kind/structural.h"

#include "base/arena.h"
#include "base/buf.h"
#include "kind/check.h"
#include "kind/clean.h"
#include "kind/kind.h"
#include "kind/types.h"
#include "obj/json.h"

#include <string.h>

/* ---- metadata as a Go server would have decoded it ---- */

struct coercion {
	struct hook h; /* for paths only */
	const struct kind *k;
	struct schema_warnings *w;
	struct status *st;
};

static bool refuse(struct coercion *c, const struct at *at, const struct json *v, const char *why)
{
	const char *path = at_text(&c->h, at);

	return status_bad_request(c->st, "%s in version \"%s\" cannot be handled as a %s: %s%s",
				  c->k->subject.kind, c->k->version, c->k->subject.kind,
				  *path ? arena_printf(c->h.a, "%s: Invalid value: %s: ", path,
						       structural_show(c->h.a, v)) :
					  "",
				  why);
}

/* Behind "... cannot be handled as a K: ". */
static const char *reason_of(const struct status *st)
{
	const char *p = strstr(st->message, "cannot be handled as a ");
	const char *colon = p ? strstr(p, ": ") : NULL;

	return colon ? colon + 2 : st->message;
}

/* Unknown members are told by their whole path. */
static void tell_unknown(struct coercion *c, const struct at *at, const struct schema_warnings *found)
{
	static const char intro[] = "unknown field \"";
	const char *prefix = at_text(&c->h, at);

	for (size_t i = 0; c->w && i < found->n; i++) {
		const char *path = found->texts[i] + sizeof intro - 1;

		if (strncmp(found->texts[i], intro, sizeof intro - 1))
			continue;
		clean_warn(c->h.a, c->w, "unknown field",
			   arena_printf(c->h.a, "%s.%.*s", prefix, (int)strlen(path) - 1, path));
	}
}

static bool coerce_meta(struct coercion *c, const struct at *at, struct json *o, bool root)
{
	const struct at *here = root ? AT_ROOT("metadata") : AT(at, "metadata");
	struct json *meta = json_get(o, "metadata"), *decoded;
	struct schema_warnings found = { 0 };
	STATUS_AUTO struct status bad = STATUS_INIT;

	if (json_is_null(meta))
		return true;
	if (!json_is_object(meta)) {
		const char *what = json_is_array(meta)  ? "array" :
				   json_is_string(meta) ? "string" :
				   json_is_bool(meta)   ? "bool" :
							  "number";

		return refuse(c, root ? NULL : here, meta,
			      arena_printf(c->h.a,
					   "json: cannot unmarshal %s into Go value of type "
					   "v1.ObjectMeta",
					   what));
	}
	decoded = json_copy(c->h.a, meta);
	if (!schema_clean(c->h.a, &type_meta_v1_ObjectMeta, c->k->subject.kind, c->k->version,
			  decoded, NULL, &found, &bad))
		return refuse(c, root ? NULL : here, meta, reason_of(&bad));
	tell_unknown(c, here, &found);
	json_replace(c->h.a, o, meta, decoded);
	return true;
}

static bool coerce_texts(struct coercion *c, const struct at *at, const struct json *o)
{
	static const char *const names[] = { "apiVersion", "kind" };

	for (size_t i = 0; i < 2; i++) {
		const struct json *v = json_get(o, names[i]);

		if (v && !json_is_string(v))
			return refuse(c, AT(at, names[i]), v, "must be a string");
	}
	return true;
}

static bool coerce(struct coercion *c, const struct structural *s, struct json *v, const struct at *at)
{
	size_t i = 0;

	if (!s || !(s->flags & STRUCTURAL_EMBEDS))
		return true;
	if (at && json_is_object(v) && s->flags & STRUCTURAL_EMBEDDED &&
	    (!coerce_texts(c, at, v) || !coerce_meta(c, at, v, false)))
		return false;
	json_each(m, v) {
		const struct structural *sub = structural_property(s, json_name(m));
		bool ok = json_is_array(v) ? coerce(c, s->items, m, AT_ITEM(at, i++)) :
			  sub              ? coerce(c, sub, m, AT(at, json_name(m))) :
					     coerce(c, s->additional, m, AT_KEY(at, json_name(m)));

		if (!ok)
			return false;
	}
	return true;
}

bool structural_coerce(struct arena *a, const struct structural *s, const struct kind *k,
		       struct json *o, struct schema_warnings *w, struct status *st)
{
	struct coercion c = { .h = { .a = a, .kind = k }, .k = k, .w = w, .st = st };

	return coerce_meta(&c, NULL, o, true) && coerce(&c, s, o, NULL);
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
