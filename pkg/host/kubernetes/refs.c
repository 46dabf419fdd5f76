#include "host/kubernetes/refs.h"

#include "obj/json.h"

#include <string.h>

struct visit {
	ref_fn fn;
	void *arg;
};

static void visit(const struct visit *v, const char *kind, struct json *ref, const char *key)
{
	if (*json_str(json_get(ref, key)))
		v->fn(v->arg, kind, ref, key);
}

static void visit_env(const struct visit *v, const struct json *container)
{
	json_each(e, json_get(container, "envFrom")) {
		visit(v, "configmaps", json_get(e, "configMapRef"), "name");
		visit(v, "secrets", json_get(e, "secretRef"), "name");
	}
	json_each(e, json_get(container, "env")) {
		visit(v, "configmaps", json_path(e, "valueFrom.configMapKeyRef"), "name");
		visit(v, "secrets", json_path(e, "valueFrom.secretKeyRef"), "name");
	}
}

/* Volume types whose credentials are a Secret, and where its name stands. */
static void visit_drivers(const struct visit *v, const struct json *vol)
{
	static const char *const with_ref[] = { "iscsi",      "rbd",     "cephfs",   "cinder",
						"flexVolume", "scaleIO", "storageos" };

	for (size_t i = 0; i < sizeof with_ref / sizeof *with_ref; i++)
		visit(v, "secrets", json_get(json_get(vol, with_ref[i]), "secretRef"), "name");
	visit(v, "secrets", json_get(vol, "azureFile"), "secretName");
	visit(v, "secrets", json_path(vol, "csi.nodePublishSecretRef"), "name");
}

static void visit_volume(const struct visit *v, const struct json *vol)
{
	visit(v, "configmaps", json_get(vol, "configMap"), "name");
	visit(v, "secrets", json_get(vol, "secret"), "secretName");
	json_each(s, json_path(vol, "projected.sources")) {
		visit(v, "configmaps", json_get(s, "configMap"), "name");
		visit(v, "secrets", json_get(s, "secret"), "name");
	}
	visit_drivers(v, vol);
}

void refs_each(struct json *spec, ref_fn fn, void *arg)
{
	static const char *const lists[] = { "initContainers", "containers", "ephemeralContainers" };
	const struct visit v = { fn, arg };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		json_each(c, json_get(spec, lists[i]))
			visit_env(&v, c);
	json_each(vol, json_get(spec, "volumes"))
		visit_volume(&v, vol);
	json_each(s, json_get(spec, "imagePullSecrets"))
		visit(&v, "secrets", s, "name");
}
