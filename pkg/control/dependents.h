/*
 * dependents: an index from owner uid to the objects that name it as owner.  Thread-safe.
 */
#ifndef NUTSHELL_CONTROL_DEPENDENTS_H
#define NUTSHELL_CONTROL_DEPENDENTS_H

#include "work/work.h"

struct dependents;

struct dependent {
	const struct kind *kind;
	const char *ns, *name, *uid;
	bool block; /* blockOwnerDeletion */
};

struct dependents *dependents_new(void);
void dependents_free(struct dependents **d);
/* Take a change into the index. */
void dependents_note(struct dependents *d, const struct kind *k, const struct event *ev);
/* A copy, in the arena. */
struct dependent *dependents_of(struct dependents *d, struct arena *a, const char *owner_uid,
				size_t *n);
size_t dependents_count(struct dependents *d, const char *owner_uid);
/* Call fn for each, under the index's lock: fn must not call back into the index. */
void dependents_each(struct dependents *d, const char *owner_uid,
		     void (*fn)(void *arg, const struct dependent *d), void *arg);

#endif
