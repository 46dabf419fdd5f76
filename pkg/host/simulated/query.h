/*
 * query: values of a raw URL query.
 */
#ifndef NUTSHELL_HOST_SIMULATED_QUERY_H
#define NUTSHELL_HOST_SIMULATED_QUERY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* The decoded values of a name, in order; NULL-terminated, *n counts them. */
const char **query_all(struct arena *a, const char *query, const char *name, size_t *n);
/* The first value, or NULL. */
const char *query_first(struct arena *a, const char *query, const char *name);
bool query_true(struct arena *a, const char *query, const char *name);

#endif
