/*
 * literal: the values of literal tokens.  (cel-go: parser/unescape.go, parser.go)
 *
 * In a string \x and octal escapes are code points, in bytes they are bytes.  Line ends are
 * normalised to \n, in raw strings too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cel/parse.h"
#include "cel/type.h"

static void utf8_add(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addc(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_addc(b, (char)(0xe0 | c >> 12));
		} else {
			buf_addc(b, (char)(0xf0 | c >> 18));
			buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(b, (char)(0x80 | (c & 0x3f)));
}

static bool rune_valid(uint32_t c)
{
	return c < 0xd800 || (c > 0xdfff && c <= 0x10ffff);
}

/* A number of `n` digits in the base at *s; the lexer has checked that they are there. */
static uint32_t digits_read(const char **s, int n, int base)
{
	uint32_t v = 0;

	for (; n > 0; n--, (*s)++) {
		char c = **s;
		uint32_t d = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);

		v = v * (uint32_t)base + d;
	}
	return v;
}

/* The escape behind a backslash at *s. */
static bool escape_add(struct buf *b, const char **s, bool bytes, const char **why)
{
	static const char plain[] = "abfnrtv\\'\"`?", value[] = "\a\b\f\n\r\t\v\\'\"`?";
	char c = *(*s)++;
	const char *at = strchr(plain, c);
	uint32_t v;

	if (at && c) {
		buf_addc(b, value[at - plain]);
		return true;
	}
	*why = "unable to unescape string";
	if (bytes && (c == 'u' || c == 'U'))
		return false;
	if (c >= '0' && c <= '3') {
		(*s)--;
		v = digits_read(s, 3, 8);
	} else {
		v = digits_read(s, c == 'u' ? 4 : c == 'U' ? 8 : 2, 16);
	}
	if (bytes) {
		buf_addc(b, (char)v);
		return true;
	}
	*why = "invalid unicode code point";
	if (!rune_valid(v))
		return false;
	utf8_add(b, v);
	return true;
}

static bool text_unescape(struct buf *b, const char *s, const char *end, bool raw, bool bytes,
			  const char **why)
{
	while (s < end) {
		if (*s == '\r') {
			buf_addc(b, '\n');
			s += end - s > 1 && s[1] == '\n' ? 2 : 1;
		} else if (*s == '\\' && !raw) {
			s++;
			if (!escape_add(b, &s, bytes, why))
				return false;
		} else {
			buf_addc(b, *s++);
		}
	}
	return true;
}

static bool text_parse(struct arena *a, const struct cel_token *t, struct cel_literal *out,
		       const char **why)
{
	BUF_AUTO struct buf b = BUF_INIT;
	const char *s = t->p, *end = t->p + t->n;
	bool bytes = t->kind == TOKEN_BYTES, raw;
	size_t quotes = 1;

	s += bytes;
	raw = *s == 'r' || *s == 'R';
	s += raw;
	if (end - s >= 6 && s[1] == *s && s[2] == *s)
		quotes = 3;
	if (!text_unescape(&b, s + quotes, end - quotes, raw, bytes, why))
		return false;
	out->kind = bytes ? CEL_KIND_BYTES : CEL_KIND_STRING;
	out->s.p = arena_dup(a, b.p ? b.p : "", b.len);
	out->s.n = b.len;
	return true;
}

/* An unsigned number of up to 64 bits, decimal or 0x; the token may end in u. */
static bool magnitude_parse(const char *p, const char *end, uint64_t *v)
{
	int base = end - p > 2 && p[1] == 'x' ? 16 : 10;

	*v = 0;
	for (p += base == 16 ? 2 : 0; p < end; p++) {
		uint64_t d = *p <= '9' ? (uint64_t)(*p - '0') : (uint64_t)((*p | 0x20) - 'a' + 10);

		if (__builtin_mul_overflow(*v, (uint64_t)base, v) || __builtin_add_overflow(*v, d, v))
			return false;
	}
	return true;
}

static bool int_parse(const struct cel_token *t, bool negative, struct cel_literal *out)
{
	uint64_t v;

	if (!magnitude_parse(t->p, t->p + t->n, &v) || v > (uint64_t)INT64_MAX + negative)
		return false;
	out->kind = CEL_KIND_INT;
	out->i = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static bool double_parse(struct arena *a, const struct cel_token *t, bool negative,
			 struct cel_literal *out)
{
	double d = strtod(arena_dup(a, t->p, t->n), NULL);

	out->kind = CEL_KIND_DOUBLE;
	out->d = negative ? -d : d;
	return d <= __DBL_MAX__;
}

bool cel_literal_parse(struct arena *a, const struct cel_token *t, bool negative,
		       struct cel_literal *out, const char **why)
{
	switch (t->kind) {
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		out->kind = CEL_KIND_BOOL;
		out->b = t->kind == TOKEN_TRUE;
		return true;
	case TOKEN_NULL: out->kind = CEL_KIND_NULL; return true;
	case TOKEN_INT: *why = "invalid int literal"; return int_parse(t, negative, out);
	case TOKEN_UINT:
		*why = "invalid uint literal";
		out->kind = CEL_KIND_UINT;
		return magnitude_parse(t->p, t->p + t->n - 1, &out->u);
	case TOKEN_FLOAT: *why = "invalid double literal"; return double_parse(a, t, negative, out);
	default: return text_parse(a, t, out, why);
	}
}
