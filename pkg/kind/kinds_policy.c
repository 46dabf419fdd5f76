/*
 * Rows of policy.
 * k8s: pkg/registry/{policy} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_policy[] = {
	{
		.subject = { "policy", "poddisruptionbudgets", "PodDisruptionBudget" },
		.version = "v1",
		.singular = "poddisruptionbudget",
		.shorts = NAMES("pdb"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_policy_v1_PodDisruptionBudget,
		.columns = columns_budget,
		.generation = true,
		.conditional_update = true,
		.validate = budget_validate,
	},
};

const size_t kinds_policy_n = sizeof kinds_policy / sizeof *kinds_policy;
