/*
 * pod_push: what of a virtual pod may change after its host pod was made, pushed with patches, so that what
 * the host added (injected containers, labels, tolerations) stays.
 */
#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/remote.h"
#include "host/kubernetes/sync.h"
#include "host/kubernetes/translate.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct push {
	struct host *h;
	struct arena *a;
	const struct json *want, *have;
	struct json *patch;
};

/* Keys we wrote before and no longer want: null in the patch. */
static void drop_stale(struct push *p, struct json *map, char mark, const struct json *wanted)
{
	const char *keys = meta_annotation(p->have, ANNOTATION_KEYS);

	while (keys && *keys) {
		size_t n = strcspn(keys, ",");
		const char *key = n > 2 ? arena_dup(p->a, keys + 2, n - 2) : "";

		if (*keys == mark && *key && !json_get(wanted, key))
			json_set(p->a, map, key, json_null(p->a));
		keys += n + (keys[n] == ',');
	}
}

static void diff_map(struct push *p, const char *member, char mark)
{
	const struct json *want = json_get(json_get(p->want, "metadata"), member);
	const struct json *have = json_get(json_get(p->have, "metadata"), member);
	struct json *map = json_object(p->a), *meta;

	json_each(e, want)
		if (strcmp(json_str(json_get(have, json_name(e))), json_str(e)) ||
		    !json_get(have, json_name(e)))
			json_set_str(p->a, map, json_name(e), json_str(e));
	drop_stale(p, map, mark, want);
	if (!json_count(map))
		return;
	meta = json_ensure_object(p->a, p->patch, "metadata");
	json_set(p->a, meta, member, map);
}

static const struct json *named(const struct json *list, const char *name)
{
	json_each(e, list)
		if (!strcmp(json_path_str(e, "name"), name))
			return e;
	return NULL;
}

static void diff_images(struct push *p, const char *list)
{
	json_each(c, json_get(json_get(p->want, "spec"), list)) {
		const char *name = json_path_str(c, "name"), *image = json_path_str(c, "image");
		const struct json *theirs = named(json_get(json_get(p->have, "spec"), list), name);

		if (!theirs || !strcmp(json_path_str(theirs, "image"), image))
			continue;
		json_append(json_ensure_array(p->a, json_ensure_object(p->a, p->patch, "spec"), list),
			    json_build(p->a, "{name:%s,image:%s}", name, image));
	}
}

static void diff_deadline(struct push *p)
{
	const struct json *want = json_path(p->want, "spec.activeDeadlineSeconds");

	if (want && !json_equal(want, json_path(p->have, "spec.activeDeadlineSeconds")))
		json_set(p->a, json_ensure_object(p->a, p->patch, "spec"), "activeDeadlineSeconds",
			 json_copy(p->a, want));
}

static bool tolerated(const struct json *list, const struct json *t)
{
	json_each(have, list)
		if (json_equal(have, t))
			return true;
	return false;
}

/* Tolerations can only be added: the union of both sides. */
static void diff_tolerations(struct push *p)
{
	const struct json *have = json_path(p->have, "spec.tolerations");
	struct json *all = have ? json_copy(p->a, have) : json_array(p->a);
	size_t before = json_count(all);

	json_each(t, json_path(p->want, "spec.tolerations"))
		if (!tolerated(all, t))
			json_append(all, json_copy(p->a, t));
	if (json_count(all) != before)
		json_set(p->a, json_ensure_object(p->a, p->patch, "spec"), "tolerations", all);
}

/* Readiness gates are the tenant's to open. */
static bool push_gates(struct push *p, const struct obj *v, const char *path, struct status *st)
{
	const struct json *tree = obj_tree(p->a, v);
	struct json *conds = json_array(p->a);

	json_each(g, json_path(tree, "spec.readinessGates")) {
		const char *type = json_path_str(g, "conditionType");
		const struct json *mine = meta_condition(tree, type);
		const struct json *theirs = meta_condition(p->have, type);

		if (mine && strcmp(json_path_str(mine, "status"), json_path_str(theirs, "status")))
			json_append(conds, json_copy(p->a, mine));
	}
	if (!json_count(conds))
		return true;
	return remote_patch(p->h, p->a, arena_printf(p->a, "%s/status", path), STRATEGIC_PATCH,
			    json_build(p->a, "{status:{conditions:%j}}", conds), NULL, st);
}

/* Debug containers are added through their subresource, new names only. */
static bool push_ephemeral(struct push *p, const struct obj *v, const char *path,
			   struct translation *t, struct status *st)
{
	const struct json *have = json_path(p->have, "spec.ephemeralContainers");
	struct json *fresh = json_array(p->a);

	json_each(c, json_path(obj_tree(p->a, v), "spec.ephemeralContainers")) {
		struct json *copy;

		if (named(have, json_path_str(c, "name")))
			continue;
		copy = json_copy(p->a, c);
		translate_container(t, copy);
		json_append(fresh, copy);
	}
	if (!json_count(fresh))
		return true;
	return remote_patch(p->h, p->a, arena_printf(p->a, "%s/ephemeralcontainers", path),
			    STRATEGIC_PATCH,
			    json_build(p->a, "{spec:{ephemeralContainers:%j}}", fresh), NULL, st);
}

static const char *digest(const struct json *pod)
{
	const char *d = meta_annotation(pod, ANNOTATION_RESOURCES);

	return d ? d : "";
}

/* A host that will not resize says so once; the rest of the pod goes on. */
static bool resize_refused(struct push *p, struct task *t, const struct obj *v, struct status *err,
			   struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(p->h->api), "", "v1", "pods");

	if (err->code != 403 && err->code != 404 && err->code != 405 && err->code != 422) {
		status_move(st, err);
		return false;
	}
	task_event(t, k, v, "Warning", "ResizeRejected", "%s",
		   names_scrub(p->h->names, p->a, err->message));
	return true;
}

static bool push_resize(struct push *p, struct task *t, const struct obj *v, const char *path,
			struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *list = json_array(p->a);

	if (!strcmp(digest(p->want), digest(p->have)))
		return true;
	json_each(c, json_path(p->want, "spec.containers")) {
		const struct json *resources = json_get(c, "resources");

		if (resources)
			json_append(list, json_build(p->a, "{name:%s,resources:%j}",
						     json_path_str(c, "name"),
						     json_copy(p->a, resources)));
	}
	return remote_patch(p->h, p->a, arena_printf(p->a, "%s/resize", path), STRATEGIC_PATCH,
			    json_build(p->a, "{spec:{containers:%j}}", list), NULL, &err) ||
	       resize_refused(p, t, v, &err, st);
}

bool pod_push(struct host *h, struct task *t, const struct obj *v, const struct json *desired,
	      const struct json *h_pod, struct status *st)
{
	struct arena *a = t->call.a;
	struct push p = { h, a, desired, h_pod, json_object(a) };
	struct translation tr = { .h = h,
				  .a = a,
				  .v = obj_tree(a, v),
				  .vns = v->ns,
				  .vname = v->name,
				  .api_ip = "",
				  .dns_ip = "" };
	const char *path = remote_path(h, a, "api/v1", "pods", meta_name(h_pod), NULL);

	if (strcmp(host_applied(desired), host_applied(h_pod))) {
		if (!push_resize(&p, t, v, path, st))
			return false;
		diff_map(&p, "labels", 'l');
		diff_map(&p, "annotations", 'a');
		diff_images(&p, "initContainers");
		diff_images(&p, "containers");
		diff_deadline(&p);
		diff_tolerations(&p);
		if (json_count(p.patch) &&
		    !remote_patch(h, a, path, STRATEGIC_PATCH, p.patch, NULL, st))
			return false;
	}
	return push_gates(&p, v, path, st) && push_ephemeral(&p, v, path, &tr, st);
}
