/*
 * volume_warn: volumes of plugins that are gone, and items of one volume whose paths hide each other.
 * k8s: pkg/api/pod/warnings.go (warningsForOverlappingVirtualPaths), pkg/api/persistentvolumeclaim.
 */
#include "kind/warn.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <string.h>

void warn_claim_spec(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct at *resources = AT(at, "resources");

	warn_fraction(h, AT(resources, "requests"), json_path(spec, "resources.requests"), "storage");
	warn_fraction(h, AT(resources, "limits"), json_path(spec, "resources.limits"), "storage");
}

void warn_volumes(struct hook *h, const struct at *at, const struct json *volumes)
{
	static const struct {
		const char *type, *since;
	} gone[] = {
		{ "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+" },
		{ "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+" },
		{ "scaleIO", "deprecated in v1.16, non-functional in v1.22+" },
		{ "flocker", "deprecated in v1.22, non-functional in v1.25+" },
		{ "storageos", "deprecated in v1.22, non-functional in v1.25+" },
		{ "quobyte", "deprecated in v1.22, non-functional in v1.25+" },
		{ "glusterfs", "deprecated in v1.25, non-functional in v1.26+" },
		{ "cephfs", "deprecated in v1.28, non-functional in v1.31+" },
		{ "rbd", "deprecated in v1.28, non-functional in v1.31+" },
	};
	size_t i = 0;

	json_each(v, volumes) {
		const struct at *item = AT_ITEM(at, i++);
		const struct json *claim = json_path(v, "ephemeral.volumeClaimTemplate");

		for (size_t k = 0; k < sizeof gone / sizeof *gone; k++) {
			/* upstream spells this one differently in its path */
			const char *type = strcmp(gone[k].type, "storageos") ? gone[k].type :
									       "storageOS";

			if (json_get(v, gone[k].type))
				hook_warn(h, "%s: %s", at_text(h, AT(item, type)), gone[k].since);
		}
		if (claim)
			warn_claim_spec(h,
					AT(AT(AT(item, "ephemeral"), "volumeClaimTemplate"), "spec"),
					json_get(claim, "spec"));
	}
}

/* ---- overlaps ---- */

/* A path that a volume will hold, and whose it is ("" outside of projected volumes). */
struct place {
	const struct place *before;
	const char *path, *source;
};

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

static const char *place_text(struct hook *h, const struct place *p)
{
	return p->source[0] ? arena_printf(h->a, "\"%s\" (%s)", p->path, p->source) :
			      arena_printf(h->a, "\"%s\"", p->path);
}

/* Oldest first. */
static void warn_hidden(struct hook *h, const char *volume, const char *what, const struct place *p,
			const struct place *new)
{
	if (!p)
		return;
	warn_hidden(h, volume, what, p->before, new);
	if (p->path[0] && (is_below(p->path, new->path) || is_below(new->path, p->path)))
		hook_warn(h, "volume \"%s\" (%s): overlapping paths: %s with %s", volume, what,
			  place_text(h, new), place_text(h, p));
}

static struct place *add_place(struct hook *h, const char *volume, const char *what,
			       struct place *before, const char *path, const char *source)
{
	struct place *new = arena_alloc(h->a, sizeof *new);
	char *trimmed = arena_strdup(h->a, path);

	for (size_t n = strlen(trimmed); n && trimmed[n - 1] == '/'; n--)
		trimmed[n - 1] = '\0';
	*new = (struct place){ before, trimmed, source };
	if (trimmed[0])
		warn_hidden(h, volume, what, before, new);
	return new;
}

static struct place *add_items(struct hook *h, const char *volume, const char *what,
			       struct place *before, const struct json *source, const char *name)
{
	json_each(item, json_get(source, "items"))
		before = add_place(h, volume, what, before, json_path_str(item, "path"), name);
	return before;
}

/* `ConfigMap "name"`, `DownwardAPI`. */
static const char *source_name(struct hook *h, const char *kind, const char *name)
{
	return name ? arena_printf(h->a, "%s \"%s\"", kind, name) : kind;
}

static void warn_projected(struct hook *h, const char *volume, const struct json *projected)
{
	struct place *p = NULL;

	json_each(s, json_get(projected, "sources")) {
		const struct json *map = json_get(s, "configMap"), *secret = json_get(s, "secret");
		const struct json *token = json_get(s, "serviceAccountToken");
		const struct json *bundle = json_get(s, "clusterTrustBundle");
		const char *name = json_path_str(bundle, "name");

		if (!json_first(s))
			hook_warn(h, "volume \"%s\" (Projected) has no sources provided", volume);
		if (map)
			p = add_items(h, volume, "Projected", p, map,
				      source_name(h, "ConfigMap", json_path_str(map, "name")));
		else if (secret)
			p = add_items(h, volume, "Projected", p, secret,
				      source_name(h, "Secret", json_path_str(secret, "name")));
		else if (json_get(s, "downwardAPI"))
			p = add_items(h, volume, "Projected", p, json_get(s, "downwardAPI"),
				      "DownwardAPI");
		else if (token)
			p = add_place(h, volume, "Projected", p, json_path_str(token, "path"),
				      "ServiceAccountToken");
		else if (bundle)
			p = add_place(h, volume, "Projected", p, json_path_str(bundle, "path"),
				      source_name(h, "ClusterTrustBundle",
						  name[0] ? name :
							    json_path_str(bundle, "signerName")));
	}
}

void warn_overlaps(struct hook *h, const struct json *volumes)
{
	json_each(v, volumes) {
		const char *name = json_path_str(v, "name");
		const struct json *map = json_get(v, "configMap"), *secret = json_get(v, "secret");

		add_items(h, name, source_name(h, "ConfigMap", json_path_str(map, "name")), NULL,
			  map, "");
		add_items(h, name, source_name(h, "Secret", json_path_str(secret, "secretName")),
			  NULL, secret, "");
		add_items(h, name, "DownwardAPI", NULL, json_get(v, "downwardAPI"), "");
		warn_projected(h, name, json_get(v, "projected"));
	}
}
