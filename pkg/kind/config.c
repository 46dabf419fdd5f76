/*
 * config: Namespace, Secret, ConfigMap, ServiceAccount, Node, LimitRange: small defaults.
 * k8s: pkg/apis/core/v1/defaults.go, conversion.go, pkg/registry/core.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include "base/codec.h"
#include "obj/meta.h"

#include <string.h>

#define NAMESPACE_LABEL "kubernetes.io/metadata.name"
#define NAMESPACE_FINALIZER "kubernetes"

HOOK(namespace_defaults)
{
	const char *name = meta_name(o);

	if (name[0])
		meta_set_label(h->a, o, NAMESPACE_LABEL, name);
	default_str(h, default_obj(h, o, "status"), "phase", "Active");
}

HOOK(namespace_prepare_create)
{
	struct json *list;

	if (meta_name(o)[0])
		meta_set_label(h->a, o, NAMESPACE_LABEL, meta_name(o));
	json_set(h->a, o, "status", json_build(h->a, "{phase:\"Active\"}"));
	list = json_ensure_array(h->a, default_obj(h, o, "spec"), "finalizers");
	json_each(f, list)
		if (!strcmp(json_str(f), NAMESPACE_FINALIZER))
			return;
	json_append(list, json_string(h->a, NAMESPACE_FINALIZER));
}

HOOK_OLD(namespace_prepare_update)
{
	const struct json *finalizers = json_path(old, "spec.finalizers");
	struct json *spec = default_obj(h, o, "spec");

	kind_status_keep(h, o, old);
	if (finalizers)
		json_set(h->a, spec, "finalizers", json_copy(h->a, finalizers));
	else
		json_del(spec, "finalizers");
}

/* stringData is a way to write data, never stored. */
HOOK(secret_defaults)
{
	const struct json *plain = json_get(o, "stringData");

	default_str(h, o, "type", "Opaque");
	if (json_count(plain)) {
		struct json *data = default_obj(h, o, "data");

		json_each(s, plain) {
			const char *text = json_str(s);

			json_set_str(h->a, data, json_name(s),
				     base64_encode(h->a, text, strlen(text)));
		}
	}
	json_del(o, "stringData");
}

/* Only the names of referenced secrets count. */
HOOK(serviceaccount_prepare_create)
{
	json_each(secret, json_get(o, "secrets")) {
		for (struct json *m = json_first(secret), *next; m; m = next) {
			next = json_next(m);
			if (strcmp(json_name(m), "name") != 0)
				json_detach(secret, m);
		}
	}
	(void)h;
}

HOOK_OLD(serviceaccount_prepare_update)
{
	(void)old;
	serviceaccount_prepare_create(h, o);
}

/* ---- Node ---- */

/* podCIDR is podCIDRs[0]; when they differ the old field counts.  k8s: pkg/apis/core/v1/conversion.go */
static void follow_pod_cidr(struct hook *h, struct json *spec)
{
	const char *cidr = json_path_str(spec, "podCIDR");
	const char *first = json_str(json_first(json_get(spec, "podCIDRs")));

	if (cidr[0] && strcmp(cidr, first) != 0)
		json_set(h->a, spec, "podCIDRs", json_build(h->a, "[%s]", cidr));
	else if (!cidr[0] && first[0])
		json_set_str(h->a, spec, "podCIDR", first);
}

HOOK(node_defaults)
{
	struct json *status = default_obj(h, o, "status");
	const struct json *capacity = json_get(status, "capacity");

	follow_pod_cidr(h, json_get(o, "spec"));
	if (!json_get(status, "allocatable") && json_count(capacity))
		json_set(h->a, status, "allocatable", json_copy(h->a, capacity));
}

/* A kubelet registers with its status in one request. */
HOOK(node_prepare_create)
{
	struct json *given = json_get(o, "status");

	if (!given || !json_first(given))
		kind_status_reset(h, o);
	json_del(json_get(o, "spec"), "configSource");
	json_del(json_get(o, "status"), "config");
}

/* ---- LimitRange ---- */

HOOK(limitrange_defaults)
{
	json_each(item, json_path(o, "spec.limits")) {
		struct json *dflt, *request;

		if (strcmp(json_path_str(item, "type"), "Container") != 0)
			continue;
		dflt = default_obj(h, item, "default");
		request = default_obj(h, item, "defaultRequest");
		default_map(h, dflt, json_get(item, "max"));
		default_map(h, request, dflt);
		default_map(h, request, json_get(item, "min"));
		if (!json_count(dflt))
			json_del(item, "default");
		if (!json_count(request))
			json_del(item, "defaultRequest");
	}
}
