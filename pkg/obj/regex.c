/*
 * regex: Go's dialect on PCRE2.
 *
 * A pattern is checked and rewritten first: what RE2 does not have (backreferences, look-around, atomic
 * groups, possessive quantifiers, verbs) is refused, so that an expression accepted here is accepted by
 * upstream too; what means something else in PCRE2 (\v, "{,n}") is escaped.  $ means the very end, as
 * in Go.  Since PCRE2 backtracks, every match runs under limits of steps, depth and memory.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "obj/regex.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_STEPS 1000000
#define MATCH_DEPTH 100000
#define MATCH_HEAP_KIB 16384

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
};

struct rewriter {
	struct buf out;
	struct arena *a;
	const char *p, *start;
	const char *error; /* in the arena */
	bool quantified;   /* the last thing was a quantifier */
};

static bool refuse(struct rewriter *w, const char *what, const char *from, size_t n)
{
	w->error = arena_printf(w->a, "error parsing regexp: %s: `%.*s`", what, (int)n, from);
	return false;
}

/* \Q...\E */
static void copy_quoted(struct rewriter *w)
{
	const char *end = strstr(w->p, "\\E");

	for (w->p += 2; *w->p && w->p != end; w->p++) {
		if (!isalnum((unsigned char)*w->p) && (unsigned char)*w->p < 0x80)
			buf_addc(&w->out, '\\');
		buf_addc(&w->out, *w->p);
	}
	if (end)
		w->p = end + 2;
}

/* \x{10FFFF}, \p{Greek}, \pN: the letter is at p[1]. */
static void copy_long_escape(struct rewriter *w)
{
	const char *from = w->p;

	w->p += 2;
	if (*w->p == '{') {
		w->p += strcspn(w->p, "}");
		w->p += *w->p == '}';
	} else if (*w->p && from[1] != 'x') {
		w->p++;
	}
	buf_add(&w->out, from, (size_t)(w->p - from));
}

static bool copy_escape(struct rewriter *w, bool in_class)
{
	char c = w->p[1];

	if (!c) {
		w->error = "error parsing regexp: trailing backslash at end of expression: ``";
		return false;
	}
	if (c == 'Q' && !in_class) {
		copy_quoted(w);
		return true;
	}
	if (strchr("xpP", c)) {
		copy_long_escape(w);
		return true;
	}
	if (isalnum((unsigned char)c) && !strchr(in_class ? "afnrtvdDsSwW0" : "afnrtvdDsSwWAbBCz0", c))
		return refuse(w, "invalid escape sequence", w->p, 2);
	if (c == 'v')
		buf_adds(&w->out, "\\x0b");
	else if (c == 'C')
		buf_adds(&w->out, "(?s:.)");
	else
		buf_add(&w->out, w->p, 2);
	w->p += 2;
	return true;
}

/* [...] with its brackets. */
static bool copy_class(struct rewriter *w)
{
	const char *from = w->p;

	buf_addc(&w->out, *w->p++);
	if (*w->p == '^')
		buf_addc(&w->out, *w->p++);
	if (*w->p == ']')
		buf_addc(&w->out, *w->p++);
	while (*w->p && *w->p != ']') {
		if (*w->p == '\\') {
			if (!copy_escape(w, true))
				return false;
		} else if (w->p[0] == '[' && w->p[1] == ':' && strstr(w->p, ":]")) {
			const char *end = strstr(w->p, ":]") + 2;

			buf_add(&w->out, w->p, (size_t)(end - w->p));
			w->p = end;
		} else {
			/* PCRE2 gives meaning to [. and [= */
			if (*w->p == '[')
				buf_addc(&w->out, '\\');
			buf_addc(&w->out, *w->p++);
		}
	}
	if (!*w->p)
		return refuse(w, "missing closing ]", from, strlen(from));
	buf_addc(&w->out, *w->p++);
	return true;
}

/* "(" and what follows a "(?". */
static bool copy_group(struct rewriter *w)
{
	const char *from = w->p, *p = from + 1;
	size_t flags;

	if (*p == '*')
		return refuse(w, "missing argument to repetition operator", p, 1);
	if (*p == '?') {
		p++;
		flags = strspn(p, "imsU-");
		if (p[0] == 'P' && p[1] == '<')
			p += 2;
		else if (p[0] == '<' && p[1] != '=' && p[1] != '!')
			p += 1;
		else if (p[flags] == ':' || (flags && p[flags] == ')'))
			p += flags + (p[flags] == ':');
		else
			return refuse(w, "invalid or unsupported Perl syntax", from,
				      strlen(from) < 3 ? strlen(from) : 3);
	}
	buf_add(&w->out, from, (size_t)(p - from));
	w->p = p;
	return true;
}

/* The length of a {n}, {n,} or {n,m} at p; 0 if it is none. */
static size_t repeat_length(const char *p)
{
	size_t i = 1, digits = strspn(p + 1, "0123456789");

	if (!digits)
		return 0;
	i += digits;
	if (p[i] == ',')
		i += 1 + strspn(p + i + 1, "0123456789");
	return p[i] == '}' ? i + 1 : 0;
}

static bool copy_quantifier(struct rewriter *w, size_t n)
{
	const char *from = w->p;

	if (w->quantified)
		return refuse(w, "invalid nested repetition operator", from - 1, n + 1);
	if (*from == '{' && (strtol(from + 1, NULL, 10) > 1000 ||
			     (memchr(from, ',', n) && strtol(strchr(from, ',') + 1, NULL, 10) > 1000)))
		return refuse(w, "invalid repeat count", from, n);
	w->p += n;
	if (*w->p == '?')
		w->p++;
	buf_add(&w->out, from, (size_t)(w->p - from));
	w->quantified = true;
	return true;
}

/* One element of the pattern. */
static bool copy_element(struct rewriter *w)
{
	size_t n = *w->p == '{' ? repeat_length(w->p) : strchr("*+?", *w->p) != NULL;

	if (n)
		return copy_quantifier(w, n);
	w->quantified = false;
	switch (*w->p) {
	case '\\': return copy_escape(w, false);
	case '[': return copy_class(w);
	case '(': return copy_group(w);
	case '{': buf_addc(&w->out, '\\'); break;
	default: break;
	}
	buf_addc(&w->out, *w->p++);
	return true;
}

static pcre2_code *compile(struct rewriter *w)
{
	PCRE2_UCHAR text[120];
	pcre2_code *code;
	PCRE2_SIZE at;
	int err;

	buf_reserve(&w->out, 0);
	code = pcre2_compile((PCRE2_SPTR)w->out.p, w->out.len,
			     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &err, &at,
			     NULL);
	if (code)
		return code;
	if (err == PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS) {
		refuse(w, "missing closing )", w->start, strlen(w->start));
		return NULL;
	}
	if (err == PCRE2_ERROR_CLASS_RANGE_ORDER && at >= 2 && at < w->out.len) {
		refuse(w, "invalid character class range", w->out.p + at - 2, 3);
		return NULL;
	}
	pcre2_get_error_message(err, text, sizeof text);
	w->error = arena_printf(w->a, "error parsing regexp: %s at offset %zu", (const char *)text,
				(size_t)at);
	return NULL;
}

static struct regex *regex_of(pcre2_code *code)
{
	struct regex *r = malloc(sizeof *r);

	if (!r)
		bug("out of memory: regular expression");
	r->code = code;
	r->limits = pcre2_match_context_create(NULL);
	if (!r->limits)
		bug("out of memory: regular expression");
	pcre2_set_match_limit(r->limits, MATCH_STEPS);
	pcre2_set_depth_limit(r->limits, MATCH_DEPTH);
	pcre2_set_heap_limit(r->limits, MATCH_HEAP_KIB);
	return r;
}

struct regex *regex_new(const char *pattern, char **err)
{
	struct rewriter w = { .a = arena_new(), .p = pattern, .start = pattern };
	pcre2_code *code = NULL;
	bool ok = true;

	while (ok && *w.p)
		ok = copy_element(&w);
	if (ok)
		code = compile(&w);
	if (err) {
		*err = code ? NULL : strdup(w.error);
		if (!code && !*err)
			bug("out of memory: regular expression");
	}
	arena_free(&w.a);
	buf_free(&w.out);
	return code ? regex_of(code) : NULL;
}

void regex_free_error(char *err)
{
	free(err);
}

void regex_free(struct regex **r)
{
	if (!*r)
		return;
	pcre2_code_free((*r)->code);
	pcre2_match_context_free((*r)->limits);
	free(*r);
	*r = NULL;
}

bool regex_find(const struct regex *r, const char *s, size_t n, size_t at, size_t *from, size_t *to)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	const PCRE2_SIZE *range;
	int found;

	if (!data)
		bug("out of memory: regular expression");
	found = pcre2_match(r->code, (PCRE2_SPTR)s, n, at, 0, data, r->limits);
	range = pcre2_get_ovector_pointer(data);
	*from = range[0];
	*to = range[1];
	pcre2_match_data_free(data);
	return found >= 0;
}

bool regex_matches(const struct regex *r, const char *s, size_t n)
{
	size_t from, to;

	return regex_find(r, s, n, 0, &from, &to);
}
