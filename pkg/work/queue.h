/*
 * queue: names waiting to be reconciled.
 *
 * A name is in the queue at most once, however often it is added, and is never handed to two workers at a
 * time: a name added while it is worked on comes back afterwards.  Entries may be due later.  Thread-safe.
 * k8s: client-go/util/workqueue.
 */
#ifndef NUTSHELL_WORK_QUEUE_H
#define NUTSHELL_WORK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue_item {
	char *ns, *name;
	int failures; /* consecutive, for the back-off */
};

/* name is borrowed. */
struct queue *queue_new(const char *name);
void queue_free(struct queue **q);

/* Due after_ms from now (0: now); an earlier due time already set stays. */
void queue_add(struct queue *q, const char *ns, const char *name, int64_t after_ms);

/* Block for the next due item; NULL once stopped.  The item stays valid until queue_done(). */
struct queue_item *queue_take(struct queue *q);

/* Finished: again_ms < 0 forgets the name (unless it was added meanwhile), else it is due again then.
 * failed counts a failure, success resets the count.
 * rest: a name that was added meanwhile is left alone for as long as the work on it has taken, so that large
 * ones, to which much happens, are worked on half of the time at most. */
void queue_done(struct queue *q, struct queue_item *item, bool failed, int64_t again_ms, bool rest);

/* From now on up to max threads run work(arg), which takes items until there are no more: each is started when
 * it is first needed.  Called once at most; who does not call it takes items with threads of its own. */
void queue_staff(struct queue *q, size_t max, void (*work)(void *arg), void *arg);
/* After queue_stop(): wait until they have returned. */
void queue_join(struct queue *q);

/* Let queue_take() return NULL from now on. */
void queue_stop(struct queue *q);

/* Nothing is due or being worked on. */
bool queue_idle(struct queue *q);

#endif
