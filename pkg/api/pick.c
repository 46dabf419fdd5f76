/*
 * Label and field selectors of list, watch and deletecollection, answered from object headers alone.
 *
 * metadata.name and metadata.namespace work for every kind; other fields are header fields that the kind's row
 * declares selectable.  k8s: apimachinery/pkg/runtime/conversion.go, pkg/apis/x/v1/conversion.go.
 */
#include "api/core.h"

#include "base/arena.h"
#include "kind/custom.h"
#include "obj/selector.h"

#include <string.h>

static const char *selectable_name(const struct kind *k, size_t i)
{
	return k->selectable_names ? k->selectable_names[i] : k->fields[i];
}

/* Index of a selector key, PICK_NAME, PICK_NS, or -3. */
static int field_index(const struct kind *k, const char *key)
{
	if (!strcmp(key, "metadata.name"))
		return PICK_NAME;
	/* Cluster-scoped kinds with selectable fields of their own know no namespace; the rest accept it. */
	if (!strcmp(key, "metadata.namespace") && (k->namespaced || !k->nselectable))
		return PICK_NS;
	for (size_t i = 0; i < k->nselectable; i++)
		if (!strcmp(selectable_name(k, i), key))
			return (int)i;
	return -3;
}

static bool label_refused(const struct kind *k, const char *key, struct status *st)
{
	if (k->nselectable)
		return status_bad_request(st, "field label not supported: %s", key);
	return status_bad_request(
		st,
		"\"%s\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
		key);
}

static bool fields_parse(struct arena *a, const struct kind *k, const char *text, struct pick *out,
			 struct status *st)
{
	struct field_selector *fs = field_selector_parse(a, text, st);

	if (!fs)
		return false;
	out->custom = k->custom ? k : NULL;
	out->fields = arena_zalloc(a, (fs->n + 1) * sizeof *out->fields);
	for (size_t i = 0; i < fs->n; i++) {
		const struct field_term *t = &fs->terms[i];
		struct pick_field *f = &out->fields[out->nfields++];

		*f = (struct pick_field){ field_index(k, t->key), t->value, NULL, t->negate };
		if (f->index < PICK_NS)
			return label_refused(k, t->key, st);
		if (f->index >= 0 && k->field_absent)
			f->absent = k->field_absent[f->index];
		if (f->index == PICK_NAME && !f->negate)
			out->name = f->value;
		if (f->index == PICK_NS && !f->negate)
			out->ns = f->value;
	}
	return true;
}

bool pick_parse(struct arena *a, const struct kind *k, const char *labels, const char *fields,
		struct pick *out, struct status *st)
{
	*out = (struct pick){ 0 };
	if (labels && *labels) {
		out->labels = selector_parse(a, labels, st);
		if (!out->labels)
			return false;
		if (selector_everything(out->labels))
			out->labels = NULL;
	}
	return !fields || !*fields || fields_parse(a, k, fields, out, st);
}

/* A custom resource's fields are not in the header, because definitions change: the object is parsed. */
static bool custom_field_is(const struct pick *p, const struct obj *o, const struct pick_field *f)
{
	struct arena *a = arena_new();
	bool is = !strcmp(custom_field(a, p->custom, o, (size_t)f->index), f->value);

	arena_free(&a);
	return is;
}

static const char *field_value(const struct obj *o, const struct pick_field *f)
{
	const char *v;

	if (f->index == PICK_NAME)
		return o->name;
	if (f->index == PICK_NS)
		return o->ns;
	v = (uint32_t)f->index < o->nfields ? o->fields[f->index] : "";
	return !*v && f->absent ? f->absent : v;
}

bool pick_matches(const struct pick *p, const struct obj *o)
{
	for (size_t i = 0; i < p->nfields; i++) {
		const struct pick_field *f = &p->fields[i];

		bool is = p->custom && f->index >= 0 ? custom_field_is(p, o, f) :
						       !strcmp(field_value(o, f), f->value);

		if (is == f->negate)
			return false;
	}
	return !p->labels || selector_matches_obj(p->labels, o);
}

bool pick_everything(const struct pick *p)
{
	return !p->labels && !p->nfields;
}
