/*
 * apply: PATCH application/apply-patch+yaml.
 *
 * The configuration is merged as it was sent; only the outcome is cleaned and defaulted, like any object
 * that comes in.  What does not exist is created from the configuration alone.  An object without managers
 * gets one for all it has, before-first-apply.
 * k8s: apiserver/pkg/endpoints/handlers/patch.go applyPatcher, managedfields/internal/{fieldmanager,
 * skipnonapplied,versioncheck,lastappliedupdater}.go.
 */
#include "api/core.h"
#include "api/managed.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define ROUNDS 8 /* between created and deleted by others */

static const char last_applied[] = "kubectl.kubernetes.io/last-applied-configuration";

struct applying {
	const struct json *config;
	bool force;
};

static bool apply_type_check(const struct ownership *w, const struct json *config, struct status *st)
{
	const char *version = json_str(json_get(config, "apiVersion"));
	const char *kind = json_str(json_get(config, "kind"));

	if (!strcmp(version, w->version) && !strcmp(kind, w->k->subject.kind))
		return true;
	return status_bad_request(st, "invalid object type: %s%s, Kind=%s",
				  strchr(version, '/') ? "" : "/", version, kind);
}

/* ---- the annotation of client-side apply, as long as kubectl keeps it ---- */

static struct json *sorted(struct arena *a, const struct json *v);

static void sorted_members(struct arena *a, const struct json *v, struct json *out)
{
	json_each(m, v) {
		struct json *before = json_first(out), *copy = sorted(a, m);

		while (before && strcmp(json_name(before), json_name(m)) < 0)
			before = json_next(before);
		json_add(a, out, json_name(m), copy);
		if (before) {
			json_detach(out, copy);
			json_insert(out, before, copy);
		}
	}
}

/* A copy with members in order of their names, as Go prints a map. */
static struct json *sorted(struct arena *a, const struct json *v)
{
	struct json *out;

	if (json_is_object(v)) {
		out = json_object(a);
		sorted_members(a, v, out);
		return out;
	}
	if (!json_is_array(v))
		return json_copy(a, v);
	out = json_array(a);
	json_each(m, v)
		json_append(out, sorted(a, m));
	return out;
}

static void annotation_follow(struct arena *a, const struct json *config, struct json *o)
{
	const char *have = meta_annotation(o, last_applied);
	struct json *copy;

	if (!have || !*have)
		return;
	copy = sorted(a, config);
	json_del(json_path(copy, "metadata.annotations"), last_applied);
	meta_set_annotation(a, o, last_applied, arena_printf(a, "%s\n", json_text(a, copy)));
}

/* ---- the object that comes of it ---- */

static void managers_open(struct ownership *w)
{
	const struct json *list = json_path(w->live, "metadata.managedFields");
	struct ownership first;

	if (managed_parse(w->c->a, list, &w->managed))
		w->managed.n = 0;
	if (w->managed.n || !w->live)
		return;
	ownership_open(&first, w->c, w->k, w->sub, NULL);
	ownership_claim(&first, w->live, "before-first-apply");
	w->managed = first.managed;
}

/* Upstream decodes the merged object as it decodes any. */
static bool merged_clean(struct call *c, const struct kind *k, struct json *o, struct status *st)
{
	STATUS_AUTO struct status bad = STATUS_INIT;
	enum field_validation strictness = c->validation;
	char version[128];
	const char *kind = k->subject.kind;
	bool ok;

	c->validation = VALIDATION_IGNORE; /* the schema has been looked at */
	ok = body_clean(c, k, o, NULL, &bad);
	c->validation = strictness;
	kind_api_version(k, version);
	return ok ||
	       status_plain_error(
		       st,
		       "failed to convert new object (%s/%s; %s, Kind=%s) to proper version: unable to convert unstructured object to %s, Kind=%s: %s",
		       meta_ns(o), meta_name(o), version, kind, version, kind,
		       bad.message ? bad.message : "");
}

struct json *apply_merge(struct call *c, const struct kind *k, const char *sub,
			 const struct json *live, const struct json *config, bool force,
			 struct status *st)
{
	struct json *o, *list;
	struct ownership w;
	bool changed;

	ownership_open(&w, c, k, sub, live);
	if (!apply_type_check(&w, config, st))
		return NULL;
	managers_open(&w);
	if (json_is_array(json_path(config, "metadata.managedFields"))) {
		status_bad_request(st, "metadata.managedFields must be nil");
		return NULL;
	}
	o = managed_apply(&w, config, c->manager, force, &changed, st);
	if (!o || !merged_clean(c, k, o, st))
		return NULL;
	json_del(json_get(o, "metadata"), "managedFields");
	if (!strcmp(c->manager, "kubectl"))
		annotation_follow(c->a, config, o);
	list = managed_tree(&w.managed);
	if (list)
		json_set(c->a, json_get(o, "metadata"), "managedFields", list);
	return o;
}

static bool apply_name_check(const struct json *o, const char *name, struct status *st)
{
	const char *own = meta_name(o);

	if (!*own)
		return status_bad_request(
			st,
			"the name of the object (%s based on URL) was undeterminable: name must be provided",
			name);
	if (!strcmp(own, name))
		return true;
	return status_bad_request(
		st, "the name of the object (%s) does not match the name on the URL (%s)", own, name);
}

static bool apply_produce(struct update *u, struct status *st)
{
	const struct applying *ap = u->arg;

	u->o = apply_merge(u->c, u->k, u->sub, u->old, ap->config, ap->force, st);
	return u->o && body_place(u->k, u->ns, u->o, st) && apply_name_check(u->o, u->name, st);
}

static const struct obj *apply_create(struct update *u, struct status *st)
{
	const struct applying *ap = u->arg;
	struct json *o = apply_merge(u->c, u->k, u->sub, NULL, ap->config, ap->force, st);

	if (!o)
		return NULL;
	if (*meta_uid(o)) {
		status_conflict(
			st, &u->k->subject, u->name,
			"uid mismatch: the provided object specified uid %s, and no existing object was found",
			meta_uid(o));
		return NULL;
	}
	if (!body_place(u->k, u->ns, o, st) || !apply_name_check(o, u->name, st) ||
	    !create_allowed(u->c, u->k, u->ns, u->name, st))
		return NULL;
	json_del(json_get(o, "metadata"), "resourceVersion");
	return create_managed(u->c, u->k, u->ns, o, st);
}

static bool apply_missing(struct update *u)
{
	const struct obj *cur = store_get(api_table(u->c->api, u->k), u->ns, u->name);

	obj_unref(cur);
	return !cur;
}

const struct obj *api_apply(struct call *c, const struct kind *k, const char *sub, const char *ns,
			    const char *name, const struct json *config, bool force, bool *created,
			    struct status *st)
{
	struct applying ap = { config, force };
	struct update u = { .c = c,
			    .k = k,
			    .sub = sub,
			    .ns = kind_ns(k, ns),
			    .name = name,
			    .produce = apply_produce,
			    .managed = true,
			    .arg = &ap };

	for (int i = 0; i < ROUNDS; i++) {
		STATUS_AUTO struct status why = STATUS_INIT;
		bool creates = !sub && apply_missing(&u);
		const struct obj *o = creates ? apply_create(&u, &why) : update_run(&u, &why);

		*created = o && creates;
		if (o ||
		    (i + 1 < ROUNDS && !status_is(&why, creates ? "AlreadyExists" : "NotFound")) ||
		    (sub && !creates)) {
			if (st && !o)
				status_move(st, &why);
			return o;
		}
	}
	status_modified(st, &k->subject, name);
	return NULL;
}
