/*
 * cost: run-time prices of calls.
 */
#include "cel/cost.h"

#include "cel/estimate.h"
#include "cel/function.h"
#include "cel/named_format.h"
#include "cel/value.h"

#include <math.h>

#define CHECK_COST 350000 /* an authorization check */

static uint64_t size_of(struct cel_value v)
{
	int64_t n;

	return cel_value_size(v, &n) ? (uint64_t)n : 1;
}

/* cel-go's own notion looks into optionals. */
static uint64_t inner_size(struct cel_value v)
{
	while (v.kind == CELV_OPTIONAL && v.some)
		v = *v.some;
	return size_of(v);
}

static uint64_t scaled(uint64_t n, double factor)
{
	return (uint64_t)ceil((double)n * factor);
}

static uint64_t traversal(uint64_t n)
{
	return scaled(n, CEL_TRAVERSAL_FACTOR);
}

uint64_t cel_cost_compare(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	uint64_t x = inner_size(args[0]), y = inner_size(args[1]);

	(void)n;
	(void)out;
	return traversal(x < y ? x : y);
}

uint64_t cel_cost_traverse(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return traversal(size_of(args[0]));
}

uint64_t cel_cost_traverse_own(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return traversal(inner_size(args[0]));
}

uint64_t cel_cost_traverse_two(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return scaled(size_of(args[0]), 2 * CEL_TRAVERSAL_FACTOR);
}

uint64_t cel_cost_join(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)args;
	(void)n;
	return scaled(size_of(*out), 2 * CEL_TRAVERSAL_FACTOR);
}

uint64_t cel_cost_add_text(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return traversal(inner_size(args[0]) + inner_size(args[1]));
}

uint64_t cel_cost_in_list(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return inner_size(args[1]);
}

static uint64_t regex_cost(uint64_t text, uint64_t pattern)
{
	return (uint64_t)ceil((1.0 + (double)text) * CEL_TRAVERSAL_FACTOR) *
	       scaled(pattern, CEL_REGEX_FACTOR);
}

uint64_t cel_cost_matches(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return regex_cost(inner_size(args[0]), inner_size(args[1]));
}

uint64_t cel_cost_find(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return regex_cost(size_of(args[0]), size_of(args[1]));
}

uint64_t cel_cost_contains(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return traversal(inner_size(args[0])) * traversal(inner_size(args[1]));
}

/* Bytes count a tenth (rounded down), everything else is walked; anything single is 1. */
static uint64_t tree_cost(struct cel_value v, int depth)
{
	struct cel_value key, value;
	uint64_t cost = 0;
	size_t it = 0;

	if (depth > 64)
		return 1;
	switch (v.kind) {
	case CELV_STRING:
	case CELV_BYTES: return (uint64_t)((double)v.n * CEL_TRAVERSAL_FACTOR);
	case CELV_LIST:
		for (size_t i = 0; i < cel_list_count(v.list); i++)
			cost += tree_cost(cel_list_items(v.list)[i], depth + 1);
		return cost;
	case CELV_MAP:
		while (cel_map_next(v.map, &it, &key, &value))
			cost += tree_cost(key, depth + 1) + tree_cost(value, depth + 1);
		return cost;
	default: return 1;
	}
}

uint64_t cel_cost_elements(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return tree_cost(args[0], 0);
}

uint64_t cel_cost_check(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)args;
	(void)n;
	(void)out;
	return CHECK_COST;
}

/* A list, its parsing, and a requirement with its values per two characters. */
uint64_t cel_cost_selector(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	uint64_t size = size_of(args[1]);

	(void)n;
	(void)out;
	return CEL_LIST_COST + traversal(size) +
	       scaled(size, 0.5) * (CEL_LIST_COST + CEL_OBJECT_COST);
}

uint64_t cel_cost_contains_ip(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return traversal(2 * size_of(args[0]));
}

uint64_t cel_cost_contains_ip_text(const struct cel_value *args, unsigned n,
				   const struct cel_value *out)
{
	return cel_cost_contains_ip(args, n, out) + traversal(size_of(args[1]));
}

uint64_t cel_cost_contains_cidr(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	return cel_cost_contains_ip(args, n, out) + traversal(size_of(args[0])) + 1;
}

uint64_t cel_cost_contains_cidr_text(const struct cel_value *args, unsigned n,
				     const struct cel_value *out)
{
	return cel_cost_contains_cidr(args, n, out) + traversal(size_of(args[1]));
}

uint64_t cel_cost_validate(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return regex_cost(size_of(args[1]), cel_format_regex_size(args[0]));
}

uint64_t cel_cost_sets(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return 1 + size_of(args[0]) * size_of(args[1]);
}

uint64_t cel_cost_sets_equivalent(const struct cel_value *args, unsigned n,
				  const struct cel_value *out)
{
	(void)n;
	(void)out;
	return 1 + 2 * size_of(args[0]) * size_of(args[1]);
}

static uint64_t list_cost(double factor, uint64_t n)
{
	return (uint64_t)((double)n * factor) + 1 + CEL_LIST_COST;
}

uint64_t cel_cost_list_result(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)args;
	(void)n;
	return list_cost(1, size_of(*out));
}

uint64_t cel_cost_flatten(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	double depth = n == 2 ? (double)args[1].i : 1;

	(void)out;
	/* A negative depth is an error, whose cost wraps around upstream. */
	return (uint64_t)(int64_t)(depth * (double)size_of(args[0])) + 1 + CEL_LIST_COST;
}

static uint64_t self_compare(struct cel_value list)
{
	uint64_t n = size_of(list);
	struct cel_value first = list;
	bool text;

	if (list.kind != CELV_LIST || !n)
		return list_cost(2, list.kind == CELV_LIST ? 0 : n);
	first = cel_list_items(list.list)[0];
	text = first.kind == CELV_STRING || first.kind == CELV_BYTES;
	return list_cost(2 + (text ? CEL_TRAVERSAL_FACTOR : 0), n * n);
}

uint64_t cel_cost_self_compare(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return self_compare(args[0]);
}

uint64_t cel_cost_sort_by(const struct cel_value *args, unsigned n, const struct cel_value *out)
{
	(void)n;
	(void)out;
	return self_compare(args[1]);
}

bool cel_cost_by_name(const struct cel_function *row)
{
	return row->cost != cel_cost_compare && row->cost != cel_cost_traverse_own &&
	       row->cost != cel_cost_add_text && row->cost != cel_cost_in_list &&
	       row->cost != cel_cost_matches && row->cost != cel_cost_contains &&
	       row->cost != cel_cost_sets && row->cost != cel_cost_sets_equivalent &&
	       row->cost != cel_cost_list_result && row->cost != cel_cost_flatten &&
	       row->cost != cel_cost_self_compare && row->cost != cel_cost_sort_by;
}
