/*
 * extras: the extra values of a user as they are gathered from headers.  Private to the package.
 */
#ifndef NUTSHELL_SERVER_EXTRAS_H
#define NUTSHELL_SERVER_EXTRAS_H

#include "api/access.h"
#include "base/vec.h"

struct extras {
	struct arena *a;
	VEC(struct extra) v;
};

/* A key as headers carry it: percent-encoded, in any case.  In the arena. */
const char *extras_key(struct arena *a, const char *encoded);
/* One more value of a key; copies the value. */
void extras_add(struct extras *x, const char *key, const char *value);
/* The list in the arena; x is empty again. */
const struct extra *extras_take(struct extras *x, size_t *n);

#endif
