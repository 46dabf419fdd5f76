/*
 * issue: what is wrong with an expression, with the place in the source.  (cel-go: common/errors.go)
 */
#ifndef NUTSHELL_CEL_ISSUE_H
#define NUTSHELL_CEL_ISSUE_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

#define CEL_MAX_ISSUES 100

struct issue {
	int32_t pos; /* code points from the start; ISSUE_NOWHERE: no place */
	const char *text;
};

#define ISSUE_NOWHERE (-1)

struct issues {
	struct arena *a; /* texts */
	const char *source;
	size_t len;
	size_t n; /* reported; only CEL_MAX_ISSUES are kept */
	struct issue list[CEL_MAX_ISSUES];
};

void issue_add(struct issues *is, int32_t pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* All issues in the order of their places, one block of `ERROR: ` lines each. */
void issues_print(struct buf *b, struct issues *is);

#endif
