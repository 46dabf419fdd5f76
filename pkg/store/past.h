/*
 * past: what separates a table's current snapshot from an older revision.
 * Private to the store package.
 */
#ifndef NUTSHELL_STORE_PAST_H
#define NUTSHELL_STORE_PAST_H

#include "base/vec.h"
#include "store/index.h"
#include "store/store.h"

/* The state of one key at the older revision. */
struct past_key {
	char *ns, *name;
	int64_t rev;           /* of the change that is undone */
	const struct obj *obj; /* a reference; NULL: there was none */
};

/* Sorted by key, each once. */
struct past {
	VEC(struct past_key) keys;
};

/* Pin the current snapshot and collect what it takes to see it as of rev.  False: 410, 504, 500;
 * then nothing is pinned. */
bool past_open(struct table *t, int64_t rev, struct snap **snap, struct past *p, struct status *st);
void past_free(struct past *p);

/* Walk a snapshot with the past laid over it; p may be NULL. */
struct past_iter {
	struct snap_iter live;
	const struct obj *next_live;
	const struct past *past;
	size_t i;
};
void past_seek(const struct snap *s, const struct past *p, struct bound b, struct past_iter *it);
const struct obj *past_next(struct past_iter *it);

#endif
