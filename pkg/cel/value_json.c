/*
 * value_json: JSON trees as values and values as JSON trees.
 *
 * Reading follows the declared type (k8s: cel/common/valuesunstructured.go); data that does not fit it
 * is an error value at the place where it is looked at.  Writing follows proto3's JSON mapping.
 */
#include "cel/cel.h"
#include "cel/timestamp.h"
#include "cel/type.h"
#include "cel/value_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "obj/json.h"

#include <math.h>
#include <string.h>

#define MAX_DEPTH 512

/* ---- reading ---- */

static struct cel_value read_number(const struct json *j)
{
	int64_t i;

	return json_int(j, &i) ? cel_int(i) : cel_double(json_double(j));
}

static struct cel_value read_dynamic(struct arena *a, const struct json *j)
{
	switch (json_type(j)) {
	case JSON_NULL: return CEL_NULL_VALUE;
	case JSON_FALSE: return cel_bool(false);
	case JSON_TRUE: return cel_bool(true);
	case JSON_NUMBER: return read_number(j);
	case JSON_STRING: return cel_string(json_str(j));
	case JSON_ARRAY: return cel_json_list(a, j, NULL);
	case JSON_OBJECT: return cel_json_map(a, j, NULL);
	}
	return CEL_NULL_VALUE;
}

/* Go's name of what encoding/json makes of it. */
static const char *go_type(const struct json *j)
{
	int64_t i;

	switch (json_type(j)) {
	case JSON_NULL: return "<nil>";
	case JSON_FALSE:
	case JSON_TRUE: return "bool";
	case JSON_NUMBER: return json_int(j, &i) ? "int64" : "float64";
	case JSON_STRING: return "string";
	case JSON_ARRAY: return "[]interface {}";
	case JSON_OBJECT: return "map[string]interface {}";
	}
	return "";
}

static struct cel_value read_time(struct arena *a, const char *s)
{
	struct cel_value v;

	if (cel_time_parse_format(s, strlen(s), &v))
		return v;
	return cel_failf(a, "Invalid date-time formatted string %s", s);
}

static struct cel_value read_duration(struct arena *a, const char *s)
{
	int64_t ns;

	if (cel_duration_parse_format(s, strlen(s), &ns))
		return cel_duration(ns);
	return cel_failf(a, "Invalid duration %s: unable to parse %s as duration", s, s);
}

static struct cel_value read_bytes(struct arena *a, const char *s)
{
	size_t n;
	char *p = base64_decode(a, s, strlen(s), &n);

	return p ? cel_bytes(p, n) : cel_failf(a, "Invalid byte formatted string %s", s);
}

static struct cel_value read_text(struct arena *a, const struct json *j, uint8_t kind)
{
	if (!json_is_string(j))
		return cel_failf(a, "invalid data, expected string, got %s", go_type(j));
	switch (kind) {
	case CEL_KIND_TIMESTAMP: return read_time(a, json_str(j));
	case CEL_KIND_DURATION: return read_duration(a, json_str(j));
	case CEL_KIND_BYTES: return read_bytes(a, json_str(j));
	default: return cel_string(json_str(j));
	}
}

static struct cel_value read_typed_number(struct arena *a, const struct json *j, uint8_t kind)
{
	int64_t i;
	bool integer = json_int(j, &i);

	if (kind == CEL_KIND_DOUBLE && json_is_number(j))
		return cel_double(json_double(j));
	if (kind == CEL_KIND_INT && integer)
		return cel_int(i);
	if (kind == CEL_KIND_UINT && integer && i >= 0)
		return cel_uint((uint64_t)i);
	return cel_failf(a, "invalid data, expected %s, got %s",
			 kind == CEL_KIND_DOUBLE ? "float" : "int", go_type(j));
}

static struct cel_value read_int_or_string(const struct json *j)
{
	struct cel_value v = json_is_number(j) ? read_number(j) : CEL_NULL_VALUE;

	if (json_is_string(j))
		return cel_string(json_str(j));
	if (v.kind == CELV_INT)
		return v;
	return cel_fail("invalid data, expected XIntOrString value to be either a string or integer");
}

struct cel_value cel_json(struct arena *a, const struct json *j, const struct cel_type *type)
{
	if (!type || json_is_null(j))
		return read_dynamic(a, j);
	switch (type->kind) {
	case CEL_KIND_BOOL:
		if (!json_is_bool(j))
			return cel_failf(a, "invalid data, expected bool, got %s", go_type(j));
		return cel_bool(json_is_true(j));
	case CEL_KIND_INT:
	case CEL_KIND_UINT:
	case CEL_KIND_DOUBLE: return read_typed_number(a, j, type->kind);
	case CEL_KIND_STRING:
	case CEL_KIND_BYTES:
	case CEL_KIND_TIMESTAMP:
	case CEL_KIND_DURATION: return read_text(a, j, type->kind);
	case CEL_KIND_LIST:
		if (json_is_array(j))
			return cel_json_list(a, j, type);
		return cel_fail(
			"invalid data, expected an array for the provided schema with type=array");
	case CEL_KIND_MAP:
	case CEL_KIND_OBJECT:
		if (json_is_object(j))
			return cel_json_map(a, j, type);
		return cel_fail(
			"invalid data, expected a map for the provided schema with type=object");
	default:
		if (type->int_or_string)
			return read_int_or_string(j);
		return read_dynamic(a, j);
	}
}

/* ---- writing ---- */

static struct json *write(struct arena *a, struct cel_value v, int depth, const char **why);

static struct json *write_list(struct arena *a, struct cel_list *l, int depth, const char **why)
{
	struct json *out = json_array(a);
	const struct cel_value *items = cel_list_items(l);

	for (size_t i = 0; i < cel_list_count(l); i++) {
		struct json *item = write(a, items[i], depth, why);

		if (!item)
			return NULL;
		json_append(out, item);
	}
	return out;
}

/* A key as a member name. */
static const char *write_key(struct arena *a, struct cel_value key)
{
	switch (key.kind) {
	case CELV_STRING:
	case CELV_INT:
	case CELV_UINT:
	case CELV_BOOL: return cel_value_text(a, key);
	default: return NULL;
	}
}

static struct json *write_map(struct arena *a, struct cel_map *m, int depth, const char **why)
{
	struct json *out = json_object(a);
	struct cel_value key, v;
	size_t it = 0;

	if (m->json)
		return json_copy(a, m->json);
	while (cel_map_next(m, &it, &key, &v)) {
		struct json *member = write(a, v, depth, why);
		const char *name = write_key(a, key);

		if (!name)
			*why = arena_printf(a, "unsupported map key type %s", cel_value_type(key));
		if (!member || !name)
			return NULL;
		json_add(a, out, name, member);
	}
	return out;
}

static struct json *write_double(struct arena *a, double d)
{
	if (isnan(d))
		return json_string(a, "NaN");
	if (isinf(d))
		return json_string(a, d < 0 ? "-Infinity" : "Infinity");
	/* Every digit that tells it from its neighbours. */
	for (int precision = 15; precision <= 17; precision++) {
		const char *text = arena_printf(a, "%.*g", precision, d);
		struct json *j = json_number(a, text);

		if (precision == 17 || json_double(j) == d)
			return j;
	}
	return NULL;
}

static struct json *write_printed(struct arena *a, struct cel_value v)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (v.kind == CELV_TIMESTAMP)
		cel_time_print(&b, v);
	else
		cel_duration_print(&b, v.i);
	return json_stringn(a, b.p, b.len);
}

static struct json *write_opaque(struct arena *a, const struct cel_opaque *o, const char **why)
{
	if (o->class->text)
		return json_string(a, o->class->text(a, o));
	*why = arena_printf(a, "type conversion error from '%s' to JSON", o->class->name);
	return NULL;
}

static struct json *write(struct arena *a, struct cel_value v, int depth, const char **why)
{
	if (depth > MAX_DEPTH) {
		*why = "value nested too deeply";
		return NULL;
	}
	switch (v.kind) {
	case CELV_NULL: return json_null(a);
	case CELV_BOOL: return json_boolean(a, v.b);
	case CELV_INT: return json_integer(a, v.i);
	case CELV_UINT: return json_number(a, arena_printf(a, "%llu", (unsigned long long)v.u));
	case CELV_DOUBLE: return write_double(a, v.d);
	case CELV_STRING: return json_stringn(a, v.s, v.n);
	case CELV_BYTES: return json_string(a, base64_encode(a, v.s, v.n));
	case CELV_TIMESTAMP:
	case CELV_DURATION: return write_printed(a, v);
	case CELV_LIST: return write_list(a, v.list, depth + 1, why);
	case CELV_MAP:
	case CELV_OBJECT: return write_map(a, v.map, depth + 1, why);
	case CELV_OPAQUE: return write_opaque(a, v.opaque, why);
	case CELV_OPTIONAL:
		if (v.some)
			return write(a, *v.some, depth + 1, why);
		*why = "optional.none() dereference";
		return NULL;
	case CELV_PRESERVED: return json_copy(a, v.json);
	default:
		*why = arena_printf(a, "type conversion error from '%s' to JSON", cel_value_type(v));
		return NULL;
	}
}

struct json *cel_value_tree(struct arena *a, struct cel_value v, const char **why)
{
	return write(a, v, 0, why);
}
