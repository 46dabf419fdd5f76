/*
 * fn_set: the sets extension.
 */
#include "cel/cel.h"
#include "cel/estimate.h"
#include "cel/function.h"

static const struct cel_function rows[] = {
	{ .name = "sets.contains",
	  .overload = "list_sets_contains_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_a, &cel_type_list_a },
	  .estimate = cel_estimate_sets },
	{ .name = "sets.equivalent",
	  .overload = "list_sets_equivalent_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_a, &cel_type_list_a },
	  .estimate = cel_estimate_sets_equivalent },
	{ .name = "sets.intersects",
	  .overload = "list_sets_intersects_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_list_a, &cel_type_list_a },
	  .estimate = cel_estimate_sets },
};

const struct cel_library cel_library_set = { .rows = rows, .n = sizeof rows / sizeof *rows };
