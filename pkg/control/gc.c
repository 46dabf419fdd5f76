/*
 * garbage-collector: deletes what has lost its owners, and carries out foreground and orphan deletion.
 *
 * The only state is an index from an owner's uid to its dependents, kept by the feed from the frozen headers.
 * A reconcile looks at one object at its present state: terminating with the finalizer `orphan` or
 * `foregroundDeletion`, or dependent of owners that may be gone.  An owner counts as gone only if the live
 * object at its name is missing or has another uid.  The index is made by the feed, a little behind the
 * objects: before its silence counts (nothing left to orphan, nobody blocks), it must have reached the
 * revision of the owner at hand.
 * k8s: pkg/controller/garbagecollector/{garbagecollector,graph_builder}.go.
 */
#include "control/control.h"
#include "control/dependents.h"

#include "base/arena.h"
#include "base/log.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <string.h>

#define UNSERVED_MS 30000
#define CATCH_UP_MS 2
#define KEY_MAX 1000

/* An object's queue key: namespace, and "apiVersion|Kind|name". */
static void enqueue_object(struct enqueue *q, const struct kind *k, const char *ns, const char *name)
{
	char text[KEY_MAX], av[128];

	snprintf(text, sizeof text, "%s|%s|%s", kind_api_version(k, av), k->subject.kind, name);
	enqueue_key(q, ns, text);
}

static const struct kind *parse_key(struct task *t, const char *text, const char **name)
{
	char *copy = arena_strdup(t->call.a, text), *kind = strchr(copy, '|'), *n;

	if (!kind)
		return NULL;
	*kind++ = '\0';
	n = strchr(kind, '|');
	if (!n)
		return NULL;
	*n++ = '\0';
	*name = n;
	return kinds_by_api_version(api_kinds(t->call.api), copy, kind);
}

/* ---- owners ---- */

enum owner_state { OWNER_SOLID, OWNER_GONE, OWNER_WAITING };

static bool has_finalizer(struct task *t, const struct obj *o, const char *f)
{
	return o->finalizers && meta_has_finalizer(obj_tree(t->call.a, o), f);
}

static enum owner_state owner_state(struct task *t, const struct kind *k, const struct obj *o,
				    const struct owner *ref, struct result *out)
{
	const struct kind *ok =
		kinds_by_api_version(api_kinds(t->call.api), ref->api_version, ref->kind);
	const struct obj *owner;

	if (!ok || ok->virtual_only) {
		/* Its kind may come (back): nothing is deleted on a guess. */
		out->after_ms = UNSERVED_MS;
		return OWNER_SOLID;
	}
	if (ok->namespaced && !k->namespaced)
		return OWNER_SOLID; /* an invalid reference proves nothing */
	owner = api_get(&t->call, ok, ok->namespaced ? o->ns : "", ref->name, NULL);
	if (!owner || strcmp(owner->uid, ref->uid))
		return OWNER_GONE;
	if (owner->deleted_s && has_finalizer(t, owner, "foregroundDeletion"))
		return OWNER_WAITING;
	return OWNER_SOLID;
}

struct refs {
	const char **drop; /* uids of references to remove */
	size_t n;
};

static bool drop_refs(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct refs *r = arg;
	struct json *list = json_path(o, "metadata.ownerReferences"), *next;
	bool changed = false;

	(void)c;
	(void)st;
	for (struct json *ref = json_first(list); ref; ref = next) {
		next = json_next(ref);
		for (size_t i = 0; i < r->n; i++) {
			if (strcmp(json_path_str(ref, "uid"), r->drop[i]))
				continue;
			json_detach(list, ref);
			changed = true;
			break;
		}
	}
	if (changed && !json_count(list))
		json_del(json_get(o, "metadata"), "ownerReferences");
	return changed;
}

/* No owner of the object waits for it any more. */
static bool unblock(struct call *c, struct json *o, void *arg, struct status *st)
{
	bool changed = false;

	(void)arg;
	(void)st;
	json_each(ref, json_path(o, "metadata.ownerReferences")) {
		if (!json_path_bool(ref, "blockOwnerDeletion", false))
			continue;
		json_set_bool(c->a, ref, "blockOwnerDeletion", false);
		changed = true;
	}
	return changed;
}

static bool ignore_missing(const struct obj *o, struct status *err, struct status *st)
{
	if (o || status_is(err, "NotFound"))
		return true;
	status_move(st, err);
	return false;
}

static bool remove_refs(struct task *t, const struct kind *k, const char *ns, const char *name,
			struct refs *r, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	return ignore_missing(api_change(&t->call, k, NULL, ns, name, drop_refs, r, &err), &err, st);
}

/* A dependent in foreground deletion that waits for its own owners' owner closes a circle. */
static bool break_circle(struct task *t, const struct kind *k, const struct obj *o, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	size_t n;
	struct dependent *d = dependents_of(t->state, t->call.a, o->uid, &n);

	for (size_t i = 0; i < n; i++) {
		const struct obj *dep = api_get(&t->call, d[i].kind, d[i].ns, d[i].name, NULL);

		if (!dep || !dep->deleted_s || !has_finalizer(t, dep, "foregroundDeletion"))
			continue;
		return ignore_missing(
			api_change(&t->call, k, NULL, o->ns, o->name, unblock, NULL, &err), &err, st);
	}
	return true;
}

/* The revision is a condition, so that references changed meanwhile are looked at again. */
static bool delete_dependent(struct task *t, const struct kind *k, const struct obj *o,
			     bool waiting, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct delete_options how = { .grace_s = -1,
				      .uid = o->uid,
				      .propagation = PROPAGATE_BACKGROUND };
	bool gone;

	waiting = waiting && dependents_count(t->state, o->uid);
	if (waiting) {
		if (!break_circle(t, k, o, st))
			return false;
		o = api_get(&t->call, k, o->ns, o->name, NULL);
		if (!o || strcmp(o->uid, how.uid))
			return true;
	}
	how.rv = arena_printf(t->call.a, "%lld", (long long)o->rev);
	if (has_finalizer(t, o, "orphan"))
		how.propagation = PROPAGATE_ORPHAN;
	else if (has_finalizer(t, o, "foregroundDeletion") || waiting)
		how.propagation = PROPAGATE_FOREGROUND;
	return ignore_missing(api_delete(&t->call, k, o->ns, o->name, &how, &gone, &err), &err, st);
}

static bool collect(struct task *t, const struct kind *k, const struct obj *o, struct result *out,
		    struct status *st)
{
	struct refs bad = { arena_alloc(t->call.a, (o->nowners + 1) * sizeof(char *)), 0 };
	size_t solid = 0, waiting = 0;

	if (o->deleted_s)
		return true;
	for (uint32_t i = 0; i < o->nowners; i++) {
		enum owner_state s = owner_state(t, k, o, &o->owners[i], out);

		solid += s == OWNER_SOLID;
		waiting += s == OWNER_WAITING;
		if (s != OWNER_SOLID)
			bad.drop[bad.n++] = o->owners[i].uid;
	}
	if (!bad.n)
		return true;
	if (solid)
		return remove_refs(t, k, o->ns, o->name, &bad, st);
	return delete_dependent(t, k, o, waiting > 0, st);
}

/* ---- terminating owners ---- */

static bool drop_finalizer(struct call *c, struct json *o, void *arg, struct status *st)
{
	(void)st;
	if (!meta_has_finalizer(o, arg))
		return false;
	meta_del_finalizer(c->a, o, arg);
	return true;
}

static bool release(struct task *t, const struct kind *k, const struct obj *o, const char *f,
		    struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	return ignore_missing(api_change(&t->call, k, NULL, o->ns, o->name, drop_finalizer,
					 arena_strdup(t->call.a, f), &err),
			      &err, st);
}

static bool orphan(struct task *t, const struct kind *k, const struct obj *o, struct status *st)
{
	struct refs self = { &(const char *){ o->uid }, 1 };
	size_t n;
	struct dependent *d = dependents_of(t->state, t->call.a, o->uid, &n);

	for (size_t i = 0; i < n; i++)
		if (!remove_refs(t, d[i].kind, d[i].ns, d[i].name, &self, st))
			return false;
	return release(t, k, o, "orphan", st);
}

static bool foreground(struct task *t, const struct kind *k, const struct obj *o,
		       struct result *out, struct status *st)
{
	size_t n, blocking = 0;
	struct dependent *d = dependents_of(t->state, t->call.a, o->uid, &n);

	for (size_t i = 0; i < n; i++) {
		const struct obj *dep = api_get(&t->call, d[i].kind, d[i].ns, d[i].name, NULL);

		if (!dep || strcmp(dep->uid, d[i].uid))
			continue;
		blocking += d[i].block;
		if (!collect(t, d[i].kind, dep, out, st))
			return false;
	}
	/* The dependents' last events bring the owner back here. */
	return blocking ? true : release(t, k, o, "foregroundDeletion", st);
}

static bool gc_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const char *name;
	const struct kind *k = parse_key(t, key.name, &name);
	const struct obj *o = k ? api_get(&t->call, k, key.ns, name, NULL) : NULL;

	if (!o)
		return true;
	if (o->deleted_s && runtime_seen(t->rt) < o->rev) {
		out->after_ms = CATCH_UP_MS;
		return true;
	}
	if (o->deleted_s && has_finalizer(t, o, "orphan"))
		return orphan(t, k, o, st);
	if (o->deleted_s && has_finalizer(t, o, "foregroundDeletion"))
		return foreground(t, k, o, out, st);
	return !o->nowners || collect(t, k, o, out, st);
}

/* ---- the index ---- */

static void enqueue_dependent(void *arg, const struct dependent *d)
{
	enqueue_object(arg, d->kind, d->ns, d->name);
}

/* Owners that may be waiting for this dependent in a foreground deletion. */
static void enqueue_owners(struct enqueue *q, const struct obj *o)
{
	char text[KEY_MAX];

	for (uint32_t i = 0; i < o->nowners; i++) {
		const struct owner *w = &o->owners[i];

		if (!w->block)
			continue;
		snprintf(text, sizeof text, "%s|%s|%s", w->api_version, w->kind, w->name);
		enqueue_key(q, o->ns, text);
		if (*o->ns)
			enqueue_key(q, "", text); /* a cluster-scoped owner */
	}
}

static bool same_owners(const struct obj *x, const struct obj *y)
{
	if (x->nowners != y->nowners)
		return false;
	for (uint32_t i = 0; i < x->nowners; i++)
		if (strcmp(x->owners[i].uid, y->owners[i].uid) ||
		    x->owners[i].block != y->owners[i].block ||
		    strcmp(x->owners[i].name, y->owners[i].name) ||
		    strcmp(x->owners[i].kind, y->owners[i].kind) ||
		    strcmp(x->owners[i].api_version, y->owners[i].api_version))
			return false;
	return true;
}

static void map_any(struct enqueue *q, void *state, const struct kind *k, const struct event *ev)
{
	const struct obj *o = ev->obj;

	dependents_note(state, k, ev);
	if (ev->type == EVENT_DELETED) {
		dependents_each(state, o->uid, enqueue_dependent, q);
		if (o->nowners)
			enqueue_owners(q, o);
		return;
	}
	if (o->deleted_s && o->finalizers)
		enqueue_object(q, k, o->ns, o->name);
	if (ev->prev && same_owners(ev->prev, o))
		return;
	if (ev->prev)
		enqueue_owners(q, ev->prev); /* one that no longer waits for this object */
	if (o->nowners)
		enqueue_object(q, k, o->ns, o->name);
}

static void *gc_start(struct runtime *rt, void *arg)
{
	(void)rt;
	(void)arg;
	return dependents_new();
}

static void gc_stop(void *state)
{
	struct dependents *d = state;

	dependents_free(&d);
}

const struct controller gc_controller = {
	.name = "garbage-collector",
	.map_all = map_any,
	.reconcile = gc_reconcile,
	.workers = 4,
	.start = gc_start,
	.stop = gc_stop,
};
