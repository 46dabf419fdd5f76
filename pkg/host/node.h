/*
 * node: what every host's nodes have in common.  For the host packages only.
 */
#ifndef NUTSHELL_HOST_NODE_H
#define NUTSHELL_HOST_NODE_H

#include <stdbool.h>

struct arena;
struct json;

/* status.conditions as a kubelet that finds everything in order reports them, made now, in the arena; all
 * Unknown when it cannot be reached.  message is that of Ready (of all when unreachable). */
struct json *node_conditions(struct arena *a, bool reachable, const char *message);

#endif
