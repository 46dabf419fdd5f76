/*
 * env_check: environment variables, and the references to fields and resources that volumes of the
 * downward API share with them.
 * k8s: pkg/apis/core/validation/validation.go (ValidateEnv, ValidateEnvFrom).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <string.h>

/* The key of `metadata.labels['key']`, or NULL; *path becomes what is before it. */
static char *subscript(struct hook *h, const char *text, char **path)
{
	const char *open = strstr(text, "['");
	size_t n = strlen(text);

	*path = arena_strdup(h->a, text);
	if (!open || n < 2 || strcmp(text + n - 2, "']") != 0 || text + n - 2 < open + 2)
		return NULL;
	(*path)[open - text] = '\0';
	return arena_dup(h->a, open + 2, n - (size_t)(open + 2 - text) - 2);
}

static char *lower(struct hook *h, const char *s)
{
	char *t = arena_strdup(h->a, s);

	for (char *p = t; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return t;
}

/* What upstream knows as a label of a pod at all, before it asks what may be used here. */
static bool is_known_label(const char *path)
{
	return one_of(path, LIST("metadata.annotations", "metadata.labels", "metadata.name",
				 "metadata.namespace", "metadata.uid", "spec.nodeName",
				 "spec.restartPolicy", "spec.serviceAccountName",
				 "spec.schedulerName", "status.phase", "status.hostIP",
				 "status.hostIPs", "status.podIP", "status.podIPs", "spec.host"));
}

void check_field_ref(struct hook *h, const struct at *at, const struct json *ref,
		     const char *const *allowed)
{
	const char *text = json_path_str(ref, "fieldPath"),
		   *version = json_path_str(ref, "apiVersion");
	char *path, *key = subscript(h, text, &path);

	if (!version[0]) {
		err_required(h, AT(at, "apiVersion"), NULL);
	} else if (!text[0]) {
		err_required(h, AT(at, "fieldPath"), NULL);
	} else if (strcmp(version, "v1") != 0) {
		err_invalid(h, AT(at, "fieldPath"), text,
			    "error converting fieldPath: unsupported pod version: %s", version);
	} else if (!is_known_label(path)) {
		err_invalid(h, AT(at, "fieldPath"), text,
			    "error converting fieldPath: field label not supported: %s", text);
	} else if (key) {
		if (!strcmp(path, "metadata.annotations"))
			check_text(h, at, TEXT_LABEL_KEY, lower(h, key));
		else if (!strcmp(path, "metadata.labels"))
			check_text(h, at, TEXT_LABEL_KEY, key);
		else
			err_invalid(h, at, path, "does not support subscript");
	} else if (!one_of(path, allowed)) {
		err_unsupported(h, AT(at, "fieldPath"), path, allowed);
	}
}

static void check_divisor(struct hook *h, const struct at *at, const char *resource,
			  const char *divisor)
{
	const char *const *sizes = LIST("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi",
					"1Gi", "1Ti", "1Pi", "1Ei");
	const char *name = strchr(resource, '.');
	const char *what = "hugepages resource";

	if (!divisor[0] || !strcmp(divisor, "0") || !name)
		return;
	name++;
	if (!strcmp(name, "cpu")) {
		if (!one_of(divisor, LIST("1m", "1")))
			err_invalid(
				h, AT(at, "divisor"), resource,
				"only divisor's values 1m and 1 are supported with the cpu resource");
		return;
	}
	if (!strcmp(name, "memory"))
		what = "memory resource";
	else if (!strcmp(name, "ephemeral-storage"))
		what = "local ephemeral storage resource";
	if (!one_of(divisor, sizes))
		err_invalid(h, AT(at, "divisor"), resource,
			    "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, "
			    "1Ei are supported with the %s",
			    what);
}

void check_resource_ref(struct hook *h, const struct at *at, const struct json *ref, bool volume)
{
	const char *const *names = LIST("limits.cpu", "limits.ephemeral-storage", "limits.memory",
					"requests.cpu", "requests.ephemeral-storage",
					"requests.memory");
	const char *resource = json_path_str(ref, "resource");

	if (volume && !json_path_str(ref, "containerName")[0])
		err_required(h, AT(at, "containerName"), NULL);
	else if (!resource[0])
		err_required(h, AT(at, "resource"), NULL);
	else if (!one_of(resource, names) && strncmp(resource, "limits.hugepages-", 17) != 0 &&
		 strncmp(resource, "requests.hugepages-", 19) != 0)
		err_unsupported(h, AT(at, "resource"), resource, names);
	check_divisor(h, at, resource, json_path_str(ref, "divisor"));
}

static void check_env_field(struct hook *h, const struct at *at, const struct json *ref)
{
	check_field_ref(h, at, ref,
			LIST("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
			     "spec.serviceAccountName", "status.hostIP", "status.hostIPs",
			     "status.podIP", "status.podIPs"));
}

static void check_env_resource(struct hook *h, const struct at *at, const struct json *ref)
{
	check_resource_ref(h, at, ref, false);
}

static void check_key_ref(struct hook *h, const struct at *at, const struct json *ref)
{
	const char *key = json_path_str(ref, "key");

	check_text(h, AT(at, "name"), TEXT_DNS_SUBDOMAIN, json_path_str(ref, "name"));
	if (!key[0])
		err_required(h, AT(at, "key"), NULL);
	else
		check_text(h, AT(at, "key"), TEXT_CONFIG_KEY, key);
}

static void check_file_ref(struct hook *h, const struct at *at, const struct json *ref)
{
	const char *key = json_path_str(ref, "key"), *volume = json_path_str(ref, "volumeName");
	const char *path = json_path_str(ref, "path");

	if (!key[0])
		err_required(h, AT(at, "key"), NULL);
	else
		check_text(h, AT(at, "key"), TEXT_ENV_NAME, key);
	if (!volume[0])
		err_required(h, AT(at, "volumeName"), NULL);
	else
		check_text(h, AT(at, "volumeName"), TEXT_DNS_LABEL, volume);
	if (!path[0])
		err_required(h, AT(at, "path"), NULL);
	else
		check_no_dotdot(h, AT(at, "path"), path);
}

static void check_value_from(struct hook *h, const struct at *at, const struct json *env)
{
	static const struct {
		const char *name;
		void (*check)(struct hook *h, const struct at *at, const struct json *ref);
	} sources[] = {
		{ "fieldRef", check_env_field },      { "resourceFieldRef", check_env_resource },
		{ "configMapKeyRef", check_key_ref }, { "secretKeyRef", check_key_ref },
		{ "fileKeyRef", check_file_ref },
	};
	const struct json *from = json_get(env, "valueFrom");
	size_t n = 0;

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		const struct json *ref = json_get(from, sources[i].name);

		n += ref != NULL;
		if (ref)
			sources[i].check(h, AT(at, sources[i].name), ref);
	}
	if (!n)
		err_invalid(h, at, "",
			    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
			    "`secretKeyRef` or `fileKeyRef`");
	else if (json_path_str(env, "value")[0])
		err_invalid(h, at, "", "may not be specified when `value` is not empty");
	else if (n > 1)
		err_invalid(h, at, "", "may not have more than one field specified at a time");
}

void check_env(struct hook *h, const struct at *at, const struct json *list)
{
	size_t i = 0;

	json_each(env, list) {
		const struct at *item = AT_ITEM(at, i++);
		const char *name = json_path_str(env, "name");

		if (!name[0])
			err_required(h, AT(item, "name"), NULL);
		else
			check_text(h, AT(item, "name"), TEXT_ENV_NAME, name);
		if (json_get(env, "valueFrom"))
			check_value_from(h, AT(item, "valueFrom"), env);
	}
}

/* Names of objects, which generateName may end in a dash. */
static void check_ref_name(struct hook *h, const struct at *at, const char *name)
{
	char *masked = arena_strdup(h->a, name);
	size_t n = strlen(name);

	if (n > 1 && masked[n - 1] == '-') {
		masked[n - 2] = 'a';
		masked[n - 1] = '\0';
	}
	if (!n)
		err_required(h, AT(at, "name"), NULL);
	else if (!text_ok(TEXT_DNS_SUBDOMAIN, masked))
		check_text(h, AT(at, "name"), TEXT_DNS_SUBDOMAIN, name);
}

void check_env_from(struct hook *h, const struct at *at, const struct json *list)
{
	const char *const *sources = LIST("configMapRef", "secretRef");
	size_t i = 0;

	json_each(from, list) {
		const struct at *item = AT_ITEM(at, i++);
		const char *prefix = json_path_str(from, "prefix");
		size_t n = 0;

		if (prefix[0])
			check_text(h, AT(item, "prefix"), TEXT_ENV_NAME, prefix);
		for (size_t k = 0; sources[k]; k++) {
			const struct json *ref = json_get(from, sources[k]);

			n += ref != NULL;
			if (ref)
				check_ref_name(h, AT(item, sources[k]), json_path_str(ref, "name"));
		}
		if (n != 1)
			err_invalid(h, at, "",
				    n ? "may not have more than one field specified at a time" :
					"must specify one of: `configMapRef` or `secretRef`");
	}
}
