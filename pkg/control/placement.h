/*
 * placement: nodes with what runs on them, and which of them fits a pod best.
 * An index of what memory holds anyway, kept by the scheduler's feed; callers lock.
 */
#ifndef NUTSHELL_CONTROL_PLACEMENT_H
#define NUTSHELL_CONTROL_PLACEMENT_H

#include "control/amounts.h"
#include "obj/obj.h"

struct arena;
struct map;
struct placement;

struct placement *placement_new(void);
void placement_free(struct placement **p);

/* A node appeared or changed; vanished. */
void placement_node(struct placement *p, const struct obj *node);
void placement_node_gone(struct placement *p, const char *name);

/* A pod (uid) occupies a node; owner is its controller's uid or "".  Idempotent; moving is legal. */
void placement_take(struct placement *p, const char *uid, const char *node, const char *owner,
		    const struct amounts *requests, const struct json *spec);
void placement_leave(struct placement *p, const char *uid);
/* All leave whom known() does not know; true when any did. */
bool placement_sweep(struct placement *p, bool (*known)(void *arg, const char *uid), void *arg);
/* The node that it occupies, or NULL; borrowed. */
const char *placement_where(const struct placement *p, const char *uid);
/* Is it known to occupy this node? */
bool placement_has(const struct placement *p, const char *uid, const char *node);

/* Suppose that an occupant were not there (up), and no longer suppose it.  Idempotent. */
void placement_lift(struct placement *p, const char *uid, bool up);

/* The node object of a name, or NULL; borrowed. */
const struct obj *placement_find(const struct placement *p, const char *name);
void placement_each_node(const struct placement *p,
			 void (*fn)(void *arg, const struct obj *node, const struct json *tree),
			 void *arg);

/* Rules that placement itself does not know: why a node does not fit (NULL: it does), and how well. */
struct node_rules {
	const char *(*unfit)(void *arg, const struct obj *node);
	int64_t (*score)(void *arg, const struct obj *node);
	void *arg;
};

/* What speaks against a node by name, the first reason only; NULL = it fits.  *hopeless: whoever left the node,
 * that would not change. */
const char *placement_unfit(struct placement *p, struct arena *a, const char *node,
			    const struct json *spec, const struct amounts *requests,
			    const struct node_rules *rules, bool *hopeless);
/* `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` of n reasons, which are sorted;
 * in the arena. */
const char *placement_explain(struct arena *a, size_t nodes, const char **reasons, size_t n);

/* The explanation when something about the pod itself speaks against every node; in the arena. */
const char *placement_refuse(const struct placement *p, struct arena *a, const char *why);

/* The best node's name, or NULL with upstream's explanation in *why (in the arena).  rules may be NULL. */
const char *placement_choose(struct placement *p, struct arena *a, const struct json *spec,
			     const char *owner, const struct amounts *requests,
			     const struct node_rules *rules, const char **why);

#endif
