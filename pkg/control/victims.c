/*
 * What decides is read once per pod before sorting; times of readiness and creation are compared by their
 * magnitude, as upstream does, so that pods of about the same age differ by uid alone and zones are drained evenly.
 */
#include "control/victims.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ANNOTATION_COST "controller.kubernetes.io/pod-deletion-cost"

struct victim {
	const struct obj *pod;
	bool bound, ready;
	int phase;
	int64_t cost, neighbours, restarts;
	int ready_age, age; /* magnitudes: floor(log2(seconds)) */
};

static int phase_rank(const struct pods *p, const struct obj *o)
{
	const char *phase = pod_phase(p, o);

	return !strcmp(phase, "Running") ? 2 : !strcmp(phase, "Unknown") ? 1 : 0;
}

static int magnitude(int64_t seconds)
{
	int n = -1;

	for (; seconds > 0; seconds >>= 1)
		n++;
	return n;
}

static int64_t restarts(const struct json *tree)
{
	static const char *const lists[] = { "initContainerStatuses", "containerStatuses" };
	int64_t max = 0;

	for (size_t i = 0; i < 2; i++)
		json_each(s, json_get(json_get(tree, "status"), lists[i])) {
			int64_t n = json_path_int(s, "restartCount", 0);

			max = n > max ? n : max;
		}
	return max;
}

static void read(struct arena *a, const struct pods *p, struct victim *v, const struct obj *o)
{
	const struct json *tree = obj_tree(a, o);
	const char *cost = meta_annotation(tree, ANNOTATION_COST);
	int64_t now = clock_now_s(), us;

	*v = (struct victim){ .pod = o,
			      .bound = *pod_node(p, o),
			      .ready = pod_ready(p, o),
			      .phase = phase_rank(p, o),
			      .cost = cost ? strtoll(cost, NULL, 10) : 0,
			      .restarts = restarts(tree),
			      .age = magnitude(now - o->created_s) };
	if (time_parse(json_path_str(meta_condition(tree, "Ready"), "lastTransitionTime"), &us))
		v->ready_age = magnitude(now - us / 1000000);
}

static void count_neighbours(const struct pods *p, struct victim *v, size_t n,
			     const struct obj *const *related, size_t nrelated)
{
	struct map *nodes = map_new();

	for (size_t i = 0; i < nrelated; i++)
		if (pod_active(p, related[i])) {
			const char *node = pod_node(p, related[i]);

			map_set(nodes, node, (void *)((intptr_t)map_get(nodes, node) + 1));
		}
	for (size_t i = 0; i < n; i++)
		v[i].neighbours = (intptr_t)map_get(nodes, pod_node(p, v[i].pod));
	map_free(&nodes, NULL);
}

static int compare(int64_t x, int64_t y)
{
	return x < y ? -1 : x > y;
}

static int by_worth(const void *x, const void *y)
{
	const struct victim *a = x, *b = y;
	int d;

	if ((d = a->bound - b->bound) || (d = a->phase - b->phase) || (d = a->ready - b->ready) ||
	    (d = compare(a->cost, b->cost)) || (d = compare(b->neighbours, a->neighbours)))
		return d;
	if (a->ready && (d = a->ready_age - b->ready_age))
		return d;
	if ((d = compare(b->restarts, a->restarts)) || (d = a->age - b->age))
		return d;
	return strcmp(a->pod->uid, b->pod->uid);
}

void victims_sort(struct arena *a, const struct pods *p, const struct obj **pods, size_t n,
		  const struct obj *const *related, size_t nrelated)
{
	struct victim *v = arena_zalloc(a, (n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++)
		read(a, p, &v[i], pods[i]);
	count_neighbours(p, v, n, related, nrelated);
	qsort(v, n, sizeof(*v), by_worth);
	for (size_t i = 0; i < n; i++)
		pods[i] = v[i].pod;
}
