/*
 * admit_mutations: MutatingAdmissionPolicies.
 *
 * Bindings that concern the request, with their parameters, are found first; then each changes the object
 * that the one before left.  Nobody owns what a policy sets: managedFields stay as they are.
 * k8s: apiserver/pkg/admission/plugin/policy/{generic/policy_dispatcher,mutating/dispatcher,mutating/patch}.go.
 */
#include "api/dynamic.h"
#include "api/policy.h"
#include "api/reinvocation.h"
#include "base/arena.h"
#include "base/buf.h"
#include "cel/value.h"
#include "obj/json.h"
#include "obj/patch.h"
#include "obj/typed.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

struct mutating {
	struct admission *ad;
	const struct policy *p;
	const struct policy_binding *b;
	struct status *denied; /* all errors of policies that fail closed */
};

/* Places in the rounds: one for each policy, binding and parameter, by a hash of the three.  Two in one place
 * are at worst asked once more. */
enum { SLOTS = 1021 };

/* ---- errors ---- */

static void refuse(struct mutating *m, const char *why, const char *reason)
{
	struct arena *a = m->ad->c->a;
	const char *text;

	if (m->p->ignore_failure)
		return;
	text = m->b ? arena_printf(a, "policy '%s' with binding '%s' denied request: %s",
				   m->p->name, m->b->name, why) :
		      arena_printf(a, "policy \"%s\" denied request: %s", m->p->name, why);
	if (status_ok(m->denied)) {
		status_forbidden(m->denied, &m->ad->k->subject, m->ad->name, "%s", why);
		free(m->denied->message);
		m->denied->message = strdup(text);
		if (*reason)
			status_set_reason(m->denied, reason);
	}
	status_add_cause(m->denied, NULL, text, NULL);
}

static void misconfigured(struct mutating *m, const char *why)
{
	refuse(m,
	       arena_printf(m->ad->c->a, "failed to configure %s: %s", m->b ? "binding" : "policy",
			    why),
	       "");
}

/* ---- ApplyConfiguration ---- */

/* Object.spec{...} must be what Object{spec: ...} is given, and so on down. */
static const char *names_fault(struct arena *a, struct cel_value v, const char *expected, int depth)
{
	struct cel_value key, member;
	const char *fault = NULL;
	size_t it = 0;

	if (v.kind == CELV_OBJECT && strcmp(cel_value_type(v), expected))
		return arena_printf(
			a,
			"unexpected type name \"%s\", expected \"%s\", which matches field name path from root Object type",
			cel_value_type(v), expected);
	if (v.kind == CELV_LIST && depth < DEPTH_MAX) {
		const struct cel_value *items = cel_list_items(v.list);

		for (size_t i = 0; i < cel_list_count(v.list) && !fault; i++)
			fault = names_fault(a, items[i], expected, depth + 1);
	}
	if ((v.kind != CELV_OBJECT && v.kind != CELV_MAP) || depth >= DEPTH_MAX)
		return fault;
	while (!fault && cel_map_next(v.map, &it, &key, &member)) {
		const char *below = expected;

		if (v.kind == CELV_OBJECT && key.kind == CELV_STRING)
			below = arena_printf(a, "%s.%s", expected, cel_value_str(a, key));
		fault = names_fault(a, member, below, depth + 1);
	}
	return fault;
}

/* Lists and maps that would be replaced as a whole, which nobody who says "apply" expects. */
static void find_atomics(struct typed *t, struct type_ref type, const struct json *v,
			 const char *path, struct buf *out)
{
	struct type_atom atom;
	size_t i = 0;

	t->schema->atom(type, &atom);
	if (json_is_object(v) && atom.map == TYPED_MAP_ATOMIC)
		buf_addf(out, "%s%s", out->len ? ", " : "", path);
	if (json_is_array(v) && atom.list == TYPED_LIST_ATOMIC)
		buf_addf(out, "%s%s", out->len ? ", " : "", path);
	json_each(m, v) {
		struct type_ref below = atom.item;

		if (json_is_array(v))
			find_atomics(t, below, m, arena_printf(t->a, "%s[%zu]", path, i++), out);
		else if (t->schema->member(type, json_name(m), &below))
			find_atomics(t, below, m, arena_printf(t->a, "%s.%s", path, json_name(m)),
				     out);
	}
}

static struct json *apply(struct mutating *m, struct policy_view *v, const struct cel_value *value,
			  struct json *config, const char **why)
{
	BUF_AUTO struct buf atomics = BUF_INIT;
	struct arena *a = m->ad->c->a;
	const struct kind *k = v->object.k;
	const char *fault = names_fault(a, *value, "Object", 0);
	struct typed t;
	char version[128];

	if (fault) {
		*why = arena_printf(a, "type mismatch: %s", fault);
		return NULL;
	}
	json_set_str(a, config, "apiVersion", kind_api_version(k, version));
	json_set_str(a, config, "kind", k->subject.kind);
	kind_typed(a, k, &t);
	fault = typed_check(&t, config, false);
	if (fault) {
		*why = arena_printf(
			a, "error applying patch: failed to convert patch object to typed object: %s",
			fault);
		return NULL;
	}
	find_atomics(&t, t.root, config, "", &atomics);
	if (atomics.len) {
		*why = arena_printf(
			a,
			"error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: %s",
			atomics.p);
		return NULL;
	}
	return typed_merge(&t, v->object.o, config);
}

/* ---- JSONPatch ---- */

static struct json *patch(struct mutating *m, struct policy_view *v, struct json *ops,
			  const char **why)
{
	struct arena *a = m->ad->c->a;
	const char *fault;
	struct json *o = patch_json_explained(a, json_copy(a, v->object.o), ops, &fault);

	if (o)
		return o;
	/* a test that fails is a condition, no error */
	if (strstr(fault, ": test failed"))
		return v->object.o;
	*why = arena_printf(a, "JSON Patch: %s", fault);
	return NULL;
}

/* ---- one mutation ---- */

static bool mutate(struct mutating *m, struct policy_view *v, const struct policy_rule *rule,
		   const char **why)
{
	struct call *c = m->ad->c;
	STATUS_AUTO struct status bad = STATUS_INIT;
	const struct cel_value *value;
	struct policy_run r;
	struct cel_error err = { 0 };
	struct json *tree, *o;

	policy_run_open(&r, v, &m->p->env, CEL_LIMIT_OBJECT);
	value = policy_evaluate(&r, &rule->program, why);
	if (!value)
		return false;
	tree = cel_value_json(&r.run, value, &err);
	if (!tree) {
		*why = err.text;
		return false;
	}
	o = rule->patch ? patch(m, v, tree, why) : apply(m, v, value, tree, why);
	if (!o)
		return false;
	if (!m->ad->as && !body_again(c, v->object.k, o, &bad)) {
		*why = arena_strdup(c->a, bad.message);
		return false;
	}
	v->object.o = o;
	return true;
}

/* A binding with one parameter. */
static void invoke(struct mutating *m, const struct kind *k, const struct json *params, size_t slot)
{
	struct admission *ad = m->ad;
	const struct policy *p = m->p;
	struct policy_view v;
	const struct json *before;
	const char *error;

	policy_view_open(&v, ad, k);
	v.params = params;
	if (!conditions_match(&v, &p->env, p->conditions, p->nconditions, p->ignore_failure, &error)) {
		if (error)
			refuse(m, error, "Invalid");
		return;
	}
	if (!rounds_has(&ad->again->policies, ad, slot) || !v.object.o)
		return;
	before = v.object.o;
	for (size_t i = 0; i < p->nrules; i++)
		if (!mutate(m, &v, &p->rules[i], &error))
			refuse(m, error, "Invalid");
	if (v.object.o != before)
		ad->o = ad->as || k == ad->k ? v.object.o :
					       convert_between(ad->c->a, k, ad->k, v.object.o);
	rounds_note(&ad->again->policies, ad, slot, !json_equal(before, v.object.o), p->reinvoke);
}

static void run_binding(struct mutating *m, const struct kind *k)
{
	STATUS_AUTO struct status why = STATUS_INIT;
	const struct json *const *params;
	const char *error = NULL;
	size_t n;

	if (!match_request(&m->b->match, m->ad, &why)) {
		if (!status_ok(&why))
			misconfigured(m, why.message);
		return;
	}
	if (!policy_params(m->p, m->b, m->ad, &params, &n, &error)) {
		misconfigured(m, error);
		return;
	}
	for (size_t i = 0; i < n; i++)
		invoke(m, k, params[i],
		       (m->p->index * 131 + (size_t)(m->b - m->p->bindings) * 17 + i) % SLOTS);
}

static void run_policy(struct mutating *m)
{
	STATUS_AUTO struct status why = STATUS_INIT;
	struct call *c = m->ad->c;
	const struct policy *p = m->p;
	const struct kind *k = match_request(&p->match, m->ad, &why);

	m->b = NULL;
	if (!status_ok(&why))
		misconfigured(m, why.message);
	if (!k)
		return;
	if (p->param_kind &&
	    !kinds_by_api_version(c->api->config.kinds, p->param_version, p->param_kind)) {
		misconfigured(m, policy_unknown_params(c->a, p));
		return;
	}
	for (size_t i = 0; i < p->nbindings; i++) {
		m->b = &p->bindings[i];
		run_binding(m, k);
	}
}

bool admit_mutating_policies(struct admission *ad, struct status *st)
{
	STATUS_AUTO struct status denied = STATUS_INIT;
	struct mutating m = { .ad = ad, .denied = &denied };
	const struct policies *set;

	if (dynamic_exempt(ad))
		return true;
	set = ad->again && ad->again->policies.set ? ad->again->policies.set :
						     dynamic_get(ad->c, DYNAMIC_MUTATING_POLICIES);
	if (!set)
		return true;
	rounds_begin(&reinvocation_of(ad)->policies, ad, set, SLOTS);
	for (size_t i = 0; i < set->n; i++) {
		m.p = &set->all[i];
		run_policy(&m);
	}
	rounds_end(&ad->again->policies, ad);
	if (status_ok(&denied))
		return true;
	if (st)
		status_move(st, &denied);
	return false;
}
