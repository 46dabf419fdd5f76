/*
 * index: the live objects of one table in (ns, name) order, many snapshots at once.
 *
 * A copy-on-write B+tree of object references.  One writer edits a working state nobody else
 * sees; index_publish() makes it the current snapshot.  Readers pin the current snapshot and walk
 * it without a lock for as long as they like.  Private to the store package.
 *
 * Locking is the caller's: index_pin() needs the view read-locked, index_publish() needs it
 * write-locked; the other writer functions belong to the writer thread.
 */
#ifndef NUTSHELL_STORE_INDEX_H
#define NUTSHELL_STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>

struct index;
struct obj;
struct snap; /* a published state; valid between index_pin() and snap_unpin() */

struct index *index_new(void);
/* No snapshot may be pinned. */
void index_free(struct index **x);

/* ---- the writer ---- */
/* Objects returned here are borrowed; they live at least until index_reclaim(). */
size_t index_count(const struct index *x);
const struct obj *index_get(const struct index *x, const char *ns, const char *name);
/* Insert or replace; takes over one reference of o.  The object replaced, or NULL. */
const struct obj *index_put(struct index *x, const struct obj *o);
/* Remove.  The object removed, or NULL. */
const struct obj *index_del(struct index *x, const char *ns, const char *name);
/* The working state becomes the current snapshot. */
void index_publish(struct index *x);
/* Release what no pinned snapshot can reach any more. */
void index_reclaim(struct index *x);

/* ---- readers ---- */
struct snap *index_pin(struct index *x);
void snap_unpin(struct snap *s);
size_t snap_count(const struct snap *s);
/* Borrowed from the snapshot, or NULL. */
const struct obj *snap_get(const struct snap *s, const char *ns, const char *name);

/* A place between two objects: just before or behind a key; name NULL means the whole namespace,
 * ns NULL means everything. */
struct bound {
	const char *ns, *name;
	bool after;
};

/* How many objects lie before b. */
size_t snap_rank(const struct snap *s, struct bound b);

#define INDEX_DEPTH 12

struct snap_iter {
	struct {
		const struct node *node;
		size_t i;
	} at[INDEX_DEPTH];
	int depth; /* levels in use; 0 = at the end */
};

void snap_seek(const struct snap *s, struct bound b, struct snap_iter *it);
/* The next object, borrowed from the snapshot; NULL at the end. */
const struct obj *snap_next(struct snap_iter *it);
/* <0, >0: the object lies before, behind b. */
int bound_cmp(const struct obj *o, struct bound b);

#endif
