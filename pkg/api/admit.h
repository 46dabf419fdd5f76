/*
 * admit: the admission plugins, one file each or one per family; admission.c puts them in order.
 *
 * A mutating step may change ad->o; a validating one must not.  Each decides itself whether it is concerned.
 * They run inside the write's task and may read (never write) through the api.
 */
#ifndef NUTSHELL_API_ADMIT_H
#define NUTSHELL_API_ADMIT_H

#include "api/core.h"

bool admit_namespace_lifecycle(struct admission *ad, struct status *st);
bool admit_service_account(struct admission *ad, struct status *st);
bool admit_priority(struct admission *ad, struct status *st);
bool admit_priority_class(struct admission *ad, struct status *st);
bool admit_limits_default(struct admission *ad, struct status *st);
bool admit_limits_enforce(struct admission *ad, struct status *st);
bool admit_pod_security(struct admission *ad, struct status *st);
bool admit_toleration_seconds(struct admission *ad, struct status *st);
bool admit_storage_class(struct admission *ad, struct status *st);
bool admit_storage_protection(struct admission *ad, struct status *st);
bool admit_claim_resize(struct admission *ad, struct status *st);
bool admit_runtime_class(struct admission *ad, struct status *st);
bool admit_runtime_check(struct admission *ad, struct status *st);
bool admit_node_taint(struct admission *ad, struct status *st);
bool admit_pod_resize(struct admission *ad, struct status *st);
bool admit_topology_labels(struct admission *ad, struct status *st);
bool admit_certificate_approval(struct admission *ad, struct status *st);
bool admit_certificate_signing(struct admission *ad, struct status *st);
bool admit_certificate_subject(struct admission *ad, struct status *st);
bool admit_ingress_class(struct admission *ad, struct status *st);

/* A pod is being written through its main resource. */
bool admit_is_pod(const struct admission *ad, enum admit_op op);
/* ad is about the main resource of group/resource. */
bool admit_is(const struct admission *ad, const char *group, const char *resource);

#endif
