/*
 * Rows of rbac.authorization.k8s.io.
 * k8s: pkg/registry/{rbac} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_rbac[] = {
	{
		.subject = { "rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding" },
		.version = "v1",
		.singular = "clusterrolebinding",
		.verbs = VERBS_ALL,
		.type = &type_rbac_v1_ClusterRoleBinding,
		.columns = columns_binding,
		.name_rule = NAME_PATH_SEGMENT,
		.create_on_update = true,
		.defaults = binding_defaults,
		.validate = binding_validate,
		.validate_update = binding_validate_update,
	},
	{
		.subject = { "rbac.authorization.k8s.io", "clusterroles", "ClusterRole" },
		.version = "v1",
		.singular = "clusterrole",
		.verbs = VERBS_ALL,
		.type = &type_rbac_v1_ClusterRole,
		.columns = columns_created,
		.name_rule = NAME_PATH_SEGMENT,
		.create_on_update = true,
		.validate = role_validate,
	},
	{
		.subject = { "rbac.authorization.k8s.io", "rolebindings", "RoleBinding" },
		.version = "v1",
		.singular = "rolebinding",
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_rbac_v1_RoleBinding,
		.columns = columns_binding,
		.name_rule = NAME_PATH_SEGMENT,
		.create_on_update = true,
		.defaults = binding_defaults,
		.validate = binding_validate,
		.validate_update = binding_validate_update,
	},
	{
		.subject = { "rbac.authorization.k8s.io", "roles", "Role" },
		.version = "v1",
		.singular = "role",
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_rbac_v1_Role,
		.columns = columns_created,
		.name_rule = NAME_PATH_SEGMENT,
		.create_on_update = true,
		.validate = role_validate,
	},
};

const size_t kinds_rbac_n = sizeof kinds_rbac / sizeof *kinds_rbac;
