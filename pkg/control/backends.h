/*
 * backends: the pods behind a Service, as EndpointSlice and Endpoints both see them.
 * k8s: staging/src/k8s.io/endpointslice/utils.go, pkg/controller/endpoint/endpoints_controller.go.
 */
#ifndef NUTSHELL_CONTROL_BACKENDS_H
#define NUTSHELL_CONTROL_BACKENDS_H

#include "work/work.h"

struct json;

struct backend {
	const struct obj *pod;
	const struct json *tree;
	const char *ip;
	bool ready;       /* may take traffic: Ready, or the Service publishes unready addresses */
	bool serving;     /* Ready, terminating or not */
	bool terminating;
	const char *hostname; /* "" unless it belongs into DNS under this Service */
};

/* Pods with an address that svc selects and that have not finished, ordered by name; held by the arena.
 * False with n 0 when the Service has no selector (someone else keeps its endpoints). */
bool backends_of(struct task *t, const struct obj *svc, const struct json *svc_tree,
		 struct backend **out, size_t *n);

/* The Service's ports with targetPort resolved against a pod: array of {name, port, protocol, appProtocol}.
 * pod NULL: only numeric target ports resolve. */
struct json *backend_ports(struct arena *a, const struct json *svc_tree, const struct json *pod);

/* Does the change of a pod concern endpoints at all?  Enqueues the Services that select it (now or before). */
void map_pod_to_services(struct enqueue *q, struct api *api, const struct event *ev);

/* Labels that endpoints objects inherit from their Service plus the headless mark. */
struct json *backend_labels(struct arena *a, const struct json *svc_tree);
bool service_headless(const struct json *svc_tree);

#endif
