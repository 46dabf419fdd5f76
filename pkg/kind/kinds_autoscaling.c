/*
 * Rows of autoscaling.
 * k8s: pkg/registry/{autoscaling} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_autoscaling[] = {
	{
		.subject = { "autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler" },
		.version = "v2",
		.singular = "horizontalpodautoscaler",
		.shorts = NAMES("hpa"),
		.categories = NAMES("all"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_autoscaling_v2_HorizontalPodAutoscaler,
		.columns = columns_autoscaler,
		.defaults = autoscaler_defaults,
		.validate = autoscaler_validate,
	},
	{
		.subject = { "autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler" },
		.version = "v1",
		.singular = "horizontalpodautoscaler",
		.shorts = NAMES("hpa"),
		.categories = NAMES("all"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_autoscaling_v1_HorizontalPodAutoscaler,
		.columns = columns_autoscaler,
		.storage = &kinds_autoscaling[KIND_AUTOSCALING_V2],
		.defaults = autoscaler_v1_defaults,
		.to_storage = autoscaler_to_storage,
		.from_storage = autoscaler_from_storage,
		.validate = autoscaler_validate,
	},
};

const size_t kinds_autoscaling_n = sizeof kinds_autoscaling / sizeof *kinds_autoscaling;
