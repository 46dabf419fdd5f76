/*
 * podspec_defaults: what every pod spec gets, in a pod or in a template.
 *
 * Defaults that only pods get (requests from limits, service links, host ports) are in pod.c.
 * k8s: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go (defaults from markers), conversion.go
 * (serviceAccount is kept equal to serviceAccountName).
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include "base/arena.h"

#include <string.h>

#define FILE_MODE 0644

void default_map(struct hook *h, struct json *into, const struct json *from)
{
	json_each(m, from)
		if (!json_get(into, json_name(m)))
			json_set(h->a, into, json_name(m), json_copy(h->a, m));
}

/* Always when the tag is latest, written or implied (k8s: parsers.ParseImageName). */
static const char *pull_policy(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *tag = strrchr(slash ? slash : image, ':');

	if (!image[0] || strchr(image, '@'))
		return "IfNotPresent";
	return !tag || !strcmp(tag, ":latest") ? "Always" : "IfNotPresent";
}

static void default_http(struct hook *h, struct json *get)
{
	if (!get)
		return;
	default_str(h, get, "path", "/");
	default_str(h, get, "scheme", "HTTP");
}

static void default_probe(struct hook *h, struct json *probe)
{
	struct json *grpc = json_get(probe, "grpc");

	if (!probe)
		return;
	default_nonzero(h, probe, "timeoutSeconds", 1);
	default_nonzero(h, probe, "periodSeconds", 10);
	default_nonzero(h, probe, "successThreshold", 1);
	default_nonzero(h, probe, "failureThreshold", 3);
	default_http(h, json_get(probe, "httpGet"));
	if (grpc && is_unset(grpc, "service"))
		json_set_str(h->a, grpc, "service", "");
}

static void default_env(struct hook *h, const struct json *container)
{
	json_each(env, json_get(container, "env")) {
		struct json *field = json_path(env, "valueFrom.fieldRef");
		struct json *file = json_path(env, "valueFrom.fileKeyRef");

		if (field)
			default_str(h, field, "apiVersion", "v1");
		if (file)
			default_bool(h, file, "optional", false);
	}
}

static void default_container(struct hook *h, struct json *c)
{
	static const char *const probes[] = { "livenessProbe", "readinessProbe", "startupProbe" };

	default_str(h, c, "imagePullPolicy", pull_policy(json_str(json_get(c, "image"))));
	default_str(h, c, "terminationMessagePath", "/dev/termination-log");
	default_str(h, c, "terminationMessagePolicy", "File");
	default_obj(h, c, "resources");
	json_each(port, json_get(c, "ports"))
		default_str(h, port, "protocol", "TCP");
	default_env(h, c);
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
		default_probe(h, json_get(c, probes[i]));
	default_http(h, json_path(c, "lifecycle.postStart.httpGet"));
	default_http(h, json_path(c, "lifecycle.preStop.httpGet"));
}

static void default_items(struct hook *h, const struct json *source)
{
	json_each(item, json_get(source, "items"))
		if (json_get(item, "fieldRef"))
			default_str(h, json_get(item, "fieldRef"), "apiVersion", "v1");
}

static void default_projected(struct hook *h, struct json *projected)
{
	default_int(h, projected, "defaultMode", FILE_MODE);
	json_each(source, json_get(projected, "sources")) {
		struct json *token = json_get(source, "serviceAccountToken");

		default_items(h, json_get(source, "downwardAPI"));
		if (token)
			default_int(h, token, "expirationSeconds", 3600);
	}
}

/* Volume sources that no pod of today uses but whose defaults are visible. */
static void default_old_volume(struct hook *h, const char *type, struct json *s)
{
	static const struct {
		const char *type, *member, *value;
	} texts[] = {
		{ "iscsi", "iscsiInterface", "default" },
		{ "rbd", "pool", "rbd" },
		{ "rbd", "user", "admin" },
		{ "rbd", "keyring", "/etc/ceph/keyring" },
		{ "azureDisk", "cachingMode", "ReadWrite" },
		{ "azureDisk", "fsType", "ext4" },
		{ "azureDisk", "kind", "Shared" },
		{ "scaleIO", "storageMode", "ThinProvisioned" },
		{ "scaleIO", "fsType", "xfs" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!strcmp(type, texts[i].type))
			default_str(h, s, texts[i].member, texts[i].value);
	if (!strcmp(type, "azureDisk"))
		default_bool(h, s, "readOnly", false);
}

static void default_source(struct hook *h, const char *type, struct json *s)
{
	if (!strcmp(type, "secret") || !strcmp(type, "configMap") || !strcmp(type, "downwardAPI")) {
		default_int(h, s, "defaultMode", FILE_MODE);
		if (type[0] == 'd')
			default_items(h, s);
	} else if (!strcmp(type, "projected")) {
		default_projected(h, s);
	} else if (!strcmp(type, "hostPath")) {
		if (is_unset(s, "type"))
			json_set_str(h->a, s, "type", "");
	} else if (!strcmp(type, "image")) {
		default_str(h, s, "pullPolicy", pull_policy(json_str(json_get(s, "reference"))));
	} else if (!strcmp(type, "ephemeral")) {
		if (json_path(s, "volumeClaimTemplate.spec"))
			default_claim_spec(h, json_path(s, "volumeClaimTemplate.spec"));
	} else {
		default_old_volume(h, type, s);
	}
}

static void default_volume(struct hook *h, struct json *v)
{
	bool any = false;

	json_each(m, v) {
		if (!strcmp(json_name(m), "name") || json_is_null(m))
			continue;
		any = true;
		default_source(h, json_name(m), m);
	}
	if (!any)
		default_obj(h, v, "emptyDir");
}

/* The deprecated field mirrors the new one; whichever is set wins, the new one first. */
static void default_service_account(struct hook *h, struct json *spec)
{
	const char *name = json_str(json_get(spec, "serviceAccountName"));

	if (!name[0])
		name = json_str(json_get(spec, "serviceAccount"));
	if (!name[0])
		return;
	json_set_str(h->a, spec, "serviceAccountName", name);
	json_set_str(h->a, spec, "serviceAccount", name);
}

void default_pod_spec(struct hook *h, struct json *spec)
{
	static const char *const lists[] = { "initContainers", "containers", "ephemeralContainers" };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		json_each(c, json_get(spec, lists[i]))
			default_container(h, c);
	json_each(v, json_get(spec, "volumes"))
		default_volume(h, v);
	default_str(h, spec, "restartPolicy", "Always");
	default_int(h, spec, "terminationGracePeriodSeconds", 30);
	default_str(h, spec, "dnsPolicy", "ClusterFirst");
	default_service_account(h, spec);
	default_obj(h, spec, "securityContext");
	default_str(h, spec, "schedulerName", "default-scheduler");
}

void default_pod_template(struct hook *h, struct json *spec)
{
	struct json *template = default_obj(h, spec, "template");

	default_obj(h, template, "metadata");
	default_pod_spec(h, default_obj(h, template, "spec"));
}

HOOK(podtemplate_defaults)
{
	default_pod_template(h, o);
}
