/*
 * columns_storage: volumes, claims and the storage.k8s.io kinds.
 * k8s: pkg/printers/internalversion/printers.go, pkg/apis/core/helper (access modes).
 */
#include "kind/columns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define OLD_CLASS "volume.beta.kubernetes.io/storage-class"

static const char *access_modes(struct arena *a, const struct json *modes)
{
	static const char *const known[][2] = { { "ReadWriteOnce", "RWO" },
						{ "ReadOnlyMany", "ROX" },
						{ "ReadWriteMany", "RWX" },
						{ "ReadWriteOncePod", "RWOP" } };
	BUF_AUTO struct buf b = BUF_INIT;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		json_each(m, modes) {
			if (!strcmp(json_str(m), known[i][0])) {
				buf_addf(&b, "%s%s", b.len ? "," : "", known[i][1]);
				break;
			}
		}
	}
	return arena_dup(a, b.p ? b.p : "", b.len);
}

static void phase_cell(struct buf *out, const struct json *tree)
{
	cell_str(out, json_path(tree, "metadata.deletionTimestamp") ?
			      "Terminating" :
			      json_path_str(tree, "status.phase"));
}

static void text_or_unset(struct buf *out, const struct json *tree, const char *path)
{
	const struct json *v = json_path(tree, path);

	cell_str(out, v ? json_str(v) : "<unset>");
}

CELL(storage_phase)
{
	phase_cell(out, tree);
}

CELL(storage_class)
{
	const char *old = meta_annotation(tree, OLD_CLASS);

	cell_str(out, old ? old : json_path_str(tree, "spec.storageClassName"));
}

CELL(storage_attributes)
{
	text_or_unset(out, tree, "spec.volumeAttributesClassName");
}

CELL(storage_mode)
{
	text_or_unset(out, tree, "spec.volumeMode");
}

CELL(claim_volume)
{
	cell_str(out, json_path_str(tree, "spec.volumeName"));
}

CELL(claim_capacity)
{
	bool bound = json_path_str(tree, "spec.volumeName")[0] != '\0';
	const char *capacity = json_path_str(tree, "status.capacity.storage");

	cell_str(out, !bound ? "" : capacity[0] ? capacity : "0");
}

CELL(claim_modes)
{
	bool bound = json_path_str(tree, "spec.volumeName")[0] != '\0';

	cell_str(out, bound ? access_modes(a, json_path(tree, "status.accessModes")) : "");
}

const struct column columns_claim[] = {
	COL_NAME,
	COL_FN("Status", "Whether the claim is bound.", storage_phase),
	COL_FN("Volume", "The volume it is bound to.", claim_volume),
	COL_FN("Capacity", "The size of the volume.", claim_capacity),
	COL_FN("Access Modes", "How the volume may be mounted.", claim_modes),
	COL_FN("StorageClass", "The class that provides it.", storage_class),
	COL_FN("VolumeAttributesClass", "The class of its attributes.", storage_attributes),
	COL_AGE,
	COL_WIDE_FN("VolumeMode", "File system or block device.", storage_mode),
	COL_END,
};

CELL(volume_capacity)
{
	cell_or(out, json_path_str(tree, "spec.capacity.storage"), "0");
}

CELL(volume_modes)
{
	cell_str(out, access_modes(a, json_path(tree, "spec.accessModes")));
}

CELL(volume_policy)
{
	cell_str(out, json_path_str(tree, "spec.persistentVolumeReclaimPolicy"));
}

CELL(volume_claim)
{
	const struct json *ref = json_path(tree, "spec.claimRef");

	if (ref)
		cell_strf(out, "%s/%s", json_path_str(ref, "namespace"), json_path_str(ref, "name"));
	else
		cell_str(out, "");
}

CELL(volume_reason)
{
	cell_str(out, json_path_str(tree, "status.reason"));
}

const struct column columns_volume[] = {
	COL_NAME,
	COL_FN("Capacity", "The size of the volume.", volume_capacity),
	COL_FN("Access Modes", "How it may be mounted.", volume_modes),
	COL_FN("Reclaim Policy", "What happens when its claim goes.", volume_policy),
	COL_FN("Status", "Whether the volume is bound.", storage_phase),
	COL_FN("Claim", "The claim it is bound to.", volume_claim),
	COL_FN("StorageClass", "The class that provides it.", storage_class),
	COL_FN("VolumeAttributesClass", "The class of its attributes.", storage_attributes),
	COL_FN("Reason", "Why it is in this state.", volume_reason),
	COL_AGE,
	COL_WIDE_FN("VolumeMode", "File system or block device.", storage_mode),
	COL_END,
};

/* ---- storage.k8s.io ---- */

CELL(class_name)
{
	const char *dflt = meta_annotation(tree, "storageclass.kubernetes.io/is-default-class");

	if (!dflt)
		dflt = meta_annotation(tree, "storageclass.beta.kubernetes.io/is-default-class");
	cell_strf(out, "%s%s", o->name, dflt && !strcmp(dflt, "true") ? " (default)" : "");
}

CELL(class_policy)
{
	cell_or(out, json_path_str(tree, "reclaimPolicy"), "Delete");
}

CELL(class_binding)
{
	cell_or(out, json_path_str(tree, "volumeBindingMode"), "Immediate");
}

CELL(class_expansion)
{
	buf_adds(out, json_path_bool(tree, "allowVolumeExpansion", false) ? "true" : "false");
}

const struct column columns_storageclass[] = {
	COL_AS("Name", "string", "name", DOC_NAME, 0, NULL, class_name),
	COL("Provisioner", "Who makes volumes of the class.", "provisioner"),
	COL_FN("ReclaimPolicy", "What happens to volumes without claim.", class_policy),
	COL_FN("VolumeBindingMode", "When volumes are bound.", class_binding),
	COL_FN("AllowVolumeExpansion", "Whether volumes may grow.", class_expansion),
	COL_AGE,
	COL_END,
};

CELL(driver_attach)
{
	buf_adds(out, json_path_bool(tree, "spec.attachRequired", true) ? "true" : "false");
}

CELL(driver_tokens)
{
	const struct json *tokens = json_path(tree, "spec.tokenRequests");

	cell_str(out, tokens ? cell_join(a, tokens, "audience") : "<unset>");
}

CELL(driver_modes)
{
	cell_or(out, cell_join(a, json_path(tree, "spec.volumeLifecycleModes"), NULL), "<none>");
}

const struct column columns_csidriver[] = {
	COL_NAME,
	COL_BOOL_FN("AttachRequired", "Volumes must be attached first.", driver_attach),
	COL_BOOL("PodInfoOnMount", "The driver learns about the pod.", "spec.podInfoOnMount"),
	COL_BOOL("StorageCapacity", "Scheduling looks at free capacity.", "spec.storageCapacity"),
	COL_FN("TokenRequests", "Audiences of tokens for the driver.", driver_tokens),
	COL_BOOL("RequiresRepublish", "Volumes are published again and again.",
		 "spec.requiresRepublish"),
	COL_FN("Modes", "Kinds of volumes the driver has.", driver_modes),
	COL_AGE,
	COL_END,
};

CELL(csinode_drivers)
{
	buf_addf(out, "%zu", json_count(json_path(tree, "spec.drivers")));
}

const struct column columns_csinode[] = {
	COL_NAME,
	COL_INT_FN("Drivers", "Drivers on the node.", csinode_drivers),
	COL_AGE,
	COL_END,
};

CELL(attachment_volume)
{
	cell_str(out, json_path_str(tree, "spec.source.persistentVolumeName"));
}

const struct column columns_volumeattachment[] = {
	COL_NAME,
	COL_AS("Attacher", "string", "name", "The driver.", 0, "spec.attacher", NULL),
	COL_FN("PV", "The volume.", attachment_volume),
	COL("Node", "The node.", "spec.nodeName"),
	COL_BOOL("Attached", "Whether it is attached.", "status.attached"),
	COL_AGE,
	COL_END,
};

const struct column columns_volumeattributesclass[] = {
	COL_NAME,
	COL("DriverName", "The driver.", "driverName"),
	COL_AGE,
	COL_END,
};
