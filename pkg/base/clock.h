/*
 * clock: time for the whole house, so that tests can hold it still.
 * Wall time is microseconds since 1970 UTC, monotonic time nanoseconds.
 * NUTSHELL_FAKE_TIME is never read; tests call clock_set().
 */
#ifndef NUTSHELL_BASE_CLOCK_H
#define NUTSHELL_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_now_us(void);
int64_t clock_now_s(void);
int64_t clock_mono_ns(void);

/* Freeze wall time at us (tests); a negative value lets it run again. */
void clock_set(int64_t us);

#define TIME_LEN 28
/* metav1.Time: 2006-01-02T15:04:05Z. */
void time_format(int64_t s, char out[TIME_LEN]);
/* metav1.MicroTime: 2006-01-02T15:04:05.000000Z. */
void time_format_us(int64_t us, char out[TIME_LEN]);
/* RFC 3339 with any offset and fraction; false on bad input. */
bool time_parse(const char *s, int64_t *us);

/* Upstream's duration.HumanDuration: 5s, 3m10s, 2h5m, 3d4h, 2y10d. */
#define AGE_LEN 24
void age_format(int64_t seconds, char out[AGE_LEN]);

/* Go's time.ParseDuration ("1h2m3.5s"); false on bad input. */
bool duration_parse(const char *s, int64_t *ns);

#endif
