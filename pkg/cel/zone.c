/*
 * zone: the offset of what an expression names as a time zone.
 *
 * Names are looked up in base/zone; what has a colon is an offset, which upstream takes apart by itself.  The
 * texts of refusals are those of Go's time and strconv.
 */
#include "cel/timestamp.h"
#include "cel/value.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>

static bool is_safe_name(const char *name)
{
	return *name != '/' && *name != '\\' && !strstr(name, "..");
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
	const struct zone *z;

	if (colon)
		return fixed_offset(a, zone, colon, offset, why);
	if (!is_safe_name(zone)) {
		*why = "time: invalid location name";
		return false;
	}
	z = zone_find(a, zone);
	if (!z) {
		*why = arena_printf(a, "unknown time zone %s", zone);
		return false;
	}
	*offset = zone_offset(z, s);
	return true;
}
