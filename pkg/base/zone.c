#include "base/zone.h"
#include "base/zone_rules.h"

#include "base/arena.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ZONE_MAX 65536 /* bytes of a zone's data */
#define DAY_S 86400

/* ---- civil time: days are counted from 1 March 0000, so that leap days end a cycle ---- */

#define DAYS_TO_1970 719468
#define DAYS_OF_ERA 146097 /* 400 years */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t days_from(int64_t year, int64_t month, int64_t day)
{
	int64_t era, in_era, in_year;

	year += floor_div(month - 1, 12);
	month = (month - 1) - floor_div(month - 1, 12) * 12 + 1;
	year -= month <= 2;
	era = floor_div(year, 400);
	in_era = year - era * 400;
	in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * DAYS_OF_ERA + in_era * 365 + in_era / 4 - in_era / 100 + in_year - DAYS_TO_1970;
}

void civil_from_s(int64_t s, struct civil *out)
{
	int64_t days = floor_div(s, DAY_S), rest = s - days * DAY_S;
	int64_t z = days + DAYS_TO_1970, era = floor_div(z, DAYS_OF_ERA), in_era, in_year, m;

	in_era = z - era * DAYS_OF_ERA;
	out->year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	in_year = in_era - (365 * out->year + out->year / 4 - out->year / 100);
	m = (5 * in_year + 2) / 153;
	out->day = (int)(in_year - (153 * m + 2) / 5 + 1);
	out->month = (int)(m < 10 ? m + 3 : m - 9);
	out->year += era * 400 + (out->month <= 2);
	out->hour = (int)(rest / 3600);
	out->minute = (int)(rest / 60 % 60);
	out->second = (int)(rest % 60);
	out->weekday = (int)(days + 4 - floor_div(days + 4, 7) * 7);
	out->yearday = (int)(days - days_from(out->year, 1, 1));
}

int64_t civil_to_s(const struct civil *c)
{
	return days_from(c->year, c->month, c->day) * DAY_S + c->hour * (int64_t)3600 +
	       c->minute * (int64_t)60 + c->second;
}

/* ---- the data of a zone ---- */

struct zone {
	const unsigned char *p; /* of the block with 64-bit times */
	uint32_t times, types;
	const char *rule; /* "EST5EDT,M3.2.0,M11.1.0"; "" = none */
};

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t get64(const unsigned char *p)
{
	return (int64_t)((uint64_t)get32(p) << 32 | get32(p + 4));
}

/* Bytes of a block behind its header of 44 bytes. */
static size_t block_size(const unsigned char *h, size_t time_size)
{
	return (size_t)get32(h + 32) * (time_size + 1) + (size_t)get32(h + 36) * 6 + get32(h + 40) +
	       (size_t)get32(h + 28) * (time_size + 4) + get32(h + 24) + get32(h + 20);
}

static bool zone_parse(struct arena *a, const unsigned char *p, size_t n, struct zone *z)
{
	size_t first, second;

	if (n < 44 || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	first = 44 + block_size(p, 4);
	if (first > n || n - first < 44)
		return false;
	p += first;
	n -= first;
	second = 44 + block_size(p, 8);
	if (second > n)
		return false;
	*z = (struct zone){ .p = p + 44, .times = get32(p + 32), .types = get32(p + 36), .rule = "" };
	if (n - second > 2 && p[second] == '\n')
		z->rule =
			arena_printf(a, "%.*s", (int)(n - second - 2), (const char *)p + second + 1);
	return z->types > 0;
}

/* ---- the rule of the time after the last transition ---- */

static const char *skip_name(const char *s)
{
	if (*s == '<') {
		s = strchr(s, '>');
		return s ? s + 1 : "";
	}
	while ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z'))
		s++;
	return s;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static const char *take_hms(const char *s, int *out)
{
	int sign = *s == '-' ? -1 : 1;
	char *end;

	s += *s == '-' || *s == '+';
	*out = 0;
	for (int unit = 3600; unit; unit /= 60) {
		*out += (int)strtol(s, &end, 10) * unit;
		s = end;
		if (*s != ':')
			break;
		s++;
	}
	*out *= sign;
	return s;
}

/* The n-th weekday of a month; the fifth is the last. */
static int month_day(int64_t year, int month, int n, int weekday)
{
	struct civil first, next;
	int day;

	civil_from_s(days_from(year, month, 1) * DAY_S, &first);
	civil_from_s(days_from(year, month + 1, 1) * DAY_S, &next);
	day = first.yearday + (weekday - first.weekday + 7) % 7 + 7 * (n - 1);
	while (day >= (next.yearday ? next.yearday : first.yearday + 31))
		day -= 7;
	return day;
}

/* A day such as M3.2.0/2, J60, 59 as local seconds from the year's begin. */
static const char *take_day(const char *s, int64_t year, int *out)
{
	int m, n, weekday, time = 7200, used = 0, day;
	char *end;

	if (sscanf(s, "M%d.%d.%d%n", &m, &n, &weekday, &used) == 3 && m >= 1 && m <= 12) {
		day = month_day(year, m, n, weekday);
		s += used;
	} else if (*s == 'J') { /* from 1, 29 February is never counted */
		day = (int)strtol(s + 1, &end, 10) - 1;
		day += day > 58 && !(year % 4) && (year % 100 || !(year % 400));
		s = end;
	} else {
		day = (int)strtol(s, &end, 10);
		s = end;
	}
	if (*s == '/')
		s = take_hms(s + 1, &time);
	*out = day * DAY_S + time;
	return s;
}

static bool rule_offset(const char *rule, int64_t t, int *offset)
{
	const char *s = skip_name(rule);
	int standard, summer, begin, end;
	struct civil c;
	int64_t at;

	if (!*s)
		return false;
	s = take_hms(s, &standard);
	*offset = standard = -standard;
	if (!*s)
		return true;
	s = skip_name(s);
	summer = standard + 3600;
	if (*s && *s != ',') {
		s = take_hms(s, &summer);
		summer = -summer;
	}
	if (*s != ',')
		return true;
	civil_from_s(t + standard, &c);
	s = take_day(s + 1, c.year, &begin);
	take_day(*s == ',' ? s + 1 : s, c.year, &end);
	at = t - days_from(c.year, 1, 1) * DAY_S;
	begin -= standard;
	end -= summer;
	if (begin < end ? at >= begin && at < end : at >= begin || at < end)
		*offset = summer;
	return true;
}

/* ---- lookup ---- */

/* The type in force at t. */
static uint32_t type_at(const struct zone *z, int64_t t)
{
	const unsigned char *types = z->p + (size_t)z->times * 8;
	uint32_t low = 0, high = z->times;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (get64(z->p + (size_t)middle * 8) <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? types[low - 1] : 0;
}

int zone_offset(const struct zone *z, int64_t t)
{
	uint32_t type;
	int offset = 0;

	if ((!z->times || t >= get64(z->p + (size_t)(z->times - 1) * 8)) &&
	    rule_offset(z->rule, t, &offset))
		return offset;
	type = z->types ? type_at(z, t) : 0;
	return type < z->types ? (int)get32(z->p + (size_t)z->times * 9 + (size_t)type * 6) : 0;
}

int64_t zone_moment(const struct zone *z, const struct civil *c)
{
	int64_t local = civil_to_s(c);

	return local - zone_offset(z, local - zone_offset(z, local));
}

static const unsigned char *from_file(struct arena *a, const char *name, size_t *n)
{
	unsigned char *p;
	int fd = open(arena_printf(a, "/usr/share/zoneinfo/%s", name), O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return NULL;
	p = arena_alloc(a, ZONE_MAX);
	got = read(fd, p, ZONE_MAX);
	close(fd);
	*n = got > 0 ? (size_t)got : 0;
	return *n ? p : NULL;
}

static bool is_safe_name(const char *name)
{
	return *name != '/' && !strchr(name, '\\') && !strstr(name, "..") && strlen(name) < 100;
}

const struct zone *zone_find(struct arena *a, const char *name)
{
	struct zone *z = arena_zalloc(a, sizeof *z);
	const unsigned char *p;
	size_t n;

	z->rule = "";
	if (!*name || !strcmp(name, "UTC") || !strcmp(name, "Local"))
		return z;
	if (!is_safe_name(name))
		return NULL;
	p = from_file(a, name, &n);
	if (p && zone_parse(a, p, n, z))
		return z;
	z->rule = zone_rule(name);
	return z->rule ? z : NULL;
}
