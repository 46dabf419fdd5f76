/*
 * batch: the transactions that share one SQLite transaction, and the revisions they make.
 * Private to the store package; everything happens on the writer thread.
 */
#ifndef NUTSHELL_STORE_BATCH_H
#define NUTSHELL_STORE_BATCH_H

#include "base/vec.h"
#include "store/store.h"

#include <stdatomic.h>

/* What one caller waits for.  Lives on the caller's stack: after `done` it is gone. */
struct txn {
	struct txn *next;
	struct store_write *w;
	size_t n, bytes;
	const char *set_name, *set_value; /* instead of writes: a setting; value NULL removes it */
	enum store_result result;
	size_t failed;
	struct status *st;
	_Atomic int done; /* a futex: 0, 1 = done, 2 = the caller sleeps */
};

/* One revision of a table, with references of its own. */
struct change {
	struct table *table;
	struct event e;
};

struct batch {
	struct store *store;
	struct txn *txns;
	size_t writes;
	VEC(struct change) changes;
	VEC(struct table *) touched;
	int64_t rev; /* the newest one given out */
	bool begun, failed;
	char *why; /* text of the failure */
};

/* Check, write, commit and publish the list of transactions; on return each has its result but
 * none has been woken. */
void batch_run(struct batch *b, struct txn *txns);
/* Tell subscribers. */
void batch_notify(struct batch *b);
/* Compact without any transaction; failures are logged. */
void batch_compact(struct batch *b);
/* Ready for the next run. */
void batch_clear(struct batch *b);
void batch_free(struct batch *b);

#endif
