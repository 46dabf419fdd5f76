/*
 * metrics: counters of requests, for /metrics.  Private to the package.
 */
#ifndef NUTSHELL_SERVER_METRICS_H
#define NUTSHELL_SERVER_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

enum { METRIC_VERBS = 9, METRIC_CODES = 21, METRIC_BUCKETS = 12 };

/* All relaxed: numbers for people, not for decisions. */
struct metrics {
	atomic_llong requests[METRIC_VERBS][METRIC_CODES];
	atomic_llong buckets[METRIC_VERBS][METRIC_BUCKETS + 1]; /* latency; the last is +Inf */
	atomic_llong sum_ns[METRIC_VERBS];
	atomic_llong watches;        /* open now */
	atomic_llong watch_events;   /* sent */
	atomic_llong logs, duplexes; /* open now */
};

/* Count one finished request. */
void metrics_count(struct metrics *m, const char *verb, int code, int64_t ns);

#endif
