/*
 * claim_check: validation of PersistentVolumeClaims and PersistentVolumes.
 * k8s: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimSpec and its update,
 * ValidatePersistentVolumeSpec and its update).
 */
#include "kind/hooks.h"
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

static void check_access_modes(struct hook *h, const struct at *at, const struct json *modes)
{
	const char *const *known =
		LIST("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod");
	bool single = false, other = false;

	json_each(m, modes) {
		bool pod = !strcmp(json_str(m), "ReadWriteOncePod");

		if (!one_of(json_str(m), known))
			err_unsupported(h, at, json_str(m), known);
		else
			other |= !pod;
		single |= pod;
	}
	if (single && other)
		err_forbidden(h, at, "may not use ReadWriteOncePod with other access modes");
}

static void check_storage(struct hook *h, const struct at *at, const char *text)
{
	struct quantity q;

	if (!text[0])
		err_required(h, at, NULL);
	else if (quantity_parse(text, &q) && q.nano <= 0)
		err_invalid(h, at, text, "must be greater than zero");
}

static void check_volume_mode(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *mode = json_path_str(spec, "volumeMode");

	if (mode[0])
		check_enum(h, AT(at, "volumeMode"), mode, LIST("Block", "Filesystem"), false);
}

static void check_class(struct hook *h, const struct at *at, const struct json *spec, const char *name)
{
	if (json_path_str(spec, name)[0])
		check_text(h, AT(at, name), TEXT_DNS_SUBDOMAIN, json_path_str(spec, name));
}

static void check_data_source(struct hook *h, const struct at *at, const struct json *source)
{
	const char *group = json_path_str(source, "apiGroup"), *kind = json_path_str(source, "kind");

	if (!source)
		return;
	if (!json_path_str(source, "name")[0])
		err_required(h, AT(at, "name"), NULL);
	if (!kind[0])
		err_required(h, AT(at, "kind"), NULL);
	if (!group[0] && strcmp(kind, "PersistentVolumeClaim") != 0)
		err_invalid(h, at, kind,
			    "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
	if (group[0])
		check_text(h, AT(at, "apiGroup"), TEXT_DNS_SUBDOMAIN, group);
	if (json_path_str(source, "namespace")[0])
		check_text(h, AT(at, "namespace"), TEXT_DNS_LABEL,
			   json_path_str(source, "namespace"));
}

static void check_data_sources(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *source = json_get(spec, "dataSource");
	const struct json *ref = json_get(spec, "dataSourceRef");
	/* upstream gives the path as value */
	const char *where = at_text(h, AT(at, "dataSource"));

	check_data_source(h, AT(at, "dataSource"), source);
	check_data_source(h, AT(at, "dataSourceRef"), ref);
	if (!source || !ref)
		return;
	if (json_path_str(ref, "namespace")[0])
		err_invalid(h, at, where,
			    "may not be specified when dataSourceRef.namespace is specified");
	else if (!same_value(json_get(source, "apiGroup"), json_get(ref, "apiGroup")) ||
		 !json_equal(json_get(source, "kind"), json_get(ref, "kind")) ||
		 !json_equal(json_get(source, "name"), json_get(ref, "name")))
		err_invalid(h, at, where, "must match dataSourceRef");
}

void check_claim_spec(struct hook *h, const struct at *at, const struct json *spec)
{
	if (!json_count(json_get(spec, "accessModes")))
		err_required(h, AT(at, "accessModes"), "at least 1 access mode is required");
	if (json_get(spec, "selector"))
		check_label_selector(h, AT(at, "selector"), json_get(spec, "selector"));
	check_access_modes(h, AT(at, "accessModes"), json_get(spec, "accessModes"));
	check_storage(h, AT_KEY(AT(at, "resources"), "storage"),
		      json_path_str(spec, "resources.requests.storage"));
	check_class(h, at, spec, "storageClassName");
	check_volume_mode(h, at, spec);
	check_data_sources(h, at, spec);
	check_class(h, at, spec, "volumeAttributesClassName");
}

HOOK_CHECK(claim_validate)
{
	check_claim_spec(h, AT_ROOT("spec"), json_get(o, "spec"));
}

static void excuse(struct hook *h, struct json *spec, const struct json *was, const char *member)
{
	const struct json *v = json_get(was, member);

	if (v)
		json_set(h->a, spec, member, json_copy(h->a, v));
	else
		json_del(spec, member);
}

HOOK_CHECK_OLD(claim_validate_update)
{
	const struct json *was = json_get(old, "spec");
	struct json *now = json_copy(h->a, json_get(o, "spec"));
	const struct at *at = AT_ROOT("spec");
	bool bound = !strcmp(json_path_str(o, "status.phase"), "Bound");
	struct quantity size, old_size, have = { 0 };

	if (!json_path_str(was, "volumeName")[0])
		excuse(h, now, was, "volumeName");
	if (!json_get(was, "storageClassName"))
		excuse(h, now, was, "storageClassName");
	if (bound) {
		excuse(h, now, was, "volumeAttributesClassName");
		if (json_path(now, "resources.requests") && json_path(was, "resources.requests"))
			excuse(h, json_path(now, "resources.requests"),
			       json_path(was, "resources.requests"), "storage");
	}
	if (!json_equal(now, was))
		err_forbidden(h, at,
			      "spec is immutable after creation except resources.requests and "
			      "volumeAttributesClassName for bound claims\n-%s\n+%s\n",
			      json_text(h->a, was), json_text(h->a, now));
	quantity_parse(json_path_str(old, "status.capacity.storage"), &have);
	if (quantity_parse(json_path_str(o, "spec.resources.requests.storage"), &size) &&
	    quantity_parse(json_path_str(was, "resources.requests.storage"), &old_size) &&
	    quantity_cmp(&size, &old_size) < 0 && quantity_cmp(&size, &have) <= 0)
		err_forbidden(h, AT(AT(AT(at, "resources"), "requests"), "storage"),
			      "field can not be less than status.capacity");
	check_immutable(h, AT_ROOT("volumeMode"), json_path(o, "spec.volumeMode"),
			json_get(was, "volumeMode"));
}

/* ---- volumes ---- */

/* In upstream's order. */
static const char *const volume_sources[] = {
	"hostPath",
	"gcePersistentDisk",
	"awsElasticBlockStore",
	"glusterfs",
	"flocker",
	"nfs",
	"rbd",
	"quobyte",
	"cephfs",
	"iscsi",
	"cinder",
	"fc",
	"flexVolume",
	"azureFile",
	"vsphereVolume",
	"photonPersistentDisk",
	"portworxVolume",
	"azureDisk",
	"scaleIO",
	"local",
	"storageos",
	"csi",
	NULL,
};

static void check_sources(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *path = json_path_str(spec, "hostPath.path");
	size_t n = 0;

	for (size_t i = 0; volume_sources[i]; i++) {
		const struct json *s = json_get(spec, volume_sources[i]);

		if (!s)
			continue;
		if (n++)
			err_forbidden(h, AT(at, volume_sources[i]),
				      "may not specify more than 1 volume type");
		else
			check_volume_source(h, at, volume_sources[i], s, true);
	}
	if (!n)
		err_required(h, at, "must specify a volume type");
	if (path[0] && strspn(path, "/.") == strlen(path) && path[0] == '/' &&
	    !strcmp(json_path_str(spec, "persistentVolumeReclaimPolicy"), "Recycle"))
		err_forbidden(h, AT(at, "persistentVolumeReclaimPolicy"),
			      "may not be 'recycle' for a hostPath mount of '/'");
}

static void check_capacity(struct hook *h, const struct at *at, const struct json *capacity)
{
	struct quantity q;

	if (!json_count(capacity)) {
		err_required(h, at, NULL);
		return;
	}
	if (!json_get(capacity, "storage") || json_count(capacity) > 1)
		field_error(h->errors, FIELD_NOT_SUPPORTED, at_text(h, at),
			    json_text(h->a, capacity), "supported values: \"storage\"");
	json_each(v, capacity) {
		const struct at *item = AT_KEY(at, json_name(v));

		check_resource_name(h, item, json_name(v));
		if (quantity_parse(json_str(v), &q) && q.nano <= 0)
			err_invalid(h, item, json_str(v), "must be greater than zero");
	}
}

static void check_volume_affinity(struct hook *h, const struct at *at, const struct json *affinity)
{
	if (!affinity)
		return;
	if (!json_get(affinity, "required"))
		err_required(h, AT(at, "required"), "must specify required node constraints");
	else
		check_node_selector(h, AT(at, "required"), json_get(affinity, "required"));
}

HOOK_CHECK(volume_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");

	if (!json_count(json_get(spec, "accessModes")))
		err_required(h, AT(at, "accessModes"), NULL);
	check_access_modes(h, AT(at, "accessModes"), json_get(spec, "accessModes"));
	check_capacity(h, AT(at, "capacity"), json_get(spec, "capacity"));
	check_enum(h, AT(at, "persistentVolumeReclaimPolicy"),
		   json_path_str(spec, "persistentVolumeReclaimPolicy"),
		   LIST("Delete", "Recycle", "Retain"), false);
	check_volume_affinity(h, AT(at, "nodeAffinity"), json_get(spec, "nodeAffinity"));
	if (json_get(spec, "local") && !json_path(spec, "nodeAffinity.required"))
		err_required(h, AT(at, "nodeAffinity"), "Local volume requires node affinity");
	check_sources(h, at, spec);
	check_class(h, at, spec, "storageClassName");
	check_volume_mode(h, at, spec);
	check_class(h, at, spec, "volumeAttributesClassName");
	if (json_get(spec, "volumeAttributesClassName") && !json_get(spec, "csi"))
		err_required(h, AT(at, "csi"),
			     "has to be specified when using volumeAttributesClassName");
}

HOOK_CHECK_OLD(volume_validate_update)
{
	const struct json *spec = json_get(o, "spec"), *was = json_get(old, "spec");
	const struct json *expand = json_path(was, "csi.controllerExpandSecretRef");
	const struct at *at = AT_ROOT("spec");

	for (size_t i = 0; volume_sources[i]; i++) {
		const struct json *x = json_get(spec, volume_sources[i]);
		const struct json *y = json_get(was, volume_sources[i]);
		struct json *now = x ? json_copy(h->a, x) : NULL;

		/* may be added later */
		if (now && !strcmp(volume_sources[i], "csi") && !expand)
			json_del(now, "controllerExpandSecretRef");
		if ((!now != !y) || (now && !json_equal(now, y))) {
			err_forbidden(
				h, AT(at, "persistentvolumesource"),
				"spec.persistentvolumesource is immutable after creation\n-%s\n+%s\n",
				y ? json_text(h->a, y) : "", x ? json_text(h->a, x) : "");
			break;
		}
	}
	check_immutable(h, AT_ROOT("volumeMode"), json_get(spec, "volumeMode"),
			json_get(was, "volumeMode"));
	if (json_get(was, "nodeAffinity") &&
	    !json_equal(json_get(spec, "nodeAffinity"), json_get(was, "nodeAffinity")))
		err_invalid_json(h, AT_ROOT("nodeAffinity"), json_get(spec, "nodeAffinity"),
				 "field is immutable, except for updating from beta label to GA");
}
