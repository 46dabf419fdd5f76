/*
 * Volumes: token sources become keys of one Secret per pod, downward files show the virtual pod, and what
 * would reach into the host's nodes or needs objects that are not synced is refused.
 */
#include "host/kubernetes/translate.h"

#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

static const char *refusal(const struct json *vol)
{
	static const char *const rows[][2] = {
		{ "hostPath", "hostPath volumes are not allowed on this host" },
		{ "csi", "inline CSI drivers are not allowed on this host" },
		{ "glusterfs", "glusterfs volumes name Endpoints, which are not synced" },
		{ "persistentVolumeClaim", "volume claims are not synced to this host yet" },
		{ "ephemeral", "volume claims are not synced to this host yet" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (json_get(vol, rows[i][0]))
			return rows[i][1];
	return NULL;
}

static const char *annotation_path(struct arena *a, const char *key)
{
	return arena_printf(a, "metadata.annotations['%s']", key);
}

/* Where the host's pod has what the virtual field shows. */
static void downward_item(struct translation *t, struct json *item)
{
	static const char *const rows[][2] = {
		{ "metadata.name", ANNOTATION_NAME },
		{ "metadata.namespace", ANNOTATION_NAMESPACE },
		{ "metadata.uid", ANNOTATION_UID },
		{ "metadata.labels", PFX "/labels" },
		{ "metadata.annotations", PFX "/annotations" },
	};
	struct json *ref = json_get(item, "fieldRef");
	const char *path = json_path_str(ref, "fieldPath"), *open, *close;

	for (size_t i = 0; ref && i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(path, rows[i][0]))
			json_set_str(t->a, ref, "fieldPath", annotation_path(t->a, rows[i][1]));
	open = strstr(path, "['");
	close = open ? strstr(open, "']") : NULL;
	if (ref && close)
		json_set_str(t->a, ref, "fieldPath",
			     arena_printf(t->a, "%.*s%s']", (int)(open + 2 - path), path,
					  names_key(t->a, arena_dup(t->a, open + 2,
								    (size_t)(close - open - 2)))));
}

static void token_source(struct translation *t, struct json *sources, struct json *source,
			 int volume, int index)
{
	const char *path = json_path_str(source, "serviceAccountToken.path");
	char hname[HOST_NAME_MAX];

	names_map(t->h->names, KIND_TOKEN, t->vns, t->vname, hname);
	json_replace(
		t->a, sources, source,
		json_build(t->a, "{secret:{name:%s,items:[{key:%s,path:%s,mode:%d}],optional:%b}}",
			   hname, arena_printf(t->a, "v%ds%d", volume, index), path, 0644, false));
}

static bool projected(struct translation *t, struct json *vol, int volume)
{
	struct json *sources = json_path(vol, "projected.sources"), *next;
	int index = 0;

	for (struct json *s = json_first(sources); s; s = next, index++) {
		next = json_next(s);
		if (json_get(s, "podCertificate") || json_get(s, "clusterTrustBundle"))
			return refuse(t, "UnsupportedField",
				      "projected podCertificate and clusterTrustBundle sources are "
				      "not supported on this host");
		json_each(i, json_path(s, "downwardAPI.items"))
			downward_item(t, i);
		if (json_get(s, "serviceAccountToken"))
			token_source(t, sources, s, volume, index);
	}
	return true;
}

bool translate_volumes(struct translation *t)
{
	int volume = 0;

	json_each(vol, json_get(t->spec, "volumes")) {
		const char *why = refusal(vol);

		if (why)
			return refuse(t, "UnsupportedField",
				      arena_printf(t->a, "volume \"%s\": %s",
						   json_path_str(vol, "name"), why));
		json_each(i, json_path(vol, "downwardAPI.items"))
			downward_item(t, i);
		if (!projected(t, vol, volume))
			return false;
		volume++;
	}
	return true;
}
