/*
 * nodes: pseudo nodes: a virtual Node for every host node that runs a pod of ours.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_NODES_H
#define NUTSHELL_HOST_KUBERNETES_NODES_H

#include <stdbool.h>

struct call;
struct host;
struct status;

/* Make the virtual Node of a host node, or bring its address up to date; before a pod is bound to it. */
bool kube_node_ensure(struct host *h, struct call *c, const char *node, const char *host_ip,
		      struct status *st);

#endif
