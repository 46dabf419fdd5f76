/*
 * bootstrap: rows of the objects every cluster starts with.  Private to api.
 */
#ifndef NUTSHELL_API_BOOTSTRAP_H
#define NUTSHELL_API_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct json;

struct arena;
struct json;

struct bootstrap_role {
	const char *ns; /* NULL: a ClusterRole */
	const char *name;
	const char *part_of; /* the role whose aggregation label it carries: "view" */
	bool aggregate;      /* rules are those of all that are part of it */
	const char *rules;   /* one a line, `verbs|groups|resources[|names]` or `verbs|@urls` */
};

struct bootstrap_binding {
	const char *ns; /* "": a ClusterRoleBinding */
	const char *name;
	const char *role;     /* NULL: of the same name */
	const char *subjects; /* `U:user;G:group;S:namespace/account` */
};

/* bootstrap_reconcile.c.  Not to be touched by us. */
bool bootstrap_is_fixed(const struct json *o);
/* Add to o, which is there, what want has and it has not; true when that was something. */
bool bootstrap_reconcile(struct arena *a, struct json *o, const struct json *want);

/* Each ends with name NULL. */
extern const struct bootstrap_role bootstrap_roles[];
extern const struct bootstrap_role bootstrap_controllers[];
extern const struct bootstrap_binding bootstrap_bindings[];

/* The i-th PriorityLevelConfiguration or FlowSchema; NULL behind the last.  now: RFC 3339. */
struct json *bootstrap_flow(struct arena *a, size_t i, const char *now);

#endif
