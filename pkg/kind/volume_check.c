/*
 * volume_check: what the sources of volumes must say, in pods and in persistent volumes.
 *
 * Most sources of old want nothing but a few texts and numbers in range; those are rows of tables.  The
 * others have a function.
 * k8s: pkg/apis/core/validation/validation.go (validateVolumeSource, ValidatePersistentVolumeSpec).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/quantity.h"
#include "obj/regex.h"

#include <string.h>

#define CSI_DRIVER_MAX 63
#define TOKEN_SECONDS_MIN 600
#define TOKEN_SECONDS_MAX (1LL << 32)

void check_file_mode(struct hook *h, const struct at *at, const struct json *mode)
{
	int64_t n;

	if (json_int(mode, &n) && (n < 0 || n > 0777))
		err_invalid_int(h, at, n,
				"must be a number between 0 and 0777 (octal), both inclusive");
}

static void check_relative(struct hook *h, const struct at *at, const char *path)
{
	if (path[0] == '/')
		err_invalid(h, at, path, "must be a relative path");
	check_no_dotdot(h, at, path);
}

/* Nor may it begin with "..", where volumes keep their own. */
static void check_unreserved(struct hook *h, const struct at *at, const char *path)
{
	check_relative(h, at, path);
	if (!strncmp(path, "..", 2) && strncmp(path, "../", 3) != 0 && path[2])
		err_invalid(h, at, path, "must not start with '..'");
	else if (!strcmp(path, ".."))
		err_invalid(h, at, path, "must not start with '..'");
}

/* ---- sources that hold files ---- */

static void check_items(struct hook *h, const struct at *at, const struct json *items)
{
	size_t i = 0;

	json_each(item, items) {
		const struct at *item_at = AT_ITEM(at, i++);
		const char *path = json_path_str(item, "path");

		if (!json_path_str(item, "key")[0])
			err_required(h, AT(item_at, "key"), NULL);
		if (!path[0])
			err_required(h, AT(item_at, "path"), NULL);
		check_unreserved(h, AT(item_at, "path"), path);
		check_file_mode(h, AT(item_at, "mode"), json_get(item, "mode"));
	}
}

static void check_downward_file(struct hook *h, const struct at *at, const struct json *file)
{
	const struct json *field = json_get(file, "fieldRef");
	const struct json *resource = json_get(file, "resourceFieldRef");
	const char *path = json_path_str(file, "path");

	if (!path[0])
		err_required(h, AT(at, "path"), NULL);
	check_unreserved(h, AT(at, "path"), path);
	if (field) {
		check_field_ref(h, AT(at, "fieldRef"), field,
				LIST("metadata.annotations", "metadata.labels", "metadata.name",
				     "metadata.namespace", "metadata.uid"));
		if (resource)
			err_invalid(
				h, at, "resource",
				"fieldRef and resourceFieldRef can not be specified simultaneously");
	} else if (resource) {
		check_resource_ref(h, AT(at, "resourceFieldRef"), resource, true);
	} else {
		err_required(h, at, "one of fieldRef and resourceFieldRef is required");
	}
	check_file_mode(h, AT(at, "mode"), json_get(file, "mode"));
}

static void check_token(struct hook *h, const struct at *volume, const struct at *at,
			const struct json *token)
{
	int64_t seconds = json_path_int(token, "expirationSeconds", TOKEN_SECONDS_MIN);
	const char *path = json_path_str(token, "path");

	if (seconds < TOKEN_SECONDS_MIN)
		err_invalid_int(h, AT(at, "expirationSeconds"), seconds,
				"may not specify a duration less than 10 minutes");
	if (seconds > TOKEN_SECONDS_MAX)
		err_invalid_int(h, AT(at, "expirationSeconds"), seconds,
				"may not specify a duration larger than 2^32 seconds");
	/* upstream names the volume here */
	if (!path[0])
		err_required(h, AT(volume, "path"), NULL);
	else
		check_unreserved(h, AT(volume, "path"), path);
}

/* Takes a path that files of several sources share; false when it is taken. */
static bool claim_path(struct hook *h, struct json *paths, const char *path)
{
	if (!path[0])
		return true;
	if (json_get(paths, path))
		return false;
	json_set_bool(h->a, paths, path, true);
	return true;
}

static void claim_items(struct hook *h, const struct at *at, struct json *paths,
			const struct json *source, const char *name)
{
	json_each(item, json_get(source, "items")) {
		const char *path = json_path_str(item, "path");

		if (!claim_path(h, paths, path))
			err_invalid(h, at, name ? name : path, "conflicting duplicate paths");
	}
}

static size_t check_projection(struct hook *h, const struct at *volume, const struct at *at,
			       const struct json *s, struct json *paths)
{
	const char *const *maps = LIST("secret", "configMap");
	size_t n = 0;

	for (size_t i = 0; maps[i]; i++) {
		const struct json *map = json_get(s, maps[i]);

		if (!map)
			continue;
		n++;
		if (!json_path_str(map, "name")[0])
			err_required(h, AT(AT(at, maps[i]), "name"), NULL);
		check_items(h, AT(AT(at, maps[i]), "items"), json_get(map, "items"));
		claim_items(h, volume, paths, map, json_path_str(map, "name"));
	}
	if (json_get(s, "downwardAPI")) {
		n++;
		json_each(file, json_path(s, "downwardAPI.items"))
			check_downward_file(h, AT(at, "downwardAPI"), file);
		claim_items(h, volume, paths, json_get(s, "downwardAPI"), NULL);
	}
	if (json_get(s, "serviceAccountToken")) {
		n++;
		check_token(h, volume, AT(at, "serviceAccountToken"),
			    json_get(s, "serviceAccountToken"));
	}
	return n + (json_get(s, "clusterTrustBundle") != NULL) +
	       (json_get(s, "podCertificate") != NULL);
}

static void check_projected(struct hook *h, const struct at *at, const struct json *projected)
{
	struct json *paths = json_object(h->a);
	size_t i = 0;

	json_each(s, json_get(projected, "sources")) {
		const struct at *item = AT_ITEM(AT(at, "sources"), i++);

		if (check_projection(h, at, item, s, paths) > 1)
			err_forbidden(h, item, "may not specify more than 1 volume type");
	}
}

/* ---- tables ---- */

/* Members that must not be empty. */
static const struct {
	const char *type, *member, *detail;
} required[] = {
	{ "gitRepo", "repository", NULL },
	{ "gcePersistentDisk", "pdName", NULL },
	{ "awsElasticBlockStore", "volumeID", NULL },
	{ "secret", "secretName", NULL },
	{ "configMap", "name", NULL },
	{ "nfs", "server", NULL },
	{ "nfs", "path", NULL },
	{ "iscsi", "targetPortal", NULL },
	{ "iscsi", "iqn", NULL },
	{ "glusterfs", "endpoints", NULL },
	{ "glusterfs", "path", NULL },
	{ "persistentVolumeClaim", "claimName", NULL },
	{ "rbd", "monitors", NULL },
	{ "rbd", "image", NULL },
	{ "cinder", "volumeID", NULL },
	{ "cephfs", "monitors", NULL },
	{ "quobyte", "registry", "must be a host:port pair or multiple pairs separated by commas" },
	{ "quobyte", "volume", NULL },
	{ "flexVolume", "driver", NULL },
	{ "azureFile", "secretName", NULL },
	{ "azureFile", "shareName", NULL },
	{ "vsphereVolume", "volumePath", NULL },
	{ "photonPersistentDisk", "pdID", NULL },
	{ "portworxVolume", "volumeID", NULL },
	{ "azureDisk", "diskName", NULL },
	{ "azureDisk", "diskURI", NULL },
	{ "storageos", "volumeName", NULL },
	{ "scaleIO", "gateway", NULL },
	{ "scaleIO", "system", NULL },
	{ "scaleIO", "volumeName", NULL },
	{ "csi", "driver", NULL },
	{ "local", "path", NULL },
	{ "hostPath", "path", NULL },
};

static const struct {
	const char *type, *member;
	int64_t from, to; /* what is taken */
	const char *text; /* upstream's words, which are not always what it does */
} ranges[] = {
	{ "gcePersistentDisk", "partition", 0, 255, "must be between 1 and 255, inclusive" },
	{ "awsElasticBlockStore", "partition", 0, 255, "must be between 1 and 255, inclusive" },
	{ "iscsi", "lun", 0, 255, "must be between 0 and 255, inclusive" },
};

/* Sources whose secretRef needs a name, and in persistent volumes a namespace. */
static const char *const secret_users[] = { "cinder", "storageos", NULL };

/* upstream's paths of the contents */
static const char *source_member(const char *type, bool pv)
{
	return !strcmp(type, "gcePersistentDisk") && !pv ? "persistentDisk" : type;
}

static bool is_blank(const struct json *v)
{
	return !v || (json_is_string(v) ? !json_str(v)[0] : !json_count(v));
}

static void check_tables(struct hook *h, const struct at *at, const char *type,
			 const struct json *s, bool pv)
{
	for (size_t i = 0; i < sizeof required / sizeof *required; i++)
		if (!strcmp(type, required[i].type) && is_blank(json_get(s, required[i].member)))
			err_required(h, AT(at, required[i].member), required[i].detail);
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		int64_t n = json_path_int(s, ranges[i].member, ranges[i].from);

		if (!strcmp(type, ranges[i].type) && (n < ranges[i].from || n > ranges[i].to))
			err_invalid_int(h, AT(at, ranges[i].member), n, "%s", ranges[i].text);
	}
	if (one_of(type, secret_users) && json_get(s, "secretRef")) {
		if (!json_path_str(s, "secretRef.name")[0])
			err_required(h, AT(AT(at, "secretRef"), "name"), NULL);
		if (pv && !json_path_str(s, "secretRef.namespace")[0])
			err_required(h, AT(AT(at, "secretRef"), "namespace"), NULL);
	}
}

/* ---- sources with rules of their own ---- */

static void check_host_path(struct hook *h, const struct at *at, const struct json *s)
{
	const struct json *type = json_get(s, "type");
	const char *const *types = LIST("", "BlockDevice", "CharDevice", "Directory",
					"DirectoryOrCreate", "File", "FileOrCreate", "Socket");

	if (!json_path_str(s, "path")[0])
		return;
	check_no_dotdot(h, AT(at, "path"), json_path_str(s, "path"));
	if (type && !one_of(json_str(type), types))
		err_unsupported(h, AT(at, "type"), json_str(type), types);
}

static bool matches(const char *pattern, const char *s)
{
	struct regex *r = regex_new(pattern, NULL);
	bool ok = r && regex_matches(r, s, strlen(s));

	regex_free(&r);
	return ok;
}

static void check_iqn(struct hook *h, const struct at *at, const char *iqn, bool pv)
{
	static const char *const formats[][2] = {
		{ "iqn", "iqn\\.\\d{4}-\\d{2}\\.([[:alnum:].-]+)(:[^,;*&$|\\s]+)$" },
		{ "eui", "^eui.[[:alnum:]]{16}$" },
		{ "naa", "^naa.[[:alnum:]]{32}$" },
	};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strncmp(iqn, formats[i][0], 3) != 0)
			continue;
		if (!matches(formats[i][1], iqn))
			err_invalid(h, at, iqn, "must be valid format");
		return;
	}
	err_invalid(h, at, iqn,
		    pv ? "must be valid format" :
			 "must be valid format starting with iqn, eui, or naa");
}

static void check_iscsi(struct hook *h, const struct at *at, const struct json *s, bool pv)
{
	const struct json *initiator = json_get(s, "initiatorName");
	const char *iqn = json_path_str(s, "iqn");

	if (iqn[0])
		check_iqn(h, AT(at, "iqn"), iqn, pv);
	if ((json_path_bool(s, "chapAuthDiscovery", false) ||
	     json_path_bool(s, "chapAuthSession", false)) &&
	    !json_get(s, "secretRef"))
		err_required(h, AT(at, "secretRef"), NULL);
	if (initiator)
		check_iqn(h, AT(at, "initiatorname"), json_str(initiator), pv);
}

static void check_fc(struct hook *h, const struct at *at, const struct json *s)
{
	const struct json *names = json_get(s, "targetWWNs"), *ids = json_get(s, "wwids");
	int64_t lun = json_path_int(s, "lun", 0);

	if (!json_count(names) && !json_count(ids))
		err_required(h, AT(at, "targetWWNs"),
			     "must specify either targetWWNs or wwids, but not both");
	if (json_count(names) && json_count(ids))
		err_invalid_json(h, AT(at, "targetWWNs"), names,
				 "targetWWNs and wwids can not be specified simultaneously");
	if (json_count(names) && !json_get(s, "lun"))
		err_required(h, AT(at, "lun"), "lun is required if targetWWNs is specified");
	else if (json_count(names) && (lun < 0 || lun > 255))
		err_invalid_int(h, AT(at, "lun"), lun, "must be between 0 and 255, inclusive");
}

static void check_flocker(struct hook *h, const struct at *at, const struct json *s)
{
	const char *name = json_path_str(s, "datasetName"), *uuid = json_path_str(s, "datasetUUID");

	if (!name[0] && !uuid[0])
		err_required(h, at, "one of datasetName and datasetUUID is required");
	if (name[0] && uuid[0])
		err_invalid(h, at, "resource",
			    "datasetName and datasetUUID can not be specified simultaneously");
	if (strchr(name, '/'))
		err_invalid(h, AT(at, "datasetName"), name, "must not contain '/'");
}

static void check_flex(struct hook *h, const struct at *at, const struct json *options)
{
	json_each(o, options) {
		const char *key = json_name(o), *slash = strchr(key, '/');
		char *ns = arena_printf(h->a, ".%.*s",
					slash ? (int)(slash - key) : (int)strlen(key), key);

		if (matches("(?i)\\.(kubernetes|k8s)\\.io$", ns))
			err_invalid(h, AT_KEY(at, key), key,
				    "kubernetes.io and k8s.io namespaces are reserved");
	}
}

static void check_azure_disk(struct hook *h, const struct at *at, const struct json *s)
{
	const char *const *caching = LIST("None", "ReadOnly", "ReadWrite");
	const char *const *kinds = LIST("Dedicated", "Managed", "Shared");
	const char *kind = json_path_str(s, "kind"), *uri = json_path_str(s, "diskURI");
	bool managed = !strcmp(kind, "Managed");

	check_enum(h, AT(at, "cachingMode"), json_path_str(s, "cachingMode"), caching, false);
	check_enum(h, AT(at, "kind"), kind, kinds, false);
	if (managed && strncmp(uri, "/subscriptions/", 15) != 0)
		err_unsupported(h, AT(at, "diskURI"), uri,
				LIST("/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/"
				     "microsoft.compute/disks/{disk-id}"));
	if (kind[0] && !managed && strncmp(uri, "https://", 8) != 0)
		err_unsupported(h, AT(at, "diskURI"), uri,
				LIST("https://{account-name}.blob.core.windows.net/{container-name}/"
				     "{disk-name}.vhd"));
}

static void check_secret_reference(struct hook *h, const struct at *at, const struct json *ref)
{
	const char *name = json_path_str(ref, "name"), *ns = json_path_str(ref, "namespace");

	if (!ref)
		return;
	if (!name[0])
		err_required(h, AT(at, "name"), NULL);
	else
		check_text(h, AT(at, "name"), TEXT_DNS_SUBDOMAIN, name);
	if (!ns[0])
		err_required(h, AT(at, "namespace"), NULL);
	else
		check_text(h, AT(at, "namespace"), TEXT_DNS_LABEL, ns);
}

static void check_csi(struct hook *h, const struct at *at, const struct json *s, bool pv)
{
	const char *const *refs = LIST("controllerPublishSecretRef", "controllerExpandSecretRef",
				       "nodePublishSecretRef", "nodeExpandSecretRef");
	const char *driver = json_path_str(s, "driver");
	char *low = arena_strdup(h->a, driver);

	for (char *p = low; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	if (strlen(driver) > CSI_DRIVER_MAX)
		err_too_long(h, AT(at, "driver"), CSI_DRIVER_MAX);
	if (driver[0] && !text_ok(TEXT_DNS_SUBDOMAIN, low))
		check_text(h, AT(at, "driver"), TEXT_DNS_SUBDOMAIN, driver);
	if (!pv) {
		if (json_get(s, "nodePublishSecretRef") &&
		    !json_path_str(s, "nodePublishSecretRef.name")[0])
			err_required(h, AT(AT(at, "nodePublishSecretRef"), "name"), NULL);
		return;
	}
	if (!json_path_str(s, "volumeHandle")[0])
		err_required(h, AT(at, "volumeHandle"), NULL);
	for (size_t i = 0; refs[i]; i++)
		check_secret_reference(h, AT(at, refs[i]), json_get(s, refs[i]));
}

static void check_ephemeral(struct hook *h, const struct at *at, const struct json *s)
{
	const struct json *claim = json_get(s, "volumeClaimTemplate");
	const struct at *claim_at = AT(at, "volumeClaimTemplate"), *meta = AT(claim_at, "metadata");

	if (!claim) {
		err_required(h, claim_at, NULL);
		return;
	}
	check_annotations(h, AT(meta, "annotations"), json_path(claim, "metadata.annotations"));
	check_labels(h, AT(meta, "labels"), json_path(claim, "metadata.labels"));
	json_each(m, json_get(claim, "metadata"))
		if (!one_of(json_name(m), LIST("annotations", "labels", "creationTimestamp")))
			err_forbidden(h, AT(meta, json_name(m)), "cannot be set");
	check_claim_spec(h, AT(claim_at, "spec"), json_get(claim, "spec"));
}

static void check_image(struct hook *h, const struct at *at, const struct json *s)
{
	/* a template may leave it to whoever makes the pod */
	if (!strcmp(h->kind->subject.kind, "Pod") && !json_path_str(s, "reference")[0])
		err_required(h, AT(at, "reference"), NULL);
	check_enum(h, AT(at, "pullPolicy"), json_path_str(s, "pullPolicy"),
		   LIST("Always", "IfNotPresent", "Never"), true);
}

static void check_nfs(struct hook *h, const struct at *at, const struct json *s)
{
	if (json_path_str(s, "path")[0] != '/')
		err_invalid(h, AT(at, "path"), json_path_str(s, "path"), "must be an absolute path");
}

static void check_storageos(struct hook *h, const struct at *at, const struct json *s)
{
	const char *name = json_path_str(s, "volumeName"), *ns = json_path_str(s, "volumeNamespace");

	if (name[0])
		check_text(h, AT(at, "volumeName"), TEXT_DNS_LABEL, name);
	if (ns[0])
		check_text(h, AT(at, "volumeNamespace"), TEXT_DNS_LABEL, ns);
}

static void check_downward(struct hook *h, const struct at *at, const struct json *s)
{
	json_each(file, json_get(s, "items"))
		check_downward_file(h, at, file);
}

static void check_empty_dir(struct hook *h, const struct at *at, const struct json *s)
{
	struct quantity q;

	if (quantity_parse(json_path_str(s, "sizeLimit"), &q) && q.nano < 0)
		err_forbidden(h, AT(at, "sizeLimit"),
			      "SizeLimit field must be a valid resource quantity");
}

static const struct {
	const char *type;
	void (*check)(struct hook *h, const struct at *at, const struct json *s);
} own_rules[] = {
	{ "emptyDir", check_empty_dir },
	{ "hostPath", check_host_path },
	{ "nfs", check_nfs },
	{ "flocker", check_flocker },
	{ "downwardAPI", check_downward },
	{ "fc", check_fc },
	{ "azureDisk", check_azure_disk },
	{ "storageos", check_storageos },
	{ "projected", check_projected },
	{ "ephemeral", check_ephemeral },
	{ "image", check_image },
};

void check_volume_source(struct hook *h, const struct at *volume, const char *type,
			 const struct json *s, bool pv)
{
	const struct at *at = AT(volume, source_member(type, pv));

	check_tables(h, at, type, s, pv);
	check_file_mode(h, AT(at, "defaultMode"), json_get(s, "defaultMode"));
	if (!strcmp(type, "secret") || !strcmp(type, "configMap"))
		check_items(h, AT(at, "items"), json_get(s, "items"));
	for (size_t i = 0; i < sizeof own_rules / sizeof *own_rules; i++)
		if (!strcmp(type, own_rules[i].type))
			own_rules[i].check(h, at, s);
	if (!strcmp(type, "iscsi"))
		check_iscsi(h, at, s, pv);
	else if (!strcmp(type, "csi"))
		check_csi(h, at, s, pv);
	else if (!strcmp(type, "flexVolume"))
		check_flex(h, AT(at, "options"), json_get(s, "options"));
	else if (!strcmp(type, "gitRepo"))
		check_relative(h, AT(at, "directory"), json_path_str(s, "directory"));
	else if (!strcmp(type, "local"))
		check_no_dotdot(h, AT(at, "path"), json_path_str(s, "path"));
}

/* In upstream's order: with several, all but the first of these are forbidden. */
static const char *const pod_sources[] = {
	"emptyDir",
	"hostPath",
	"gitRepo",
	"gcePersistentDisk",
	"awsElasticBlockStore",
	"secret",
	"nfs",
	"iscsi",
	"glusterfs",
	"flocker",
	"persistentVolumeClaim",
	"rbd",
	"cinder",
	"cephfs",
	"quobyte",
	"downwardAPI",
	"fc",
	"flexVolume",
	"configMap",
	"azureFile",
	"vsphereVolume",
	"photonPersistentDisk",
	"portworxVolume",
	"azureDisk",
	"storageos",
	"projected",
	"scaleIO",
	"csi",
	"ephemeral",
	"image",
	NULL,
};

static void check_volume(struct hook *h, const struct at *at, const struct json *v)
{
	const char *name = json_path_str(v, "name");
	size_t n = 0;

	for (size_t i = 0; pod_sources[i]; i++) {
		const char *type = pod_sources[i];

		if (!json_get(v, type))
			continue;
		if (n++)
			err_forbidden(h, AT(at, type), "may not specify more than 1 volume type");
		else
			check_volume_source(h, at, type, json_get(v, type), false);
	}
	if (!n)
		err_required(h, at, "must specify a volume type");
	if (!name[0])
		err_required(h, AT(at, "name"), NULL);
	else
		check_text(h, AT(at, "name"), TEXT_DNS_LABEL, name);
}

bool has_named(const struct json *list, const char *name)
{
	json_each(v, list)
		if (!strcmp(json_path_str(v, "name"), name))
			return true;
	return false;
}

static bool named_before(const struct json *list, const struct json *item)
{
	for (const struct json *p = json_first(list); p != item; p = json_next(p))
		if (!strcmp(json_path_str(p, "name"), json_path_str(item, "name")))
			return true;
	return false;
}

const struct json *check_volumes(struct hook *h, const struct at *at, const struct json *volumes)
{
	bool *bad = arena_zalloc(h->a, json_count(volumes) + 1);
	size_t start = h->errors->n, i = 0;
	struct json *good;

	json_each(v, volumes) {
		const struct at *item = AT_ITEM(at, i);
		size_t before = h->errors->n;

		check_volume(h, item, v);
		if (named_before(volumes, v))
			err_duplicate(h, AT(item, "name"), json_path_str(v, "name"));
		bad[i++] = h->errors->n != before;
	}
	if (h->errors->n == start)
		return volumes;
	good = json_array(h->a);
	i = 0;
	json_each(v, volumes)
		if (!bad[i++])
			json_append(good, json_copy(h->a, v));
	return good;
}
