/*
 * map: a hash map from strings to pointers.  Keys are copied; values are borrowed.
 * Not thread-safe.  Iteration order is unspecified.  Out of memory aborts.
 */
#ifndef NUTSHELL_BASE_MAP_H
#define NUTSHELL_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(void);
/* Free the map and null *m; drop (may be NULL) is called for each value. */
void map_free(struct map **m, void (*drop)(void *value));
/* The value, or NULL. */
void *map_get(const struct map *m, const char *key);
/* Set; returns the value replaced, or NULL. */
void *map_set(struct map *m, const char *key, void *value);
/* Remove; returns the value removed, or NULL. */
void *map_del(struct map *m, const char *key);
size_t map_count(const struct map *m);
/* Visit all entries: size_t it = 0; while (map_next(m, &it, &key, &value)) ...; key and value may
 * be NULL.  The map must not change meanwhile, except map_del() of the current key. */
bool map_next(const struct map *m, size_t *it, const char **key, void **value);

#endif
