/*
 * scheduler_volumes: what a pod's claims ask of its node, and what must be written before it is bound.
 *
 * A pass reads a pod's claims once (claims_of_pod), hands the rules to placement_choose(), and binds the pod
 * when everything is bound; else it commits the choice (claims_commit) and the pod holds its place until the
 * binder has done its part.  Nothing is remembered: the choice is in the claims' annotation and in the volumes.
 * ReadWriteOncePod evicts nobody.  k8s: pkg/scheduler/framework/plugins/{volumebinding,volumerestrictions,volumezone}.
 */
#ifndef NUTSHELL_CONTROL_SCHEDULER_VOLUMES_H
#define NUTSHELL_CONTROL_SCHEDULER_VOLUMES_H

#include "control/placement.h"
#include "work/work.h"

struct pod_claims;

/* Does a pod with this spec have claims at all? */
bool claims_wanted(const struct json *spec);
/* Read what its claims say, into the arena; NULL when it has none.  *why: what speaks against every node, or
 * NULL. */
struct pod_claims *claims_of_pod(struct arena *a, struct api *api, const struct placement *p,
				 const struct obj *pod, const struct json *spec, const char **why);
/* Rules for placement_choose(), besides those given (NULL = none, else it must live as long). */
struct node_rules claims_rules(struct pod_claims *c, const struct node_rules *besides);
/* Nothing has to be written before the pod is bound. */
bool claims_bound(const struct pod_claims *c);
/* Tell the binder which node it is to be; blocks until durable.  Conflict when somebody took a volume. */
bool claims_commit(struct task *t, struct pod_claims *c, const char *node, struct status *st);
/* Take the choice back, so that another node may be tried. */
void claims_give_up(struct task *t, struct pod_claims *c);

#endif
