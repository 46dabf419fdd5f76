/*
 * fn_optional: optional values.
 */
#include "cel/cel.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

#include "base/arena.h"

CEL_CALL(of)
{
	*out = cel_some(run->a, args[0]);
}

CEL_CALL(of_non_zero)
{
	*out = cel_value_is_zero(args[0]) ? cel_none() : cel_some(run->a, args[0]);
}

CEL_CALL(none)
{
	*out = cel_none();
}

CEL_CALL(value)
{
	*out = args[0].some ? *args[0].some : cel_fail("optional.none() dereference");
}

CEL_CALL(has_value)
{
	*out = cel_bool(args[0].some != NULL);
}

CEL_CALL(unwrap)
{
	const struct cel_value *items = cel_list_items(args[0].list);
	size_t count = cel_list_count(args[0].list), kept = 0;
	struct cel_value *values = arena_alloc(run->a, count * sizeof *values);

	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != CELV_OPTIONAL) {
			*out = cel_failf(run->a, "value %s is not optional",
					 cel_value_text(run->a, items[i]));
			return;
		}
		if (items[i].some)
			values[kept++] = *items[i].some;
	}
	*out = cel_list_of(run->a, values, kept);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "_[?_]",
	  .overload = "list_optindex_optional_int",
	  .nargs = 2,
	  .result = &cel_type_optional_a,
	  .args = { &cel_type_list_a, &cel_type_int } },
	{ .name = "_[?_]",
	  .overload = "optional_list_optindex_optional_int",
	  .nargs = 2,
	  .result = &cel_type_optional_a,
	  .args = { &cel_type_optional_list_a, &cel_type_int } },
	{ .name = "_[?_]",
	  .overload = "map_optindex_optional_value",
	  .nargs = 2,
	  .result = &cel_type_optional_b,
	  .args = { &cel_type_map_a_b, &cel_type_a } },
	{ .name = "_[?_]",
	  .overload = "optional_map_optindex_optional_value",
	  .nargs = 2,
	  .result = &cel_type_optional_b,
	  .args = { &cel_type_optional_map_a_b, &cel_type_a } },
	{ .name = "_[_]",
	  .overload = "optional_list_index_int",
	  .nargs = 2,
	  .result = &cel_type_optional_a,
	  .args = { &cel_type_optional_list_a, &cel_type_int } },
	{ .name = "_[_]",
	  .overload = "optional_map_index_value",
	  .nargs = 2,
	  .result = &cel_type_optional_b,
	  .args = { &cel_type_optional_map_a_b, &cel_type_a } },
	{ .name = "hasValue",
	  .overload = "optional_hasValue",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_optional_a },
	  .call = has_value },
	{ .name = "optional.none",
	  .overload = "optional_none",
	  .nargs = 0,
	  .result = &cel_type_optional_a,
	  .call = none },
	{ .name = "optional.of",
	  .overload = "optional_of",
	  .nargs = 1,
	  .result = &cel_type_optional_a,
	  .args = { &cel_type_a },
	  .call = of },
	{ .name = "optional.ofNonZeroValue",
	  .overload = "optional_ofNonZeroValue",
	  .nargs = 1,
	  .result = &cel_type_optional_a,
	  .args = { &cel_type_a },
	  .call = of_non_zero },
	{ .name = "optional.unwrap",
	  .overload = "optional_unwrap",
	  .nargs = 1,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_optional_a },
	  .call = unwrap },
	{ .name = "or",
	  .overload = "optional_or_optional",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_optional_a,
	  .args = { &cel_type_optional_a, &cel_type_optional_a } },
	{ .name = "orValue",
	  .overload = "optional_orValue_value",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_a,
	  .args = { &cel_type_optional_a, &cel_type_a } },
	{ .name = "unwrapOpt",
	  .overload = "optional_unwrapOpt",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_optional_a },
	  .call = unwrap },
	{ .name = "value",
	  .overload = "optional_value",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_a,
	  .args = { &cel_type_optional_a },
	  .call = value },
};

const struct cel_library cel_library_optional = { .rows = rows, .n = sizeof rows / sizeof *rows };
