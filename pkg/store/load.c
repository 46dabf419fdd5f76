/*
 * One scan of a table's log, newest revision first.  A row is live when no newer row named it as
 * its predecessor and it is no deletion; superseded rows are skipped without touching their values.  So
 * the set of predecessors not met yet is all the memory this needs: a small open-addressing table.
 */
#include "store/sql.h"
#include "store/store_priv.h"

#include "base/log.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

/* A set of positive integers. */
struct revs {
	int64_t *slot; /* 0: free */
	size_t cap, n; /* cap is a power of two */
};

static size_t revs_find(const struct revs *r, int64_t rev)
{
	size_t i = (size_t)((uint64_t)rev * 0x9e3779b97f4a7c15u >> 20);

	while (r->slot[i &= r->cap - 1] && r->slot[i] != rev)
		i++;
	return i;
}

static void revs_add(struct revs *r, int64_t rev)
{
	struct revs old = *r;

	if (2 * r->n >= r->cap) {
		r->cap = old.cap ? 2 * old.cap : 256;
		r->slot = calloc(r->cap, sizeof *r->slot);
		if (!r->slot)
			bug("out of memory");
		for (size_t i = 0; i < old.cap; i++)
			if (old.slot[i])
				r->slot[revs_find(r, old.slot[i])] = old.slot[i];
		free(old.slot);
	}
	r->slot[revs_find(r, rev)] = rev;
	r->n++;
}

static bool revs_has(const struct revs *r, int64_t rev)
{
	return r->cap && r->slot[revs_find(r, rev)];
}

struct obj *load_obj(const struct table *t, const void *p, size_t n, int64_t rev)
{
	struct obj *o = obj_from_bytes(p, n, &t->fields);

	if (o->rev != rev)
		obj_seal(o, rev);
	return o;
}

static void load_row(struct table *t, sqlite3_stmt *q, struct revs *superseded)
{
	int64_t rev = sqlite3_column_int64(q, 0), prev = sqlite3_column_int64(q, 2);
	struct obj *o;

	if (!t->rev)
		t->rev = rev;
	if (prev)
		revs_add(superseded, prev);
	if (revs_has(superseded, rev) || sqlite3_column_int(q, 1) == EVENT_DELETED)
		return;
	o = load_obj(t, sqlite3_column_blob(q, 3), (size_t)sqlite3_column_bytes(q, 3), rev);
	t->store->live_bytes += (int64_t)obj_size(o);
	t->store->live_objects++;
	index_put(t->index, o);
}

bool table_load(struct table *t, struct status *st)
{
	struct conn *c = pool_take(t->store, st);
	struct revs superseded = { 0 };
	sqlite3_stmt *q;
	int rc = SQLITE_ERROR;

	if (!c)
		return false;
	q = conn_stmt(c, SQL_LOAD);
	if (q)
		sqlite3_bind_int64(q, 1, t->id);
	while (q && (rc = sqlite3_step(q)) == SQLITE_ROW)
		load_row(t, q, &superseded);
	if (q)
		sqlite3_reset(q);
	if (rc != SQLITE_DONE)
		conn_fail(c, st);
	pool_give(t->store, c);
	free(superseded.slot);
	index_publish(t->index);
	index_reclaim(t->index);
	/* Read after the scan: whatever was compacted away lies at or below this floor. */
	if (t->rev < t->store->floor)
		t->rev = t->store->floor;
	t->ring.base = t->rev;
	return rc == SQLITE_DONE;
}
