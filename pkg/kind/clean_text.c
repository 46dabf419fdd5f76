/*
 * clean_text: the words of Go's decoders for what schema_clean() finds.
 *
 * A mismatch names the innermost struct and the dotted field names from the root, without indexes
 * and map keys but with the Go names of inlined structs; a warning names the full path with both.
 */
#include "kind/clean.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"

#include <ctype.h>
#include <string.h>

#define MAX_WARNINGS 100

static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

/* Append the Go names of the inlined structs on the way to a field. */
static void add_inlined(struct buf *b, const struct schema_type *t, const char *name)
{
	const struct schema_field *f = schema_field(t, name);

	if (!f || f->proto)
		return;
	if (t->kind && (strcmp(name, "kind") == 0 || strcmp(name, "apiVersion") == 0))
		buf_adds(b, "TypeMeta.");
	for (const struct schema_embed *e = t->embeds; e && e->proto; e++) {
		if (!schema_field(e->type, name))
			continue;
		buf_addf(b, "%s.", last_part(e->type->name));
		add_inlined(b, e->type, name);
		return;
	}
}

static void add_fields(struct buf *b, const struct step *at)
{
	if (!at)
		return;
	add_fields(b, at->up);
	if (!at->owner)
		return;
	add_inlined(b, at->owner, at->name);
	buf_addf(b, "%s.", at->name);
}

static void add_path(struct buf *b, const struct step *at)
{
	if (!at)
		return;
	add_path(b, at->up);
	if (at->name)
		buf_addf(b, b->len ? ".%s" : "%s", at->name);
	else
		buf_addf(b, "[%zu]", at->index);
}

static const char *value_text(struct arena *a, const struct json *v, const char *go)
{
	bool number = strncmp(go, "int", 3) == 0 || strncmp(go, "float", 5) == 0;

	switch (json_type(v)) {
	case JSON_NULL: return "null";
	case JSON_FALSE:
	case JSON_TRUE: return "bool";
	case JSON_NUMBER:
		return number ? arena_printf(a, "number %s", json_number_text(a, v)) : "number";
	case JSON_STRING: return "string";
	case JSON_ARRAY: return "array";
	default: return "object";
	}
}

void clean_mismatch(struct cleaner *c, const struct step *at, const struct json *v, const char *go,
		    bool own)
{
	const struct step *field = at;
	BUF_AUTO struct buf path = BUF_INIT;
	char *text;

	if (c->fatal || (c->mismatch && !own))
		return;
	while (field && !field->owner)
		field = field->up;
	add_fields(&path, at);
	if (field)
		text = arena_printf(
			c->a, "json: cannot unmarshal %s into Go struct field %s.%.*s of type %s",
			value_text(c->a, v, go), last_part(field->owner->name), (int)path.len - 1,
			path.p, go);
	else
		text = arena_printf(c->a, "json: cannot unmarshal %s into Go value of type %s",
				    value_text(c->a, v, go), go);
	*(own ? &c->fatal : &c->mismatch) = text;
}

void clean_fatal(struct cleaner *c, const char *text)
{
	if (!c->fatal)
		c->fatal = arena_strdup(c->a, text);
}

void clean_warn(struct arena *a, struct schema_warnings *w, const char *what, const char *path)
{
	if (w->n == MAX_WARNINGS)
		return;
	if (!w->n)
		w->texts = arena_alloc(a, MAX_WARNINGS * sizeof *w->texts);
	w->texts[w->n++] = arena_printf(a, "%s %s", what, go_quote(a, path, strlen(path)));
}

void clean_unknown(struct cleaner *c, const struct step *at, const char *name)
{
	BUF_AUTO struct buf path = BUF_INIT;

	if (!c->w)
		return;
	add_path(&path, at);
	buf_addf(&path, path.len ? ".%s" : "%s", name);
	clean_warn(c->a, c->w, "unknown field", path.p);
}

/* ---- times ---- */

/* One element of a layout: so many digits, a literal, a fraction or a zone. */
struct element {
	const char *layout;
	int digits; /* 0: a literal, or what its layout says */
	int lo, hi; /* legal values */
	const char *range;
};

static const struct element time_layout[] = {
	{ "2006", 4, 0, 9999, NULL }, { "-", 0, 0, 0, NULL },       { "01", 2, 1, 12, "month" },
	{ "-", 0, 0, 0, NULL },       { "02", 2, 1, 31, "day" },    { "T", 0, 0, 0, NULL },
	{ "15", 2, 0, 23, "hour" },   { ":", 0, 0, 0, NULL },       { "04", 2, 0, 59, "minute" },
	{ ":", 0, 0, 0, NULL },       { "05", 2, 0, 59, "second" },
};

static size_t count_digits(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && isdigit((unsigned char)s[n]))
		n++;
	return n;
}

/* Length of a zone (Z or an offset) at s, 0 if there is none. */
static size_t zone_length(const char *s)
{
	if (*s == 'Z')
		return 1;
	if ((*s != '+' && *s != '-') || count_digits(s + 1, 2) < 2 || s[3] != ':' ||
	    count_digits(s + 4, 2) < 2)
		return 0;
	return 6;
}

static char *time_error(struct arena *a, const char *s, const char *layout, const char *rest,
			const char *element)
{
	return arena_printf(a, "parsing time %s as %s: cannot parse %s as %s",
			    go_quote(a, s, strlen(s)), go_quote(a, layout, strlen(layout)),
			    go_quote(a, rest, strlen(rest)), go_quote(a, element, strlen(element)));
}

char *clean_time_error(struct arena *a, const char *s, bool micro)
{
	const char *layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
	const char *quoted = go_quote(a, s, strlen(s)), *p = s;

	for (size_t i = 0; i < sizeof time_layout / sizeof *time_layout; i++) {
		const struct element *e = &time_layout[i];
		size_t n = e->digits ? (size_t)e->digits : 1;
		int v = 0;

		if (e->digits ? count_digits(p, n) < n : *p != *e->layout)
			return time_error(a, s, layout, p, e->layout);
		for (size_t k = 0; k < n && e->digits; k++)
			v = v * 10 + p[k] - '0';
		if (e->range && (v < e->lo || v > e->hi))
			return arena_printf(a, "parsing time %s: %s out of range", quoted, e->range);
		p += n;
	}
	if (micro && (*p != '.' || count_digits(p + 1, 6) < 6))
		return time_error(a, s, layout, p, ".000000");
	if (*p == '.')
		p += 1 + count_digits(p + 1, strlen(p + 1));
	if (!zone_length(p))
		return time_error(a, s, layout, p, "Z07:00");
	p += zone_length(p);
	if (*p)
		return arena_printf(a, "parsing time %s: extra text: %s", quoted,
				    go_quote(a, p, strlen(p)));
	return arena_printf(a, "parsing time %s: day out of range", quoted);
}

/* ---- durations ---- */

/* v in units of 10^digits, without trailing zeros. */
static void add_fraction(struct buf *b, uint64_t v, int digits)
{
	uint64_t unit = 1;
	size_t end;

	for (int i = 0; i < digits; i++)
		unit *= 10;
	buf_addf(b, "%llu.%0*llu", (unsigned long long)(v / unit), digits,
		 (unsigned long long)(v % unit));
	for (end = b->len; b->p[end - 1] == '0'; end--)
		;
	b->len = end - (b->p[end - 1] == '.');
}

char *clean_duration_text(struct arena *a, int64_t ns)
{
	uint64_t u = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	BUF_AUTO struct buf b = BUF_INIT;

	if (!ns)
		return arena_strdup(a, "0s");
	buf_adds(&b, ns < 0 ? "-" : "");
	if (u < 1000000000) {
		int digits = u < 1000 ? 0 : u < 1000000 ? 3 : 6;

		add_fraction(&b, u, digits);
		buf_adds(&b, digits == 0 ? "ns" : digits == 3 ? "µs" : "ms");
		return arena_dup(a, b.p, b.len);
	}
	if (u >= 3600000000000)
		buf_addf(&b, "%lluh", (unsigned long long)(u / 3600000000000));
	if (u >= 60000000000)
		buf_addf(&b, "%llum", (unsigned long long)(u / 60000000000 % 60));
	add_fraction(&b, u % 60000000000, 9);
	buf_addc(&b, 's');
	return arena_dup(a, b.p, b.len);
}
