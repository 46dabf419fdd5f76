/*
 * kind: what is common to all rows: names derived from a row, the prepare steps that most kinds
 * share, and the question whether a change counts for metadata.generation.
 *
 * Status isolation is written here once (k8s: every strategy's PrepareForCreate/PrepareForUpdate
 * and its statusStrategy).  Hooks that do more call the kind_status_* parts.  An emptied status is
 * not absent: Go encodes the zero struct, and clients see `status: {}` or `status: {replicas: 0}`,
 * so it is built from the facts of the type.
 */
#include "kind/kind.h"

#include "base/arena.h"
#include "kind/columns.h"
#include "kind/schema.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 128

const char *kind_api_version(const struct kind *k, char *out)
{
	if (k->subject.group[0])
		snprintf(out, NAME_MAX_BYTES, "%s/%s", k->subject.group, k->version);
	else
		snprintf(out, NAME_MAX_BYTES, "%s", k->version);
	return out;
}

const char *kind_table(const struct kind *k, char *out)
{
	const struct subject *s = k->storage ? &k->storage->subject : &k->subject;

	snprintf(out, NAME_MAX_BYTES, "%s%s%s", s->resource, s->group[0] ? "." : "", s->group);
	return out;
}

const char *kind_list_kind(const struct kind *k, char *out)
{
	if (k->list_kind)
		snprintf(out, NAME_MAX_BYTES, "%s", k->list_kind);
	else
		snprintf(out, NAME_MAX_BYTES, "%sList", k->subject.kind);
	return out;
}

void hook_warn(struct hook *h, const char *fmt, ...)
{
	char **grown = arena_alloc(h->a, (h->nwarnings + 1) * sizeof *grown);
	va_list ap;

	if (h->nwarnings)
		memcpy(grown, h->warnings, h->nwarnings * sizeof *grown);
	va_start(ap, fmt);
	grown[h->nwarnings] = arena_vprintf(h->a, fmt, ap);
	va_end(ap);
	h->warnings = grown;
	h->nwarnings++;
}

void kind_warn(struct hook *h, const struct json *o, const struct json *old)
{
	if (h->kind->warn && !h->errors->n)
		h->kind->warn(h, o, old);
}

/* ---- prepare ---- */

static struct json *zero_struct(struct arena *a, const struct schema_type *t);

/* What Go encodes for an unset field; NULL when it is left out. */
static struct json *zero_field(struct arena *a, const struct schema_field *f)
{
	if (f->shape == SHAPE_ONE && f->scalar == SCALAR_STRUCT && !(f->flags & FIELD_POINTER))
		return zero_struct(a, f->type);
	if ((f->flags & (FIELD_OMITEMPTY | FIELD_POINTER)) || f->shape != SHAPE_ONE)
		return NULL;
	switch (f->scalar) {
	case SCALAR_STRING: return json_string(a, "");
	case SCALAR_BOOL: return json_boolean(a, false);
	case SCALAR_INT32:
	case SCALAR_INT64:
	case SCALAR_DOUBLE: return json_integer(a, 0);
	default: return NULL;
	}
}

static struct json *zero_struct(struct arena *a, const struct schema_type *t)
{
	struct json *o = json_object(a);

	for (size_t i = 0; t && i < t->nfields; i++) {
		struct json *v = zero_field(a, &t->fields[i]);

		if (v)
			json_set(a, o, t->fields[i].name, v);
	}
	return o;
}

void kind_status_reset(struct hook *h, struct json *o)
{
	const struct schema_field *f = h->kind->type ? schema_field(h->kind->type, "status") : NULL;

	if (!f || f->scalar != SCALAR_STRUCT || (f->flags & FIELD_POINTER))
		json_del(o, "status");
	else
		json_set(h->a, o, "status", zero_struct(h->a, f->type));
}

void kind_status_keep(struct hook *h, struct json *o, const struct json *old)
{
	const struct json *status = json_get(old, "status");

	if (status)
		json_set(h->a, o, "status", json_copy(h->a, status));
	else
		json_del(o, "status");
}

void kind_status_only(struct hook *h, struct json *o, const struct json *old)
{
	for (struct json *c = json_first(o), *next; c; c = next) {
		const char *name = json_name(c);

		next = json_next(c);
		if (strcmp(name, "status") && strcmp(name, "metadata") && !json_get(old, name))
			json_detach(o, c);
	}
	json_each(c, old) {
		const char *name = json_name(c);

		if (strcmp(name, "status") && strcmp(name, "metadata"))
			json_set(h->a, o, name, json_copy(h->a, c));
	}
}

void kind_prepare_create(struct hook *h, struct json *o)
{
	if (h->kind->prepare_create)
		h->kind->prepare_create(h, o);
	else if (h->kind->subs & SUB_STATUS)
		kind_status_reset(h, o);
}

void kind_prepare_update(struct hook *h, struct json *o, const struct json *old)
{
	if (h->kind->prepare_update)
		h->kind->prepare_update(h, o, old);
	else if (h->kind->subs & SUB_STATUS)
		kind_status_keep(h, o, old);
}

void kind_prepare_status(struct hook *h, struct json *o, const struct json *old)
{
	if (h->kind->prepare_status)
		h->kind->prepare_status(h, o, old);
	else
		kind_status_only(h, o, old);
}

/* ---- generation ---- */

static bool counts(const struct kind *k, const char *name)
{
	if (!strcmp(name, "metadata") || !strcmp(name, "apiVersion") || !strcmp(name, "kind"))
		return false;
	return !(k->subs & SUB_STATUS) || strcmp(name, "status");
}

bool kind_spec_changed(const struct kind *k, const struct json *o, const struct json *old)
{
	json_each(c, o)
		if (counts(k, json_name(c)) && !json_equal(c, json_get(old, json_name(c))))
			return true;
	json_each(c, old)
		if (counts(k, json_name(c)) && !json_get(o, json_name(c)))
			return true;
	/* Deployments alone count annotations too (k8s: apps/deployment/strategy.go), because
	 * revisions live there. */
	return k->generation_annotations && !json_equal(json_path(o, "metadata.annotations"),
							json_path(old, "metadata.annotations"));
}
