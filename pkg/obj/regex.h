/*
 * regex: Go/RE2-flavoured regular expressions on PCRE2 with match limits (no JIT).
 */
#ifndef NUTSHELL_OBJ_REGEX_H
#define NUTSHELL_OBJ_REGEX_H

#include <stdbool.h>
#include <stddef.h>

struct regex;

/* NULL when the pattern is no valid expression; *err (may be NULL) gets a static or heap text that
 * regex_free_error() releases. */
struct regex *regex_new(const char *pattern, char **err);
void regex_free_error(char *err);
void regex_free(struct regex **r);
/* Unanchored search.  False also when the match limit is hit. */
bool regex_matches(const struct regex *r, const char *s, size_t n);
/* The first match at or behind byte `at`: its bytes from .. to. */
bool regex_find(const struct regex *r, const char *s, size_t n, size_t at, size_t *from, size_t *to);

#endif
