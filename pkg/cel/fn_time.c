/*
 * fn_time: parts of timestamps and durations.
 */
#include "cel/cel.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"
#include "cel/timestamp.h"

/* The moment in the zone of args[1], or in UTC. */
static bool civil(struct cel_run *run, const struct cel_value *args, unsigned n,
		  struct cel_civil *c, struct cel_value *out)
{
	const char *why = "";
	int offset = 0;

	if (n > 1 &&
	    !cel_zone_offset(run->a, cel_value_str(run->a, args[1]), args[0].i, &offset, &why)) {
		*out = cel_fail(why);
		return false;
	}
	cel_time_civil(args[0].i + offset, c);
	return true;
}

#define PART(name, expression)                      \
	CEL_CALL(name)                              \
	{                                           \
		struct cel_civil c;                 \
                                                    \
		if (civil(run, args, n, &c, out))   \
			*out = cel_int(expression); \
	}

PART(get_full_year, c.year)
PART(get_month, c.month - 1)
PART(get_day_of_year, c.yearday)
PART(get_day_of_month, c.day - 1)
PART(get_date, c.day)
PART(get_day_of_week, c.weekday)
PART(get_hours, c.hour)
PART(get_minutes, c.minute)
PART(get_seconds, c.second)
PART(get_milliseconds, args[0].n / 1000000)

CEL_CALL(duration_hours)
{
	*out = cel_int(args[0].i / 3600000000000);
}

CEL_CALL(duration_minutes)
{
	*out = cel_int(args[0].i / 60000000000);
}

CEL_CALL(duration_seconds)
{
	*out = cel_int(args[0].i / 1000000000);
}

CEL_CALL(duration_milliseconds)
{
	*out = cel_int(args[0].i / 1000000);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "getDate",
	  .overload = "timestamp_to_day_of_month_1_based",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_date },
	{ .name = "getDate",
	  .overload = "timestamp_to_day_of_month_1_based_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_date },
	{ .name = "getDayOfMonth",
	  .overload = "timestamp_to_day_of_month",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_day_of_month },
	{ .name = "getDayOfMonth",
	  .overload = "timestamp_to_day_of_month_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_day_of_month },
	{ .name = "getDayOfWeek",
	  .overload = "timestamp_to_day_of_week",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_day_of_week },
	{ .name = "getDayOfWeek",
	  .overload = "timestamp_to_day_of_week_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_day_of_week },
	{ .name = "getDayOfYear",
	  .overload = "timestamp_to_day_of_year",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_day_of_year },
	{ .name = "getDayOfYear",
	  .overload = "timestamp_to_day_of_year_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_day_of_year },
	{ .name = "getFullYear",
	  .overload = "timestamp_to_year",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_full_year },
	{ .name = "getFullYear",
	  .overload = "timestamp_to_year_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_full_year },
	{ .name = "getHours",
	  .overload = "timestamp_to_hours",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_hours },
	{ .name = "getHours",
	  .overload = "timestamp_to_hours_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_hours },
	{ .name = "getHours",
	  .overload = "duration_to_hours",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_duration },
	  .call = duration_hours },
	{ .name = "getMilliseconds",
	  .overload = "timestamp_to_milliseconds",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_milliseconds },
	{ .name = "getMilliseconds",
	  .overload = "timestamp_to_milliseconds_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_milliseconds },
	{ .name = "getMilliseconds",
	  .overload = "duration_to_milliseconds",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_duration },
	  .call = duration_milliseconds },
	{ .name = "getMinutes",
	  .overload = "timestamp_to_minutes",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_minutes },
	{ .name = "getMinutes",
	  .overload = "timestamp_to_minutes_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_minutes },
	{ .name = "getMinutes",
	  .overload = "duration_to_minutes",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_duration },
	  .call = duration_minutes },
	{ .name = "getMonth",
	  .overload = "timestamp_to_month",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_month },
	{ .name = "getMonth",
	  .overload = "timestamp_to_month_with_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_month },
	{ .name = "getSeconds",
	  .overload = "timestamp_to_seconds",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp },
	  .call = get_seconds },
	{ .name = "getSeconds",
	  .overload = "timestamp_to_seconds_tz",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_timestamp, &cel_type_string },
	  .call = get_seconds },
	{ .name = "getSeconds",
	  .overload = "duration_to_seconds",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_duration },
	  .call = duration_seconds },
};

const struct cel_library cel_library_time = { .rows = rows, .n = sizeof rows / sizeof *rows };
