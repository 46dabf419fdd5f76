#include "host/kubernetes/translate.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/refs.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "kind/podsecurity.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define SAFE_TO_EVICT "cluster-autoscaler.kubernetes.io/safe-to-evict"

bool refuse(struct translation *t, const char *reason, const char *why)
{
	t->refused = reason;
	t->why = why;
	return false;
}

/* The tenant is cluster-admin inside; what may reach the host's nodes is decided here. */
static bool policy_allows(struct translation *t)
{
	char *why = pod_security_check(t->a, POD_SECURITY_BASELINE, json_get(t->v, "metadata"),
				       json_get(t->v, "spec"));

	if (!why)
		return true;
	return refuse(t, "PolicyBlocked",
		      arena_printf(t->a,
				   "the host accepts no pod outside the baseline Pod "
				   "Security Standard: %s",
				   why));
}

/* Fields whose meaning would be lost, not just weakened, if they were left out. */
static bool supported(struct translation *t)
{
	static const char *const critical[] = { "resourceClaims", "schedulingGroup", "workloadRef" };

	for (size_t i = 0; i < sizeof critical / sizeof *critical; i++)
		if (json_get(t->spec, critical[i]))
			return refuse(t, "UnsupportedField",
				      arena_printf(t->a, "spec.%s is not supported on this host",
						   critical[i]));
	return true;
}

static void map_ref(void *arg, const char *kind, struct json *ref, const char *key)
{
	struct translation *t = arg;
	char hname[HOST_NAME_MAX];

	json_set_str(t->a, ref, key,
		     names_map(t->h->names, kind, t->vns, json_str(json_get(ref, key)), hname));
}

static void identity(struct translation *t)
{
	const char *name = t->vname;
	char host[64];
	size_t n = 0;

	json_del(t->spec, "subdomain");
	json_del(t->spec, "setHostnameAsFQDN");
	if (*json_path_str(t->spec, "hostname") || json_path_bool(t->spec, "hostNetwork", false))
		return;
	for (; *name && n < sizeof host - 1; name++)
		host[n++] = *name == '.' ? '-' : *name;
	while (n && host[n - 1] == '-')
		n--;
	host[n] = '\0';
	json_set_str(t->a, t->spec, "hostname", host);
}

static void accounts(struct translation *t)
{
	json_del(t->spec, "serviceAccountName");
	json_del(t->spec, "serviceAccount");
	json_set_bool(t->a, t->spec, "automountServiceAccountToken", false);
	json_set_bool(t->a, t->spec, "enableServiceLinks", false);
}

static const struct json *controller_of(const struct json *v)
{
	json_each(ref, json_path(v, "metadata.ownerReferences"))
		if (json_path_bool(ref, "controller", false))
			return ref;
	return NULL;
}

/* Text of a downward API file: sorted `key="value"` lines, Go-quoted. */
static char *downward_text(struct arena *a, const struct json *map)
{
	char *out = arena_strdup(a, "");

	json_each(e, map)
		out = arena_printf(a, "%s%s%s=%s", out, *out ? "\n" : "", json_name(e),
				   json_text(a, e));
	return out;
}

/* Does any downward volume item show this field whole? */
static bool shows(const struct json *spec, const char *path)
{
	json_each(vol, json_get(spec, "volumes")) {
		json_each(i, json_path(vol, "downwardAPI.items"))
			if (!strcmp(json_path_str(i, "fieldRef.fieldPath"), path))
				return true;
		json_each(s, json_path(vol, "projected.sources"))
			json_each(i, json_path(s, "downwardAPI.items"))
				if (!strcmp(json_path_str(i, "fieldRef.fieldPath"), path))
					return true;
	}
	return false;
}

/* What the tenant asked for, as a digest: the host's own changes (LimitRange defaults, autoscalers) are not
 * the tenant's resizes. */
static const char *resources_digest(struct translation *t)
{
	struct buf b = BUF_INIT;
	uint64_t h;

	json_each(c, json_get(t->spec, "containers")) {
		buf_adds(&b, json_path_str(c, "name"));
		json_print(&b, json_get(c, "resources"));
	}
	h = fnv64a(b.len ? b.p : "", b.len);
	buf_free(&b);
	return arena_printf(t->a, "%016llx", (unsigned long long)h);
}

static void annotate(struct translation *t, struct json *o)
{
	const struct json *ref = controller_of(t->v), *spec = json_get(t->v, "spec");

	meta_set_annotation(t->a, o, ANNOTATION_RESOURCES, resources_digest(t));
	if (!meta_annotation(o, SAFE_TO_EVICT))
		meta_set_annotation(t->a, o, SAFE_TO_EVICT, ref ? "true" : "false");
	if (!strcmp(json_path_str(ref, "kind"), "DaemonSet"))
		meta_set_annotation(t->a, o, "cluster-autoscaler.kubernetes.io/daemonset-pod",
				    "true");
	if (shows(spec, "metadata.labels"))
		meta_set_annotation(t->a, o, PFX "/labels",
				    downward_text(t->a, json_path(t->v, "metadata.labels")));
	if (shows(spec, "metadata.annotations"))
		meta_set_annotation(t->a, o, PFX "/annotations",
				    downward_text(t->a, json_path(t->v, "metadata.annotations")));
	json_each(l, t->ns_labels)
		meta_set_label(t->a, o, names_ns_label(t->a, json_name(l)), json_str(l));
}

struct json *translate_pod(struct translation *t)
{
	struct json *o = json_object(t->a);

	t->vns = meta_ns(t->v);
	t->vname = meta_name(t->v);
	t->spec = json_copy(t->a, json_get(t->v, "spec"));
	if (!policy_allows(t) || !supported(t))
		return NULL;
	json_set_str(t->a, o, "apiVersion", "v1");
	json_set_str(t->a, o, "kind", "Pod");
	json_set(t->a, o, "metadata",
		 host_metadata(t->h, t->a, "pods", t->vns, t->vname, t->v, controller_of(t->v)));
	annotate(t, o);
	json_del(t->spec, "ephemeralContainers");
	refs_each(t->spec, map_ref, t);
	if (!translate_volumes(t))
		return NULL;
	translate_env(t);
	translate_dns(t);
	translate_placement(t);
	identity(t);
	accounts(t);
	json_set(t->a, o, "spec", t->spec);
	host_stamp(t->a, o);
	return o;
}
