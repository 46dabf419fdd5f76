/*
 * vec: a typed growable array on the heap.
 *
 *	VEC(struct obj *) v = { 0 };
 *	vec_push(&v, o);
 *	for (size_t i = 0; i < v.n; i++) use(v.p[i]);
 *	vec_free(&v);
 *
 * Out of memory aborts.
 */
#ifndef NUTSHELL_BASE_VEC_H
#define NUTSHELL_BASE_VEC_H

#include <stddef.h>

#define VEC(type)              \
	struct {               \
		type *p;       \
		size_t n, cap; \
	}

/* Grow *p (n elements of size bytes used, *cap allocated) for one more; returns the new memory. */
void *vec_grow(void *p, size_t n, size_t *cap, size_t size);
void vec_release(void *p);

#define vec_push(v, x)                                                                \
	do {                                                                          \
		if ((v)->n == (v)->cap)                                               \
			(v)->p = vec_grow((v)->p, (v)->n, &(v)->cap, sizeof *(v)->p); \
		(v)->p[(v)->n++] = (x);                                               \
	} while (0)

#define vec_free(v)                    \
	do {                           \
		vec_release((v)->p);   \
		(v)->p = NULL;         \
		(v)->n = (v)->cap = 0; \
	} while (0)

#endif
