/*
 * The state at an older revision is the current one with all later changes undone: for each key
 * changed since, the state before its first change.  That is much less than rebuilding a table
 * from the log, and mostly the ring has it all, so that the disk is not touched.
 */
#include "store/past.h"
#include "store/sql.h"
#include "store/store_priv.h"

#include "base/log.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

static char *dup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		bug("out of memory");
	return copy;
}

static void add(struct past *p, const char *ns, const char *name, int64_t rev, const struct obj *o)
{
	struct past_key k = { dup(ns), dup(name), rev, o };

	vec_push(&p->keys, k);
}

void past_free(struct past *p)
{
	for (size_t i = 0; i < p->keys.n; i++) {
		free(p->keys.p[i].ns);
		free(p->keys.p[i].name);
		obj_unref(p->keys.p[i].obj);
	}
	vec_free(&p->keys);
}

static int key_cmp(const struct past_key *x, const struct past_key *y)
{
	int c = strcmp(x->ns, y->ns);

	return c ? c : strcmp(x->name, y->name);
}

static int order(const void *a, const void *b)
{
	const struct past_key *x = a, *y = b;
	int c = key_cmp(x, y);

	return c ? c : (x->rev > y->rev) - (x->rev < y->rev);
}

/* Sort, and keep each key's first change. */
static void settle(struct past *p)
{
	struct past_key *k = p->keys.p;
	size_t n = 0;

	if (p->keys.n)
		qsort(k, p->keys.n, sizeof *k, order);
	for (size_t i = 0; i < p->keys.n; i++) {
		if (n && !key_cmp(&k[n - 1], &k[i])) {
			free(k[i].ns);
			free(k[i].name);
			obj_unref(k[i].obj);
		} else {
			k[n++] = k[i];
		}
	}
	p->keys.n = n;
}

/* Changes whose state before is itself newer than rev are followed by an older change of the same
 * key, which decides; they are left out here as in SQL_UNDO. */
static void from_ring(struct table *t, int64_t rev, struct past *p)
{
	for (size_t i = ring_find(&t->ring, rev); i < t->ring.n; i++) {
		const struct event *e = ring_at(&t->ring, i);

		if (e->prev && e->prev->rev > rev)
			continue;
		add(p, e->obj->ns, e->obj->name, e->rev, e->prev ? obj_ref(e->prev) : NULL);
	}
}

static void from_row(struct table *t, sqlite3_stmt *q, struct past *p)
{
	int64_t prev = sqlite3_column_int64(q, 3);
	const struct obj *o = NULL;

	if (prev && sqlite3_column_bytes(q, 4))
		o = load_obj(t, sqlite3_column_blob(q, 4), (size_t)sqlite3_column_bytes(q, 4), prev);
	add(p, (const char *)sqlite3_column_text(q, 1), (const char *)sqlite3_column_text(q, 2),
	    sqlite3_column_int64(q, 0), o);
}

static bool from_log(struct table *t, int64_t rev, int64_t newest, struct past *p, struct status *st)
{
	struct store *s = t->store;
	struct conn *c = pool_take(s, st);
	sqlite3_stmt *q;
	int rc = SQLITE_ERROR;

	if (!c)
		return false;
	q = conn_stmt(c, SQL_UNDO);
	if (q) {
		sqlite3_bind_int64(q, 1, t->id);
		sqlite3_bind_int64(q, 2, rev);
		sqlite3_bind_int64(q, 3, newest);
	}
	while (q && (rc = sqlite3_step(q)) == SQLITE_ROW)
		from_row(t, q, p);
	if (q)
		sqlite3_reset(q);
	if (rc != SQLITE_DONE)
		conn_fail(c, st);
	pool_give(s, c);
	if (rc != SQLITE_DONE)
		return false;
	return rev >= s->floor ? true : store_expired(rev, s->floor, st);
}

static bool too_large(int64_t rev, int64_t newest, struct status *st)
{
	return status_timeout(st, 1, "Too large resource version: %lld, current: %lld",
			      (long long)rev, (long long)newest);
}

bool past_open(struct table *t, int64_t rev, struct snap **snap, struct past *p, struct status *st)
{
	struct store *s = t->store;
	bool in_ring, ok = true;
	int64_t newest;

	rwlock_read(&s->view);
	newest = s->rev;
	in_ring = rev >= t->ring.base;
	*snap = index_pin(t->index);
	if (in_ring && rev < t->rev)
		from_ring(t, rev, p);
	rwlock_drop(&s->view);
	if (rev > newest)
		ok = too_large(rev, newest, st);
	else if (!in_ring)
		ok = rev < s->floor ? store_expired(rev, s->floor, st) :
				      from_log(t, rev, newest, p, st);
	if (!ok) {
		snap_unpin(*snap);
		*snap = NULL;
		past_free(p);
		return false;
	}
	settle(p);
	return true;
}

void past_seek(const struct snap *s, const struct past *p, struct bound b, struct past_iter *it)
{
	it->past = p;
	it->i = 0;
	while (p && it->i < p->keys.n) {
		struct obj key = { .ns = p->keys.p[it->i].ns, .name = p->keys.p[it->i].name };

		if (bound_cmp(&key, b) > 0)
			break;
		it->i++;
	}
	snap_seek(s, b, &it->live);
	it->next_live = snap_next(&it->live);
}

const struct obj *past_next(struct past_iter *it)
{
	const struct past_key *k;
	const struct obj *o;
	int c;

	for (;;) {
		k = it->past && it->i < it->past->keys.n ? &it->past->keys.p[it->i] : NULL;
		o = it->next_live;
		if (!k && !o)
			return NULL;
		c = !k ? -1 : !o ? 1 : bound_cmp(o, (struct bound){ k->ns, k->name, true });
		if (c < 0 && k && o && !strcmp(o->ns, k->ns) && !strcmp(o->name, k->name))
			c = 0;
		if (c <= 0)
			it->next_live = snap_next(&it->live);
		if (c < 0)
			return o;
		it->i++;
		if (k->obj)
			return k->obj;
	}
}
