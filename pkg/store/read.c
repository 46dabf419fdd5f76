/*
 * get, list and follow.  The view is locked only to pin a snapshot or to copy events; walking,
 * filtering and counting happen on the snapshot, so that a list of everything delays nobody.
 *
 * A cursor reads the ring while the ring reaches back to it, even where the log is compacted
 * already: a watcher of a quiet table that has seen all there is must not be told it is too late.
 */
#include "store/past.h"
#include "store/sql.h"
#include "store/store_priv.h"

#include "base/log.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

const struct obj *store_get(struct table *t, const char *ns, const char *name)
{
	int64_t rev;

	return store_get_at(t, ns, name, &rev);
}

const struct obj *store_get_at(struct table *t, const char *ns, const char *name, int64_t *rev)
{
	const struct obj *o;
	struct snap *snap;

	rwlock_read(&t->store->view);
	snap = index_pin(t->index);
	*rev = t->store->rev;
	rwlock_drop(&t->store->view);
	o = snap_get(snap, ns, name);
	if (o)
		obj_ref(o);
	snap_unpin(snap);
	return o;
}

bool store_expired(int64_t rev, int64_t floor, struct status *st)
{
	return status_expired(st, "too old resource version: %lld (%lld)", (long long)rev,
			      (long long)floor);
}

/* ---- lists ---- */

struct query {
	const char *ns; /* NULL: all */
	struct bound from;
	size_t limit;
	bool (*pick)(const struct obj *o, void *arg);
	void *arg;
};

static struct query query_make(const char *ns, const char *after_ns, const char *after_name)
{
	struct query q = { .ns = ns && *ns ? ns : NULL };

	q.from.ns = q.ns;
	if (!after_ns && !after_name)
		return q;
	after_ns = after_ns ? after_ns : "";
	if (!q.ns || strcmp(after_ns, q.ns) >= 0)
		q.from = (struct bound){ after_ns, after_name ? after_name : "", true };
	return q;
}

/* How many objects of the query lie behind o, without looking at them unless the past counts too. */
static size_t count_behind(const struct snap *s, const struct past *p, const struct query *q,
			   const struct obj *o)
{
	struct bound last = { o->ns, o->name, true };
	struct past_iter it;
	size_t n = 0;

	if (!p || !p->keys.n)
		return (q->ns ? snap_rank(s, (struct bound){ q->ns, NULL, true }) : snap_count(s)) -
		       snap_rank(s, last);
	past_seek(s, p, last, &it);
	while ((o = past_next(&it)) && (!q->ns || !strcmp(o->ns, q->ns)))
		n++;
	return n;
}

static void list_run(const struct snap *s, const struct past *p, const struct query *q,
		     struct store_list *out)
{
	VEC(const struct obj *) items = { 0 };
	const struct obj *o;
	struct past_iter it;

	past_seek(s, p, q->from, &it);
	while ((o = past_next(&it)) && (!q->ns || !strcmp(o->ns, q->ns))) {
		if (q->pick && !q->pick(o, q->arg))
			continue;
		if (q->limit && items.n == q->limit) {
			out->more = true;
			break;
		}
		vec_push(&items, obj_ref(o));
	}
	if (out->more && !q->pick)
		out->remaining = count_behind(s, p, q, items.p[items.n - 1]);
	out->items = items.p;
	out->n = items.n;
}

void store_list(struct table *t, const char *ns, const char *after_ns, const char *after_name,
		size_t limit, bool (*pick)(const struct obj *o, void *arg), void *arg,
		struct store_list *out)
{
	struct query q = query_make(ns, after_ns, after_name);
	struct snap *snap;

	q.limit = limit;
	q.pick = pick;
	q.arg = arg;
	memset(out, 0, sizeof *out);
	rwlock_read(&t->store->view);
	snap = index_pin(t->index);
	out->rev = t->store->rev;
	rwlock_drop(&t->store->view);
	list_run(snap, NULL, &q, out);
	snap_unpin(snap);
}

bool store_list_at(struct table *t, int64_t rev, const char *ns, const char *after_ns,
		   const char *after_name, size_t limit, bool (*pick)(const struct obj *o, void *arg),
		   void *arg, struct store_list *out, struct status *st)
{
	struct query q = query_make(ns, after_ns, after_name);
	struct past past = { 0 };
	struct snap *snap;

	q.limit = limit;
	q.pick = pick;
	q.arg = arg;
	memset(out, 0, sizeof *out);
	if (!past_open(t, rev, &snap, &past, st))
		return false;
	out->rev = rev;
	list_run(snap, &past, &q, out);
	snap_unpin(snap);
	past_free(&past);
	return true;
}

void store_list_free(struct store_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		obj_unref(l->items[i]);
	vec_release(l->items);
	memset(l, 0, sizeof *l);
}

/* ---- cursors ---- */

static const struct obj *column_obj(struct table *t, sqlite3_stmt *q, int column, int64_t rev)
{
	if (!sqlite3_column_bytes(q, column))
		return NULL;
	return load_obj(t, sqlite3_column_blob(q, column), (size_t)sqlite3_column_bytes(q, column),
			rev);
}

/* False when the log lacks what the event needs: it was compacted meanwhile. */
static bool event_read(struct table *t, sqlite3_stmt *q, struct event *e)
{
	int64_t prev = sqlite3_column_int64(q, 2);

	e->rev = sqlite3_column_int64(q, 0);
	e->type = (enum event_type)sqlite3_column_int(q, 1);
	e->prev = prev ? column_obj(t, q, 4, prev) : NULL;
	if (e->type != EVENT_DELETED)
		e->obj = column_obj(t, q, 3, e->rev);
	else if (e->prev)
		e->obj = obj_reseal(e->prev, e->rev);
	if (e->obj && (e->prev || !prev))
		return true;
	event_clear(e);
	return false;
}

static bool read_log(struct cursor *c, int64_t newest, struct event *out, size_t max, size_t *n,
		     struct status *st)
{
	struct table *t = c->table;
	struct conn *conn = pool_take(t->store, st);
	bool whole = true;
	sqlite3_stmt *q;
	int rc = SQLITE_ERROR;

	if (!conn)
		return false;
	q = conn_stmt(conn, SQL_EVENTS);
	if (q) {
		sqlite3_bind_int64(q, 1, t->id);
		sqlite3_bind_int64(q, 2, c->rev);
		sqlite3_bind_int64(q, 3, newest);
		sqlite3_bind_int64(q, 4, (int64_t)max);
	}
	while (q && whole && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		whole = event_read(t, q, &out[*n]);
		*n += whole;
	}
	if (q)
		sqlite3_reset(q);
	if (whole && rc != SQLITE_DONE)
		conn_fail(conn, st);
	pool_give(t->store, conn);
	if (!whole || (rc == SQLITE_DONE && c->rev < t->store->floor))
		return store_expired(c->rev, t->store->floor, st);
	return rc == SQLITE_DONE;
}

static void read_ring(const struct ring *r, int64_t rev, struct event *out, size_t max, size_t *n)
{
	for (size_t i = ring_find(r, rev); i < r->n && *n < max; i++)
		event_copy(&out[(*n)++], ring_at(r, i));
}

bool cursor_next(struct cursor *c, struct event *out, size_t max, size_t *n, struct status *st)
{
	struct table *t = c->table;
	struct store *s = t->store;
	bool in_ring, ok = true;
	int64_t newest;

	*n = 0;
	rwlock_read(&s->view);
	newest = s->rev;
	in_ring = c->rev >= t->ring.base;
	if (in_ring)
		read_ring(&t->ring, c->rev, out, max, n);
	rwlock_drop(&s->view);
	if (!in_ring)
		ok = c->rev < s->floor ? store_expired(c->rev, s->floor, st) :
					 read_log(c, newest, out, max, n, st);
	if (!ok) {
		while (*n)
			event_clear(&out[--*n]);
		return false;
	}
	if (*n == max)
		c->rev = max ? out[*n - 1].rev : c->rev;
	else if (c->rev < newest)
		c->rev = newest;
	return true;
}
