/*
 * indexes: sets of completion indexes as ordered intervals, in the text form of a Job's status: "0,2-5,7".
 * Values; memory is the arena's.  k8s: pkg/controller/job/indexed_job_utils.go.
 */
#ifndef NUTSHELL_CONTROL_INDEXES_H
#define NUTSHELL_CONTROL_INDEXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct interval {
	int64_t first, last;
};

struct indexes {
	struct interval *all; /* ordered, with gaps between them */
	size_t n;
};

/* What is no number is skipped, what is not below limit is cut off. */
struct indexes indexes_parse(struct arena *a, const char *text, int64_t limit);
char *indexes_text(struct arena *a, const struct indexes *x);
/* n values in any order, repeated or not (v is sorted). */
struct indexes indexes_of(struct arena *a, int64_t *v, size_t n);
struct indexes indexes_union(struct arena *a, const struct indexes *x, const struct indexes *y);
int64_t indexes_total(const struct indexes *x);
bool indexes_has(const struct indexes *x, int64_t v);
/* How many are in both. */
int64_t indexes_common(const struct indexes *x, const struct indexes *y);
/* The first count values from 0 below limit that are not in x, into out; returns how many there are. */
size_t indexes_missing(const struct indexes *x, int64_t limit, size_t count, int64_t *out);

#endif
