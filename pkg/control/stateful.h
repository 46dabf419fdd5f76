/*
 * stateful: a StatefulSet with its pods and claims, known by their ordinals.
 * Private to the statefulset controller.  k8s: pkg/controller/statefulset/stateful_set_utils.go.
 */
#ifndef NUTSHELL_CONTROL_STATEFUL_H
#define NUTSHELL_CONTROL_STATEFUL_H

#include "control/history.h"
#include "control/pods.h"

/* The label of a pod that names the revision it was made from. */
#define STATEFUL_REVISION "controller-revision-hash"

struct stateful {
	struct task *t;
	const struct kind *kind, *claim_kind;
	struct pods pods;
	const struct obj *obj;
	struct json *tree;
	struct selector *sel;
	int64_t want, first; /* spec.replicas; the lowest ordinal */
	int64_t min_ready, partition;
	int64_t unavailable; /* spec.updateStrategy.rollingUpdate.maxUnavailable, resolved; 0 = not given */
	bool burst;          /* podManagementPolicy Parallel */
	bool on_delete;
	struct history history;
	const struct revision *current, *update;
	int64_t collisions;
	const struct obj **mine; /* by ordinal, lowest first */
	size_t nmine;
	int64_t after_ms;
};

/* The ordinal in the name of a pod of the set, or -1. */
int64_t stateful_ordinal(const struct obj *set, const char *pod_name);
/* Is the ordinal one of those that spec asks for? */
bool stateful_in_range(const struct stateful *s, int64_t ordinal);
/* The revision that a pod was made from; "" when it does not say. */
const char *stateful_revision(const struct obj *pod);

/* ---- stateful_pod.c ---- */
/* Create the claims and the pod of an ordinal, at the revision it is to have.  Tells in an Event.  False with st;
 * *waits when a claim of an earlier pod is still there. */
bool stateful_create(struct stateful *s, int64_t ordinal, bool *waits, struct status *st);
bool stateful_delete(struct stateful *s, const struct obj *pod, struct status *st);
/* A pod that lives says who it is, and its claims exist and are owned as the retention policy asks. */
bool stateful_mend(struct stateful *s, const struct obj *pod, struct status *st);

/* ---- stateful_claim.c ---- */
/* The volumes of a pod of this ordinal that come from claims, prepended to its spec. */
void claims_mount(struct stateful *s, int64_t ordinal, struct json *pod);
/* Make what is missing; 500 while one of them is being deleted. */
bool claims_create(struct stateful *s, int64_t ordinal, struct status *st);
/* One of them belongs to an earlier pod of that name and will go with it. */
bool claims_stale(struct stateful *s, int64_t ordinal);
/* Write their ownerReferences as spec.persistentVolumeClaimRetentionPolicy asks. */
bool claims_own(struct stateful *s, const struct obj *pod, struct status *st);

#endif
