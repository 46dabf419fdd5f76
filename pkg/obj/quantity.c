/*
 * quantity: fixed-point decimals in units of 10^-9, in 128 bits.
 *
 * Upstream mixes int64 and arbitrary-precision decimals and keeps the text it parsed when its fast path
 * says so (k8s: apimachinery/pkg/api/resource/quantity.go): "1.500" and "1e3" stay, "1000m" becomes
 * "1".  quantity_canonical() follows that rule, because stored objects show it.  Values are exact down
 * to 10^-9, below that rounded away from zero; what does not fit 128 bits (about 1.7e29) is refused.
 */
#include "obj/quantity.h"

#include "base/arena.h"

#include <stdio.h>
#include <string.h>

typedef unsigned __int128 u128;

#define NANO 1000000000
#define I128_MAX ((__int128)(~(u128)0 >> 1))
#define MAX_BINARY ((u128)INT64_MAX * NANO) /* what upstream caps binary values at */

struct span {
	const char *p;
	size_t n;
};

/* A quantity's text taken apart. */
struct parts {
	bool negative;
	struct span whole, fraction; /* digits; whole without leading zeros */
	int base, exponent;
	enum quantity_format format;
};

static struct span take_digits(const char **s)
{
	struct span d = { .p = *s };

	while (**s >= '0' && **s <= '9')
		++*s;
	d.n = (size_t)(*s - d.p);
	return d;
}

/* Go's strconv.ParseInt of an exponent; far beyond any use it saturates. */
static bool take_exponent(const char *s, int *exponent)
{
	bool negative = *s == '-';
	int v = 0;

	if (*s == '-' || *s == '+')
		s++;
	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (v < 100000)
			v = v * 10 + (*s - '0');
	}
	*exponent = negative ? -v : v;
	return true;
}

static bool parse_suffix(const char *s, struct parts *p)
{
	static const struct {
		char name[3];
		int base, exponent;
	} known[] = {
		{ "", 10, 0 },   { "n", 10, -9 }, { "u", 10, -6 }, { "m", 10, -3 },
		{ "k", 10, 3 },  { "M", 10, 6 },  { "G", 10, 9 },  { "T", 10, 12 },
		{ "P", 10, 15 }, { "E", 10, 18 }, { "Ki", 2, 10 }, { "Mi", 2, 20 },
		{ "Gi", 2, 30 }, { "Ti", 2, 40 }, { "Pi", 2, 50 }, { "Ei", 2, 60 },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(s, known[i].name) == 0) {
			p->base = known[i].base;
			p->exponent = known[i].exponent;
			p->format = p->base == 2 ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI;
			return true;
		}
	p->base = 10;
	p->format = QUANTITY_DECIMAL_EXPONENT;
	return (*s == 'e' || *s == 'E') && take_exponent(s + 1, &p->exponent);
}

static bool split(const char *s, struct parts *p)
{
	*p = (struct parts){ .negative = *s == '-' };
	if (!*s)
		return false;
	if (*s == '-' || *s == '+')
		s++;
	while (*s == '0')
		s++;
	p->whole = take_digits(&s);
	if (*s == '.') {
		s++;
		p->fraction = take_digits(&s);
	}
	return parse_suffix(s, p);
}

/* ---- value ---- */

static bool all_zero(const struct span *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->p[i] != '0')
			return false;
	return true;
}

/* The number of 10^-9 that one unit counts, and how many more divisions by ten it takes. */
static bool unit_of(const struct parts *p, u128 *unit, int *divide)
{
	int tens = 9 + (p->base == 10 ? p->exponent : 0);

	*divide = tens < 0 ? -tens : 0;
	if (tens > 37)
		return false;
	*unit = p->base == 2 ? (u128)1 << p->exponent : 1;
	while (tens-- > 0)
		*unit *= 10;
	return true;
}

/* whole.fraction * unit / 10^divide, rounded up. */
static bool magnitude(const struct parts *p, u128 unit, int divide, u128 *out)
{
	u128 whole = 0, part = 0;
	bool inexact = false;

	for (size_t i = 0; i < p->whole.n; i++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (u128)(p->whole.p[i] - '0'), &whole))
			return false;
	if (__builtin_mul_overflow(whole, unit, &whole))
		return false;
	/* Horner from the last digit; flooring at every step is flooring once. */
	for (size_t i = p->fraction.n; i-- > 0;) {
		part += (u128)(p->fraction.p[i] - '0') * unit;
		inexact |= part % 10 != 0;
		part /= 10;
	}
	if (__builtin_add_overflow(whole, part, &whole))
		return false;
	for (; divide > 0 && whole; divide--) {
		inexact |= whole % 10 != 0;
		whole /= 10;
	}
	*out = whole + inexact;
	return whole < (u128)I128_MAX;
}

static bool value_of(const struct parts *p, struct quantity *q)
{
	u128 unit, v;
	int divide;

	q->format = p->format;
	q->nano = 0;
	if (all_zero(&p->whole) && all_zero(&p->fraction))
		return true;
	if (!unit_of(p, &unit, &divide))
		return false;
	if (!magnitude(p, unit, divide, &v)) {
		if (p->base != 2)
			return false;
		v = MAX_BINARY;
	}
	if (p->base == 2 && v > MAX_BINARY)
		v = MAX_BINARY;
	if (p->base == 2 && v < NANO)
		q->format = QUANTITY_DECIMAL_SI;
	q->nano = p->negative ? -(__int128)v : (__int128)v;
	return true;
}

bool quantity_parse(const char *s, struct quantity *q)
{
	struct parts p;

	return split(s, &p) && value_of(&p, q);
}

/* ---- text ---- */

/* v in decimal and a suffix. */
static char *print_number(struct arena *a, __int128 v, const char *suffix)
{
	char text[48], *p = text + sizeof text - 1;
	u128 u = v < 0 ? -(u128)v : (u128)v;

	*p = '\0';
	do
		*--p = (char)('0' + (int)(u % 10));
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	return arena_printf(a, "%s%s", p, suffix);
}

static char *print_binary(struct arena *a, __int128 v)
{
	static const char *const suffixes[] = { "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" };
	size_t i = 0;

	while (v % 1024 == 0 && i < 6) {
		v /= 1024;
		i++;
	}
	return print_number(a, v, suffixes[i]);
}

static char *print_decimal(struct arena *a, __int128 nano, enum quantity_format format)
{
	static const char *const suffixes[] = { "n", "u", "m", "", "k", "M", "G", "T", "P", "E" };
	size_t thousands = 0;
	char exponent[16] = "";

	while (nano % 1000 == 0 && (thousands < 9 || format == QUANTITY_DECIMAL_EXPONENT)) {
		nano /= 1000;
		thousands++;
	}
	if (format == QUANTITY_DECIMAL_SI)
		return print_number(a, nano, suffixes[thousands]);
	if (thousands != 3)
		snprintf(exponent, sizeof exponent, "e%d", 3 * (int)thousands - 9);
	return print_number(a, nano, exponent);
}

char *quantity_text(struct arena *a, const struct quantity *q)
{
	__int128 small = (__int128)1024 * NANO;

	if (!q->nano)
		return arena_strdup(a, "0");
	if (q->format == QUANTITY_BINARY_SI && q->nano % NANO == 0 &&
	    (q->nano >= small || q->nano <= -small))
		return print_binary(a, q->nano / NANO);
	return print_decimal(a, q->nano,
			     q->format == QUANTITY_DECIMAL_EXPONENT ? QUANTITY_DECIMAL_EXPONENT :
								      QUANTITY_DECIMAL_SI);
}

/* Whether upstream keeps the text as it was written. */
static bool keeps_text(const struct parts *p, const struct quantity *q)
{
	size_t zeros = 0, digits = p->whole.n + p->fraction.n + !p->whole.n;
	int scale = p->exponent - (int)p->fraction.n;

	if (p->base == 2)
		return !p->fraction.n && (int)p->whole.n + p->exponent * 3 / 10 <= 14 &&
		       q->nano / NANO >> p->exponent & 7;
	if (!p->whole.n || digits > 18 || scale < -9 || scale % 3)
		return false;
	for (size_t i = p->fraction.n; i-- > 0 && p->fraction.p[i] == '0';)
		zeros++;
	if (zeros == p->fraction.n)
		for (size_t i = p->whole.n; i-- > 0 && p->whole.p[i] == '0';)
			zeros++;
	return zeros < 3;
}

char *quantity_canonical(struct arena *a, const char *s)
{
	struct quantity q;
	struct parts p;

	if (!split(s, &p) || !value_of(&p, &q))
		return NULL;
	return keeps_text(&p, &q) ? arena_strdup(a, s) : quantity_text(a, &q);
}

/* ---- arithmetic ---- */

void quantity_add(struct quantity *x, const struct quantity *y)
{
	__int128 sum;

	if (!x->nano)
		x->format = y->format;
	/* Both may be the same quantity. */
	if (__builtin_add_overflow(x->nano, y->nano, &sum))
		sum = y->nano < 0 ? -I128_MAX : I128_MAX;
	x->nano = sum;
}

void quantity_sub(struct quantity *x, const struct quantity *y)
{
	__int128 rest;

	if (!x->nano)
		x->format = y->format;
	if (__builtin_sub_overflow(x->nano, y->nano, &rest))
		rest = y->nano < 0 ? I128_MAX : -I128_MAX;
	x->nano = rest;
}

int quantity_cmp(const struct quantity *x, const struct quantity *y)
{
	return (x->nano > y->nano) - (x->nano < y->nano);
}

bool quantity_round_milli(struct quantity *q)
{
	const int64_t unit = NANO / 1000;
	__int128 rest = q->nano % unit;

	if (!rest)
		return false;
	q->nano += (rest > 0 ? unit : -unit) - rest;
	return true;
}

/* Away from zero, as upstream's ScaledValue rounds; saturated. */
static int64_t scaled(const struct quantity *q, int64_t unit)
{
	__int128 v = q->nano / unit, rest = q->nano % unit;

	v += (rest > 0) - (rest < 0);
	return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

int64_t quantity_milli(const struct quantity *q)
{
	return scaled(q, NANO / 1000);
}

int64_t quantity_value(const struct quantity *q)
{
	return scaled(q, NANO);
}
