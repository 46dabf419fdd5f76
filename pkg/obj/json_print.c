/*
 * json_print: trees to bytes, as Go's encoding/json writes them.
 *
 * cJSON's printer is slow on musl (sprintf per number, two passes per string) and escapes otherwise
 * than Go, so this one writes straight into a buf.  Strings are copied in runs of bytes
 * that need no escape.
 */
#include "obj/json_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/log.h"

#include <string.h>

/* Trees from outside are at most 512 deep; this only guards the stack against our own errors. */
#define MAX_PRINT_DEPTH 4000

static const char hex[] = "0123456789abcdef";

/* What to do with a byte of a string: 0 copy, 'u' \u00XX, 'x' look at the rune, else \ and it. */
static const unsigned char escapes[256] = {
	[0 ... 7] = 'u', ['\b'] = 'b', ['\t'] = 't',      ['\n'] = 'n',        ['\v'] = 'u',
	['\f'] = 'f',    ['\r'] = 'r', [14 ... 31] = 'u', ['"'] = '"',         ['\\'] = '\\',
	['<'] = 'u',     ['>'] = 'u',  ['&'] = 'u',       [128 ... 255] = 'x',
};

/* The buffer while it is being written: `to` may always go SLACK bytes beyond `end`. */
struct out {
	struct buf *b;
	char *to, *end;
};
#define SLACK 32

/* Make room for n bytes and the slack. */
static void out_grow(struct out *o, size_t n)
{
	o->b->len = (size_t)(o->to - o->b->p);
	o->to = buf_reserve(o->b, n + SLACK);
	o->end = o->b->p + o->b->cap - SLACK - 1;
}

static struct out out_open(struct buf *b)
{
	struct out o = { .b = b };

	o.to = buf_reserve(b, SLACK);
	o.end = b->p + b->cap - SLACK - 1;
	return o;
}

static void out_close(struct out *o)
{
	*o->to = '\0';
	o->b->len = (size_t)(o->to - o->b->p);
}

/* Up to SLACK bytes. */
static inline void put(struct out *o, const char *s, size_t n)
{
	if (o->to >= o->end)
		out_grow(o, SLACK);
	for (size_t i = 0; i < n; i++)
		o->to[i] = s[i];
	o->to += n;
}

static void put_text(struct out *o, const char *s)
{
	size_t n = strlen(s);

	if (n > (size_t)(o->end + SLACK - o->to))
		out_grow(o, n);
	memcpy(o->to, s, n);
	o->to += n;
}

static char *put_unicode(char *to, unsigned c)
{
	memcpy(to, "\\u", 2);
	to[2] = hex[c >> 12 & 15];
	to[3] = hex[c >> 8 & 15];
	to[4] = hex[c >> 4 & 15];
	to[5] = hex[c & 15];
	return to + 6;
}

/* A rune of several bytes, of which n may be read: as it is, but for U+2028, U+2029 and what is no rune
 * at all.  Returns its length. */
static size_t put_rune(struct out *o, const char *s, size_t n)
{
	size_t k = utf8_length(s, n);

	if (k == 3 && memcmp(s, "\xE2\x80", 2) == 0 && ((unsigned char)s[2] & 0xFE) == 0xA8) {
		o->to = put_unicode(o->to, 0x2000 | ((unsigned char)s[2] & 0x3F));
		return k;
	}
	if (!k) {
		o->to = put_unicode(o->to, 0xFFFD);
		return 1;
	}
	memcpy(o->to, s, k);
	o->to += k;
	return k;
}

static void put_escape(struct out *o, unsigned char c)
{
	if (escapes[c] == 'u') {
		o->to = put_unicode(o->to, c);
	} else {
		*o->to++ = '\\';
		*o->to++ = (char)escapes[c];
	}
}

/* The string that ends at end, or with a NUL when end is NULL.  One pass: measuring, looking for escapes
 * and copying apart would cost three. */
static void put_string(struct out *o, const char *s, const char *end)
{
	put(o, "\"", 1);
	for (;;) {
		char *to = o->to;

		while (s != end && to < o->end && !escapes[(unsigned char)*s])
			*to++ = *s++;
		o->to = to;
		if (s == end || (!end && !*s))
			break;
		if (to >= o->end)
			out_grow(o, o->b->cap);
		else if (escapes[(unsigned char)*s] == 'x')
			s += put_rune(o, s, end ? (size_t)(end - s) : 4);
		else
			put_escape(o, (unsigned char)*s++);
	}
	put(o, "\"", 1);
}

void json_print_string(struct buf *b, const char *s, size_t n)
{
	struct out o = out_open(b);

	put_string(&o, s, s + n);
	out_close(&o);
}

const char *json_literal(const struct json *j, char text[JSON_NUMBER_TEXT])
{
	char *p = text + JSON_NUMBER_TEXT;
	int64_t v;
	uint64_t u;

	if (json_raw_type(j) == cJSON_Raw)
		return j->node.valuestring;
	v = (int64_t)j->node.valuedouble;
	u = v < 0 ? -(uint64_t)v : (uint64_t)v;
	*--p = '\0';
	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	return p;
}

const char *json_number_text(struct arena *a, const struct json *j)
{
	char text[JSON_NUMBER_TEXT];

	return json_is_number(j) ? arena_strdup(a, json_literal(j, text)) : "";
}

static void put_scalar(struct out *o, const struct json *j)
{
	char text[JSON_NUMBER_TEXT];

	switch (json_type(j)) {
	case JSON_TRUE: put(o, "true", 4); break;
	case JSON_FALSE: put(o, "false", 5); break;
	case JSON_NUMBER: put_text(o, json_literal(j, text)); break;
	case JSON_STRING: put_string(o, j->node.valuestring, NULL); break;
	default: put(o, "null", 4);
	}
}

/* A new line at a depth when pretty, else nothing. */
static void break_line(struct out *o, int depth, bool pretty)
{
	if (!pretty)
		return;
	put(o, "\n", 1);
	while (depth--)
		put(o, "  ", 2);
}

static void put_node(struct out *o, const struct json *j, int depth, bool pretty)
{
	bool object = json_is_object(j);

	if (!object && !json_is_array(j)) {
		put_scalar(o, j);
		return;
	}
	BUG_ON(depth > MAX_PRINT_DEPTH);
	put(o, object ? "{" : "[", 1);
	for (const cJSON *c = j->node.child; c; c = c->next) {
		if (c->prev->next)
			put(o, ",", 1);
		break_line(o, depth + 1, pretty);
		if (object) {
			put_string(o, c->string, NULL);
			put(o, ": ", pretty ? 2 : 1);
		}
		put_node(o, (const struct json *)(const void *)c, depth + 1, pretty);
	}
	if (j->node.child)
		break_line(o, depth, pretty);
	put(o, object ? "}" : "]", 1);
}

void json_print(struct buf *b, const struct json *j)
{
	struct out o = out_open(b);

	put_node(&o, j, 0, false);
	out_close(&o);
}

void json_print_pretty(struct buf *b, const struct json *j)
{
	struct out o = out_open(b);

	put_node(&o, j, 0, true);
	out_close(&o);
}

char *json_text(struct arena *a, const struct json *j)
{
	BUF_AUTO struct buf b = BUF_INIT;

	json_print(&b, j);
	return arena_dup(a, b.p, b.len);
}
