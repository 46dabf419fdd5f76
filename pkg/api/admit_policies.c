/*
 * admit_policies: ValidatingAdmissionPolicies.
 *
 * Every policy that matches is run for every binding and parameter, because warnings and audit annotations
 * count even when an earlier one has denied; the first denial is the answer.
 * k8s: apiserver/pkg/admission/plugin/policy/validating/{dispatcher,validator}.go.
 */
#include "api/dynamic.h"
#include "api/policy.h"
#include "base/arena.h"
#include "obj/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SAID_MAX = 5 * 1024, ANNOTATION_MAX = 10 * 1024 };

struct judging {
	struct admission *ad;
	const struct policy *p;
	const struct policy_binding *b;
	struct policy_view view;
	struct json *annotations; /* of the policy: key to value */
	struct status *first;     /* the first denial */
};

/* ---- denials ---- */

static int reason_code(const char *reason)
{
	static const struct {
		const char *reason;
		int code;
	} codes[] = {
		{ "Forbidden", 403 },
		{ "Unauthorized", 401 },
		{ "RequestEntityTooLarge", 413 },
	};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (!strcmp(codes[i].reason, reason))
			return codes[i].code;
	return 422;
}

static void deny(struct judging *j, const char *said, const char *reason)
{
	struct admission *ad = j->ad;
	const char *text;

	if (!status_ok(j->first))
		return;
	text = arena_printf(ad->c->a, "ValidatingAdmissionPolicy '%s'%s%s%s denied request: %s",
			    j->p->name, j->b ? " with binding '" : "", j->b ? j->b->name : "",
			    j->b ? "'" : "", said);
	status_forbidden(j->first, &ad->k->subject, ad->name, "%s", text);
	status_set_reason(j->first, *reason ? reason : "Invalid");
	j->first->code = reason_code(reason);
	status_add_cause(j->first, NULL, text, NULL);
}

static void misconfigured(struct judging *j, const char *why)
{
	if (!j->p->ignore_failure)
		deny(j,
		     arena_printf(j->ad->c->a, "failed to configure %s: %s",
				  j->b ? "binding" : "policy", why),
		     "");
}

/* What a failed validation leads to; index is the validation's. */
static void act(struct judging *j, size_t index, const char *said, const char *reason)
{
	struct arena *a = j->ad->c->a;

	if (j->b->deny)
		deny(j, said, reason);
	if (j->b->audit)
		call_annotate(j->ad->c, "validation.policy.admission.k8s.io/validation_failure",
			      json_text(a, json_build(a,
						      "[{message:%s,policy:%s,binding:%s,expressionIndex:%d,"
						      "validationActions:%j}]",
						      said, j->p->name, j->b->name, (int)index,
						      json_copy(a, j->b->actions))));
	if (j->b->warn)
		call_warn(j->ad->c,
			  "Validation failed for ValidatingAdmissionPolicy '%s' with binding '%s': %s",
			  j->p->name, j->b->name, said);
}

/* ---- validations ---- */

static const char *trimmed(struct arena *a, const char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return arena_dup(a, s, n);
}

/* messageExpression, else message, else the expression itself. */
static const char *message_of(const struct policy_rule *r, struct policy_run *messages)
{
	struct arena *a = messages->run.a;
	const struct cel_value *v = NULL;
	const char *said = NULL, *error;

	if (r->said.expression)
		v = policy_evaluate(messages, &r->said, &error);
	if (v && cel_value_string(v))
		said = trimmed(a, cel_value_string(v));
	if (said && *said && strlen(said) <= SAID_MAX && !strchr(said, '\n'))
		return said;
	said = trimmed(a, r->message);
	return *said ? said :
		       arena_printf(a, "failed expression: %s", trimmed(a, r->program.expression));
}

struct outcome {
	bool ok;
	const char *error; /* NULL: the expression said so */
};

/* Upstream evaluates all of them first, and only then messages, with what is left of the budget. */
static void validate(struct judging *j)
{
	const struct policy *p = j->p;
	struct outcome *out = arena_zalloc(j->ad->c->a, (p->nrules + 1) * sizeof *out);
	struct policy_run r, messages;

	policy_run_open(&r, &j->view, &p->env, CEL_LIMIT_OBJECT);
	for (size_t i = 0; i < p->nrules && !r.out_of_budget; i++) {
		const struct cel_value *v = policy_evaluate(&r, &p->rules[i].program, &out[i].error);

		out[i].ok = v && cel_value_true(v);
		if (r.out_of_budget && !p->ignore_failure)
			act(j, 0, out[i].error, "");
	}
	if (r.out_of_budget)
		return;
	policy_run_open(&messages, &j->view, &p->plain, r.budget);
	for (size_t i = 0; i < p->nrules; i++) {
		if (out[i].error && !p->ignore_failure)
			act(j, i, out[i].error, "");
		else if (!out[i].error && !out[i].ok)
			act(j, i, message_of(&p->rules[i], &messages), p->rules[i].reason);
	}
}

/* ---- audit annotations ---- */

/* Different values of one key, from different bindings, are listed. */
static void annotation_add(struct judging *j, const char *key, const char *value)
{
	struct arena *a = j->ad->c->a;
	const struct json *list = json_ensure_array(a, j->annotations, key);

	if (strlen(value) > ANNOTATION_MAX)
		value = arena_dup(a, value, ANNOTATION_MAX);
	json_each(v, list)
		if (!strcmp(json_str(v), value))
			return;
	json_append(json_ensure_array(a, j->annotations, key), json_string(a, value));
}

static void annotate(struct judging *j)
{
	struct policy_run r;

	policy_run_open(&r, &j->view, &j->p->env, CEL_LIMIT_OBJECT);
	for (size_t i = 0; i < j->p->nannotations; i++) {
		const struct policy_rule *rule = &j->p->annotations[i];
		const char *error, *text;
		const struct cel_value *v = policy_evaluate(&r, &rule->program, &error);

		if (!v && !j->p->ignore_failure)
			deny(j, error, "");
		text = v && cel_value_string(v) ? trimmed(r.run.a, cel_value_string(v)) : "";
		if (*text)
			annotation_add(j, rule->key, text);
	}
}

static void annotations_publish(struct judging *j)
{
	struct arena *a = j->ad->c->a;

	json_each(m, j->annotations) {
		const char *text = json_str(json_first(m));

		for (struct json *v = json_next(json_first(m)); v; v = json_next(v))
			text = arena_printf(a, "%s, %s", text, json_str(v));
		call_annotate(j->ad->c, arena_printf(a, "%s/%s", j->p->name, json_name(m)), text);
	}
}

/* ---- one policy ---- */

static void judge(struct judging *j)
{
	const struct policy *p = j->p;
	const char *error;

	if (conditions_match(&j->view, &p->env, p->conditions, p->nconditions, p->ignore_failure,
			     &error)) {
		validate(j);
		annotate(j);
	} else if (error) {
		act(j, 0, error, "");
	}
}

static void judge_binding(struct judging *j, const struct kind *k)
{
	STATUS_AUTO struct status why = STATUS_INIT;
	const struct json *const *params;
	const char *error = NULL;
	size_t n;

	if (!match_request(&j->b->match, j->ad, &why)) {
		if (!status_ok(&why))
			misconfigured(j, why.message);
		return;
	}
	if (!policy_params(j->p, j->b, j->ad, &params, &n, &error)) {
		misconfigured(j, error);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		policy_view_open(&j->view, j->ad, k);
		j->view.params = params[i];
		judge(j);
	}
}

static void judge_policy(struct judging *j)
{
	STATUS_AUTO struct status why = STATUS_INIT;
	struct call *c = j->ad->c;
	const struct policy *p = j->p;
	const struct kind *k = match_request(&p->match, j->ad, &why);

	j->b = NULL;
	j->annotations = json_object(c->a);
	if (!status_ok(&why))
		misconfigured(j, why.message);
	if (!k)
		return;
	if (p->param_kind &&
	    !kinds_by_api_version(c->api->config.kinds, p->param_version, p->param_kind)) {
		misconfigured(j, policy_unknown_params(c->a, p));
		return;
	}
	for (size_t i = 0; i < p->nbindings; i++) {
		j->b = &p->bindings[i];
		judge_binding(j, k);
	}
	annotations_publish(j);
}

bool admit_validating_policies(struct admission *ad, struct status *st)
{
	STATUS_AUTO struct status first = STATUS_INIT;
	struct judging j = { .ad = ad, .first = &first };
	const struct policies *set;

	if (dynamic_exempt(ad))
		return true;
	set = dynamic_get(ad->c, DYNAMIC_VALIDATING_POLICIES);
	for (size_t i = 0; set && i < set->n; i++) {
		j.p = &set->all[i];
		judge_policy(&j);
	}
	if (status_ok(&first))
		return true;
	if (st)
		status_move(st, &first);
	return false;
}
