/*
 * policy: from the objects to what a request runs.
 *
 * A policy without a binding does nothing and is left out.  Compilation cannot fail: an expression that does
 * not compile keeps its error, which failurePolicy turns into a denial or nothing.
 */
#include "api/policy.h"

#include "api/dynamic.h"
#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static void match_of(struct arena *a, const struct json *m, struct match *out)
{
	match_compile(a, json_get(m, "resourceRules"), json_get(m, "excludeResourceRules"),
		      json_get(m, "namespaceSelector"), json_get(m, "objectSelector"),
		      json_path_str(m, "matchPolicy"), out);
	out->open = true;
}

size_t conditions_compile(struct policy_env *e, const struct json *list, struct policy_condition **out)
{
	struct policy_condition *c = arena_zalloc(e->a, (json_count(list) + 1) * sizeof *c);

	*out = c;
	json_each(it, list) {
		c->name = arena_strdup(e->a, json_path_str(it, "name"));
		policy_compile(e, json_path_str(it, "expression"), POLICY_BOOL, &c->program);
		c++;
	}
	return json_count(list);
}

static void validations_compile(struct policy *p, struct arena *a, const struct json *spec)
{
	const struct json *list = json_get(spec, "validations");

	p->rules = arena_zalloc(a, (json_count(list) + 1) * sizeof(*p->rules));
	json_each(v, list) {
		struct policy_rule *r = &p->rules[p->nrules++];
		const char *said = json_path_str(v, "messageExpression");

		policy_compile(&p->env, json_path_str(v, "expression"), POLICY_BOOL, &r->program);
		r->message = json_path_str(v, "message");
		r->reason = json_path_str(v, "reason");
		if (*said)
			policy_compile(&p->plain, said, POLICY_STRING, &r->said);
	}
	list = json_get(spec, "auditAnnotations");
	p->annotations = arena_zalloc(a, (json_count(list) + 1) * sizeof(*p->annotations));
	json_each(v, list) {
		struct policy_rule *r = &p->annotations[p->nannotations++];

		r->key = json_path_str(v, "key");
		policy_compile(&p->env, json_path_str(v, "valueExpression"), POLICY_STRING_OR_NULL,
			       &r->program);
	}
}

static void mutations_compile(struct policy *p, struct arena *a, const struct json *spec)
{
	const struct json *list = json_get(spec, "mutations");

	p->rules = arena_zalloc(a, (json_count(list) + 1) * sizeof(*p->rules));
	json_each(m, list) {
		struct policy_rule *r = &p->rules[p->nrules++];

		r->patch = !strcmp(json_path_str(m, "patchType"), "JSONPatch");
		policy_compile(&p->env,
			       json_path_str(m, r->patch ? "jsonPatch.expression" :
							   "applyConfiguration.expression"),
			       r->patch ? POLICY_PATCH : POLICY_APPLY, &r->program);
	}
}

static void policy_build(struct policy *p, struct arena *a, const struct json *tree, bool mutating)
{
	const struct json *spec = json_get(tree, "spec"), *kind = json_get(spec, "paramKind");
	unsigned flags = POLICY_HAS_AUTHORIZER | POLICY_HAS_VARIABLES;

	p->name = meta_name(tree);
	match_of(a, json_get(spec, "matchConstraints"), &p->match);
	p->match.open = false;
	p->ignore_failure = !strcmp(json_path_str(spec, "failurePolicy"), "Ignore");
	p->reinvoke = !strcmp(json_path_str(spec, "reinvocationPolicy"), "IfNeeded");
	if (kind) {
		p->param_version = json_path_str(kind, "apiVersion");
		p->param_kind = json_path_str(kind, "kind");
	}
	flags |= (kind ? POLICY_HAS_PARAMS : 0u) | (mutating ? POLICY_MUTATES : 0u);
	policy_env_open(&p->env, a, flags);
	policy_env_variables(&p->env, json_get(spec, "variables"));
	policy_env_plain(&p->plain, &p->env);
	p->nconditions =
		conditions_compile(&p->env, json_get(spec, "matchConditions"), &p->conditions);
	if (mutating)
		mutations_compile(p, a, spec);
	else
		validations_compile(p, a, spec);
}

static void binding_build(struct policy_binding *b, struct arena *a, const struct json *tree)
{
	const struct json *spec = json_get(tree, "spec");

	b->name = meta_name(tree);
	match_of(a, json_get(spec, "matchResources"), &b->match);
	b->param_ref = json_get(spec, "paramRef");
	b->actions = json_get(spec, "validationActions");
	json_each(action, b->actions) {
		b->deny |= !strcmp(json_str(action), "Deny");
		b->warn |= !strcmp(json_str(action), "Warn");
		b->audit |= !strcmp(json_str(action), "Audit");
	}
}

/* All objects of a kind as trees in the arena. */
static size_t trees_of(struct api *api, struct arena *a, const char *kind, struct json ***out)
{
	const struct kind *k =
		kinds_by_api_version(api->config.kinds, "admissionregistration.k8s.io/v1", kind);
	struct store_list l;
	size_t n;

	store_list(api_table(api, k), "", NULL, NULL, 0, NULL, NULL, &l);
	*out = arena_alloc(a, (l.n + 1) * sizeof(**out));
	for (size_t i = 0; i < l.n; i++)
		(*out)[i] = obj_tree(a, l.items[i]);
	n = l.n;
	store_list_free(&l);
	return n;
}

static void *policies_build(struct api *api, struct arena *a, const char *kind,
			    const char *binding_kind, bool mutating)
{
	struct policies *set = arena_zalloc(a, sizeof *set);
	struct json **trees, **bindings;
	size_t n = trees_of(api, a, kind, &trees), nb = trees_of(api, a, binding_kind, &bindings);

	set->all = arena_zalloc(a, (n + 1) * sizeof(*set->all));
	for (size_t i = 0; i < n; i++) {
		struct policy *p = &set->all[set->n];

		p->bindings = arena_zalloc(a, (nb + 1) * sizeof(*p->bindings));
		for (size_t j = 0; j < nb; j++)
			if (!strcmp(json_path_str(bindings[j], "spec.policyName"),
				    meta_name(trees[i])))
				binding_build(&p->bindings[p->nbindings++], a, bindings[j]);
		if (!p->nbindings)
			continue;
		p->index = set->n++;
		policy_build(p, a, trees[i], mutating);
	}
	return set->n ? set : NULL;
}

void *policies_build_validating(struct api *api, struct arena *a)
{
	return policies_build(api, a, "ValidatingAdmissionPolicy",
			      "ValidatingAdmissionPolicyBinding", false);
}

void *policies_build_mutating(struct api *api, struct arena *a)
{
	return policies_build(api, a, "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
			      true);
}
