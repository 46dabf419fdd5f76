/*
 * Environment: the host's KUBERNETES_* variables must never be seen, and the tenant's services must be.  Both
 * come from a ConfigMap per virtual namespace, the first envFrom of every container, so that precedence and
 * $(X) expansion are those of a real kubelet.  Fields that would show the host's names become literals.
 */
#include "host/kubernetes/translate.h"

#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

/* The literal a field reference stands for; NULL when the host's answer is the right one. */
static const char *literal(const struct translation *t, const char *path)
{
	if (!strcmp(path, "metadata.name"))
		return t->vname;
	if (!strcmp(path, "metadata.namespace"))
		return t->vns;
	if (!strcmp(path, "metadata.uid"))
		return meta_uid(t->v);
	if (!strcmp(path, "spec.serviceAccountName"))
		return json_path_str(t->v, "spec.serviceAccountName");
	return NULL;
}

/* metadata.labels['k'] with the key as it is called on the host. */
static const char *mapped_path(struct arena *a, const char *path)
{
	const char *open = strstr(path, "['"), *close = open ? strstr(open, "']") : NULL;

	if (!close)
		return path;
	return arena_printf(a, "%.*s%s']", (int)(open + 2 - path), path,
			    names_key(a, arena_dup(a, open + 2, (size_t)(close - open - 2))));
}

static void field(struct translation *t, struct json *env)
{
	struct json *ref = json_path(env, "valueFrom.fieldRef");
	const char *path = json_path_str(ref, "fieldPath"), *text;

	if (!ref)
		return;
	text = literal(t, path);
	if (text) {
		json_del(env, "valueFrom");
		json_set_str(t->a, env, "value", text);
	} else {
		json_set_str(t->a, ref, "fieldPath", mapped_path(t->a, path));
	}
}

void translate_container(struct translation *t, struct json *container)
{
	bool links = json_path_bool(t->v, "spec.enableServiceLinks", true);
	struct json *from = json_ensure_array(t->a, container, "envFrom");
	char hname[HOST_NAME_MAX];

	names_map(t->h->names, KIND_SVCENV, t->vns, links ? "links" : "plain", hname);
	json_insert(from, json_first(from), json_build(t->a, "{configMapRef:{name:%s}}", hname));
	json_each(e, json_get(container, "env"))
		field(t, e);
}

void translate_env(struct translation *t)
{
	json_each(c, json_get(t->spec, "initContainers"))
		translate_container(t, c);
	json_each(c, json_get(t->spec, "containers"))
		translate_container(t, c);
}
