/*
 * structural_rule: x-kubernetes-validations of a compiled schema, as programs.
 *
 * A rule set is made for one schema and, once made, read by many threads; it must be freed before the schema is.
 * k8s: apiextensions-apiserver/pkg/apiserver/schema/cel.
 */
#ifndef NUTSHELL_KIND_STRUCTURAL_RULE_H
#define NUTSHELL_KIND_STRUCTURAL_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct at;
struct cel_program;
struct cel_type;
struct hook;
struct json;
struct rule_set;
struct structural;
struct structural_rule;

struct rule_program {
	const struct structural_rule *rule;
	const struct cel_program *program; /* NULL: error says why */
	const struct cel_program *message; /* NULL: none, or message_error says why */
	const char *error, *message_error;
	const char *path; /* the rule's fieldPath as errors show it: "x.y"; "" = none */
	bool uses_old;
};

/* With nothing compiled yet. */
struct rule_set *rule_set_new(const struct structural *root);
void rule_set_free(struct rule_set **rs);
/* Compile every rule of the schema now. */
void rule_set_compile(struct rule_set *rs);
/* The programs of one node, nrules of them, compiled at the first call (one thread only until rule_set_compile()). */
const struct rule_program *rule_set_programs(struct rule_set *rs, const struct structural *s,
					     bool root);
/* The type of a node's values; NULL when expressions cannot see them.  root: a whole resource. */
const struct cel_type *rule_set_type(struct rule_set *rs, const struct structural *s, bool root);

/* Evaluate all rules on a value and below it, which replaces old (NULL: nothing) and has at least the right types.
 * ratchet: what did not change is only warned of.  budget is spent. */
void rule_set_run(struct hook *h, struct rule_set *rs, const struct structural *s,
		  const struct json *v, const struct json *old, const struct at *at, bool ratchet,
		  int64_t *budget);

#endif
