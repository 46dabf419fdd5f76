/*
 * nodematch: does a node suit a pod: cordon, taints, node selector and affinity, host ports.
 * Pure functions of the two objects.  k8s: component-helpers/scheduling/corev1, pkg/scheduler/framework/plugins.
 */
#ifndef NUTSHELL_CONTROL_NODEMATCH_H
#define NUTSHELL_CONTROL_NODEMATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;
struct obj;

/* NULL when it suits, else upstream's reason (static). */
const char *node_unfit(const struct obj *node, const struct json *tree, const struct json *spec);
/* Node selector and required node affinity alone. */
bool node_affinity_fits(const struct obj *node, const struct json *spec);
/* One of the nodeSelectorTerms of a NodeSelector matches. */
bool node_terms_fit(const struct obj *node, const struct json *node_selector);
/* Does this toleration tolerate that taint? */
bool toleration_covers(const struct json *toleration, const struct json *taint);
/* A taint that the pod does not tolerate: one against scheduling, or, for a pod that runs, one that evicts. */
bool node_taints_refuse(const struct json *tree, const struct json *spec, bool running);
/* Weights of preferred node affinity and of PreferNoSchedule taints; higher is better. */
int64_t node_preference(const struct obj *node, const struct json *tree, const struct json *spec);

struct host_port {
	int64_t port;
	char protocol[8], ip[46];
};
/* False when the container port asks for no host port. */
bool host_port_read(struct host_port *hp, const struct json *container_port);
/* Every host port of the containers and sidecars. */
void host_ports_each(const struct json *spec, void (*fn)(void *arg, const struct host_port *hp),
		     void *arg);
bool node_wants_ports(const struct json *spec);
bool host_ports_clash(const struct json *spec, const struct host_port *taken, size_t n);

#endif
