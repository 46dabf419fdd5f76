/*
 * patch: JSON patch, merge patch and strategic merge patch through the update shape.
 *
 * Each attempt applies the patch to the object as it is then, so that concurrent patches without a
 * resourceVersion all go through.  A custom resource has no schema type and refuses strategic merge, which
 * clients know how to answer.  k8s: apiserver/pkg/endpoints/handlers/patch.go.
 */
#include "api/core.h"
#include "api/managed.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/patch.h"

#include <string.h>

#define JSON_PATCH_OPS_MAX 10000

struct patching {
	enum patch_type type;
	const struct json *patch;
};

static struct json *patch_apply(struct update *u, struct json *doc, struct status *st)
{
	const struct patching *p = u->arg;
	struct arena *a = u->c->a;

	switch (p->type) {
	case PATCH_JSON: return patch_json(a, doc, p->patch, st);
	case PATCH_MERGE: return patch_merge(a, doc, p->patch);
	default: return patch_strategic(a, doc, p->patch, &schema_patch, u->k->type, st);
	}
}

static bool patch_keeps_name(struct update *u, struct status *st)
{
	const char *name = json_path_str(u->o, "metadata.name");

	if (strcmp(name, u->name) == 0)
		return true;
	return status_bad_request(
		st, "the name of the object (%s) does not match the name on the URL (%s)", name,
		u->name);
}

static bool patch_produce(struct update *u, struct status *st)
{
	const struct patching *p = u->arg;

	u->o = patch_apply(u, json_copy(u->c->a, u->old), st);
	return u->o && body_clean(u->c, u->k, u->o, p->patch, st) &&
	       body_place(u->k, u->ns, u->o, st) && patch_keeps_name(u, st);
}

static bool patch_check(const struct kind *k, enum patch_type type, const struct json *patch,
			struct status *st)
{
	static const char custom_types[] =
		"application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

	switch (type) {
	case PATCH_STRATEGIC:
		if (kind_is_custom(k))
			return status_unsupported_media(st, custom_types);
		break;
	case PATCH_JSON:
		if (!json_is_array(patch))
			return status_bad_request(
				st,
				"error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
		if (json_count(patch) > JSON_PATCH_OPS_MAX)
			return status_other(
				st, 413, "RequestEntityTooLarge",
				"Request entity too large: The allowed maximum operations in a JSON patch is %d, got %zu",
				JSON_PATCH_OPS_MAX, json_count(patch));
		return true;
	default: break;
	}
	if (!json_is_object(patch))
		return status_bad_request(
			st,
			"error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}");
	return true;
}

const struct obj *api_patch(struct call *c, const struct kind *k, const char *sub, const char *ns,
			    const char *name, enum patch_type type, const struct json *patch,
			    bool force, bool *created, struct status *st)
{
	struct patching p = { type, patch };
	struct update u = { .c = c,
			    .k = k,
			    .sub = sub,
			    .ns = kind_ns(k, ns),
			    .name = name,
			    .produce = patch_produce,
			    .arg = &p };

	bool ignored;

	if (!created)
		created = &ignored;
	*created = false;
	if (type == PATCH_APPLY)
		return api_apply(c, k, sub, ns, name, patch, force, created, st);
	if (!patch_check(k, type, patch, st))
		return NULL;
	return update_run(&u, st);
}
