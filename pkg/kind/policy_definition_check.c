/*
 * policy_definition_check: admission policies and their bindings.
 *
 * Every expression is compiled as it will be when it is used, so that what has been accepted can only fail on
 * the objects it sees.
 */
#include "kind/registration_check.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <ctype.h>
#include <string.h>

enum { ANNOTATIONS_MAX = 20, VALUE_EXPRESSION_MAX = 5 * 1024 };

struct definition {
	struct hook *h;
	const struct json *o, *spec;
	const struct at *at;
	struct policy_env *env, *plain; /* with and without authorizer */
	bool mutating;
};

static void check_param_kind(struct hook *h, const struct at *at, const struct json *k)
{
	const char *gv = json_path_str(k, "apiVersion"), *kind = json_path_str(k, "kind");
	const char *slash = strchr(gv, '/'), *version = slash ? slash + 1 : gv;

	if (!*gv)
		err_required(h, AT(at, "apiVersion"), "");
	else if (slash && strchr(version, '/'))
		err_invalid(h, AT(at, "apiVersion"), gv, "unexpected GroupVersion string: %s", gv);
	else if (!*version)
		err_invalid(h, AT(at, "apiVersion"), gv, "version must be specified");
	else
		check_text(h, AT(at, "apiVersion"), TEXT_DNS_LABEL_1035, version);
	if (!*kind)
		err_required(h, AT(at, "kind"), "");
}

static void check_mutable(struct hook *h, const struct at *at, const struct json *rules)
{
	static const char *const supported[] = { "*", "CONNECT", "CREATE", "UPDATE", NULL };

	json_each(rule, rules)
		json_each(op, json_get(rule, "operations"))
			if (!one_of(json_str(op), supported))
				err_unsupported(h, AT(AT(at, "resourceRules"), "operations"),
						json_str(op), supported);
}

static void check_match_resources(struct hook *h, const struct at *at, const struct json *m)
{
	size_t i = 0;

	check_admission_enum(h, at, m, "matchPolicy", match_policies);
	check_label_selector(h, AT(at, "namespaceSelector"), json_get(m, "namespaceSelector"));
	check_label_selector(h, AT(at, "objectSelector"), json_get(m, "objectSelector"));
	json_each(rule, json_get(m, "resourceRules"))
		check_admission_rule(h, AT_ITEM(AT(at, "resourceRules"), i++), rule, true);
	i = 0;
	json_each(rule, json_get(m, "excludeResourceRules"))
		check_admission_rule(h, AT_ITEM(AT(at, "excludeResourceRules"), i++), rule, true);
}

static void check_constraints(struct definition *d)
{
	const struct json *m = json_get(d->spec, "matchConstraints");
	const struct at *at = AT(d->at, "matchConstraints");

	if (!m) {
		err_required(d->h, at, "");
		return;
	}
	check_match_resources(d->h, at, m);
	if (!json_count(json_get(m, "resourceRules")))
		err_required(d->h, AT(at, "resourceRules"), "");
	if (d->mutating)
		check_mutable(d->h, at, json_get(m, "resourceRules"));
}

/* ---- variables ---- */

static bool is_identifier(const char *s)
{
	static const char *const reserved[] = { "true",     "false",     "null",     "in",   "as",
						"break",    "const",     "continue", "else", "for",
						"function", "if",        "import",   "let",  "loop",
						"package",  "namespace", "return",   "var",  "void",
						"while",    NULL };

	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return !one_of(s, reserved);
}

static void check_variables(struct definition *d)
{
	const struct json *list = json_get(d->spec, "variables");
	size_t i = 0;

	policy_env_variables(d->env, list);
	policy_env_plain(d->plain, d->env);
	json_each(v, list) {
		const struct at *at = AT_ITEM(AT(d->at, "variables"), i);
		const char *name = json_path_str(v, "name"), *text = json_path_str(v, "expression");

		if (is_blank(name))
			err_required(d->h, AT(at, "name"), "name is not specified");
		else if (!is_identifier(name))
			err_invalid(d->h, AT(at, "name"), name, "must be a valid CEL identifier");
		if (is_blank(text))
			err_required(d->h, AT(at, "expression"), "expression is not specified");
		else if (d->env->variables[i].error)
			err_invalid(d->h, AT(at, "expression"), text, "%s",
				    d->env->variables[i].error);
		i++;
	}
}

/* ---- validations ---- */

static void check_message(struct hook *h, const struct at *at, const char *message)
{
	size_t n = strlen(message), lead = strspn(message, " \t\r\n");

	while (n > lead && isspace((unsigned char)message[n - 1]))
		n--;
	if (*message && is_blank(message))
		err_invalid(h, at, message, "must be non-empty if specified");
	else if (memchr(message + lead, '\n', n - lead) || memchr(message + lead, '\r', n - lead))
		err_invalid(h, at, message, "must not contain line breaks");
}

static void check_validation(struct definition *d, const struct at *at, const struct json *v)
{
	static const char *const reasons[] = { "Forbidden", "Invalid", "RequestEntityTooLarge", NULL };
	const char *text = json_path_str(v, "expression");
	const char *said = json_path_str(v, "messageExpression");

	if (is_blank(text))
		err_required(d->h, AT(at, "expression"), "expression is not specified");
	else
		check_expression(d->h, d->env, AT(at, "expression"), text, text, POLICY_BOOL);
	if (*said && is_blank(said))
		err_invalid(d->h, AT(at, "messageExpression"), said,
			    "must be non-empty if specified");
	else if (*said)
		check_expression(d->h, d->plain, AT(at, "messageExpression"), said, said,
				 POLICY_STRING);
	check_message(d->h, AT(at, "message"), json_path_str(v, "message"));
	check_admission_enum(d->h, at, v, "reason", reasons);
}

static void check_annotation(struct definition *d, const struct at *at, const struct json *v)
{
	const char *text = json_path_str(v, "valueExpression"), *key = json_path_str(v, "key");

	check_text(d->h, AT(at, "key"), TEXT_LABEL_KEY,
		   arena_printf(d->h->a, "%s/%s", meta_name(d->o), key));
	if (is_blank(text))
		err_required(d->h, AT(at, "valueExpression"), "valueExpression is not specified");
	else if (strlen(text) > VALUE_EXPRESSION_MAX)
		err_required(d->h, AT(at, "valueExpression"), "must not exceed 5120 bytes in length");
	else
		check_expression(d->h, d->env, AT(at, "valueExpression"), text, text,
				 POLICY_STRING_OR_NULL);
}

static void check_audit(struct definition *d)
{
	const struct json *list = json_get(d->spec, "auditAnnotations");
	const struct at *at = AT(d->at, "auditAnnotations");
	size_t i = 0;

	if (json_count(list) > ANNOTATIONS_MAX)
		err_invalid_json(d->h, at, list, "must not have more than %d auditAnnotations",
				 ANNOTATIONS_MAX);
	json_each(v, list) {
		const char *key = json_path_str(v, "key");

		check_annotation(d, AT_ITEM(at, i), v);
		json_each(before, list) {
			if (before == v)
				break;
			if (!strcmp(json_path_str(before, "key"), key)) {
				err_duplicate(d->h, AT(AT_ITEM(at, i), "key"), key);
				break;
			}
		}
		i++;
	}
}

static void check_validations(struct definition *d)
{
	static const char none[] = "validations or auditAnnotations must contain at least one item";
	const struct json *list = json_get(d->spec, "validations");
	size_t i = 0;

	if (!json_count(list) && !json_count(json_get(d->spec, "auditAnnotations"))) {
		err_required(d->h, AT(d->at, "validations"), none);
		err_required(d->h, AT(d->at, "auditAnnotations"), none);
		return;
	}
	json_each(v, list)
		check_validation(d, AT_ITEM(AT(d->at, "validations"), i++), v);
	check_audit(d);
}

/* ---- mutations ---- */

static void check_mutation_expression(struct definition *d, const struct at *at,
				      const struct json *m, bool patch)
{
	const char *own = patch ? "jsonPatch" : "applyConfiguration";
	const char *other = patch ? "applyConfiguration" : "jsonPatch";
	const char *type = patch ? "JSONPatch" : "ApplyConfiguration";
	const char *text = json_path_str(json_get(m, own), "expression");

	if (!json_get(m, own))
		err_required(d->h, AT(at, own),
			     arena_printf(d->h->a, "must be specified when patchType is %s", type));
	else if (is_blank(text))
		err_required(d->h, AT(AT(at, own), "expression"), "");
	else
		check_expression(d->h, d->env, AT(AT(at, own), "expression"), text, text,
				 patch ? POLICY_PATCH : POLICY_APPLY);
	if (json_get(m, other))
		err_invalid(d->h, AT(at, other), arena_printf(d->h->a, "{%s}", other),
			    "must not be specified when patchType is %s", type);
}

static void check_mutations(struct definition *d)
{
	static const char *const types[] = { "ApplyConfiguration", "JSONPatch", NULL };
	const struct json *list = json_get(d->spec, "mutations");
	size_t i = 0;

	if (!json_count(list))
		err_required(d->h, AT(d->at, "mutations"),
			     "mutations must contain at least one item");
	json_each(m, list) {
		const struct at *at = AT_ITEM(AT(d->at, "mutations"), i++);
		const char *type = json_path_str(m, "patchType");

		if (!*type)
			err_required(d->h, AT(at, "patchType"), "");
		else if (!one_of(type, types))
			err_unsupported(d->h, AT(at, "patchType"), type, types);
		else
			check_mutation_expression(d, at, m, !strcmp(type, "JSONPatch"));
	}
	if (!*json_path_str(d->spec, "reinvocationPolicy"))
		err_required(d->h, AT(d->at, "reinvocationPolicy"), "");
	else
		check_admission_enum(d->h, d->at, d->spec, "reinvocationPolicy",
				     reinvocation_policies);
}

static void policy_check(struct hook *h, const struct json *o, bool mutating)
{
	struct definition d = { .h = h,
				.o = o,
				.spec = json_get(o, "spec"),
				.at = AT_ROOT("spec"),
				.env = arena_alloc(h->a, sizeof *d.env),
				.plain = arena_alloc(h->a, sizeof *d.plain),
				.mutating = mutating };
	const struct json *kind = json_get(d.spec, "paramKind");

	policy_env_open(d.env, h->a,
			POLICY_HAS_AUTHORIZER | POLICY_HAS_VARIABLES |
				(kind ? POLICY_HAS_PARAMS : 0u) | (mutating ? POLICY_MUTATES : 0u));
	check_admission_enum(h, d.at, d.spec, "failurePolicy", failure_policies);
	if (kind)
		check_param_kind(h, AT(d.at, "paramKind"), kind);
	check_constraints(&d);
	check_match_conditions(h, AT(d.at, "matchConditions"), json_get(d.spec, "matchConditions"),
			       kind);
	check_variables(&d);
	if (mutating)
		check_mutations(&d);
	else
		check_validations(&d);
}

HOOK_CHECK(validatingpolicy_validate)
{
	policy_check(h, o, false);
}

HOOK_CHECK(mutatingpolicy_validate)
{
	policy_check(h, o, true);
}

/* ---- bindings ---- */

static void check_param_ref(struct hook *h, const struct at *at, const struct json *ref)
{
	static const char *const actions[] = { "Deny", "Allow", NULL };
	const char *name = json_path_str(ref, "name");
	const struct json *selector = json_get(ref, "selector");

	if (!ref)
		return;
	if (*name)
		check_text(h, AT(at, "name"), TEXT_PATH_SEGMENT, name);
	if (*name && selector)
		err_forbidden(h, AT(at, "name"), "name and selector are mutually exclusive");
	if (selector)
		check_label_selector(h, AT(at, "selector"), selector);
	if (*name && selector)
		err_forbidden(h, AT(at, "selector"), "name and selector are mutually exclusive");
	if (!*name && !selector)
		err_required(h, at, "one of name or selector must be specified");
	if (!*json_path_str(ref, "parameterNotFoundAction"))
		err_required(h, AT(at, "parameterNotFoundAction"), "");
	else
		check_admission_enum(h, at, ref, "parameterNotFoundAction", actions);
}

static void binding_check(struct hook *h, const struct json *spec)
{
	const struct at *at = AT_ROOT("spec");
	const char *policy = json_path_str(spec, "policyName");

	if (!*policy)
		err_required(h, AT(at, "policyName"), "");
	else
		check_text(h, AT(at, "policyName"), TEXT_DNS_SUBDOMAIN, policy);
	check_param_ref(h, AT(at, "paramRef"), json_get(spec, "paramRef"));
	if (json_get(spec, "matchResources"))
		check_match_resources(h, AT(at, "matchResources"), json_get(spec, "matchResources"));
}

HOOK_CHECK(validatingbinding_validate)
{
	static const char *const supported[] = { "Audit", "Deny", "Warn", NULL };
	const struct json *list = json_path(o, "spec.validationActions");
	const struct at *at = AT(AT_ROOT("spec"), "validationActions");
	unsigned seen = 0;
	size_t i = 0;

	binding_check(h, json_get(o, "spec"));
	json_each(action, list) {
		const char *text = json_str(action);
		unsigned bit = 0;

		for (size_t k = 0; supported[k]; k++)
			if (!strcmp(supported[k], text))
				bit = 1u << k;
		if (!bit)
			err_unsupported(h, AT_ITEM(at, i), text, supported);
		if (seen & bit)
			err_duplicate(h, AT_ITEM(at, i), text);
		seen |= bit;
		i++;
	}
	if ((seen & 6) == 6)
		err_invalid_json(
			h, at, list,
			"must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)");
	if (!json_count(list))
		err_required(h, at, "at least one validation action is required");
}

HOOK_CHECK(mutatingbinding_validate)
{
	binding_check(h, json_get(o, "spec"));
	check_mutable(h, AT(AT_ROOT("spec"), "matchResources"),
		      json_path(o, "spec.matchResources.resourceRules"));
}
