/*
 * issue: collecting errors and printing them with their line and a caret.
 *
 * Columns count code points; the caret line uses full-width dots under wide characters, by the same
 * rule as upstream: more than one byte is wide.
 */
#include "cel/issue.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cel/lexer.h"

#define MAX_SNIPPET 16384

void issue_add(struct issues *is, int32_t pos, const char *fmt, ...)
{
	va_list ap;

	if (is->n++ >= CEL_MAX_ISSUES)
		return;
	va_start(ap, fmt);
	is->list[is->n - 1] = (struct issue){ pos, arena_vprintf(is->a, fmt, ap) };
	va_end(ap);
}

/* The line that contains code point pos: its bytes, number from 1 and pos' column from 0. */
static void line_find(const struct issues *is, int32_t pos, const char **line, size_t *len,
		      int32_t *number, int32_t *column)
{
	const char *p = is->source, *end = is->source + is->len, *nl;
	int32_t at = 0, start = 0;

	*line = p;
	*number = 1;
	while (p < end && at < pos) {
		size_t n = cel_rune(p, end);

		at++;
		if (*p == '\n') {
			*line = p + 1;
			(*number)++;
			start = at;
		}
		p += n;
	}
	*column = pos - start;
	nl = memchr(*line, '\n', (size_t)(end - *line));
	*len = (size_t)((nl ? nl : end) - *line);
}

static void snippet_print(struct buf *b, const char *line, size_t len, int32_t column)
{
	const char *p = line, *end = line + len;

	buf_adds(b, "\n | ");
	for (size_t i = 0; i < len; i++)
		buf_addc(b, line[i] == '\t' ? ' ' : line[i]);
	buf_adds(b, "\n | ");
	for (int32_t i = 0; i < column && p < end; i++) {
		size_t n = cel_rune(p, end);

		buf_adds(b, n > 1 ? "\uff0e" : ".");
		p += n;
	}
	buf_adds(b, p < end && cel_rune(p, end) > 1 ? "\uff3e" : "^");
}

static void issue_print(struct buf *b, const struct issues *is, const struct issue *e)
{
	const char *line;
	int32_t number, column;
	size_t len;

	if (e->pos >= 0 && !is->len) {
		buf_addf(b, "ERROR: <input>:1:0: %s", e->text);
		return;
	}
	if (e->pos < 0) {
		buf_addf(b, "ERROR: <input>:-1:0: %s", e->text);
		return;
	}
	line_find(is, e->pos, &line, &len, &number, &column);
	buf_addf(b, "ERROR: <input>:%d:%d: %s", number, column + 1, e->text);
	if (len <= MAX_SNIPPET)
		snippet_print(b, line, len, column);
}

void issues_print(struct buf *b, struct issues *is)
{
	size_t kept = is->n < CEL_MAX_ISSUES ? is->n : CEL_MAX_ISSUES;

	/* a stable insertion sort: there are few, and mostly in order */
	for (size_t i = 1; i < kept; i++) {
		struct issue e = is->list[i];
		size_t j = i;

		for (; j > 0 && is->list[j - 1].pos > e.pos; j--)
			is->list[j] = is->list[j - 1];
		is->list[j] = e;
	}
	for (size_t i = 0; i < kept; i++) {
		if (i)
			buf_addc(b, '\n');
		issue_print(b, is, &is->list[i]);
	}
	if (is->n > kept)
		buf_addf(b, "\n%zu more errors were truncated", is->n - kept);
}
