/*
 * proto: Kubernetes protobuf bodies to trees, by the facts alone.
 *
 * The bytes are read as fields of (number, wire type, payload); a message's fields become members of
 * an object under their JSON names, an embedded message shares the object of its owner.  The tree
 * then passes schema_clean(), so that both encodings leave the same tree behind: zero values of
 * non-pointers, which Go's protobuf always sends, vanish there.
 *
 * Bytes are hostile: the number of values and the depth are limited, members are appended without a
 * search; schema_clean() puts maps in order and lets the last of equal keys win.
 * k8s: apimachinery/pkg/runtime/serializer/protobuf, the generated.proto of each package.
 */
#include "kind/wire.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/status.h"
#include "obj/json.h"

#include <string.h>

#define MAX_DEPTH 150
#define MAX_VALUES (1 << 20)

static bool decode_message(struct wire_reader *r, const struct schema_type *t, struct json *o,
			   struct wire w);

/* A sub-message merged into o, one level deeper. */
static bool descend(struct wire_reader *r, const struct schema_type *t, struct json *o,
		    const struct wire_item *it)
{
	bool ok;

	if (it->type != WIRE_BYTES)
		return wire_fail(r, "proto: wrong wireType = %d for field %d", it->type, it->number);
	if (++r->depth > MAX_DEPTH)
		return wire_fail(r, "proto: exceeded max recursion depth");
	ok = decode_message(r, t, o, it->sub);
	r->depth--;
	return ok;
}

/* One of JSONSchemaProps' unions: {1: allows or schema, 2: schema, schemas or strings}. */
static struct json *decode_schema(struct wire_reader *r, const struct schema_field *f,
				  const struct wire_item *it)
{
	bool or_bool = f->scalar == SCALAR_SCHEMA_OR_BOOL, allows = false;
	struct json *schema = NULL, *list = NULL;
	struct wire w = it->sub;
	struct wire_item in;

	while (wire_next(r, &w, &in)) {
		if (or_bool && in.number == 1) {
			allows = in.value != 0;
		} else if (in.number == (or_bool ? 2 : 1)) {
			schema = schema ? schema : json_object(r->a);
			if (!descend(r, f->type, schema, &in))
				return NULL;
		} else if (in.number == 2) {
			struct json *v = f->scalar == SCALAR_SCHEMA_OR_STRINGS ?
						 wire_scalar(r, SCALAR_STRING, &in) :
						 json_object(r->a);

			if (!v || (json_is_object(v) && !descend(r, f->type, v, &in)))
				return NULL;
			list = list ? list : json_array(r->a);
			json_append(list, v);
		}
	}
	if (r->error)
		return NULL;
	if (or_bool && !schema)
		return json_boolean(r->a, allows);
	return schema ? schema : list ? list : json_null(r->a);
}

/* One value of a field that has no container, or one of its container. */
static struct json *decode_value(struct wire_reader *r, const struct schema_field *f,
				 const struct wire_item *it)
{
	struct json *o;

	if (f->scalar >= SCALAR_SCHEMA_OR_BOOL)
		return decode_schema(r, f, it);
	if (f->scalar != SCALAR_STRUCT)
		return wire_scalar(r, f->scalar, it);
	o = json_object(r->a);
	return descend(r, f->type, o, it) ? o : NULL;
}

/* The items of a named list type: a message {1: repeated string}. */
static struct json *decode_strings(struct wire_reader *r, const struct wire_item *it)
{
	struct json *l = json_array(r->a), *v;
	struct wire w = it->sub;
	struct wire_item in;

	while (wire_next(r, &w, &in)) {
		v = in.number == 1 ? wire_scalar(r, SCALAR_STRING, &in) : NULL;
		if (v)
			json_append(l, v);
	}
	return r->error ? NULL : l;
}

/* A map's entry {1: key, 2: value}; a value that is missing is its zero value. */
static bool decode_entry(struct wire_reader *r, const struct schema_field *f, struct json *map,
			 const struct wire_item *it)
{
	struct json *v = NULL, *key = NULL;
	struct wire w = it->sub;
	struct wire_item in;

	if (it->type != WIRE_BYTES)
		return wire_fail(r, "proto: wrong wireType = %d for field %s", it->type, f->name);
	while (wire_next(r, &w, &in)) {
		if (in.number == 1)
			key = wire_scalar(r, SCALAR_STRING, &in);
		else if (in.number == 2)
			v = f->shape == SHAPE_MAP ? decode_value(r, f, &in) : decode_strings(r, &in);
	}
	if (r->error)
		return false;
	json_add(r->a, map, json_str(key), v ? v : json_null(r->a));
	return true;
}

/* Numbers of a list may come in one piece. */
static bool decode_packed(struct wire_reader *r, const struct schema_field *f, struct json *list,
			  struct wire w)
{
	struct wire_item it = { .number = f->proto };
	struct json *v;

	while (w.p < w.end) {
		if (!wire_packed(r, &w, f->scalar, &it))
			return false;
		v = wire_scalar(r, f->scalar, &it);
		if (!v)
			return false;
		json_append(list, v);
	}
	return true;
}

static bool is_packed(const struct schema_field *f, const struct wire_item *it)
{
	return it->type == WIRE_BYTES && (f->scalar == SCALAR_INT32 || f->scalar == SCALAR_INT64 ||
					  f->scalar == SCALAR_BOOL || f->scalar == SCALAR_DOUBLE);
}

static bool decode_field(struct wire_reader *r, const struct schema_field *f, struct json *o,
			 const struct wire_item *it)
{
	struct json *have = json_get(o, f->name), *v;

	if (f->shape == SHAPE_LIST) {
		have = have ? have : json_add(r->a, o, f->name, json_array(r->a));
		if (is_packed(f, it))
			return decode_packed(r, f, have, it->sub);
		v = decode_value(r, f, it);
		if (v)
			json_append(have, v);
		return v != NULL;
	}
	if (f->shape != SHAPE_ONE) {
		have = have ? have : json_add(r->a, o, f->name, json_object(r->a));
		return decode_entry(r, f, have, it);
	}
	if (f->scalar == SCALAR_STRUCT) {
		have = have ? have : json_add(r->a, o, f->name, json_object(r->a));
		return descend(r, f->type, have, it);
	}
	v = decode_value(r, f, it);
	if (v)
		json_set(r->a, o, f->name, v);
	return v != NULL;
}

/* The field with a number; fields mostly come in the order of the type, so look behind the last. */
static const struct schema_field *field_numbered(const struct schema_type *t, int number, size_t *hint)
{
	for (size_t i = 0; i < t->nfields; i++) {
		size_t at = (*hint + i) % t->nfields;

		if (t->fields[at].proto == number) {
			*hint = at;
			return &t->fields[at];
		}
	}
	return NULL;
}

static const struct schema_type *embed_numbered(const struct schema_type *t, int number)
{
	for (const struct schema_embed *e = t->embeds; e && e->proto; e++)
		if (e->proto == number)
			return e->type;
	return NULL;
}

static bool decode_message(struct wire_reader *r, const struct schema_type *t, struct json *o,
			   struct wire w)
{
	struct wire_item it;
	size_t hint = 0;

	while (wire_next(r, &w, &it)) {
		const struct schema_field *f = field_numbered(t, it.number, &hint);
		const struct schema_type *embed = f ? NULL : embed_numbered(t, it.number);

		if (f && !decode_field(r, f, o, &it))
			return false;
		if (embed && !descend(r, embed, o, &it))
			return false;
	}
	return !r->error;
}

/* runtime.Unknown {1: {1: apiVersion, 2: kind}, 2: raw}. */
static bool open_envelope(struct wire_reader *r, struct wire w, const char **api_version,
			  const char **kind, struct wire *raw)
{
	struct wire_item it, in;

	while (wire_next(r, &w, &it)) {
		if (it.type != WIRE_BYTES)
			return wire_fail(r, "proto: wrong wireType = %d for field %d", it.type,
					 it.number);
		if (it.number == 2)
			*raw = it.sub;
		while (it.number == 1 && wire_next(r, &it.sub, &in)) {
			const char *s =
				in.number <= 2 ? json_str(wire_scalar(r, SCALAR_STRING, &in)) : "";

			if (in.number == 1)
				*api_version = s;
			else if (in.number == 2)
				*kind = s;
		}
	}
	return !r->error;
}

/* kind and apiVersion stand first in every object; an envelope without them takes the type's. */
static void add_type_meta(struct arena *a, const struct schema_type *t, const char *api_version,
			  const char *kind, struct json *o)
{
	if (!*kind && t->kind) {
		kind = t->kind;
		api_version = *t->group ? arena_printf(a, "%s/%s", t->group, t->version) : t->version;
	}
	if (*kind)
		json_add(a, o, "kind", json_string(a, kind));
	if (*api_version)
		json_add(a, o, "apiVersion", json_string(a, api_version));
}

struct json *proto_decode(struct arena *a, const void *p, size_t n,
			  const struct schema_type *(*lookup)(void *arg, const char *api_version,
							      const char *kind),
			  void *arg, struct status *st)
{
	struct wire_reader r = { .a = a, .budget = MAX_VALUES };
	struct wire w = { p, (const uint8_t *)p + n }, raw = { NULL, NULL };
	const char *api_version = "", *kind = "", *version;
	const struct schema_type *t;
	struct json *o = json_object(a);

	if (n < 4 || memcmp(p, "k8s", 4) != 0) {
		status_bad_request(st, "provided data does not appear to be a protobuf message, "
				       "expected prefix [107 56 115 0]");
		return NULL;
	}
	w.p += 4;
	if (w.p == w.end) {
		status_bad_request(st, "empty body");
		return NULL;
	}
	if (!open_envelope(&r, w, &api_version, &kind, &raw)) {
		status_bad_request(st, "unable to decode the protobuf envelope: %s", r.error);
		return NULL;
	}
	t = lookup(arg, api_version, kind);
	if (!t) {
		status_bad_request(st, "no kind %s is registered for version %s",
				   go_quote(a, kind, strlen(kind)),
				   go_quote(a, api_version, strlen(api_version)));
		return NULL;
	}
	add_type_meta(a, t, api_version, kind, o);
	kind = json_str(json_get(o, "kind"));
	version = strrchr(api_version, '/') ? strrchr(api_version, '/') + 1 : api_version;
	if (!decode_message(&r, t, o, raw)) {
		status_bad_request(st, "%s in version \"%s\" cannot be handled as a %s: %s", kind,
				   version, kind, r.error);
		return NULL;
	}
	return schema_clean(a, t, kind, version, o, NULL, NULL, st) ? o : NULL;
}
