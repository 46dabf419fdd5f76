/*
 * Tokens of a compact JSON text, in one pass and without recursion.
 *
 * Texts are our own, so that grammar within scalars is not checked; but every step is bounded by the
 * text's end, whatever it holds.  A container that is still open keeps its parent's index in
 * `next`, which closing replaces by the right one.
 */
#include "kind/textindex.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 512 };

static struct token *add(struct textindex *ts, size_t at)
{
	struct token *t;

	if (ts->n == ts->cap) {
		ts->cap = ts->cap ? 2 * ts->cap : 128;
		ts->list = realloc(ts->list, ts->cap * sizeof *ts->list);
		if (!ts->list)
			abort();
	}
	t = &ts->list[ts->n++];
	t->at = (uint32_t)at;
	return t;
}

/* The end of the string that begins at p, or NULL. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		p += *p == '\\';
	}
	return NULL;
}

static const char *literal_end(const char *p, const char *end)
{
	while (p < end && *p != ',' && *p != ']' && *p != '}' && *p != ':')
		p++;
	return p;
}

static const char *scalar(struct textindex *ts, const char *p, const char *end)
{
	struct token *t = add(ts, (size_t)(p - ts->text));
	const char *stop = *p == '"' ? string_end(p, end) : literal_end(p, end);

	if (!stop || stop == p)
		return NULL;
	t->end = (uint32_t)(stop - ts->text);
	t->next = (uint32_t)ts->n;
	return stop;
}

/* Close the innermost container; its parent is the innermost then. */
static bool close_container(struct textindex *ts, uint32_t *open, const char *p)
{
	struct token *t;

	if (*open == UINT32_MAX)
		return false;
	t = &ts->list[*open];
	if (ts->text[t->at] != (*p == '}' ? '{' : '['))
		return false;
	*open = t->next;
	t->end = (uint32_t)(p + 1 - ts->text);
	t->next = (uint32_t)ts->n;
	return true;
}

bool textindex_read(struct textindex *ts, const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	uint32_t open = UINT32_MAX;
	int depth = 0;

	*ts = (struct textindex){ .text = text };
	if (n >= UINT32_MAX)
		return false;
	add(ts, 0);
	while (p && p < end) {
		if (*p == '{' || *p == '[') {
			add(ts, (size_t)(p++ - text))->next = open;
			open = (uint32_t)(ts->n - 1);
			if (++depth > MAX_DEPTH)
				return false;
		} else if (*p == '}' || *p == ']') {
			if (!close_container(ts, &open, p++))
				return false;
			depth--;
		} else if (*p == ',' || *p == ':' || *p == '\n') {
			p++;
		} else {
			p = scalar(ts, p, end);
		}
	}
	return p && open == UINT32_MAX && ts->n > TOKEN_ROOT && ts->list[TOKEN_ROOT].next == ts->n;
}

void textindex_free(struct textindex *ts)
{
	free(ts->list);
	*ts = (struct textindex){ 0 };
}
