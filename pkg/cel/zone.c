/*
 * zone: the offset of a time zone at a moment, from the machine's TZif files (RFC 8536).
 *
 * Zones are looked up where Go looks: below /usr/share/zoneinfo.  Beyond the last transition the rule
 * at the file's end applies.
 */
#include "cel/timestamp.h"
#include "cel/value.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ZONE_MAX 65536 /* bytes of a zone file */

struct zone {
	const unsigned char *p; /* of the 64-bit block */
	size_t n;
	uint32_t times, types, chars;
	const char *rule; /* NUL-terminated */
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

static bool open_zone(unsigned char *p, size_t n, struct zone *z)
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
	*z = (struct zone){ .p = p + 44,
			    .n = n,
			    .times = get32(p + 32),
			    .types = get32(p + 36),
			    .chars = get32(p + 40),
			    .rule = "" };
	if (n - second > 2 && p[second] == '\n') {
		p[n - 1] = '\0';
		z->rule = (const char *)p + second + 1;
	}
	return z->types > 0;
}

/* ---- the rule of the time after the last transition: EST5EDT,M3.2.0,M11.1.0 ---- */

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
	int sign = *s == '-' ? -1 : 1, unit = 3600;
	char *end;

	if (*s == '-' || *s == '+')
		s++;
	*out = 0;
	for (; unit; unit /= 60) {
		*out += (int)strtol(s, &end, 10) * unit;
		s = end;
		if (*s != ':')
			break;
		s++;
	}
	*out *= sign;
	return s;
}

/* A day such as M3.2.0/2, J60, 59: seconds from the year's begin, local time. */
static const char *take_day(const char *s, int64_t year, int *out)
{
	struct cel_value first;
	char text[32];
	struct cel_civil c, next;
	int m, week, day, time = 7200, used = 0, offset;
	char *end;

	*out = 0;
	if (*s == 'J') {
		day = (int)strtol(s + 1, &end, 10);
		s = end;
		*out = day - 1 + (day > 59 && year % 4 == 0 && (year % 100 || year % 400 == 0));
	} else if (sscanf(s, "M%d.%d.%d%n", &m, &week, &day, &used) == 3 && m >= 1 && m <= 12) {
		snprintf(text, sizeof text, "%04d-%02d-01", (int)(year % 10000), m);
		cel_time_parse_format(text, strlen(text), &first);
		cel_time_civil(first.i, &c);
		offset = (day - c.weekday + 7) % 7 + 7 * (week - 1);
		cel_time_civil(first.i + 31 * 86400, &next);
		/* The fifth may be the fourth. */
		if (offset >= 32 - next.day)
			offset -= 7;
		*out = c.yearday + offset;
		s += used;
	} else {
		*out = (int)strtol(s, &end, 10);
		s = end;
	}
	*out *= 86400;
	if (*s == '/')
		s = take_hms(s + 1, &time);
	*out += time;
	return s;
}

static bool rule_offset(const char *rule, int64_t t, int *offset)
{
	struct cel_civil c;
	struct cel_value year;
	char text[32];
	int standard, summer, begin, end, at;
	const char *s = skip_name(rule);

	if (!*s)
		return false;
	s = take_hms(s, &standard);
	standard = -standard;
	*offset = standard;
	if (!*s)
		return true;
	s = skip_name(s);
	summer = standard + 3600;
	if (*s && *s != ',') {
		s = take_hms(s, &summer);
		summer = -summer;
	}
	if (*s != ',')
		return false;
	cel_time_civil(t + standard, &c);
	s = take_day(s + 1, c.year, &begin);
	if (*s != ',')
		return false;
	take_day(s + 1, c.year, &end);
	snprintf(text, sizeof text, "%04d-01-01", (int)(c.year % 10000));
	cel_time_parse_format(text, strlen(text), &year);
	at = (int)(t - year.i);
	begin -= standard;
	end -= summer;
	if (begin < end ? at >= begin && at < end : at >= begin || at < end)
		*offset = summer;
	return true;
}

/* ---- lookup ---- */

/* The type in force at t. */
static int type_at(const struct zone *z, int64_t t)
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

static bool offset_at(const struct zone *z, int64_t t, int *offset)
{
	const unsigned char *infos = z->p + (size_t)z->times * 9;
	uint32_t type;

	if ((!z->times || t >= get64(z->p + (size_t)(z->times - 1) * 8)) && *z->rule &&
	    rule_offset(z->rule, t, offset))
		return true;
	type = (uint32_t)type_at(z, t);
	if (type >= z->types)
		return false;
	*offset = (int)get32(infos + (size_t)type * 6);
	return true;
}

static bool is_safe_name(const char *name)
{
	return *name && *name != '/' && *name != '\\' && !strstr(name, "..") && strlen(name) < 100;
}

static bool read_zone(struct arena *a, const char *name, struct zone *z)
{
	unsigned char *p = arena_alloc(a, ZONE_MAX);
	int fd = open(arena_printf(a, "/usr/share/zoneinfo/%s", name), O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, p, ZONE_MAX - 1);
	close(fd);
	return n > 0 && open_zone(p, (size_t)n, z);
}

/* +02:00 as two numbers, as loosely as upstream reads it. */
static bool fixed_offset(struct arena *a, const char *zone, const char *colon, int *offset,
			 const char **why)
{
	const char *parts[2] = { arena_dup(a, zone, (size_t)(colon - zone)), colon + 1 };
	long v[2];

	for (int i = 0; i < 2; i++) {
		char *end;
		const char *digits = parts[i] + (*parts[i] == '-' || *parts[i] == '+');

		v[i] = strtol(parts[i], &end, 10);
		if (*digits < '0' || *digits > '9' || *end || strlen(digits) > 9) {
			*why = arena_printf(a, "strconv.Atoi: parsing %s: invalid syntax",
					    go_quote(a, parts[i], strlen(parts[i])));
			return false;
		}
	}
	*offset = (int)((*zone == '-' ? v[0] * 60 - v[1] : v[0] * 60 + v[1]) * 60);
	return true;
}

bool cel_zone_offset(struct arena *a, const char *zone, int64_t s, int *offset, const char **why)
{
	const char *colon = strchr(zone, ':');
	struct zone z;

	*offset = 0;
	if (colon)
		return fixed_offset(a, zone, colon, offset, why);
	if (!*zone || strcmp(zone, "UTC") == 0 || strcmp(zone, "Local") == 0)
		return true;
	if (!is_safe_name(zone)) {
		*why = "time: invalid location name";
		return false;
	}
	if (!read_zone(a, zone, &z) || !offset_at(&z, s, offset)) {
		*why = arena_printf(a, "unknown time zone %s", zone);
		return false;
	}
	return true;
}
