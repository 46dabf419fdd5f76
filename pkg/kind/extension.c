/*
 * extension: webhook configurations, admission policies, custom resource definitions, API services
 * and device claims: defaults.
 * k8s: pkg/apis/{admissionregistration,resource}/v1/defaults.go, apiextensions and apiregistration
 * v1 defaults.go.
 */
#include "kind/defaults.h"
#include "kind/crd.h"
#include "kind/hooks.h"
#include "obj/meta.h"

#include "base/arena.h"

#include <string.h>

#define HTTPS_PORT 443
#define WEBHOOK_TIMEOUT_S 10

static void default_unset(struct hook *h, struct json *o, const char *name, const char *value)
{
	if (is_unset(o, name))
		json_set_str(h->a, o, name, value);
}

static void default_service(struct hook *h, struct json *service)
{
	if (service)
		default_int(h, service, "port", HTTPS_PORT);
}

static void default_rules(struct hook *h, const struct json *rules)
{
	json_each(rule, rules)
		default_unset(h, rule, "scope", "*");
}

static void default_webhook(struct hook *h, struct json *w)
{
	default_unset(h, w, "failurePolicy", "Fail");
	default_unset(h, w, "matchPolicy", "Equivalent");
	default_obj(h, w, "namespaceSelector");
	default_obj(h, w, "objectSelector");
	default_int(h, w, "timeoutSeconds", WEBHOOK_TIMEOUT_S);
	default_rules(h, json_get(w, "rules"));
	default_service(h, json_path(w, "clientConfig.service"));
}

HOOK(validatingwebhook_defaults)
{
	json_each(w, json_get(o, "webhooks"))
		default_webhook(h, w);
}

HOOK(mutatingwebhook_defaults)
{
	json_each(w, json_get(o, "webhooks")) {
		default_webhook(h, w);
		default_unset(h, w, "reinvocationPolicy", "Never");
	}
}

static void default_match(struct hook *h, struct json *match)
{
	if (!match)
		return;
	default_unset(h, match, "matchPolicy", "Equivalent");
	default_obj(h, match, "namespaceSelector");
	default_obj(h, match, "objectSelector");
	default_rules(h, json_get(match, "resourceRules"));
	default_rules(h, json_get(match, "excludeResourceRules"));
}

HOOK(admissionpolicy_defaults)
{
	struct json *spec = default_obj(h, o, "spec");

	default_unset(h, spec, "failurePolicy", "Fail");
	default_match(h, json_get(spec, "matchConstraints"));
}

HOOK(admissionpolicybinding_defaults)
{
	default_match(h, json_path(o, "spec.matchResources"));
}

/* ---- custom resource definitions ---- */

static const char *lower(struct hook *h, const char *s)
{
	char *t = arena_strdup(h->a, s);

	for (char *p = t; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return t;
}

HOOK(crd_defaults)
{
	struct json *spec = default_obj(h, o, "spec");
	struct json *names = default_obj(h, spec, "names");
	const char *kind = json_path_str(names, "kind");

	default_str(h, names, "singular", lower(h, kind));
	if (kind[0])
		default_str(h, names, "listKind", arena_printf(h->a, "%sList", kind));
	if (is_unset(spec, "conversion"))
		json_set(h->a, spec, "conversion", json_build(h->a, "{strategy:\"None\"}"));
	default_service(h, json_path(spec, "conversion.webhook.clientConfig.service"));
}

static bool has_string(const struct json *list, const char *s)
{
	json_each(i, list)
		if (!strcmp(json_str(i), s))
			return true;
	return false;
}

/* The version that objects are stored in from now on. */
static void crd_note_storage(struct hook *h, struct json *o)
{
	struct json *list =
		json_ensure_array(h->a, json_ensure_object(h->a, o, "status"), "storedVersions");

	json_each(v, json_path(o, "spec.versions")) {
		if (!json_is_true(json_get(v, "storage")))
			continue;
		if (!has_string(list, json_path_str(v, "name")))
			json_append(list, json_string(h->a, json_path_str(v, "name")));
		return;
	}
}

HOOK(crd_prepare_create)
{
	kind_status_reset(h, o);
	json_del(json_get(o, "status"), "storedVersions");
	json_set(h->a, json_get(o, "status"), "conditions", json_null(h->a)); /* as upstream's reply */
	crd_note_storage(h, o);
}

HOOK_OLD(crd_prepare_update)
{
	kind_status_keep(h, o, old);
	crd_note_storage(h, o);
}

HOOK(crd_prepare_delete)
{
	meta_add_finalizer(h->a, o, CRD_FINALIZER);
	crd_condition(h->a, o, "Terminating", "True", "InstanceDeletionPending",
		      "CustomResourceDefinition marked for deletion; CustomResource deletion will "
		      "begin soon");
}

HOOK(apiservice_defaults)
{
	default_service(h, json_path(o, "spec.service"));
}

/* ---- devices ---- */

static void default_device(struct hook *h, struct json *request)
{
	default_str(h, request, "allocationMode", "ExactCount");
	if (!strcmp(json_path_str(request, "allocationMode"), "ExactCount"))
		default_nonzero(h, request, "count", 1);
}

static void default_claim(struct hook *h, const struct json *spec)
{
	json_each(request, json_path(spec, "devices.requests")) {
		if (json_get(request, "exactly"))
			default_device(h, json_get(request, "exactly"));
		json_each(sub, json_get(request, "firstAvailable"))
			default_device(h, sub);
	}
}

HOOK(resourceclaim_defaults)
{
	default_claim(h, json_get(o, "spec"));
}

HOOK(resourceclaimtemplate_defaults)
{
	default_claim(h, json_path(o, "spec.spec"));
}
