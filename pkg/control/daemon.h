/*
 * daemon: a DaemonSet with the nodes of the cluster and its pods on each.
 * Private to the daemonset controller.  k8s: pkg/controller/daemon.
 */
#ifndef NUTSHELL_CONTROL_DAEMON_H
#define NUTSHELL_CONTROL_DAEMON_H

#include "control/history.h"
#include "control/pods.h"

/* A node and what of the set is there.  A pod may be bound to a node that is no more. */
struct station {
	const char *name;
	const struct obj *node;  /* NULL when it does not exist */
	bool should_run;         /* a pod of the set belongs here */
	bool may_stay;           /* one that runs already may go on */
	const struct obj **pods; /* oldest first */
	size_t npods;
};

struct daemon {
	struct task *t;
	const struct kind *kind;
	struct pods pods;
	const struct obj *obj;
	struct json *tree;
	struct json *template; /* what pods are made of: with the tolerations of daemons and the revision's labels */
	struct history history;
	const char *hash, *generation; /* of the present template; generation "" = none */
	int64_t min_ready;
	bool on_delete;
	int64_t wanted;             /* stations that should run */
	int64_t surge, unavailable; /* resolved against it */
	struct station *stations;   /* by name */
	size_t nstations;
	int64_t after_ms;
};

/* Lay out the stations from the nodes and the claimed pods. */
void daemon_survey(struct daemon *d, const struct obj **pods, size_t npods);
/* The template with what every daemon tolerates. */
struct json *daemon_template(struct daemon *d);
/* The pod for a node. */
struct json *daemon_pod(struct daemon *d, const char *node);
/* Made from the present template? */
bool daemon_is_fresh(const struct daemon *d, const struct obj *pod);
bool daemon_available(struct daemon *d, const struct obj *pod);

/* What a pass decides: nodes that get a pod, pods that go. */
struct daemon_plan {
	const char **nodes;
	const struct obj **victims;
	size_t nnodes, nvictims;
};
/* Room for every station and pod. */
void daemon_plan_init(struct daemon *d, struct daemon_plan *p);
/* ---- daemon_roll.c: who makes place for the present template ---- */
void daemon_roll(struct daemon *d, struct daemon_plan *p);

#endif
