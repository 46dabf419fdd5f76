/*
 * Numbers against schemas, and numbers as Go prints them.
 *
 * Upstream treats a JSON integer as int64 and everything else as float64, and compares limits in the value's
 * own type; a limit that the schema's type cannot hold is a fault of every value.
 */
#include "kind/structural_fault.h"

#include "base/arena.h"
#include "kind/check.h"
#include "kind/format.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* strconv.FormatFloat(v, 'g', -1, 64) with %v's limits of the exponent. */
const char *structural_number(struct arena *a, double v)
{
	char text[64], *e;
	int digits = 1, exponent;

	if (v == 0)
		return "0";
	do
		snprintf(text, sizeof text, "%.*e", digits - 1, v);
	while (strtod(text, NULL) != v && digits++ < 17);
	e = strchr(text, 'e');
	exponent = e ? atoi(e + 1) : 0;
	if (exponent >= -4 && exponent < 21) {
		int decimals = digits - 1 - exponent;

		return arena_printf(a, "%.*f", decimals > 0 ? decimals : 0, v);
	}
	return arena_strdup(a, text);
}

static int by_key(const void *x, const void *y)
{
	return strcmp(json_name(*(struct json *const *)x), json_name(*(struct json *const *)y));
}

/* encoding/json of a map: keys in order. */
static struct json *sorted(struct arena *a, const struct json *v)
{
	size_t n = json_count(v), i = 0;
	struct json **list, *out;

	if (!json_is_object(v) && !json_is_array(v))
		return json_copy(a, v);
	list = arena_alloc(a, (n + 1) * sizeof *list);
	json_each(c, v)
		list[i++] = c;
	if (json_is_object(v))
		qsort(list, n, sizeof *list, by_key);
	out = json_is_object(v) ? json_object(a) : json_array(a);
	for (i = 0; i < n; i++)
		if (json_is_object(v))
			json_add(a, out, json_name(list[i]), sorted(a, list[i]));
		else
			json_append(out, sorted(a, list[i]));
	return out;
}

const char *structural_show(struct arena *a, const struct json *v)
{
	int64_t n;

	if (json_is_number(v) && !json_int(v, &n))
		return structural_number(a, json_double(v));
	return v ? json_text(a, sorted(a, v)) : "null";
}

struct number {
	const struct structural *s;
	const struct at *at;
	bool whole; /* written as an integer */
	int64_t n;
	double d;
	const char *shown, *path;
};

/* Whether a value fits the schema's type and format as a Go parser sees it. */
static bool in_range(const struct structural *s, double d, bool whole)
{
	const char *format = format_in_force(s);

	if (s->flags & STRUCTURAL_INT_OR_STRING)
		return true;
	if (s->type == TYPE_INTEGER) {
		if (!whole && (d != floor(d) || fabs(d) >= 9223372036854775808.0))
			return false;
		return !format || strcmp(format, "int32") || (d >= INT32_MIN && d <= INT32_MAX);
	}
	return s->type != TYPE_NUMBER || !format || strcmp(format, "float") || fabs(d) <= FLT_MAX;
}

static void range_fault(struct judge *j, const struct number *x, const char *what, struct faults *f)
{
	const char *format = format_in_force(x->s);
	const char *type = structural_type_name(x->s->type);
	const char *text =
		format ? arena_printf(j->a, "%s value must be of type %s with format %s in %s",
				      what, type, format, x->path) :
			 arena_printf(j->a, "%s value must be of type %s (default format) in %s",
				      what, type, x->path);

	fault_plain(j, f, text);
}

static void number_fault(struct judge *j, const struct number *x, const char *text, struct faults *f)
{
	fault_at(j, f, FIELD_INVALID, x->at, x->shown, text);
}

/* A limit in the value's own type. */
static const char *limit_shown(struct judge *j, const struct number *x, double limit, bool native)
{
	if (x->whole && native)
		return arena_printf(j->a, "%lld", (long long)limit);
	return structural_number(j->a, limit);
}

static int compare(const struct number *x, double limit, bool native)
{
	if (x->whole && native) {
		int64_t l = (int64_t)limit;

		return (x->n > l) - (x->n < l);
	}
	return (x->d > limit) - (x->d < limit);
}

static void judge_limit(struct judge *j, const struct number *x, double limit, bool exclusive,
			bool upper, struct faults *f)
{
	bool native = in_range(x->s, limit, false);
	int d = compare(x, limit, native) * (upper ? 1 : -1);

	if (!native)
		range_fault(j, x, upper ? "Maximum boundary" : "Minimum boundary", f);
	if (d < 0 || (!d && !exclusive))
		return;
	number_fault(j, x,
		     arena_printf(j->a, "%s in body should be %s than %s%s", x->path,
				  upper ? "less" : "greater", exclusive ? "" : "or equal to ",
				  limit_shown(j, x, limit, native)),
		     f);
}

static bool is_multiple(double d, double of)
{
	double q = of < 1 ? 1 / of * d : d / of, whole = floor(q);
	double diff = fabs(q - whole), g = fabs(q), size = fabs(whole);

	if (q == whole)
		return true;
	if (q == 0 || whole == 0 || g + size < DBL_MIN)
		return diff < DBL_EPSILON * DBL_MIN;
	return diff / fmin(g + size, DBL_MAX) < 1e-9;
}

static void judge_multiple(struct judge *j, const struct number *x, double of, struct faults *f)
{
	bool native = in_range(x->s, of, false), integers = x->whole && native;
	const char *shown = limit_shown(j, x, of, native);

	if (!native)
		range_fault(j, x, "MultipleOf", f);
	if (integers ? (int64_t)of <= 0 : of <= 0)
		fault_at(j, f, FIELD_INVALID, x->at, shown,
			 arena_printf(j->a, "factor MultipleOf declared for %s must be positive: %s",
				      x->path, shown));
	else if (integers ? x->n % (int64_t)of != 0 : !is_multiple(x->d, of))
		number_fault(j, x,
			     arena_printf(j->a, "%s in body should be a multiple of %s", x->path,
					  shown),
			     f);
}

void structural_judge_number(struct judge *j, const struct structural *s, const struct json *v,
			     const struct at *at, struct faults *f)
{
	const struct structural_checks *k = s->checks;
	struct number x = { .s = s, .at = at, .d = json_double(v) };

	x.whole = json_int(v, &x.n);
	x.shown = structural_show(j->a, v);
	x.path = at_text(j->h, at);
	if (!in_range(s, x.d, x.whole))
		range_fault(j, &x, "Checked", f);
	f->passed++;
	if (!k)
		return;
	if (k->has_multiple_of)
		judge_multiple(j, &x, k->multiple_of, f);
	if (k->has_minimum)
		judge_limit(j, &x, k->minimum, s->flags & STRUCTURAL_EXCLUSIVE_MIN, false, f);
	if (k->has_maximum)
		judge_limit(j, &x, k->maximum, s->flags & STRUCTURAL_EXCLUSIVE_MAX, true, f);
}
