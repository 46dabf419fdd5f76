/*
 * fn_map: what the map-making macros call.
 */
#include "cel/cel.h"
#include "cel/estimate.h"
#include "cel/function.h"

static const struct cel_function rows[] = {
	{ .name = "cel.@mapInsert",
	  .overload = "@mapInsert_map_key_value",
	  .nargs = 3,
	  .result = &cel_type_map_a_b,
	  .args = { &cel_type_map_a_b, &cel_type_a, &cel_type_b } },
	{ .name = "cel.@mapInsert",
	  .overload = "@mapInsert_map_map",
	  .nargs = 2,
	  .result = &cel_type_map_a_b,
	  .args = { &cel_type_map_a_b, &cel_type_map_a_b } },
};

const struct cel_library cel_library_map = { .rows = rows, .n = sizeof rows / sizeof *rows };
