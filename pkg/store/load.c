/*
 * One scan of a table's log, newest revision first.  A row is live when no newer row named it as
 * its predecessor and it is no deletion; superseded rows are skipped without touching their values,
 * so the set of predecessors is all the scan must remember: a small open-addressing table.
 *
 * Parsing is most of the time a large table takes.  Live rows gather in portions, and each
 * portion is parsed by as many threads as there are processors, a few at most.
 */
#include "store/sql.h"
#include "store/store_priv.h"

#include "base/log.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* One live row on its way from the scan into the index. */
struct row {
	void *bytes;
	size_t n;
	int64_t rev;
	struct obj *obj;
};

#define PORTION 4096
#define WORTH_THREADS 256 /* rows per thread */
#define MAX_THREADS 4

struct load {
	struct table *table;
	struct revs superseded;
	struct row *row; /* PORTION of them */
	size_t n;
};

struct parser {
	struct load *load;
	size_t from, to;
	struct thread *thread;
};

static void parse(void *arg)
{
	struct parser *p = arg;

	for (size_t i = p->from; i < p->to; i++) {
		struct row *r = &p->load->row[i];

		r->obj = load_obj(p->load->table, r->bytes, r->n, r->rev);
		free(r->bytes);
	}
}

static size_t thread_count(size_t rows)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = rows / WORTH_THREADS;

	if (cpus > 0 && n > (size_t)cpus)
		n = (size_t)cpus;
	return n > MAX_THREADS ? MAX_THREADS : n ? n : 1;
}

/* Parse what has gathered, on all processors when it is much, and put it into the index. */
static void flush(struct load *l)
{
	struct parser p[MAX_THREADS];
	size_t n = thread_count(l->n);

	for (size_t i = 0; i < n; i++)
		p[i] = (struct parser){ l, l->n * i / n, l->n * (i + 1) / n, NULL };
	for (size_t i = 1; i < n; i++)
		p[i].thread = thread_start("load", parse, &p[i]);
	parse(&p[0]);
	for (size_t i = 1; i < n; i++)
		thread_join(&p[i].thread);
	for (size_t i = 0; i < l->n; i++) {
		const struct obj *o = l->row[i].obj;

		l->table->store->live_bytes += (int64_t)obj_size(o);
		l->table->store->live_objects++;
		index_put(l->table->index, o);
	}
	l->n = 0;
}

static void *copy_of(const void *p, size_t n)
{
	void *copy = malloc(n + 1);

	if (!copy)
		bug("out of memory");
	memcpy(copy, p, n);
	return copy;
}

static void load_row(struct load *l, sqlite3_stmt *q)
{
	int64_t rev = sqlite3_column_int64(q, 0), prev = sqlite3_column_int64(q, 2);
	struct row *r = &l->row[l->n];

	if (!l->table->rev)
		l->table->rev = rev;
	if (prev)
		revs_add(&l->superseded, prev);
	if (revs_has(&l->superseded, rev) || sqlite3_column_int(q, 1) == EVENT_DELETED)
		return;
	r->rev = rev;
	r->n = (size_t)sqlite3_column_bytes(q, 3);
	r->bytes = copy_of(sqlite3_column_blob(q, 3), r->n);
	if (++l->n == PORTION)
		flush(l);
}

/* False: the database failed. */
static bool scan(struct load *l, struct conn *c)
{
	sqlite3_stmt *q = conn_stmt(c, SQL_LOAD);
	int rc;

	if (!q)
		return false;
	sqlite3_bind_int64(q, 1, l->table->id);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		load_row(l, q);
	flush(l);
	sqlite3_reset(q);
	return rc == SQLITE_DONE;
}

bool table_load(struct table *t, struct status *st)
{
	struct conn *c = pool_take(t->store, st);
	struct load l = { .table = t };
	bool ok;

	if (!c)
		return false;
	l.row = calloc(PORTION, sizeof *l.row);
	if (!l.row)
		bug("out of memory");
	ok = scan(&l, c) || conn_fail(c, st);
	pool_give(t->store, c);
	free(l.superseded.slot);
	free(l.row);
	index_publish(t->index);
	index_reclaim(t->index);
	/* Read after the scan: whatever was compacted away lies at or below this floor. */
	if (t->rev < t->store->floor)
		t->rev = t->store->floor;
	t->ring.base = t->rev;
	return ok;
}
