/*
 * fn_set: the sets extension.
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

static struct cel_value contains_all(struct cel_run *run, struct cel_value list, struct cel_value part)
{
	const struct cel_value *items = cel_list_items(part.list);

	for (size_t i = 0; i < cel_list_count(part.list); i++) {
		struct cel_value v = cel_list_contains(run->a, list.list, items[i]);

		if (!cel_is_true(v))
			return v;
	}
	return cel_bool(true);
}

CEL_CALL(contains)
{
	*out = contains_all(run, args[0], args[1]);
}

CEL_CALL(equivalent)
{
	*out = contains_all(run, args[0], args[1]);
	if (cel_is_true(*out))
		*out = contains_all(run, args[1], args[0]);
}

CEL_CALL(intersects)
{
	const struct cel_value *items = cel_list_items(args[0].list);

	*out = cel_bool(false);
	for (size_t i = 0; i < cel_list_count(args[0].list); i++)
		if (cel_is_true(cel_list_contains(run->a, args[1].list, items[i]))) {
			*out = cel_bool(true);
			return;
		}
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "sets.contains",
	  .overload = "list_sets_contains_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_a, &cel_type_list_a },
	  .estimate = cel_estimate_sets,
	  .call = contains,
	  .cost = cel_cost_sets },
	{ .name = "sets.equivalent",
	  .overload = "list_sets_equivalent_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_a, &cel_type_list_a },
	  .estimate = cel_estimate_sets_equivalent,
	  .call = equivalent,
	  .cost = cel_cost_sets_equivalent },
	{ .name = "sets.intersects",
	  .overload = "list_sets_intersects_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_a, &cel_type_list_a },
	  .estimate = cel_estimate_sets,
	  .call = intersects,
	  .cost = cel_cost_sets },
};

const struct cel_library cel_library_set = { .rows = rows, .n = sizeof rows / sizeof *rows };
