/*
 * policy: admission policies with their bindings, compiled.  Private to api.
 * k8s: apiserver/pkg/admission/plugin/policy.
 */
#ifndef NUTSHELL_API_POLICY_H
#define NUTSHELL_API_POLICY_H

#include "api/match.h"
#include "api/webhook.h"
#include "kind/policy_program.h"

struct policy_condition {
	const char *name;
	struct policy_program program;
};

struct policy_rule {
	struct policy_program program;
	struct policy_program said; /* messageExpression; expression NULL = none */
	const char *message, *reason;
	const char *key; /* of an audit annotation */
	bool patch;      /* a mutation: JSONPatch, not ApplyConfiguration */
};

struct policy_binding {
	const char *name;
	struct match match;
	const struct json *param_ref; /* NULL = none */
	bool deny, warn, audit;
	const struct json *actions;
};

struct policy {
	const char *name;
	size_t index;
	struct match match;
	bool ignore_failure, reinvoke;
	const char *param_version, *param_kind; /* NULL = no paramKind */
	struct policy_env env, plain;
	struct policy_condition *conditions;
	struct policy_rule *rules;       /* validations or mutations */
	struct policy_rule *annotations; /* auditAnnotations */
	size_t nconditions, nrules, nannotations;
	struct policy_binding *bindings;
	size_t nbindings;
};

struct policies {
	struct policy *all; /* by name; only those that are bound */
	size_t n;
};

/* Conditions of a webhook or a policy. */
size_t conditions_compile(struct policy_env *e, const struct json *list,
			  struct policy_condition **out);

/* policy.c: builders of dynamic.h */
void *policies_build_validating(struct api *api, struct arena *a);
void *policies_build_mutating(struct api *api, struct arena *a);

/* ---- policy_run.c: evaluation for one request ---- */

/* What expressions see. */
struct policy_view {
	struct hook_view object;
	struct json *request;
	const struct json *ns, *params;
	struct cel_authorizer authorizer;
};
void policy_view_open(struct policy_view *v, struct admission *ad, const struct kind *k);

/* A row of evaluations that share a budget and the values of variables. */
struct policy_run {
	struct policy_view *view;
	const struct policy_env *env;
	struct cel_binding bindings[POLICY_VARS];
	const struct cel_value **values; /* of variables, by index; NULL = not asked for yet */
	int64_t budget;
	bool out_of_budget;
	struct cel_run run;
};
void policy_run_open(struct policy_run *r, struct policy_view *v, const struct policy_env *e,
		     int64_t budget);
/* The value, or NULL with *error (the arena's). r->out_of_budget: nothing more can be evaluated. */
const struct cel_value *policy_evaluate(struct policy_run *r, const struct policy_program *p,
					const char **error);
/* True: all match.  False: one does not, or *error is set and failurePolicy is Fail. */
bool conditions_match(struct policy_view *v, const struct policy_env *e,
		      const struct policy_condition *list, size_t n, bool ignore_failure,
		      const char **error);

/* ---- policy_params.c ---- */

/* The objects a binding's paramRef names (one NULL: the policy has none), in the call's arena.  False: *error
 * says what is wrong with the configuration. */
bool policy_params(const struct policy *p, const struct policy_binding *b, const struct admission *ad,
		   const struct json *const **out, size_t *n, const char **error);

/* Why a policy whose paramKind nobody serves cannot run. */
char *policy_unknown_params(struct arena *a, const struct policy *p);

/* plugins */
bool admit_validating_policies(struct admission *ad, struct status *st);
bool admit_mutating_policies(struct admission *ad, struct status *st);

#endif
