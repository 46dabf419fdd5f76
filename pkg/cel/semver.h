/*
 * semver: semantic versions as upstream's library (blang/semver) reads and compares them.
 */
#ifndef NUTSHELL_CEL_SEMVER_H
#define NUTSHELL_CEL_SEMVER_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct cel_semver {
	uint64_t number[3]; /* major, minor, patch */
	const char *pre;    /* "" or "rc.1", valid */
	const char *text;
};

/* NULL, or the error text in a.  normalize: a leading v, leading zeros and missing parts are fine. */
const char *cel_semver_parse(struct arena *a, const char *s, bool normalize, struct cel_semver *out);
int cel_semver_compare(const struct cel_semver *x, const struct cel_semver *y);

#endif
