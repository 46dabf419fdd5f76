/*
 * selector_field: the text form of field selectors (k8s: apimachinery/pkg/fields).
 *
 * Terms are separated by commas that no backslash precedes; the first operator in a term splits it;
 * only values are unescaped.  Terms are sorted by their text, as upstream does.
 */
#include "obj/selector.h"

#include "base/arena.h"
#include "base/status.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

/* Behind the term that starts at s: at its comma or the end. */
static const char *term_end(const char *s)
{
	for (; *s && *s != ','; s++)
		if (*s == '\\' && s[1])
			s++;
	return s;
}

/* Undo \\ \, \= in place. */
static bool unescape(char *s, struct status *st)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == ',' || *s == '=')
			return status_bad_request(
				st, "invalid field selector: unescaped character in value: %d", *s);
		if (*s == '\\' && (!s[1] || !strchr("\\,=", s[1])))
			return status_bad_request(
				st, "invalid field selector: invalid escape sequence: %.2s", s);
		if (*s == '\\')
			s++;
		*to++ = *s;
	}
	*to = '\0';
	return true;
}

/* Split term, which may be changed, at its first operator. */
static bool parse_term(char *term, const char *whole, struct field_term *t, struct status *st)
{
	char *op = term;

	while (*op && *op != '=' && !(op[0] == '!' && op[1] == '='))
		op++;
	if (!*op)
		return status_bad_request(st, "invalid selector: '%s'; can't understand '%s'",
					  whole, term);
	t->negate = *op == '!';
	t->key = term;
	t->value = op + (op[1] == '=' ? 2 : 1);
	if (!unescape(op + (op[1] == '=' ? 2 : 1), st))
		return false;
	*op = '\0';
	return true;
}

static int by_text(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

struct field_selector *field_selector_parse(struct arena *a, const char *text, struct status *st)
{
	struct field_selector *fs = arena_zalloc(a, sizeof *fs);
	VEC(char *) terms = { 0 };
	const char *end;
	bool ok = true;

	for (const char *s = text; *s; s = end + (*end == ',')) {
		end = term_end(s);
		if (end > s)
			vec_push(&terms, arena_dup(a, s, (size_t)(end - s)));
	}
	if (terms.n > 1)
		qsort(terms.p, terms.n, sizeof *terms.p, by_text);
	fs->terms = arena_zalloc(a, terms.n * sizeof *fs->terms);
	for (size_t i = 0; ok && i < terms.n; i++)
		ok = parse_term(terms.p[i], text, &fs->terms[fs->n++], st);
	vec_free(&terms);
	return ok ? fs : NULL;
}
