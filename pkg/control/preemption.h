/*
 * preemption: who has to leave so that a more important pod fits.
 *
 * Considers, node by node, that all less important pods were gone; takes back as many as fit beside the
 * newcomer, those first whose budgets would be violated; and chooses the node where the loss is least.  Rules
 * between pods (affinity, spread) are those of the cluster as it is: nobody is evicted for their sake.
 * k8s: pkg/scheduler/framework/preemption, plugins/defaultpreemption.
 */
#ifndef NUTSHELL_CONTROL_PREEMPTION_H
#define NUTSHELL_CONTROL_PREEMPTION_H

#include "control/placement.h"
#include "control/pods.h"

struct preemption;

/* A view of the placed pods, made once for a pass; in the arena.  Pods that have gone leave their places, told of
 * or not, lest others be sent away after them; *freed when there were any: then look for a place once more. */
struct preemption *preemption_new(struct arena *a, struct api *api, struct placement *place,
				  const struct pods *pods, bool *freed);

struct newcomer {
	const struct obj *pod;
	const struct json *spec;
	int64_t priority;
	const struct amounts *requests;
	const struct node_rules *rules; /* NULL = none */
};

struct sacrifice {
	const char *node;
	const struct obj **victims; /* least important last */
	size_t n;
};

/* True with what is to be done; false with upstream's sentence in *why. */
bool preemption_plan(struct preemption *x, const struct newcomer *c, struct sacrifice *out,
		     const char **why);
/* Delete the victims, if any, and say why. */
void preemption_evict(struct task *t, const struct pods *pods, const struct obj *pod,
		      const struct sacrifice *s);
/* Less important pods are already leaving this node. */
bool preemption_pending(const struct preemption *x, const char *node, int64_t priority);

#endif
