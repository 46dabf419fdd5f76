/*
 * Is a schema structural?  What a field is, is said once, outside of allOf, anyOf, oneOf and not, which may only
 * restrict it.  Reads the schema as it was sent, because that is what is wrong with it.
 * k8s: apiextensions-apiserver/pkg/apiserver/schema/{validation,convert}.go.
 */
#include "kind/crd_check.h"

#include "base/arena.h"
#include "kind/check.h"
#include "kind/kind.h"
#include "kind/structural.h"
#include "obj/json.h"
#include "obj/regex.h"

#include <stdlib.h>
#include <string.h>

enum level { LEVEL_ROOT, LEVEL_ITEM, LEVEL_FIELD };

static bool is_set(const struct json *j, const char *name)
{
	return json_is_true(json_get(j, name));
}

static const char *type_of(const struct json *j)
{
	return json_str(json_get(j, "type"));
}

/* [{type: integer}, {type: string}] and nothing else. */
static bool is_int_or_string(const struct json *list)
{
	const struct json *a = json_at(list, 0), *b = json_at(list, 1);

	return json_count(list) == 2 && json_count(a) == 1 && json_count(b) == 1 &&
	       !strcmp(type_of(a), "integer") && !strcmp(type_of(b), "string");
}

/* ---- inside of allOf and its kin ---- */

static void check_nested(struct hook *h, const struct at *at, const struct json *j, bool skip_any);

static void check_nested_list(struct hook *h, const struct at *at, const struct json *list,
			      bool skip_first)
{
	size_t i = 0;

	json_each(n, list) {
		check_nested(h, AT_ITEM(at, i), n, skip_first && !i);
		i++;
	}
}

static void check_values(struct hook *h, const struct at *at, const struct json *j, bool skip_any,
			 bool skip_first_all)
{
	const char *pattern = json_str(json_get(j, "pattern"));
	char *fault = NULL;
	struct regex *r;

	if (!skip_any)
		check_nested_list(h, AT(at, "anyOf"), json_get(j, "anyOf"), false);
	check_nested_list(h, AT(at, "allOf"), json_get(j, "allOf"), skip_first_all);
	check_nested_list(h, AT(at, "oneOf"), json_get(j, "oneOf"), false);
	if (json_is_object(json_get(j, "not")))
		check_nested(h, AT(at, "not"), json_get(j, "not"), false);
	if (!*pattern)
		return;
	r = regex_new(pattern, &fault);
	if (!r)
		err_invalid(h, AT(at, "pattern"), pattern,
			    "must be a valid regular expression, but isn't: %s",
			    fault ? fault : "invalid");
	regex_free_error(fault);
	regex_free(&r);
}

static void forbid(struct hook *h, const struct at *at, const struct json *j, const char *name,
		   const char *detail)
{
	const struct json *v = json_get(j, name);

	if (v && (!json_is_bool(v) || json_is_true(v)) && !(json_is_array(v) && !json_count(v)))
		err_forbidden(h, AT(at, name), "%s", detail);
}

static void check_nested(struct hook *h, const struct at *at, const struct json *j, bool skip_any)
{
	static const struct {
		const char *name, *detail;
	} forbidden[] = {
		{ "type", "must be empty to be structural" },
		{ "default", "must be undefined to be structural" },
		{ "title", "must be empty to be structural" },
		{ "description", "must be empty to be structural" },
		{ "nullable", "must be false to be structural" },
		{ "x-kubernetes-preserve-unknown-fields", "must be false to be structural" },
		{ "x-kubernetes-embedded-resource", "must be false to be structural" },
		{ "x-kubernetes-int-or-string", "must be false to be structural" },
		{ "x-kubernetes-list-map-keys", "must be empty to be structural" },
		{ "x-kubernetes-list-type", "must be undefined to be structural" },
		{ "x-kubernetes-map-type", "must be undefined to be structural" },
		{ "x-kubernetes-validations", "must be empty to be structural" },
	};
	const struct json *more = json_get(j, "additionalProperties");

	check_values(h, at, j, skip_any, false);
	if (json_is_object(json_get(j, "items")))
		check_nested(h, AT(at, "items"), json_get(j, "items"), false);
	json_each(p, json_get(j, "properties"))
		check_nested(h, AT_KEY(AT(at, "properties"), json_name(p)), p, false);
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		forbid(h, at, j, forbidden[i].name, forbidden[i].detail);
	if (json_is_object(more) || json_is_true(more))
		err_forbidden(h, AT(at, "additionalProperties"),
			      "must be undefined to be structural");
	if (json_get(json_get(j, "properties"), "metadata"))
		err_forbidden(h, AT_KEY(AT(at, "properties"), "metadata"),
			      "must not be specified in a nested context");
}

/* ---- outside of them ---- */

static void check_type(struct hook *h, const struct at *at, const struct json *j, enum level level)
{
	static const char *const empty[] = {
		[LEVEL_ROOT] = "must not be empty at the root",
		[LEVEL_ITEM] = "must not be empty for specified array items",
		[LEVEL_FIELD] = "must not be empty for specified object fields",
	};
	const char *type = type_of(j);
	bool embedded = is_set(j, "x-kubernetes-embedded-resource");

	if (embedded && strcmp(type, "object")) {
		if (!*type)
			err_required(h, AT(at, "type"),
				     "must be object if x-kubernetes-embedded-resource is true");
		else
			err_invalid(h, AT(at, "type"), type,
				    "must be object if x-kubernetes-embedded-resource is true");
	} else if (!*type && !is_set(j, "x-kubernetes-int-or-string") &&
		   !is_set(j, "x-kubernetes-preserve-unknown-fields")) {
		err_required(h, AT(at, "type"), empty[level]);
	}
	if (level == LEVEL_ROOT && *type && strcmp(type, "object"))
		err_invalid(h, AT(at, "type"), type, "must be object at the root");
}

/* Of the root, metadata may restrict name and generateName only. */
static bool meta_is_plain(const struct json *meta)
{
	json_each(m, meta) {
		const char *name = json_name(m);

		if (!strcmp(name, "type") || !strcmp(name, "default"))
			continue;
		if (strcmp(name, "properties"))
			return false;
		json_each(p, m)
			if (strcmp(json_name(p), "name") && strcmp(json_name(p), "generateName"))
				return false;
	}
	return true;
}

static void check_resource(struct hook *h, const struct at *at, const struct json *j, enum level level)
{
	static const char *const texts[] = { "kind", "apiVersion" };
	const struct json *props = json_get(j, "properties"), *meta = json_get(props, "metadata");
	bool embedded = is_set(j, "x-kubernetes-embedded-resource");
	bool resource = level == LEVEL_ROOT || embedded;

	for (size_t i = 0; i < 2 && resource; i++) {
		const struct json *p = json_get(props, texts[i]);

		if (p && strcmp(type_of(p), "string"))
			err_invalid(h, AT(AT_KEY(AT(at, "properties"), texts[i]), "type"),
				    type_of(p), "must be string");
	}
	if (meta && resource && strcmp(type_of(meta), "object"))
		err_invalid(h, AT(AT_KEY(AT(at, "properties"), "metadata"), "type"), type_of(meta),
			    "must be object");
	if (meta && level == LEVEL_ROOT && !meta_is_plain(meta))
		err_forbidden(h, AT_KEY(AT(at, "properties"), "metadata"),
			      "must not specify anything other than name and generateName, but "
			      "metadata is implicitly specified");
	if (embedded && !is_set(j, "x-kubernetes-preserve-unknown-fields") && !json_count(props))
		err_required(h, AT(at, "properties"),
			     "must not be empty if x-kubernetes-embedded-resource is true without "
			     "x-kubernetes-preserve-unknown-fields");
	if (embedded && json_get(j, "additionalProperties"))
		err_forbidden(h, AT(at, "additionalProperties"),
			      "must not be used if x-kubernetes-embedded-resource is set");
}

static void check_int_or_string(struct hook *h, const struct at *at, const struct json *j)
{
	static const char *const names[] = { "x-kubernetes-preserve-unknown-fields",
					     "x-kubernetes-embedded-resource" };

	for (size_t i = 0; i < 2; i++)
		if (is_set(j, "x-kubernetes-int-or-string") && is_set(j, names[i]))
			err_invalid_json(h, AT(at, names[i]), json_get(j, names[i]),
					 "must be false if x-kubernetes-int-or-string is true");
}

static void check_node(struct hook *h, const struct at *at, const struct json *j, enum level level)
{
	const struct json *items = json_get(j, "items"), *more = json_get(j, "additionalProperties");
	const struct json *all = json_get(j, "allOf");

	if (!strcmp(type_of(j), "array") && !items)
		err_required(h, AT(at, "items"), "must be specified");
	if (json_is_object(items))
		check_node(h, AT(at, "items"), items, LEVEL_ITEM);
	json_each(p, json_get(j, "properties"))
		check_node(h, AT_KEY(AT(at, "properties"), json_name(p)), p, LEVEL_FIELD);
	if (more && level == LEVEL_ROOT)
		err_forbidden(h, AT(at, "additionalProperties"), "must not be used at the root");
	if (json_is_object(more))
		check_node(h, AT(at, "additionalProperties"), more, LEVEL_FIELD);
	check_int_or_string(h, at, j);
	check_values(h, at, j, is_int_or_string(json_get(j, "anyOf")),
		     is_int_or_string(json_get(json_at(all, 0), "anyOf")));
	check_type(h, at, j, level);
	check_resource(h, at, j, level);
}

/* ---- completeness: what the root's alternatives restrict must exist ---- */

static void complete_nested(struct hook *h, const struct at *at, const struct json *j,
			    const struct at *from, const struct json *nested);

static void complete_values(struct hook *h, const struct at *at, const struct json *j,
			    const struct at *from, const struct json *v)
{
	static const char *const lists[] = { "allOf", "anyOf", "oneOf" };

	if (json_is_object(json_get(v, "not")))
		complete_nested(h, at, j, AT(from, "not"), json_get(v, "not"));
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		size_t n = 0;

		json_each(x, json_get(v, lists[i]))
			complete_nested(h, at, j, AT_ITEM(AT(from, lists[i]), n++), x);
	}
}

static void complete_nested(struct hook *h, const struct at *at, const struct json *j,
			    const struct at *from, const struct json *nested)
{
	const struct json *items = json_get(nested, "items");

	if (!json_is_object(j)) {
		err_required(h, at,
			     arena_printf(h->a, "because it is defined in %s", at_text(h, from)));
		return;
	}
	complete_values(h, at, j, from, nested);
	if (json_is_object(items))
		complete_nested(h, AT(at, "items"), json_get(j, "items"), AT(from, "items"), items);
	json_each(p, json_get(nested, "properties"))
		complete_nested(h, AT_KEY(AT(at, "properties"), json_name(p)),
				json_get(json_get(j, "properties"), json_name(p)),
				AT_KEY(AT(from, "properties"), json_name(p)), p);
}

/* ---- order ---- */

static const char *const type_texts[] = {
	[FIELD_REQUIRED] = "Required value",    [FIELD_INVALID] = "Invalid value",
	[FIELD_TYPE_INVALID] = "Invalid value", [FIELD_NOT_SUPPORTED] = "Unsupported value",
	[FIELD_DUPLICATE] = "Duplicate value",  [FIELD_NOT_FOUND] = "Not found",
	[FIELD_FORBIDDEN] = "Forbidden",        [FIELD_TOO_LONG] = "Too long",
	[FIELD_TOO_MANY] = "Too many",          [FIELD_TOO_FEW] = "Too few",
	[FIELD_INTERNAL] = "Internal error",
};

static int text_compare(const char *x, const char *y)
{
	return strcmp(x ? x : "", y ? y : "");
}

static int by_text(const void *px, const void *py)
{
	const struct field_error *x = px, *y = py;
	int d = strcmp(x->field, y->field);

	if (!d)
		d = strcmp(type_texts[x->type], type_texts[y->type]);
	if (!d)
		d = text_compare(x->value, y->value);
	return d ? d : text_compare(x->detail, y->detail);
}

bool crd_check_structural(struct hook *h, const struct at *at, const struct json *schema)
{
	struct field_errors found = FIELD_ERRORS_INIT;
	struct hook sub = *h;
	bool ok;

	sub.errors = &found;
	check_node(&sub, at, schema, LEVEL_ROOT);
	complete_values(&sub, at, schema, at, schema);
	ok = !found.n;
	if (found.n)
		qsort(found.items, found.n, sizeof *found.items, by_text);
	for (size_t i = 0; i < found.n; i++)
		field_error(h->errors, found.items[i].type, found.items[i].field,
			    found.items[i].value, found.items[i].detail);
	field_errors_clear(&found);
	return ok;
}
