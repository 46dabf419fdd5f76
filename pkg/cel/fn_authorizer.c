/*
 * fn_authorizer: authorization checks (k8s: apiserver/pkg/cel/library/authz.go).
 */
#include "cel/authorizer.h"
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

#include "base/arena.h"

#include <string.h>

/* All of an authorizer's values in one: what has been said about the check so far. */
struct check {
	struct cel_opaque head;
	const struct cel_authorizer *z;
	struct cel_check c;
	struct cel_decision decision;
};

static struct cel_value checks_equal(struct arena *a, const struct cel_opaque *x,
				     const struct cel_opaque *y)
{
	(void)a;
	(void)x;
	(void)y;
	return cel_no_overload();
}

#define CLASS(id, text)                                                                       \
	static const struct cel_opaque_class id = { .name = "kubernetes.authorization." text, \
						    .equal = checks_equal,                    \
						    .strict = true }

CLASS(authorizer_class, "Authorizer");
CLASS(path_class, "PathCheck");
CLASS(group_class, "GroupCheck");
CLASS(resource_class, "ResourceCheck");
CLASS(decision_class, "Decision");

static const struct check *check_of(struct cel_value v)
{
	return (const struct check *)v.opaque;
}

/* A copy to say one thing more. */
static struct check *next(struct cel_run *run, struct cel_value v,
			  const struct cel_opaque_class *class, struct cel_value *out)
{
	struct check *c = arena_alloc(run->a, sizeof *c);

	*c = *check_of(v);
	c->head.class = class;
	*out = cel_opaque(&c->head);
	return c;
}

static struct check *new_check(struct arena *a, const struct cel_authorizer *z,
			       const struct cel_opaque_class *class)
{
	struct check *c = arena_zalloc(a, sizeof *c);

	c->head.class = class;
	c->z = z;
	c->c = (struct cel_check){ .group = "",
				   .version = "",
				   .resource = "",
				   .subresource = "",
				   .namespace_ = "",
				   .name = "",
				   .verb = "" };
	return c;
}

struct cel_value cel_authorizer_value(struct arena *a, const struct cel_authorizer *z)
{
	return cel_opaque(&new_check(a, z, &authorizer_class)->head);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

struct cel_value cel_request_resource_value(struct arena *a, const struct cel_authorizer *z)
{
	struct check *c = new_check(a, z, &resource_class);

	c->c.version = "*";
	c->c.group = or_empty(z->group);
	c->c.resource = or_empty(z->resource);
	c->c.subresource = or_empty(z->subresource);
	c->c.namespace_ = or_empty(z->namespace_);
	c->c.name = or_empty(z->name);
	return cel_opaque(&c->head);
}

static bool is_blank(const char *s)
{
	return !s[strspn(s, " \t\n\v\f\r")];
}

CEL_CALL(path)
{
	const char *s = cel_value_str(run->a, args[1]);

	if (is_blank(s))
		*out = cel_fail("path must not be empty");
	else
		next(run, args[0], &path_class, out)->c.path = s;
}

CEL_CALL(group)
{
	next(run, args[0], &group_class, out)->c.group = cel_value_str(run->a, args[1]);
}

/* DNS labels, joined by dots when there may be several. */
static bool is_dns_name(const char *s, size_t max, bool dots)
{
	size_t n = strlen(s);

	if (!n || n > max)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool edge = i == 0 || i == n - 1 || s[i - 1] == '.' || s[i + 1] == '.';
		bool alnum = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9');

		if (!alnum && (edge || (s[i] != '-' && !(dots && s[i] == '.'))))
			return false;
	}
	return true;
}

CEL_CALL(service_account)
{
	const char *namespace = cel_value_str(run->a, args[1]),
		   *name = cel_value_str(run->a, args[2]);
	struct check *c;

	if (!is_dns_name(name, 253, true)) {
		*out = cel_fail("Invalid service account name");
	} else if (!is_dns_name(namespace, 63, false)) {
		*out = cel_fail("Invalid service account namespace");
	} else {
		c = next(run, args[0], &authorizer_class, out);
		c->c.service_account_namespace = namespace;
		c->c.service_account = name;
	}
}

CEL_CALL(resource)
{
	const char *s = cel_value_str(run->a, args[1]);
	struct check *c;

	if (is_blank(s)) {
		*out = cel_fail("resource must not be empty");
		return;
	}
	c = next(run, args[0], &resource_class, out);
	c->c.resource = s;
	c->c.version = "*";
}

CEL_CALL(subresource)
{
	next(run, args[0], &resource_class, out)->c.subresource = cel_value_str(run->a, args[1]);
}

CEL_CALL(field_selector)
{
	next(run, args[0], &resource_class, out)->c.field_selector = cel_value_str(run->a, args[1]);
}

CEL_CALL(label_selector)
{
	next(run, args[0], &resource_class, out)->c.label_selector = cel_value_str(run->a, args[1]);
}

CEL_CALL(namespace)
{
	next(run, args[0], &resource_class, out)->c.namespace_ = cel_value_str(run->a, args[1]);
}

CEL_CALL(name)
{
	next(run, args[0], &resource_class, out)->c.name = cel_value_str(run->a, args[1]);
}

CEL_CALL(check)
{
	struct check *c = next(run, args[0], &decision_class, out);

	c->c.verb = cel_value_str(run->a, args[1]);
	c->decision = (struct cel_decision){ 0 };
	c->z->check(c->z, run->a, &c->c, &c->decision);
}

CEL_CALL(allowed)
{
	*out = cel_bool(check_of(args[0])->decision.allowed);
}

CEL_CALL(errored)
{
	*out = cel_bool(check_of(args[0])->decision.error != NULL);
}

CEL_CALL(error)
{
	*out = cel_string(or_empty(check_of(args[0])->decision.error));
}

CEL_CALL(reason)
{
	*out = cel_string(or_empty(check_of(args[0])->decision.reason));
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "allowed",
	  .overload = "decision_allowed",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_decision },
	  .estimate = cel_estimate_nominal,
	  .call = allowed },
	{ .name = "check",
	  .overload = "pathcheck_check",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_decision,
	  .args = { &cel_type_path_check, &cel_type_string },
	  .estimate = cel_estimate_check,
	  .call = check,
	  .cost = cel_cost_check },
	{ .name = "check",
	  .overload = "resourcecheck_check",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_decision,
	  .args = { &cel_type_resource_check, &cel_type_string },
	  .estimate = cel_estimate_check,
	  .call = check,
	  .cost = cel_cost_check },
	{ .name = "error",
	  .overload = "decision_error",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_decision },
	  .estimate = cel_estimate_nominal,
	  .call = error },
	{ .name = "errored",
	  .overload = "decision_errored",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_decision },
	  .estimate = cel_estimate_nominal,
	  .call = errored },
	{ .name = "fieldSelector",
	  .overload = "authorizer_fieldselector",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_resource_check,
	  .args = { &cel_type_resource_check, &cel_type_string },
	  .estimate = cel_estimate_selector,
	  .call = field_selector,
	  .cost = cel_cost_selector },
	{ .name = "group",
	  .overload = "authorizer_group",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_group_check,
	  .args = { &cel_type_authorizer, &cel_type_string },
	  .estimate = cel_estimate_nominal,
	  .call = group },
	{ .name = "labelSelector",
	  .overload = "authorizer_labelselector",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_resource_check,
	  .args = { &cel_type_resource_check, &cel_type_string },
	  .estimate = cel_estimate_selector,
	  .call = label_selector,
	  .cost = cel_cost_selector },
	{ .name = "name",
	  .overload = "resourcecheck_name",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_resource_check,
	  .args = { &cel_type_resource_check, &cel_type_string },
	  .estimate = cel_estimate_nominal,
	  .call = name },
	{ .name = "namespace",
	  .overload = "resourcecheck_namespace",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_resource_check,
	  .args = { &cel_type_resource_check, &cel_type_string },
	  .estimate = cel_estimate_nominal,
	  .call = namespace },
	{ .name = "path",
	  .overload = "authorizer_path",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_path_check,
	  .args = { &cel_type_authorizer, &cel_type_string },
	  .estimate = cel_estimate_nominal,
	  .call = path },
	{ .name = "reason",
	  .overload = "decision_reason",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_decision },
	  .estimate = cel_estimate_nominal,
	  .call = reason },
	{ .name = "resource",
	  .overload = "groupcheck_resource",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_resource_check,
	  .args = { &cel_type_group_check, &cel_type_string },
	  .estimate = cel_estimate_nominal,
	  .call = resource },
	{ .name = "serviceAccount",
	  .overload = "authorizer_serviceaccount",
	  .member = true,
	  .nargs = 3,
	  .result = &cel_type_authorizer,
	  .args = { &cel_type_authorizer, &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_nominal,
	  .call = service_account },
	{ .name = "subresource",
	  .overload = "resourcecheck_subresource",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_resource_check,
	  .args = { &cel_type_resource_check, &cel_type_string },
	  .estimate = cel_estimate_nominal,
	  .call = subresource },
};

const struct cel_library cel_library_authorizer = { .rows = rows, .n = sizeof rows / sizeof *rows };
