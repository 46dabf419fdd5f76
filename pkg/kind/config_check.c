/*
 * config_check: validation of Namespace, ConfigMap, Secret, ServiceAccount, Node, claims, volumes,
 * storage classes and priority classes.
 * k8s: pkg/apis/core/validation/validation.go, pkg/apis/{storage,scheduling}/validation.
 */
#include "kind/hooks.h"
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

#define DATA_MAX_BYTES (1024 * 1024)

HOOK_CHECK(namespace_validate)
{
	json_each(f, json_path(o, "spec.finalizers"))
		check_text(h, AT(AT_ROOT("spec"), "finalizers"), TEXT_LABEL_KEY, json_str(f));
}

/* ---- ConfigMap and Secret ---- */

/* Keys of a map; returns the bytes of its values. */
static size_t check_data(struct hook *h, const struct at *at, const struct json *map, bool base64)
{
	size_t total = 0;

	json_each(v, map) {
		const char *key = json_name(v), *text = json_str(v);
		size_t n = strlen(text);

		check_text(h, AT_KEY(at, key), TEXT_CONFIG_KEY, key);
		if (base64 && n)
			n = n / 4 * 3 - (text[n - 1] == '=') - (n > 1 && text[n - 2] == '=');
		total += n;
	}
	return total;
}

HOOK_CHECK(configmap_validate)
{
	const struct json *data = json_get(o, "data"), *binary = json_get(o, "binaryData");
	size_t total = check_data(h, AT_ROOT("data"), data, false);

	json_each(v, data)
		if (json_get(binary, json_name(v)))
			err_invalid(h, AT_KEY(AT_ROOT("data"), json_name(v)), json_name(v),
				    "duplicate of key present in binaryData");
	total += check_data(h, AT_ROOT("binaryData"), binary, true);
	if (total > DATA_MAX_BYTES)
		err_too_long(h, AT_ROOT(""), DATA_MAX_BYTES);
}

/* immutable: true can be neither taken back nor circumvented. */
static void check_frozen(struct hook *h, const struct json *o, const struct json *old,
			 const char *const *members)
{
	const char *text = "field is immutable when `immutable` is set";

	if (!json_is_true(json_get(old, "immutable")))
		return;
	if (!json_is_true(json_get(o, "immutable")))
		err_forbidden(h, AT_ROOT("immutable"), "%s", text);
	for (; *members; members++)
		if (!same_value(json_get(o, *members), json_get(old, *members)))
			err_forbidden(h, AT_ROOT(*members), "%s", text);
}

HOOK_CHECK_OLD(configmap_validate_update)
{
	check_frozen(h, o, old, LIST("data", "binaryData"));
}

/* A key that must hold a JSON object. */
static void check_json_key(struct hook *h, const struct json *data, const char *key)
{
	const struct at *at = AT_KEY(AT_ROOT("data"), key);
	const struct json *v = json_get(data, key);
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json *parsed;
	size_t n = 0;
	char *text;

	if (!v) {
		err_required(h, at, NULL);
		return;
	}
	text = base64_decode(h->a, json_str(v), strlen(json_str(v)), &n);
	parsed = json_parse(h->a, text ? text : "", text ? n : 0, NULL, &st);
	if (!parsed)
		err_invalid(h, at, "<secret contents redacted>", "%s", st.message);
	else if (!json_is_object(parsed))
		err_invalid(h, at, "<secret contents redacted>",
			    "json: cannot unmarshal value into Go value of type "
			    "map[string]interface {}");
}

static void require_keys(struct hook *h, const struct json *data, const char *const *keys)
{
	for (; *keys; keys++)
		if (!json_get(data, *keys))
			err_required(h, AT_KEY(AT_ROOT("data"), *keys), NULL);
}

HOOK_CHECK(secret_validate)
{
	const struct json *data = json_get(o, "data");
	const char *type = json_path_str(o, "type");
	const char *account = meta_annotation(o, "kubernetes.io/service-account.name");

	if (check_data(h, AT_ROOT("data"), data, true) > DATA_MAX_BYTES)
		err_too_long(h, AT_ROOT("data"), DATA_MAX_BYTES);
	if (!strcmp(type, "kubernetes.io/service-account-token")) {
		if (!account || !account[0])
			err_required(h,
				     AT_KEY(AT(AT_ROOT("metadata"), "annotations"),
					    "kubernetes.io/service-account.name"),
				     NULL);
	} else if (!strcmp(type, "kubernetes.io/dockercfg")) {
		check_json_key(h, data, ".dockercfg");
	} else if (!strcmp(type, "kubernetes.io/dockerconfigjson")) {
		check_json_key(h, data, ".dockerconfigjson");
	} else if (!strcmp(type, "kubernetes.io/basic-auth")) {
		if (!json_get(data, "username") && !json_get(data, "password"))
			require_keys(h, data, LIST("username", "password"));
	} else if (!strcmp(type, "kubernetes.io/ssh-auth")) {
		if (!json_str(json_get(data, "ssh-privatekey"))[0])
			err_required(h, AT_KEY(AT_ROOT("data"), "ssh-privatekey"), NULL);
	} else if (!strcmp(type, "kubernetes.io/tls")) {
		require_keys(h, data, LIST("tls.crt", "tls.key"));
	}
}

HOOK_CHECK_OLD(secret_validate_update)
{
	check_immutable(h, AT_ROOT("type"), json_get(o, "type"), json_get(old, "type"));
	check_frozen(h, o, old, LIST("data"));
}

/* ---- Node ---- */

static void check_taints(struct hook *h, const struct at *at, const struct json *taints)
{
	size_t i = 0;

	json_each(t, taints) {
		const struct at *item = AT_ITEM(at, i++);
		const char *key = json_path_str(t, "key"), *effect = json_path_str(t, "effect");

		check_text(h, AT(item, "key"), TEXT_LABEL_KEY, key);
		check_text(h, AT(item, "value"), TEXT_LABEL_VALUE, json_path_str(t, "value"));
		check_taint_effect(h, AT(item, "effect"), effect, true);
		for (const struct json *p = json_first(taints); p != t; p = json_next(p)) {
			if (!strcmp(json_path_str(p, "key"), key) &&
			    !strcmp(json_path_str(p, "effect"), effect)) {
				field_error(h->errors, FIELD_DUPLICATE, at_text(h, item),
					    json_text(h->a, t),
					    "taints must be unique by key and effect pair");
				break;
			}
		}
	}
}

HOOK_CHECK(node_validate)
{
	check_taints(h, AT(AT_ROOT("metadata"), "taints"), json_path(o, "spec.taints"));
}

HOOK_CHECK_OLD(node_validate_update)
{
	const struct json *spec = json_get(o, "spec"), *was = json_get(old, "spec");
	const char *provider = json_path_str(was, "providerID");

	if (json_count(json_get(was, "podCIDRs")) &&
	    !json_equal(json_get(spec, "podCIDRs"), json_get(was, "podCIDRs")))
		err_forbidden(h, AT(AT_ROOT("spec"), "podCIDRs"),
			      "node updates may not change podCIDR except from \"\" to valid");
	if (provider[0] && strcmp(provider, json_path_str(spec, "providerID")) != 0)
		err_forbidden(h, AT(AT_ROOT("spec"), "providerID"),
			      "node updates may not change providerID except from \"\" to valid");
}

/* ---- claims ---- */

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

HOOK_CHECK(claim_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");
	const char *class = json_path_str(spec, "storageClassName");

	if (!json_count(json_get(spec, "accessModes")))
		err_required(h, AT(at, "accessModes"), "at least 1 access mode is required");
	if (json_get(spec, "selector"))
		check_label_selector(h, AT(at, "selector"), json_get(spec, "selector"));
	check_access_modes(h, AT(at, "accessModes"), json_get(spec, "accessModes"));
	check_storage(h, AT_KEY(AT(at, "resources"), "storage"),
		      json_path_str(spec, "resources.requests.storage"));
	if (class[0])
		check_text(h, AT(at, "storageClassName"), TEXT_DNS_SUBDOMAIN, class);
	check_volume_mode(h, at, spec);
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

/* ---- volumes and classes ---- */

HOOK_CHECK(volume_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");

	if (!json_count(json_get(spec, "accessModes")))
		err_required(h, AT(at, "accessModes"), NULL);
	check_access_modes(h, AT(at, "accessModes"), json_get(spec, "accessModes"));
	if (!json_count(json_get(spec, "capacity")))
		err_required(h, AT(at, "capacity"), NULL);
	else if (!json_path(spec, "capacity.storage"))
		err_unsupported(h, AT(at, "capacity"), json_text(h->a, json_get(spec, "capacity")),
				LIST("storage"));
	check_enum(h, AT(at, "persistentVolumeReclaimPolicy"),
		   json_path_str(spec, "persistentVolumeReclaimPolicy"),
		   LIST("Delete", "Recycle", "Retain"), false);
	check_volume_mode(h, at, spec);
}

HOOK_CHECK(storageclass_validate)
{
	if (!json_path_str(o, "provisioner")[0])
		err_required(h, AT_ROOT("provisioner"), "");
	check_enum(h, AT_ROOT("reclaimPolicy"), json_path_str(o, "reclaimPolicy"),
		   LIST("Delete", "Retain"), false);
	check_enum(h, AT_ROOT("volumeBindingMode"), json_path_str(o, "volumeBindingMode"),
		   LIST("Immediate", "WaitForFirstConsumer"), true);
}

HOOK_CHECK_OLD(storageclass_validate_update)
{
	if (!same_value(json_get(o, "parameters"), json_get(old, "parameters")))
		err_forbidden(h, AT_ROOT("parameters"), "updates to parameters are forbidden.");
	if (!json_equal(json_get(o, "provisioner"), json_get(old, "provisioner")))
		err_forbidden(h, AT_ROOT("provisioner"), "updates to provisioner are forbidden.");
	if (!json_equal(json_get(o, "reclaimPolicy"), json_get(old, "reclaimPolicy")))
		err_forbidden(h, AT_ROOT("reclaimPolicy"), "updates to reclaimPolicy are forbidden.");
	check_immutable(h, AT_ROOT("volumeBindingMode"), json_get(o, "volumeBindingMode"),
			json_get(old, "volumeBindingMode"));
}

HOOK_CHECK_OLD(priorityclass_validate_update)
{
	if (json_path_int(o, "value", 0) != json_path_int(old, "value", 0))
		err_forbidden(h, AT_ROOT("value"), "may not be changed in an update.");
	check_immutable(h, AT_ROOT("preemptionPolicy"), json_get(o, "preemptionPolicy"),
			json_get(old, "preemptionPolicy"));
}
