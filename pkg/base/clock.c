/*
 * clock: the system's clocks and Go's text forms of times and durations.
 *
 * Calendar arithmetic counts days from 1 March 0000 in 400-year eras, without tables
 * and without the libc (whose timegm takes locks and consults the time zone).
 * Parsers accept what Go's time.Parse(RFC3339) and time.ParseDuration accept.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S 1000000

static _Atomic int64_t frozen_us = -1;

int64_t clock_now_us(void)
{
	int64_t fixed = atomic_load_explicit(&frozen_us, memory_order_relaxed);
	struct timespec ts;

	if (fixed >= 0)
		return fixed;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

int64_t clock_now_s(void)
{
	return clock_now_us() / US_PER_S;
}

int64_t clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void clock_set(int64_t us)
{
	frozen_us = us < 0 ? -1 : us;
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_of(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct civil {
	int year, month, day, hour, min, sec;
};

static struct civil civil_of(int64_t s)
{
	int64_t day = s / 86400, rest = s % 86400, era, doe, yoe, doy, mp;
	struct civil c;

	if (rest < 0) {
		rest += 86400;
		day--;
	}
	day += 719468;
	era = (day >= 0 ? day : day - 146096) / 146097;
	doe = day - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	c.hour = (int)(rest / 3600);
	c.min = (int)(rest / 60 % 60);
	c.sec = (int)(rest % 60);
	return c;
}

/* v as exactly n digits; returns the place behind them. */
static char *put_digits(char *p, int64_t v, int n)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

/* Years outside 0..9999 have no RFC 3339 form; the nearest one that has is written. */
static int64_t clamp_s(int64_t s)
{
	const int64_t first = days_of(0, 1, 1) * 86400, last = days_of(10000, 1, 1) * 86400 - 1;

	return s < first ? first : s > last ? last : s;
}

static char *put_time(char *p, int64_t s)
{
	struct civil c = civil_of(clamp_s(s));

	p = put_digits(p, c.year, 4);
	*p++ = '-';
	p = put_digits(p, c.month, 2);
	*p++ = '-';
	p = put_digits(p, c.day, 2);
	*p++ = 'T';
	p = put_digits(p, c.hour, 2);
	*p++ = ':';
	p = put_digits(p, c.min, 2);
	*p++ = ':';
	return put_digits(p, c.sec, 2);
}

void time_format(int64_t s, char out[TIME_LEN])
{
	char *p = put_time(out, s);

	p[0] = 'Z';
	p[1] = '\0';
}

void time_format_us(int64_t us, char out[TIME_LEN])
{
	int64_t s = us / US_PER_S, frac = us % US_PER_S;
	char *p;

	if (frac < 0) {
		frac += US_PER_S;
		s--;
	}
	p = put_time(out, s);
	*p++ = '.';
	p = put_digits(p, frac, 6);
	p[0] = 'Z';
	p[1] = '\0';
}

/* Exactly n digits within lo..hi, then the character after (0: none); advances *s. */
static bool take_digits(const char **s, int n, int lo, int hi, char after, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++, ++*s) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	if (v < lo || v > hi || (after && *(*s)++ != after))
		return false;
	*out = v;
	return true;
}

static int days_in_month(int y, int m)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100) || y % 400 == 0;

	return days[m - 1] + (m == 2 && leap);
}

/* ".123" with any number of digits; digits beyond microseconds are cut off. */
static bool take_fraction(const char **s, int *us)
{
	int scale = 100000;

	*us = 0;
	if (**s != '.' && **s != ',')
		return true;
	++*s;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; ++*s, scale /= 10)
		*us += (**s - '0') * scale;
	return true;
}

/* "Z" or "+hh:mm"; seconds east of Greenwich. */
static bool take_zone(const char **s, int *east)
{
	int h, m, sign;

	*east = 0;
	if (**s == 'Z') {
		++*s;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	sign = *(*s)++ == '-' ? -1 : 1;
	if (!take_digits(s, 2, 0, 24, ':', &h) || !take_digits(s, 2, 0, 60, 0, &m))
		return false;
	*east = sign * (h * 3600 + m * 60);
	return true;
}

bool time_parse(const char *s, int64_t *us)
{
	struct civil c;
	int frac, east;

	if (!take_digits(&s, 4, 0, 9999, '-', &c.year) || !take_digits(&s, 2, 1, 12, '-', &c.month) ||
	    !take_digits(&s, 2, 1, days_in_month(c.year, c.month), 'T', &c.day) ||
	    !take_digits(&s, 2, 0, 23, ':', &c.hour) || !take_digits(&s, 2, 0, 59, ':', &c.min) ||
	    !take_digits(&s, 2, 0, 59, 0, &c.sec))
		return false;
	if (!take_fraction(&s, &frac) || !take_zone(&s, &east) || *s)
		return false;
	*us = (days_of(c.year, c.month, c.day) * 86400 + c.hour * 3600 + c.min * 60 + c.sec - east) *
		      US_PER_S +
	      frac;
	return true;
}

/* "2h5m", without the second part when that is zero. */
static void two_parts(char out[AGE_LEN], int64_t x, const char *xu, int64_t y, const char *yu)
{
	if (y)
		snprintf(out, AGE_LEN, "%lld%s%lld%s", (long long)x, xu, (long long)y, yu);
	else
		snprintf(out, AGE_LEN, "%lld%s", (long long)x, xu);
}

void age_format(int64_t s, char out[AGE_LEN])
{
	int64_t m = s / 60, h = s / 3600, d = h / 24;

	if (s < -1)
		snprintf(out, AGE_LEN, "<invalid>");
	else if (s < 0)
		snprintf(out, AGE_LEN, "0s");
	else if (s < 2 * 60)
		two_parts(out, s, "s", 0, "");
	else if (m < 10)
		two_parts(out, m, "m", s % 60, "s");
	else if (m < 3 * 60)
		two_parts(out, m, "m", 0, "");
	else if (h < 8)
		two_parts(out, h, "h", m % 60, "m");
	else if (h < 48)
		two_parts(out, h, "h", 0, "");
	else if (d < 8)
		two_parts(out, d, "d", h % 24, "h");
	else if (d < 365 * 2)
		two_parts(out, d, "d", 0, "");
	else if (d < 365 * 8)
		two_parts(out, d / 365, "y", d % 365, "d");
	else
		two_parts(out, d / 365, "y", 0, "");
}

/* The nanoseconds of the unit at *s; 0 if there is none such. */
static int64_t take_unit(const char **s)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		/* A name comes before its own prefixes. */
		{ "ns", 1 },           { "us", 1000 },         { "\xC2\xB5s", 1000 },
		{ "\xCE\xBCs", 1000 }, { "ms", 1000000 },      { "s", 1000000000 },
		{ "m", 60000000000 },  { "h", 3600000000000 },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(*s, units[i].name, n) == 0 &&
		    ((*s)[n] == '\0' || (*s)[n] == '.' || ((*s)[n] >= '0' && (*s)[n] <= '9'))) {
			*s += n;
			return units[i].ns;
		}
	}
	return 0;
}

/* One "1.5h"; adds it to *sum. */
static bool take_term(const char **s, __int128 *sum)
{
	__int128 whole = 0, frac = 0, scale = 1;
	bool digits = false;
	int64_t unit;

	for (; **s >= '0' && **s <= '9'; ++*s, digits = true) {
		whole = whole * 10 + (**s - '0');
		if (whole > INT64_MAX)
			return false;
	}
	if (**s == '.')
		for (++*s; **s >= '0' && **s <= '9'; ++*s, digits = true)
			if (scale < (__int128)1000000000000000000) {
				frac = frac * 10 + (**s - '0');
				scale *= 10;
			}
	if (!digits)
		return false;
	unit = take_unit(s);
	if (!unit)
		return false;
	*sum += whole * unit + frac * unit / scale;
	return *sum <= (__int128)INT64_MAX + 1;
}

bool duration_parse(const char *s, int64_t *ns)
{
	__int128 sum = 0;
	bool negative = *s == '-';

	if (*s == '-' || *s == '+')
		s++;
	if (strcmp(s, "0") == 0) {
		*ns = 0;
		return true;
	}
	do {
		if (!take_term(&s, &sum))
			return false;
	} while (*s);
	if (negative)
		sum = -sum;
	if (sum > INT64_MAX)
		return false;
	*ns = (int64_t)sum;
	return true;
}
