/*
 * crd_rule: x-kubernetes-validations of definitions: are they well, do they compile, what may they cost (private
 * to the package).
 * k8s: apiextensions-apiserver/pkg/apis/apiextensions/validation/{validation,cel_validation}.go.
 */
#ifndef NUTSHELL_KIND_CRD_RULE_H
#define NUTSHELL_KIND_CRD_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct at;
struct hook;
struct json;
struct crd_rule_costs;
struct rule_set;
struct structural;

#define CRD_RULE_UNBOUNDED UINT64_MAX

/* How often a schema can occur in one object, and its compiled form; children live on the walker's stack. */
struct crd_rule_scope {
	const struct structural *s;
	uint64_t cardinality; /* CRD_RULE_UNBOUNDED when nothing bounds it */
	bool root, unchanged;
	struct rule_set *rules;
	struct crd_rule_costs *costs; /* of the whole schema */
};

enum crd_rule_step { CRD_RULE_PROPERTY, CRD_RULE_ITEM, CRD_RULE_VALUE };

/* The scope of a whole schema. */
const struct crd_rule_scope *crd_rule_root(struct crd_rule_scope *scope, struct hook *h,
					   const struct structural *s, struct rule_set *rules,
					   bool unchanged);
/* That of a child; NULL above: NULL. */
const struct crd_rule_scope *crd_rule_descend(const struct crd_rule_scope *up,
					      struct crd_rule_scope *scope, const struct json *above,
					      const char *name, enum crd_rule_step step);
/* The rules of one schema; scope NULL: their form only. */
void crd_check_rules(struct hook *h, const struct at *at, const struct json *schema,
		     const struct crd_rule_scope *scope, const struct at *uncorrelated);
/* crd_rule_cost.c: compile the rules of one schema, which are well-formed. */
void crd_rule_compile(struct hook *h, const struct at *at, const struct json *list,
		      const struct crd_rule_scope *scope, const struct at *uncorrelated);
struct crd_rule_costs *crd_rule_costs_new(struct arena *a);
/* The cost of all together. */
void crd_rule_total(struct hook *h, const struct at *at, const struct crd_rule_scope *scope);

#endif
