/*
 * cron: schedules as cron writes them: five fields (minute hour day-of-month month day-of-week), or @hourly,
 * @daily, @midnight, @weekly, @monthly, @yearly, @annually, @every DURATION.
 * k8s: github.com/robfig/cron/v3, whose texts are those of errors.
 */
#ifndef NUTSHELL_BASE_CRON_H
#define NUTSHELL_BASE_CRON_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct zone;

/* A value. */
struct cron {
	uint64_t minute, hour, day, month, weekday; /* bit n: matches at n */
	bool any_day, any_weekday;                  /* the field was * or ? */
	int64_t every_s;                            /* @every; else 0 */
};

/* False with *why (in the arena). */
bool cron_parse(struct arena *a, const char *text, struct cron *out, const char **why);
/* The first moment after t (seconds since 1970) that matches on the clocks of z; 0 when there is none within
 * five years. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t t);

#endif
