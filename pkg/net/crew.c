/*
 * crew: worker threads for requests that may block.
 *
 * Threads are started when a job finds nobody idle, up to the limit, and stay.  Beyond the limit jobs
 * wait in arrival order; there are never more than connections, so the queue needs no bound of
 * its own.
 */
#include "base/log.h"
#include "base/thread.h"
#include "base/vec.h"
#include "net/httpd_priv.h"

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
	bool stopping;
	VEC(struct thread *) threads;
};

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

void crew_run(struct crew *c, void (*fn)(void *arg), void *arg)
{
	struct job *j = malloc(sizeof(*j));

	BUG_ON(!j);
	*j = (struct job){ .fn = fn, .arg = arg };
	lock_take(&c->lock);
	*c->last = j;
	c->last = &j->next;
	c->waiting++;
	if (c->waiting > c->idle && c->threads.n < c->max)
		vec_push(&c->threads, thread_start("http-work", crew_main, c));
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
