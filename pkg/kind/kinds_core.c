/*
 * Rows of the core group.
 * k8s: pkg/registry/{core} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_core[] = {
	{
		.subject = { "", "bindings", "Binding" },
		.version = "v1", .singular = "binding", .namespaced = true, .verbs = VERB_CREATE,
		.type = &type_core_v1_Binding,
		.virtual_only = true,
	},
	{
		.subject = { "", "componentstatuses", "ComponentStatus" },
		.version = "v1", .singular = "componentstatus", .shorts = NAMES("cs"),
			.verbs = VERB_GET | VERB_LIST,
		.type = &type_core_v1_ComponentStatus,
	},
	{
		.subject = { "", "configmaps", "ConfigMap" },
		.version = "v1", .singular = "configmap", .shorts = NAMES("cm"),
			.namespaced = true, .verbs = VERBS_ALL,
		.type = &type_core_v1_ConfigMap,
	},
	{
		.subject = { "", "endpoints", "Endpoints" },
		.version = "v1", .singular = "endpoints", .shorts = NAMES("ep"),
			.namespaced = true, .verbs = VERBS_ALL,
		.type = &type_core_v1_Endpoints,
		.create_on_update = true,
	},
	{
		.subject = { "", "events", "Event" },
		.version = "v1", .singular = "event", .shorts = NAMES("ev"), .namespaced = true,
			.verbs = VERBS_ALL,
		.type = &type_core_v1_Event,
		.fields = NAMES("involvedObject.kind", "involvedObject.namespace",
			"involvedObject.name", "involvedObject.uid",
			"involvedObject.apiVersion", "involvedObject.resourceVersion",
			"involvedObject.fieldPath", "reason", "reportingComponent",
			"source.component", "type"),
		.nselectable = 11,
		.selectable_names = NAMES("involvedObject.kind", "involvedObject.namespace",
			"involvedObject.name", "involvedObject.uid",
			"involvedObject.apiVersion", "involvedObject.resourceVersion",
			"involvedObject.fieldPath", "reason", "reportingComponent", "source",
			"type"),
		.create_on_update = true,
	},
	{
		.subject = { "", "limitranges", "LimitRange" },
		.version = "v1", .singular = "limitrange", .shorts = NAMES("limits"),
			.namespaced = true, .verbs = VERBS_ALL,
		.type = &type_core_v1_LimitRange,
		.create_on_update = true,
	},
	{
		.subject = { "", "namespaces", "Namespace" },
		.version = "v1", .singular = "namespace", .shorts = NAMES("ns"),
			.verbs = VERBS_ALL & ~VERB_DELETECOLLECTION,
		.subs = SUB_FINALIZE | SUB_STATUS,
		.type = &type_core_v1_Namespace,
		.fields = NAMES("status.phase"),
		.nselectable = 1,
		.name_rule = NAME_LABEL, .delete_returns_object = true,
	},
	{
		.subject = { "", "nodes", "Node" },
		.version = "v1", .singular = "node", .shorts = NAMES("no"), .verbs = VERBS_ALL,
		.subs = SUB_PROXY | SUB_STATUS,
		.type = &type_core_v1_Node,
		.fields = NAMES("spec.unschedulable", "conditions:Ready"),
		.nselectable = 1,
		.field_absent = NAMES("false"),
	},
	{
		.subject = { "", "persistentvolumeclaims", "PersistentVolumeClaim" },
		.version = "v1", .singular = "persistentvolumeclaim", .shorts = NAMES("pvc"),
			.namespaced = true, .verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_core_v1_PersistentVolumeClaim,
		.fields = NAMES("status.phase", "spec.volumeName"),
		.delete_returns_object = true,
	},
	{
		.subject = { "", "persistentvolumes", "PersistentVolume" },
		.version = "v1", .singular = "persistentvolume", .shorts = NAMES("pv"),
			.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_core_v1_PersistentVolume,
		.fields = NAMES("status.phase"),
		.delete_returns_object = true,
	},
	{
		.subject = { "", "pods", "Pod" },
		.version = "v1", .singular = "pod", .shorts = NAMES("po"),
			.categories = NAMES("all"), .namespaced = true, .verbs = VERBS_ALL,
		.subs = SUB_ATTACH | SUB_BINDING | SUB_EPHEMERALCONTAINERS | SUB_EVICTION |
			SUB_EXEC | SUB_LOG | SUB_PORTFORWARD | SUB_PROXY | SUB_RESIZE |
			SUB_STATUS,
		.type = &type_core_v1_Pod,
		.fields = NAMES("spec.nodeName", "spec.restartPolicy", "spec.schedulerName",
			"spec.serviceAccountName", "spec.hostNetwork", "status.phase",
			"status.podIP", "status.podIPs", "status.nominatedNodeName",
			"spec.nodeName", "conditions:Ready", "spec.priorityClassName",
			"spec.priority"),
		.nselectable = 10,
		.selectable_names = NAMES("spec.nodeName", "spec.restartPolicy",
			"spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
			"status.phase", "status.podIP", "status.podIPs",
			"status.nominatedNodeName", "spec.host"),
		.field_absent = NAMES("", "", "", "", "false", "", "", "", "", ""),
		.generation = true, .delete_returns_object = true, .graceful_delete = true,
	},
	{
		.subject = { "", "podtemplates", "PodTemplate" },
		.version = "v1", .singular = "podtemplate", .namespaced = true,
			.verbs = VERBS_ALL,
		.type = &type_core_v1_PodTemplate,
		.generation = true, .delete_returns_object = true,
	},
	{
		.subject = { "", "replicationcontrollers", "ReplicationController" },
		.version = "v1", .singular = "replicationcontroller", .shorts = NAMES("rc"),
			.categories = NAMES("all"), .namespaced = true, .verbs = VERBS_ALL,
		.subs = SUB_SCALE | SUB_STATUS,
		.type = &type_core_v1_ReplicationController,
		.fields = NAMES("status.replicas"),
		.nselectable = 1,
		.field_absent = NAMES("0"),
		.generation = true, .orphan_by_default = true,
		.scale_paths = NAMES("spec.replicas", "status.replicas", "spec.selector"),
	},
	{
		.subject = { "", "resourcequotas", "ResourceQuota" },
		.version = "v1", .singular = "resourcequota", .shorts = NAMES("quota"),
			.namespaced = true, .verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_core_v1_ResourceQuota,
		.delete_returns_object = true,
	},
	{
		.subject = { "", "secrets", "Secret" },
		.version = "v1", .singular = "secret", .namespaced = true, .verbs = VERBS_ALL,
		.type = &type_core_v1_Secret,
		.fields = NAMES("type"),
		.nselectable = 1,
	},
	{
		.subject = { "", "serviceaccounts", "ServiceAccount" },
		.version = "v1", .singular = "serviceaccount", .shorts = NAMES("sa"),
			.namespaced = true, .verbs = VERBS_ALL,
		.subs = SUB_TOKEN,
		.type = &type_core_v1_ServiceAccount,
		.delete_returns_object = true,
	},
	{
		.subject = { "", "services", "Service" },
		.version = "v1", .singular = "service", .shorts = NAMES("svc"),
			.categories = NAMES("all"), .namespaced = true, .verbs = VERBS_ALL,
		.subs = SUB_PROXY | SUB_STATUS,
		.type = &type_core_v1_Service,
		.fields = NAMES("spec.clusterIP", "spec.type"),
		.nselectable = 2,
		.name_rule = NAME_LABEL, .create_on_update = true, .delete_returns_object = true,
	},
};

const size_t kinds_core_n = sizeof kinds_core / sizeof *kinds_core;
