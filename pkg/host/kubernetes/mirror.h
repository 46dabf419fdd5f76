/*
 * mirror: what the host has of ours of one resource, in memory, kept by LIST and WATCH.
 *
 * Only objects with our cluster id as label are seen (events: those of the namespace).  A watch is resumed
 * after its end, a 410 leads to a new list, whose difference is reported as changes; what a list no longer
 * has is reported as gone, and whoever acts on that asks the host again first.  One thread each.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_MIRROR_H
#define NUTSHELL_HOST_KUBERNETES_MIRROR_H

#include <stdbool.h>

struct host;
struct mirror;
struct obj;

/* now NULL: gone; before NULL: new.  On the mirror's thread; must not block for long. */
typedef void (*mirror_fn)(void *arg, const struct obj *now, const struct obj *before);

/* prefix "api/v1", resource "pods", kind "Pod" (items of lists carry none). all: without label selector. */
struct mirror *mirror_start(struct host *h, const char *prefix, const char *resource,
			    const char *kind, bool all, mirror_fn fn, void *arg);
void mirror_stop(struct mirror **m);
/* The first list has been taken in. */
bool mirror_synced(struct mirror *m);
/* A reference, or NULL. */
const struct obj *mirror_get(struct mirror *m, const char *name);
/* Visit all under the mirror's lock: fn must not call back into it or block. */
void mirror_each(struct mirror *m, void (*fn)(void *arg, const struct obj *o), void *arg);

#endif
