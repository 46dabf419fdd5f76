/*
 * One schema of a definition: what OpenAPI and Kubernetes' extensions allow in it.
 *
 * The walk goes over the schema as it was sent.  On the way down it carries what is forbidden here because of what is
 * above (defaults inside metadata; rules about old values inside of lists without keys).
 */
#include "kind/crd_check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "kind/check.h"
#include "kind/crd_rule.h"
#include "kind/format.h"
#include "kind/kind.h"
#include "kind/structural.h"
#include "kind/structural_rule.h"
#include "obj/json.h"

#include <string.h>

/* What holds for a schema because of where it is. */
struct place {
	const struct at *at;
	const struct json *j;
	bool root, meta;
	const char *no_default;           /* why none may be here; NULL = may */
	const struct at *uncorrelated;    /* the list or map that hides old values; NULL = none */
	const struct crd_rule_scope *cel; /* NULL: rules are not looked at */
};

static void check_schema(struct hook *h, const struct place *p);

static const char *text(const struct json *j, const char *name)
{
	return json_str(json_get(j, name));
}

static bool is_meta(const char *name)
{
	return !strcmp(name, "metadata") || !strcmp(name, "kind") || !strcmp(name, "apiVersion");
}

/* ---- what is not supported at all ---- */

static void check_plain(struct hook *h, const struct place *p)
{
	static const char *const types[] = { "array",  "boolean", "integer", "number",
					     "object", "string",  NULL };
	static const struct {
		const char *name, *detail;
	} unsupported[] = {
		{ "id", "id is not supported" },
		{ "additionalItems", "additionalItems is not supported" },
		{ "patternProperties", "patternProperties is not supported" },
		{ "definitions", "definitions is not supported" },
		{ "dependencies", "dependencies is not supported" },
		{ "$ref", "$ref is not supported" },
	};
	const struct json *j = p->j;
	const char *type = text(j, "type");

	if (*type && !one_of(type, types))
		err_unsupported(h, AT(p->at, "type"), type, types);
	if (p->no_default && !json_is_null(json_get(j, "default")))
		err_forbidden(h, AT(p->at, "default"), "must not be set %s", p->no_default);
	for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
		if (json_get(j, unsupported[i].name))
			err_forbidden(h, AT(p->at, unsupported[i].name), "%s", unsupported[i].detail);
	if (!strcmp(type, "null"))
		err_forbidden(h, AT(p->at, "type"),
			      "type cannot be set to null, use nullable as an alternative");
	if (json_count(json_get(j, "items")) && json_is_array(json_get(j, "items")))
		err_forbidden(h, AT(p->at, "items"),
			      "items must be a schema object and not an array");
	if (p->meta && json_is_true(json_get(j, "x-kubernetes-embedded-resource")))
		err_forbidden(h, AT(p->at, "x-kubernetes-embedded-resource"),
			      "must not be used inside of resource meta");
	if (json_is_true(json_get(j, "uniqueItems")))
		err_forbidden(h, AT(p->at, "uniqueItems"),
			      "uniqueItems cannot be set to true since the runtime complexity "
			      "becomes quadratic");
}

/* ---- children ---- */

static void check_additional(struct hook *h, const struct place *p)
{
	const struct json *more = json_get(p->j, "additionalProperties");
	struct crd_rule_scope scope;
	struct place sub = *p;

	if (!more)
		return;
	if (json_count(json_get(p->j, "properties")) && !json_is_true(more))
		err_forbidden(h, AT(p->at, "additionalProperties"),
			      "additionalProperties and properties are mutual exclusive");
	if (!json_is_object(more))
		return;
	sub.at = AT(p->at, "additionalProperties");
	sub.j = more;
	sub.root = false;
	sub.cel = crd_rule_descend(p->cel, &scope, p->j, NULL, CRD_RULE_VALUE);
	if (p->meta)
		sub.no_default = "inside additionalProperties applying to object metadata";
	check_schema(h, &sub);
}

static void check_property(struct hook *h, const struct place *p, const struct json *j)
{
	const char *name = json_name(j);
	struct crd_rule_scope scope;
	struct place sub = *p;

	sub.at = AT_KEY(AT(p->at, "properties"), name);
	sub.j = j;
	sub.root = false;
	sub.cel = crd_rule_descend(p->cel, &scope, p->j, name, CRD_RULE_PROPERTY);
	if (!strcmp(text(p->j, "x-kubernetes-map-type"), "atomic") && !sub.uncorrelated)
		sub.uncorrelated = p->at;
	if ((p->root || json_is_true(json_get(p->j, "x-kubernetes-embedded-resource"))) &&
	    is_meta(name)) {
		sub.meta = true;
		if (p->root)
			sub.no_default = arena_printf(h->a, "in top-level %s", name);
	}
	check_schema(h, &sub);
}

static void check_alternatives(struct hook *h, const struct place *p)
{
	static const char *const lists[] = { "allOf", "oneOf", "anyOf" };
	struct place sub = *p;

	sub.root = false;
	sub.cel = NULL;
	if (json_is_object(json_get(p->j, "not"))) {
		sub.at = AT(p->at, "not");
		sub.j = json_get(p->j, "not");
		check_schema(h, &sub);
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		size_t n = 0;

		json_each(j, json_get(p->j, lists[i])) {
			sub.at = AT_ITEM(AT(p->at, lists[i]), n++);
			sub.j = j;
			check_schema(h, &sub);
		}
	}
}

static void check_items(struct hook *h, const struct place *p)
{
	const struct json *items = json_get(p->j, "items");
	struct crd_rule_scope scope;
	struct place sub = *p;

	if (!json_is_object(items))
		return;
	sub.at = AT(p->at, "items");
	sub.j = items;
	sub.root = false;
	sub.cel = crd_rule_descend(p->cel, &scope, p->j, NULL, CRD_RULE_ITEM);
	if (strcmp(text(p->j, "x-kubernetes-list-type"), "map") && !sub.uncorrelated)
		sub.uncorrelated = p->at;
	check_schema(h, &sub);
}

/* ---- x-kubernetes-map-type, -list-type, -list-map-keys ---- */

static void check_container_type(struct hook *h, const struct place *p, const char *extension,
				 const char *want)
{
	const char *type = text(p->j, "type");
	const char *detail;

	if (!json_get(p->j, extension) || !strcmp(type, want))
		return;
	detail = arena_printf(h->a, "must be %s if %s is specified", want, extension);
	if (!*type)
		err_required(h, AT(p->at, "type"), detail);
	else
		err_invalid(h, AT(p->at, "type"), type, "%s", detail);
}

static void check_map_type(struct hook *h, const struct place *p)
{
	static const char *const types[] = { "atomic", "granular", NULL };
	const char *type = text(p->j, "x-kubernetes-map-type");

	check_container_type(h, p, "x-kubernetes-map-type", "object");
	if (*type && !one_of(type, types))
		err_unsupported(h, AT(p->at, "x-kubernetes-map-type"), type, types);
}

/* Members of a set must be told apart as wholes. */
static void check_set_items(struct hook *h, const struct place *p, const struct json *items)
{
	const struct at *at = AT(p->at, "items");
	const char *list = text(items, "x-kubernetes-list-type");
	const char *map = text(items, "x-kubernetes-map-type");
	const char *type = text(items, "type");

	if (!strcmp(type, "array") && *list && strcmp(list, "atomic"))
		err_invalid(h, AT(at, "x-kubernetes-list-type"), list,
			    "must be atomic as item of a list with x-kubernetes-list-type=set");
	if (!strcmp(type, "object") && strcmp(map, "atomic"))
		err_invalid_json(h, AT(at, "x-kubernetes-map-type"),
				 json_get(items, "x-kubernetes-list-type"),
				 "must be atomic as item of a list with x-kubernetes-list-type=set");
}

static void check_map_key(struct hook *h, const struct place *p, const struct json *items,
			  const char *key)
{
	const struct at *at = AT_KEY(AT(AT(p->at, "items"), "properties"), key);
	const struct json *prop = json_get(json_get(items, "properties"), key);
	const char *type = text(prop, "type");

	if (!prop)
		err_invalid_json(h, AT(p->at, "x-kubernetes-list-map-keys"),
				 json_get(p->j, "x-kubernetes-list-map-keys"),
				 "entries must all be names of item properties");
	else if (!strcmp(type, "array") || !strcmp(type, "object"))
		err_invalid(h, AT(at, "type"), text(items, "type"),
			    "must be a scalar type if parent array's x-kubernetes-list-type is map");
}

static size_t times(const struct json *list, const struct json *until)
{
	size_t n = 0;

	json_each(x, list) {
		if (x == until)
			return n;
		n += !strcmp(json_str(x), json_str(until));
	}
	return n;
}

static void check_map_keys(struct hook *h, const struct place *p, const struct json *items)
{
	const struct json *keys = json_get(p->j, "x-kubernetes-list-map-keys");

	if (!json_count(keys))
		err_required(h, AT(p->at, "x-kubernetes-list-map-keys"),
			     "must not be empty if x-kubernetes-list-type is map");
	if (!items)
		err_required(h, AT(p->at, "items"),
			     "must have a schema if x-kubernetes-list-type is map");
	if (!json_is_object(items))
		return;
	if (strcmp(text(items, "type"), "object")) {
		err_invalid(h, AT(AT(p->at, "items"), "type"), text(items, "type"),
			    "must be object if parent array's x-kubernetes-list-type is map");
		return;
	}
	json_each(k, keys) {
		check_map_key(h, p, items, json_str(k));
		if (times(keys, k))
			err_invalid_json(h, AT(p->at, "x-kubernetes-list-map-keys"), keys,
					 "must not contain duplicate entries");
	}
}

static bool listed(const struct json *list, const char *s)
{
	json_each(x, list)
		if (!strcmp(json_str(x), s))
			return true;
	return false;
}

/* Keys exist and are never null, items of sets and maps are never null. */
static void check_presence(struct hook *h, const struct place *p, const char *list,
			   const struct json *items)
{
	const struct at *at = AT(p->at, "items");

	if (json_is_true(json_get(items, "nullable")))
		err_forbidden(h, AT(at, "nullable"),
			      "cannot be nullable when x-kubernetes-list-type is %s", list);
	if (strcmp(list, "map"))
		return;
	json_each(k, json_get(p->j, "x-kubernetes-list-map-keys")) {
		const char *key = json_str(k);
		const struct json *prop = json_get(json_get(items, "properties"), key);
		const struct at *here = AT_KEY(AT(at, "properties"), key);

		if (!prop)
			continue;
		if (!listed(json_get(items, "required"), key) &&
		    json_is_null(json_get(prop, "default")))
			err_required(h, AT(here, "default"),
				     "this property is in x-kubernetes-list-map-keys, so it must "
				     "have a default or be a required property");
		if (json_is_true(json_get(prop, "nullable")))
			err_forbidden(h, AT(here, "nullable"),
				      "this property is in x-kubernetes-list-map-keys, so it cannot "
				      "be nullable");
	}
}

static void check_list_type(struct hook *h, const struct place *p)
{
	static const char *const types[] = { "atomic", "set", "map", NULL };
	const char *list = text(p->j, "x-kubernetes-list-type");
	const struct json *items = json_get(p->j, "items");
	const struct at *at = AT(p->at, "x-kubernetes-list-type");

	check_container_type(h, p, "x-kubernetes-list-type", "array");
	if (!strcmp(list, "set") && !strcmp(text(p->j, "type"), "array") && json_is_object(items))
		check_set_items(h, p, items);
	if (*list && !one_of(list, types))
		err_unsupported(h, at, list, types);
	if (json_count(json_get(p->j, "x-kubernetes-list-map-keys")) && strcmp(list, "map")) {
		if (!*list)
			err_required(h, at, "must be map if x-kubernetes-list-map-keys is non-empty");
		else
			err_invalid(h, at, list,
				    "must be map if x-kubernetes-list-map-keys is non-empty");
	}
	if (!strcmp(list, "map"))
		check_map_keys(h, p, items);
	if (json_is_object(items) && (!strcmp(list, "map") || !strcmp(list, "set")))
		check_presence(h, p, list, items);
}

static void check_schema(struct hook *h, const struct place *p)
{
	const struct json *preserve = json_get(p->j, "x-kubernetes-preserve-unknown-fields");
	size_t before = h->errors->n;

	check_plain(h, p);
	check_additional(h, p);
	json_each(j, json_get(p->j, "properties"))
		check_property(h, p, j);
	check_alternatives(h, p);
	check_items(h, p);
	if (json_is_bool(preserve) && !json_is_true(preserve))
		err_invalid_json(h, AT(p->at, "x-kubernetes-preserve-unknown-fields"), preserve,
				 "must be true or undefined");
	check_map_type(h, p);
	check_list_type(h, p);
	crd_check_rules(h, p->at, p->j, h->errors->n == before ? p->cel : NULL, p->uncorrelated);
}

/* ---- the root ---- */

/* With a status subresource status is validated alone: nothing at the root may reach into it. */
static void check_root(struct hook *h, const struct at *at, const struct json *schema)
{
	static const char *const allowed[] = { "description",
					       "type",
					       "format",
					       "title",
					       "maximum",
					       "exclusiveMaximum",
					       "minimum",
					       "exclusiveMinimum",
					       "maxLength",
					       "minLength",
					       "pattern",
					       "maxItems",
					       "minItems",
					       "uniqueItems",
					       "multipleOf",
					       "required",
					       "items",
					       "properties",
					       "externalDocs",
					       "example",
					       "x-kubernetes-preserve-unknown-fields",
					       "x-kubernetes-validations",
					       NULL };
	const char *type = text(schema, "type");

	if (*type && strcmp(type, "object")) {
		err_invalid(h, AT(at, "type"), type,
			    "only \"object\" is allowed as the type at the root of the schema if the "
			    "status subresource is enabled");
		return;
	}
	json_each(m, schema) {
		if (one_of(json_name(m), allowed))
			continue;
		err_invalid_json(h, at, schema,
				 "only [Description Type Format Title Maximum ExclusiveMaximum "
				 "Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems "
				 "MinItems UniqueItems MultipleOf Required Items Properties "
				 "ExternalDocs Example XPreserveUnknownFields XValidations] fields are "
				 "allowed at the root of the schema if the status subresource is "
				 "enabled");
		return;
	}
}

/* What cannot even be read as a structural schema is told by check_schema(). */
static bool convertible(const struct json *j)
{
	static const char *const never[] = {
		"id",          "$schema",           "$ref", "dependencies", "additionalItems",
		"definitions", "patternProperties", NULL
	};
	const struct json *preserve = json_get(j, "x-kubernetes-preserve-unknown-fields");

	if (json_is_array(json_get(j, "items")) ||
	    (json_is_bool(preserve) && !json_is_true(preserve)))
		return false;
	json_each(m, j) {
		const char *name = json_name(m);
		bool list = json_is_array(m), map = !strcmp(name, "properties");

		if (one_of(name, never))
			return false;
		if (map || (list && strstr(name, "Of"))) {
			json_each(sub, m)
				if (!convertible(sub))
					return false;
		} else if (!strcmp(name, "items") || !strcmp(name, "additionalProperties") ||
			   !strcmp(name, "not")) {
			if (json_is_object(m) && !convertible(m))
				return false;
		}
	}
	return true;
}

void crd_check_schema(struct hook *h, const struct at *at, const struct json *schema, bool status,
		      bool unchanged)
{
	const struct structural *s = NULL;
	struct rule_set *rules = NULL;
	struct crd_rule_scope scope;
	struct place p = { .at = at, .j = schema, .root = true };

	if (status)
		check_root(h, at, schema);
	if (json_is_true(json_get(schema, "nullable")))
		err_forbidden(h, AT(at, "nullable"), "nullable cannot be true at the root");
	if (convertible(schema) && crd_check_structural(h, at, schema)) {
		s = structural_compile(h->a, schema);
		rules = rule_set_new(s);
		if (crd_check_defaults(h, at, s, rules))
			p.cel = crd_rule_root(&scope, h, s, rules, unchanged);
	}
	check_schema(h, &p);
	if (p.cel)
		crd_rule_total(h, at, &scope);
	rule_set_free(&rules);
}

/* ---- formats that mean nothing ---- */

static void collect_formats(struct hook *h, const struct json *j, const struct json *known,
			    struct json *out)
{
	const char *format = text(j, "format");

	if (*format && !format_recognized(text(j, "type"), format) && !listed(known, format))
		json_append(out, json_string(h->a, format));
	json_each(m, j) {
		const char *name = json_name(m);

		if (!name)
			continue;
		if (!strcmp(name, "properties") || strstr(name, "Of")) {
			json_each(sub, m)
				if (json_is_object(sub))
					collect_formats(h, sub, known, out);
		} else if (json_is_object(m) &&
			   (!strcmp(name, "items") || !strcmp(name, "additionalProperties") ||
			    !strcmp(name, "not"))) {
			collect_formats(h, m, known, out);
		}
	}
}

void crd_warn_formats(struct hook *h, const struct json *schema, const struct json *old)
{
	struct json *known = json_array(h->a), *found = json_array(h->a);

	if (old)
		collect_formats(h, old, NULL, known);
	collect_formats(h, schema, known, found);
	json_each(f, found)
		hook_warn(h, "unrecognized format \"%s\"", json_str(f));
}
