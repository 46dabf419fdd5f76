/*
 * structural_set: a rule set from the inside (private to the package's rule files).
 */
#ifndef NUTSHELL_KIND_STRUCTURAL_SET_H
#define NUTSHELL_KIND_STRUCTURAL_SET_H

#include "cel/cel.h"
#include "kind/structural.h"
#include "kind/structural_rule.h"

struct rule_node {
	bool typed, compiled;
	const struct cel_type *type;
	const struct rule_program *programs;
};

struct rule_set {
	struct arena *a;
	const struct structural *root;
	struct rule_node *nodes; /* by id; one more for the root as a resource */
};

#endif
