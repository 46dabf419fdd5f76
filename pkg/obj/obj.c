/*
 * obj: frozen objects, each one block of memory.
 *
 * Block: the header, arrays (labels, owners, fields), their strings, the JSON bytes, and room for the
 * digits of a revision.  The header is filled by one function that runs twice, first to measure
 * and then to copy, so that block and contents cannot disagree.  Every pointer of the header points
 * into the block: a copy with another revision is a memcpy and a shift of pointers.
 */
#include "obj/obj.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/obj_priv.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DIGITS 20

struct frozen {
	struct obj o; /* first: callers hold a pointer to this */
	_Atomic uint32_t refs;
	uint32_t digits_at, digits_len; /* of the revision, in o.json */
	size_t size;
};

static const char empty[] = "";

static struct frozen *frozen_of(const struct obj *o)
{
	return (struct frozen *)(uintptr_t)o;
}

/* Memory behind the header; base NULL: only measure. */
struct pool {
	char *base;
	size_t used;
};

static void *pool_take(struct pool *p, size_t n)
{
	void *at = p->base ? p->base + p->used : NULL;

	p->used += n;
	return at;
}

static const char *pool_string(struct pool *p, const char *s)
{
	size_t n;
	char *to;

	if (!*s)
		return empty;
	n = strlen(s) + 1;
	to = pool_take(p, n);
	return to ? memcpy(to, s, n) : empty;
}

static int64_t time_of(const struct json *meta, const char *name)
{
	int64_t us;

	return time_parse(json_str(json_get(meta, name)), &us) ? us / 1000000 : 0;
}

/* Trees that no schema has checked yet may hold anything anywhere. */
static const struct json *object_or_none(const struct json *j)
{
	return json_is_object(j) ? j : NULL;
}

static void take_labels(struct obj *o, struct pool *p, const struct json *labels, struct label *to)
{
	json_each(c, labels) {
		const char *key = pool_string(p, json_name(c));
		const char *value = pool_string(p, json_str(c));

		if (to)
			*to++ = (struct label){ .key = key, .value = value };
		o->nlabels++;
	}
}

static void take_owners(struct obj *o, struct pool *p, const struct json *refs, struct owner *to)
{
	json_each(c, refs) {
		struct owner w = {
			.api_version = pool_string(p, json_path_str(c, "apiVersion")),
			.kind = pool_string(p, json_path_str(c, "kind")),
			.name = pool_string(p, json_path_str(c, "name")),
			.uid = pool_string(p, json_path_str(c, "uid")),
			.controller = json_path_bool(c, "controller", false),
			.block = json_path_bool(c, "blockOwnerDeletion", false),
		};

		if (to)
			*to++ = w;
		o->nowners++;
	}
}

static const char *field_value(struct pool *p, const struct json *tree, const char *path)
{
	const struct json *v;
	char text[32];
	int64_t n;

	if (strncmp(path, "conditions:", 11) == 0)
		v = json_get(meta_condition(tree, path + 11), "status");
	else
		v = json_path(tree, path);
	if (json_is_bool(v))
		return pool_string(p, json_is_true(v) ? "true" : "false");
	if (json_int(v, &n)) {
		snprintf(text, sizeof text, "%lld", (long long)n);
		return pool_string(p, text);
	}
	if (json_is_number(v)) {
		snprintf(text, sizeof text, "%.17g", json_double(v));
		return pool_string(p, text);
	}
	return pool_string(p, json_str(v));
}

static uint32_t count_fields(const struct obj_fields *fields)
{
	uint32_t n = 0;

	while (fields && fields->paths && fields->paths[n])
		n++;
	return n;
}

/* Fill o from the tree; arrays first, because of their alignment. */
static void extract(struct obj *o, struct pool *p, const struct json *tree,
		    const struct obj_fields *fields)
{
	const struct json *meta = json_get(tree, "metadata");
	const struct json *labels = object_or_none(json_get(meta, "labels"));
	const struct json *refs = json_get(meta, "ownerReferences");
	uint32_t n = count_fields(fields);
	struct label *label_at = pool_take(p, json_count(labels) * sizeof *label_at);
	struct owner *owner_at = pool_take(p, json_count(refs) * sizeof *owner_at);
	const char **field_at = pool_take(p, n * sizeof *field_at);

	*o = (struct obj){ .nfields = n, .labels = label_at, .owners = owner_at, .fields = field_at };
	take_labels(o, p, labels, label_at);
	take_owners(o, p, refs, owner_at);
	for (uint32_t i = 0; i < n; i++) {
		const char *v = field_value(p, tree, fields->paths[i]);

		if (field_at)
			field_at[i] = v;
	}
	o->ns = pool_string(p, json_path_str(meta, "namespace"));
	o->name = pool_string(p, json_path_str(meta, "name"));
	o->uid = pool_string(p, json_path_str(meta, "uid"));
	o->generation = json_path_int(meta, "generation", 0);
	o->created_s = time_of(meta, "creationTimestamp");
	o->deleted_s = time_of(meta, "deletionTimestamp");
	o->finalizers = json_count(json_get(meta, "finalizers")) > 0;
}

struct obj *obj_new(const struct json *tree, const struct obj_fields *fields)
{
	BUF_AUTO struct buf bytes = BUF_INIT;
	struct pool pool = { 0 };
	struct obj measured;
	struct frozen *f;
	size_t at, size;
	char *json;

	buf_reserve(&bytes, 4096);
	at = obj_print(&bytes, tree);
	extract(&measured, &pool, tree, fields);
	size = sizeof *f + pool.used + bytes.len + MAX_DIGITS + 1;
	f = malloc(size);
	if (!f || bytes.len > UINT32_MAX - MAX_DIGITS)
		bug("out of memory: object of %zu bytes", size);
	pool = (struct pool){ .base = (char *)(f + 1) };
	extract(&f->o, &pool, tree, fields);
	json = pool_take(&pool, bytes.len + 1);
	memcpy(json, bytes.p, bytes.len + 1);
	f->o.json = json;
	f->o.len = (uint32_t)bytes.len;
	f->digits_at = (uint32_t)at;
	f->digits_len = 0;
	f->size = size;
	atomic_init(&f->refs, 1);
	return &f->o;
}

struct obj *obj_from_bytes(const char *p, size_t n, const struct obj_fields *fields)
{
	struct arena *a = arena_new();
	const struct json *tree = json_parse_own(a, p, n);
	int64_t rev = strtoll(meta_rv(tree), NULL, 10);
	struct obj *o = obj_new(tree, fields);

	if (rev > 0)
		obj_seal(o, rev);
	arena_free(&a);
	return o;
}

void obj_seal(struct obj *o, int64_t rev)
{
	struct frozen *f = frozen_of(o);
	char digits[MAX_DIGITS + 1], *at = (char *)(uintptr_t)o->json + f->digits_at;
	uint32_t n = (uint32_t)snprintf(digits, sizeof digits, "%lld", (long long)rev);
	size_t tail = o->len - f->digits_at - f->digits_len + 1;

	if (n != f->digits_len)
		memmove(at + n, at + f->digits_len, tail);
	memcpy(at, digits, n);
	o->len = o->len - f->digits_len + n;
	o->rev = rev;
	f->digits_len = n;
}

/* The place in block `to` that p has in block `from`. */
static const void *shifted(const void *p, const struct frozen *from, const struct frozen *to)
{
	uintptr_t at = (uintptr_t)p, base = (uintptr_t)from;

	return at >= base && at < base + from->size ? (const char *)to + (at - base) : p;
}

struct obj *obj_reseal(const struct obj *o, int64_t rev)
{
	const struct frozen *from = frozen_of(o);
	struct frozen *f = malloc(from->size);
	struct label *labels;
	struct owner *owners;
	const char **fields;

	if (!f)
		bug("out of memory: object of %zu bytes", from->size);
	/* Not the whole block at once: others count their references while we copy. */
	f->o = from->o;
	f->digits_at = from->digits_at;
	f->digits_len = from->digits_len;
	f->size = from->size;
	atomic_init(&f->refs, 1);
	memcpy(f + 1, from + 1, from->size - sizeof *f);
	f->o.json = shifted(o->json, from, f);
	f->o.ns = shifted(o->ns, from, f);
	f->o.name = shifted(o->name, from, f);
	f->o.uid = shifted(o->uid, from, f);
	f->o.labels = labels = (struct label *)(uintptr_t)shifted(o->labels, from, f);
	f->o.owners = owners = (struct owner *)(uintptr_t)shifted(o->owners, from, f);
	f->o.fields = fields = (const char **)(uintptr_t)shifted(o->fields, from, f);
	for (uint32_t i = 0; i < o->nlabels; i++) {
		labels[i].key = shifted(labels[i].key, from, f);
		labels[i].value = shifted(labels[i].value, from, f);
	}
	for (uint32_t i = 0; i < o->nowners; i++) {
		owners[i].api_version = shifted(owners[i].api_version, from, f);
		owners[i].kind = shifted(owners[i].kind, from, f);
		owners[i].name = shifted(owners[i].name, from, f);
		owners[i].uid = shifted(owners[i].uid, from, f);
	}
	for (uint32_t i = 0; i < o->nfields; i++)
		fields[i] = shifted(fields[i], from, f);
	obj_seal(&f->o, rev);
	return &f->o;
}

const struct obj *obj_ref(const struct obj *o)
{
	atomic_fetch_add_explicit(&frozen_of(o)->refs, 1, memory_order_relaxed);
	return o;
}

void obj_unref(const struct obj *o)
{
	struct frozen *f = frozen_of(o);

	if (!o || atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(f);
}

static void deferred_unref(void *o)
{
	obj_unref(o);
}

const struct obj *obj_hold(struct arena *a, const struct obj *o)
{
	return obj_give(a, obj_ref(o));
}

const struct obj *obj_give(struct arena *a, const struct obj *o)
{
	arena_defer(a, deferred_unref, (void *)(uintptr_t)o);
	return o;
}

struct json *obj_tree(struct arena *a, const struct obj *o)
{
	return json_parse_own(a, o->json, o->len);
}

const char *obj_label(const struct obj *o, const char *key)
{
	for (uint32_t i = 0; i < o->nlabels; i++)
		if (strcmp(o->labels[i].key, key) == 0)
			return o->labels[i].value;
	return NULL;
}

bool obj_same_labels(const struct obj *x, const struct obj *y)
{
	if (x->nlabels != y->nlabels)
		return false;
	for (uint32_t i = 0; i < x->nlabels; i++)
		if (strcmp(x->labels[i].key, y->labels[i].key) ||
		    strcmp(x->labels[i].value, y->labels[i].value))
			return false;
	return true;
}

const struct owner *obj_controller(const struct obj *o)
{
	for (uint32_t i = 0; i < o->nowners; i++)
		if (o->owners[i].controller)
			return &o->owners[i];
	return NULL;
}

size_t obj_size(const struct obj *o)
{
	return frozen_of(o)->size;
}
