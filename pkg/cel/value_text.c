/*
 * value_text: values as Go's %v prints them, for messages such as `no such key: x`.
 */
#include "cel/number.h"
#include "cel/timestamp.h"
#include "cel/value_priv.h"

#include "base/arena.h"
#include "base/buf.h"

#define TEXT_MAX 65536 /* bytes of a message's value, about; no message is read further */

static void print_list(struct buf *b, struct cel_list *l)
{
	const struct cel_value *items = cel_list_items(l);

	buf_addc(b, '[');
	for (size_t i = 0; i < cel_list_count(l) && b->len < TEXT_MAX; i++) {
		if (i)
			buf_adds(b, ", ");
		cel_value_print(b, items[i]);
	}
	buf_addc(b, ']');
}

static void print_map(struct buf *b, struct cel_map *m)
{
	struct cel_value key, v;
	size_t it = 0, from;

	buf_addc(b, '{');
	from = b->len;
	while (b->len < TEXT_MAX && cel_map_next(m, &it, &key, &v)) {
		if (b->len > from)
			buf_adds(b, ", ");
		cel_value_print(b, key);
		buf_adds(b, ": ");
		cel_value_print(b, v);
	}
	buf_addc(b, '}');
}

static void print_bytes(struct buf *b, struct cel_value v)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < v.n && b->len < TEXT_MAX; i++)
		buf_addf(b, "%s%u", i ? " " : "", (unsigned)(unsigned char)v.s[i]);
	buf_addc(b, ']');
}

static void print_optional(struct buf *b, struct cel_value v)
{
	if (!v.some) {
		buf_adds(b, "optional.none()");
		return;
	}
	buf_adds(b, "optional(");
	cel_value_print(b, *v.some);
	buf_addc(b, ')');
}

static void print_opaque(struct buf *b, const struct cel_opaque *o)
{
	struct arena *a;

	if (!o->class->text) {
		buf_adds(b, o->class->name);
		return;
	}
	a = arena_new();
	buf_adds(b, o->class->text(a, o));
	arena_free(&a);
}

void cel_value_print(struct buf *b, struct cel_value v)
{
	switch (v.kind) {
	case CELV_NULL: buf_addc(b, '0'); break; /* Go's enumeration has no name for it */
	case CELV_BOOL: buf_adds(b, v.b ? "true" : "false"); break;
	case CELV_INT: buf_addf(b, "%lld", (long long)v.i); break;
	case CELV_UINT: buf_addf(b, "%llu", (unsigned long long)v.u); break;
	case CELV_DOUBLE: cel_print_double(b, v.d); break;
	case CELV_STRING:
	case CELV_TYPE:
	case CELV_ERROR: buf_add(b, v.s, v.n); break;
	case CELV_BYTES: print_bytes(b, v); break;
	case CELV_TIMESTAMP: cel_time_print_go(b, v); break;
	case CELV_DURATION: cel_duration_print_go(b, v.i); break;
	case CELV_LIST: print_list(b, v.list); break;
	case CELV_MAP:
	case CELV_OBJECT: print_map(b, v.map); break;
	case CELV_OPTIONAL: print_optional(b, v); break;
	case CELV_OPAQUE: print_opaque(b, v.opaque); break;
	default: break;
	}
}

const char *cel_value_text(struct arena *a, struct cel_value v)
{
	BUF_AUTO struct buf b = BUF_INIT;

	cel_value_print(&b, v);
	return arena_dup(a, b.len ? b.p : "", b.len);
}
