/*
 * Rows of scheduling.k8s.io.
 * k8s: pkg/registry/{scheduling} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_scheduling[] = {
	{
		.subject = { "scheduling.k8s.io", "priorityclasses", "PriorityClass" },
		.version = "v1",
		.singular = "priorityclass",
		.shorts = NAMES("pc"),
		.verbs = VERBS_ALL,
		.type = &type_scheduling_v1_PriorityClass,
		.columns = columns_priorityclass,
		.defaults = priorityclass_defaults,
		.validate_update = priorityclass_validate_update,
		.prepare_create = priorityclass_prepare_create,
		.validate = priorityclass_validate,
	},
};

const size_t kinds_scheduling_n = sizeof kinds_scheduling / sizeof *kinds_scheduling;
