/* The lists of controllers. */
#include "control/control.h"

#include <stddef.h>

/* clang-format off */
const struct controller *const control_all[] = {
	&namespace_controller,
	&serviceaccount_controller,
	&root_ca_controller,
	&policy_status_controller,
	&deployment_controller,
	&replicaset_controller,
	&replicationcontroller_controller,
	&statefulset_controller,
	&daemonset_controller,
	&disruption_controller,
	&autoscaler_controller,
	&claim_protection_controller,
	&volume_protection_controller,
	&taint_eviction_controller,
	&slice_mirror_controller,
	&ephemeral_volume_controller,
	&job_controller,
	&job_ttl_controller,
	&cronjob_controller,
	&endpointslice_controller,
	&endpoints_controller,
	&gc_controller,
	&pod_gc_controller,
	&clusterrole_controller,
	&resource_quota_controller,
	&account_token_controller,
	&token_cleaner_controller,
	&bootstrap_signer_controller,
	&certificate_approving_controller,
	&certificate_signing_controller,
	&certificate_cleaner_controller,
	&node_taint_controller,
	&service_address_controller,
	NULL,
};

const struct controller *const control_local[] = {
	&scheduler_controller,
	&volume_binder_controller,
	&volume_expand_controller,
	NULL,
};
