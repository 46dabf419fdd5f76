/*
 * store_priv: what the files of this package share.  Nobody outside includes it.
 *
 * Threads: the writer (writer.c) owns the writing connection and the working states; the
 * checkpointer (checkpoint.c) has a connection of its own; everybody else reads.
 *
 * Locks, in the order in which they may be taken: tables (declaring), view (what is published),
 * then the leaves queue, pool, subs and checkpoint.  The view is held for moments only: to pin a
 * snapshot, to copy events, to publish.
 */
#ifndef NUTSHELL_STORE_STORE_PRIV_H
#define NUTSHELL_STORE_STORE_PRIV_H

#include "base/thread.h"
#include "base/vec.h"
#include "store/index.h"
#include "store/ring.h"
#include "store/store.h"

#include <stdatomic.h>

struct conn;
struct map;
struct txn;

struct table {
	struct store *store;
	struct table *next; /* under tables; the list only grows at its head */
	char *resource;
	struct obj_fields fields; /* a copy of our own */
	int64_t id;
	bool recorded;       /* writer: the row in `tab` is durable */
	bool recording;      /* writer: the current batch writes that row */
	bool touched;        /* writer: the current batch has changes here */
	struct index *index; /* view for the current snapshot; the rest is the writer's */
	struct ring ring;    /* view */
	_Atomic int64_t rev; /* written under view, read by anyone */
};

/* writer.c: transactions waiting for the writer. */
struct queue {
	struct lock lock;
	struct cond work;
	struct txn *head, **tail;
	bool stopping;
	struct thread *thread;
};

/* pool.c: connections for reading the log. */
#define POOL_IDLE 2
struct pool {
	struct lock lock;
	struct conn *idle[POOL_IDLE];
};

/* subscribe.c */
struct subs {
	struct lock lock;
	struct cond done;
	struct subscription *head;
};

/* compact.c: how old are the revisions?  The writer's. */
#define AGE_SLOTS 64
struct age_slot {
	int64_t begin_ns, rev; /* rev: the newest of the time slot that began then */
};
struct compaction {
	struct age_slot slot[AGE_SLOTS]; /* oldest first */
	size_t n;
	_Atomic int64_t keep_ns, keep_revs; /* tests change them */
	int64_t paused_until_ns;            /* after an error */
};

/* checkpoint.c */
struct checkpoint {
	struct lock lock;
	struct cond work;
	bool wanted, stopping;
	_Atomic bool busy;
	bool finish;       /* the writer's: it moves the rest behind this pass */
	int frames, asked; /* in the WAL, at the last request; the writer's */
	struct thread *thread;
};

struct store {
	char *dir, *path;
	bool memory;
	int lock_fd;
	struct rwlock view;
	_Atomic int64_t rev, floor;
	struct map *settings; /* view; heap strings */

	struct lock tables_lock;
	struct table *tables;
	struct map *ids; /* tables of the log that nobody has declared yet: name -> id */
	int64_t last_id;

	struct conn *conn;       /* the writer's */
	struct lock memory_lock; /* ":memory:": holds conn for everybody */
	struct queue queue;
	struct pool pool;
	struct subs subs;
	struct compaction compaction;
	struct checkpoint checkpoint;
	_Atomic int64_t commits, writes, live_bytes, live_objects;
};

/* database.c: open, create, check and close dir/nutshell.db; fills conn, rev, floor, settings, ids. */
bool database_open(struct store *s, const char *dir, struct status *st);
void database_close(struct store *s);

/* pool.c: a connection to read with; give it back with every statement reset. */
struct conn *pool_take(struct store *s, struct status *st);
void pool_give(struct store *s, struct conn *c);
void pool_close(struct store *s);

/* load.c: read a table's live objects into its (empty) index. */
bool table_load(struct table *t, struct status *st);
/* An object out of the log. */
struct obj *load_obj(const struct table *t, const void *p, size_t n, int64_t rev);

/* read.c: 410, false. */
bool store_expired(int64_t rev, int64_t floor, struct status *st);

/* writer.c */
void writer_start(struct store *s);
void writer_stop(struct store *s); /* after the queue is empty */
bool writer_set(struct store *s, const char *name, const char *value, struct status *st);

/* subscribe.c: on the writer thread. */
void subs_notify(struct store *s, struct table *t);

/* compact.c: on the writer thread. */
void compact_note(struct store *s, int64_t rev, int64_t now_ns);
/* Revisions up to the result may go. */
int64_t compact_target(struct store *s, int64_t now_ns);
/* When compact_target() will next rise beyond the floor by itself; 0: never. */
int64_t compact_due(struct store *s, int64_t now_ns);
/* Drop at most max revisions, in the open transaction. */
bool compact_chunk(struct store *s, int64_t target, int64_t max);

/* checkpoint.c */
void checkpoint_start(struct store *s);
void checkpoint_stop(struct store *s);
/* After a commit, on the writer thread. */
void checkpoint_consider(struct store *s);

#endif
