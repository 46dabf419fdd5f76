/*
 * autoscaler: what the files of the horizontal pod autoscaler share.
 *
 * One pass: autoscaler.c reads target and spec and writes the outcome; autoscaler_metric.c turns each metric of
 * the spec into a proposal; autoscaler_replicas.c does its arithmetic over the pods; autoscaler_source.c
 * fetches what was measured; autoscaler_rate.c holds the proposal within what the past allows.
 * Amounts are milli-units.  A fault is a text in upstream's words (*why, in the task's arena).
 * k8s: pkg/controller/podautoscaler.
 */
#ifndef NUTSHELL_CONTROL_AUTOSCALER_H
#define NUTSHELL_CONTROL_AUTOSCALER_H

#include "control/control.h"
#include "control/pods.h"

#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct selector;

/* ---- the past of one autoscaler (autoscaler_rate.c) ---- */

struct recommendation {
	int64_t replicas, at_us;
};

struct rescale {
	int64_t change, at_us;
};

struct past {
	VEC(struct recommendation) recommendations;
	VEC(struct rescale) ups, downs;
};

void rate_past_free(void *past);

/* ---- one pass ---- */

struct autoscaling {
	struct task *t;
	const struct peers *peers; /* NULL = none */
	struct past *past;
	const struct kind *kind;
	const struct obj *obj;
	struct pods pods;
	const struct json *spec;
	struct json *o;             /* the tree; its status is what will be written */
	const struct kind *target;  /* what is scaled */
	struct json *scale;         /* its Scale */
	const struct selector *sel; /* of its pods */
	const char *selector;       /* the same as text */
	int64_t current, observed;  /* replicas: of the Scale's spec, of its status */
	int64_t min, max;
	double up, down; /* tolerances */
	int64_t now_us;
	bool soon; /* some sample was too fresh: look again in a moment */
};

#define autoscaling_tell(x, type, reason, ...) \
	task_event((x)->t, (x)->kind, (x)->obj, type, reason, __VA_ARGS__)

/* Set a condition of the status. */
void autoscaling_condition(struct autoscaling *x, const char *type, bool yes, const char *reason,
			   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* ---- autoscaler_source.c ---- */

/* What was measured of one pod. */
struct sample {
	const char *pod;
	int64_t value, at_us, window_us;
};
/* Samples of the target's pods: of a resource (container "" = all of them), or of a custom metric. */
bool source_resource(struct autoscaling *x, const char *resource, const char *container,
		     struct sample **out, size_t *n, const char **why);
bool source_pods(struct autoscaling *x, const char *metric, const struct json *selector,
		 struct sample **out, size_t *n, const char **why);
/* One value: of another object, or the sum of an external metric. */
bool source_object(struct autoscaling *x, const char *metric, const struct json *selector,
		   const struct json *ref, int64_t *value, const char **why);
bool source_external(struct autoscaling *x, const char *metric, const struct json *selector,
		     int64_t *value, const char **why);

/* ---- autoscaler_replicas.c ---- */

struct proposal {
	int64_t replicas;
	int64_t usage;       /* average, or the value itself */
	int64_t utilization; /* percent */
};
/* From samples of a resource (resource "" = another metric).  By utilization, target is percent of the requests,
 * else an average. */
bool replicas_by_samples(struct autoscaling *x, const struct sample *s, size_t n,
			 const char *resource, const char *container, bool utilization,
			 int64_t target, struct proposal *out, const char **why);
/* From one value against a target for all pods together, or for each of them. */
bool replicas_by_value(struct autoscaling *x, int64_t usage, int64_t target, struct proposal *out,
		       const char **why);
void replicas_by_share(struct autoscaling *x, int64_t usage, int64_t target, struct proposal *out);

/* ---- autoscaler_metric.c ---- */

/* The largest proposal of all metrics and the name of its metric; *statuses becomes what status.currentMetrics is to
 * be.  Sets ScalingActive.  Returns false when nothing may be done; *why (both ways) tells of invalid metrics. */
bool metrics_propose(struct autoscaling *x, struct json **statuses, int64_t *replicas,
		     const char **metric, const char **why);

/* ---- autoscaler_rate.c ---- */

/* How many replicas the past and the spec's behavior allow; sets AbleToScale and ScalingLimited. */
int64_t rate_limit(struct autoscaling *x, int64_t desired);
/* The target had `from` replicas and is to have `to`. */
void rate_note(struct autoscaling *x, int64_t from, int64_t to);
/* The first thing ever seen of the target counts as a recommendation. */
void rate_begin(struct autoscaling *x);

#endif
