/*
 * registration_check: what webhook configurations and admission policies share when they are validated;
 * private to the package.  k8s: pkg/apis/admissionregistration/validation/validation.go.
 */
#ifndef NUTSHELL_KIND_REGISTRATION_CHECK_H
#define NUTSHELL_KIND_REGISTRATION_CHECK_H

#include "kind/check.h"
#include "kind/hooks.h"
#include "kind/policy_program.h"

/* One RuleWithOperations; a policy's may name resources. */
void check_admission_rule(struct hook *h, const struct at *at, const struct json *rule, bool named);
/* failurePolicy, matchPolicy, reinvocationPolicy, when given. */
void check_admission_enum(struct hook *h, const struct at *at, const struct json *o,
			  const char *name, const char *const *supported);
/* Their expressions are compiled with or without params. */
void check_match_conditions(struct hook *h, const struct at *at, const struct json *list,
			    bool params);
/* An expression that does not compile is Invalid; e is an environment that knows the variables. */
void check_expression(struct hook *h, struct policy_env *e, const struct at *at,
		      const char *expression, const char *shown, enum policy_result result);
/* True when s is nothing but white space. */
bool is_blank(const char *s);

extern const char *const failure_policies[], *const match_policies[], *const reinvocation_policies[];

#endif
