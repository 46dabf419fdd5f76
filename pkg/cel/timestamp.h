/*
 * timestamp: times and durations as Go reads and writes them, and time zones.
 */
#ifndef NUTSHELL_CEL_TIMESTAMP_H
#define NUTSHELL_CEL_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct cel_value;

#define CEL_TIME_MIN (-62135596800) /* 0001-01-01T00:00:00Z */
#define CEL_TIME_MAX 253402300799   /* 9999-12-31T23:59:59Z */

/* A day in some zone. */
struct cel_civil {
	int64_t year;
	int month, day, hour, minute, second; /* month and day from 1 */
	int weekday, yearday;                 /* Sunday is 0; from 0 */
};

/* Go's time.Parse(time.RFC3339, s); the years may be any of four digits. */
bool cel_time_parse(const char *s, size_t n, struct cel_value *out);
/* What strfmt takes for format date-time or date: also without zone, without time. */
bool cel_time_parse_format(const char *s, size_t n, struct cel_value *out);
/* Go's time.ParseDuration. */
bool cel_duration_parse(const char *s, size_t n, int64_t *ns);
/* What strfmt takes for format duration: also "3 days". */
bool cel_duration_parse_format(const char *s, size_t n, int64_t *ns);

void cel_time_civil(int64_t s, struct cel_civil *out);
/* RFC 3339 with as many digits as needed. */
void cel_time_print(struct buf *b, struct cel_value t);
/* As Go's Time.String() and Duration.String(), for messages. */
void cel_time_print_go(struct buf *b, struct cel_value t);
void cel_duration_print_go(struct buf *b, int64_t ns);
/* 5400s, 0.5s */
void cel_duration_print(struct buf *b, int64_t ns);

/* Seconds east of UTC at time s in a zone: "America/New_York", "+02:00", "UTC".  False with *why in
 * the arena, with Go's text, when there is no such zone. */
bool cel_zone_offset(struct arena *a, const char *zone, int64_t s, int *offset, const char **why);

#endif
