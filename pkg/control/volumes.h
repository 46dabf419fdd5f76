/*
 * volumes: PersistentVolumes, the claims on them, and which suit each other.  Trees in, answers out; nothing is
 * stored.  Shared by the binder, the protections and the scheduler.
 * k8s: component-helpers/storage/volume/pv_helpers.go.
 */
#ifndef NUTSHELL_CONTROL_VOLUMES_H
#define NUTSHELL_CONTROL_VOLUMES_H

#include <stdbool.h>
#include <stddef.h>

struct api;
struct arena;
struct json;
struct kind;
struct obj;
struct selector;

#define PV_BIND_COMPLETED "pv.kubernetes.io/bind-completed"
#define PV_BOUND_BY_CONTROLLER "pv.kubernetes.io/bound-by-controller"
#define PV_PROVISIONED_BY "pv.kubernetes.io/provisioned-by"
#define PVC_SELECTED_NODE "volume.kubernetes.io/selected-node"

/* The name of the StorageClass of a claim or a volume; "" = none. */
const char *claim_class(const struct json *claim);
const char *volume_class(const struct json *volume);
/* Does spec.claimRef name this claim (whatever its uid when the volume has none)? */
bool volume_is_for(const struct json *volume, const struct json *claim);
/* Why the volume cannot be bound to the claim that asks for it by name; NULL when it can. */
const char *volume_unsuited(struct arena *a, const struct json *volume, const struct json *claim);
bool volume_mode_differs(const struct json *volume, const struct json *claim);
/* Required node affinity of the volume (true when it has none). */
bool volume_reaches(const struct json *volume, const struct obj *node);
/* Best match of all volumes: one that was made for the claim, else the smallest that will do.  Held by a; NULL =
 * none.  bound_only: only one made for it. */
const struct obj *volume_match(struct api *api, struct arena *a, const struct json *claim,
			       const struct obj *node, bool bound_only);
/* All that would do for the claim, whatever the node: those made for it first, then the smallest.  Held by a. */
const struct obj *const *volume_suited(struct api *api, struct arena *a, const struct json *claim,
				       size_t *n);
/* Let the volume's tree name the claim; false when it does already. */
bool volume_point_at(struct arena *a, struct json *volume, const struct obj *claim);
/* The class binds only when a pod has been placed. */
bool class_waits(struct api *api, struct arena *a, const char *class);

/* Name of the claim of an ephemeral volume of a pod. */
char *ephemeral_claim_name(struct arena *a, const char *pod, const struct json *volume);

#endif
