/*
 * volume: PersistentVolume, PersistentVolumeClaim and the storage.k8s.io kinds.
 * k8s: pkg/apis/core/v1/defaults.go, pkg/apis/storage/v1/defaults.go, pkg/registry/{core,storage}.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include "base/clock.h"

#include <string.h>

void default_claim_spec(struct hook *h, struct json *spec)
{
	if (is_unset(spec, "volumeMode"))
		json_set_str(h->a, spec, "volumeMode", "Filesystem");
	default_obj(h, spec, "resources");
}

HOOK(claim_defaults)
{
	default_claim_spec(h, default_obj(h, o, "spec"));
	default_str(h, default_obj(h, o, "status"), "phase", "Pending");
}

/* dataSource and dataSourceRef mean the same for claims and snapshots of the claim's namespace. */
static void normalize_sources(struct hook *h, struct json *spec)
{
	const struct json *source = json_get(spec, "dataSource");
	const struct json *ref = json_get(spec, "dataSourceRef");

	if (source && !ref)
		json_set(h->a, spec, "dataSourceRef", json_copy(h->a, source));
	else if (ref && !source && !json_path_str(ref, "namespace")[0])
		json_set(h->a, spec, "dataSource", json_copy(h->a, ref));
}

/* dataSource may only name a claim or a snapshot; anything else is dropped silently. */
static void drop_odd_source(struct json *spec)
{
	const struct json *source = json_get(spec, "dataSource");
	const char *group = json_path_str(source, "apiGroup"), *kind = json_path_str(source, "kind");
	bool claim = !strcmp(kind, "PersistentVolumeClaim") && !group[0];
	bool snapshot = !strcmp(kind, "VolumeSnapshot") && !strcmp(group, "snapshot.storage.k8s.io");

	if (source && !json_get(spec, "dataSourceRef") && !claim && !snapshot)
		json_del(spec, "dataSource");
}

HOOK(claim_prepare_create)
{
	struct json *spec = default_obj(h, o, "spec");

	json_set(h->a, o, "status", json_build(h->a, "{phase:\"Pending\"}"));
	drop_odd_source(spec);
	normalize_sources(h, spec);
}

HOOK_OLD(claim_prepare_update)
{
	kind_status_keep(h, o, old);
	normalize_sources(h, default_obj(h, o, "spec"));
}

HOOK(volume_defaults)
{
	struct json *spec = default_obj(h, o, "spec");
	struct json *path = json_get(spec, "hostPath");

	default_str(h, default_obj(h, o, "status"), "phase", "Pending");
	default_str(h, spec, "persistentVolumeReclaimPolicy", "Retain");
	if (is_unset(spec, "volumeMode"))
		json_set_str(h->a, spec, "volumeMode", "Filesystem");
	if (path && is_unset(path, "type"))
		json_set_str(h->a, path, "type", "");
}

static void stamp_phase(struct hook *h, struct json *status)
{
	char now[TIME_LEN];

	time_format(h->now_s, now);
	json_set_str(h->a, status, "lastPhaseTransitionTime", now);
}

HOOK(volume_prepare_create)
{
	struct json *status = json_build(h->a, "{phase:\"Pending\"}");

	stamp_phase(h, status);
	json_set(h->a, o, "status", status);
}

HOOK_OLD(volume_prepare_status)
{
	struct json *status;
	const struct json *was = json_get(old, "status"), *stamp;

	kind_status_only(h, o, old);
	status = default_obj(h, o, "status");
	stamp = json_get(was, "lastPhaseTransitionTime");
	if (!strcmp(json_path_str(status, "phase"), json_path_str(was, "phase"))) {
		if (stamp && !json_get(status, "lastPhaseTransitionTime"))
			json_set(h->a, status, "lastPhaseTransitionTime", json_copy(h->a, stamp));
	} else if (!json_get(status, "lastPhaseTransitionTime") ||
		   json_equal(json_get(status, "lastPhaseTransitionTime"), stamp)) {
		stamp_phase(h, status);
	}
}

/* ---- storage.k8s.io ---- */

HOOK(storageclass_defaults)
{
	if (is_unset(o, "reclaimPolicy"))
		json_set_str(h->a, o, "reclaimPolicy", "Delete");
	if (is_unset(o, "volumeBindingMode"))
		json_set_str(h->a, o, "volumeBindingMode", "Immediate");
}

HOOK(csidriver_defaults)
{
	struct json *spec = default_obj(h, o, "spec");

	default_bool(h, spec, "attachRequired", true);
	default_bool(h, spec, "podInfoOnMount", false);
	default_bool(h, spec, "storageCapacity", false);
	if (is_unset(spec, "fsGroupPolicy"))
		json_set_str(h->a, spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
	if (!json_count(json_get(spec, "volumeLifecycleModes")))
		json_set(h->a, spec, "volumeLifecycleModes", json_build(h->a, "[\"Persistent\"]"));
	default_bool(h, spec, "requiresRepublish", false);
	default_bool(h, spec, "seLinuxMount", false);
}
