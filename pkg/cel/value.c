/*
 * value: making values and asking them what they are.
 *
 * The lists and maps are in value_list.c and value_map.c, JSON in value_json.c, comparison in
 * value_equal.c, text in value_text.c.
 */
#include "cel/value_priv.h"

#include "base/arena.h"
#include "base/log.h"

#include <stdarg.h>
#include <string.h>

static struct cel_value text_value(enum cel_value_kind kind, const char *s, size_t n)
{
	if (n > UINT32_MAX)
		bug("CEL text of %zu bytes", n);
	return (struct cel_value){ .kind = kind, .n = (uint32_t)n, .s = s };
}

struct cel_value cel_stringn(const char *s, size_t n)
{
	return text_value(CELV_STRING, s, n);
}

struct cel_value cel_string(const char *s)
{
	return text_value(CELV_STRING, s, strlen(s));
}

struct cel_value cel_bytes(const char *s, size_t n)
{
	return text_value(CELV_BYTES, s, n);
}

struct cel_value cel_type_value(const char *name)
{
	return text_value(CELV_TYPE, name, strlen(name));
}

struct cel_value cel_opaque(const struct cel_opaque *o)
{
	return (struct cel_value){ .kind = CELV_OPAQUE, .opaque = o };
}

struct cel_value cel_some(struct arena *a, struct cel_value v)
{
	struct cel_value *some = arena_alloc(a, sizeof *some);

	*some = v;
	return (struct cel_value){ .kind = CELV_OPTIONAL, .some = some };
}

struct cel_value cel_failf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return cel_fail(text);
}

struct cel_value cel_fail(const char *text)
{
	return text_value(CELV_ERROR, text, strlen(text));
}

struct cel_value cel_no_overload(void)
{
	return cel_fail("no such overload");
}

const char *cel_value_str(struct arena *a, struct cel_value v)
{
	return arena_dup(a, v.s, v.n);
}

const char *cel_value_type(struct cel_value v)
{
	static const char *const names[] = {
		[CELV_NULL] = "null_type",
		[CELV_BOOL] = "bool",
		[CELV_INT] = "int",
		[CELV_UINT] = "uint",
		[CELV_DOUBLE] = "double",
		[CELV_STRING] = "string",
		[CELV_BYTES] = "bytes",
		[CELV_TIMESTAMP] = "google.protobuf.Timestamp",
		[CELV_DURATION] = "google.protobuf.Duration",
		[CELV_LIST] = "list",
		[CELV_MAP] = "map",
		[CELV_OBJECT] = "map",
		[CELV_TYPE] = "type",
		[CELV_OPTIONAL] = "optional_type",
		[CELV_PRESERVED] = "unknown",
		[CELV_ERROR] = "error",
	};

	if (v.kind == CELV_OPAQUE)
		return v.opaque->class->name;
	if (v.kind == CELV_OBJECT && v.map->name)
		return v.map->name;
	return names[v.kind];
}

/* Code points; every byte that continues none counts as one. */
static int64_t count_runes(const char *s, size_t n)
{
	int64_t runes = 0;

	for (size_t i = 0; i < n; i++)
		runes += ((unsigned char)s[i] & 0xc0) != 0x80;
	return runes;
}

bool cel_value_size(struct cel_value v, int64_t *size)
{
	switch (v.kind) {
	case CELV_STRING: *size = count_runes(v.s, v.n); return true;
	case CELV_BYTES: *size = v.n; return true;
	case CELV_LIST: *size = (int64_t)cel_list_count(v.list); return true;
	case CELV_MAP: *size = (int64_t)cel_map_count(v.map); return true;
	case CELV_OPAQUE:
		if (!v.opaque->class->size)
			return false;
		*size = v.opaque->class->size(v.opaque);
		return true;
	default: return false;
	}
}

bool cel_value_is_zero(struct cel_value v)
{
	switch (v.kind) {
	case CELV_NULL: return true;
	case CELV_BOOL: return !v.b;
	case CELV_INT:
	case CELV_UINT:
	case CELV_DURATION: return v.u == 0;
	case CELV_DOUBLE: return v.d == 0;
	case CELV_STRING:
	case CELV_BYTES: return v.n == 0;
	/* Go's zero time is in the year 1. */
	case CELV_TIMESTAMP: return v.i == -62135596800 && v.n == 0;
	case CELV_LIST: return cel_list_count(v.list) == 0;
	case CELV_MAP:
	case CELV_OBJECT: return cel_map_count(v.map) == 0;
	default: return false;
	}
}
