/*
 * proto_encode: our own JSON to Kubernetes protobuf, by the facts alone.
 *
 * The text is indexed once (textindex.c).  A message's members are then sorted by looking each up among the
 * fields, which mostly stand in the same order, and written in the order of their numbers, as Go's
 * generated code does: zero values of non-pointers too, empty lists and maps not at all.
 * The length in front of a message is written as one byte; a message that needs more is moved by
 * the difference once its length is known, which is cheaper than measuring it first.
 * k8s: the generated.pb.go of each package, apimachinery/pkg/runtime/types_proto.go
 */
#include "kind/schema.h"
#include "kind/textindex.h"
#include "kind/wire.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"

#include <stdlib.h>
#include <string.h>

enum {
	MAX_FIELDS = 128, /* of one type: JSONSchemaProps has 44 */
	MAX_DEPTH = 150,
	NOTHING = TOKEN_NONE,
};

struct encoder {
	struct buf *out;
	struct textindex ts;
	int depth;
	bool failed;
};

static void put_message(struct encoder *e, const struct schema_type *t, uint32_t object);

static bool fail(struct encoder *e)
{
	e->failed = true;
	return false;
}

/* ---- bytes ---- */

static size_t varint(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

enum { NUMBER_MAX = 20 }; /* bytes of a tag and a number */

/* As buf_reserve(), mostly without a call. */
static inline uint8_t *room(struct buf *b, size_t n)
{
	return (uint8_t *)(b->cap - b->len > n ? b->p + b->len : buf_reserve(b, n));
}

static size_t tag(uint8_t *p, int number, int type)
{
	return varint(p, (uint64_t)number << 3 | (unsigned)type);
}

static void put_varint(struct buf *b, uint64_t v)
{
	b->len += varint(room(b, NUMBER_MAX), v);
}

static void put_tag(struct buf *b, int number, int type)
{
	b->len += tag(room(b, NUMBER_MAX), number, type);
}

static void put_number(struct buf *b, int number, uint64_t v)
{
	uint8_t *p = room(b, NUMBER_MAX);
	size_t n = tag(p, number, WIRE_VARINT);

	b->len += n + varint(p + n, v);
}

void proto_bytes(struct buf *b, int number, const void *p, size_t n)
{
	put_tag(b, number, WIRE_BYTES);
	put_varint(b, n);
	if (p)
		buf_add(b, p, n);
}

/* Where a field of unknown length begins; close_bytes() with it ends the field. */
static size_t open_bytes(struct buf *b, int number)
{
	uint8_t *p = room(b, NUMBER_MAX);
	size_t n = tag(p, number, WIRE_BYTES);

	p[n] = 0;
	b->len += n + 1;
	return b->len;
}

static void close_bytes(struct buf *b, size_t from)
{
	uint8_t head[10];
	size_t n = b->len - from, extra = varint(head, n) - 1;

	if (extra) {
		buf_reserve(b, extra);
		memmove(b->p + from + extra, b->p + from, n);
		b->len += extra;
	}
	memcpy(b->p + from - 1, head, extra + 1);
}

/* ---- texts ---- */

static const char *text_at(const struct encoder *e, uint32_t v)
{
	return e->ts.text + e->ts.list[v].at;
}

static size_t length_at(const struct encoder *e, uint32_t v)
{
	return e->ts.list[v].end - e->ts.list[v].at;
}

static bool is_null(const struct encoder *e, uint32_t v)
{
	return v == NOTHING || *text_at(e, v) == 'n';
}

static unsigned hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		v = v << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

static void put_utf8(struct buf *b, unsigned c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
	} else if (c < 0x800) {
		buf_addc(b, (char)(0xC0 | c >> 6));
		buf_addc(b, (char)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		buf_addc(b, (char)(0xE0 | c >> 12));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_addc(b, (char)(0x80 | (c & 0x3F)));
	} else {
		buf_addc(b, (char)(0xF0 | c >> 18));
		buf_addc(b, (char)(0x80 | (c >> 12 & 0x3F)));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_addc(b, (char)(0x80 | (c & 0x3F)));
	}
}

/* The escape behind the backslash at p; returns what follows it. */
static const char *put_escape(struct buf *b, const char *p, const char *end)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *known = p < end ? memchr(from, *p, sizeof from - 1) : NULL;
	unsigned c, low;

	if (known) {
		buf_addc(b, to[known - from]);
		return p + 1;
	}
	if (p >= end || *p != 'u' || end - p < 5) {
		if (p < end)
			buf_addc(b, *p);
		return p + 1;
	}
	c = hex4(p + 1);
	p += 5;
	if (c >= 0xD800 && c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		low = hex4(p + 2);
		if (low >= 0xDC00 && low < 0xE000) {
			c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
			p += 6;
		}
	}
	put_utf8(b, c);
	return p;
}

/* The contents of a string token. */
static bool put_text(struct encoder *e, uint32_t v)
{
	const char *p = text_at(e, v), *end = p + length_at(e, v) - 1;

	if (*p++ != '"')
		return fail(e);
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		size_t n = slash ? (size_t)(slash - p) : (size_t)(end - p);

		buf_add(e->out, p, n);
		p += n;
		if (slash)
			p = put_escape(e->out, p + 1, end);
	}
	return true;
}

static void put_text_field(struct encoder *e, int number, uint32_t v)
{
	size_t at = open_bytes(e->out, number);

	put_text(e, v);
	close_bytes(e->out, at);
}

/* A short string token as a C string. */
static bool short_text(struct encoder *e, uint32_t v, char *out, size_t size)
{
	size_t n = length_at(e, v);

	if (*text_at(e, v) != '"' || n - 2 >= size)
		return fail(e);
	memcpy(out, text_at(e, v) + 1, n - 2);
	out[n - 2] = '\0';
	return true;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void put_base64(struct encoder *e, uint32_t v)
{
	const char *p = text_at(e, v) + 1, *end = text_at(e, v) + length_at(e, v) - 1;
	unsigned bits = 0, have = 0;

	if (p[-1] != '"') {
		fail(e);
		return;
	}
	buf_reserve(e->out, (size_t)(end - p) / 4 * 3 + 3);
	for (; p < end; p++) {
		int c = base64_value(*p);

		if (c < 0)
			continue;
		bits = bits << 6 | (unsigned)c;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_addc(e->out, (char)(bits >> have));
		}
	}
}

/* ---- scalars that are messages ---- */

static void put_time(struct encoder *e, uint32_t v)
{
	char text[64];
	int64_t us, s;

	if (!short_text(e, v, text, sizeof text) || !time_parse(text, &us)) {
		fail(e);
		return;
	}
	s = us / 1000000 - (us % 1000000 < 0);
	put_number(e->out, 1, (uint64_t)s);
	put_number(e->out, 2, (uint64_t)(us - s * 1000000) * 1000);
}

static void put_duration(struct encoder *e, uint32_t v)
{
	char text[64] = "0s";
	int64_t ns = 0;

	if (v != NOTHING && (!short_text(e, v, text, sizeof text) || !duration_parse(text, &ns)))
		fail(e);
	put_number(e->out, 1, (uint64_t)ns);
}

static void put_quantity(struct encoder *e, uint32_t v)
{
	if (v == NOTHING)
		proto_bytes(e->out, 1, "0", 1);
	else
		put_text_field(e, 1, v);
}

static void put_int_or_string(struct encoder *e, uint32_t v)
{
	bool text = v != NOTHING && *text_at(e, v) == '"';

	put_number(e->out, 1, text);
	put_number(e->out, 2, v == NOTHING || text ? 0 : (uint64_t)strtoll(text_at(e, v), NULL, 10));
	if (text)
		put_text_field(e, 3, v);
	else
		proto_bytes(e->out, 3, NULL, 0);
}

static void put_raw(struct encoder *e, uint32_t v)
{
	if (v != NOTHING)
		proto_bytes(e->out, 1, text_at(e, v), length_at(e, v));
}

static void put_sub_message(struct encoder *e, int number, const struct schema_type *t, uint32_t v)
{
	size_t at = open_bytes(e->out, number);

	put_message(e, t, v);
	close_bytes(e->out, at);
}

/* JSONSchemaProps' unions: {1: allows or schema, 2: schema, schemas or strings}. */
static void put_schema(struct encoder *e, const struct schema_field *f, uint32_t v)
{
	bool or_bool = f->scalar == SCALAR_SCHEMA_OR_BOOL;
	char c = v == NOTHING ? '{' : *text_at(e, v);

	if (or_bool)
		put_number(e->out, 1, c != 'f');
	if (c == '{') {
		put_sub_message(e, or_bool ? 2 : 1, f->type, v);
		return;
	}
	if (c != '[')
		return;
	for (uint32_t i = v + 1; i < e->ts.list[v].next; i = e->ts.list[i].next)
		if (f->scalar == SCALAR_SCHEMA_OR_STRINGS)
			put_text_field(e, 2, i);
		else
			put_sub_message(e, 2, f->type, i);
}

/* ---- fields ---- */

static void put_length_delimited(struct encoder *e, const struct schema_field *f, uint32_t v)
{
	switch (f->scalar) {
	case SCALAR_STRUCT: put_message(e, f->type, v); return;
	case SCALAR_STRING:
		if (v != NOTHING)
			put_text(e, v);
		return;
	case SCALAR_BYTES:
		if (v != NOTHING)
			put_base64(e, v);
		return;
	case SCALAR_TIME:
	case SCALAR_MICROTIME:
		if (v != NOTHING)
			put_time(e, v);
		return;
	case SCALAR_DURATION: put_duration(e, v); return;
	case SCALAR_QUANTITY: put_quantity(e, v); return;
	case SCALAR_INT_OR_STRING: put_int_or_string(e, v); return;
	case SCALAR_RAW:
	case SCALAR_FIELDS_V1:
	case SCALAR_ANY: put_raw(e, v); return;
	default: put_schema(e, f, v); return;
	}
}

static uint64_t integer(struct encoder *e, uint32_t v)
{
	const char *p = text_at(e, v);

	if (*p != '-' && (*p < '0' || *p > '9'))
		fail(e);
	return (uint64_t)strtoll(p, NULL, 10);
}

static void put_double(struct encoder *e, int number, uint32_t v)
{
	double d = v == NOTHING ? 0 : strtod(text_at(e, v), NULL);
	uint64_t bits;
	uint8_t p[8];

	memcpy(&bits, &d, sizeof bits);
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(bits >> 8 * i);
	put_tag(e->out, number, WIRE_64);
	buf_add(e->out, p, sizeof p);
}

/* One value, or (NOTHING) the zero value of its type, under a number. */
static void put_value(struct encoder *e, const struct schema_field *f, int number, uint32_t v)
{
	size_t at;

	switch (f->scalar) {
	case SCALAR_BOOL: put_number(e->out, number, v != NOTHING && *text_at(e, v) == 't'); return;
	case SCALAR_INT32:
	case SCALAR_INT64: put_number(e->out, number, v == NOTHING ? 0 : integer(e, v)); return;
	case SCALAR_DOUBLE: put_double(e, number, v); return;
	default:
		at = open_bytes(e->out, number);
		put_length_delimited(e, f, v);
		close_bytes(e->out, at);
	}
}

static void put_list(struct encoder *e, const struct schema_field *f, uint32_t v)
{
	if (*text_at(e, v) != '[') {
		fail(e);
		return;
	}
	for (uint32_t i = v + 1; i < e->ts.list[v].next; i = e->ts.list[i].next)
		put_value(e, f, f->proto, is_null(e, i) ? (uint32_t)NOTHING : i);
}

/* A named list type as a map's value: a message {1: repeated string}. */
static void put_strings(struct encoder *e, uint32_t v)
{
	size_t at = open_bytes(e->out, 2);

	for (uint32_t i = v + 1; v != NOTHING && i < e->ts.list[v].next; i = e->ts.list[i].next)
		put_text_field(e, 1, i);
	close_bytes(e->out, at);
}

/* Entries {1: key, 2: value}; frozen maps are in order. */
static void put_map(struct encoder *e, const struct schema_field *f, uint32_t v)
{
	uint32_t key = v + 1;

	if (*text_at(e, v) != '{') {
		fail(e);
		return;
	}
	while (key < e->ts.list[v].next) {
		size_t at = open_bytes(e->out, f->proto);
		uint32_t value = key + 1;

		put_text_field(e, 1, key);
		key = e->ts.list[value].next;
		if (is_null(e, value))
			value = NOTHING;
		if (f->shape == SHAPE_MAP_LIST)
			put_strings(e, value);
		else if (value != NOTHING || f->scalar != SCALAR_BYTES)
			put_value(e, f, 2, value);
		close_bytes(e->out, at);
	}
}

static void put_field(struct encoder *e, const struct schema_field *f, uint32_t v)
{
	if (is_null(e, v)) {
		if (f->shape == SHAPE_ONE && !(f->flags & FIELD_POINTER) && f->scalar != SCALAR_BYTES)
			put_value(e, f, f->proto, NOTHING);
		return;
	}
	if (f->shape == SHAPE_LIST)
		put_list(e, f, v);
	else if (f->shape == SHAPE_ONE)
		put_value(e, f, f->proto, v);
	else
		put_map(e, f, v);
}

/* ---- messages ---- */

/* The n bytes at p may contain a NUL. */
static bool name_is(const char *name, const char *p, size_t n)
{
	return strlen(name) == n && memcmp(name, p, n) == 0;
}

/* The index of the field of that name; nfields when there is none.  Members mostly stand in the order of the
 * fields, so that the next one is looked at first. */
static size_t field_named(const struct schema_type *t, const char *p, size_t n, size_t next)
{
	size_t low = 0, high = t->nfields;

	if (next < t->nfields && name_is(t->fields[next].name, p, n))
		return next;
	while (low < high) {
		size_t mid = (low + high) / 2;
		const char *name = t->fields[t->order[mid]].name;
		int c = strncmp(p, name, n);

		if (c == 0 && strlen(name) == n)
			return t->order[mid];
		if (c > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return t->nfields;
}

/* Where the values of an object's members are, by the index of the field. */
static bool find_members(struct encoder *e, const struct schema_type *t, uint32_t object,
			 uint32_t *values)
{
	const struct token *list = e->ts.list;
	size_t next = 0;

	if (*text_at(e, object) != '{')
		return fail(e);
	for (uint32_t name = object + 1; name < list[object].next; name = list[name + 1].next) {
		const char *p = text_at(e, name) + 1;
		size_t n = length_at(e, name) - 2;

		if (p[-1] != '"' || name + 1 >= list[object].next)
			return fail(e);
		size_t at = field_named(t, p, n, next);

		if (at < t->nfields) {
			values[at] = name + 1;
			next = at + 1;
		}
	}
	return true;
}

/* object NOTHING: all zero values. */
static void put_message(struct encoder *e, const struct schema_type *t, uint32_t object)
{
	uint32_t values[MAX_FIELDS];

	if (t->nfields > MAX_FIELDS || (t->nfields && (!t->wire || !t->order)) ||
	    e->depth >= MAX_DEPTH) {
		fail(e);
		return;
	}
	memset(values, NOTHING, t->nfields * sizeof *values);
	if (object != NOTHING && !find_members(e, t, object, values))
		return;
	e->depth++;
	for (size_t i = 0; i < t->nwire && !e->failed; i++) {
		size_t at = t->wire[i];

		if (at < t->nfields)
			put_field(e, &t->fields[at], values[at]);
		else
			put_sub_message(e, t->embeds[at - t->nfields].proto,
					t->embeds[at - t->nfields].type, object);
	}
	e->depth--;
}

static bool encode(struct encoder *e, const struct schema_type *t, const char *json, size_t n)
{
	size_t from = e->out->len;

	if (textindex_read(&e->ts, json, n))
		put_message(e, t, TOKEN_ROOT);
	else
		e->failed = true;
	if (e->failed)
		e->out->len = from;
	*room(e->out, 0) = '\0'; /* as every buffer ends */
	return !e->failed;
}

bool proto_encode(struct buf *out, const struct schema_type *t, const char *json, size_t n)
{
	struct encoder e = { .out = out };
	bool ok = encode(&e, t, json, n);

	textindex_free(&e.ts);
	return ok;
}

/* ---- the envelope ---- */

void proto_open(struct buf *out, const char *api_version, const char *kind, size_t raw)
{
	size_t at;

	buf_add(out, "k8s", 4);
	at = open_bytes(out, 1);
	proto_bytes(out, 1, api_version, strlen(api_version));
	proto_bytes(out, 2, kind, strlen(kind));
	close_bytes(out, at);
	put_tag(out, 2, WIRE_BYTES);
	put_varint(out, raw);
}

/* contentEncoding and contentType, which are never set. */
void proto_close(struct buf *out)
{
	proto_bytes(out, 3, NULL, 0);
	proto_bytes(out, 4, NULL, 0);
}

/* Append a member of the root that is a text. */
static void root_text(struct encoder *e, const char *name, struct buf *out)
{
	const struct token *list = e->ts.list;
	uint32_t v = TOKEN_ROOT + 1;

	e->out = out;
	buf_reserve(out, 0);
	for (; v < list[TOKEN_ROOT].next; v = list[v + 1].next)
		if (name_is(name, text_at(e, v) + 1, length_at(e, v) - 2))
			put_text(e, v + 1);
}

bool proto_encode_body(struct buf *out, const struct schema_type *t, const char *json, size_t n)
{
	BUF_AUTO struct buf raw = BUF_INIT, version = BUF_INIT, kind = BUF_INIT;
	struct encoder e = { .out = &raw };

	if (encode(&e, t, json, n)) {
		root_text(&e, "apiVersion", &version);
		root_text(&e, "kind", &kind);
	}
	textindex_free(&e.ts);
	if (e.failed)
		return false;
	proto_open(out, version.p, kind.p, raw.len);
	buf_add(out, raw.p, raw.len);
	proto_close(out);
	return true;
}
