/*
 * json_build: trees from a literal with directives.
 *
 * A recursive descent over the format.  Formats are written by us, so every fault is
 * a bug that names the rest of the format.
 */
#include "obj/json_priv.h"

#include "base/arena.h"
#include "base/log.h"

#include <stdarg.h>
#include <string.h>

struct builder {
	struct arena *a;
	const char *p, *fmt;
	va_list args;
};

static struct json *build_value(struct builder *b);

_Noreturn static void bad_format(const struct builder *b, const char *what)
{
	bug("json_build: %s at \"%s\" of \"%s\"", what, b->p, b->fmt);
}

static char peek(struct builder *b)
{
	while (*b->p == ' ' || *b->p == '\n' || *b->p == '\t')
		b->p++;
	return *b->p;
}

static void expect(struct builder *b, char c)
{
	if (peek(b) != c)
		bad_format(b, "unexpected character");
	b->p++;
}

static const char *build_name(struct builder *b)
{
	const char *from;
	size_t n;

	if (peek(b) == '"') {
		from = ++b->p;
		n = strcspn(from, "\"");
		b->p += n;
		expect(b, '"');
	} else {
		from = b->p;
		n = strcspn(from, ": \t\n,{}[]%\"");
		b->p += n;
	}
	if (!n)
		bad_format(b, "member name missing");
	return arena_dup(b->a, from, n);
}

/* Behind a value: true when another follows, false when the container ends here. */
static bool another(struct builder *b, char end)
{
	char c = peek(b);

	if (c != ',' && c != end)
		bad_format(b, "comma or end missing");
	b->p++;
	return c == ',';
}

static struct json *build_object(struct builder *b)
{
	struct json *o = json_object(b->a), *v;
	const char *name;

	expect(b, '{');
	if (peek(b) == '}') {
		b->p++;
		return o;
	}
	do {
		name = build_name(b);
		expect(b, ':');
		v = build_value(b);
		if (v)
			json_set(b->a, o, name, v);
	} while (another(b, '}'));
	return o;
}

static struct json *build_array(struct builder *b)
{
	struct json *l = json_array(b->a), *v;

	expect(b, '[');
	if (peek(b) == ']') {
		b->p++;
		return l;
	}
	do {
		v = build_value(b);
		if (v)
			json_append(l, v);
	} while (another(b, ']'));
	return l;
}

static struct json *build_directive(struct builder *b)
{
	const char *s;

	expect(b, '%');
	switch (*b->p++) {
	case 's': s = va_arg(b->args, const char *); return s ? json_string(b->a, s) : NULL;
	case 'd': return json_integer(b->a, va_arg(b->args, int));
	case 'l': return json_integer(b->a, va_arg(b->args, int64_t));
	case 'b': return json_boolean(b->a, va_arg(b->args, int));
	case 'j': return va_arg(b->args, struct json *);
	default: bad_format(b, "unknown directive");
	}
}

/* A string, number or word in the format itself. */
static struct json *build_literal(struct builder *b)
{
	const char *from = b->p;
	size_t n = strcspn(from, ",:{}[] \t\n%");

	if (*from == '"') {
		const char *end = from + 1;

		while (*end && *end != '"')
			end += *end == '\\' && end[1] ? 2 : 1;
		n = (size_t)(end - from) + (*end == '"');
	}
	if (!n)
		bad_format(b, "value missing");
	b->p += n;
	return json_parse_own(b->a, from, n);
}

static struct json *build_value(struct builder *b)
{
	switch (peek(b)) {
	case '{': return build_object(b);
	case '[': return build_array(b);
	case '%': return build_directive(b);
	default: return build_literal(b);
	}
}

struct json *json_build(struct arena *a, const char *fmt, ...)
{
	struct builder b = { .a = a, .p = fmt, .fmt = fmt };
	struct json *v;

	va_start(b.args, fmt);
	v = build_value(&b);
	va_end(b.args);
	if (peek(&b))
		bad_format(&b, "text behind the value");
	return v;
}
