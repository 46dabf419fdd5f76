/*
 * Rows of resource.k8s.io.
 * k8s: pkg/registry/{resource} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_resource[] = {
	{
		.subject = { "resource.k8s.io", "deviceclasses", "DeviceClass" },
		.version = "v1",
		.singular = "deviceclass",
		.verbs = VERBS_ALL,
		.type = &type_resource_v1_DeviceClass,
		.generation = true,
		.delete_returns_object = true,
	},
	{
		.subject = { "resource.k8s.io", "resourceclaims", "ResourceClaim" },
		.version = "v1",
		.singular = "resourceclaim",
		.namespaced = true,
		.unowned = UNOWNED({ "status", false, "spec metadata" }),
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_resource_v1_ResourceClaim,
		.columns = columns_resourceclaim,
		.delete_returns_object = true,
		.defaults = resourceclaim_defaults,
	},
	{
		.subject = { "resource.k8s.io", "resourceclaimtemplates", "ResourceClaimTemplate" },
		.version = "v1",
		.singular = "resourceclaimtemplate",
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_resource_v1_ResourceClaimTemplate,
		.delete_returns_object = true,
		.defaults = resourceclaimtemplate_defaults,
	},
	{
		.subject = { "resource.k8s.io", "resourceslices", "ResourceSlice" },
		.version = "v1",
		.singular = "resourceslice",
		.verbs = VERBS_ALL,
		.type = &type_resource_v1_ResourceSlice,
		.columns = columns_resourceslice,
		.fields = NAMES("spec.nodeName", "spec.driver"),
		.nselectable = 2,
		.generation = true,
		.delete_returns_object = true,
	},
};

const size_t kinds_resource_n = sizeof kinds_resource / sizeof *kinds_resource;
