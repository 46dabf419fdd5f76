/*
 * feed: changes of the watched tables, in order, to the controllers' map functions, on one thread.
 * Private to the package.
 */
#ifndef NUTSHELL_WORK_FEED_H
#define NUTSHELL_WORK_FEED_H

#include "work/work.h"

struct feed;

/* Called on the feed's thread; w is NULL for kinds added with feed_add_all(). */
typedef void (*feed_fn)(void *arg, const struct controller_watch *w, const struct kind *k,
			const struct event *ev);

struct feed *feed_new(struct api *api);
/* Before feed_start(): deliver changes of w's kind to fn(arg, w, ev). */
bool feed_add(struct feed *f, const struct controller_watch *w, feed_fn fn, void *arg,
	      struct status *st);
/* Before feed_start(): deliver changes of every stored, deletable kind, also of those that come later (first what
 * exists of them, as ADDED). */
void feed_add_all(struct feed *f, feed_fn fn, void *arg);
/* Deliver every existing object as ADDED, then call synced(arg) once, then live changes. */
void feed_start(struct feed *f, void (*synced)(void *arg), void *arg);
void feed_stop(struct feed **f);
/* Every change up to and including this revision, in whatever table, has been delivered. */
int64_t feed_rev(struct feed *f);

#endif
