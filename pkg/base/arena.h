/*
 * arena: memory that lives as long as one task (a request, a reconcile).
 *
 * Everything a task allocates comes from its arena and is released at once when
 * the task ends; nothing is freed singly.  Foreign resources (object references,
 * descriptors) join the arena's life with arena_defer().  An arena belongs to one
 * thread at a time and takes no lock.  Out of memory aborts the process: no
 * function here returns NULL.
 */
#ifndef NUTSHELL_BASE_ARENA_H
#define NUTSHELL_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* A new empty arena; the caller owns it and ends it with arena_free(). */
struct arena *arena_new(void);

/* Run the deferred functions, newest first, release all memory and null *a. */
void arena_free(struct arena **a);

/* As arena_free(), but keep the first block so that the arena can be used again. */
void arena_reset(struct arena *a);

/* n bytes aligned for any type; contents undefined.  n may be 0. */
void *arena_alloc(struct arena *a, size_t n);

/* n zeroed bytes aligned for any type. */
void *arena_zalloc(struct arena *a, size_t n);

/* A copy of the n bytes at p, with a NUL behind them. */
char *arena_dup(struct arena *a, const void *p, size_t n);

/* A copy of the NUL-terminated s. */
char *arena_strdup(struct arena *a, const char *s);

/* printf into the arena. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Call fn(ptr) when the arena is reset or freed. */
void arena_defer(struct arena *a, void (*fn)(void *ptr), void *ptr);

/* Bytes handed out since the last reset; for limits and tests. */
size_t arena_used(const struct arena *a);

#endif
