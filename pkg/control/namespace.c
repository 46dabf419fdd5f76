/*
 * namespace: empties a terminating namespace, then lets it go.
 *
 * Pods go first and must be gone before anything they may need is taken away; then every other kind.  What
 * remains (grace periods, finalizers) is told in conditions; the end of anything in the namespace brings it
 * back here.
 * k8s: pkg/controller/namespace/deletion/namespaced_resources_deleter.go.
 */
#include "control/control.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_AGAIN_MS 15000
#define FINALIZERS_MAX 16

struct tally {
	const char *name;
	size_t n;
};

struct emptying {
	struct task *t;
	const struct obj *ns;
	VEC(const char *) remaining; /* `pods. has 2 resource instances` */
	struct tally finalizers[FINALIZERS_MAX];
	size_t nfinalizers;
	struct buf failures;
	size_t nfailures;
	bool left;
};

static bool belongs(const struct kind *k)
{
	return k->namespaced && !k->storage && !k->virtual_only && (k->verbs & VERB_DELETE) &&
	       (k->verbs & VERB_LIST);
}

static void tally(struct emptying *e, const char *finalizer)
{
	size_t i = 0;

	while (i < e->nfinalizers && strcmp(e->finalizers[i].name, finalizer))
		i++;
	if (i == FINALIZERS_MAX)
		return;
	if (i == e->nfinalizers)
		e->finalizers[e->nfinalizers++] =
			(struct tally){ arena_strdup(e->t->call.a, finalizer), 0 };
	e->finalizers[i].n++;
}

static void note_remaining(struct emptying *e, const struct kind *k, const struct list_result *l)
{
	struct arena *a = e->t->call.a;

	for (size_t i = 0; i < l->n; i++)
		if (l->items[i]->finalizers)
			json_each(f, json_path(obj_tree(a, l->items[i]), "metadata.finalizers"))
				tally(e, json_str(f));
	vec_push(&e->remaining, arena_printf(a, "%s.%s has %zu resource instances",
					     k->subject.resource, k->subject.group, l->n));
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
		e->nfailures++;
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

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* `intro: one, two`, sorted; NULL when there is nothing to say. */
static const char *list_text(struct arena *a, const char *intro, const char **items, size_t n)
{
	const char *text = intro;

	if (!n)
		return NULL;
	qsort(items, n, sizeof(*items), by_text);
	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : ": ", items[i]);
	return text;
}

static bool tell(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct emptying *e = arg;
	const struct json *before = json_copy(c->a, json_get(o, "status"));
	const char *remaining, *finalizers, *failures = NULL, *held[FINALIZERS_MAX];

	(void)st;
	for (size_t i = 0; i < e->nfinalizers; i++)
		held[i] = arena_printf(c->a, "%s in %zu resource instances", e->finalizers[i].name,
				       e->finalizers[i].n);
	remaining = list_text(c->a, "Some resources are remaining", e->remaining.p, e->remaining.n);
	finalizers = list_text(c->a, "Some content in the namespace has finalizers remaining", held,
			       e->nfinalizers);
	if (e->failures.len)
		failures = arena_printf(c->a,
					"Failed to delete all resource types, %zu remaining: %s",
					e->nfailures, e->failures.p);
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
	return task_change(e->t, k, sub, "", e->ns->name, fn, e, st);
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
	vec_free(&e.remaining);
	buf_free(&e.failures);
	return ok;
}

static void map_namespace(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (ev->obj->deleted_s && ev->type != EVENT_DELETED)
		enqueue_key(q, "", ev->obj->name);
}

/* Something in a namespace that is being emptied is gone: perhaps it was the last. */
static void map_any(struct enqueue *q, void *state, const struct kind *k, const struct event *ev)
{
	struct api *api = state;
	const struct obj *ns;

	(void)k;
	if (ev->type != EVENT_DELETED || !*ev->obj->ns)
		return;
	ns = store_get(api_table(api, kinds_by_resource(api_kinds(api), "", "v1", "namespaces")),
		       "", ev->obj->ns);
	if (ns && ns->deleted_s)
		enqueue_key(q, "", ns->name);
	obj_unref(ns);
}

static void *namespace_start(struct runtime *rt, void *arg)
{
	(void)arg;
	return runtime_api(rt);
}

const struct controller namespace_controller = {
	.name = "namespace",
	.watch = { { "v1", "Namespace", map_namespace } },
	.map_all = map_any,
	.reconcile = namespace_reconcile,
	.workers = 2,
	.start = namespace_start,
};
