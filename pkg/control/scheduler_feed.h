/*
 * scheduler_feed: what waits for a node and what occupies one, kept up to date by the feed.  Private to the
 * scheduler; what takes a struct scheduler wants its lock held.
 */
#ifndef NUTSHELL_CONTROL_SCHEDULER_FEED_H
#define NUTSHELL_CONTROL_SCHEDULER_FEED_H

#include "base/thread.h"
#include "control/placement.h"
#include "control/pods.h"

struct map;

#define SCHEDULER_NAME "default-scheduler"

struct waiting {
	const struct obj *pod;
	int64_t priority, not_before_ns, backoff_ms;
	int64_t volumes_ns; /* since when its claims are being bound; 0 = they are not */
	bool claims;
};

/* A pod that others make room for: it holds its place until it is bound. */
struct nominee {
	int64_t priority;
	char node[254];
};

struct scheduler {
	struct lock lock;
	struct api *api;
	struct placement *place;
	struct map *shy;      /* uid -> placed pods with required anti-affinity */
	struct map *waiting;  /* pod uid -> struct waiting */
	struct map *nominees; /* pod uid -> struct nominee */
	struct pods pods;
	size_t claimants; /* waiting pods with claims */
};

/* The struct waiting of a map, or an object's reference in one, ends. */
void waiting_free(void *waiting);
void obj_unref_value(void *obj);
/* The pod waits no longer, and no place is held for it. */
void scheduler_forget(struct scheduler *s, const char *uid);
/* It has left its node. */
void scheduler_vacate(struct scheduler *s, const char *uid);
/* It has required anti-affinity, which others must respect. */
void scheduler_note_shy(struct scheduler *s, const struct obj *pod);
/* controller.map_state; takes the lock itself. */
void scheduler_map(struct enqueue *q, void *scheduler, const struct controller_watch *w,
		   const struct event *ev);

#endif
