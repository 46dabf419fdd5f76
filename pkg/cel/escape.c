/*
 * escape: JSON member names as identifiers and back.  (k8s: apiserver/pkg/cel/escaping.go)
 *
 * `__`, `.`, `-`, `/` and the reserved words have spellings between double underscores; any other
 * character, or a digit in front, makes a name unreachable.
 */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cel/lexer.h"
#include "cel/type.h"

static const struct {
	const char *raw, *word;
} escapes[] = {
	{ "__", "underscores" },
	{ ".", "dot" },
	{ "-", "dash" },
	{ "/", "slash" },
};

#define NESCAPES (sizeof escapes / sizeof *escapes)

/* Append one element of the name at s; returns its length, 0 when it cannot be expressed. */
static size_t escape_one(struct buf *b, const char *s)
{
	for (size_t i = 0; i < NESCAPES; i++) {
		size_t n = strlen(escapes[i].raw);

		if (strncmp(s, escapes[i].raw, n) != 0)
			continue;
		buf_addf(b, "__%s__", escapes[i].word);
		return n;
	}
	if (!isalnum((unsigned char)*s) && *s != '_')
		return 0;
	buf_addc(b, *s);
	return 1;
}

const char *cel_escape(struct arena *a, const char *name)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (!*name || isdigit((unsigned char)*name))
		return NULL;
	if (cel_reserved(name, strlen(name)))
		return arena_printf(a, "__%s__", name);
	for (const char *s = name; *s;) {
		size_t n = escape_one(&b, s);

		if (!n)
			return NULL;
		s += n;
	}
	return strcmp(b.p, name) ? arena_dup(a, b.p, b.len) : name;
}

/* Append what stands between double underscores: false when the word means nothing. */
static bool unescape_word(struct buf *b, const char *word, size_t n, bool alone)
{
	for (size_t i = 0; i < NESCAPES; i++) {
		if (strlen(escapes[i].word) == n && !memcmp(escapes[i].word, word, n)) {
			buf_adds(b, escapes[i].raw);
			return true;
		}
	}
	if (!cel_reserved(word, n) || !alone)
		return false;
	buf_add(b, word, n);
	return true;
}

const char *cel_unescape(struct arena *a, const char *ident)
{
	BUF_AUTO struct buf b = BUF_INIT;
	size_t total = strlen(ident);

	for (const char *s = ident; *s;) {
		size_t n = strncmp(s, "__", 2) ? 0 : strcspn(s + 2, "_");

		if (n && !strncmp(s + 2 + n, "__", 2)) {
			if (!unescape_word(&b, s + 2, n, n + 4 == total))
				return NULL;
			s += n + 4;
		} else {
			buf_addc(&b, *s++);
		}
	}
	return arena_dup(a, b.p ? b.p : "", b.len);
}
