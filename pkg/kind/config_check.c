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
	const struct at *at = AT(AT_ROOT("spec"), "podCIDRs");
	size_t i = 0;

	check_taints(h, AT(AT_ROOT("metadata"), "taints"), json_path(o, "spec.taints"));
	json_each(cidr, json_path(o, "spec.podCIDRs"))
		check_cidr(h, AT_ITEM(at, i++), json_str(cidr));
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

/* ---- classes ---- */

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
