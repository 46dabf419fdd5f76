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

static char *put_unicode(char *to, unsigned c)
{
	memcpy(to, "\\u", 2);
	to[2] = hex[c >> 12 & 15];
	to[3] = hex[c >> 8 & 15];
	to[4] = hex[c >> 4 & 15];
	to[5] = hex[c & 15];
	return to + 6;
}

/* A rune of several bytes: as it is, but for U+2028, U+2029 and what is no rune at all. */
static size_t print_rune(struct buf *b, const char *s, size_t n)
{
	size_t k = utf8_length(s, n);
	char *to = buf_reserve(b, 6);

	if (k == 3 && memcmp(s, "\xE2\x80", 2) == 0 && ((unsigned char)s[2] & 0xFE) == 0xA8) {
		to = put_unicode(to, 0x2000 | ((unsigned char)s[2] & 0x3F));
	} else if (k) {
		memcpy(to, s, k);
		to += k;
	} else {
		to = put_unicode(to, 0xFFFD);
		k = 1;
	}
	b->len = (size_t)(to - b->p);
	return k;
}

static void print_escape(struct buf *b, unsigned char c)
{
	char *to = buf_reserve(b, 6);

	if (escapes[c] == 'u') {
		to = put_unicode(to, c);
	} else {
		*to++ = '\\';
		*to++ = (char)escapes[c];
	}
	b->len = (size_t)(to - b->p);
}

void json_print_string(struct buf *b, const char *s, size_t n)
{
	size_t i = 0, run;

	*buf_reserve(b, n + 2) = '"';
	b->len++;
	while (i < n) {
		for (run = i; i < n && !escapes[(unsigned char)s[i]]; i++)
			;
		memcpy(buf_reserve(b, i - run), s + run, i - run);
		b->len += i - run;
		if (i == n)
			break;
		if (escapes[(unsigned char)s[i]] == 'x')
			i += print_rune(b, s + i, n - i);
		else
			print_escape(b, (unsigned char)s[i++]);
	}
	buf_addc(b, '"');
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

static void print_scalar(struct buf *b, const struct json *j)
{
	char text[JSON_NUMBER_TEXT];

	switch (json_type(j)) {
	case JSON_TRUE: buf_add(b, "true", 4); break;
	case JSON_FALSE: buf_add(b, "false", 5); break;
	case JSON_NUMBER: buf_adds(b, json_literal(j, text)); break;
	case JSON_STRING:
		json_print_string(b, j->node.valuestring, strlen(j->node.valuestring));
		break;
	default: buf_add(b, "null", 4);
	}
}

/* A new line at a depth when pretty, else nothing. */
static void break_line(struct buf *b, int depth, bool pretty)
{
	if (!pretty)
		return;
	buf_addc(b, '\n');
	while (depth--)
		buf_add(b, "  ", 2);
}

static void print_node(struct buf *b, const struct json *j, int depth, bool pretty)
{
	bool object = json_is_object(j);

	if (!object && !json_is_array(j)) {
		print_scalar(b, j);
		return;
	}
	BUG_ON(depth > MAX_PRINT_DEPTH);
	buf_addc(b, object ? '{' : '[');
	for (const cJSON *c = j->node.child; c; c = c->next) {
		if (c->prev->next)
			buf_addc(b, ',');
		break_line(b, depth + 1, pretty);
		if (object) {
			json_print_string(b, c->string, strlen(c->string));
			buf_add(b, ": ", pretty ? 2 : 1);
		}
		print_node(b, (const struct json *)(const void *)c, depth + 1, pretty);
	}
	if (j->node.child)
		break_line(b, depth, pretty);
	buf_addc(b, object ? '}' : ']');
}

void json_print(struct buf *b, const struct json *j)
{
	print_node(b, j, 0, false);
}

void json_print_pretty(struct buf *b, const struct json *j)
{
	print_node(b, j, 0, true);
}

char *json_text(struct arena *a, const struct json *j)
{
	BUF_AUTO struct buf b = BUF_INIT;

	json_print(&b, j);
	return arena_dup(a, b.p, b.len);
}
