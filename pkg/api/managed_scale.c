/*
 * Owners of the replica count, between an object and its Scale.
 *
 * The Scale shows who owns spec.replicas; what becomes of that there is carried back.  As upstream, an entry
 * of an update loses its identity on the way, because that holds the version: it comes back as a new
 * entry without time.  k8s: apimachinery/pkg/util/managedfields/scalehandler.go.
 */
#include "api/core.h"
#include "api/managed.h"

#include "base/arena.h"
#include "obj/fieldset.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static const char scale_version[] = "autoscaling/v1";

/* Where version `text` of the object has its replicas; NULL: not served. */
static const char *replicas_path(struct call *c, const struct kind *k, const char *text)
{
	char own[128];
	const struct kind *row =
		!strcmp(kind_api_version(k, own), text) ?
			k :
			kinds_by_api_version(c->api->config.kinds, text, k->subject.kind);

	return row && row->scale_paths ? row->scale_paths[0] : NULL;
}

struct json *managed_to_scale(struct call *c, const struct kind *k, const struct json *o)
{
	struct managed parent, scale = { .a = c->a };

	if (managed_parse(c->a, json_path(o, "metadata.managedFields"), &parent))
		return NULL;
	for (size_t i = 0; i < parent.n; i++) {
		const struct manager *x = &parent.p[i];
		const char *path = replicas_path(c, k, x->version);
		struct manager y;

		if (!path || !fieldset_has(x->set, path))
			continue;
		y = managed_manager(c->a, x->name, scale_version, x->sub, x->apply);
		y.time = x->time;
		y.set = fieldset_path(c->a, "spec.replicas");
		managed_add(&scale, &y);
	}
	return managed_tree(&scale);
}

/* An entry of the object after the Scale was written: as it was, or without the replicas. */
static void parent_keep(struct call *c, const struct manager *x, const char *path,
			struct managed *scale, struct managed *out)
{
	struct manager *kept = managed_find(scale, x->id), y = *x;

	if (kept)
		managed_remove(scale, kept);
	else
		managed_set(&y, fieldset_difference(c->a, x->set, fieldset_path(c->a, path)));
	if (!fieldset_empty(y.set))
		managed_add(out, &y);
}

struct json *managed_from_scale(struct call *c, const struct kind *k, const struct json *o,
				const struct json *list)
{
	struct managed parent, scale, out = { .a = c->a };
	char version[128];

	kind_api_version(k, version);
	if (managed_parse(c->a, json_path(o, "metadata.managedFields"), &parent) ||
	    managed_parse(c->a, list, &scale))
		return NULL;
	for (size_t i = 0; i < parent.n; i++) {
		const struct manager *x = &parent.p[i];
		const char *path = replicas_path(c, k, x->version);

		if (path && fieldset_has(x->set, path))
			parent_keep(c, x, path, &scale, &out);
		else if (path)
			managed_add(&out, x);
	}
	for (size_t i = 0; i < scale.n; i++) {
		struct manager y = scale.p[i];

		if (!fieldset_has(y.set, "spec.replicas"))
			continue;
		y.version = arena_strdup(c->a, version);
		y.time = NULL;
		managed_set(&y, fieldset_path(c->a, k->scale_paths[0]));
		managed_add(&out, &y);
	}
	return managed_tree(&out);
}
