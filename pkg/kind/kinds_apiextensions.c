/*
 * Rows of custom resource definitions.
 * k8s: pkg/registry/{apiextensions} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_apiextensions[] = {
	{
		.subject = { "apiextensions.k8s.io", "customresourcedefinitions",
			     "CustomResourceDefinition" },
		.version = "v1",
		.singular = "customresourcedefinition",
		.shorts = NAMES("crd", "crds"),
		.categories = NAMES("api-extensions"),
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_apiextensions_v1_CustomResourceDefinition,
		.columns = columns_created,
		.generation = true,
		.conditional_update = true,
		.defaults = crd_defaults,
		.prepare_create = crd_prepare_create,
		.prepare_update = crd_prepare_update,
		.prepare_delete = crd_prepare_delete,
		.validate = crd_validate,
		.validate_status = crd_validate_status,
		.warn = crd_warn,
	},
};

const size_t kinds_apiextensions_n = sizeof kinds_apiextensions / sizeof *kinds_apiextensions;
