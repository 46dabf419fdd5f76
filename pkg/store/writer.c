/*
 * Callers queue their transactions and sleep; the writer takes all that wait, up to a cap, and
 * runs them as one batch.  While it flushes, the next batch gathers: the slower the disk, the
 * larger the batches.  Callers are woken one by one through a futex of their own, so that nobody
 * wakes in vain.  With nothing to do the writer sleeps until a commit arrives or until the
 * youngest garbage is old enough to be compacted.
 */
#include "store/batch.h"
#include "store/store_priv.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BATCH_WRITES 512
#define BATCH_BYTES ((size_t)16 << 20)

/* The kernel's numbers; its headers are not there under musl. */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

static long futex(_Atomic int *word, int op, int value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static void txn_sleep(struct txn *x)
{
	int zero = 0;

	if (!atomic_compare_exchange_strong(&x->done, &zero, 2))
		return;
	while (atomic_load(&x->done) != 1)
		futex(&x->done, FUTEX_WAIT_PRIVATE, 2);
}

/* The transaction may be gone as soon as done is set; waking an address is harmless then. */
static void txn_wake(struct txn *x)
{
	if (atomic_exchange(&x->done, 1) == 2)
		futex(&x->done, FUTEX_WAKE_PRIVATE, 1);
}

static void submit(struct store *s, struct txn *x)
{
	struct queue *q = &s->queue;

	lock_take(&q->lock);
	BUG_ON(q->stopping);
	if (!q->head)
		cond_signal(&q->work);
	*q->tail = x;
	q->tail = &x->next;
	lock_drop(&q->lock);
	txn_sleep(x);
}

enum store_result store_commit(struct store *s, struct store_write *w, size_t n, size_t *failed,
			       struct status *st)
{
	struct txn x = { .w = w, .n = n, .st = st };

	for (size_t i = 0; i < n; i++) {
		w[i].result = NULL;
		x.bytes += w[i].op == STORE_DELETE ? 0 : w[i].obj->len;
	}
	if (n)
		submit(s, &x);
	for (size_t i = 0; i < n; i++) {
		if (w[i].op == STORE_DELETE)
			continue;
		obj_unref(w[i].obj);
		w[i].obj = NULL;
	}
	if (failed && x.result != STORE_OK)
		*failed = x.failed;
	return x.result;
}

bool writer_set(struct store *s, const char *name, const char *value, struct status *st)
{
	struct txn x = { .set_name = name, .set_value = value, .st = st };

	submit(s, &x);
	return x.result == STORE_OK;
}

/* Cut the head of the queue off, as much as one batch takes.  Under the lock. */
static struct txn *cut(struct queue *q)
{
	struct txn *first = q->head, **end = &q->head;
	size_t writes = 0, bytes = 0;

	while (*end) {
		writes += (*end)->n;
		bytes += (*end)->bytes;
		if (*end != first && (writes > BATCH_WRITES || bytes > BATCH_BYTES))
			break;
		end = &(*end)->next;
	}
	q->head = *end;
	if (!q->head)
		q->tail = &q->head;
	*end = NULL;
	return first;
}

/* The transactions of the next batch; NULL when due (0: never) has passed, or at the end. */
static struct txn *take(struct queue *q, int64_t due, bool *stop)
{
	struct txn *txns = NULL;
	bool in_time = true;

	lock_take(&q->lock);
	while (!q->head && !q->stopping && in_time) {
		if (due)
			in_time = cond_wait_until(&q->work, &q->lock, due);
		else
			cond_wait(&q->work, &q->lock);
	}
	*stop = !q->head && q->stopping;
	if (q->head)
		txns = cut(q);
	lock_drop(&q->lock);
	return txns;
}

static void wake_all(struct txn *x)
{
	while (x) {
		struct txn *next = x->next;

		txn_wake(x);
		x = next;
	}
}

static void writer_run(void *arg)
{
	struct store *s = arg;
	struct batch b = { .store = s };
	struct txn *txns;
	bool stop = false;

	while (!stop) {
		txns = take(&s->queue, compact_due(s, clock_mono_ns()), &stop);
		if (txns) {
			batch_run(&b, txns);
			wake_all(txns);
			batch_notify(&b);
		} else if (!stop) {
			batch_compact(&b);
		}
		batch_clear(&b);
		checkpoint_consider(s);
	}
	batch_free(&b);
}

void writer_start(struct store *s)
{
	s->queue.tail = &s->queue.head;
	compact_note(s, s->rev, clock_mono_ns());
	s->queue.thread = thread_start("store", writer_run, s);
}

void writer_stop(struct store *s)
{
	lock_take(&s->queue.lock);
	s->queue.stopping = true;
	cond_signal(&s->queue.work);
	lock_drop(&s->queue.lock);
	thread_join(&s->queue.thread);
}
