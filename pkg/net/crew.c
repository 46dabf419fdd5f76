/*
 * crew: worker threads for requests that may block.
 *
 * Threads are started when a job finds nobody idle, up to the limit, and stay.  Beyond the limit jobs
 * wait in arrival order; there are never more than connections, so the queue needs no bound of
 * its own.
 *
 * A worker that waits for an answer from outside (a webhook, the host) may be waiting for somebody who first
 * asks us something: such workers do not count against the limit, or as many of them as there are workers
 * would all wait for each other until their time is over.
 */
#include "base/log.h"
#include "base/thread.h"
#include "base/vec.h"
#include "net/crew.h"

#include <stdatomic.h>
#include <stdlib.h>

struct job {
	void (*fn)(void *arg);
	void *arg;
	struct job *next;
};

struct crew {
	struct lock lock;
	struct cond cond;
	struct job *first, **last;
	unsigned waiting; /* queued jobs */
	unsigned idle, max;
	unsigned away; /* between crew_leave() and crew_return() */
	bool stopping;
	atomic_bool cut;
	VEC(struct thread *) threads;
};

#define AWAY_FACTOR 8

static _Thread_local struct crew *own_crew;

static struct job *next_job(struct crew *c)
{
	struct job *j;

	lock_take(&c->lock);
	c->idle++;
	while (!c->first && !c->stopping)
		cond_wait(&c->cond, &c->lock);
	c->idle--;
	j = c->first;
	if (j) {
		c->first = j->next;
		c->waiting--;
		if (!c->first)
			c->last = &c->first;
	}
	lock_drop(&c->lock);
	return j;
}

static void crew_main(void *arg)
{
	struct crew *c = arg;
	struct job *j;

	own_crew = c;
	while ((j = next_job(c))) {
		j->fn(j->arg);
		free(j);
	}
}

struct crew *crew_new(unsigned max)
{
	struct crew *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	lock_init(&c->lock, "crew", LOCK_NET);
	cond_init(&c->cond);
	c->last = &c->first;
	c->max = max;
	return c;
}

/* Under the lock: one more thread when a job finds nobody idle. */
static void crew_grow(struct crew *c)
{
	size_t limit = c->max + c->away;

	if (limit > (size_t)c->max * AWAY_FACTOR)
		limit = (size_t)c->max * AWAY_FACTOR;
	if (c->waiting > c->idle && c->threads.n < limit && !c->stopping)
		vec_push(&c->threads, thread_start("http-work", crew_main, c));
}

void crew_leave(void)
{
	struct crew *c = own_crew;

	if (!c)
		return;
	lock_take(&c->lock);
	c->away++;
	crew_grow(c);
	lock_drop(&c->lock);
}

void crew_return(void)
{
	struct crew *c = own_crew;

	if (!c)
		return;
	lock_take(&c->lock);
	c->away--;
	lock_drop(&c->lock);
}

void crew_cut(struct crew *c)
{
	atomic_store(&c->cut, true);
}

bool crew_is_cut(void)
{
	return own_crew && atomic_load_explicit(&own_crew->cut, memory_order_relaxed);
}

void crew_run(struct crew *c, void (*fn)(void *arg), void *arg)
{
	struct job *j = malloc(sizeof(*j));

	BUG_ON(!j);
	*j = (struct job){ .fn = fn, .arg = arg };
	lock_take(&c->lock);
	*c->last = j;
	c->last = &j->next;
	c->waiting++;
	crew_grow(c);
	cond_signal(&c->cond);
	lock_drop(&c->lock);
}

void crew_free(struct crew **cp)
{
	struct crew *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	lock_take(&c->lock);
	c->stopping = true;
	cond_broadcast(&c->cond);
	lock_drop(&c->lock);
	for (size_t i = 0; i < c->threads.n; i++)
		thread_join(&c->threads.p[i]);
	vec_free(&c->threads);
	cond_destroy(&c->cond);
	lock_destroy(&c->lock);
	free(c);
}
