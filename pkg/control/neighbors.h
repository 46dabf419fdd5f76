/*
 * neighbors: rules between pods: inter-pod affinity and anti-affinity, topology spread.
 *
 * A pass of the scheduler tells where pods are (neighbors_add), then asks for one pod's rules, which are
 * counted once per topology domain and then judge every node cheaply.  Everything lives in the pass's arena.
 * k8s: pkg/scheduler/framework/plugins/{interpodaffinity,podtopologyspread}.
 */
#ifndef NUTSHELL_CONTROL_NEIGHBORS_H
#define NUTSHELL_CONTROL_NEIGHBORS_H

#include "control/placement.h"

#include <stdbool.h>

struct api;
struct arena;
struct json;
struct neighbors;
struct obj;

/* Does the pod have rules about other pods?  Required anti-affinity, which others must respect, too? */
bool neighbors_matter(const struct json *spec);
bool neighbors_shy(const struct json *spec);

struct neighbors *neighbors_new(struct arena *a, struct api *api, struct placement *p);
/* A pod runs, or is about to run, on a node; spec: its tree if it is shy, else NULL. */
void neighbors_add(struct neighbors *n, const struct obj *pod, const struct obj *node,
		   const struct json *spec);
/* The rules that count for placing this pod, for placement_choose(). */
struct node_rules neighbors_rules(struct neighbors *n, const struct obj *pod,
				  const struct json *spec);

#endif
