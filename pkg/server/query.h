/*
 * query: the parameters of a request's URL, decoded as Go's url.ParseQuery does.
 */
#ifndef NUTSHELL_SERVER_QUERY_H
#define NUTSHELL_SERVER_QUERY_H

#include "api/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query {
	struct query_pair {
		const char *name, *value;
	} * pairs; /* in the arena */
	size_t n;
};

/* Pairs that cannot be decoded (a bad escape, a semicolon) are dropped, as upstream does. */
void query_parse(struct arena *a, const char *raw, struct query *q);

/* First value of a parameter, or NULL. */
const char *query_get(const struct query *q, const char *name);
/* First value, "" when absent. */
const char *query_str(const struct query *q, const char *name);
/* Upstream's boolean: absent, "0" and "false" are false, all else is true. */
bool query_flag(const struct query *q, const char *name);
/* A 64-bit integer into *v (untouched when absent or empty-valued); 400 with Go's words on junk. */
bool query_int(const struct query *q, const char *name, int64_t *v, struct status *st);

/* What all options objects share. */
enum options_kind { OPTIONS_CREATE, OPTIONS_UPDATE, OPTIONS_PATCH, OPTIONS_APPLY };

/* dryRun, fieldManager, fieldValidation and (patches) force into the call, validated as upstream's
 * CreateOptions and its sisters: 422.  user_agent (may be NULL) yields the default manager. */
bool query_write_options(const struct query *q, enum options_kind kind, const char *user_agent,
			 struct call *c, bool *force, struct status *st);

/* The selectors and paging of a list.  400 on a malformed number or flag. */
bool query_list_options(const struct query *q, struct list_options *o, struct status *st);
/* The request's `timeout` in nanoseconds, at most a minute; 400 when it is not a duration. */
bool query_timeout(const struct query *q, int64_t *ns, struct status *st);

/* DeleteOptions written as parameters, as a tree for delete_options_from(); NULL with 400. */
struct json *query_delete_options(struct arena *a, const struct query *q, struct status *st);
/* 422 unless every value of a dryRun list is "All"; *dry tells whether there is one. */
bool query_dry_run(const char *const *values, size_t n, const char *options_kind, bool *dry,
		   struct status *st);

#endif
