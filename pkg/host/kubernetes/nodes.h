/*
 * nodes: a virtual Node for every host node that runs a pod of ours.
 *
 * The host's own nodes are not read (that would take rights on the whole cluster): a pseudo node has the name, a
 * configured size, and the address seen on its pods.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_NODES_H
#define NUTSHELL_HOST_KUBERNETES_NODES_H

#include "work/work.h"

struct host;

#define LABEL_PSEUDO_NODE "nutshell.dev/pseudo-node"

/* Before a pod is bound: make the Node, or add the address (host_ip, "" when not known yet) it lacks. */
bool kube_node_ensure(struct host *h, struct call *c, const char *node, const char *host_ip,
		      struct status *st);

/* Lets nodes go that no pod needs, and says whether the host answers.  Keys: node names. */
extern const struct controller kube_nodes;

#endif
