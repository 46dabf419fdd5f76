/*
 * zone: civil time and time zones.
 *
 * Zones are those of the IANA database: the machine's files below /usr/share/zoneinfo (TZif, RFC 9636) where
 * there are any; else only the rules they follow from now on, which are linked in, so that an image without
 * files can look ahead.
 */
#ifndef NUTSHELL_BASE_ZONE_H
#define NUTSHELL_BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct zone;

/* A moment as a calendar shows it, in the proleptic Gregorian one. */
struct civil {
	int64_t year;
	int month, day; /* from 1 */
	int hour, minute, second;
	int weekday; /* 0 = Sunday */
	int yearday; /* from 0 */
};

/* Of seconds since 1970 UTC, which the caller has moved by the zone's offset, and back.  Fields beyond their
 * ranges are carried as Go's time.Date does. */
void civil_from_s(int64_t s, struct civil *out);
int64_t civil_to_s(const struct civil *c);

/* In the arena; NULL when there is no such zone.  "", "UTC": no offset.  "Local" is UTC. */
const struct zone *zone_find(struct arena *a, const char *name);
/* Seconds east of UTC at time s. */
int zone_offset(const struct zone *z, int64_t s);
/* The moment when clocks there show c; one that they skip or show twice is resolved as Go does. */
int64_t zone_moment(const struct zone *z, const struct civil *c);

#endif
