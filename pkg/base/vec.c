/*
 * vec: the one function behind the macros; growth by half again.
 */
#include "base/vec.h"

#include "base/log.h"

#include <stdint.h>
#include <stdlib.h>

void *vec_grow(void *p, size_t n, size_t *cap, size_t size)
{
	size_t want = n < 4 ? 8 : n + n / 2 + 1;
	void *q = NULL;

	if (want < SIZE_MAX / 2 / size)
		q = realloc(p, want * size);
	if (!q)
		bug("out of memory: array of %zu elements of %zu bytes", want, size);
	*cap = want;
	return q;
}

void vec_release(void *p)
{
	free(p);
}
