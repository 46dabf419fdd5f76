/*
 * scale: the autoscaling/v1 view of a workload's replica count.
 *
 * A write goes through the object's own update, as if spec.replicas had been changed there; a patch is
 * applied to the view first.  Paths come from the kind's row, so that a custom resource needs nothing else.
 * k8s: pkg/registry/apps/deployment/storage (ScaleREST), apiextensions-apiserver/pkg/registry/customresource.
 */
#include "api/core.h"
#include "api/managed.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/patch.h"
#include "obj/selector.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SPEC, PATH_STATUS, PATH_SELECTOR };

static const struct subject scale_subject = { "autoscaling", "scales", "Scale" };

/* The selector as text: written so, or a LabelSelector, or a plain map. */
static const char *selector_of(struct arena *a, const struct kind *k, const struct json *o)
{
	STATUS_AUTO struct status ignored = STATUS_INIT;
	const char *path = k->scale_paths[PATH_SELECTOR];
	const struct json *s = path ? json_path(o, path) : NULL;
	struct selector *sel = NULL;

	if (json_is_string(s))
		return json_str(s);
	if (json_get(s, "matchLabels") || json_get(s, "matchExpressions"))
		sel = selector_from_label_selector(a, s, &ignored);
	else if (json_count(s))
		sel = selector_from_map(a, s);
	return sel ? selector_text(a, sel) : "";
}

static struct json *scale_make(struct call *c, const struct kind *k, const struct json *o,
			       struct status *st)
{
	struct arena *a = c->a;
	const struct json *meta = json_get(o, "metadata");
	int64_t replicas = json_path_int(o, k->scale_paths[PATH_SPEC], -1);
	const char *selector = selector_of(a, k, o);
	struct json *scale;

	if (replicas < 0) {
		status_internal(st, "the spec replicas field \".%s\" does not exist",
				k->scale_paths[PATH_SPEC]);
		return NULL;
	}
	scale = json_build(a,
			   "{kind:\"Scale\",apiVersion:\"autoscaling/v1\",metadata:{name:%s},"
			   "spec:{},status:{replicas:%l}}",
			   meta_name(o), json_path_int(o, k->scale_paths[PATH_STATUS], 0));
	if (k->namespaced)
		json_set_str(a, json_get(scale, "metadata"), "namespace", meta_ns(o));
	json_set_str(a, json_get(scale, "metadata"), "uid", meta_uid(o));
	json_set_str(a, json_get(scale, "metadata"), "resourceVersion", meta_rv(o));
	json_set_str(a, json_get(scale, "metadata"), "creationTimestamp",
		     json_str(json_get(meta, "creationTimestamp")));
	if (replicas)
		json_set_int(a, json_get(scale, "spec"), "replicas", replicas);
	if (*selector)
		json_set_str(a, json_get(scale, "status"), "selector", selector);
	return scale;
}

struct json *api_scale_get(struct call *c, const struct kind *k, const char *ns, const char *name,
			   struct status *st)
{
	const struct obj *o;

	if (!(k->subs & SUB_SCALE) || !k->scale_paths) {
		status_no_route(st);
		return NULL;
	}
	o = api_get(c, k, ns, name, st);
	return o ? scale_make(c, k, obj_tree(c->a, o), st) : NULL;
}

struct scaling {
	struct kind view;        /* a row for what is sent */
	const struct json *sent; /* a Scale, or a patch of one */
	enum patch_type type;
	bool is_patch, force;
	bool inner; /* the call's own, while what is written is admitted as a Scale */
};

static void scaling_open(struct scaling *s)
{
	s->view = (struct kind){
		.subject = scale_subject,
		.version = "v1",
		.type = schema_find("io.k8s.api.autoscaling.v1.Scale"),
	};
}

static struct json *scale_patched(struct call *c, struct scaling *s, struct json *scale,
				  struct status *st)
{
	switch (s->type) {
	case PATCH_JSON: return patch_json(c->a, scale, s->sent, st);
	case PATCH_MERGE: return patch_merge(c->a, scale, s->sent);
	default: return patch_strategic(c->a, scale, s->sent, &schema_patch, s->view.type, st);
	}
}

/* The Scale to be, with its owners. */
static struct json *scale_next(struct call *c, struct scaling *s, const struct json *old,
			       struct status *st)
{
	struct json *scale;

	if (s->is_patch && s->type == PATCH_APPLY)
		return apply_merge(c, &s->view, "scale", old, s->sent, s->force, st);
	if (s->is_patch)
		scale = scale_patched(c, s, json_copy(c->a, old), st);
	else
		scale = json_copy(c->a, s->sent);
	if (scale)
		managed_update(c, &s->view, "scale", old, scale);
	return scale;
}

static bool scale_check(struct update *u, const struct json *scale, int64_t *replicas,
			struct status *st)
{
	const struct json *r = json_path(scale, "spec.replicas");
	struct field_errors e = FIELD_ERRORS_INIT;
	const char *rv = meta_rv(scale), *uid = meta_uid(scale);
	char text[24];

	if (*uid && strcmp(uid, meta_uid(u->old)))
		return status_conflict(
			st, &u->k->subject, u->name,
			"Precondition failed: UID in precondition: %s, UID in object meta: %s", uid,
			meta_uid(u->old));
	if (*rv && strcmp(rv, "0") && strcmp(rv, meta_rv(u->old)))
		return status_modified(st, &u->k->subject, u->name);
	*replicas = 0;
	if (r && !json_int(r, replicas))
		return status_bad_request(
			st,
			"Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32");
	snprintf(text, sizeof text, "%lld", (long long)*replicas);
	if (*replicas < 0)
		field_error(&e, FIELD_INVALID, "spec.replicas", text,
			    "must be greater than or equal to 0");
	return status_invalid(st, &scale_subject, u->name, &e);
}

/* Webhooks and policies see a Scale, not the object that is written for it: mutating ones the Scale that was
 * sent, validating ones what it comes to. */
static bool scale_admit(struct update *u, const struct json *old, struct json **scale, bool final,
			struct status *st)
{
	static const struct admit_type type = { "autoscaling", "v1", "Scale" };
	struct scaling *s = u->arg;
	struct admission ad = { .c = u->c,
				.k = u->k,
				.op = ADMIT_UPDATE,
				.sub = "scale",
				.ns = kind_ns(u->k, u->ns),
				.name = u->name,
				.o = *scale,
				.old = old,
				.as = &type };
	bool ok;

	if (!*scale)
		return false;
	u->c->inner = s->inner;
	ok = final ? admission_validate(&ad, st) : admission_mutate(&ad, st);
	u->c->inner = true;
	*scale = ad.o;
	return ok;
}

static bool scale_produce(struct update *u, struct status *st)
{
	struct scaling *s = u->arg;
	struct arena *a = u->c->a;
	const char *path = u->k->scale_paths[PATH_SPEC];
	const char *last = strrchr(path, '.');
	struct json *old = scale_make(u->c, u->k, u->old, st), *scale, *parent, *list;
	int64_t replicas;

	if (!old)
		return false;
	list = managed_to_scale(u->c, u->k, u->old);
	if (list)
		json_set(a, json_get(old, "metadata"), "managedFields", list);
	scale = scale_next(u->c, s, old, st);
	if (!scale || !scale_admit(u, old, &scale, false, st) ||
	    !scale_check(u, scale, &replicas, st))
		return false;
	parent = u->o = json_copy(a, u->old);
	if (last)
		parent = json_make_path(a, u->o, arena_dup(a, path, (size_t)(last - path)));
	json_set_int(a, parent, last ? last + 1 : path, replicas);
	list = managed_from_scale(u->c, u->k, u->old, json_path(scale, "metadata.managedFields"));
	json_del(json_get(u->o, "metadata"), "managedFields");
	if (list)
		json_set(a, json_get(u->o, "metadata"), "managedFields", list);
	scale = scale_make(u->c, u->k, u->o, st);
	return scale_admit(u, old, &scale, true, st);
}

struct json *api_scale_update(struct call *c, const struct kind *k, const char *ns,
			      const char *name, const struct json *scale, enum patch_type type,
			      bool is_patch, bool force, struct status *st)
{
	struct scaling s = {
		.sent = scale, .type = type, .is_patch = is_patch, .force = force, .inner = c->inner
	};
	struct update u = { .c = c,
			    .k = k,
			    .ns = ns,
			    .name = name,
			    .produce = scale_produce,
			    .managed = true,
			    .arg = &s };
	const char *own = meta_name(scale);
	const struct obj *o;

	if (!(k->subs & SUB_SCALE) || !k->scale_paths) {
		status_no_route(st);
		return NULL;
	}
	if (!is_patch && *own && strcmp(own, name)) {
		status_bad_request(
			st, "the name of the object (%s) does not match the name on the URL (%s)",
			own, name);
		return NULL;
	}
	scaling_open(&s);
	c->inner = true;
	o = update_run(&u, st);
	c->inner = s.inner;
	return o ? scale_make(c, k, obj_tree(c->a, o), st) : NULL;
}
