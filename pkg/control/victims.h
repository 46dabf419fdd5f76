/*
 * victims: which pods of a ReplicaSet go first when it shrinks.
 * k8s: pkg/controller/controller_utils.go (ActivePodsWithRanks).
 */
#ifndef NUTSHELL_CONTROL_VICTIMS_H
#define NUTSHELL_CONTROL_VICTIMS_H

#include "control/pods.h"

struct arena;

/* Sort pods (n of them) so that those to delete come first: unbound, pending, not ready, of low
 * controller.kubernetes.io/pod-deletion-cost, on a node with many of related (nrelated, those of sibling
 * sets and of this one), ready for a shorter time, restarted more often, younger. */
void victims_sort(struct arena *a, const struct pods *p, const struct obj **pods, size_t n,
		  const struct obj *const *related, size_t nrelated);

#endif
