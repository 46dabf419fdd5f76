/*
 * fn_list: the lists library (k8s: apiserver/pkg/cel/library/lists.go).
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"
#include "cel/operator.h"

CEL_CALL(is_sorted)
{
	const struct cel_value *items = cel_list_items(args[0].list);

	*out = cel_bool(true);
	for (size_t i = 0; i < cel_list_count(args[0].list); i++) {
		if (!cel_value_ordered(items[i])) {
			*out = cel_is_error(items[i]) ? items[i] : cel_no_overload();
			return;
		}
		if (i && cel_value_compare(items[i - 1], items[i]).i == 1 &&
		    !cel_is_error(cel_value_compare(items[i - 1], items[i]))) {
			*out = cel_bool(false);
			return;
		}
	}
}

static struct cel_value sum(struct cel_run *run, struct cel_value list, struct cel_value total)
{
	const struct cel_value *items = cel_list_items(list.list);

	for (size_t i = 0; i < cel_list_count(list.list) && !cel_is_error(total); i++)
		total = cel_is_error(items[i]) ? items[i] : cel_add(run, total, items[i]);
	return total;
}

CEL_CALL(sum_int)
{
	*out = sum(run, args[0], cel_int(0));
}

CEL_CALL(sum_uint)
{
	*out = sum(run, args[0], cel_uint(0));
}

CEL_CALL(sum_double)
{
	*out = sum(run, args[0], cel_double(0));
}

CEL_CALL(sum_duration)
{
	*out = sum(run, args[0], cel_duration(0));
}

/* The item that is on the `side` of all others. */
static struct cel_value extreme(struct cel_run *run, struct cel_value list, int64_t side,
				const char *name)
{
	const struct cel_value *items = cel_list_items(list.list);
	size_t n = cel_list_count(list.list), best = 0;

	if (!n)
		return cel_failf(run->a, "%s called on empty list", name);
	for (size_t i = 0; i < n; i++) {
		struct cel_value v;

		if (!cel_value_ordered(items[i]))
			return cel_is_error(items[i]) ? items[i] : cel_no_overload();
		v = cel_value_compare(items[best], items[i]);
		if (v.kind == CELV_INT && v.i == side)
			best = i;
	}
	return items[best];
}

CEL_CALL(min)
{
	*out = extreme(run, args[0], 1, "min");
}

CEL_CALL(max)
{
	*out = extreme(run, args[0], -1, "max");
}

CEL_CALL(index_of)
{
	const struct cel_value *items = cel_list_items(args[0].list);

	*out = cel_int(-1);
	for (size_t i = 0; i < cel_list_count(args[0].list); i++)
		if (cel_is_true(cel_value_equal(run->a, items[i], args[1]))) {
			*out = cel_int((int64_t)i);
			return;
		}
}

CEL_CALL(last_index_of)
{
	const struct cel_value *items = cel_list_items(args[0].list);

	*out = cel_int(-1);
	for (size_t i = cel_list_count(args[0].list); i-- > 0;)
		if (cel_is_true(cel_value_equal(run->a, items[i], args[1]))) {
			*out = cel_int((int64_t)i);
			return;
		}
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "indexOf",
	  .overload = "list_a_index_of_int",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_list_a, &cel_type_a },
	  .estimate = cel_estimate_elements,
	  .call = index_of,
	  .cost = cel_cost_elements },
	{ .name = "isSorted",
	  .overload = "list_int_is_sorted_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_int },
	  .estimate = cel_estimate_elements,
	  .call = is_sorted,
	  .cost = cel_cost_elements },
	{ .name = "isSorted",
	  .overload = "list_uint_is_sorted_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_uint },
	  .estimate = cel_estimate_elements,
	  .call = is_sorted,
	  .cost = cel_cost_elements },
	{ .name = "isSorted",
	  .overload = "list_double_is_sorted_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_double },
	  .estimate = cel_estimate_elements,
	  .call = is_sorted,
	  .cost = cel_cost_elements },
	{ .name = "isSorted",
	  .overload = "list_bool_is_sorted_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_bool },
	  .estimate = cel_estimate_elements,
	  .call = is_sorted,
	  .cost = cel_cost_elements },
	{ .name = "isSorted",
	  .overload = "list_duration_is_sorted_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_duration },
	  .estimate = cel_estimate_elements,
	  .call = is_sorted,
	  .cost = cel_cost_elements },
	{ .name = "isSorted",
	  .overload = "list_timestamp_is_sorted_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_timestamp },
	  .estimate = cel_estimate_elements,
	  .call = is_sorted,
	  .cost = cel_cost_elements },
	{ .name = "isSorted",
	  .overload = "list_string_is_sorted_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_string },
	  .estimate = cel_estimate_elements,
	  .call = is_sorted,
	  .cost = cel_cost_elements },
	{ .name = "isSorted",
	  .overload = "list_bytes_is_sorted_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_bytes },
	  .estimate = cel_estimate_elements,
	  .call = is_sorted,
	  .cost = cel_cost_elements },
	{ .name = "lastIndexOf",
	  .overload = "list_a_last_index_of_int",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_list_a, &cel_type_a },
	  .estimate = cel_estimate_elements,
	  .call = last_index_of,
	  .cost = cel_cost_elements },
	{ .name = "max",
	  .overload = "list_int_max_int",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_list_int },
	  .estimate = cel_estimate_elements,
	  .call = max,
	  .cost = cel_cost_elements },
	{ .name = "max",
	  .overload = "list_uint_max_uint",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_uint,
	  .args = { &cel_type_list_uint },
	  .estimate = cel_estimate_elements,
	  .call = max,
	  .cost = cel_cost_elements },
	{ .name = "max",
	  .overload = "list_double_max_double",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_list_double },
	  .estimate = cel_estimate_elements,
	  .call = max,
	  .cost = cel_cost_elements },
	{ .name = "max",
	  .overload = "list_bool_max_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_bool },
	  .estimate = cel_estimate_elements,
	  .call = max,
	  .cost = cel_cost_elements },
	{ .name = "max",
	  .overload = "list_duration_max_duration",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_duration,
	  .args = { &cel_type_list_duration },
	  .estimate = cel_estimate_elements,
	  .call = max,
	  .cost = cel_cost_elements },
	{ .name = "max",
	  .overload = "list_timestamp_max_timestamp",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_timestamp,
	  .args = { &cel_type_list_timestamp },
	  .estimate = cel_estimate_elements,
	  .call = max,
	  .cost = cel_cost_elements },
	{ .name = "max",
	  .overload = "list_string_max_string",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_list_string },
	  .estimate = cel_estimate_elements,
	  .call = max,
	  .cost = cel_cost_elements },
	{ .name = "max",
	  .overload = "list_bytes_max_bytes",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bytes,
	  .args = { &cel_type_list_bytes },
	  .estimate = cel_estimate_elements,
	  .call = max,
	  .cost = cel_cost_elements },
	{ .name = "min",
	  .overload = "list_int_min_int",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_list_int },
	  .estimate = cel_estimate_elements,
	  .call = min,
	  .cost = cel_cost_elements },
	{ .name = "min",
	  .overload = "list_uint_min_uint",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_uint,
	  .args = { &cel_type_list_uint },
	  .estimate = cel_estimate_elements,
	  .call = min,
	  .cost = cel_cost_elements },
	{ .name = "min",
	  .overload = "list_double_min_double",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_list_double },
	  .estimate = cel_estimate_elements,
	  .call = min,
	  .cost = cel_cost_elements },
	{ .name = "min",
	  .overload = "list_bool_min_bool",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_bool },
	  .estimate = cel_estimate_elements,
	  .call = min,
	  .cost = cel_cost_elements },
	{ .name = "min",
	  .overload = "list_duration_min_duration",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_duration,
	  .args = { &cel_type_list_duration },
	  .estimate = cel_estimate_elements,
	  .call = min,
	  .cost = cel_cost_elements },
	{ .name = "min",
	  .overload = "list_timestamp_min_timestamp",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_timestamp,
	  .args = { &cel_type_list_timestamp },
	  .estimate = cel_estimate_elements,
	  .call = min,
	  .cost = cel_cost_elements },
	{ .name = "min",
	  .overload = "list_string_min_string",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_list_string },
	  .estimate = cel_estimate_elements,
	  .call = min,
	  .cost = cel_cost_elements },
	{ .name = "min",
	  .overload = "list_bytes_min_bytes",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bytes,
	  .args = { &cel_type_list_bytes },
	  .estimate = cel_estimate_elements,
	  .call = min,
	  .cost = cel_cost_elements },
	{ .name = "sum",
	  .overload = "list_int_sum_int",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_list_int },
	  .estimate = cel_estimate_elements,
	  .call = sum_int,
	  .cost = cel_cost_elements },
	{ .name = "sum",
	  .overload = "list_uint_sum_uint",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_uint,
	  .args = { &cel_type_list_uint },
	  .estimate = cel_estimate_elements,
	  .call = sum_uint,
	  .cost = cel_cost_elements },
	{ .name = "sum",
	  .overload = "list_double_sum_double",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_list_double },
	  .estimate = cel_estimate_elements,
	  .call = sum_double,
	  .cost = cel_cost_elements },
	{ .name = "sum",
	  .overload = "list_duration_sum_duration",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_duration,
	  .args = { &cel_type_list_duration },
	  .estimate = cel_estimate_elements,
	  .call = sum_duration,
	  .cost = cel_cost_elements },
};

const struct cel_library cel_library_list = { .rows = rows, .n = sizeof rows / sizeof *rows };
