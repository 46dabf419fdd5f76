/*
 * type: making, comparing and printing types; escaping of names.
 *
 * Types are compared by structure, never by address: the checker makes many short-lived ones while
 * it unifies, and callers present the same schema more than once.  Two texts exist for a type, as
 * upstream: the checker's messages (`timestamp`, `list(int)`) and Type.String()
 * (`google.protobuf.Timestamp`).
 */
#include "cel/type.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

static struct cel_type *type_new(struct arena *a, enum cel_kind kind, const char *name,
				 const struct cel_type *p0, const struct cel_type *p1)
{
	struct cel_type *t = arena_zalloc(a, sizeof *t);

	t->kind = (uint8_t)kind;
	t->name = name;
	t->nparams = (uint8_t)((p0 != NULL) + (p1 != NULL));
	t->params[0] = p0;
	t->params[1] = p1;
	return t;
}

struct cel_type *cel_type_list(struct arena *a, const struct cel_type *elem, int64_t max)
{
	struct cel_type *t = type_new(a, CEL_KIND_LIST, "list", elem, NULL);

	t->max = max;
	t->min_size = 2;
	return t;
}

struct cel_type *cel_type_map(struct arena *a, const struct cel_type *key,
			      const struct cel_type *value, int64_t max)
{
	struct cel_type *t = type_new(a, CEL_KIND_MAP, "map", key, value);

	t->max = max;
	t->min_size = 2;
	return t;
}

struct cel_type *cel_type_optional(struct arena *a, const struct cel_type *of)
{
	return type_new(a, CEL_KIND_OPAQUE, "optional_type", of, NULL);
}

struct cel_type *cel_type_of(struct arena *a, const struct cel_type *of)
{
	return type_new(a, CEL_KIND_TYPE, "type", of, NULL);
}

struct cel_type *cel_type_object(struct arena *a, const char *name, const struct cel_object *o)
{
	struct cel_type *t = type_new(a, CEL_KIND_OBJECT, name, NULL, NULL);

	t->object = o;
	t->min_size = 2;
	return t;
}

struct cel_type *cel_type_copy(struct arena *a, const struct cel_type *t)
{
	struct cel_type *c = arena_alloc(a, sizeof *c);

	*c = *t;
	return c;
}

bool cel_type_same(const struct cel_type *x, const struct cel_type *y)
{
	if (x == y)
		return true;
	if (!x || !y || x->kind != y->kind || x->nparams != y->nparams)
		return false;
	if (strcmp(x->name, y->name) != 0)
		return false;
	for (unsigned i = 0; i < x->nparams; i++) {
		if (!cel_type_same(x->params[i], y->params[i]))
			return false;
	}
	return true;
}

bool cel_type_is_optional(const struct cel_type *t)
{
	return t->kind == CEL_KIND_OPAQUE && t->nparams == 1 && !strcmp(t->name, "optional_type");
}

const struct cel_field *cel_type_field(const struct cel_type *t, const char *name)
{
	const struct cel_object *o = t->object;

	if (!o)
		return NULL;
	if (o->find)
		return o->find(o, name);
	for (size_t i = 0; i < o->nfields; i++) {
		if (!strcmp(o->fields[i].name, name))
			return &o->fields[i];
	}
	return NULL;
}

static void params_print(struct buf *b, const struct cel_type *t,
			 void (*print)(struct buf *b, const struct cel_type *t))
{
	for (unsigned i = 0; i < t->nparams; i++) {
		buf_adds(b, i ? ", " : "(");
		print(b, t->params[i]);
	}
	if (t->nparams)
		buf_addc(b, ')');
}

void cel_type_print(struct buf *b, const struct cel_type *t)
{
	switch (t->kind) {
	case CEL_KIND_ERROR: buf_adds(b, "!error!"); return;
	case CEL_KIND_NULL: buf_adds(b, "null"); return;
	case CEL_KIND_DURATION: buf_adds(b, "duration"); return;
	case CEL_KIND_TIMESTAMP: buf_adds(b, "timestamp"); return;
	default: buf_adds(b, t->name); params_print(b, t, cel_type_print);
	}
}

static void declared_print(struct buf *b, const struct cel_type *t)
{
	if (t->kind == CEL_KIND_PARAM) {
		buf_addf(b, "<%s>", t->name);
		return;
	}
	buf_adds(b, t->name);
	params_print(b, t, declared_print);
}

char *cel_type_text(struct arena *a, const struct cel_type *t)
{
	BUF_AUTO struct buf b = BUF_INIT;

	cel_type_print(&b, t);
	return arena_dup(a, b.p, b.len);
}

char *cel_type_declared(struct arena *a, const struct cel_type *t)
{
	BUF_AUTO struct buf b = BUF_INIT;

	declared_print(&b, t);
	return arena_dup(a, b.p, b.len);
}
