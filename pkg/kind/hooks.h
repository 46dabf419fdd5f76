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
#define HOOK_CHECK_OLD(name)                                                                       \
	void name(struct hook *h, const struct json *o, const struct json *old)

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
HOOK(apiservice_defaults);
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
/* pod.c */
HOOK(pod_defaults);
HOOK(pod_prepare_create);
HOOK_OLD(pod_prepare_status);
/* podspec_defaults.c */
HOOK(podtemplate_defaults);
/* service.c */
HOOK(service_defaults);
HOOK(service_prepare_create);
HOOK_OLD(service_prepare_update);
/* volume.c */
HOOK(claim_defaults);
HOOK(claim_prepare_create);
HOOK_OLD(claim_prepare_update);
HOOK(volume_defaults);
HOOK(volume_prepare_create);
HOOK_OLD(volume_prepare_status);
HOOK(storageclass_defaults);
HOOK(csidriver_defaults);
/* workload.c */
HOOK(deployment_defaults);
HOOK_OLD(deployment_prepare_status);
HOOK(replicaset_defaults);
HOOK(statefulset_defaults);
HOOK(daemonset_defaults);
HOOK(daemonset_prepare_create);
HOOK_OLD(daemonset_prepare_update);
HOOK(replicationcontroller_defaults);

#endif
