/*
 * fn_sequence: the lists extension, version 3.
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

static bool may_copy(struct cel_run *run, size_t n, struct cel_value *out)
{
	if (cel_run_allows(run, (uint64_t)n * sizeof *out))
		return true;
	*out = cel_run_stopped();
	return false;
}

static struct cel_value copy_of(struct cel_run *run, const struct cel_value *items, size_t n)
{
	struct cel_value *p = arena_alloc(run->a, n * sizeof *p);

	if (n)
		memcpy(p, items, n * sizeof *p);
	return cel_list_of(run->a, p, n);
}

CEL_CALL(slice)
{
	long long from = args[1].i, to = args[2].i;
	size_t count = cel_list_count(args[0].list);

	if (from < 0 || to < 0)
		*out = cel_failf(run->a, "cannot slice(%lld, %lld), negative indexes not supported",
				 from, to);
	else if (from > to)
		*out = cel_failf(
			run->a,
			"cannot slice(%lld, %lld), start index must be less than or equal to end index",
			from, to);
	else if (count < (size_t)to)
		*out = cel_failf(run->a, "cannot slice(%lld, %lld), list is length %zu", from, to,
				 count);
	else if (may_copy(run, (size_t)(to - from), out))
		*out = copy_of(run, cel_list_items(args[0].list) + from, (size_t)(to - from));
}

/* The number of items when flattened so far; recursion is bounded by the value's depth. */
static size_t flat_count(struct cel_list *l, int64_t depth)
{
	const struct cel_value *items = cel_list_items(l);
	size_t n = 0;

	for (size_t i = 0; i < cel_list_count(l); i++)
		n += items[i].kind == CELV_LIST && depth > 0 ? flat_count(items[i].list, depth - 1) :
							       1;
	return n;
}

static struct cel_value *flat_copy(struct cel_list *l, int64_t depth, struct cel_value *to)
{
	const struct cel_value *items = cel_list_items(l);

	for (size_t i = 0; i < cel_list_count(l); i++) {
		if (items[i].kind == CELV_LIST && depth > 0)
			to = flat_copy(items[i].list, depth - 1, to);
		else
			*to++ = items[i];
	}
	return to;
}

/* Lists do not nest deeper than expressions and JSON do. */
#define FLATTEN_MAX 512

CEL_CALL(flatten)
{
	int64_t depth = n > 1 ? args[1].i : 1;
	struct cel_value *items;
	size_t count;

	if (args[0].kind != CELV_LIST || (n > 1 && args[1].kind != CELV_INT)) {
		*out = cel_failf(run->a,
				 n > 1 ? "no such overload: %s.flatten(%s)" :
					 "no such overload: %s.flatten()",
				 cel_value_type(args[0]), n > 1 ? cel_value_type(args[1]) : "");
		return;
	}
	if (depth < 0) {
		*out = cel_fail("level must be non-negative");
		return;
	}
	if (depth > FLATTEN_MAX)
		depth = FLATTEN_MAX;
	count = flat_count(args[0].list, depth);
	if (!may_copy(run, count, out))
		return;
	items = arena_alloc(run->a, count * sizeof *items);
	flat_copy(args[0].list, depth, items);
	*out = cel_list_of(run->a, items, count);
}

CEL_CALL(range)
{
	size_t count = args[0].i > 0 ? (size_t)args[0].i : 0;
	struct cel_value *items;

	/* More would cost more than there is. */
	if (count > CEL_LIMIT_OBJECT)
		count = SIZE_MAX / 64;
	if (!may_copy(run, count, out))
		return;
	items = arena_alloc(run->a, count * sizeof *items);
	for (size_t i = 0; i < count; i++)
		items[i] = cel_int((int64_t)i);
	*out = cel_list_of(run->a, items, count);
}

CEL_CALL(reverse)
{
	const struct cel_value *from = cel_list_items(args[0].list);
	size_t count = cel_list_count(args[0].list);
	struct cel_value *items;

	if (!may_copy(run, count, out))
		return;
	items = arena_alloc(run->a, count * sizeof *items);
	for (size_t i = 0; i < count; i++)
		items[i] = from[count - 1 - i];
	*out = cel_list_of(run->a, items, count);
}

CEL_CALL(first)
{
	*out = cel_list_count(args[0].list) ? cel_some(run->a, cel_list_items(args[0].list)[0]) :
					      cel_none();
}

CEL_CALL(last)
{
	size_t count = cel_list_count(args[0].list);

	*out = count ? cel_some(run->a, cel_list_items(args[0].list)[count - 1]) : cel_none();
}

/* Numbers and texts find their like through a map; the rest is compared one by one, as the cost, which
 * grows with the square, allows. */
CEL_CALL(distinct)
{
	const struct cel_value *items = cel_list_items(args[0].list);
	size_t count = cel_list_count(args[0].list), kept = 0;
	struct cel_value seen = cel_map_new(run->a, 0), *unique, found;

	if (!may_copy(run, count, out))
		return;
	unique = arena_alloc(run->a, count * sizeof *unique);
	for (size_t i = 0; i < count; i++) {
		if (cel_map_find(seen.map, items[i], &found))
			continue;
		cel_map_put(seen, items[i], cel_bool(true));
		unique[kept++] = items[i];
	}
	*out = count ? cel_list_of(run->a, unique, kept) : args[0];
}

/* ---- sorting ---- */

struct pair {
	struct cel_value key, item;
	size_t at; /* equal keys stay in order */
};

static int compare_pairs(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	struct cel_value v = cel_value_compare(a->key, b->key);

	if (v.kind == CELV_INT && v.i)
		return (int)v.i;
	return (a->at > b->at) - (a->at < b->at);
}

static struct cel_value sorted(struct cel_run *run, struct cel_list *list, struct cel_list *keys)
{
	size_t n = cel_list_count(list);
	const struct cel_value *k = cel_list_items(keys), *v = cel_list_items(list);
	struct pair *pairs = arena_alloc(run->a, n * sizeof *pairs);
	struct cel_value *items = arena_alloc(run->a, n * sizeof *items);

	for (size_t i = 0; i < n; i++) {
		if (n > 1 && k[i].kind != k[0].kind)
			return cel_fail("list elements must have the same type");
		pairs[i] = (struct pair){ .key = k[i], .item = v[i], .at = i };
	}
	qsort(pairs, n, sizeof *pairs, compare_pairs);
	for (size_t i = 0; i < n; i++)
		items[i] = pairs[i].item;
	return cel_list_of(run->a, items, n);
}

static struct cel_value sort_by(struct cel_run *run, struct cel_value list, struct cel_value keys)
{
	size_t n, m;

	if (list.kind != CELV_LIST || keys.kind != CELV_LIST)
		return cel_no_overload();
	n = cel_list_count(list.list);
	m = cel_list_count(keys.list);
	if (n != m)
		return cel_failf(run->a,
				 "@sortByAssociatedKeys() expected a list of the same size as the "
				 "associated keys list, but got %zu and %zu elements respectively",
				 n, m);
	if (!n)
		return list;
	if (!cel_value_ordered(cel_list_items(keys.list)[0]))
		return cel_fail("list elements must be comparable");
	if (!cel_run_allows(run, n * 64))
		return cel_run_stopped();
	return sorted(run, list.list, keys.list);
}

CEL_CALL(sort)
{
	*out = sort_by(run, args[0], args[0]);
}

CEL_CALL(sort_by_keys)
{
	*out = sort_by(run, args[0], args[1]);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "@sortByAssociatedKeys",
	  .overload = "list_int_sortByAssociatedKeys",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_int },
	  .estimate = cel_estimate_list_sort_by,
	  .call = sort_by_keys,
	  .cost = cel_cost_sort_by },
	{ .name = "@sortByAssociatedKeys",
	  .overload = "list_uint_sortByAssociatedKeys",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_uint },
	  .estimate = cel_estimate_list_sort_by,
	  .call = sort_by_keys,
	  .cost = cel_cost_sort_by },
	{ .name = "@sortByAssociatedKeys",
	  .overload = "list_double_sortByAssociatedKeys",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_double },
	  .estimate = cel_estimate_list_sort_by,
	  .call = sort_by_keys,
	  .cost = cel_cost_sort_by },
	{ .name = "@sortByAssociatedKeys",
	  .overload = "list_bool_sortByAssociatedKeys",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_bool },
	  .estimate = cel_estimate_list_sort_by,
	  .call = sort_by_keys,
	  .cost = cel_cost_sort_by },
	{ .name = "@sortByAssociatedKeys",
	  .overload = "list_google.protobuf.Duration_sortByAssociatedKeys",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_duration },
	  .estimate = cel_estimate_list_sort_by,
	  .call = sort_by_keys,
	  .cost = cel_cost_sort_by },
	{ .name = "@sortByAssociatedKeys",
	  .overload = "list_google.protobuf.Timestamp_sortByAssociatedKeys",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_timestamp },
	  .estimate = cel_estimate_list_sort_by,
	  .call = sort_by_keys,
	  .cost = cel_cost_sort_by },
	{ .name = "@sortByAssociatedKeys",
	  .overload = "list_string_sortByAssociatedKeys",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_string },
	  .estimate = cel_estimate_list_sort_by,
	  .call = sort_by_keys,
	  .cost = cel_cost_sort_by },
	{ .name = "@sortByAssociatedKeys",
	  .overload = "list_bytes_sortByAssociatedKeys",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_bytes },
	  .estimate = cel_estimate_list_sort_by,
	  .call = sort_by_keys,
	  .cost = cel_cost_sort_by },
	{ .name = "distinct",
	  .overload = "list_distinct",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a },
	  .estimate = cel_estimate_list_distinct,
	  .call = distinct,
	  .cost = cel_cost_self_compare },
	{ .name = "first",
	  .overload = "list_first",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_optional_a,
	  .args = { &cel_type_list_a },
	  .call = first },
	{ .name = "flatten",
	  .overload = "list_flatten",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_list_a },
	  .estimate = cel_estimate_list_flatten,
	  .call = flatten,
	  .cost = cel_cost_flatten },
	{ .name = "flatten",
	  .overload = "list_flatten_int",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_dyn,
	  .args = { &cel_type_list_dyn, &cel_type_int },
	  .estimate = cel_estimate_list_flatten,
	  .call = flatten,
	  .cost = cel_cost_flatten },
	{ .name = "last",
	  .overload = "list_last",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_optional_a,
	  .args = { &cel_type_list_a },
	  .call = last },
	{ .name = "lists.range",
	  .overload = "lists_range",
	  .nargs = 1,
	  .result = &cel_type_list_int,
	  .args = { &cel_type_int },
	  .estimate = cel_estimate_list_range,
	  .call = range,
	  .cost = cel_cost_list_result },
	{ .name = "reverse",
	  .overload = "list_reverse",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a },
	  .estimate = cel_estimate_list_reverse,
	  .call = reverse,
	  .cost = cel_cost_list_result },
	{ .name = "slice",
	  .overload = "list_slice",
	  .member = true,
	  .nargs = 3,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_int, &cel_type_int },
	  .estimate = cel_estimate_list_slice,
	  .call = slice,
	  .cost = cel_cost_list_result },
	{ .name = "sort",
	  .overload = "list_int_sort",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_int,
	  .args = { &cel_type_list_int },
	  .estimate = cel_estimate_list_sort,
	  .call = sort,
	  .cost = cel_cost_self_compare },
	{ .name = "sort",
	  .overload = "list_uint_sort",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_uint,
	  .args = { &cel_type_list_uint },
	  .estimate = cel_estimate_list_sort,
	  .call = sort,
	  .cost = cel_cost_self_compare },
	{ .name = "sort",
	  .overload = "list_double_sort",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_double,
	  .args = { &cel_type_list_double },
	  .estimate = cel_estimate_list_sort,
	  .call = sort,
	  .cost = cel_cost_self_compare },
	{ .name = "sort",
	  .overload = "list_bool_sort",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_bool,
	  .args = { &cel_type_list_bool },
	  .estimate = cel_estimate_list_sort,
	  .call = sort,
	  .cost = cel_cost_self_compare },
	{ .name = "sort",
	  .overload = "list_google.protobuf.Duration_sort",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_duration,
	  .args = { &cel_type_list_duration },
	  .estimate = cel_estimate_list_sort,
	  .call = sort,
	  .cost = cel_cost_self_compare },
	{ .name = "sort",
	  .overload = "list_google.protobuf.Timestamp_sort",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_timestamp,
	  .args = { &cel_type_list_timestamp },
	  .estimate = cel_estimate_list_sort,
	  .call = sort,
	  .cost = cel_cost_self_compare },
	{ .name = "sort",
	  .overload = "list_string_sort",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_string,
	  .args = { &cel_type_list_string },
	  .estimate = cel_estimate_list_sort,
	  .call = sort,
	  .cost = cel_cost_self_compare },
	{ .name = "sort",
	  .overload = "list_bytes_sort",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_bytes,
	  .args = { &cel_type_list_bytes },
	  .estimate = cel_estimate_list_sort,
	  .call = sort,
	  .cost = cel_cost_self_compare },
};

const struct cel_library cel_library_sequence = { .rows = rows, .n = sizeof rows / sizeof *rows };
