/*
 * ServiceAccount: every pod has one that exists, its pull secrets, and a token mounted in each container.
 *
 * The account "default" is made by a controller shortly after its namespace; a pod that comes sooner waits
 * for it, as upstream, for about a second.  Mirror pods are left alone but may name no account.
 * k8s: plugin/pkg/admission/serviceaccount.
 */
#include "api/admit.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>
#include <time.h>

#define DEFAULT_WAIT_NS 1500000000LL
#define DEFAULT_POLL_NS 5000000L

static const char mount_path[] = "/var/run/secrets/kubernetes.io/serviceaccount";
static const char volume_prefix[] = "kube-api-access-";
static const char mirror[] = "kubernetes.io/config.mirror";

static const struct obj *account_find(struct admission *ad, const char *name)
{
	struct table *t = api_table(ad->c->api, ad->c->api->known.service_account);
	const struct timespec nap = { .tv_nsec = DEFAULT_POLL_NS };
	int64_t deadline = clock_mono_ns() + DEFAULT_WAIT_NS;
	const struct obj *sa = store_get(t, ad->ns, name);

	while (!sa && !strcmp(name, "default") && clock_mono_ns() < deadline) {
		nanosleep(&nap, NULL);
		sa = store_get(t, ad->ns, name);
	}
	return sa ? obj_give(ad->c->a, sa) : NULL;
}

static bool wants_token(const struct json *sa, const struct json *spec)
{
	const char field[] = "automountServiceAccountToken";

	if (json_is_bool(json_get(spec, field)))
		return json_is_true(json_get(spec, field));
	return !json_is_bool(json_get(sa, field)) || json_is_true(json_get(sa, field));
}

static bool mounts_token(const struct json *container)
{
	json_each(m, json_get(container, "volumeMounts"))
		if (!strcmp(json_str(json_get(m, "mountPath")), mount_path))
			return true;
	return false;
}

static bool mount_all(struct arena *a, struct json *containers, const char *volume)
{
	bool any = false;

	json_each(c, containers) {
		if (mounts_token(c))
			continue;
		json_append(json_ensure_array(a, c, "volumeMounts"),
			    json_build(a, "{name:%s,readOnly:%b,mountPath:%s}", volume, true,
				       mount_path));
		any = true;
	}
	return any;
}

static const char *volume_present(const struct json *spec)
{
	json_each(v, json_get(spec, "volumes")) {
		const char *name = json_str(json_get(v, "name"));

		if (!strncmp(name, volume_prefix, sizeof volume_prefix - 1))
			return name;
	}
	return NULL;
}

static struct json *token_volume(struct arena *a, const char *name)
{
	return json_build(
		a,
		"{name:%s,projected:{sources:["
		"{serviceAccountToken:{expirationSeconds:3607,path:\"token\"}},"
		"{configMap:{name:\"kube-root-ca.crt\",items:[{key:\"ca.crt\",path:\"ca.crt\"}]}},"
		"{downwardAPI:{items:[{path:\"namespace\",fieldRef:{apiVersion:\"v1\",fieldPath:\"metadata.namespace\"}}]}}"
		"],defaultMode:420}}",
		name);
}

static void token_mount(struct arena *a, struct json *spec)
{
	const char *present = volume_present(spec);
	const char *name = present;
	char suffix[6];
	bool needed;

	if (!name) {
		random_name(suffix, 5);
		name = arena_printf(a, "%s%s", volume_prefix, suffix);
	}
	needed = mount_all(a, json_get(spec, "initContainers"), name);
	needed |= mount_all(a, json_get(spec, "containers"), name);
	if (needed && !present)
		json_append(json_ensure_array(a, spec, "volumes"), token_volume(a, name));
}

static void pull_secrets_copy(struct arena *a, struct json *spec, const struct json *sa)
{
	const struct json *secrets = json_get(sa, "imagePullSecrets");
	struct json *list;

	if (json_count(json_get(spec, "imagePullSecrets")) || !json_count(secrets))
		return;
	list = json_ensure_array(a, spec, "imagePullSecrets");
	json_each(s, secrets)
		json_append(list, json_build(a, "{name:%s}", json_str(json_get(s, "name"))));
}

/* ---- accounts that say which secrets their pods may use ---- */

static bool names_secret(const struct json *list, const char *name)
{
	json_each(s, list)
		if (!strcmp(json_path_str(s, "name"), name))
			return true;
	return false;
}

/* What the containers of a list use and may not, in words; NULL: nothing. */
static char *container_secret(struct arena *a, const struct json *containers, const char *noun,
			      const struct json *sa)
{
	const struct json *may = json_get(sa, "secrets");

	json_each(c, containers) {
		json_each(e, json_get(c, "env")) {
			const struct json *ref = json_path(e, "valueFrom.secretKeyRef");

			if (ref && !names_secret(may, json_path_str(ref, "name")))
				return arena_printf(
					a,
					"%s %s with envVar %s referencing secret.secretName=\"%s\"",
					noun, json_path_str(c, "name"), json_path_str(e, "name"),
					json_path_str(ref, "name"));
		}
		json_each(e, json_get(c, "envFrom")) {
			const struct json *ref = json_get(e, "secretRef");

			if (ref && !names_secret(may, json_path_str(ref, "name")))
				return arena_printf(
					a, "%s %s with envFrom referencing secret.secretName=\"%s\"",
					noun, json_path_str(c, "name"), json_path_str(ref, "name"));
		}
	}
	return NULL;
}

static char *used_secret(struct arena *a, const struct json *spec, const struct json *sa)
{
	char *text;

	json_each(v, json_get(spec, "volumes")) {
		const char *name = json_path_str(v, "secret.secretName");

		if (json_get(v, "secret") && !names_secret(json_get(sa, "secrets"), name))
			return arena_printf(a, "volume with secret.secretName=\"%s\"", name);
	}
	text = container_secret(a, json_get(spec, "initContainers"), "init container", sa);
	return text ? text : container_secret(a, json_get(spec, "containers"), "container", sa);
}

static bool secrets_check(struct admission *ad, const struct json *spec, const struct json *sa,
			  struct status *st)
{
	const char *mark = meta_annotation(sa, "kubernetes.io/enforce-mountable-secrets");
	size_t i = 0;
	char *text;

	if (!mark || strcmp(mark, "true") != 0)
		return true;
	text = used_secret(ad->c->a, spec, sa);
	if (text)
		return status_forbidden(
			st, &ad->k->subject, ad->name,
			"%s is not allowed because service account %s does not reference that secret",
			text, meta_name(sa));
	json_each(s, json_get(spec, "imagePullSecrets")) {
		if (!names_secret(json_get(sa, "imagePullSecrets"), json_path_str(s, "name")))
			return status_forbidden(
				st, &ad->k->subject, ad->name,
				"imagePullSecrets[%zu].name=\"%s\" is not allowed because service account %s does not reference that imagePullSecret",
				i, json_path_str(s, "name"), meta_name(sa));
		i++;
	}
	return true;
}

static bool mirror_check(struct admission *ad, const struct json *spec, struct status *st)
{
	if (*json_path_str(spec, "serviceAccountName"))
		return status_forbidden(st, &ad->k->subject, ad->name,
					"a mirror pod may not reference service accounts");
	return true;
}

bool admit_service_account(struct admission *ad, struct status *st)
{
	struct arena *a = ad->c->a;
	struct json *spec, *tree;
	const struct obj *sa;
	const char *name;

	if (!ad->c->api->config.admit_service_accounts || !admit_is_pod(ad, ADMIT_CREATE))
		return true;
	spec = json_ensure_object(a, ad->o, "spec");
	if (meta_annotation(ad->o, mirror))
		return mirror_check(ad, spec, st);
	name = json_str(json_get(spec, "serviceAccountName"));
	name = *name ? name : "default";
	sa = account_find(ad, name);
	if (!sa)
		return status_forbidden(
			st, &ad->k->subject, ad->name,
			"error looking up service account %s/%s: serviceaccount \"%s\" not found",
			ad->ns, name, name);
	json_set_str(a, spec, "serviceAccountName", name);
	json_set_str(a, spec, "serviceAccount", name);
	tree = obj_tree(a, sa);
	if (!secrets_check(ad, spec, tree, st))
		return false;
	if (wants_token(tree, spec))
		token_mount(a, spec);
	pull_secrets_copy(a, spec, tree);
	return true;
}
