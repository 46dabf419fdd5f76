/*
 * rbac: compiled roles and bindings, and who holds which rules.  Private to api.
 */
#ifndef NUTSHELL_API_RBAC_H
#define NUTSHELL_API_RBAC_H

#include "api/api.h"

/* Lists are NULL-terminated and never NULL. */
struct rbac_rule {
	const char *const *verbs, *const *groups, *const *resources, *const *names, *const *urls;
};

struct rbac_role {
	const struct rbac_rule *rules;
	size_t n;
};

/* One subject of one binding. */
struct rbac_grant {
	const char *ns, *binding; /* ns "" = ClusterRoleBinding */
	const char *role_kind, *role_name;
	const char *subject;          /* `User "alice"` */
	const struct rbac_role *role; /* NULL: the binding's role does not exist */
	struct rbac_grant *next;      /* of the same subject */
};

/* Visit the rules a user holds cluster-wide and, ns not "", in ns; rule NULL: a grant whose role is
 * missing.  visit() returns false to stop and must not call the api. */
void rbac_visit(struct api *api, struct arena *a, const struct user *u, const char *ns,
		bool (*visit)(void *arg, const struct rbac_grant *g, const struct rbac_rule *r),
		void *arg);
/* `clusterrole.rbac.authorization.k8s.io "x" not found`. */
const char *rbac_missing(struct arena *a, const struct rbac_grant *g);

/* Rules of a tree's "rules" (or any array of PolicyRules) in a's memory. */
struct rbac_role rbac_compile(struct arena *a, const struct json *rules);

bool rbac_superuser(const struct user *u);
bool rbac_list_has(const char *const *list, const char *s);

/* escalation.c: may the caller write this role or binding?  (A validating admission step.) */
struct admission;
bool escalation_check(struct admission *ad, struct status *st);

#endif
