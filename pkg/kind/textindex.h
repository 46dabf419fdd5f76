/*
 * textindex: a flat index of a compact JSON text, for walks that skip without scanning; nobody but the
 * protobuf encoder includes it.
 */
#ifndef NUTSHELL_KIND_TEXTINDEX_H
#define NUTSHELL_KIND_TEXTINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One value or member name: text[at..end), quotes included.  The first byte tells its type.  The children of
 * a container follow it; in an object, names and values take turns. */
struct token {
	uint32_t at, end;
	uint32_t next; /* index of what follows it and its children */
};

enum { TOKEN_NONE, TOKEN_ROOT }; /* the first index stands for no token */

struct textindex {
	const char *text;
	struct token *list; /* on the heap */
	size_t n, cap;
};

/* Index n bytes of JSON without white space.  False when it is no such text (only its form is looked at), too
 * large or too deep; free in any case. */
bool textindex_read(struct textindex *ts, const char *text, size_t n);
void textindex_free(struct textindex *ts);

#endif
