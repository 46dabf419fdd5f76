/*
 * obj_print: the bytes of a frozen object, in upstream's order of members.
 *
 * Go prints struct fields in declared order and maps by key, so clients and golden files are used to
 * kind, apiVersion, metadata, spec, ..., status, to a fixed order inside metadata, and to sorted
 * labels and annotations.  Trees come in any order; this is where it is put right, once per write.
 * The place of metadata.resourceVersion's digits is left empty and reported.
 */
#include "obj/obj_priv.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/vec.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

static const char *const top_first[] = { "kind", "apiVersion", "metadata", "spec" };
static const char *const top_last[] = { "status" };
static const char *const meta_first[] = {
	"name",
	"generateName",
	"namespace",
	"selfLink",
	"uid",
	/* resourceVersion goes here */
	"generation",
	"creationTimestamp",
	"deletionTimestamp",
	"deletionGracePeriodSeconds",
	"labels",
	"annotations",
	"ownerReferences",
	"finalizers",
};
#define META_BEFORE_VERSION 5
static const char *const meta_last[] = { "managedFields" };

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void print_name(struct buf *b, const char *name)
{
	if (b->p[b->len - 1] != '{')
		buf_addc(b, ',');
	json_print_string(b, name, strlen(name));
	buf_addc(b, ':');
}

static int by_name(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp(json_name(*x), json_name(*y));
}

/* A map-typed value: members by key. */
static void print_sorted(struct buf *b, const struct json *o)
{
	VEC(const struct json *) v = { 0 };

	if (!json_is_object(o)) {
		json_print(b, o);
		return;
	}
	json_each(c, o)
		vec_push(&v, c);
	if (v.n > 1)
		qsort(v.p, v.n, sizeof *v.p, by_name);
	buf_addc(b, '{');
	for (size_t i = 0; i < v.n; i++) {
		print_name(b, json_name(v.p[i]));
		json_print(b, v.p[i]);
	}
	buf_addc(b, '}');
	vec_free(&v);
}

static void print_meta_member(struct buf *b, const struct json *meta, const char *name)
{
	const struct json *v = json_get(meta, name);

	if (!v)
		return;
	print_name(b, name);
	if (strcmp(name, "labels") == 0 || strcmp(name, "annotations") == 0)
		print_sorted(b, v);
	else
		json_print(b, v);
}

static size_t print_meta(struct buf *b, const struct json *meta)
{
	size_t at;

	buf_addc(b, '{');
	for (size_t i = 0; i < META_BEFORE_VERSION; i++)
		print_meta_member(b, meta, meta_first[i]);
	print_name(b, "resourceVersion");
	at = b->len + 1;
	buf_adds(b, "\"\"");
	for (size_t i = META_BEFORE_VERSION; i < COUNT(meta_first); i++)
		print_meta_member(b, meta, meta_first[i]);
	json_each(c, meta)
		if (!among(json_name(c), meta_first, COUNT(meta_first)) &&
		    !among(json_name(c), meta_last, COUNT(meta_last)) &&
		    strcmp(json_name(c), "resourceVersion") != 0)
			print_meta_member(b, meta, json_name(c));
	for (size_t i = 0; i < COUNT(meta_last); i++)
		print_meta_member(b, meta, meta_last[i]);
	buf_addc(b, '}');
	return at;
}

static void print_top_member(struct buf *b, const struct json *tree, const char *name, size_t *at)
{
	const struct json *v = json_get(tree, name);

	if (!v)
		return;
	print_name(b, name);
	if (strcmp(name, "metadata") == 0)
		*at = print_meta(b, v);
	else
		json_print(b, v);
}

size_t obj_print(struct buf *b, const struct json *tree)
{
	size_t at = 0;

	BUG_ON(!json_is_object(json_get(tree, "metadata")));
	buf_addc(b, '{');
	for (size_t i = 0; i < COUNT(top_first); i++)
		print_top_member(b, tree, top_first[i], &at);
	json_each(c, tree)
		if (!among(json_name(c), top_first, COUNT(top_first)) &&
		    !among(json_name(c), top_last, COUNT(top_last))) {
			print_name(b, json_name(c));
			json_print(b, c);
		}
	for (size_t i = 0; i < COUNT(top_last); i++)
		print_top_member(b, tree, top_last[i], &at);
	buf_addc(b, '}');
	return at;
}
