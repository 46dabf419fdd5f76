/*
 * fn_convert: conversions between types.
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"
#include "cel/number.h"
#include "cel/timestamp.h"

#include "base/buf.h"
#include "base/codec.h"

static struct cel_value cannot(struct cel_run *run, struct cel_value v, const char *to)
{
	return cel_failf(run->a, "type conversion error from '%s' to '%s'", cel_value_type(v), to);
}

CEL_CALL(identity)
{
	*out = args[0];
}

CEL_CALL(type_of)
{
	*out = cel_type_value(cel_value_type(args[0]));
}

CEL_CALL(string_to_bool)
{
	bool b;

	*out = cel_parse_bool(args[0].s, args[0].n, &b) ? cel_bool(b) : cannot(run, args[0], "bool");
}

CEL_CALL(string_to_bytes)
{
	*out = cel_bytes(args[0].s, args[0].n);
}

CEL_CALL(int_to_double)
{
	*out = cel_double((double)args[0].i);
}

CEL_CALL(uint_to_double)
{
	*out = cel_double((double)args[0].u);
}

CEL_CALL(string_to_double)
{
	double d;

	*out = cel_parse_double(args[0].s, args[0].n, &d) ? cel_double(d) :
							    cannot(run, args[0], "double");
}

CEL_CALL(to_duration)
{
	int64_t ns;

	*out = args[0].kind == CELV_STRING && cel_duration_parse(args[0].s, args[0].n, &ns) ?
		       cel_duration(ns) :
		       cannot(run, args[0], "google.protobuf.Duration");
}

CEL_CALL(double_to_int)
{
	double d = args[0].d;

	*out = d > -0x1p63 && d < 0x1p63 ? cel_int((int64_t)d) : cel_fail("integer overflow");
}

CEL_CALL(duration_to_int)
{
	*out = cel_int(args[0].i);
}

CEL_CALL(string_to_int)
{
	int64_t i;

	*out = cel_parse_int(args[0].s, args[0].n, &i) ? cel_int(i) : cannot(run, args[0], "int");
}

CEL_CALL(uint_to_int)
{
	*out = args[0].u > INT64_MAX ? cel_fail("integer overflow") : cel_int(args[0].i);
}

CEL_CALL(double_to_uint)
{
	double d = args[0].d;

	*out = d >= 0 && d < 0x1p64 ? cel_uint((uint64_t)d) : cel_fail("unsigned integer overflow");
}

CEL_CALL(int_to_uint)
{
	*out = args[0].i < 0 ? cel_fail("unsigned integer overflow") : cel_uint(args[0].u);
}

CEL_CALL(string_to_uint)
{
	uint64_t u;

	*out = cel_parse_uint(args[0].s, args[0].n, &u) ? cel_uint(u) : cannot(run, args[0], "uint");
}

/* Numbers and booleans print as Go's %v does. */
CEL_CALL(print)
{
	BUF_AUTO struct buf b = BUF_INIT;

	cel_value_print(&b, args[0]);
	*out = cel_string_of(run->a, &b);
}

CEL_CALL(bytes_to_string)
{
	*out = utf8_valid(args[0].s, args[0].n) ?
		       cel_stringn(args[0].s, args[0].n) :
		       cel_fail("invalid UTF-8 in bytes, cannot convert to string");
}

CEL_CALL(duration_to_string)
{
	BUF_AUTO struct buf b = BUF_INIT;

	cel_duration_print(&b, args[0].i);
	*out = cel_string_of(run->a, &b);
}

CEL_CALL(timestamp_to_string)
{
	BUF_AUTO struct buf b = BUF_INIT;

	cel_time_print(&b, args[0]);
	*out = cel_string_of(run->a, &b);
}

static struct cel_value in_range(struct cel_value t)
{
	return t.i < CEL_TIME_MIN || t.i > CEL_TIME_MAX ? cel_fail("timestamp overflow") : t;
}

CEL_CALL(int_to_timestamp)
{
	*out = in_range(cel_timestamp(args[0].i, 0));
}

CEL_CALL(string_to_timestamp)
{
	struct cel_value t;

	*out = cel_time_parse(args[0].s, args[0].n, &t) ?
		       in_range(t) :
		       cannot(run, args[0], "google.protobuf.Timestamp");
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "bool",
	  .overload = "bool_to_bool",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_bool },
	  .call = identity },
	{ .name = "bool",
	  .overload = "string_to_bool",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string },
	  .call = string_to_bool },
	{ .name = "bytes",
	  .overload = "bytes_to_bytes",
	  .nargs = 1,
	  .result = &cel_type_bytes,
	  .args = { &cel_type_bytes },
	  .call = identity },
	{ .name = "bytes",
	  .overload = "string_to_bytes",
	  .nargs = 1,
	  .result = &cel_type_bytes,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_string_to_bytes,
	  .call = string_to_bytes,
	  .cost = cel_cost_traverse_own },
	{ .name = "double",
	  .overload = "double_to_double",
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_double },
	  .call = identity },
	{ .name = "double",
	  .overload = "int64_to_double",
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_int },
	  .call = int_to_double },
	{ .name = "double",
	  .overload = "string_to_double",
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_string },
	  .call = string_to_double },
	{ .name = "double",
	  .overload = "uint64_to_double",
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_uint },
	  .call = uint_to_double },
	{ .name = "duration",
	  .overload = "duration_to_duration",
	  .nargs = 1,
	  .result = &cel_type_duration,
	  .args = { &cel_type_duration },
	  .call = identity },
	{ .name = "duration",
	  .overload = "int64_to_duration",
	  .nargs = 1,
	  .result = &cel_type_duration,
	  .args = { &cel_type_int },
	  .call = to_duration },
	{ .name = "duration",
	  .overload = "string_to_duration",
	  .nargs = 1,
	  .result = &cel_type_duration,
	  .args = { &cel_type_string },
	  .call = to_duration },
	{ .name = "dyn",
	  .overload = "to_dyn",
	  .nargs = 1,
	  .result = &cel_type_dyn,
	  .args = { &cel_type_a },
	  .call = identity },
	{ .name = "int",
	  .overload = "int64_to_int64",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_int },
	  .call = identity },
	{ .name = "int",
	  .overload = "double_to_int64",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_double },
	  .call = double_to_int },
	{ .name = "int",
	  .overload = "duration_to_int64",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_duration },
	  .call = duration_to_int },
	{ .name = "int",
	  .overload = "string_to_int64",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_string },
	  .call = string_to_int },
	{ .name = "int",
	  .overload = "timestamp_to_int64",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = duration_to_int },
	{ .name = "int",
	  .overload = "uint64_to_int64",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_uint },
	  .call = uint_to_int },
	{ .name = "string",
	  .overload = "string_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_string },
	  .call = identity },
	{ .name = "string",
	  .overload = "bool_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_bool },
	  .call = print },
	{ .name = "string",
	  .overload = "bytes_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_bytes },
	  .estimate = cel_estimate_bytes_to_string,
	  .call = bytes_to_string,
	  .cost = cel_cost_traverse_own },
	{ .name = "string",
	  .overload = "double_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_double },
	  .call = print },
	{ .name = "string",
	  .overload = "duration_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_duration },
	  .call = duration_to_string },
	{ .name = "string",
	  .overload = "int64_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_int },
	  .call = print },
	{ .name = "string",
	  .overload = "timestamp_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_timestamp },
	  .call = timestamp_to_string },
	{ .name = "string",
	  .overload = "uint64_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_uint },
	  .call = print },
	{ .name = "timestamp",
	  .overload = "timestamp_to_timestamp",
	  .nargs = 1,
	  .result = &cel_type_timestamp,
	  .args = { &cel_type_timestamp },
	  .call = identity },
	{ .name = "timestamp",
	  .overload = "int64_to_timestamp",
	  .nargs = 1,
	  .result = &cel_type_timestamp,
	  .args = { &cel_type_int },
	  .call = int_to_timestamp },
	{ .name = "timestamp",
	  .overload = "string_to_timestamp",
	  .nargs = 1,
	  .result = &cel_type_timestamp,
	  .args = { &cel_type_string },
	  .call = string_to_timestamp },
	{ .name = "type",
	  .overload = "type",
	  .nargs = 1,
	  .result = &cel_type_type_a,
	  .args = { &cel_type_a },
	  .call = type_of },
	{ .name = "uint",
	  .overload = "uint64_to_uint64",
	  .nargs = 1,
	  .result = &cel_type_uint,
	  .args = { &cel_type_uint },
	  .call = identity },
	{ .name = "uint",
	  .overload = "double_to_uint64",
	  .nargs = 1,
	  .result = &cel_type_uint,
	  .args = { &cel_type_double },
	  .call = double_to_uint },
	{ .name = "uint",
	  .overload = "int64_to_uint64",
	  .nargs = 1,
	  .result = &cel_type_uint,
	  .args = { &cel_type_int },
	  .call = int_to_uint },
	{ .name = "uint",
	  .overload = "string_to_uint64",
	  .nargs = 1,
	  .result = &cel_type_uint,
	  .args = { &cel_type_string },
	  .call = string_to_uint },
};

const struct cel_library cel_library_convert = { .rows = rows, .n = sizeof rows / sizeof *rows };
