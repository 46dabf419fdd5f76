/*
 * fn_map: what the map-making macros call.
 */
#include "cel/cel.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

CEL_CALL(insert)
{
	*out = cel_map_insert(run->a, args[0], args[1], args[2]);
}

CEL_CALL(insert_all)
{
	struct cel_value key, v;
	size_t it = 0;

	*out = args[0];
	while (!cel_is_error(*out) && cel_map_next(args[1].map, &it, &key, &v))
		*out = cel_map_insert(run->a, *out, key, v);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "cel.@mapInsert",
	  .overload = "@mapInsert_map_key_value",
	  .nargs = 3,
	  .result = &cel_type_map_a_b,
	  .args = { &cel_type_map_a_b, &cel_type_a, &cel_type_b },
	  .call = insert },
	{ .name = "cel.@mapInsert",
	  .overload = "@mapInsert_map_map",
	  .nargs = 2,
	  .result = &cel_type_map_a_b,
	  .args = { &cel_type_map_a_b, &cel_type_map_a_b },
	  .call = insert_all },
};

const struct cel_library cel_library_map = { .rows = rows, .n = sizeof rows / sizeof *rows };
