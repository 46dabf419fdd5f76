/*
 * Rows of storage.k8s.io.
 * k8s: pkg/registry/{storage} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_storage[] = {
	{
		.subject = { "storage.k8s.io", "csidrivers", "CSIDriver" },
		.version = "v1",
		.singular = "csidriver",
		.verbs = VERBS_ALL,
		.type = &type_storage_v1_CSIDriver,
		.columns = columns_csidriver,
		.generation = true,
		.conditional_update = true,
		.delete_returns_object = true,
		.defaults = csidriver_defaults,
	},
	{
		.subject = { "storage.k8s.io", "csinodes", "CSINode" },
		.version = "v1",
		.singular = "csinode",
		.verbs = VERBS_ALL,
		.type = &type_storage_v1_CSINode,
		.columns = columns_csinode,
		.conditional_update = true,
		.delete_returns_object = true,
	},
	{
		.subject = { "storage.k8s.io", "csistoragecapacities", "CSIStorageCapacity" },
		.version = "v1",
		.singular = "csistoragecapacity",
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_storage_v1_CSIStorageCapacity,
		.columns = columns_created,
		.conditional_update = true,
	},
	{
		.subject = { "storage.k8s.io", "storageclasses", "StorageClass" },
		.version = "v1",
		.singular = "storageclass",
		.shorts = NAMES("sc"),
		.verbs = VERBS_ALL,
		.type = &type_storage_v1_StorageClass,
		.columns = columns_storageclass,
		.delete_returns_object = true,
		.defaults = storageclass_defaults,
		.validate = storageclass_validate,
		.validate_update = storageclass_validate_update,
		.warn = storageclass_warn,
	},
	{
		.subject = { "storage.k8s.io", "volumeattachments", "VolumeAttachment" },
		.version = "v1",
		.singular = "volumeattachment",
		.unowned = UNOWNED({ "status", false, "spec metadata" }),
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_storage_v1_VolumeAttachment,
		.columns = columns_volumeattachment,
		.conditional_update = true,
		.delete_returns_object = true,
	},
	{
		.subject = { "storage.k8s.io", "volumeattributesclasses", "VolumeAttributesClass" },
		.version = "v1",
		.singular = "volumeattributesclass",
		.shorts = NAMES("vac"),
		.verbs = VERBS_ALL,
		.type = &type_storage_v1_VolumeAttributesClass,
		.columns = columns_volumeattributesclass,
		.delete_returns_object = true,
	},
};

const size_t kinds_storage_n = sizeof kinds_storage / sizeof *kinds_storage;
