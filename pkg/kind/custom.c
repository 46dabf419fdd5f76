/*
 * Slots and rows.
 *
 * Rows are never freed while the slot lives, because requests, watches and controllers keep pointers to them.
 * So that a definition that changes back and forth costs nothing, a row is made only if none that was made
 * before says the same; equality is that of a text of all that is in it.
 */
#include "kind/custom.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/thread.h"
#include "kind/columns.h"
#include "kind/crd.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/jsonpath.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct custom {
	void *owner;
	atomic_bool converts;
	struct lock lock; /* all of it */
	struct arena *a;  /* of the rows */
	struct map *rows; /* description -> struct kind */
	const struct crd *crd;
	const struct obj *object;
	atomic_ullong serial;
};

struct custom *custom_new(void *owner)
{
	struct custom *c = calloc(1, sizeof *c);

	BUG_ON(!c);
	c->owner = owner;
	lock_init(&c->lock, "custom", LOCK_KIND);
	c->a = arena_new();
	c->rows = map_new();
	return c;
}

void custom_free(struct custom **cp)
{
	struct custom *c = *cp;

	if (!c)
		return;
	crd_unref(c->crd);
	obj_unref(c->object);
	map_free(&c->rows, NULL);
	arena_free(&c->a);
	lock_destroy(&c->lock);
	free(c);
	*cp = NULL;
}

void custom_set(struct custom *c, const struct crd *d, const struct obj *o)
{
	const struct crd *old;
	const struct obj *old_object;

	lock_take(&c->lock);
	old = c->crd;
	old_object = c->object;
	c->crd = d;
	c->object = o ? obj_ref(o) : NULL;
	atomic_store(&c->converts, d && d->webhook);
	lock_drop(&c->lock);
	if (old != d)
		atomic_fetch_add(&c->serial, 1);
	crd_unref(old);
	obj_unref(old_object);
}

void *custom_owner(const struct custom *c)
{
	return c->owner;
}

bool custom_converts(const struct kind *k)
{
	return atomic_load(&k->custom->converts);
}

uint64_t custom_serial(const struct custom *c)
{
	return atomic_load(&c->serial);
}

const struct crd *custom_definition(struct arena *a, const struct kind *k)
{
	const struct crd *d;

	lock_take(&k->custom->lock);
	d = k->custom->crd;
	if (d)
		crd_hold(a, d);
	lock_drop(&k->custom->lock);
	return d;
}

const struct crd_version *custom_version(struct arena *a, const struct kind *k)
{
	const struct crd *d = custom_definition(a, k);

	return d ? crd_version(d, k->version) : NULL;
}

const struct obj *custom_object(struct arena *a, const struct kind *k)
{
	const struct obj *o;

	lock_take(&k->custom->lock);
	o = k->custom->object;
	if (o)
		obj_hold(a, o);
	lock_drop(&k->custom->lock);
	return o;
}

/* ---- rows ---- */

static const char *const *keep_strings(struct arena *a, const char *const *list)
{
	const char **out;
	size_t n = 0;

	while (list && list[n])
		n++;
	if (!n)
		return NULL;
	out = arena_zalloc(a, (n + 1) * sizeof *out);
	for (size_t i = 0; i < n; i++)
		out[i] = arena_strdup(a, list[i]);
	return out;
}

static const char *const *keep_scale(struct arena *a, const char *const *paths)
{
	const char **out;

	if (!paths)
		return NULL;
	out = arena_zalloc(a, 4 * sizeof *out);
	for (size_t i = 0; i < 3; i++)
		out[i] = paths[i] ? arena_strdup(a, paths[i]) : NULL;
	return out;
}

static const struct column *keep_columns(struct arena *a, const struct crd_column *list)
{
	static const struct column first = COL_NAME;
	struct column *out;
	size_t n = 0;

	while (list && list[n].name)
		n++;
	if (!n)
		return NULL;
	out = arena_zalloc(a, (n + 2) * sizeof *out);
	out[0] = first;
	for (size_t i = 0; i < n; i++)
		out[i + 1] = (struct column){
			.name = arena_strdup(a, list[i].name),
			.type = arena_strdup(a, list[i].type),
			.format = arena_strdup(a, list[i].format),
			.description = arena_strdup(a, list[i].description),
			.priority = list[i].priority,
			.query = jsonpath_parse(a, list[i].path, NULL),
		};
	return out;
}

static const char *const *keep_field_names(struct arena *a, const struct crd_version *v)
{
	const char **out = arena_zalloc(a, (v->nfields + 1) * sizeof *out);

	for (size_t i = 0; i < v->nfields; i++)
		out[i] = arena_strdup(a, v->fields[i].name);
	return out;
}

/* Custom resources without columns of their own show their age as a date. */
static const struct column columns_plain[] = {
	COL_NAME, COL_AS("Age", "date", "", DOC_AGE, 0, "age:metadata.creationTimestamp", NULL), COL_END
};

static const struct kind *row_make(struct custom *c, const struct crd *d,
				   const struct crd_version *v, const struct kind *storage)
{
	struct arena *a = c->a;
	struct kind *k = arena_zalloc(a, sizeof *k);

	*k = (struct kind){
		.subject = { arena_strdup(a, d->group), arena_strdup(a, d->plural),
			     arena_strdup(a, d->kind) },
		.version = arena_strdup(a, v->name),
		.singular = arena_strdup(a, d->singular),
		.shorts = keep_strings(a, d->shorts),
		.categories = keep_strings(a, d->categories),
		.list_kind = arena_strdup(a, d->list_kind),
		.namespaced = d->namespaced,
		.verbs = VERBS_ALL,
		.subs = (v->status ? SUB_STATUS : 0) | (v->scale_paths ? SUB_SCALE : 0),
		.custom = c,
		.deprecated = v->deprecated ? arena_strdup(a, v->deprecated) : NULL,
		.columns = keep_columns(a, v->columns),
		.nselectable = v->nfields,
		.selectable_names = v->nfields ? keep_field_names(a, v) : NULL,
		.storage = storage,
		.generation = true,
		.conditional_update = true,
		.defaults = custom_defaults,
		.prepare_status = custom_prepare_status,
		.validate = custom_validate,
		.validate_update = custom_validate_update,
		.validate_status = custom_validate_status,
		.warn = custom_warn,
		.scale_paths = keep_scale(a, v->scale_paths),
	};
	if (!k->columns)
		k->columns = columns_plain;
	return k;
}

static void tell_list(struct buf *b, const char *const *list)
{
	for (; list && *list; list++)
		buf_addf(b, "%s\n", *list);
	buf_addc(b, '\n');
}

/* Everything that row_make() puts into a row; no part holds a line break but descriptions, which come last. */
static void tell_row(struct buf *b, const struct crd *d, const struct crd_version *v,
		     const struct kind *storage)
{
	buf_addf(b, "%s\n%s\n%s\n%s\n%s\n%s\n%d\n%d\n%p\n%s\n", d->group, d->plural, d->kind,
		 v->name, d->singular, d->list_kind, d->namespaced, v->status,
		 (const void *)storage, v->deprecated ? v->deprecated : "");
	tell_list(b, d->shorts);
	tell_list(b, d->categories);
	for (size_t i = 0; v->scale_paths && i < 3; i++)
		buf_addf(b, "%s\n", v->scale_paths[i] ? v->scale_paths[i] : "");
	for (size_t i = 0; i < v->nfields; i++)
		buf_addf(b, "%s\n", v->fields[i].name);
	for (const struct crd_column *c = v->columns; c && c->name; c++)
		buf_addf(b, "\n%s\n%s\n%s\n%s\n%d\n%s\n", c->name, c->type, c->format, c->path,
			 c->priority, c->description);
}

static const struct kind *row_of(struct custom *c, const struct crd *d, const struct crd_version *v,
				 const struct kind *storage)
{
	BUF_AUTO struct buf b = BUF_INIT;
	union {
		const struct kind *in;
		void *out;
	} k;

	tell_row(&b, d, v, storage);
	lock_take(&c->lock);
	k.in = map_get(c->rows, b.p);
	if (!k.in) {
		k.in = row_make(c, d, v, storage);
		map_set(c->rows, b.p, k.out);
	}
	lock_drop(&c->lock);
	return k.in;
}

const struct kind **custom_rows(struct custom *c, struct arena *a, const struct crd *d, size_t *n)
{
	const struct kind **rows = arena_alloc(a, (d->nversions + 1) * sizeof *rows);
	const struct crd_version **order = arena_alloc(a, (d->nversions + 1) * sizeof *order);

	*n = 0;
	for (size_t i = 0; i < d->nversions; i++) {
		size_t at = *n;

		if (!d->versions[i].served)
			continue;
		for (; at && kind_version_compare(order[at - 1]->name, d->versions[i].name) > 0; at--)
			order[at] = order[at - 1];
		order[at] = &d->versions[i];
		(*n)++;
	}
	for (size_t i = 0; i < *n; i++)
		rows[i] = row_of(c, d, order[i], i ? rows[0] : NULL);
	return rows;
}
