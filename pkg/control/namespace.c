/*
 * namespace: empties a terminating namespace, then lets it go.
 *
 * Pods go first and must be gone before anything they may need is taken away; then every other kind.  What
 * remains (grace periods, finalizers) is told in conditions; a remaining pod's end brings the namespace back
 * here, for other leftovers it looks again after a while.
 * k8s: pkg/controller/namespace/deletion/namespaced_resources_deleter.go.
 */
#include "control/control.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define LOOK_AGAIN_MS 2000

struct emptying {
	struct task *t;
	const struct obj *ns;
	struct buf remaining, finalizers; /* texts of the conditions */
	struct buf failures;
	bool left;
};

static bool belongs(const struct kind *k)
{
	return k->namespaced && !k->storage && !k->virtual_only && (k->verbs & VERB_DELETE) &&
	       (k->verbs & VERB_LIST);
}

/* Append `pods. has 2 resource instances`. */
static void note_remaining(struct emptying *e, const struct kind *k, const struct list_result *l)
{
	size_t held = 0;

	for (size_t i = 0; i < l->n; i++)
		held += l->items[i]->finalizers;
	buf_addf(&e->remaining, "%s%s.%s has %zu resource instances", e->remaining.len ? ", " : "",
		 k->subject.resource, k->subject.group, l->n);
	if (held)
		json_each(f, json_path(obj_tree(e->t->call.a, l->items[0]), "metadata.finalizers"))
			buf_addf(&e->finalizers, "%s%s in %zu resource instances",
				 e->finalizers.len ? ", " : "", json_str(f), held);
	e->left = true;
}

static void empty_kind(struct emptying *e, const struct kind *k)
{
	struct delete_options how = { .grace_s = -1, .propagation = PROPAGATE_BACKGROUND };
	struct list_options all = { 0 };
	struct list_result l;
	STATUS_AUTO struct status err = STATUS_INIT;
	struct call *c = &e->t->call;

	if (!table_count(api_table(c->api, k)))
		return;
	if (!api_delete_collection(c, k, e->ns->name, &all, &how, &l, &err) ||
	    !api_list(c, k, e->ns->name, &all, &l, &err)) {
		buf_addf(&e->failures, "%s%s", e->failures.len ? ", " : "", err.message);
		e->left = true;
		return;
	}
	if (l.n)
		note_remaining(e, k, &l);
}

static void empty_all(struct emptying *e)
{
	struct kinds *ks = api_kinds(e->t->call.api);
	const struct kind *pods = kinds_by_resource(ks, "", "v1", "pods"), *k;
	size_t it = 0;

	empty_kind(e, pods);
	if (e->left)
		return;
	while ((k = kinds_next(ks, &it)))
		if (belongs(k) && k != pods)
			empty_kind(e, k);
}

static void condition(struct emptying *e, struct json *o, const char *type, const char *text,
		      const char *bad, const char *good, const char *fine)
{
	meta_set_condition(e->t->call.a, o, type, text ? "True" : "False", text ? bad : good,
			   text ? text : fine, false);
}

static bool tell(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct emptying *e = arg;
	const struct json *before = json_copy(c->a, json_get(o, "status"));
	const char *remaining = NULL, *finalizers = NULL, *failures = NULL;

	(void)st;
	if (e->remaining.len)
		remaining = arena_printf(c->a, "Some resources are remaining: %s", e->remaining.p);
	if (e->finalizers.len)
		finalizers = arena_printf(
			c->a, "Some content in the namespace has finalizers remaining: %s",
			e->finalizers.p);
	if (e->failures.len)
		failures = arena_printf(c->a, "Failed to delete all resource types, 1 remaining: %s",
					e->failures.p);
	condition(e, o, "NamespaceDeletionDiscoveryFailure", NULL, "", "ResourcesDiscovered",
		  "All resources successfully discovered");
	condition(e, o, "NamespaceDeletionGroupVersionParsingFailure", NULL, "",
		  "ParsedGroupVersions", "All legacy kube types successfully parsed");
	condition(e, o, "NamespaceDeletionContentFailure", failures, "ContentDeletionFailed",
		  "ContentDeleted",
		  "All content successfully deleted, may be waiting on finalization");
	condition(e, o, "NamespaceContentRemaining", remaining, "SomeResourcesRemain",
		  "ContentRemoved", "All content successfully removed");
	condition(e, o, "NamespaceFinalizersRemaining", finalizers, "SomeFinalizersRemain",
		  "ContentHasNoFinalizers", "All content-preserving finalizers finished");
	return !json_equal(before, json_get(o, "status"));
}

static bool finalize(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct json *list = json_path(o, "spec.finalizers");

	(void)c;
	(void)arg;
	(void)st;
	json_each(f, list) {
		if (!strcmp(json_str(f), "kubernetes")) {
			json_detach(list, f);
			return true;
		}
	}
	return false;
}

/* Gone meanwhile is what we wanted. */
static bool write(struct emptying *e, const struct kind *k, const char *sub, change_fn fn,
		  struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	if (api_change(&e->t->call, k, sub, "", e->ns->name, fn, e, &err) ||
	    status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}

static bool namespace_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "", "v1", "namespaces");
	struct emptying e = { .t = t, .ns = api_get(&t->call, k, "", key.name, NULL) };
	bool ok;

	if (!e.ns || !e.ns->deleted_s)
		return true;
	empty_all(&e);
	ok = write(&e, k, "status", tell, st);
	if (ok && !e.left)
		ok = write(&e, k, "finalize", finalize, st);
	out->after_ms = e.left ? LOOK_AGAIN_MS : 0;
	buf_free(&e.remaining);
	buf_free(&e.finalizers);
	buf_free(&e.failures);
	return ok;
}

static void map_namespace(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (ev->obj->deleted_s && ev->type != EVENT_DELETED)
		enqueue_key(q, "", ev->obj->name);
}

static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	const struct obj *ns;

	if (ev->type != EVENT_DELETED)
		return;
	ns = store_get(api_table(api, kinds_by_resource(api_kinds(api), "", "v1", "namespaces")),
		       "", ev->obj->ns);
	if (ns && ns->deleted_s)
		enqueue_key(q, "", ns->name);
	obj_unref(ns);
}

const struct controller namespace_controller = {
	.name = "namespace",
	.watch = { { "v1", "Namespace", map_namespace }, { "v1", "Pod", map_pod } },
	.reconcile = namespace_reconcile,
	.workers = 2,
};
