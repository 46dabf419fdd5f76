/*
 * What an access review must say.  Upstream makes these errors before it knows the kind's name: it is empty in
 * all of them.  k8s: pkg/apis/authorization/validation/validation.go.
 */
#include "api/review_check.h"

#include "base/arena.h"
#include "base/status.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <string.h>

struct check {
	struct arena *a;
	struct field_errors e;
};

static void check_requirement(struct check *c, const char *at, const struct json *r)
{
	const char *op = json_path_str(r, "operator");
	bool valued = !strcmp(op, "In") || !strcmp(op, "NotIn");
	bool bare = !strcmp(op, "Exists") || !strcmp(op, "DoesNotExist");
	char *path = arena_printf(c->a, "%s.values", at);

	if (valued && !json_count(json_get(r, "values")))
		field_error(&c->e, FIELD_REQUIRED, path, NULL,
			    "must be specified when `operator` is 'In' or 'NotIn'");
	if (bare && json_count(json_get(r, "values")))
		field_error(&c->e, FIELD_FORBIDDEN, path, NULL,
			    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
}

static void check_selector(struct check *c, const struct json *res, const char *name)
{
	const struct json *sel = json_get(res, name), *reqs = json_get(sel, "requirements");
	char *at = arena_printf(c->a, "spec.resourceAttributes.%s", name);
	const char *raw = json_path_str(sel, "rawSelector");
	size_t i = 0;

	if (!sel)
		return;
	if (*raw && json_count(reqs))
		field_error_str(&c->e, FIELD_INVALID, arena_printf(c->a, "%s.rawSelector", at), raw,
				"may not specified at the same time as requirements");
	if (!*raw && !json_count(reqs))
		field_errorf(&c->e, FIELD_REQUIRED, arena_printf(c->a, "%s.requirements", at), NULL,
			     "when %s is specified, requirements or rawSelector is required", at);
	json_each(r, reqs)
		check_requirement(c, arena_printf(c->a, "%s.requirements[%zu]", at, i++), r);
}

/* Go prints the internal struct, whose members have no other names. */
static char *path_value(struct arena *a, const struct json *path)
{
	return json_text(a, json_build(a, "{Path:%s,Verb:%s}", json_path_str(path, "path"),
				       json_path_str(path, "verb")));
}

static void check_meta(struct check *c, const struct json *meta, bool local)
{
	bool any = false;

	json_each(m, meta)
		any |= strcmp(json_name(m), "managedFields") != 0 &&
		       !(local && !strcmp(json_name(m), "namespace")) && !json_is_null(m);
	if (any)
		field_error(&c->e, FIELD_INVALID, "metadata", json_text(c->a, meta),
			    local ? "must be empty except for namespace" : "must be empty");
}

static void check_local(struct check *c, const struct json *spec, const char *ns)
{
	const struct json *path = json_get(spec, "nonResourceAttributes");
	const char *wanted = json_path_str(spec, "resourceAttributes.namespace");

	if (json_get(spec, "resourceAttributes") && strcmp(wanted, ns) != 0)
		field_error_str(&c->e, FIELD_INVALID, "spec.resourceAttributes.namespace", wanted,
				"must match metadata.namespace");
	if (path)
		field_error(&c->e, FIELD_INVALID, "spec.nonResourceAttributes",
			    path_value(c->a, path), "disallowed on this kind of request");
}

bool review_check(struct arena *a, const struct kind *k, const struct json *o, const char *ns,
		  bool names_user, struct status *st)
{
	const struct json *spec = json_get(o, "spec");
	const struct json *res = json_get(spec, "resourceAttributes");
	const struct json *path = json_get(spec, "nonResourceAttributes");
	struct check c = { a, FIELD_ERRORS_INIT };
	struct subject s = k->subject;

	s.kind = "";
	if (res && path)
		field_error(&c.e, FIELD_INVALID, "spec.nonResourceAttributes", path_value(a, path),
			    "cannot be specified in combination with resourceAttributes");
	if (!res && !path)
		field_error(
			&c.e, FIELD_INVALID, "spec.resourceAttributes", "null",
			"exactly one of nonResourceAttributes or resourceAttributes must be specified");
	if (names_user && !*json_path_str(spec, "user") && !json_count(json_get(spec, "groups")))
		field_error_str(&c.e, FIELD_INVALID, "spec.user", "",
				"at least one of user or group must be specified");
	check_selector(&c, res, "fieldSelector");
	check_selector(&c, res, "labelSelector");
	check_meta(&c, json_get(o, "metadata"), ns);
	if (ns)
		check_local(&c, spec, ns);
	return status_invalid(st, &s, "", &c.e);
}
