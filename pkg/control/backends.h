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
	const char *zone; /* of its node, "" if unknown */
	bool ready; /* may take traffic: Ready and staying, or the Service publishes all addresses */
	bool serving; /* Ready, terminating or not */
	bool terminating;
	const char *hostname; /* "" unless it belongs into DNS under this Service */
};

/* Pods with an address of this family ("IPv4", "IPv6") that svc selects and that have not finished, ordered by name; held by the arena.
 * False with n 0 when the Service has no selector (someone else keeps its endpoints). */
bool backends_of(struct task *t, const struct obj *svc, const struct json *svc_tree,
		 const char *family, struct backend **out, size_t *n);
/* The first of spec.ipFamilies. */
const char *service_family(const struct json *svc_tree);

/* The Service's ports with targetPort resolved against a pod: array of {name, port, protocol, appProtocol}.
 * pod NULL: only numeric target ports resolve. */
struct json *backend_ports(struct arena *a, const struct json *svc_tree, const struct json *pod);

/* Does the change of a pod concern endpoints at all?  Enqueues the Services that select it (now or before). */
void map_pod_to_services(struct enqueue *q, struct api *api, const struct event *ev);

/* Labels that endpoints objects inherit from their Service plus the headless mark. */
struct json *backend_labels(struct arena *a, const struct json *svc_tree);
bool service_headless(const struct json *svc_tree);

#endif
