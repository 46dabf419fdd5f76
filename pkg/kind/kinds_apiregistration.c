/*
 * Rows of apiregistration.k8s.io.
 * k8s: pkg/registry/{apiregistration} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_apiregistration[] = {
	{
		.subject = { "apiregistration.k8s.io", "apiservices", "APIService" },
		.version = "v1",
		.singular = "apiservice",
		.categories = NAMES("api-extensions"),
		.unowned = UNOWNED({ "status", false, "spec metadata" }),
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_apiregistration_v1_APIService,
		.columns = columns_apiservice,
		.conditional_update = true,
		.name_rule = NAME_PATH_SEGMENT,
		.defaults = apiservice_defaults,
		.validate = apiservice_validate,
	},
};

const size_t kinds_apiregistration_n = sizeof kinds_apiregistration / sizeof *kinds_apiregistration;
