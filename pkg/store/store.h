/*
 * store: the append-only revision log and the live objects it amounts to.
 *
 * A store holds tables, one per resource ("pods", "deployments.apps").  Memory serves: live objects
 * are frozen and indexed by namespace and name.  SQLite remembers: every revision is a row of the
 * log, committed (WAL, synchronous FULL) before it is visible or acknowledged.  One writer thread
 * drains a queue of transactions, groups them into one SQLite transaction and one fsync, and
 * publishes in revision order.  The revision is the resourceVersion: one counter, never reused.
 *
 * Thread-safe throughout.  Only the api package uses this.
 */
#ifndef NUTSHELL_STORE_STORE_H
#define NUTSHELL_STORE_STORE_H

#include "obj/obj.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct status;
struct store;
struct table;

/* Open or create the database `dir/nutshell.db` (":memory:" keeps nothing).  Reads the live state
 * lazily: objects of a table enter memory when the table is declared.  NULL: 500 with what to do
 * (locked by another process, not a database, newer format, disk full). */
struct store *store_open(const char *dir, struct status *st);
/* Finish queued commits, checkpoint, close, free and null *s. */
void store_close(struct store **s);

/* Declare a resource; the same name yields the same table (fields must then be equal).  Loads its
 * live objects; a table that cannot be read ends the process.  Tables live as long as the store. */
struct table *store_table(struct store *s, const char *resource, const struct obj_fields *fields);
const char *table_resource(const struct table *t);
size_t table_count(struct table *t);

/* The newest published revision; >= 1. */
int64_t store_rev(struct store *s);
/* The oldest revision a watch may start from; older ones are compacted. */
int64_t store_floor(struct store *s);
/* The newest revision that touched the table (after a restart, at least store_floor()).  A plain load. */
int64_t table_rev(struct table *t);

/* A small text value kept beside the objects (cluster id, keys' fingerprints).  NULL when absent; in
 * the arena.  Setting blocks until durable; value NULL removes. */
char *store_get_setting(struct store *s, struct arena *a, const char *name);
bool store_set_setting(struct store *s, const char *name, const char *value, struct status *st);

/* ---- reads: never block on I/O ---- */
/* One object, a new reference, or NULL. */
const struct obj *store_get(struct table *t, const char *ns, const char *name);
/* The same with the revision that is the present one while it is looked up. */
const struct obj *store_get_at(struct table *t, const char *ns, const char *name, int64_t *rev);

/* A consistent snapshot of a table in (ns, name) order. */
struct store_list {
	const struct obj **items; /* one reference each */
	size_t n;
	int64_t rev;      /* store revision of the snapshot */
	bool more;        /* stopped at limit: at least one further object exists */
	size_t remaining; /* objects behind the last one returned; counted when more and without pick */
};
/* ns "" lists all namespaces.  after_ns/after_name (NULL: from the start) exclude everything up to
 * and including that key.  limit 0 = none.  pick (may be NULL) filters; it must be fast. */
void store_list(struct table *t, const char *ns, const char *after_ns, const char *after_name,
		size_t limit, bool (*pick)(const struct obj *o, void *arg), void *arg,
		struct store_list *out);
/* The state as it was at rev; false 410 Expired when compacted, 504 when rev is in the future.  May
 * read the disk. */
bool store_list_at(struct table *t, int64_t rev, const char *ns, const char *after_ns,
		   const char *after_name, size_t limit, bool (*pick)(const struct obj *o, void *arg),
		   void *arg, struct store_list *out, struct status *st);
void store_list_free(struct store_list *l);

/* ---- writes ---- */
enum store_op { STORE_CREATE, STORE_UPDATE, STORE_DELETE };

struct store_write {
	struct table *table;
	enum store_op op;
	struct obj *obj; /* CREATE, UPDATE: unsealed; the store takes the reference in any case */
	const char *ns, *name; /* DELETE */
	int64_t expect_rev; /* UPDATE, DELETE: current revision must equal it; 0 = any existing */
	const struct obj *result; /* out: the sealed object (DELETE: last state with the deletion's revision);
				   * a new reference for the caller; NULL on failure */
};

enum store_result {
	STORE_OK,
	STORE_EXISTS,   /* CREATE: the key is live */
	STORE_MISSING,  /* UPDATE, DELETE: no such key */
	STORE_CONFLICT, /* expect_rev differs */
	STORE_FAILED,   /* disk: st is filled (500) */
};

/* Commit n writes atomically; blocks until durable and published.  On anything but STORE_OK nothing
 * was written and *failed (may be NULL) is the index of the offending write. */
enum store_result store_commit(struct store *s, struct store_write *w, size_t n, size_t *failed,
			       struct status *st);

/* ---- watch: a cursor into the log ---- */
enum event_type { EVENT_ADDED, EVENT_MODIFIED, EVENT_DELETED };

struct event {
	int64_t rev;
	enum event_type type;
	const struct obj *obj;  /* DELETED: last state, sealed with the deletion's revision */
	const struct obj *prev; /* state before (MODIFIED, DELETED); NULL for ADDED */
};

struct cursor {
	struct table *table;
	int64_t rev; /* everything up to and including rev has been seen */
};

/* Up to max events after c->rev in order, advancing the cursor.  Each event's objects carry
 * references that event_clear() drops.  When there are none, c->rev advances to the published
 * revision, so that bookmarks are right.  False 410 Expired when c->rev is compacted (unless the
 * ring still reaches back to it: a watcher of a quiet table is never late).  Never waits;
 * reads the disk only when behind the memory ring. */
bool cursor_next(struct cursor *c, struct event *out, size_t max, size_t *n, struct status *st);
void event_clear(struct event *e);

/* Call fn(arg, table) after each publish that touched the table, on the writer thread: must not block
 * or call the store's write functions.  table NULL subscribes to all.  Returns a handle for
 * store_unsubscribe(), after whose return fn is not running and will not run. */
struct subscription;
struct subscription *store_subscribe(struct store *s, struct table *t,
				     void (*fn)(void *arg, struct table *t), void *arg);
void store_unsubscribe(struct store *s, struct subscription **sub);

/* Call the subscribers of t as if it had been published to: what they look at besides has changed. */
void store_wake(struct store *s, struct table *t);

/* Bytes on disk and in memory, for /metrics. */
struct store_stats {
	int64_t db_bytes, wal_bytes, live_objects, live_bytes, commits, writes;
};
void store_stats(struct store *s, struct store_stats *out);

#endif
