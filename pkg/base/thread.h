/*
 * thread: the only place that touches pthreads.
 *
 * Threads are named and joined, never detached.  Locks are ranked: a thread may
 * take a lock only if its rank is higher than that of every lock it holds (checked
 * in builds with NUTSHELL_DEBUG_LOCKS).  No lock is held across a callback or I/O out of the
 * package, except the store's writer around its own transaction.
 */
#ifndef NUTSHELL_BASE_THREAD_H
#define NUTSHELL_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum lock_rank {
	LOCK_CONTROL = 10, /* a controller's own state */
	LOCK_WORK = 20,    /* work queues */
	LOCK_HOST = 30,    /* host packages */
	LOCK_SERVER = 40,
	LOCK_API = 50,
	LOCK_KIND = 60, /* the registry of kinds */
	LOCK_STORE = 70,
	LOCK_NET = 80,
	LOCK_LOG = 90,
};

struct lock {
	pthread_mutex_t mu;
	const char *name;
	enum lock_rank rank;
};

struct rwlock {
	pthread_rwlock_t rw;
	const char *name;
	enum lock_rank rank;
};

struct cond {
	pthread_cond_t cv; /* on the monotonic clock */
};

/* name (borrowed, for messages) and rank belong to the lock.  Not recursive; dropped by the thread that took
 * it.  Whatever fails here aborts. */
void lock_init(struct lock *l, const char *name, enum lock_rank rank);
void lock_destroy(struct lock *l);
void lock_take(struct lock *l);
void lock_drop(struct lock *l);

/* As a lock, for many readers at once.  A reader may not take it again, nor turn into the writer. */
void rwlock_init(struct rwlock *l, const char *name, enum lock_rank rank);
void rwlock_destroy(struct rwlock *l);
void rwlock_read(struct rwlock *l);
void rwlock_write(struct rwlock *l);
void rwlock_drop(struct rwlock *l);

/* Waiting gives up l, which the caller holds, and has it again on return.  It may return without a signal:
 * wait in a loop that looks at what is waited for. */
void cond_init(struct cond *c);
void cond_destroy(struct cond *c);
void cond_wait(struct cond *c, struct lock *l);
/* False when deadline (clock_mono_ns() time) has passed first. */
bool cond_wait_until(struct cond *c, struct lock *l, int64_t deadline_ns);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

/* Run fn once in the life of the process, however many threads ask; all wait for its end. */
struct once {
	pthread_once_t once;
};
#define ONCE_INIT                 \
	{                         \
		PTHREAD_ONCE_INIT \
	}
void once_run(struct once *o, void (*fn)(void));

struct thread;
/* Start fn(arg) on a named thread with a 512 KiB stack and all signals blocked; aborts if it cannot be
 * made. */
struct thread *thread_start(const char *name, void (*fn)(void *arg), void *arg);
/* Wait for its end, free it and null *t. */
void thread_join(struct thread **t);

#endif
