/*
 * The writer (and store_wake()) walks the list and calls without the lock.  A subscription in a call is marked busy
 * and stays linked until the call is over, so that the walk can always go on from it.
 */
#include "store/store_priv.h"

#include "base/log.h"

#include <stdlib.h>

struct subscription {
	struct subscription *next;
	struct table *table; /* NULL: all */
	void (*fn)(void *arg, struct table *t);
	void *arg;
	unsigned busy; /* calls under way */
	bool dead;
};

struct subscription *store_subscribe(struct store *s, struct table *t,
				     void (*fn)(void *arg, struct table *t), void *arg)
{
	struct subscription *sub = calloc(1, sizeof *sub);

	if (!sub)
		bug("out of memory");
	sub->table = t;
	sub->fn = fn;
	sub->arg = arg;
	lock_take(&s->subs.lock);
	sub->next = s->subs.head;
	s->subs.head = sub;
	lock_drop(&s->subs.lock);
	return sub;
}

void store_unsubscribe(struct store *s, struct subscription **subp)
{
	struct subscription *sub = *subp, **at;

	if (!sub)
		return;
	lock_take(&s->subs.lock);
	sub->dead = true;
	while (sub->busy)
		cond_wait(&s->subs.done, &s->subs.lock);
	for (at = &s->subs.head; *at != sub; at = &(*at)->next)
		;
	*at = sub->next;
	lock_drop(&s->subs.lock);
	free(sub);
	*subp = NULL;
}

void subs_notify(struct store *s, struct table *t)
{
	lock_take(&s->subs.lock);
	for (struct subscription *sub = s->subs.head; sub; sub = sub->next) {
		if (sub->dead || (sub->table && sub->table != t))
			continue;
		sub->busy++;
		lock_drop(&s->subs.lock);
		sub->fn(sub->arg, t);
		lock_take(&s->subs.lock);
		sub->busy--;
		if (sub->dead)
			cond_broadcast(&s->subs.done);
	}
	lock_drop(&s->subs.lock);
}

void store_wake(struct store *s, struct table *t)
{
	subs_notify(s, t);
}
