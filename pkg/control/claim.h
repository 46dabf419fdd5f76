/*
 * claim: which objects belong to a workload: those it owns and that match its selector; it adopts matching
 * orphans and releases what no longer matches.  k8s: pkg/controller/controller_ref_manager.go.
 */
#ifndef NUTSHELL_CONTROL_CLAIM_H
#define NUTSHELL_CONTROL_CLAIM_H

#include "work/work.h"

struct selector;

struct claim {
	struct task *t;
	const struct kind *kind; /* of what is claimed */
	const struct kind *owner_kind;
	const struct obj *owner;
	const struct selector *sel;
	/* What it refuses counts as not matching; NULL = nothing. */
	bool (*fits)(const struct obj *o, const struct obj *owner);
	const char *finalizer; /* given to what is adopted; NULL = none */
};

/* All claimed objects, held by the arena.  Nothing is adopted for a terminating owner. */
bool claim(const struct claim *c, const struct obj ***out, size_t *n, struct status *st);

/* Map a change: to the owner of the object (before and after), and when it is an orphan, to every workload of
 * owner_kind whose spec.selector matches it. */
void claim_offer(struct enqueue *q, struct api *api, const struct event *ev,
		 const struct kind *owner_kind);

#endif
