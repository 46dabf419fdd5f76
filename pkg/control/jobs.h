/*
 * jobs: a Job with its pods, each counted exactly once.
 *
 * A pod carries a finalizer until it is counted: first its uid (or completion index) is written into the
 * status, then the finalizer goes, then the uid becomes a number.  A process killed anywhere in between goes
 * on where it was.  Private to the job controller.
 * k8s: pkg/controller/job/{job_controller,indexed_job_utils,pod_failure_policy,success_policy}.go.
 */
#ifndef NUTSHELL_CONTROL_JOBS_H
#define NUTSHELL_CONTROL_JOBS_H

#include "control/indexes.h"
#include "control/pods.h"

#define JOB_FINALIZER "batch.kubernetes.io/job-tracking"
#define JOB_INDEX "batch.kubernetes.io/job-completion-index"

struct jobpod {
	const struct obj *o;
	struct json *tree; /* NULL until job_pod_tree() */
	int64_t index;     /* -1 = none, or none that counts */
	bool active, terminating, succeeded, failed;
	bool tracked;   /* has the finalizer: not counted yet */
	bool uncounted; /* its uid is in status.uncountedTerminatedPods */
};

/* How the Job is about to end: the condition to be written. */
struct verdict {
	const char *type; /* FailureTarget, SuccessCriteriaMet, Failed; NULL = goes on */
	const char *reason, *message;
};

struct job {
	struct task *t;
	const struct kind *kind;
	struct pods pods;
	const struct obj *obj;
	struct json *tree;
	struct json *status; /* to be written: a copy that the steps change */
	struct selector *sel;
	/* spec */
	bool indexed, per_index, suspended,
		only_failed; /* only_failed: replace pods once they have ended */
	bool any;            /* no completions: the first success decides */
	int64_t parallelism, completions, backoff_limit, index_limit;
	/* pods */
	struct jobpod *all;
	size_t n;
	int64_t active, ready, terminating;
	int64_t succeeded, failed; /* with those not counted yet */
	struct indexes done_before, done,
		lost; /* completion indexes; lost: with backoffLimitPerIndex */
	struct verdict verdict;
	int64_t after_ms;
};

/* ---- job_pods.c: reading ---- */
bool job_read_pods(struct job *j, struct status *st);
const struct json *job_pod_tree(struct job *j, struct jobpod *p);
/* In seconds since the epoch: when the pod ended, as far as can be told. */
int64_t job_pod_finished_s(struct job *j, struct jobpod *p);
/* What the failure policy makes of a failed pod.  *counts: towards the limits. */
enum policy_action { POLICY_NONE, POLICY_IGNORE, POLICY_COUNT, POLICY_FAIL_INDEX, POLICY_FAIL_JOB };
enum policy_action job_pod_policy(struct job *j, struct jobpod *p, bool *counts, char **message);
/* The failed pod that the next one of its index is to be told of: it keeps its finalizer until then.  NULL = none. */
struct jobpod *job_index_last_failed(struct job *j, int64_t index);
int64_t job_pod_note(struct job *j, struct jobpod *p, const char *annotation);

/* ---- job_judge.c: has it ended, and how ---- */
void job_judge(struct job *j);

/* ---- job_manage.c: pods made and deleted ---- */
bool job_manage(struct job *j, struct status *st);
/* All active pods, finalizers kept: they are counted next. */
bool job_stop_pods(struct job *j, struct status *st);

/* ---- job_track.c: counting ---- */
/* Count pods, let them go, write the status and, when all is counted, the end. */
bool job_track(struct job *j, struct status *st);
/* Let go of a pod that no Job will count. */
bool job_release_pod(struct task *t, const struct obj *pod, struct status *st);
/* Set a condition of the status to be written; true when it changed. */
bool job_condition(struct job *j, const char *type, const char *status, const char *reason,
		   const char *message);
bool job_has_condition(const struct json *status, const char *type);

#endif
