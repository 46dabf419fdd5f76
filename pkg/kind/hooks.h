/*
 * hooks: the behaviour of kinds that rows refer to (private to the package).  See struct kind for
 * what each hook is asked to do; the facts behind them are upstream's defaults.go, strategy.go and
 * validation.go of the API group.
 */
#ifndef NUTSHELL_KIND_HOOKS_H
#define NUTSHELL_KIND_HOOKS_H

#include "kind/kind.h"

#define HOOK(name) void name(struct hook *h, struct json *o)
#define HOOK_OLD(name) void name(struct hook *h, struct json *o, const struct json *old)
#define HOOK_CHECK(name) void name(struct hook *h, const struct json *o)
#define HOOK_CHECK_OLD(name) void name(struct hook *h, const struct json *o, const struct json *old)

/* access.c */
HOOK(binding_defaults);
HOOK(csr_prepare_create);
HOOK_OLD(csr_prepare_update);
HOOK(priorityclass_defaults);
HOOK(flowschema_defaults);
HOOK(prioritylevel_defaults);
/* autoscaler.c */
HOOK(autoscaler_v1_defaults);
HOOK(autoscaler_defaults);
HOOK(autoscaler_from_storage);
HOOK(autoscaler_to_storage);
/* certificate_check.c */
HOOK_CHECK(csr_validate);
HOOK_OLD(csr_prepare_status);
HOOK_CHECK_OLD(csr_validate_status);
HOOK_CHECK_OLD(quota_warn);
/* config.c */
HOOK(namespace_defaults);
HOOK(namespace_prepare_create);
HOOK_OLD(namespace_prepare_update);
HOOK(secret_defaults);
HOOK(serviceaccount_prepare_create);
HOOK_OLD(serviceaccount_prepare_update);
HOOK(node_defaults);
HOOK(node_prepare_create);
HOOK(limitrange_defaults);
/* claim_check.c */
HOOK_CHECK(claim_validate);
HOOK_CHECK_OLD(claim_validate_update);
HOOK_CHECK(volume_validate);
HOOK_CHECK_OLD(volume_validate_update);
/* config_check.c */
HOOK_CHECK(namespace_validate);
HOOK_CHECK(configmap_validate);
HOOK_CHECK_OLD(configmap_validate_update);
HOOK_CHECK(secret_validate);
HOOK_CHECK_OLD(secret_validate_update);
HOOK_CHECK(node_validate);
HOOK_CHECK_OLD(node_validate_update);
HOOK_CHECK(storageclass_validate);
HOOK_CHECK_OLD(storageclass_validate_update);
HOOK_CHECK_OLD(priorityclass_validate_update);
/* event.c */
HOOK(event_to_storage);
HOOK(event_from_storage);
/* extension.c */
HOOK(validatingwebhook_defaults);
HOOK(mutatingwebhook_defaults);
HOOK(admissionpolicy_defaults);
HOOK(admissionpolicybinding_defaults);
HOOK(crd_defaults);
HOOK(crd_prepare_create);
HOOK_OLD(crd_prepare_update);
HOOK(crd_prepare_delete);
HOOK_CHECK(crd_validate);
HOOK_CHECK_OLD(crd_validate_status);
HOOK_CHECK_OLD(crd_warn);
HOOK(apiservice_defaults);
HOOK_CHECK(apiservice_validate);
HOOK(resourceclaim_defaults);
HOOK(resourceclaimtemplate_defaults);
/* job.c */
HOOK(job_defaults);
HOOK(job_prepare_create);
HOOK(cronjob_defaults);
/* network.c */
HOOK(endpoints_defaults);
HOOK(endpointslice_defaults);
HOOK(networkpolicy_defaults);
HOOK(ingressclass_defaults);
/* network_check.c */
HOOK_CHECK(ingress_validate);
HOOK_CHECK_OLD(endpointslice_validate_update);
HOOK_CHECK(event_validate);
HOOK_CHECK(binding_validate);
HOOK_CHECK_OLD(binding_validate_update);
HOOK_CHECK(role_validate);
HOOK_CHECK(budget_validate);
HOOK_CHECK(autoscaler_validate);
/* pod.c */
HOOK(pod_defaults);
HOOK(pod_prepare_create);
HOOK_OLD(pod_prepare_status);
/* pod_check.c */
HOOK_CHECK(pod_validate);
HOOK_CHECK_OLD(pod_validate_update);
HOOK_CHECK_OLD(pod_validate_status);
HOOK_CHECK(podtemplate_validate);
/* podspec_defaults.c */
HOOK(podtemplate_defaults);
/* policy_definition_check.c */
HOOK_CHECK(validatingpolicy_validate);
HOOK_CHECK(mutatingpolicy_validate);
HOOK_CHECK(validatingbinding_validate);
HOOK_CHECK(mutatingbinding_validate);
/* registration_check.c */
HOOK_CHECK(webhooks_validate);
/* policy_check.c */
HOOK_CHECK(networkpolicy_validate);
HOOK_CHECK(lease_validate);
HOOK(priorityclass_prepare_create);
HOOK_CHECK(priorityclass_validate);
HOOK_CHECK(runtimeclass_validate);
HOOK_CHECK_OLD(runtimeclass_validate_update);
HOOK_CHECK(quota_validate);
HOOK_CHECK_OLD(quota_validate_update);
HOOK_CHECK_OLD(quota_validate_status);
HOOK_CHECK(limitrange_validate);
HOOK_CHECK(endpointslice_validate);
/* service.c */
HOOK(service_defaults);
HOOK(service_prepare_create);
HOOK_OLD(service_prepare_update);
/* service_check.c */
HOOK_CHECK(service_validate);
HOOK_CHECK_OLD(service_validate_update);
HOOK_CHECK_OLD(service_validate_status);
/* volume.c */
HOOK(claim_defaults);
HOOK(claim_prepare_create);
HOOK_OLD(claim_prepare_update);
HOOK(volume_defaults);
HOOK(volume_prepare_create);
HOOK_OLD(volume_prepare_status);
HOOK(storageclass_defaults);
HOOK(csidriver_defaults);
/* warn.c */
HOOK_CHECK_OLD(pod_warn);
HOOK_CHECK_OLD(podtemplate_warn);
HOOK_CHECK_OLD(workload_warn);
HOOK_CHECK_OLD(daemonset_warn);
HOOK_CHECK_OLD(statefulset_warn);
HOOK_CHECK_OLD(job_warn);
HOOK_CHECK_OLD(cronjob_warn);
HOOK_CHECK_OLD(service_warn);
HOOK_CHECK_OLD(ingress_warn);
HOOK_CHECK_OLD(networkpolicy_warn);
HOOK_CHECK_OLD(endpointslice_warn);
HOOK_CHECK_OLD(claim_warn);
HOOK_CHECK_OLD(volume_warn);
HOOK_CHECK_OLD(storageclass_warn);
HOOK_CHECK_OLD(node_warn);
HOOK_CHECK_OLD(runtimeclass_warn);
HOOK_CHECK_OLD(serviceaccount_warn);
HOOK_CHECK_OLD(secret_warn);
/* workload.c */
HOOK(deployment_defaults);
HOOK_OLD(deployment_prepare_status);
HOOK(replicaset_defaults);
HOOK(statefulset_defaults);
HOOK(daemonset_defaults);
HOOK(daemonset_prepare_create);
HOOK_OLD(daemonset_prepare_update);
HOOK(replicationcontroller_defaults);
/* workload_check.c */
HOOK_CHECK(deployment_validate);
HOOK_CHECK_OLD(deployment_validate_update);
HOOK_CHECK(replicaset_validate);
HOOK_CHECK_OLD(replicaset_validate_update);
HOOK_CHECK(statefulset_validate);
HOOK_CHECK_OLD(statefulset_validate_update);
HOOK_CHECK(daemonset_validate);
HOOK_CHECK_OLD(daemonset_validate_update);
HOOK_CHECK(replicationcontroller_validate);
HOOK_CHECK(job_validate);
HOOK_CHECK_OLD(job_validate_update);
HOOK_CHECK(cronjob_validate);

#endif
