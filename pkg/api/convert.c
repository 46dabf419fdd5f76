/*
 * Between versions: a table holds one encoding, that of its storage row.  For nearly all kinds the version
 * asked for is the stored one, and every function here is then a plain copy or nothing at all.
 */
#include "api/core.h"
#include "api/custom.h"

#include "base/arena.h"
#include "base/clock.h"
#include "kind/crd.h"
#include "kind/custom.h"
#include "obj/json.h"
#include "obj/meta.h"

static void hook_pure(struct hook *h, struct arena *a, const struct kind *k)
{
	*h = (struct hook){
		.a = a,
		.kind = k,
		.now_s = clock_now_s(),
		.user = "",
		.errors = NULL,
	};
}

static void stamp_version(struct arena *a, const struct kind *k, struct json *o)
{
	char version[128];

	json_set_str(a, o, "apiVersion", kind_api_version(k, version));
	json_set_str(a, o, "kind", k->subject.kind);
}

/* apiVersion and kind lead, so that a stored object tells by its first bytes what it is. */
static void stamp_first(struct arena *a, const char *version, const char *kind, struct json *o)
{
	json_del(o, "apiVersion");
	json_del(o, "kind");
	json_prepend(a, o, "kind", json_string(a, kind));
	json_prepend(a, o, "apiVersion", json_string(a, version));
}

static struct json *custom_tree(struct arena *a, const struct kind *k, const struct obj *o,
				struct status *st)
{
	struct json *tree = obj_tree(a, o);
	char version[128];

	if (custom_is_current(a, k, o))
		return tree;
	if (!conversion_run(a, k, &tree, 1, kind_api_version(k, version), st))
		return NULL;
	stamp_version(a, k, tree);
	custom_refresh(a, k, tree);
	return tree;
}

static struct obj *custom_frozen(struct arena *a, const struct kind *k, struct json *o,
				 struct status *st)
{
	const struct crd *d = custom_definition(a, k);
	struct obj_fields none = { NULL };
	char own[128];

	if (d && !conversion_run(a, k, &o, 1, d->storage->api_version, st))
		return NULL;
	stamp_first(a, d ? d->storage->api_version : kind_api_version(k, own), k->subject.kind, o);
	json_del(json_get(o, "metadata"), "resourceVersion");
	return obj_new(o, &none);
}

struct json *convert_tree(struct arena *a, const struct kind *k, const struct obj *o,
			  struct status *st)
{
	struct json *tree;
	struct hook h;

	if (k->custom)
		return custom_tree(a, k, o, st);
	tree = obj_tree(a, o);

	if (!k->storage || k->storage == k)
		return tree;
	hook_pure(&h, a, k);
	if (k->from_storage)
		k->from_storage(&h, tree);
	stamp_version(a, k, tree);
	return tree;
}

struct json *convert_between(struct arena *a, const struct kind *from, const struct kind *to,
			     const struct json *o)
{
	struct json *tree = json_copy(a, o);
	char version[128];
	struct hook h;

	if (to->custom) {
		/* without an answer, fields are taken for what they are called */
		if (!conversion_run(a, to, &tree, 1, kind_api_version(to, version), NULL))
			tree = json_copy(a, o);
		stamp_version(a, to, tree);
		custom_refresh(a, to, tree);
		return tree;
	}
	if (from->storage && from->storage != from && from->to_storage) {
		hook_pure(&h, a, from);
		from->to_storage(&h, tree);
	}
	if (to->storage && to->storage != to && to->from_storage) {
		hook_pure(&h, a, to);
		to->from_storage(&h, tree);
	}
	stamp_version(a, to, tree);
	return tree;
}

/* Nothing need be done to show o as version k. */
static bool is_shown(struct arena *a, const struct kind *k, const struct obj *o)
{
	return k->custom ? custom_is_current(a, k, o) : !k->storage || k->storage == k;
}

/* The same revision of the same object in other words: sealed as the store sealed it. */
static const struct obj *in_other_words(struct arena *a, const struct obj *o, const struct json *tree)
{
	struct obj *shown = obj_new(tree, NULL);

	if (o->rev)
		obj_seal(shown, o->rev);
	return obj_give(a, shown);
}

const struct obj *convert_shown(struct arena *a, const struct kind *k, const struct obj *o,
				struct status *st)
{
	const struct json *tree;

	if (is_shown(a, k, o))
		return o;
	tree = convert_tree(a, k, o, st);
	return tree ? in_other_words(a, o, tree) : NULL;
}

static bool custom_list(struct arena *a, const struct kind *k, const struct obj **items, size_t n,
			struct status *st)
{
	struct json **trees = arena_alloc(a, (n + 1) * sizeof *trees);
	size_t *at = arena_alloc(a, (n + 1) * sizeof *at), m = 0;
	char version[128];

	for (size_t i = 0; i < n; i++) {
		if (is_shown(a, k, items[i]))
			continue;
		at[m] = i;
		trees[m++] = obj_tree(a, items[i]);
	}
	if (!conversion_run(a, k, trees, m, kind_api_version(k, version), st))
		return false;
	for (size_t i = 0; i < m; i++) {
		stamp_version(a, k, trees[i]);
		custom_refresh(a, k, trees[i]);
		items[at[i]] = in_other_words(a, items[at[i]], trees[i]);
	}
	return true;
}

bool convert_list(struct arena *a, const struct kind *k, const struct obj **items, size_t n,
		  struct status *st)
{
	if (k->custom)
		return custom_list(a, k, items, n, st);
	for (size_t i = 0; i < n; i++)
		items[i] = convert_shown(a, k, items[i], st);
	return true;
}

struct obj *convert_frozen(struct arena *a, const struct kind *k, struct json *o,
			   const struct user *user, struct status *st)
{
	const struct kind *stored = kind_stored(k);
	struct obj_fields fields = { .paths = stored->fields };
	struct hook h;

	if (k->custom)
		return custom_frozen(a, k, o, st);
	if (stored != k) {
		hook_pure(&h, a, k);
		h.user = user->name;
		if (k->to_storage)
			k->to_storage(&h, o);
		stamp_version(a, stored, o);
	}
	json_del(json_get(o, "metadata"), "resourceVersion");
	return obj_new(o, &fields);
}
