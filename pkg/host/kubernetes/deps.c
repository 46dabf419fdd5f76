/*
 * deps: ConfigMaps and Secrets that host pods need, and the service environment of a namespace.
 *
 * One way, virtual to host; the host's edits are overwritten.  An object is on the host iff some live virtual
 * pod refers to it or it asks for it by annotation; what is needed is pushed right before the pod is made, what
 * is no longer needed goes a minute after the last reference.  Whether a push is due is told by the digest in
 * the host object's annotation, so that a restart pushes nothing.
 */
#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/refs.h"
#include "host/kubernetes/remote.h"
#include "host/kubernetes/svcenv.h"
#include "host/kubernetes/sync.h"
#include "host/kubernetes/translate.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <string.h>

#define LINGER_MS 60000
#define FORCE_SYNC PFX "/force-sync"

struct dep {
	const char *resource; /* on the host: "configmaps" or "secrets" */
	const char *map_kind; /* as it enters the name: "configmaps", "secrets", "svcenv" */
	const char *vns, *vname;
	char hname[HOST_NAME_MAX];
};

static struct dep dep_of(struct host *h, const char *map_kind, const char *vns, const char *vname)
{
	struct dep d = { strcmp(map_kind, "secrets") ? "configmaps" : "secrets", map_kind, vns,
			 vname, "" };

	names_map(h->names, map_kind, vns, vname, d.hname);
	return d;
}

static struct mirror *mirror_of(struct host *h, const struct dep *d)
{
	return !strcmp(d->resource, "secrets") ? h->secrets : h->configmaps;
}

static const struct kind *kind_of(struct call *c, const struct dep *d)
{
	return kinds_by_resource(api_kinds(c->api), "", "v1", d->resource);
}

/* ---- what it should look like ---- */

static struct json *copy_of(struct host *h, struct call *c, const struct dep *d, const struct obj *v)
{
	static const char *const members[] = { "data", "binaryData", "immutable", "type" };
	const struct json *tree = obj_tree(c->a, v);
	struct json *o = json_object(c->a);

	json_set_str(c->a, o, "apiVersion", "v1");
	json_set_str(c->a, o, "kind", strcmp(d->resource, "secrets") ? "ConfigMap" : "Secret");
	json_set(c->a, o, "metadata",
		 host_metadata(h, c->a, d->map_kind, d->vns, d->vname, tree, false));
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const struct json *m = json_get(tree, members[i]);

		if (m)
			json_set(c->a, o, members[i], json_copy(c->a, m));
	}
	/* The host's token controller would fill or delete its own kind of Secret. */
	if (!strcmp(json_path_str(o, "type"), "kubernetes.io/service-account-token"))
		json_set_str(c->a, o, "type", "Opaque");
	host_stamp(c->a, o);
	return o;
}

static struct json *environment(struct host *h, struct call *c, const struct dep *d)
{
	struct json *o = json_object(c->a);

	json_set_str(c->a, o, "apiVersion", "v1");
	json_set_str(c->a, o, "kind", "ConfigMap");
	json_set(c->a, o, "metadata",
		 host_metadata(h, c->a, d->map_kind, d->vns, d->vname, NULL, false));
	json_set(c->a, o, "data", svcenv(h, c, d->vns, !strcmp(d->vname, "links")));
	host_stamp(c->a, o);
	return o;
}

/* NULL: it does not exist (any more). */
static struct json *desired(struct host *h, struct call *c, const struct dep *d)
{
	const struct obj *v;

	if (!strcmp(d->map_kind, KIND_SVCENV))
		return environment(h, c, d);
	v = api_get(c, kind_of(c, d), d->vns, d->vname, NULL);
	return v && !v->deleted_s ? copy_of(h, c, d, v) : NULL;
}

/* ---- pushing ---- */

static bool replace(struct host *h, struct call *c, const struct dep *d, struct json *want,
		    const struct obj *have, struct status *st)
{
	const char *path = remote_path(h, c->a, "api/v1", d->resource, d->hname, NULL);
	const struct json *tree = obj_tree(c->a, have);

	/* Immutable data and another type cannot be updated: only a new object can carry them. */
	if (json_path_bool(tree, "immutable", false) ||
	    strcmp(json_path_str(tree, "type"), json_path_str(want, "type")))
		return remote_delete(h, c->a, path, have->uid, -1, st) &&
		       remote_create(h, c->a, remote_path(h, c->a, "api/v1", d->resource, NULL, NULL),
				     want, NULL, st);
	return remote_update(h, c->a, path, want, NULL, st);
}

static bool create(struct host *h, struct call *c, const struct dep *d, struct json *want,
		   struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const char *one = remote_path(h, c->a, "api/v1", d->resource, d->hname, NULL);

	if (remote_create(h, c->a, remote_path(h, c->a, "api/v1", d->resource, NULL, NULL), want,
			  NULL, &err))
		return true;
	/* Made moments ago and not yet seen by the mirror: what it holds is ours to set. */
	if (status_is(&err, "AlreadyExists"))
		return remote_update(h, c->a, one, want, NULL, st);
	status_move(st, &err);
	return false;
}

static bool push(struct host *h, struct call *c, const struct dep *d, struct status *st)
{
	struct json *want = desired(h, c, d);
	const struct obj *have;

	if (!want)
		return true;
	have = mirror_get(mirror_of(h, d), d->hname);
	if (!have)
		return create(h, c, d, want, st);
	obj_give(c->a, have);
	if (!strcmp(host_annotation(c->a, have, ANNOTATION_APPLIED), host_applied(want)))
		return true;
	return replace(h, c, d, want, have, st);
}

struct ensure {
	struct host *h;
	struct call *c;
	const char *vns;
	struct status *st;
	bool ok;
};

static void ensure_ref(void *arg, const char *kind, struct json *ref, const char *key)
{
	struct ensure *e = arg;
	struct dep d = dep_of(e->h, kind, e->vns, json_str(json_get(ref, key)));

	e->ok = e->ok && push(e->h, e->c, &d, e->st);
}

bool deps_ensure(struct host *h, struct call *c, const char *vns, struct json *spec, struct status *st)
{
	struct ensure e = { h, c, vns, st, true };
	bool links = json_path_bool(spec, "enableServiceLinks", true);
	struct dep env = dep_of(h, KIND_SVCENV, vns, links ? "links" : "plain");

	refs_each(spec, ensure_ref, &e);
	return e.ok && push(h, c, &env, st);
}

/* ---- letting go ---- */

struct release {
	struct host *h;
	const char *vns;
};

static void release_ref(void *arg, const char *kind, struct json *ref, const char *key)
{
	const struct release *r = arg;
	char name[400];

	snprintf(name, sizeof name, "%s/%s", kind, json_str(json_get(ref, key)));
	if (r->h->rt)
		runtime_enqueue(r->h->rt, &kube_deps, r->vns, name, LINGER_MS);
}

void deps_release(struct host *h, const char *vns, struct json *spec)
{
	struct release r = { h, vns };
	bool links = json_path_bool(spec, "enableServiceLinks", true);

	refs_each(spec, release_ref, &r);
	if (h->rt)
		runtime_enqueue(h->rt, &kube_deps, vns, links ? "svcenv/links" : "svcenv/plain",
				LINGER_MS);
}

struct search {
	struct arena *a;
	const struct dep *d;
	struct host *h;
	bool found;
};

static void match_ref(void *arg, const char *kind, struct json *ref, const char *key)
{
	struct search *s = arg;

	if (!strcmp(kind, s->d->map_kind) && !strcmp(json_str(json_get(ref, key)), s->d->vname))
		s->found = true;
}

static bool refers(const struct obj *pod, void *arg)
{
	struct search *s = arg;
	struct json *spec;

	if (s->found)
		return false;
	spec = json_get(obj_tree(s->a, pod), "spec");
	if (!strcmp(s->d->map_kind, KIND_SVCENV))
		s->found = json_path_bool(spec, "enableServiceLinks", true) ==
			   !strcmp(s->d->vname, "links");
	else
		refs_each(spec, match_ref, s);
	return false;
}

/* Does any virtual pod of the namespace refer to it, or does it ask for itself? */
static bool needed(struct host *h, struct call *c, const struct dep *d)
{
	const struct kind *pods = kinds_by_resource(api_kinds(c->api), "", "v1", "pods");
	struct search s = { c->a, d, h, false };
	struct store_list l;
	const struct obj *v;
	const char *force;

	if (strcmp(d->map_kind, KIND_SVCENV)) {
		v = api_get(c, kind_of(c, d), d->vns, d->vname, NULL);
		force = v ? meta_annotation(obj_tree(c->a, v), FORCE_SYNC) : NULL;
		if (force && !strcmp(force, "true"))
			return true;
	}
	store_list(api_table(c->api, pods), d->vns, NULL, NULL, 0, refers, &s, &l);
	store_list_free(&l);
	return s.found;
}

static bool drop(struct host *h, struct call *c, const struct dep *d, struct status *st)
{
	const struct obj *have = mirror_get(mirror_of(h, d), d->hname);

	if (!have)
		return true;
	obj_give(c->a, have);
	if (!host_ours(h, c->a, have, d->map_kind))
		return true;
	return remote_delete(h, c->a, remote_path(h, c->a, "api/v1", d->resource, d->hname, NULL),
			     have->uid, -1, st);
}

static bool deps_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct host *h = t->state;
	const char *slash = strchr(key.name, '/');
	struct dep d;

	(void)out;
	if (!slash || !mirror_synced(h->configmaps) || !mirror_synced(h->secrets)) {
		out->after_ms = slash ? 1000 : 0;
		return true;
	}
	d = dep_of(h, arena_dup(t->call.a, key.name, (size_t)(slash - key.name)), key.ns, slash + 1);
	if (strcmp(d.map_kind, KIND_SVCENV) &&
	    !api_get(&t->call, kind_of(&t->call, &d), d.vns, d.vname, NULL))
		return drop(h, &t->call, &d, st);
	return needed(h, &t->call, &d) ? push(h, &t->call, &d, st) : drop(h, &t->call, &d, st);
}

/* ---- changes inside ---- */

static void map_change(struct enqueue *q, void *state, const struct controller_watch *w,
		       const struct event *ev)
{
	char name[400];

	(void)state;
	if (!strcmp(w->kind, "Service")) {
		enqueue_key(q, ev->obj->ns, "svcenv/links");
		return;
	}
	snprintf(name, sizeof name, "%s/%s", strcmp(w->kind, "Secret") ? "configmaps" : "secrets",
		 ev->obj->name);
	enqueue_key(q, ev->obj->ns, name);
}

const struct controller kube_deps = {
	.name = "host-dependencies",
	.manager = "host-dependencies",
	.watch = { { "v1", "ConfigMap", NULL }, { "v1", "Secret", NULL }, { "v1", "Service", NULL } },
	.map_state = map_change,
	.reconcile = deps_reconcile,
	.workers = 2,
	.start = kube_start,
};
