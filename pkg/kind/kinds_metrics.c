/*
 * Rows of metrics.k8s.io: no part of the registry until a host that knows what its pods use offers them
 * (kinds_offer()).  They are computed at each request, by what the host gives the api.
 * k8s: metrics/pkg/apis/metrics/v1beta1, metrics-server/pkg/api.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_metrics[] = {
	{
		.subject = { "metrics.k8s.io", "nodes", "NodeMetrics" },
		.version = "v1beta1",
		.singular = "",
		.verbs = VERB_GET | VERB_LIST,
		.type = &type_metrics_v1beta1_NodeMetrics,
		.columns = columns_nodemetrics,
		.virtual_only = true,
	},
	{
		.subject = { "metrics.k8s.io", "pods", "PodMetrics" },
		.version = "v1beta1",
		.singular = "",
		.namespaced = true,
		.verbs = VERB_GET | VERB_LIST,
		.type = &type_metrics_v1beta1_PodMetrics,
		.columns = columns_podmetrics,
		.virtual_only = true,
	},
};

const size_t kinds_metrics_n = sizeof kinds_metrics / sizeof *kinds_metrics;
