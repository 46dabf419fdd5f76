/*
 * string_format: the clauses %s %d %f %e %b %x %X %o (cel-go: ext/formatting.go, version 1).
 *
 * %f and %e print for the locale en_US, as upstream's library does: digits in groups of three, and
 * powers of ten with raised digits.
 */
#include "cel/string_format.h"

#include "cel/eval.h"
#include "cel/number.h"
#include "cel/timestamp.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRECISION 6
#define PRECISION_MAX 1000 /* more digits than any double has */
#define DEPTH_MAX 64

struct formatter {
	struct cel_run *run;
	struct arena *a;
	struct buf out;
	const char *error;
};

static bool fail(struct formatter *f, const char *error)
{
	f->error = error;
	return false;
}

static bool wrong_type(struct formatter *f, const char *what, struct cel_value v)
{
	return fail(f, arena_printf(f->a, "error during formatting: %s, was given %s", what,
				    cel_value_type(v)));
}

/* ---- %s ---- */

static bool format_text(struct formatter *f, struct buf *b, struct cel_value v, int depth);

static void add_quoted(struct formatter *f, struct buf *b, const struct buf *text)
{
	buf_adds(b, go_quote(f->a, text->len ? text->p : "", text->len));
}

/* A value within a list or map: such that it could be read as CEL. */
static bool format_member(struct formatter *f, struct buf *b, struct cel_value v, int depth)
{
	BUF_AUTO struct buf text = BUF_INIT;

	switch (v.kind) {
	case CELV_DOUBLE:
		if (isnan(v.d) || isinf(v.d))
			buf_adds(b, isnan(v.d) ? "\"NaN\"" : v.d > 0 ? "\"+Inf\"" : "\"-Inf\"");
		else
			buf_addf(b, "%.*f", PRECISION, v.d);
		return true;
	case CELV_TIMESTAMP:
		cel_time_print(&text, v);
		buf_addf(b, "timestamp(\"%s\")", text.p);
		return true;
	case CELV_DURATION:
		cel_duration_print(&text, v.i);
		buf_addf(b, "duration(\"%s\")", text.p);
		return true;
	case CELV_STRING:
	case CELV_BYTES:
		if (!format_text(f, &text, v, depth))
			return false;
		if (v.kind == CELV_BYTES)
			buf_addc(b, 'b');
		add_quoted(f, b, &text);
		return true;
	case CELV_OPAQUE:
	case CELV_OPTIONAL:
		return fail(f, arena_printf(f->a,
					    "error during formatting: no formatting function for %s",
					    cel_value_type(v)));
	default: return format_text(f, b, v, depth);
	}
}

static bool format_list(struct formatter *f, struct buf *b, struct cel_list *l, int depth)
{
	const struct cel_value *items = cel_list_items(l);

	buf_addc(b, '[');
	for (size_t i = 0; i < cel_list_count(l); i++) {
		if (i)
			buf_adds(b, ", ");
		if (!format_member(f, b, items[i], depth + 1))
			return false;
	}
	buf_addc(b, ']');
	return true;
}

static int compare_pairs(const void *x, const void *y)
{
	const char *const *a = x, *const *b = y;

	return strcmp(*a, *b);
}

/* "key\0value" of one member. */
static const char *format_pair(struct formatter *f, struct cel_value key, struct cel_value v,
			       int depth)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (key.kind != CELV_STRING && key.kind != CELV_BOOL && key.kind != CELV_INT &&
	    key.kind != CELV_UINT) {
		fail(f,
		     arena_printf(f->a,
				  "error during formatting: no formatting function for map key of type %s",
				  cel_value_type(key)));
		return NULL;
	}
	if (!format_member(f, &b, key, depth))
		return NULL;
	buf_addc(&b, '\0');
	if (!format_member(f, &b, v, depth))
		return NULL;
	return arena_dup(f->a, b.p, b.len);
}

static bool format_map(struct formatter *f, struct buf *b, struct cel_map *m, int depth)
{
	const char **pairs = arena_alloc(f->a, (cel_map_count(m) + 1) * sizeof *pairs);
	struct cel_value key, v;
	size_t it = 0, n = 0;

	while (cel_map_next(m, &it, &key, &v)) {
		pairs[n] = format_pair(f, key, v, depth + 1);
		if (!pairs[n++])
			return false;
	}
	qsort(pairs, n, sizeof *pairs, compare_pairs);
	buf_addc(b, '{');
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s%s:%s", i ? ", " : "", pairs[i], pairs[i] + strlen(pairs[i]) + 1);
	buf_addc(b, '}');
	return true;
}

static bool format_bytes(struct formatter *f, struct buf *b, struct cel_value v)
{
	if (!utf8_valid(v.s, v.n))
		return fail(f, "error during formatting: could not convert argument \"invalid UTF-8 in "
			       "bytes, cannot convert to string\" to string");
	buf_add(b, v.s, v.n);
	return true;
}

static bool format_text(struct formatter *f, struct buf *b, struct cel_value v, int depth)
{
	if (depth > DEPTH_MAX)
		return fail(f, "error during formatting: value nested too deeply");
	switch (v.kind) {
	case CELV_LIST: return format_list(f, b, v.list, depth);
	case CELV_MAP: return format_map(f, b, v.map, depth);
	case CELV_BYTES: return format_bytes(f, b, v);
	case CELV_NULL: buf_adds(b, "null"); return true;
	case CELV_TIMESTAMP: cel_time_print(b, v); return true;
	case CELV_DURATION: cel_duration_print(b, v.i); return true;
	case CELV_BOOL:
	case CELV_INT:
	case CELV_UINT:
	case CELV_DOUBLE:
	case CELV_STRING:
	case CELV_TYPE: cel_value_print(b, v); return true;
	default:
		return wrong_type(f,
				  "string clause can only be used on strings, bools, bytes, ints, doubles, "
				  "maps, lists, types, durations, and timestamps",
				  v);
	}
}

/* ---- numbers ---- */

/* Also the texts NaN, Infinity and -Infinity. */
static bool double_of(struct cel_value v, double *d)
{
	if (v.kind == CELV_DOUBLE) {
		*d = v.d;
		return true;
	}
	if (v.kind != CELV_STRING || v.n < 3 || v.n > 9)
		return false;
	if (v.n == 3 && memcmp(v.s, "NaN", 3) == 0)
		*d = NAN;
	else if (v.n == 8 && memcmp(v.s, "Infinity", 8) == 0)
		*d = INFINITY;
	else if (v.n == 9 && memcmp(v.s, "-Infinity", 9) == 0)
		*d = -INFINITY;
	else
		return false;
	return true;
}

static bool format_special(struct formatter *f, double d, int width)
{
	if (!isnan(d) && !isinf(d))
		return false;
	for (width -= isnan(d) ? 3 : d < 0 ? 2 : 1; width > 0; width--)
		buf_addc(&f->out, ' ');
	if (isnan(d))
		buf_adds(&f->out, "NaN");
	else
		buf_adds(&f->out, d < 0 ? "-\xe2\x88\x9e" : "\xe2\x88\x9e");
	return true;
}

static bool format_fixed(struct formatter *f, struct cel_value v, int precision)
{
	BUF_AUTO struct buf b = BUF_INIT;
	const char *p;
	size_t whole;
	double d;

	if (!double_of(v, &d))
		return wrong_type(f, "fixed-point clause can only be used on doubles", v);
	if (format_special(f, d, 0))
		return true;
	buf_addf(&b, "%.*f", precision, d);
	p = b.p;
	if (*p == '-')
		buf_addc(&f->out, *p++);
	for (whole = strcspn(p, "."); whole; whole--) {
		buf_addc(&f->out, *p++);
		if (whole > 1 && (whole - 1) % 3 == 0)
			buf_addc(&f->out, ',');
	}
	buf_adds(&f->out, p);
	return true;
}

static void add_raised(struct buf *b, const char *digits)
{
	static const char *const raised[] = { "\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",
					      "\xc2\xb3",     "\xe2\x81\xb4", "\xe2\x81\xb5",
					      "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8",
					      "\xe2\x81\xb9" };

	if (*digits == '-')
		buf_adds(b, "\xe2\x81\xbb");
	for (digits++; *digits; digits++)
		buf_adds(b, raised[*digits - '0']);
}

/* Upstream takes the precision for a width; six decimals are always shown. */
static bool format_scientific(struct formatter *f, struct cel_value v, int width)
{
	BUF_AUTO struct buf b = BUF_INIT;
	char *e;
	double d;

	if (!double_of(v, &d))
		return wrong_type(f, "scientific clause can only be used on doubles", v);
	if (format_special(f, d, width))
		return true;
	buf_addf(&b, "%.*e", PRECISION, d);
	e = strchr(b.p, 'e');
	buf_add(&f->out, b.p, (size_t)(e - b.p));
	buf_adds(&f->out, "\xc3\x97"
			  "10");
	add_raised(&f->out, e + 1);
	return true;
}

static bool format_decimal(struct formatter *f, struct cel_value v)
{
	if (v.kind != CELV_INT && v.kind != CELV_UINT)
		return wrong_type(f, "decimal clause can only be used on integers", v);
	cel_value_print(&f->out, v);
	return true;
}

/* In base 2 to the power of `bits`, a sign in front. */
static void add_digits(struct buf *b, struct cel_value v, unsigned bits, const char *digits)
{
	char text[65], *p = text + 64;
	uint64_t u = v.kind == CELV_INT && v.i < 0 ? 0 - v.u : v.u;

	*p = '\0';
	do
		*--p = digits[u & ((1u << bits) - 1)];
	while (u >>= bits);
	if (v.kind == CELV_INT && v.i < 0)
		buf_addc(b, '-');
	buf_adds(b, p);
}

#define LOWER "0123456789abcdef"
#define UPPER "0123456789ABCDEF"

static bool format_binary(struct formatter *f, struct cel_value v)
{
	if (v.kind == CELV_BOOL)
		buf_addc(&f->out, v.b ? '1' : '0');
	else if (v.kind == CELV_INT || v.kind == CELV_UINT)
		add_digits(&f->out, v, 1, LOWER);
	else
		return wrong_type(f, "only integers and bools can be formatted as binary", v);
	return true;
}

static bool format_octal(struct formatter *f, struct cel_value v)
{
	if (v.kind != CELV_INT && v.kind != CELV_UINT)
		return wrong_type(f, "octal clause can only be used on integers", v);
	add_digits(&f->out, v, 3, LOWER);
	return true;
}

static bool format_hex(struct formatter *f, struct cel_value v, const char *digits)
{
	if (v.kind == CELV_INT || v.kind == CELV_UINT) {
		add_digits(&f->out, v, 4, digits);
		return true;
	}
	if (v.kind != CELV_STRING && v.kind != CELV_BYTES)
		return wrong_type(
			f, "only integers, byte buffers, and strings can be formatted as hex", v);
	for (uint32_t i = 0; i < v.n; i++) {
		buf_addc(&f->out, digits[(unsigned char)v.s[i] >> 4]);
		buf_addc(&f->out, digits[v.s[i] & 15]);
	}
	return true;
}

/* ---- clauses ---- */

static bool format_clause(struct formatter *f, char clause, int precision, struct cel_value v)
{
	switch (clause) {
	case 's': return format_text(f, &f->out, v, 0);
	case 'd': return format_decimal(f, v);
	case 'f': return format_fixed(f, v, precision);
	case 'e': return format_scientific(f, v, precision);
	case 'b': return format_binary(f, v);
	case 'x': return format_hex(f, v, LOWER);
	case 'X': return format_hex(f, v, UPPER);
	case 'o': return format_octal(f, v);
	default:
		return fail(f, arena_printf(f->a,
					    "could not parse formatting clause: unrecognized formatting "
					    "clause \"%c\"",
					    clause));
	}
}

/* The .12 of a clause; false when it is ill-formed. */
static bool take_precision(struct formatter *f, const char **p, const char *end, int *precision)
{
	const char *from = *p + 1;

	*precision = PRECISION;
	if (**p != '.')
		return true;
	for (++*p; *p < end && **p >= '0' && **p <= '9';)
		++*p;
	if (*p == end)
		return fail(f, "could not parse formatting clause: error while parsing precision: could "
			       "not find end of precision specifier");
	if (*p == from)
		return fail(f,
			    "could not parse formatting clause: error while parsing precision: error "
			    "while converting precision to integer: strconv.Atoi: parsing \"\": invalid "
			    "syntax");
	*precision = *p - from > 4 ? PRECISION_MAX : (int)strtol(from, NULL, 10);
	if (*precision > PRECISION_MAX)
		*precision = PRECISION_MAX;
	return true;
}

/* The clause behind a % at p[-1]; returns where the text goes on, or NULL. */
static const char *take_clause(struct formatter *f, const char *p, const char *end,
			       struct cel_list *args, size_t *used)
{
	int precision;

	if (*used >= cel_list_count(args)) {
		fail(f, arena_printf(f->a, "index %zu out of range", *used));
		return NULL;
	}
	if (p == end) {
		fail(f, "unexpected end of string");
		return NULL;
	}
	if (!take_precision(f, &p, end, &precision) ||
	    !format_clause(f, *p, precision, cel_list_items(args)[(*used)++]))
		return NULL;
	return p + 1;
}

static bool format_all(struct formatter *f, struct cel_value format, struct cel_list *args)
{
	const char *p = format.s, *end = p + format.n;
	size_t used = 0;

	while (p < end) {
		if (*p != '%') {
			buf_addc(&f->out, *p++);
			continue;
		}
		if (++p < end && *p == '%') {
			buf_addc(&f->out, *p++);
			continue;
		}
		p = take_clause(f, p, end, args, &used);
		if (!p)
			return false;
		if (!cel_run_allows(f->run, f->out.len))
			return fail(f, "out of memory");
	}
	return true;
}

struct cel_value cel_format_string(struct cel_run *run, struct cel_value format, struct cel_list *args)
{
	struct formatter f = { .run = run, .a = run->a };
	struct cel_value out;

	out = format_all(&f, format, args) ? cel_string_of(run->a, &f.out) : cel_fail(f.error);
	buf_free(&f.out);
	return out;
}
