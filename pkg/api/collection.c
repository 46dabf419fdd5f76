/*
 * deletecollection: list, then delete each.
 *
 * What would be removed at once anyway (no finalizers, no grace, no garbage collection finalizer to add)
 * goes in transactions of many, one fsync each: emptying a namespace must not cost a commit per object.
 * Anything special, and any batch that meets a concurrent writer, takes the road of single deletes.
 * k8s: apiserver/pkg/registry/generic/registry/store.go DeleteCollection.
 */
#include "api/core.h"
#include "api/custom.h"
#include "api/dynamic.h"

#include "base/arena.h"

#include <string.h>

#define BATCH 256

static bool plain(const struct kind *k, const struct delete_options *o, const struct obj *item)
{
	bool background = o->propagation == PROPAGATE_BACKGROUND ||
			  (o->propagation == PROPAGATE_DEFAULT && !k->orphan_by_default);

	return background && !k->graceful_delete && !k->prepare_delete && !(k->subs & SUB_FINALIZE) &&
	       !o->uid && !o->rv && !item->finalizers && !item->deleted_s;
}

static bool admitted(struct call *c, const struct kind *k, const struct obj *item,
		     const struct delete_options *o, struct status *st)
{
	struct admission ad = { .c = c,
				.k = k,
				.op = ADMIT_DELETE,
				.sub = "",
				.ns = item->ns,
				.name = "", /* upstream's requests name nobody here */
				.cur = item,
				.delete = o };

	return admission_run(&ad, st);
}

static bool delete_single(struct call *c, const struct kind *k, const struct obj *item,
			  const struct delete_options *o, struct status *st)
{
	STATUS_AUTO struct status why = STATUS_INIT;
	bool inner = c->inner, ok;

	if (!admitted(c, k, item, o, st))
		return false;
	c->inner = true;
	ok = api_delete(c, k, item->ns, item->name, o, NULL, &why);
	c->inner = inner;
	if (ok || status_is(&why, "NotFound"))
		return true;
	if (st)
		status_move(st, &why);
	return false;
}

static bool delete_each(struct call *c, const struct kind *k, const struct obj **items, size_t n,
			const struct delete_options *o, struct status *st)
{
	for (size_t i = 0; i < n; i++)
		if (!delete_single(c, k, items[i], o, st))
			return false;
	return true;
}

/* n plain items in one transaction; false: not all were as they had been, and nothing was done. */
static bool delete_batch(struct call *c, const struct kind *k, const struct obj **items, size_t n)
{
	struct store_write w[BATCH];
	struct table *t = api_table(c->api, k);
	enum store_result r;

	memset(w, 0, sizeof w);
	for (size_t i = 0; i < n; i++)
		w[i] = (struct store_write){
			.table = t,
			.op = STORE_DELETE,
			.ns = items[i]->ns,
			.name = items[i]->name,
			.expect_rev = items[i]->rev,
		};
	r = store_commit(c->api->config.store, w, n, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		obj_unref(w[i].result);
	if (r == STORE_OK)
		custom_committed(c, k, items[0]->name, true);
	return r == STORE_OK;
}

/* How many of the next items can go together; where one may be denied, each goes alone. */
static size_t batch_size(struct call *c, const struct kind *k, const struct obj **items, size_t n,
			 const struct delete_options *o)
{
	size_t i = 0;

	if (c->dry_run || dynamic_any(c))
		return 0;
	while (i < n && i < BATCH && plain(k, o, items[i]))
		i++;
	return i;
}

static bool delete_some(struct call *c, const struct kind *k, const struct obj **items, size_t n,
			const struct delete_options *o, struct status *st)
{
	for (size_t i = 0; i < n; i++)
		if (!admitted(c, k, items[i], o, st))
			return false;
	return delete_batch(c, k, items, n) || delete_each(c, k, items, n, o, st);
}

bool api_delete_collection(struct call *c, const struct kind *k, const char *ns,
			   const struct list_options *l, const struct delete_options *o,
			   struct list_result *out, struct status *st)
{
	static const struct delete_options none = DELETE_OPTIONS_INIT;
	struct list_result found;

	o = o ? o : &none;
	if (!api_list(c, k, ns, l, &found, st))
		return false;
	for (size_t i = 0; i < found.n;) {
		size_t n = batch_size(c, k, found.items + i, found.n - i, o);

		if (n > 1 && !delete_some(c, k, found.items + i, n, o, st))
			return false;
		if (n <= 1 && !delete_single(c, k, found.items[i], o, st))
			return false;
		i += n > 1 ? n : 1;
	}
	if (out)
		*out = found;
	return true;
}
