/*
 * timestamp: times and durations as Go's package time reads and writes them.
 *
 * A timestamp keeps the offset it was written with, because string() shows it again.
 */
#include "cel/timestamp.h"

#include "cel/number.h"
#include "cel/value.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define NANO 1000000000

/* ---- calendar ---- */

/* Days since 1970-01-01 of a day in the proleptic Gregorian calendar. */
static int64_t days_of(int64_t y, int m, int d)
{
	int64_t era, year_of_era, day_of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static bool is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int month_days(int64_t y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[m - 1] + (m == 2 && is_leap(y));
}

void cel_time_civil(int64_t s, struct cel_civil *c)
{
	int64_t days = s / 86400, rest = s % 86400, z, era, doe, yoe, doy, mp;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	z = days + 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c->year = yoe + era * 400 + (c->month <= 2);
	c->hour = (int)(rest / 3600);
	c->minute = (int)(rest / 60 % 60);
	c->second = (int)(rest % 60);
	c->weekday = (int)(((days % 7) + 11) % 7);
	c->yearday = (int)(days - days_of(c->year, 1, 1));
}

/* ---- reading times ---- */

struct reader {
	const char *p, *end;
};

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool take_digits(struct reader *r, int n, int *out)
{
	*out = 0;
	for (; n > 0; n--, r->p++) {
		if (r->p == r->end || *r->p < '0' || *r->p > '9')
			return false;
		*out = *out * 10 + (*r->p - '0');
	}
	return true;
}

static bool take_date(struct reader *r, int64_t *days)
{
	int y, m, d;

	if (!take_digits(r, 4, &y) || !take(r, '-') || !take_digits(r, 2, &m) || !take(r, '-') ||
	    !take_digits(r, 2, &d))
		return false;
	if (m < 1 || m > 12 || d < 1 || d > month_days(y, m))
		return false;
	*days = days_of(y, m, d);
	return true;
}

/* .123 or ,123: digits beyond nanoseconds are dropped. */
static bool take_fraction(struct reader *r, uint32_t *ns)
{
	uint32_t unit = NANO / 10;

	*ns = 0;
	if (r->end - r->p < 2 || (*r->p != '.' && *r->p != ',') || r->p[1] < '0' || r->p[1] > '9')
		return true;
	for (r->p++; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		*ns += (uint32_t)(*r->p - '0') * unit;
		unit /= 10;
	}
	return true;
}

static bool take_clock(struct reader *r, int64_t *seconds, uint32_t *ns)
{
	int h, m, s;

	if (!take_digits(r, 2, &h) || !take(r, ':') || !take_digits(r, 2, &m) || !take(r, ':') ||
	    !take_digits(r, 2, &s) || !take_fraction(r, ns))
		return false;
	*seconds = h * 3600 + m * 60 + s;
	return h < 24 && m < 60 && s < 60;
}

static bool take_zone(struct reader *r, int *minutes)
{
	int sign = 1, h, m;

	*minutes = 0;
	if (take(r, 'Z'))
		return true;
	if (take(r, '-'))
		sign = -1;
	else if (!take(r, '+'))
		return false;
	if (!take_digits(r, 2, &h) || !take(r, ':') || !take_digits(r, 2, &m) || h > 24 || m > 60)
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

static bool parse_time(const char *s, size_t n, bool loose, struct cel_value *out)
{
	struct reader r = { .p = s, .end = s + n };
	int64_t days, seconds = 0;
	uint32_t ns = 0;
	int zone = 0;

	if (!take_date(&r, &days))
		return false;
	if (!loose || r.p < r.end) {
		if (!take(&r, 'T') || !take_clock(&r, &seconds, &ns))
			return false;
		if ((!loose || r.p < r.end) && !take_zone(&r, &zone))
			return false;
	}
	*out = cel_timestamp(days * 86400 + seconds - zone * 60, ns);
	out->zone = (int16_t)zone;
	return r.p == r.end;
}

bool cel_time_parse(const char *s, size_t n, struct cel_value *out)
{
	return parse_time(s, n, false, out);
}

bool cel_time_parse_format(const char *s, size_t n, struct cel_value *out)
{
	if (!n)
		*out = cel_timestamp(0, 0);
	return !n || parse_time(s, n, true, out);
}

/* ---- reading durations ---- */

static int64_t unit_ns(const char *s, size_t n)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{ "ns", 1 },       { "us", 1000 }, { "\xc2\xb5s", 1000 }, { "\xce\xbcs", 1000 },
		{ "ms", 1000000 }, { "s", NANO },  { "m", 60ll * NANO },  { "h", 3600ll * NANO },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i].name) == n && memcmp(units[i].name, s, n) == 0)
			return units[i].ns;
	return 0;
}

/* Digits; *scale becomes ten to their number.  What does not fit is dropped, as in Go. */
static void take_decimals(struct reader *r, uint64_t *v, double *scale)
{
	bool full = false;

	*v = 0;
	*scale = 1;
	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		if (full)
			continue;
		if (*v > INT64_MAX / 10) {
			full = true;
			continue;
		}
		*v = *v * 10 + (uint64_t)(*r->p - '0');
		*scale *= 10;
	}
}

/* One "12.5ms"; adds to *total. */
static bool take_part(struct reader *r, uint64_t *total)
{
	uint64_t whole = 0, part = 0;
	const char *from = r->p, *unit;
	double scale = 1;
	int64_t ns;

	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		if (whole > ((uint64_t)1 << 63) / 10)
			return false;
		whole = whole * 10 + (uint64_t)(*r->p - '0');
	}
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		take_decimals(r, &part, &scale);
		if (r->p - from == 1)
			return false;
	} else if (r->p == from) {
		return false;
	}
	unit = r->p;
	while (r->p < r->end && *r->p != '.' && (*r->p < '0' || *r->p > '9'))
		r->p++;
	ns = unit_ns(unit, (size_t)(r->p - unit));
	if (!ns || whole > ((uint64_t)1 << 63) / (uint64_t)ns)
		return false;
	whole = whole * (uint64_t)ns + (uint64_t)((double)part * ((double)ns / scale));
	*total += whole;
	return whole <= (uint64_t)1 << 63 && *total <= (uint64_t)1 << 63;
}

bool cel_duration_parse(const char *s, size_t n, int64_t *ns)
{
	struct reader r = { .p = s, .end = s + n };
	uint64_t total = 0;
	bool negative = take(&r, '-');

	if (!negative)
		take(&r, '+');
	*ns = 0;
	if (r.end - r.p == 1 && *r.p == '0')
		return true;
	if (r.p == r.end)
		return false;
	while (r.p < r.end)
		if (!take_part(&r, &total))
			return false;
	if (!negative && total > INT64_MAX)
		return false;
	*ns = negative ? (int64_t)(0 - total) : (int64_t)total;
	return true;
}

/* The unit that a word means in strfmt: the last name of a row also as a prefix. */
static int64_t word_ns(const char *s, size_t n)
{
	static const struct {
		const char *names[3], *prefix;
		int64_t ns;
	} units[] = {
		{ { "ns" }, "nano", 1 },
		{ { "us", "\xc2\xb5s" }, "micro", 1000 },
		{ { "ms" }, "milli", 1000000 },
		{ { "s" }, "sec", NANO },
		{ { "m" }, "min", 60ll * NANO },
		{ { "h", "hr" }, "hour", 3600ll * NANO },
		{ { "d" }, "day", 86400ll * NANO },
		{ { "w", "wk" }, "week", 7 * 86400ll * NANO },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t prefix = strlen(units[i].prefix);

		for (size_t k = 0; units[i].names[k]; k++)
			if (strlen(units[i].names[k]) == n &&
			    strncasecmp(units[i].names[k], s, n) == 0)
				return units[i].ns;
		if (n >= prefix && strncasecmp(units[i].prefix, s, prefix) == 0)
			return units[i].ns;
	}
	return 0;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\xc2' || c == '\xb5';
}

bool cel_duration_parse_format(const char *s, size_t n, int64_t *ns)
{
	struct reader r = { .p = s, .end = s + n };
	uint64_t total = 0;
	bool any = false;

	if (cel_duration_parse(s, n, ns))
		return true;
	while (r.p < r.end) {
		const char *word;
		uint64_t v;
		double scale;
		int64_t unit;

		if (*r.p < '0' || *r.p > '9') {
			r.p++;
			continue;
		}
		take_decimals(&r, &v, &scale);
		while (r.p < r.end && strchr(" \t\n\f\r", *r.p))
			r.p++;
		for (word = r.p; r.p < r.end && is_letter(*r.p);)
			r.p++;
		unit = word_ns(word, (size_t)(r.p - word));
		any |= unit != 0;
		total += v * (uint64_t)unit;
	}
	*ns = (int64_t)total;
	return any;
}

/* ---- writing ---- */

/* .5, .123456789: as many digits as needed. */
static void print_fraction(struct buf *b, uint32_t ns)
{
	char text[12];
	int n = 9;

	if (!ns)
		return;
	for (; ns % 10 == 0; n--)
		ns /= 10;
	for (int i = n; i > 0; i--, ns /= 10)
		text[i] = (char)('0' + ns % 10);
	text[0] = '.';
	buf_add(b, text, (size_t)n + 1);
}

static void print_moment(struct buf *b, struct cel_value t, char between)
{
	struct cel_civil c;

	cel_time_civil(t.i + t.zone * 60, &c);
	buf_addf(b, "%04lld-%02d-%02d%c%02d:%02d:%02d", (long long)c.year, c.month, c.day, between,
		 c.hour, c.minute, c.second);
	print_fraction(b, t.n);
}

void cel_time_print(struct buf *b, struct cel_value t)
{
	int z = abs(t.zone);

	print_moment(b, t, 'T');
	if (t.zone)
		buf_addf(b, "%c%02d:%02d", t.zone < 0 ? '-' : '+', z / 60, z % 60);
	else
		buf_addc(b, 'Z');
}

void cel_time_print_go(struct buf *b, struct cel_value t)
{
	int z = abs(t.zone);

	print_moment(b, t, ' ');
	if (t.zone)
		buf_addf(b, " %c%02d%02d %c%02d%02d", t.zone < 0 ? '-' : '+', z / 60, z % 60,
			 t.zone < 0 ? '-' : '+', z / 60, z % 60);
	else
		buf_adds(b, " +0000 UTC");
}

void cel_duration_print(struct buf *b, int64_t ns)
{
	/* Go's Seconds(): the parts are added as doubles. */
	cel_print_fixed(b, (double)(ns / NANO) + (double)(ns % NANO) / 1e9);
	buf_addc(b, 's');
}

/* u / 10^digits with that many decimals at most. */
static void print_scaled(struct buf *b, uint64_t u, int digits, const char *unit)
{
	uint64_t scale = 1;

	for (int i = 0; i < digits; i++)
		scale *= 10;
	buf_addf(b, "%llu", (unsigned long long)(u / scale));
	u %= scale;
	for (; digits < 9; digits++)
		u *= 10;
	print_fraction(b, (uint32_t)u);
	buf_adds(b, unit);
}

void cel_duration_print_go(struct buf *b, int64_t ns)
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, seconds = u / NANO;

	if (ns < 0)
		buf_addc(b, '-');
	if (!u)
		buf_adds(b, "0s");
	else if (u < 1000)
		print_scaled(b, u, 0, "ns");
	else if (u < 1000000)
		print_scaled(b, u, 3, "\xc2\xb5s");
	else if (u < NANO)
		print_scaled(b, u, 6, "ms");
	else {
		if (seconds >= 3600)
			buf_addf(b, "%lluh", (unsigned long long)(seconds / 3600));
		if (seconds >= 60)
			buf_addf(b, "%llum", (unsigned long long)(seconds / 60 % 60));
		print_scaled(b, seconds % 60 * NANO + u % NANO, 9, "s");
	}
}
