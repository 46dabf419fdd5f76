/*
 * fn_operator: arithmetic, logic, membership, indexing.
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"
#include "cel/operator.h"
#include "cel/timestamp.h"

#include "base/arena.h"

#include <string.h>

/* What upstream says when the left operand knows no such operator. */
static struct cel_value no_operator(struct cel_run *run, struct cel_value v, const char *name)
{
	if (v.kind == CELV_STRING || v.kind == CELV_TIMESTAMP || v.kind == CELV_DURATION)
		return cel_no_overload();
	return cel_failf(run->a, "no such overload: %s", name);
}

CEL_CALL(negate_bool)
{
	*out = args[0].kind == CELV_BOOL ? cel_bool(!args[0].b) : cel_no_overload();
}

CEL_CALL(negate)
{
	switch (args[0].kind) {
	case CELV_DOUBLE: *out = cel_double(-args[0].d); break;
	case CELV_INT:
		*out = args[0].i == INT64_MIN ? cel_fail("integer overflow") : cel_int(-args[0].i);
		break;
	case CELV_DURATION:
		*out = args[0].i == INT64_MIN ? cel_fail("integer overflow") :
						cel_duration(-args[0].i);
		break;
	case CELV_BOOL: *out = cel_no_overload(); break;
	default: *out = no_operator(run, args[0], "-_");
	}
}

CEL_CALL(in)
{
	struct cel_value found;

	switch (args[1].kind) {
	case CELV_LIST: *out = cel_list_contains(run->a, args[1].list, args[0]); break;
	case CELV_MAP:
		*out = cel_bool(cel_map_find(args[1].map, args[0], &found));
		if (out->b && cel_is_error(found))
			*out = found;
		break;
	default: *out = cel_no_overload();
	}
}

/* ---- addition and subtraction ---- */

static struct cel_value joined(struct cel_run *run, struct cel_value x, struct cel_value y)
{
	char *p;

	if (!cel_run_allows(run, (uint64_t)x.n + y.n))
		return cel_run_stopped();
	p = arena_alloc(run->a, (size_t)x.n + y.n + 1);
	memcpy(p, x.s, x.n);
	memcpy(p + x.n, y.s, y.n);
	p[x.n + y.n] = '\0';
	return x.kind == CELV_BYTES ? cel_bytes(p, (size_t)x.n + y.n) :
				      cel_stringn(p, (size_t)x.n + y.n);
}

/* t + ns nanoseconds. */
static struct cel_value shifted(struct cel_value t, int64_t ns, bool back)
{
	__int128 at = (__int128)t.i * 1000000000 + t.n + (back ? -(__int128)ns : ns);
	__int128 s = at / 1000000000, rest = at % 1000000000;
	struct cel_value out;

	if (rest < 0) {
		rest += 1000000000;
		s--;
	}
	if (s < CEL_TIME_MIN || s > CEL_TIME_MAX)
		return cel_fail("timestamp overflow");
	out = cel_timestamp((int64_t)s, (uint32_t)rest);
	out.zone = t.zone;
	return out;
}

static struct cel_value add_int(struct cel_value x, struct cel_value y)
{
	int64_t sum;

	return __builtin_add_overflow(x.i, y.i, &sum) ? cel_fail("integer overflow") : cel_int(sum);
}

static struct cel_value add_uint(struct cel_value x, struct cel_value y)
{
	uint64_t sum;

	return __builtin_add_overflow(x.u, y.u, &sum) ? cel_fail("unsigned integer overflow") :
							cel_uint(sum);
}

static struct cel_value add_duration(struct cel_value x, struct cel_value y)
{
	int64_t sum;

	if (y.kind == CELV_TIMESTAMP)
		return shifted(y, x.i, false);
	if (y.kind != CELV_DURATION)
		return cel_no_overload();
	return __builtin_add_overflow(x.i, y.i, &sum) ? cel_fail("integer overflow") :
							cel_duration(sum);
}

static struct cel_value add_list(struct cel_run *run, struct cel_value x, struct cel_value y)
{
	if (y.kind != CELV_LIST)
		return cel_no_overload();
	/* In place at best, a copy of twice the size at worst. */
	if (!cel_run_allows(run, 32 * (cel_list_count(x.list) + cel_list_count(y.list))))
		return cel_run_stopped();
	return cel_list_add(run->a, x, y);
}

struct cel_value cel_add(struct cel_run *run, struct cel_value x, struct cel_value y)
{
	bool same = x.kind == y.kind;

	switch (x.kind) {
	case CELV_INT: return same ? add_int(x, y) : cel_no_overload();
	case CELV_UINT: return same ? add_uint(x, y) : cel_no_overload();
	case CELV_DOUBLE: return same ? cel_double(x.d + y.d) : cel_no_overload();
	case CELV_STRING:
	case CELV_BYTES: return same ? joined(run, x, y) : cel_no_overload();
	case CELV_LIST: return add_list(run, x, y);
	case CELV_DURATION: return add_duration(x, y);
	case CELV_TIMESTAMP:
		return y.kind == CELV_DURATION ? shifted(x, y.i, false) : cel_no_overload();
	default: return no_operator(run, x, "_+_");
	}
}

CEL_CALL(add)
{
	*out = cel_add(run, args[0], args[1]);
}

static struct cel_value subtract_int(struct cel_value x, struct cel_value y)
{
	int64_t rest;

	return __builtin_sub_overflow(x.i, y.i, &rest) ? cel_fail("integer overflow") : cel_int(rest);
}

static struct cel_value subtract_times(struct cel_value x, struct cel_value y)
{
	__int128 ns;

	if (y.kind == CELV_DURATION)
		return shifted(x, y.i, true);
	if (y.kind != CELV_TIMESTAMP)
		return cel_no_overload();
	ns = ((__int128)x.i - y.i) * 1000000000 + ((int64_t)x.n - (int64_t)y.n);
	if (ns > INT64_MAX || ns < INT64_MIN)
		return cel_fail("integer overflow");
	return cel_duration((int64_t)ns);
}

static struct cel_value subtract_durations(struct cel_value x, struct cel_value y)
{
	int64_t rest;

	return __builtin_sub_overflow(x.i, y.i, &rest) ? cel_fail("integer overflow") :
							 cel_duration(rest);
}

CEL_CALL(subtract)
{
	struct cel_value x = args[0], y = args[1];
	bool same = x.kind == y.kind;

	switch (x.kind) {
	case CELV_INT: *out = same ? subtract_int(x, y) : cel_no_overload(); break;
	case CELV_UINT:
		*out = !same     ? cel_no_overload() :
		       y.u > x.u ? cel_fail("unsigned integer overflow") :
				   cel_uint(x.u - y.u);
		break;
	case CELV_DOUBLE: *out = same ? cel_double(x.d - y.d) : cel_no_overload(); break;
	case CELV_DURATION: *out = same ? subtract_durations(x, y) : cel_no_overload(); break;
	case CELV_TIMESTAMP: *out = subtract_times(x, y); break;
	default: *out = no_operator(run, x, "_-_");
	}
}

/* ---- multiplication and division ---- */

CEL_CALL(multiply)
{
	struct cel_value x = args[0], y = args[1];
	int64_t i;
	uint64_t u;

	if (x.kind != CELV_INT && x.kind != CELV_UINT && x.kind != CELV_DOUBLE)
		*out = no_operator(run, x, "_*_");
	else if (x.kind != y.kind)
		*out = cel_no_overload();
	else if (x.kind == CELV_DOUBLE)
		*out = cel_double(x.d * y.d);
	else if (x.kind == CELV_INT)
		*out = __builtin_mul_overflow(x.i, y.i, &i) ? cel_fail("integer overflow") :
							      cel_int(i);
	else
		*out = __builtin_mul_overflow(x.u, y.u, &u) ? cel_fail("unsigned integer overflow") :
							      cel_uint(u);
}

CEL_CALL(divide)
{
	struct cel_value x = args[0], y = args[1];

	if (x.kind != CELV_INT && x.kind != CELV_UINT && x.kind != CELV_DOUBLE)
		*out = no_operator(run, x, "_/_");
	else if (x.kind != y.kind)
		*out = cel_no_overload();
	else if (x.kind == CELV_DOUBLE)
		*out = cel_double(x.d / y.d);
	else if (!y.u)
		*out = cel_fail("division by zero");
	else if (x.kind == CELV_UINT)
		*out = cel_uint(x.u / y.u);
	else if (x.i == INT64_MIN && y.i == -1)
		*out = cel_fail("integer overflow");
	else
		*out = cel_int(x.i / y.i);
}

CEL_CALL(modulo)
{
	struct cel_value x = args[0], y = args[1];

	if (x.kind != CELV_INT && x.kind != CELV_UINT)
		*out = no_operator(run, x, "_%_");
	else if (x.kind != y.kind)
		*out = cel_no_overload();
	else if (!y.u)
		*out = cel_fail("modulus by zero");
	else if (x.kind == CELV_UINT)
		*out = cel_uint(x.u % y.u);
	else if (x.i == INT64_MIN && y.i == -1)
		*out = cel_fail("integer overflow");
	else
		*out = cel_int(x.i % y.i);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "!_",
	  .overload = "logical_not",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_bool },
	  .call = negate_bool },
	{ .name = "-_",
	  .overload = "negate_double",
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_double },
	  .call = negate },
	{ .name = "-_",
	  .overload = "negate_int64",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_int },
	  .call = negate },
	{ .name = "@in",
	  .overload = "in_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_a, &cel_type_list_a },
	  .estimate = cel_estimate_in_list,
	  .call = in,
	  .cost = cel_cost_in_list },
	{ .name = "@in",
	  .overload = "in_map",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_a, &cel_type_map_a_b },
	  .call = in },
	{ .name = "@not_strictly_false",
	  .overload = "not_strictly_false",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_bool } },
	{ .name = "_%_",
	  .overload = "modulo_int64",
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_int, &cel_type_int },
	  .call = modulo },
	{ .name = "_%_",
	  .overload = "modulo_uint64",
	  .nargs = 2,
	  .result = &cel_type_uint,
	  .args = { &cel_type_uint, &cel_type_uint },
	  .call = modulo },
	{ .name = "_&&_",
	  .overload = "logical_and",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_bool, &cel_type_bool },
	  .estimate = cel_estimate_logical },
	{ .name = "_*_",
	  .overload = "multiply_double",
	  .nargs = 2,
	  .result = &cel_type_double,
	  .args = { &cel_type_double, &cel_type_double },
	  .call = multiply },
	{ .name = "_*_",
	  .overload = "multiply_int64",
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_int, &cel_type_int },
	  .call = multiply },
	{ .name = "_*_",
	  .overload = "multiply_uint64",
	  .nargs = 2,
	  .result = &cel_type_uint,
	  .args = { &cel_type_uint, &cel_type_uint },
	  .call = multiply },
	{ .name = "_+_",
	  .overload = "add_bytes",
	  .nargs = 2,
	  .result = &cel_type_bytes,
	  .args = { &cel_type_bytes, &cel_type_bytes },
	  .estimate = cel_estimate_add_text,
	  .call = add,
	  .cost = cel_cost_add_text },
	{ .name = "_+_",
	  .overload = "add_double",
	  .nargs = 2,
	  .result = &cel_type_double,
	  .args = { &cel_type_double, &cel_type_double },
	  .call = add },
	{ .name = "_+_",
	  .overload = "add_duration_duration",
	  .nargs = 2,
	  .result = &cel_type_duration,
	  .args = { &cel_type_duration, &cel_type_duration },
	  .call = add },
	{ .name = "_+_",
	  .overload = "add_duration_timestamp",
	  .nargs = 2,
	  .result = &cel_type_timestamp,
	  .args = { &cel_type_duration, &cel_type_timestamp },
	  .call = add },
	{ .name = "_+_",
	  .overload = "add_timestamp_duration",
	  .nargs = 2,
	  .result = &cel_type_timestamp,
	  .args = { &cel_type_timestamp, &cel_type_duration },
	  .call = add },
	{ .name = "_+_",
	  .overload = "add_int64",
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_int, &cel_type_int },
	  .call = add },
	{ .name = "_+_",
	  .overload = "add_list",
	  .nargs = 2,
	  .result = &cel_type_list_a,
	  .args = { &cel_type_list_a, &cel_type_list_a },
	  .estimate = cel_estimate_add_list,
	  .call = add },
	{ .name = "_+_",
	  .overload = "add_string",
	  .nargs = 2,
	  .result = &cel_type_string,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_add_text,
	  .call = add,
	  .cost = cel_cost_add_text },
	{ .name = "_+_",
	  .overload = "add_uint64",
	  .nargs = 2,
	  .result = &cel_type_uint,
	  .args = { &cel_type_uint, &cel_type_uint },
	  .call = add },
	{ .name = "_-_",
	  .overload = "subtract_double",
	  .nargs = 2,
	  .result = &cel_type_double,
	  .args = { &cel_type_double, &cel_type_double },
	  .call = subtract },
	{ .name = "_-_",
	  .overload = "subtract_duration_duration",
	  .nargs = 2,
	  .result = &cel_type_duration,
	  .args = { &cel_type_duration, &cel_type_duration },
	  .call = subtract },
	{ .name = "_-_",
	  .overload = "subtract_int64",
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_int, &cel_type_int },
	  .call = subtract },
	{ .name = "_-_",
	  .overload = "subtract_timestamp_duration",
	  .nargs = 2,
	  .result = &cel_type_timestamp,
	  .args = { &cel_type_timestamp, &cel_type_duration },
	  .call = subtract },
	{ .name = "_-_",
	  .overload = "subtract_timestamp_timestamp",
	  .nargs = 2,
	  .result = &cel_type_duration,
	  .args = { &cel_type_timestamp, &cel_type_timestamp },
	  .call = subtract },
	{ .name = "_-_",
	  .overload = "subtract_uint64",
	  .nargs = 2,
	  .result = &cel_type_uint,
	  .args = { &cel_type_uint, &cel_type_uint },
	  .call = subtract },
	{ .name = "_/_",
	  .overload = "divide_double",
	  .nargs = 2,
	  .result = &cel_type_double,
	  .args = { &cel_type_double, &cel_type_double },
	  .call = divide },
	{ .name = "_/_",
	  .overload = "divide_int64",
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_int, &cel_type_int },
	  .call = divide },
	{ .name = "_/_",
	  .overload = "divide_uint64",
	  .nargs = 2,
	  .result = &cel_type_uint,
	  .args = { &cel_type_uint, &cel_type_uint },
	  .call = divide },
	{ .name = "_?_:_",
	  .overload = "conditional",
	  .nargs = 3,
	  .result = &cel_type_a,
	  .args = { &cel_type_bool, &cel_type_a, &cel_type_a },
	  .estimate = cel_estimate_conditional },
	{ .name = "_[_]",
	  .overload = "index_list",
	  .nargs = 2,
	  .result = &cel_type_a,
	  .args = { &cel_type_list_a, &cel_type_int },
	  .estimate = cel_estimate_index_list },
	{ .name = "_[_]",
	  .overload = "index_map",
	  .nargs = 2,
	  .result = &cel_type_b,
	  .args = { &cel_type_map_a_b, &cel_type_a },
	  .estimate = cel_estimate_index_map },
	{ .name = "__not_strictly_false__",
	  .overload = "__not_strictly_false__",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_bool } },
	{ .name = "_in_",
	  .overload = "in_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_a, &cel_type_list_a },
	  .estimate = cel_estimate_in_list,
	  .call = in,
	  .cost = cel_cost_in_list },
	{ .name = "_in_",
	  .overload = "in_map",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_a, &cel_type_map_a_b },
	  .call = in },
	{ .name = "_||_",
	  .overload = "logical_or",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_bool, &cel_type_bool },
	  .estimate = cel_estimate_logical },
	{ .name = "in",
	  .overload = "in_list",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_a, &cel_type_list_a },
	  .estimate = cel_estimate_in_list,
	  .call = in,
	  .cost = cel_cost_in_list },
	{ .name = "in",
	  .overload = "in_map",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_a, &cel_type_map_a_b },
	  .call = in },
};

const struct cel_library cel_library_operator = { .rows = rows, .n = sizeof rows / sizeof *rows };
