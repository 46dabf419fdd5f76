/*
 * sync: the controllers that keep virtual objects and their host counterparts in step.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_SYNC_H
#define NUTSHELL_HOST_KUBERNETES_SYNC_H

#include "work/work.h"

struct host;
struct json;

/* Keys of kube_pods: namespace and name of the virtual pod.  Keys of kube_deps: virtual namespace, and
 * "configmaps/NAME", "secrets/NAME", or "svcenv/links", "svcenv/plain". */
extern const struct controller kube_pods, kube_deps;

/* ---- deps.c: what pods refer to ---- */
/* Before a host pod is made: push every ConfigMap and Secret its spec refers to (those that exist), and the
 * service environment of its namespace.  Errors are the host's. */
bool deps_ensure(struct host *h, struct call *c, const char *vns, struct json *spec,
		 struct status *st);
/* After a host pod is gone: look, in a while, whether what it referred to is still needed. */
void deps_release(struct host *h, const char *vns, struct json *spec);

/* ---- tokens.c: ServiceAccount tokens as one Secret per pod ---- */
/* Make or refresh the token Secret of a pod; nothing to do for pods without token volumes.  *again_ms (0 =
 * never) is when the next refresh is due. */
bool tokens_ensure(struct host *h, struct call *c, const struct json *pod, int64_t *again_ms,
		   struct status *st);
/* Let the host's garbage collector remove the Secret with the host pod. */
bool tokens_adopt(struct host *h, struct call *c, const struct json *pod, const char *hname,
		  const char *huid, struct status *st);
/* The pod is gone and its host pod never was. */
void tokens_drop(struct host *h, struct call *c, const char *vns, const char *vname);

/* ---- pod_status.c: from the host back ---- */
/* Bind the virtual pod to the host's node and take over the host pod's status.  h_pod: the host pod's tree. */
bool pod_take_status(struct host *h, struct task *t, const struct obj *v, const struct json *h_pod,
		     struct status *st);
/* The host pod vanished under a started pod: write that it failed. */
bool pod_mark_lost(struct host *h, struct task *t, const struct obj *v, struct status *st);
/* The host refused the pod: say so in PodScheduled and an event; *again_ms is when to try again. */
void pod_tell_refusal(struct host *h, struct task *t, const struct obj *v, const struct status *err,
		      int64_t *again_ms);
/* The same for a refusal of our own (policy, unsupported field). */
void pod_tell(struct host *h, struct task *t, const struct obj *v, const char *reason,
	      const char *message);

/* ---- pod_push.c: changes of a virtual pod to its host pod ---- */
bool pod_push(struct host *h, struct task *t, const struct obj *v, const struct json *desired,
	      const struct json *h_pod, struct status *st);

#endif
