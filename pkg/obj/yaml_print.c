/*
 * yaml_print: JSON trees as YAML in block style, as kubectl's output looks.
 *
 * List items stand at the indent of their key.  A string is plain when no reader could take it
 * for anything else, a literal block when it has several clean lines, and else double-quoted with
 * JSON's escapes, which YAML shares.
 */
#include "obj/yaml.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/yaml_scalar.h"

#include <ctype.h>
#include <string.h>

#define MAX_PLAIN_KEY 1000 /* YAML: 1024 characters */

struct writer {
	struct buf *b;
	struct arena *a; /* of scalars tried */
};

static void print_block(struct writer *w, const struct json *j, int indent);

static void add_indent(struct buf *b, int indent)
{
	while (indent--)
		buf_add(b, "  ", 2);
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7F || (unsigned char)*s >= 0x80)
			return true;
	return false;
}

/* The rune at s if YAML needs an escape where JSON needs none: DEL, C1 controls with NEL (a line break in
 * YAML), byte order mark, non-characters.  Its length in *n. */
static unsigned yaml_only_escape(const char *s, size_t *n)
{
	const unsigned char *p = (const unsigned char *)s;

	*n = 1;
	if (p[0] == 0x7F)
		return 0x7F;
	*n = 2;
	if (p[0] == 0xC2 && p[1] < 0xA0)
		return p[1];
	*n = 3;
	if (p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF)
		return 0xFEFF;
	if (p[0] == 0xEF && p[1] == 0xBF && p[2] >= 0xBE)
		return 0xFF00 | (p[2] & 0x3F) | 0xC0;
	return 0;
}

static void print_quoted(struct buf *b, const char *s)
{
	BUF_AUTO struct buf json = BUF_INIT;
	size_t n;

	json_print_string(&json, s, strlen(s));
	for (const char *p = json.p; *p; p += n) {
		unsigned rune = yaml_only_escape(p, &n);

		if (rune) {
			buf_addf(b, "\\u%04x", rune);
		} else {
			n = 1;
			buf_addc(b, *p);
		}
	}
}

/* Plain text that every reader takes for this very string. */
static bool plain_ok(struct writer *w, const char *s)
{
	size_t n = strlen(s);

	if (!n || has_control(s) || isspace((unsigned char)s[0]) || isspace((unsigned char)s[n - 1]))
		return false;
	if (strchr("-?:,[]{}#&*!|>'\"%@`=<", s[0]) || s[n - 1] == ':')
		return false;
	if (strstr(s, ": ") || strstr(s, " #") || strpbrk(s, ",[]{}"))
		return false;
	/* Dates, base 60 and the like: quoted, to be safe with other readers. */
	if (isdigit((unsigned char)s[0]) && strpbrk(s, ":-") && !strpbrk(s, "/ "))
		return false;
	return json_is_string(yaml_scalar(w->a, s));
}

/* A text of lines that a literal block keeps unchanged. */
static bool literal_ok(const char *s)
{
	if (!strchr(s, '\n') || *s == ' ' || *s == '\n' || *s == '\t')
		return false;
	for (; *s; s++)
		if (((unsigned char)*s < ' ' && *s != '\n' && *s != '\t') || *s == 0x7F ||
		    (unsigned char)*s >= 0x80)
			return false;
	return true;
}

static void print_literal(struct buf *b, const char *s, int indent)
{
	size_t n = strlen(s), len;

	if (s[n - 1] != '\n')
		buf_adds(b, "|-\n");
	else
		buf_adds(b, n > 1 && s[n - 2] == '\n' ? "|+\n" : "|\n");
	while (*s) {
		len = strcspn(s, "\n");
		if (len)
			add_indent(b, indent);
		buf_add(b, s, len);
		buf_addc(b, '\n');
		s += len + (s[len] == '\n');
	}
}

/* A string behind its "key: " or "- ", with the line's end; indent: of what is below it. */
static void print_string(struct writer *w, const char *s, int indent)
{
	if (literal_ok(s)) {
		print_literal(w->b, s, indent);
		return;
	}
	if (plain_ok(w, s))
		buf_adds(w->b, s);
	else
		print_quoted(w->b, s);
	buf_addc(w->b, '\n');
}

static bool is_block(const struct json *j)
{
	return json_first(j);
}

static void print_inline(struct writer *w, const struct json *j, int indent)
{
	if (json_is_string(j)) {
		print_string(w, json_str(j), indent);
		return;
	}
	json_print(w->b, j);
	buf_addc(w->b, '\n');
}

/* A key and its colon; a long one, which YAML wants marked, takes two lines. */
static void print_key(struct writer *w, const char *name, int indent)
{
	BUF_AUTO struct buf key = BUF_INIT;

	if (plain_ok(w, name))
		buf_adds(&key, name);
	else
		print_quoted(&key, name);
	if (key.len > MAX_PLAIN_KEY)
		buf_adds(w->b, "? ");
	buf_add(w->b, key.p, key.len);
	if (key.len > MAX_PLAIN_KEY) {
		buf_addc(w->b, '\n');
		add_indent(w->b, indent);
	}
	buf_addc(w->b, ':');
}

/* Members of an object; the first stands where the cursor is when `inside` a list item. */
static void print_members(struct writer *w, const struct json *o, int indent, bool inside)
{
	json_each(c, o) {
		if (!inside)
			add_indent(w->b, indent);
		inside = false;
		print_key(w, json_name(c), indent);
		if (is_block(c)) {
			buf_addc(w->b, '\n');
			print_block(w, c, json_is_array(c) ? indent : indent + 1);
		} else {
			buf_addc(w->b, ' ');
			print_inline(w, c, indent + 1);
		}
	}
}

static void print_items(struct writer *w, const struct json *list, int indent)
{
	json_each(c, list) {
		add_indent(w->b, indent);
		buf_adds(w->b, "- ");
		if (json_is_object(c) && is_block(c)) {
			print_members(w, c, indent + 1, true);
		} else if (is_block(c)) {
			/* A list in a list: its first item on the same line would need care. */
			w->b->p[w->b->len - 1] = '\n';
			print_items(w, c, indent + 1);
		} else {
			print_inline(w, c, indent + 1);
		}
	}
}

static void print_block(struct writer *w, const struct json *j, int indent)
{
	if (json_is_array(j))
		print_items(w, j, indent);
	else
		print_members(w, j, indent, false);
}

void yaml_print(struct buf *b, const struct json *j)
{
	struct writer w = { .b = b, .a = arena_new() };

	if (is_block(j))
		print_block(&w, j, 0);
	else
		print_inline(&w, j, 1);
	arena_free(&w.a);
}
