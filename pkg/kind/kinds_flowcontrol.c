/*
 * Rows of flowcontrol.apiserver.k8s.io.
 * k8s: pkg/registry/{flowcontrol} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_flowcontrol[] = {
	{
		.subject = { "flowcontrol.apiserver.k8s.io", "flowschemas", "FlowSchema" },
		.version = "v1",
		.singular = "flowschema",
		.unowned = UNOWNED({ "status", false, "spec metadata" }),
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_flowcontrol_v1_FlowSchema,
		.columns = columns_flowschema,
		.generation = true,
		.defaults = flowschema_defaults,
	},
	{
		.subject = { "flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations",
			     "PriorityLevelConfiguration" },
		.version = "v1",
		.singular = "prioritylevelconfiguration",
		.unowned = UNOWNED({ "status", false, "spec metadata" }),
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_flowcontrol_v1_PriorityLevelConfiguration,
		.columns = columns_prioritylevel,
		.generation = true,
		.defaults = prioritylevel_defaults,
	},
};

const size_t kinds_flowcontrol_n = sizeof kinds_flowcontrol / sizeof *kinds_flowcontrol;
