/*
 * pods: what controllers ask of pods, answered from the frozen header without parsing.
 * k8s: pkg/controller/controller_utils.go, pkg/api/v1/pod/util.go.
 */
#ifndef NUTSHELL_CONTROL_PODS_H
#define NUTSHELL_CONTROL_PODS_H

#include "work/work.h"

/* Where the Pod row keeps its header fields; look up once per reconcile. */
struct pods {
	const struct kind *kind;
	int phase, ready, node, priority;
};

struct pods pods_of(struct api *api);
const char *pod_phase(const struct pods *p, const struct obj *o);
const char *pod_node(const struct pods *p, const struct obj *o);
/* Not deleted and not finished. */
bool pod_active(const struct pods *p, const struct obj *o);
int64_t pod_priority(const struct pods *p, const struct obj *o);
bool pod_finished(const struct pods *p, const struct obj *o);
bool pod_ready(const struct pods *p, const struct obj *o);
/* Ready for at least min_ready_s.  When only time is missing, *after_ms becomes the earliest moment worth
 * looking again (0 = unset before). */
bool pod_available(const struct pods *p, struct arena *a, const struct obj *o, int64_t min_ready_s,
		   int64_t *after_ms);
/* A pod made from a template {metadata, spec} as controllers do: labels, annotations, finalizers and spec;
 * generateName is the owner's name and a dash. */
struct json *pod_from_template(struct arena *a, const struct json *template, const char *owner);

#endif
