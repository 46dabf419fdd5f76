/*
 * review_check: what an access review must say.  Private to api.
 */
#ifndef NUTSHELL_API_REVIEW_CHECK_H
#define NUTSHELL_API_REVIEW_CHECK_H

#include <stdbool.h>

struct arena;
struct json;
struct kind;
struct status;

/* 422 when it does not.  ns NULL: no local review; names_user: it is about somebody it names. */
bool review_check(struct arena *a, const struct kind *k, const struct json *o, const char *ns,
		  bool names_user, struct status *st);

#endif
