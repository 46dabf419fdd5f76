/*
 * Rows of node.k8s.io.
 * k8s: pkg/registry/{node} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_node[] = {
	{
		.subject = { "node.k8s.io", "runtimeclasses", "RuntimeClass" },
		.version = "v1",
		.singular = "runtimeclass",
		.verbs = VERBS_ALL,
		.type = &type_node_v1_RuntimeClass,
		.columns = columns_runtimeclass,
		.create_on_update = true,
		.conditional_update = true,
		.warn = runtimeclass_warn,
		.validate = runtimeclass_validate,
		.validate_update = runtimeclass_validate_update,
	},
};

const size_t kinds_node_n = sizeof kinds_node / sizeof *kinds_node;
