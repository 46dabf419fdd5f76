/*
 * Rows of discovery.k8s.io.
 * k8s: pkg/registry/{discovery} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_discovery[] = {
	{
		.subject = { "discovery.k8s.io", "endpointslices", "EndpointSlice" },
		.version = "v1",
		.singular = "endpointslice",
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_discovery_v1_EndpointSlice,
		.columns = columns_endpointslice,
		.generation = true,
		.defaults = endpointslice_defaults,
		.validate_update = endpointslice_validate_update,
		.warn = endpointslice_warn,
		.validate = endpointslice_validate,
	},
};

const size_t kinds_discovery_n = sizeof kinds_discovery / sizeof *kinds_discovery;
