/*
 * wire: reading fields and scalars.
 *
 * Scalars with a message of their own (times, quantities, int-or-strings, raw JSON) are flat
 * messages of at most three fields; struct flat holds the last value of each.
 */
#include "kind/wire.h"
#include "kind/clean.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/status.h"
#include "obj/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first and the last second Go's RFC 3339 can say. */
#define YEAR_1 (-62135596800LL)
#define YEAR_9999 253402300799LL

bool wire_fail(struct wire_reader *r, const char *fmt, ...)
{
	va_list ap;

	if (r->error)
		return false;
	va_start(ap, fmt);
	r->error = arena_vprintf(r->a, fmt, ap);
	va_end(ap);
	return false;
}

static bool read_varint(struct wire_reader *r, struct wire *w, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (w->p == w->end)
			return wire_fail(r, "unexpected EOF");
		*v |= (uint64_t)(*w->p & 0x7F) << shift;
		if (!(*w->p++ & 0x80))
			return true;
	}
	return wire_fail(r, "proto: integer overflow");
}

/* Little-endian n bytes. */
static bool read_fixed(struct wire_reader *r, struct wire *w, size_t n, uint64_t *v)
{
	if ((size_t)(w->end - w->p) < n)
		return wire_fail(r, "unexpected EOF");
	*v = 0;
	for (size_t i = 0; i < n; i++)
		*v |= (uint64_t)w->p[i] << 8 * i;
	w->p += n;
	return true;
}

static bool read_bytes(struct wire_reader *r, struct wire *w, struct wire *sub)
{
	uint64_t n;

	if (!read_varint(r, w, &n))
		return false;
	if (n > (uint64_t)(w->end - w->p))
		return wire_fail(r, "unexpected EOF");
	*sub = (struct wire){ w->p, w->p + n };
	w->p += n;
	return true;
}

bool wire_next(struct wire_reader *r, struct wire *w, struct wire_item *it)
{
	uint64_t tag;

	if (r->error || w->p == w->end || !read_varint(r, w, &tag))
		return false;
	*it = (struct wire_item){ .number = (int)(tag >> 3 & 0x1FFFFFFF), .type = tag & 7 };
	if (!it->number || tag >> 32)
		return wire_fail(r, "proto: illegal tag %d (wire type %d)", it->number, it->type);
	if (!r->budget--)
		return wire_fail(r, "proto: too many values");
	switch (it->type) {
	case WIRE_VARINT: return read_varint(r, w, &it->value);
	case WIRE_64: return read_fixed(r, w, 8, &it->value);
	case WIRE_BYTES: return read_bytes(r, w, &it->sub);
	case WIRE_32: return read_fixed(r, w, 4, &it->value);
	default: return wire_fail(r, "proto: illegal wireType %d", it->type);
	}
}

bool wire_packed(struct wire_reader *r, struct wire *w, enum scalar kind, struct wire_item *it)
{
	it->type = kind == SCALAR_DOUBLE ? WIRE_64 : WIRE_VARINT;
	if (!r->budget--)
		return wire_fail(r, "proto: too many values");
	return it->type == WIRE_64 ? read_fixed(r, w, 8, &it->value) : read_varint(r, w, &it->value);
}

static size_t length(struct wire w)
{
	return (size_t)(w.end - w.p);
}

/* ---- scalars ---- */

struct flat {
	uint64_t value[4];
	struct wire sub[4];
};

static bool read_flat(struct wire_reader *r, struct wire w, struct flat *f)
{
	struct wire_item it;

	*f = (struct flat){ 0 };
	while (wire_next(r, &w, &it)) {
		if (it.number > 3)
			continue;
		f->value[it.number] = it.value;
		f->sub[it.number] = it.sub;
	}
	return !r->error;
}

static struct json *text_json(struct wire_reader *r, struct wire w)
{
	size_t n = length(w);

	if (!n)
		return json_string(r->a, "");
	if (memchr(w.p, 0, n) || !utf8_valid((const char *)w.p, n)) {
		wire_fail(r, "proto: string field contains invalid UTF-8");
		return NULL;
	}
	return json_stringn(r->a, (const char *)w.p, n);
}

/* The shortest decimal that reads back as the same double, in JSON's grammar. */
static struct json *double_json(struct wire_reader *r, uint64_t bits)
{
	char text[40];
	double v;

	memcpy(&v, &bits, sizeof v);
	if (!isfinite(v)) {
		wire_fail(r, "json: unsupported value: %g", v);
		return NULL;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return json_number(r->a, text);
}

static struct json *time_json(struct wire_reader *r, struct wire w, bool micro)
{
	char text[TIME_LEN];
	struct flat f;
	int64_t s, nanos;

	if (w.p == w.end)
		return json_null(r->a);
	if (!read_flat(r, w, &f))
		return NULL;
	s = (int64_t)f.value[1];
	nanos = (int32_t)f.value[2];
	if (s < YEAR_1 || s > YEAR_9999 || nanos < 0 || nanos > 999999999) {
		wire_fail(r, "proto: time out of range");
		return NULL;
	}
	if (s == YEAR_1)
		return json_null(r->a);
	if (micro)
		time_format_us(s * 1000000 + nanos / 1000, text);
	else
		time_format(s, text);
	return json_string(r->a, text);
}

static struct json *int_or_string_json(struct wire_reader *r, struct wire w)
{
	struct flat f;

	if (!read_flat(r, w, &f))
		return NULL;
	if (f.value[1])
		return text_json(r, f.sub[3]);
	return json_integer(r->a, (int32_t)f.value[2]);
}

/* JSON carried as bytes. */
static struct json *raw_json(struct wire_reader *r, struct wire w)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json *v;
	struct flat f;

	if (!read_flat(r, w, &f))
		return NULL;
	if (f.sub[1].p == f.sub[1].end)
		return json_null(r->a);
	v = json_parse(r->a, (const char *)f.sub[1].p, length(f.sub[1]), NULL, &st);
	if (!v)
		wire_fail(r, "%s", st.message);
	return v;
}

static struct json *message_scalar(struct wire_reader *r, enum scalar kind, struct wire w)
{
	struct flat f;

	switch (kind) {
	case SCALAR_TIME:
	case SCALAR_MICROTIME: return time_json(r, w, kind == SCALAR_MICROTIME);
	case SCALAR_DURATION:
		if (!read_flat(r, w, &f))
			return NULL;
		return json_string(r->a, clean_duration_text(r->a, (int64_t)f.value[1]));
	case SCALAR_QUANTITY:
		if (!read_flat(r, w, &f))
			return NULL;
		return length(f.sub[1]) ? text_json(r, f.sub[1]) : json_string(r->a, "0");
	case SCALAR_INT_OR_STRING: return int_or_string_json(r, w);
	default: return raw_json(r, w);
	}
}

static int wire_type(enum scalar kind)
{
	if (kind == SCALAR_BOOL || kind == SCALAR_INT32 || kind == SCALAR_INT64)
		return WIRE_VARINT;
	return kind == SCALAR_DOUBLE ? WIRE_64 : WIRE_BYTES;
}

struct json *wire_scalar(struct wire_reader *r, enum scalar kind, const struct wire_item *it)
{
	if (it->type != wire_type(kind)) {
		wire_fail(r, "proto: wrong wireType = %d for field %d", it->type, it->number);
		return NULL;
	}
	switch (kind) {
	case SCALAR_STRING: return text_json(r, it->sub);
	case SCALAR_BOOL: return json_boolean(r->a, it->value != 0);
	case SCALAR_INT32: return json_integer(r->a, (int32_t)it->value);
	case SCALAR_INT64: return json_integer(r->a, (int64_t)it->value);
	case SCALAR_DOUBLE: return double_json(r, it->value);
	case SCALAR_BYTES:
		return json_string(r->a, base64_encode(r->a, it->sub.p, length(it->sub)));
	default: return message_scalar(r, kind, it->sub);
	}
}
