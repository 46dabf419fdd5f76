/*
 * columns_metrics: what nodes and pods use.
 * k8s: metrics-server/pkg/api/table.go.
 */
#include "kind/columns.h"

#include "obj/json.h"
#include "obj/quantity.h"

static void add(struct quantity *sum, const struct json *usage, const char *resource)
{
	struct quantity q;

	if (!quantity_parse(json_path_str(usage, resource), &q))
		return;
	sum->format = q.format;
	quantity_add(sum, &q);
}

/* A node's usage, or the sum of a pod's containers. */
static void usage_cell(struct buf *out, struct arena *a, const struct json *tree, const char *resource)
{
	struct quantity sum = { 0, QUANTITY_DECIMAL_SI };

	add(&sum, json_get(tree, "usage"), resource);
	json_each(c, json_get(tree, "containers"))
		add(&sum, json_get(c, "usage"), resource);
	cell_str(out, quantity_text(a, &sum));
}

CELL(usage_cpu)
{
	usage_cell(out, a, tree, "cpu");
}

CELL(usage_memory)
{
	usage_cell(out, a, tree, "memory");
}

#define COLUMNS(name)                                                                           \
	const struct column name[] = {                                                          \
		COL_NAME,                                                                       \
		COL_AS("cpu", "string", "quantity", "Cores in use.", 0, NULL, usage_cpu),       \
		COL_AS("memory", "string", "quantity", "Bytes in use.", 0, NULL, usage_memory), \
		COL_AS("Window", "string", "duration", "Time measured.", 0, "window", NULL),    \
		COL_END,                                                                        \
	}

COLUMNS(columns_nodemetrics);
COLUMNS(columns_podmetrics);
