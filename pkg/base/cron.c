#include "base/cron.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/zone.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 5
#define YEARS_AHEAD 5

struct bounds {
	unsigned min, max;
	const char *const *names; /* from min; NULL-terminated */
};

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
					   "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const weekday_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };
static const struct bounds bounds[FIELDS] = { { 0, 59, NULL },
					      { 0, 23, NULL },
					      { 1, 31, NULL },
					      { 1, 12, month_names },
					      { 0, 6, weekday_names } };

/* ---- parsing ---- */

struct reader {
	struct arena *a;
	const char *why;
};

static bool refuse(struct reader *r, const char *text)
{
	r->why = text;
	return false;
}

static bool number(struct reader *r, const char *s, unsigned *v)
{
	const char *digits = s + (*s == '-' || *s == '+'), *fault = NULL;
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	if (!isdigit((unsigned char)*digits) || *end)
		fault = "invalid syntax";
	else if (errno == ERANGE)
		fault = "value out of range";
	if (fault)
		return refuse(
			r, arena_printf(r->a,
					"failed to parse int from %s: strconv.Atoi: parsing %s: %s",
					s, go_quote(r->a, s, strlen(s)), fault));
	if (n < 0)
		return refuse(r, arena_printf(r->a, "negative number (%ld) not allowed: %s", n, s));
	*v = n > INT_MAX ? INT_MAX : (unsigned)n;
	return true;
}

static bool number_or_name(struct reader *r, const char *s, const struct bounds *b, unsigned *v)
{
	for (unsigned i = 0; b->names && b->names[i]; i++) {
		if (!strcasecmp(b->names[i], s)) {
			*v = b->min + i;
			return true;
		}
	}
	return number(r, s, v);
}

/* Split at c in place: the part before; *rest behind it, or NULL. */
static char *split(char *s, int c, char **rest)
{
	char *p = strchr(s, c);

	*rest = p ? p + 1 : NULL;
	if (p)
		*p = '\0';
	return s;
}

struct range {
	unsigned first, last, step;
	bool star;
};

/* The part before the slash. */
static bool parse_ends(struct reader *r, char *s, const char *expr, const struct bounds *b,
		       struct range *out, bool *single)
{
	char *high, *more;

	split(s, '-', &high);
	*single = !high;
	if (!strcmp(s, "*") || !strcmp(s, "?")) {
		*out = (struct range){ b->min, b->max, 1, true };
		return true;
	}
	if (!number_or_name(r, s, b, &out->first))
		return false;
	out->last = out->first;
	if (!high)
		return true;
	split(high, '-', &more);
	if (more)
		return refuse(r, arena_printf(r->a, "too many hyphens: %s", expr));
	return number_or_name(r, high, b, &out->last);
}

static bool check_range(struct reader *r, const struct range *x, const char *expr,
			const struct bounds *b)
{
	struct arena *a = r->a;

	if (x->first < b->min)
		return refuse(r, arena_printf(a, "beginning of range (%u) below minimum (%u): %s",
					      x->first, b->min, expr));
	if (x->last > b->max)
		return refuse(r, arena_printf(a, "end of range (%u) above maximum (%u): %s",
					      x->last, b->max, expr));
	if (x->first > x->last)
		return refuse(r,
			      arena_printf(a, "beginning of range (%u) beyond end of range (%u): %s",
					   x->first, x->last, expr));
	if (!x->step)
		return refuse(r, arena_printf(a, "step of range should be a positive number: %s",
					      expr));
	return true;
}

/* number | number-number, each with an optional /step. */
static bool parse_range(struct reader *r, const char *expr, const struct bounds *b, struct range *x)
{
	char *s = arena_strdup(r->a, expr), *step, *more;
	bool single;

	*x = (struct range){ .step = 1 };
	split(s, '/', &step);
	if (!parse_ends(r, s, expr, b, x, &single))
		return false;
	if (step) {
		split(step, '/', &more);
		if (more)
			return refuse(r, arena_printf(r->a, "too many slashes: %s", expr));
		if (!number(r, step, &x->step))
			return false;
		if (single)
			x->last = b->max;
		if (x->step > 1)
			x->star = false;
	}
	return check_range(r, x, expr, b);
}

static bool parse_field(struct reader *r, char *s, const struct bounds *b, uint64_t *bits, bool *star)
{
	char *rest;
	struct range x;

	*bits = 0;
	*star = false;
	for (; s; s = rest) {
		split(s, ',', &rest);
		if (!*s)
			continue;
		if (!parse_range(r, s, b, &x))
			return false;
		*star = *star || x.star;
		for (unsigned i = x.first; i <= x.last; i += x.step) {
			*bits |= 1ULL << i;
			if (x.step > x.last)
				break;
		}
	}
	return true;
}

static bool parse_named(struct reader *r, const char *text, struct cron *out)
{
	static const struct {
		const char *name, *fields;
	} names[] = { { "@yearly", "0 0 1 1 *" },  { "@annually", "0 0 1 1 *" },
		      { "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" },
		      { "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
		      { "@hourly", "0 * * * *" } };
	int64_t ns;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i].name, text))
			return cron_parse(r->a, names[i].fields, out, &r->why);
	if (strncmp(text, "@every ", 7))
		return refuse(r, arena_printf(r->a, "unrecognized descriptor: %s", text));
	if (!duration_parse(text + 7, &ns))
		return refuse(r, arena_printf(r->a,
					      "failed to parse duration %s: time: invalid duration %s",
					      text, go_quote(r->a, text + 7, strlen(text + 7))));
	*out = (struct cron){ .every_s = ns < 1000000000 ? 1 : ns / 1000000000 };
	return true;
}

static bool parse_fields(struct reader *r, const char *text, struct cron *out)
{
	uint64_t *const bits[FIELDS] = { &out->minute, &out->hour, &out->day, &out->month,
					 &out->weekday };
	char *fields[FIELDS], *save, *copy = arena_strdup(r->a, text);
	bool star[FIELDS];
	size_t n = 0;
	const char *shown = "[";

	for (char *f = strtok_r(copy, " \t\n\v\f\r", &save); f;
	     f = strtok_r(NULL, " \t\n\v\f\r", &save), n++) {
		shown = arena_printf(r->a, "%s%s%s", shown, n ? " " : "", f);
		if (n < FIELDS)
			fields[n] = f;
	}
	if (n != FIELDS)
		return refuse(r, arena_printf(r->a, "expected exactly 5 fields, found %zu: %s]", n,
					      shown));
	for (size_t i = 0; i < FIELDS; i++)
		if (!parse_field(r, fields[i], &bounds[i], bits[i], &star[i]))
			return false;
	out->any_day = star[2];
	out->any_weekday = star[4];
	return true;
}

bool cron_parse(struct arena *a, const char *text, struct cron *out, const char **why)
{
	struct reader r = { .a = a };
	bool ok;

	*out = (struct cron){ 0 };
	if (!*text)
		ok = refuse(&r, "empty spec string");
	else if (*text == '@')
		ok = parse_named(&r, text, out);
	else
		ok = parse_fields(&r, text, out);
	if (!ok)
		*why = r.why;
	return ok;
}

/* ---- the next moment ---- */

static bool has(uint64_t bits, int v)
{
	return bits >> v & 1;
}

static bool day_matches(const struct cron *c, const struct civil *t)
{
	bool day = has(c->day, t->day), weekday = has(c->weekday, t->weekday);

	return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

static struct civil shown(const struct zone *z, int64_t s)
{
	struct civil c;

	civil_from_s(s + zone_offset(z, s), &c);
	return c;
}

/* The first moment of the next month, day, hour or minute of those clocks. */
static int64_t step(const struct zone *z, int64_t s, const struct cron *c)
{
	struct civil t = shown(z, s);
	int64_t next;

	if (!has(c->month, t.month))
		t = (struct civil){ .year = t.year, .month = t.month + 1, .day = 1 };
	else if (!day_matches(c, &t))
		t = (struct civil){ .year = t.year, .month = t.month, .day = t.day + 1 };
	else if (!has(c->hour, t.hour))
		return s - (t.minute * 60 + t.second) + 3600;
	else
		return s - t.second + 60;
	next = zone_moment(z, &t);
	/* Clocks that skip midnight: the day begins when they go on. */
	return next > s ? next : s + 3600;
}

int64_t cron_next(const struct cron *c, const struct zone *z, int64_t t)
{
	int64_t s = t + 1;
	struct civil now = shown(z, s);
	int64_t last_year = now.year + YEARS_AHEAD;

	if (c->every_s)
		return t + c->every_s;
	if (now.second)
		s += 60 - now.second;
	for (;;) {
		now = shown(z, s);
		if (now.year > last_year)
			return 0;
		if (has(c->month, now.month) && day_matches(c, &now) && has(c->hour, now.hour) &&
		    has(c->minute, now.minute))
			return s;
		s = step(z, s, c);
	}
}
