/*
 * rollout: a Deployment with its ReplicaSets, and the arithmetic of rolling them.
 * Private to the deployment controller.  k8s: pkg/controller/deployment/util/deployment_util.go.
 */
#ifndef NUTSHELL_CONTROL_ROLLOUT_H
#define NUTSHELL_CONTROL_ROLLOUT_H

#include "work/work.h"

#define ANNOTATION_REVISION "deployment.kubernetes.io/revision"
#define ANNOTATION_HISTORY "deployment.kubernetes.io/revision-history"
#define ANNOTATION_DESIRED "deployment.kubernetes.io/desired-replicas"
#define ANNOTATION_MAX "deployment.kubernetes.io/max-replicas"
#define LABEL_HASH "pod-template-hash"

struct rollset { /* one ReplicaSet */
	const struct obj *obj;
	struct json *tree;
	int64_t spec, replicas, ready, available; /* spec.replicas and the counts of its status */
};

struct rollout {
	struct task *t;
	const struct kind *kind, *rs_kind;
	const struct obj *obj;
	struct json *tree;
	int64_t want;               /* spec.replicas */
	int64_t surge, unavailable; /* resolved numbers; 0 for Recreate */
	bool recreate, paused;
	struct rollset *all; /* oldest first */
	size_t nall;
	struct rollset *fresh; /* of the present template; NULL while there is none */
	bool new_revision;     /* fresh was made in this reconcile */
	int64_t after_ms;
};

/* Read the numbers of the spec. */
void rollout_init(struct rollout *r, struct task *t, const struct obj *deployment);
/* Take over the claimed ReplicaSets; finds the fresh one. */
void rollout_sets(struct rollout *r, const struct obj **sets, size_t n);
void rollset_read(struct rollout *r, struct rollset *s, const struct obj *o);

int64_t rollout_sum_spec(const struct rollout *r, bool old_only);
int64_t rollout_sum_status(const struct rollout *r);
int64_t rollout_sum_ready(const struct rollout *r);
int64_t rollout_sum_available(const struct rollout *r);
int64_t rollset_annotation(const struct rollset *s, const char *key, int64_t dflt);
/* How many replicas the fresh set may have now. */
int64_t rollout_fresh_size(const struct rollout *r);

/* Make the fresh set known: find or create it, with its hash, labels and revision annotations.  create
 * false only refreshes annotations of an existing one. */
bool rollout_ensure_fresh(struct rollout *r, bool create, struct status *st);
/* Write spec.replicas and the size annotations of a set if they differ; *scaled (may be NULL) is set when the
 * size changed. */
bool rollout_scale(struct rollout *r, struct rollset *s, int64_t to, bool *scaled, struct status *st);
/* After spec.replicas of the Deployment changed, or while paused: share the size out in proportion. */
bool rollout_proportion(struct rollout *r, struct status *st);
/* Delete old empty sets beyond revisionHistoryLimit. */
bool rollout_cleanup(struct rollout *r, struct status *st);

/* spec.progressDeadlineSeconds; 0 when there is no deadline (absent or the largest int32). */
int64_t rollout_deadline(const struct json *deployment);
/* Write the Deployment's status; sets r->after_ms when a progress deadline is pending. */
bool rollout_status(struct rollout *r, bool progress, struct status *st);
/* Everything is at the present template and available. */
bool rollout_complete(const struct rollout *r);
/* Is the set's template the Deployment's, apart from the hash label? */
bool rollout_same_template(struct rollout *r, const struct rollset *s);

#endif
