/*
 * podwork: pods made from a template and deleted for a workload, told in its Events.
 *
 * Creation goes in batches that double, so that a template which is refused is refused once, not n times.
 * Blocks.  k8s: pkg/controller/controller_utils.go RealPodControl, slowStartBatch.
 */
#ifndef NUTSHELL_CONTROL_PODWORK_H
#define NUTSHELL_CONTROL_PODWORK_H

#include "work/work.h"

struct podwork {
	struct task *t;
	const struct kind *pod_kind;
	const struct kind *kind; /* of the owner */
	const struct obj *owner;
	/* The i-th pod to make, a new tree each time it is called. */
	struct json *(*build)(void *arg, size_t i);
	void *arg;
};

/* Make n pods with a controller reference.  Returns how many there are now; fewer than n with *failure told
 * (FailedCreate), or with *failure empty when the namespace is ending. */
size_t podwork_create(const struct podwork *w, size_t n, struct status *failure);
/* True when it is gone or going; else *failure, told (FailedDelete). */
bool podwork_delete(const struct podwork *w, const struct obj *pod, struct status *failure);

#endif
