/*
 * Rows of apps.
 * k8s: pkg/registry/{apps} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_apps[] = {
	{
		.subject = { "apps", "controllerrevisions", "ControllerRevision" },
		.version = "v1",
		.singular = "controllerrevision",
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_apps_v1_ControllerRevision,
		.columns = columns_controllerrevision,
	},
	{
		.subject = { "apps", "daemonsets", "DaemonSet" },
		.version = "v1",
		.singular = "daemonset",
		.shorts = NAMES("ds"),
		.categories = NAMES("all"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_apps_v1_DaemonSet,
		.columns = columns_daemonset,
		.generation = true,
		.defaults = daemonset_defaults,
		.prepare_create = daemonset_prepare_create,
		.prepare_update = daemonset_prepare_update,
		.validate = daemonset_validate,
		.validate_update = daemonset_validate_update,
		.warn = daemonset_warn,
	},
	{
		.subject = { "apps", "deployments", "Deployment" },
		.version = "v1",
		.singular = "deployment",
		.shorts = NAMES("deploy"),
		.categories = NAMES("all"),
		.namespaced = true,
		.unowned = UNOWNED({ "status", false, "spec metadata.labels" }),
		.verbs = VERBS_ALL,
		.subs = SUB_SCALE | SUB_STATUS,
		.type = &type_apps_v1_Deployment,
		.columns = columns_deployment,
		.fields = NAMES("spec.replicas", "status.replicas"),
		.generation = true,
		.generation_annotations = true,
		.defaults = deployment_defaults,
		.prepare_status = deployment_prepare_status,
		.validate = deployment_validate,
		.validate_update = deployment_validate_update,
		.warn = workload_warn,
		.scale_paths = NAMES("spec.replicas", "status.replicas", "spec.selector"),
	},
	{
		.subject = { "apps", "replicasets", "ReplicaSet" },
		.version = "v1",
		.singular = "replicaset",
		.shorts = NAMES("rs"),
		.categories = NAMES("all"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_SCALE | SUB_STATUS,
		.type = &type_apps_v1_ReplicaSet,
		.columns = columns_replicaset,
		.fields = NAMES("spec.replicas", "status.replicas"),
		.generation = true,
		.defaults = replicaset_defaults,
		.validate = replicaset_validate,
		.validate_update = replicaset_validate_update,
		.warn = workload_warn,
		.scale_paths = NAMES("spec.replicas", "status.replicas", "spec.selector"),
	},
	{
		.subject = { "apps", "statefulsets", "StatefulSet" },
		.version = "v1",
		.singular = "statefulset",
		.shorts = NAMES("sts"),
		.categories = NAMES("all"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_SCALE | SUB_STATUS,
		.type = &type_apps_v1_StatefulSet,
		.columns = columns_statefulset,
		.name_rule = NAME_LABEL,
		.generation = true,
		.defaults = statefulset_defaults,
		.validate = statefulset_validate,
		.validate_update = statefulset_validate_update,
		.warn = statefulset_warn,
		.scale_paths = NAMES("spec.replicas", "status.replicas", "spec.selector"),
	},
};

const size_t kinds_apps_n = sizeof kinds_apps / sizeof *kinds_apps;
