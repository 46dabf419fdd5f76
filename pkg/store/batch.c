/*
 * Conditions are checked against the tables' working states: what is published plus what earlier
 * transactions of the batch did.  Each change is applied there at once and remembered, so that it
 * can be taken back in reverse order: when a later write of the same transaction does not meet its
 * condition, or all of them when the disk fails.  Nobody sees a working state before the COMMIT
 * has succeeded; publishing then happens under the view's lock, all tables at once.
 *
 * A revision whose COMMIT failed may be given out again: it was neither published nor returned.
 */
#include "store/batch.h"
#include "store/sql.h"
#include "store/store_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

#define RING_EVENTS 4096
#define RING_EVENTS_MAX 65536
#define RING_BYTES ((size_t)8 << 20)
#define RING_AGE_NS (300 * (int64_t)1000000000)
#define COMPACT_ALONE 256

/* ---- SQL ---- */

static bool fail(struct batch *b)
{
	if (!b->failed)
		b->why = conn_error(b->store->conn);
	b->failed = true;
	return false;
}

static bool begin(struct batch *b)
{
	if (b->begun)
		return true;
	if (b->store->memory)
		lock_take(&b->store->memory_lock);
	b->begun = true;
	return conn_do(b->store->conn, SQL_BEGIN) || fail(b);
}

/* COMMIT, or ROLLBACK of a batch that failed. */
static void end(struct batch *b)
{
	struct store *s = b->store;

	if (!b->begun)
		return;
	if (!b->failed && !conn_do(s->conn, SQL_COMMIT))
		fail(b);
	if (b->failed && !sqlite3_get_autocommit(s->conn->db) && !conn_do(s->conn, SQL_ROLLBACK))
		log_error("store", "rollback: %s", sqlite3_errmsg(s->conn->db));
	b->begun = false;
	if (s->memory)
		lock_drop(&s->memory_lock);
}

static bool record_table(struct batch *b, struct table *t)
{
	sqlite3_stmt *q = conn_stmt(b->store->conn, SQL_ADD_TABLE);

	if (!q)
		return false;
	sqlite3_bind_int64(q, 1, t->id);
	sqlite3_bind_text(q, 2, t->resource, -1, SQLITE_STATIC);
	return conn_run(q);
}

static bool append(struct batch *b, const struct change *c)
{
	sqlite3_stmt *q = conn_stmt(b->store->conn, SQL_APPEND);
	const struct event *e = &c->e;

	if (!q)
		return fail(b);
	sqlite3_bind_int64(q, 1, e->rev);
	sqlite3_bind_int64(q, 2, c->table->id);
	sqlite3_bind_int(q, 3, (int)e->type);
	sqlite3_bind_text(q, 4, e->obj->ns, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 5, e->obj->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 6, e->prev ? e->prev->rev : 0);
	if (e->type != EVENT_DELETED)
		sqlite3_bind_blob(q, 7, e->obj->json, (int)e->obj->len, SQLITE_STATIC);
	return conn_run(q) || fail(b);
}

static bool write_setting(struct batch *b, const struct txn *x)
{
	sqlite3_stmt *q;

	if (!begin(b))
		return false;
	q = conn_stmt(b->store->conn, x->set_value ? SQL_SET : SQL_UNSET);
	if (!q)
		return fail(b);
	sqlite3_bind_text(q, 1, x->set_name, -1, SQLITE_STATIC);
	if (x->set_value)
		sqlite3_bind_text(q, 2, x->set_value, -1, SQLITE_STATIC);
	return conn_run(q) || fail(b);
}

/* ---- changes ---- */

/* Takes over the references of the event's objects. */
static void change_do(struct batch *b, struct table *t, enum event_type type, const struct obj *o,
		      const struct obj *prev)
{
	struct change c = { t, { b->rev, type, o, prev } };

	vec_push(&b->changes, c);
	if (type == EVENT_DELETED)
		index_del(t->index, prev->ns, prev->name);
	else
		index_put(t->index, obj_ref(o));
	if (!t->touched)
		vec_push(&b->touched, t);
	t->touched = true;
}

static void undo_to(struct batch *b, size_t mark)
{
	while (b->changes.n > mark) {
		struct change *c = &b->changes.p[--b->changes.n];

		if (c->e.type == EVENT_ADDED)
			index_del(c->table->index, c->e.obj->ns, c->e.obj->name);
		else
			index_put(c->table->index, obj_ref(c->e.prev));
		event_clear(&c->e);
	}
}

static enum store_result check(const struct store_write *w, const struct obj *old)
{
	if (w->op == STORE_CREATE)
		return old ? STORE_EXISTS : STORE_OK;
	if (!old)
		return STORE_MISSING;
	if (w->expect_rev && w->expect_rev != old->rev)
		return STORE_CONFLICT;
	return STORE_OK;
}

static enum store_result write_do(struct batch *b, struct store_write *w)
{
	bool del = w->op == STORE_DELETE;
	const struct obj *old =
		index_get(w->table->index, del ? w->ns : w->obj->ns, del ? w->name : w->obj->name);
	enum store_result r = check(w, old);

	if (r != STORE_OK)
		return r;
	if (old)
		obj_ref(old);
	b->rev++;
	if (del) {
		change_do(b, w->table, EVENT_DELETED, obj_reseal(old, b->rev), old);
		return STORE_OK;
	}
	obj_seal(w->obj, b->rev);
	change_do(b, w->table, old ? EVENT_MODIFIED : EVENT_ADDED, obj_ref(w->obj), old);
	return STORE_OK;
}

static bool txn_append(struct batch *b, size_t mark)
{
	if (!begin(b))
		return false;
	for (size_t i = mark; i < b->changes.n; i++) {
		struct table *t = b->changes.p[i].table;

		if (!t->recorded && !t->recording && !record_table(b, t))
			return fail(b);
		t->recording = true;
		if (!append(b, &b->changes.p[i]))
			return false;
	}
	return true;
}

/* Check and apply one transaction; false when the batch failed. */
static bool txn_do(struct batch *b, struct txn *x)
{
	size_t mark = b->changes.n, i;
	int64_t rev = b->rev;

	x->result = STORE_OK;
	if (x->set_name)
		return write_setting(b, x);
	for (i = 0; i < x->n && x->result == STORE_OK; i++)
		x->result = write_do(b, &x->w[i]);
	if (x->result != STORE_OK) {
		x->failed = i - 1;
		undo_to(b, mark);
		b->rev = rev;
		return true;
	}
	b->writes += x->n;
	return txn_append(b, mark);
}

/* ---- the end of a batch ---- */

/* Settings are few and rare: published one by one. */
static void publish_setting(struct batch *b, const struct txn *x)
{
	struct store *s = b->store;
	char *copy = x->set_value ? strdup(x->set_value) : NULL, *old;

	if (x->set_value && !copy)
		bug("out of memory");
	rwlock_write(&s->view);
	old = copy ? map_set(s->settings, x->set_name, copy) : map_del(s->settings, x->set_name);
	rwlock_drop(&s->view);
	free(old);
}

static struct ring_limits ring_limits(const struct table *t)
{
	size_t live = index_count(t->index);

	return (struct ring_limits){
		.events = live < RING_EVENTS     ? RING_EVENTS :
			  live > RING_EVENTS_MAX ? RING_EVENTS_MAX :
						   live,
		.bytes = RING_BYTES,
		.age_ns = RING_AGE_NS,
	};
}

static void count(struct store *s, const struct event *e)
{
	int64_t now = e->type == EVENT_DELETED ? 0 : (int64_t)obj_size(e->obj);
	int64_t before = e->prev ? (int64_t)obj_size(e->prev) : 0;

	s->live_bytes += now - before;
	s->live_objects += (e->type != EVENT_DELETED) - (e->prev != NULL);
}

/* Hand the results out before the rings take the changes over. */
static void results(struct batch *b)
{
	size_t i = 0;

	for (struct txn *x = b->txns; x; x = x->next)
		for (size_t k = 0; x->result == STORE_OK && !x->set_name && k < x->n; k++)
			x->w[k].result = obj_ref(b->changes.p[i++].e.obj);
}

static void publish(struct batch *b)
{
	struct store *s = b->store;
	struct ring_waste waste = { 0 };
	int64_t now = clock_mono_ns();

	results(b);
	rwlock_write(&s->view);
	for (size_t i = 0; i < b->changes.n; i++) {
		struct change *c = &b->changes.p[i];

		count(s, &c->e);
		ring_add(&c->table->ring, &c->e, now);
		c->table->rev = c->e.rev;
	}
	for (size_t i = 0; i < b->touched.n; i++) {
		struct ring_limits max = ring_limits(b->touched.p[i]);

		ring_trim(&b->touched.p[i]->ring, &max, now, &waste);
		index_publish(b->touched.p[i]->index);
	}
	s->rev = b->rev;
	rwlock_drop(&s->view);
	b->changes.n = 0;
	compact_note(s, b->rev, now);
	for (size_t i = 0; i < waste.events.n; i++)
		event_clear(&waste.events.p[i]);
	vec_free(&waste.events);
	s->commits++;
	s->writes += (int64_t)b->writes;
}

/* Take everything back; the working states equal the published ones again. */
static void give_up(struct batch *b)
{
	undo_to(b, 0);
	for (size_t i = 0; i < b->touched.n; i++) {
		rwlock_write(&b->store->view);
		index_publish(b->touched.p[i]->index);
		rwlock_drop(&b->store->view);
	}
	for (struct txn *x = b->txns; x; x = x->next) {
		x->result = STORE_FAILED;
		x->failed = 0;
		status_internal(x->st, "%s", b->why);
	}
	log_error("store", "commit: %s", b->why);
}

void batch_run(struct batch *b, struct txn *txns)
{
	struct store *s = b->store;
	int64_t target = compact_target(s, clock_mono_ns());

	b->txns = txns;
	b->rev = s->rev;
	for (struct txn *x = txns; x && txn_do(b, x); x = x->next)
		;
	if (b->begun && !b->failed && !compact_chunk(s, target, 16 + 2 * (int64_t)b->writes))
		fail(b);
	end(b);
	if (b->failed) {
		give_up(b);
		return;
	}
	for (struct txn *x = txns; x; x = x->next)
		if (x->set_name)
			publish_setting(b, x);
	if (b->changes.n)
		publish(b);
}

void batch_notify(struct batch *b)
{
	for (size_t i = 0; i < b->touched.n && !b->failed; i++)
		subs_notify(b->store, b->touched.p[i]);
}

void batch_compact(struct batch *b)
{
	struct store *s = b->store;
	int64_t target = compact_target(s, clock_mono_ns());

	if (target <= s->floor)
		return;
	if (begin(b) && !compact_chunk(s, target, COMPACT_ALONE))
		fail(b);
	end(b);
	if (b->failed)
		log_error("store", "compaction: %s", b->why);
}

void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->touched.n; i++) {
		struct table *t = b->touched.p[i];

		t->recorded |= t->recording && !b->failed;
		t->recording = t->touched = false;
		index_reclaim(t->index);
	}
	free(b->why);
	b->why = NULL;
	b->touched.n = 0;
	b->writes = 0;
	b->txns = NULL;
	b->failed = false;
}

void batch_free(struct batch *b)
{
	vec_free(&b->changes);
	vec_free(&b->touched);
}
