/*
 * fn_text: size and the standard string tests.
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

#include "obj/regex.h"

#include <string.h>

static bool are_strings(const struct cel_value *args, struct cel_value *out)
{
	if (args[0].kind == CELV_STRING && args[1].kind == CELV_STRING)
		return true;
	*out = cel_no_overload();
	return false;
}

CEL_CALL(contains)
{
	if (!are_strings(args, out))
		return;
	*out = cel_bool(memmem(args[0].s, args[0].n, args[1].s, args[1].n) != NULL);
}

CEL_CALL(starts_with)
{
	if (!are_strings(args, out))
		return;
	*out = cel_bool(args[0].n >= args[1].n && memcmp(args[0].s, args[1].s, args[1].n) == 0);
}

CEL_CALL(ends_with)
{
	size_t rest = args[0].n - args[1].n;

	if (!are_strings(args, out))
		return;
	*out = cel_bool(args[0].n >= args[1].n && memcmp(args[0].s + rest, args[1].s, args[1].n) == 0);
}

CEL_CALL(matches)
{
	const struct regex *r;
	const char *why;

	if (!are_strings(args, out))
		return;
	r = cel_run_regex(run, args[1], &why);
	*out = r ? cel_bool(regex_matches(r, args[0].s, args[0].n)) : cel_fail(why);
}

CEL_CALL(size)
{
	int64_t size;

	*out = args[0].kind != CELV_OPAQUE && cel_value_size(args[0], &size) ?
		       cel_int(size) :
		       cel_fail("no such overload: size");
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "contains",
	  .overload = "contains_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_contains,
	  .call = contains,
	  .cost = cel_cost_contains },
	{ .name = "endsWith",
	  .overload = "ends_with_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_affix,
	  .call = ends_with,
	  .cost = cel_cost_traverse_own },
	{ .name = "matches",
	  .overload = "matches",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string, &cel_type_string },
	  .call = matches },
	{ .name = "matches",
	  .overload = "matches_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_matches,
	  .call = matches,
	  .cost = cel_cost_matches },
	{ .name = "size",
	  .overload = "size_bytes",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_bytes },
	  .call = size },
	{ .name = "size",
	  .overload = "bytes_size",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_bytes },
	  .call = size },
	{ .name = "size",
	  .overload = "size_list",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_list_a },
	  .call = size },
	{ .name = "size",
	  .overload = "list_size",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_list_a },
	  .call = size },
	{ .name = "size",
	  .overload = "size_map",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_map_a_b },
	  .call = size },
	{ .name = "size",
	  .overload = "map_size",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_map_a_b },
	  .call = size },
	{ .name = "size",
	  .overload = "size_string",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_string },
	  .call = size },
	{ .name = "size",
	  .overload = "string_size",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_string },
	  .call = size },
	{ .name = "startsWith",
	  .overload = "starts_with_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_affix,
	  .call = starts_with,
	  .cost = cel_cost_traverse_own },
};

const struct cel_library cel_library_text = { .rows = rows, .n = sizeof rows / sizeof *rows };
