/*
 * thread: pthreads with the house's rules.
 *
 * Every failure here is a programming error or exhaustion, so all of them abort.
 * New threads block all signals: only the main thread sees SIGTERM.  With
 * NUTSHELL_DEBUG_LOCKS each thread remembers the locks it holds and aborts when ranks are not
 * taken in increasing order, or when a lock is dropped that is not held.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_setname_np */
#endif
#include "base/thread.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __SANITIZE_ADDRESS__
#define STACK_BYTES (2048u * 1024) /* red zones triple the frames of a deep descent */
#else
#define STACK_BYTES (512u * 1024)
#endif
#define NAME_LEN 16 /* the kernel's limit, with the NUL */

static void must(int err, const char *what)
{
	if (err)
		bug("%s: %s", what, strerror(err));
}

#ifdef NUTSHELL_DEBUG_LOCKS
#define MAX_HELD 16

static _Thread_local struct {
	const void *lock[MAX_HELD];
	const char *name[MAX_HELD];
	enum lock_rank rank[MAX_HELD];
	int n;
} held;

static void note_take(const void *lock, const char *name, enum lock_rank rank)
{
	for (int i = 0; i < held.n; i++)
		if (held.rank[i] >= rank)
			bug("lock order: %s (rank %d) taken while holding %s (rank %d)", name,
			    (int)rank, held.name[i], (int)held.rank[i]);
	BUG_ON(held.n == MAX_HELD);
	held.lock[held.n] = lock;
	held.name[held.n] = name;
	held.rank[held.n++] = rank;
}

static void note_drop(const void *lock, const char *name)
{
	int i = held.n - 1;

	while (i >= 0 && held.lock[i] != lock)
		i--;
	if (i < 0)
		bug("lock %s dropped but not held", name);
	for (held.n--; i < held.n; i++) {
		held.lock[i] = held.lock[i + 1];
		held.name[i] = held.name[i + 1];
		held.rank[i] = held.rank[i + 1];
	}
}
#else
static void note_take(const void *lock, const char *name, enum lock_rank rank)
{
	(void)lock, (void)name, (void)rank;
}

static void note_drop(const void *lock, const char *name)
{
	(void)lock, (void)name;
}
#endif

void lock_init(struct lock *l, const char *name, enum lock_rank rank)
{
	l->name = name;
	l->rank = rank;
	must(pthread_mutex_init(&l->mu, NULL), "pthread_mutex_init");
}

void lock_destroy(struct lock *l)
{
	must(pthread_mutex_destroy(&l->mu), l->name);
}

void lock_take(struct lock *l)
{
	note_take(l, l->name, l->rank);
	must(pthread_mutex_lock(&l->mu), l->name);
}

void lock_drop(struct lock *l)
{
	note_drop(l, l->name);
	must(pthread_mutex_unlock(&l->mu), l->name);
}

void rwlock_init(struct rwlock *l, const char *name, enum lock_rank rank)
{
	l->name = name;
	l->rank = rank;
	must(pthread_rwlock_init(&l->rw, NULL), "pthread_rwlock_init");
}

void rwlock_destroy(struct rwlock *l)
{
	must(pthread_rwlock_destroy(&l->rw), l->name);
}

void rwlock_read(struct rwlock *l)
{
	note_take(l, l->name, l->rank);
	must(pthread_rwlock_rdlock(&l->rw), l->name);
}

void rwlock_write(struct rwlock *l)
{
	note_take(l, l->name, l->rank);
	must(pthread_rwlock_wrlock(&l->rw), l->name);
}

void rwlock_drop(struct rwlock *l)
{
	note_drop(l, l->name);
	must(pthread_rwlock_unlock(&l->rw), l->name);
}

void cond_init(struct cond *c)
{
	pthread_condattr_t attr;

	must(pthread_condattr_init(&attr), "pthread_condattr_init");
	must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC), "pthread_condattr_setclock");
	must(pthread_cond_init(&c->cv, &attr), "pthread_cond_init");
	pthread_condattr_destroy(&attr);
}

void cond_destroy(struct cond *c)
{
	must(pthread_cond_destroy(&c->cv), "pthread_cond_destroy");
}

void cond_wait(struct cond *c, struct lock *l)
{
	must(pthread_cond_wait(&c->cv, &l->mu), l->name);
}

bool cond_wait_until(struct cond *c, struct lock *l, int64_t deadline_ns)
{
	struct timespec ts = { 0 };
	int err;

	if (deadline_ns > 0) {
		ts.tv_sec = deadline_ns / 1000000000;
		ts.tv_nsec = deadline_ns % 1000000000;
	}
	err = pthread_cond_timedwait(&c->cv, &l->mu, &ts);
	if (err == ETIMEDOUT)
		return false;
	must(err, l->name);
	return true;
}

void cond_signal(struct cond *c)
{
	must(pthread_cond_signal(&c->cv), "pthread_cond_signal");
}

void cond_broadcast(struct cond *c)
{
	must(pthread_cond_broadcast(&c->cv), "pthread_cond_broadcast");
}

void once_run(struct once *o, void (*fn)(void))
{
	must(pthread_once(&o->once, fn), "pthread_once");
}

struct thread {
	pthread_t id;
	char name[NAME_LEN];
	void (*fn)(void *arg);
	void *arg;
};

static void *thread_main(void *p)
{
	struct thread *t = p;

	pthread_setname_np(pthread_self(), t->name);
	t->fn(t->arg);
	return NULL;
}

struct thread *thread_start(const char *name, void (*fn)(void *arg), void *arg)
{
	struct thread *t = calloc(1, sizeof *t);
	pthread_attr_t attr;
	sigset_t all, before;

	if (!t)
		bug("out of memory: thread %s", name);
	snprintf(t->name, sizeof t->name, "%s", name);
	t->fn = fn;
	t->arg = arg;
	must(pthread_attr_init(&attr), "pthread_attr_init");
	must(pthread_attr_setstacksize(&attr, STACK_BYTES), "pthread_attr_setstacksize");
	sigfillset(&all);
	must(pthread_sigmask(SIG_SETMASK, &all, &before), "pthread_sigmask");
	must(pthread_create(&t->id, &attr, thread_main, t), name);
	must(pthread_sigmask(SIG_SETMASK, &before, NULL), "pthread_sigmask");
	pthread_attr_destroy(&attr);
	return t;
}

void thread_join(struct thread **t)
{
	if (!*t)
		return;
	must(pthread_join((*t)->id, NULL), (*t)->name);
	free(*t);
	*t = NULL;
}
