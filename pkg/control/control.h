/*
 * control: the controllers of a cluster, one small file each on the runtime of work.
 *
 * Each descriptor's name is the one --controllers takes.  All are level-triggered and stateless between
 * reconciles, save the garbage collector, whose graph is an index of what memory holds anyway.
 */
#ifndef NUTSHELL_CONTROL_CONTROL_H
#define NUTSHELL_CONTROL_CONTROL_H

#include "work/work.h"

/* What the controllers of control_all may be given as start()'s argument (NULL: none of it): other servers' APIs.
 * Calls block; NULL is an answer with st filled: 404 when nobody serves that group and version. */
struct peers {
	bool (*has)(void *arg, const char *group, const char *version);
	struct json *(*ask)(void *arg, struct arena *a, const char *account, const char *group,
			    const char *version, const char *path, struct status *st);
	void *arg;
};

extern const struct controller namespace_controller;
extern const struct controller serviceaccount_controller;
extern const struct controller root_ca_controller;
extern const struct controller deployment_controller;
extern const struct controller replicaset_controller;
extern const struct controller replicationcontroller_controller;
extern const struct controller statefulset_controller;
extern const struct controller daemonset_controller;
extern const struct controller disruption_controller;
extern const struct controller autoscaler_controller;
extern const struct controller claim_protection_controller;
extern const struct controller volume_protection_controller;
extern const struct controller taint_eviction_controller;
extern const struct controller slice_mirror_controller;
extern const struct controller ephemeral_volume_controller;
extern const struct controller job_controller;
extern const struct controller job_ttl_controller;
extern const struct controller cronjob_controller;
extern const struct controller endpointslice_controller;
extern const struct controller endpoints_controller;
extern const struct controller gc_controller;
extern const struct controller pod_gc_controller;
extern const struct controller clusterrole_controller;
extern const struct controller resource_quota_controller;
extern const struct controller policy_status_controller;
extern const struct controller account_token_controller;
extern const struct controller token_cleaner_controller;
extern const struct controller bootstrap_signer_controller;
extern const struct controller certificate_approving_controller;
extern const struct controller certificate_signing_controller;
extern const struct controller certificate_cleaner_controller;
extern const struct controller node_taint_controller;
extern const struct controller service_address_controller;

/* Of clusters that place their pods and keep their volumes themselves, which a host cluster would do. */
extern const struct controller scheduler_controller;
extern const struct controller volume_binder_controller;
extern const struct controller volume_expand_controller;

/* The controllers every cluster runs, whatever its host; NULL-terminated. */
extern const struct controller *const control_all[];
/* Those for hosts that are no cluster. */
extern const struct controller *const control_local[];

#endif
