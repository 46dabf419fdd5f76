/*
 * types: the schema types that other code names directly.
 *
 * `type_<group>_<version>_<Kind>`, group being upstream's package name (rbac, not
 * rbac.authorization.k8s.io).  They are defined by the generated facts (see kind.mk); every other
 * type, the lists among them, is found by its OpenAPI name with schema_find().
 */
#ifndef NUTSHELL_KIND_TYPES_H
#define NUTSHELL_KIND_TYPES_H

#include "kind/schema.h"

/* meta.k8s.io: valid in every group */
extern const struct schema_type type_meta_v1_ObjectMeta, type_meta_v1_ListMeta,
	type_meta_v1_DeleteOptions, type_meta_v1_CreateOptions, type_meta_v1_UpdateOptions,
	type_meta_v1_PatchOptions, type_meta_v1_GetOptions, type_meta_v1_ListOptions,
	type_meta_v1_Status, type_meta_v1_WatchEvent, type_meta_v1_APIVersions,
	type_meta_v1_APIGroup, type_meta_v1_APIGroupList, type_meta_v1_APIResourceList,
	type_meta_v1_PartialObjectMetadata, type_meta_v1_PartialObjectMetadataList,
	type_meta_v1_Table, type_meta_v1_LabelSelector;

extern const struct schema_type type_core_v1_Binding, type_core_v1_ComponentStatus,
	type_core_v1_ConfigMap, type_core_v1_Endpoints, type_core_v1_Event, type_core_v1_LimitRange,
	type_core_v1_List, type_core_v1_Namespace, type_core_v1_Node, type_core_v1_PersistentVolume,
	type_core_v1_PersistentVolumeClaim, type_core_v1_Pod, type_core_v1_PodTemplate,
	type_core_v1_ReplicationController, type_core_v1_ResourceQuota, type_core_v1_Secret,
	type_core_v1_Service, type_core_v1_ServiceAccount;
/* pieces of pods that controllers and hooks clean on their own */
extern const struct schema_type type_core_v1_PodSpec, type_core_v1_PodTemplateSpec;

extern const struct schema_type type_apps_v1_ControllerRevision, type_apps_v1_DaemonSet,
	type_apps_v1_Deployment, type_apps_v1_ReplicaSet, type_apps_v1_StatefulSet;
extern const struct schema_type type_authentication_v1_SelfSubjectReview,
	type_authentication_v1_TokenRequest, type_authentication_v1_TokenReview;
extern const struct schema_type type_authorization_v1_LocalSubjectAccessReview,
	type_authorization_v1_SelfSubjectAccessReview, type_authorization_v1_SelfSubjectRulesReview,
	type_authorization_v1_SubjectAccessReview;
extern const struct schema_type type_autoscaling_v1_HorizontalPodAutoscaler,
	type_autoscaling_v1_Scale, type_autoscaling_v2_HorizontalPodAutoscaler;
extern const struct schema_type type_batch_v1_CronJob, type_batch_v1_Job;
extern const struct schema_type type_certificates_v1_CertificateSigningRequest;
extern const struct schema_type type_coordination_v1_Lease;
extern const struct schema_type type_discovery_v1_EndpointSlice;
extern const struct schema_type type_events_v1_Event;
extern const struct schema_type type_flowcontrol_v1_FlowSchema,
	type_flowcontrol_v1_PriorityLevelConfiguration;
extern const struct schema_type type_networking_v1_Ingress, type_networking_v1_IngressClass,
	type_networking_v1_IPAddress, type_networking_v1_NetworkPolicy,
	type_networking_v1_ServiceCIDR;
extern const struct schema_type type_node_v1_RuntimeClass;
extern const struct schema_type type_policy_v1_Eviction, type_policy_v1_PodDisruptionBudget;
extern const struct schema_type type_rbac_v1_ClusterRole, type_rbac_v1_ClusterRoleBinding,
	type_rbac_v1_Role, type_rbac_v1_RoleBinding;
extern const struct schema_type type_resource_v1_DeviceClass, type_resource_v1_ResourceClaim,
	type_resource_v1_ResourceClaimTemplate, type_resource_v1_ResourceSlice;
extern const struct schema_type type_scheduling_v1_PriorityClass;
extern const struct schema_type type_storage_v1_CSIDriver, type_storage_v1_CSINode,
	type_storage_v1_CSIStorageCapacity, type_storage_v1_StorageClass,
	type_storage_v1_VolumeAttachment, type_storage_v1_VolumeAttributesClass;

extern const struct schema_type type_admissionregistration_v1_MutatingAdmissionPolicy,
	type_admissionregistration_v1_MutatingAdmissionPolicyBinding,
	type_admissionregistration_v1_MutatingWebhookConfiguration,
	type_admissionregistration_v1_ValidatingAdmissionPolicy,
	type_admissionregistration_v1_ValidatingAdmissionPolicyBinding,
	type_admissionregistration_v1_ValidatingWebhookConfiguration;
extern const struct schema_type type_admission_v1_AdmissionReview;
extern const struct schema_type type_apiextensions_v1_ConversionReview,
	type_apiextensions_v1_CustomResourceDefinition;
extern const struct schema_type type_apiregistration_v1_APIService;
extern const struct schema_type type_metrics_v1beta1_NodeMetrics, type_metrics_v1beta1_PodMetrics;

#endif
