/*
 * Settling definitions.
 *
 * One definition is settled at a time, by the thread whose commit made it necessary, before that thread goes on:
 * who creates a definition can use it as soon as the reply is there.  The turn is a flag, not a lock, because
 * commits happen in it; commits made in it do not settle again (call.settling).
 * A definition that is deleted first loses its instances; those with finalizers hold it until the last one's
 * commit settles it again.
 * k8s: apiextensions-apiserver/pkg/controller/{status,establish,finalizer}.
 */
#include "api/custom.h"

#include "api/core.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "kind/crd.h"
#include "kind/custom.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 64

/* One definition's name, for ever. */
struct entry {
	struct custom *slot;
	const struct kind **rows; /* served now; heap */
	size_t nrows;
	const struct crd *crd; /* in force; borrowed from the slot */
	int64_t generation;
	bool waits; /* is being deleted and has instances */
};

struct customs {
	struct lock lock; /* turn */
	struct cond free;
	bool taken;
	struct map *entries;    /* used in a turn only */
	atomic_int terminating; /* definitions that wait for their instances */
};

static void turn_begin(struct customs *cs)
{
	lock_take(&cs->lock);
	while (cs->taken)
		cond_wait(&cs->free, &cs->lock);
	cs->taken = true;
	lock_drop(&cs->lock);
}

static void turn_end(struct customs *cs)
{
	lock_take(&cs->lock);
	cs->taken = false;
	cond_signal(&cs->free);
	lock_drop(&cs->lock);
}

static struct entry *entry_of(struct api *api, const char *name)
{
	struct entry *e = map_get(api->customs->entries, name);

	if (e)
		return e;
	e = calloc(1, sizeof *e);
	BUG_ON(!e);
	e->slot = custom_new(api);
	map_set(api->customs->entries, name, e);
	return e;
}

static void entry_free(void *ptr)
{
	struct entry *e = ptr;

	custom_free(&e->slot);
	free(e->rows);
	free(e);
}

/* ---- rows ---- */

/* Watches end, and whoever looks for new kinds looks now. */
static void wake(struct api *api, const struct kind *k)
{
	if (k)
		store_wake(api->config.store, api_table(api, k));
}

static void entry_serve(struct api *api, struct entry *e, const struct kind **rows, size_t n)
{
	const struct kind **kept = malloc((n + 1) * sizeof *kept),
			  *some = e->nrows ? e->rows[0] : NULL;

	BUG_ON(!kept);
	if (n)
		memcpy(kept, rows, n * sizeof *kept);
	for (size_t i = 0; i < n; i++)
		api_table(api, rows[i]);
	kinds_swap(api->config.kinds, e->rows, e->nrows, rows, n);
	free(e->rows);
	e->rows = kept;
	e->nrows = n;
	wake(api, some ? some : n ? rows[0] : NULL);
}

static void entry_clear(struct api *api, struct entry *e)
{
	e->crd = NULL;
	e->generation = 0;
	custom_set(e->slot, NULL, NULL);
	if (e->nrows)
		entry_serve(api, e, NULL, 0);
}

static bool entry_is_current(const struct entry *e, const struct json *o)
{
	return e->crd && e->generation == meta_generation(o) && !strcmp(e->crd->uid, meta_uid(o)) &&
	       crd_same_status(e->crd, o);
}

/* The definition as stored comes into force for objects stored after `since`. */
static void entry_install(struct call *c, struct entry *e, const struct obj *o,
			  const struct json *tree, int64_t since)
{
	const struct kind **rows;
	size_t n = 0;

	if (entry_is_current(e, tree)) {
		custom_set(e->slot, crd_ref(e->crd), o);
		return;
	}
	e->crd = crd_new(tree, since);
	e->generation = meta_generation(tree);
	rows = custom_rows(e->slot, c->a, e->crd, &n);
	custom_set(e->slot, e->crd, o);
	entry_serve(c->api, e, rows, e->crd->established ? n : 0);
}

/* ---- writing definitions ---- */

/* False when somebody else was faster, or the disk failed. */
static bool definition_write(struct call *c, const struct obj **o, struct json *tree)
{
	const struct kind *k = c->api->known.definition;
	struct store_write w = {
		.table = api_table(c->api, k),
		.op = STORE_UPDATE,
		.obj = convert_frozen(c->a, k, tree, c->user, NULL),
		.expect_rev = (*o)->rev,
	};

	if (store_commit(c->api->config.store, &w, 1, NULL, NULL) != STORE_OK)
		return false;
	*o = obj_give(c->a, w.result);
	return true;
}

static bool definition_remove(struct call *c, const struct obj *o)
{
	struct store_write w = {
		.table = api_table(c->api, c->api->known.definition),
		.op = STORE_DELETE,
		.ns = "",
		.name = o->name,
		.expect_rev = o->rev,
	};
	bool ok = store_commit(c->api->config.store, &w, 1, NULL, NULL) == STORE_OK;

	obj_unref(w.result);
	return ok;
}

/* ---- settling ---- */

enum outcome { SETTLED, AGAIN };

static struct crd_names names_taken(struct call *c, const char *name, const char *group)
{
	struct crd_names taken = { 0 };
	const char *other;
	void *value;
	size_t it = 0;

	while (map_next(c->api->customs->entries, &it, &other, &value)) {
		const struct entry *e = value;

		if (e->crd && strcmp(other, name) && !strcmp(e->crd->group, group))
			crd_names_add(c->a, &taken, e->crd);
	}
	return taken;
}

/* All instances that can go at once; how many are left. */
static size_t instances_delete(struct call *c, const struct kind *k, const char **fault)
{
	struct delete_options how = { .grace_s = -1, .propagation = PROPAGATE_BACKGROUND };
	struct list_options all = { 0 };
	STATUS_AUTO struct status st = STATUS_INIT;

	if (table_count(api_table(c->api, k)) &&
	    !api_delete_collection(c, k, "", &all, &how, NULL, &st))
		*fault = arena_printf(c->a, "could not issue all deletes: %s", st.message);
	return table_count(api_table(c->api, k));
}

/* A terminating definition: true when nothing is left that needs it. */
static bool terminate(struct call *c, struct entry *e, struct json *o)
{
	const char *fault = NULL;
	size_t left = 0;

	if (!crd_is(o, "Established")) {
		crd_condition(c->a, o, "Terminating", "False", "NeverEstablished",
			      "resource was never established");
		return true;
	}
	if (e->nrows)
		left = instances_delete(c, e->rows[0], &fault);
	if (fault)
		crd_condition(c->a, o, "Terminating", "True", "InstanceDeletionFailed", fault);
	else if (left)
		crd_condition(c->a, o, "Terminating", "True", "InstanceDeletionInProgress",
			      "CustomResource deletion is in progress");
	else
		crd_condition(c->a, o, "Terminating", "False", "InstanceDeletionCompleted",
			      "removed all instances");
	return !left && !fault;
}

static bool is_terminating(const struct obj *o, const struct json *tree)
{
	return o->deleted_s && meta_has_finalizer(tree, CRD_FINALIZER);
}

static enum outcome settle_terminating(struct call *c, struct entry *e, const struct obj *o,
				       struct json *tree)
{
	if (terminate(c, e, tree)) {
		meta_del_finalizer(c->a, tree, CRD_FINALIZER);
		if (!json_count(json_path(tree, "metadata.finalizers"))) {
			definition_remove(c, o);
			return AGAIN; /* to see that it is gone */
		}
	}
	return json_equal(tree, obj_tree(c->a, o)) || definition_write(c, &o, tree) ? SETTLED : AGAIN;
}

static enum outcome settle_live(struct call *c, struct entry *e, const char *name,
				const struct obj *o, struct json *tree)
{
	struct crd_names taken = names_taken(c, name, json_path_str(tree, "spec.group"));

	/* Served before the conditions say so: who waits for them must find it. */
	if (crd_settle(c->a, tree, &taken)) {
		entry_install(c, e, o, tree, store_rev(c->api->config.store));
		if (!definition_write(c, &o, tree))
			return AGAIN;
	}
	entry_install(c, e, o, tree, store_rev(c->api->config.store));
	return SETTLED;
}

static void note_terminating(struct api *api, struct entry *e, bool waits)
{
	if (waits != e->waits)
		atomic_fetch_add(&api->customs->terminating, waits ? 1 : -1);
	e->waits = waits;
}

static enum outcome settle_once(struct call *c, struct entry *e, const char *name)
{
	const struct obj *o = store_get(api_table(c->api, c->api->known.definition), "", name);
	struct json *tree;

	if (!o) {
		note_terminating(c->api, e, false);
		entry_clear(c->api, e);
		return SETTLED;
	}
	obj_give(c->a, o);
	tree = obj_tree(c->a, o);
	note_terminating(c->api, e, is_terminating(o, tree));
	if (!is_terminating(o, tree))
		return settle_live(c, e, name, o, tree);
	entry_install(c, e, o, tree, store_rev(c->api->config.store));
	return settle_terminating(c, e, o, tree);
}

static void settle(struct api *api, const char *name)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		struct arena *a = arena_new();
		enum outcome done;
		struct call c;

		call_init(&c, api, a, "kube-apiserver");
		c.settling = true;
		done = settle_once(&c, entry_of(api, name), name);
		arena_free(&a);
		if (done == SETTLED)
			return;
	}
	log_warn("api", "definition %s: could not be settled", name);
}

/* Names may have become free: who did not get all of its own looks again. */
static void settle_group(struct api *api, const char *name)
{
	const char *group = strchr(name, '.'), *other;
	void *value;
	size_t it = 0;

	while (group && map_next(api->customs->entries, &it, &other, &value)) {
		const struct entry *e = value;

		if (e->crd && !e->crd->accepted && strcmp(other, name) &&
		    !strcmp(e->crd->group, group + 1))
			settle(api, other);
	}
}

static void settle_named(struct api *api, const char *name)
{
	turn_begin(api->customs);
	settle(api, name);
	settle_group(api, name);
	turn_end(api->customs);
}

/* "widgets.example.com" of a row. */
static const char *definition_name(struct arena *a, const struct kind *k)
{
	return arena_printf(a, "%s.%s", k->subject.resource, k->subject.group);
}

void custom_committed(struct call *c, const struct kind *k, const char *name, bool gone)
{
	struct api *api = c->api;

	if (c->settling)
		return;
	if (k == api->known.definition)
		settle_named(api, name);
	else if (k->custom && gone && atomic_load(&api->customs->terminating))
		settle_named(api, definition_name(c->a, k));
}

bool custom_creatable(struct call *c, const struct kind *k, const char *name, struct status *st)
{
	const struct crd *d;

	if (!k->custom)
		return true;
	d = custom_definition(c->a, k);
	if (!d)
		return status_not_found(st, &k->subject, name);
	if (!d->terminating)
		return true;
	return status_other(st, 405, "MethodNotAllowed",
			    "create not allowed while custom resource definition is terminating");
}

/* ---- life ---- */

bool customs_init(struct api *api, struct status *st)
{
	struct customs *cs = calloc(1, sizeof *cs);
	struct store_list l;

	(void)st;
	BUG_ON(!cs);
	lock_init(&cs->lock, "definitions", LOCK_API);
	cond_init(&cs->free);
	cs->entries = map_new();
	api->customs = cs;
	store_list(api_table(api, api->known.definition), "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++) {
		struct arena *a = arena_new();
		struct json *tree = obj_tree(a, l.items[i]);
		struct call c;

		call_init(&c, api, a, "kube-apiserver");
		entry_install(&c, entry_of(api, l.items[i]->name), l.items[i], tree, l.items[i]->rev);
		arena_free(&a);
	}
	/* What the last process did not bring to an end. */
	for (size_t i = 0; i < l.n; i++)
		settle_named(api, l.items[i]->name);
	store_list_free(&l);
	return true;
}

void customs_free(struct api *api)
{
	struct customs *cs = api->customs;

	if (!cs)
		return;
	map_free(&cs->entries, entry_free);
	cond_destroy(&cs->free);
	lock_destroy(&cs->lock);
	free(cs);
	api->customs = NULL;
}
