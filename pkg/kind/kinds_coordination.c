/*
 * Rows of coordination.k8s.io.
 * k8s: pkg/registry/{coordination} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_coordination[] = {
	{
		.subject = { "coordination.k8s.io", "leases", "Lease" },
		.version = "v1",
		.singular = "lease",
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_coordination_v1_Lease,
		.columns = columns_lease,
		.fields = NAMES("spec.holderIdentity", "spec.renewTime"),
		.create_on_update = true,
		.conditional_update = true,
		.validate = lease_validate,
	},
};

const size_t kinds_coordination_n = sizeof kinds_coordination / sizeof *kinds_coordination;
