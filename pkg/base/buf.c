/*
 * buf: grows by doubling, always with room for the NUL behind the contents.
 */
#include "base/buf.h"

#include "base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 64;
	char *p;

	if (b->cap > b->len && n < b->cap - b->len)
		return b->p + b->len;
	if (n > SIZE_MAX / 4 - b->len)
		bug("out of memory: buffer of %zu bytes more", n);
	while (cap <= b->len + n)
		cap *= 2;
	p = realloc(b->p, cap);
	if (!p)
		bug("out of memory: buffer of %zu bytes", cap);
	b->p = p;
	b->cap = cap;
	b->p[b->len] = '\0';
	return b->p + b->len;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_reserve(b, n);

	if (n)
		memcpy(to, p, n);
	to[n] = '\0';
	b->len += n;
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	char *to = buf_reserve(b, 1);

	to[0] = c;
	to[1] = '\0';
	b->len++;
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	va_copy(again, ap);
	buf_reserve(b, 64);
	room = b->cap - b->len;
	n = vsnprintf(b->p + b->len, room, fmt, ap);
	BUG_ON(n < 0);
	if ((size_t)n >= room)
		vsnprintf(buf_reserve(b, (size_t)n), (size_t)n + 1, fmt, again);
	b->len += (size_t)n;
	va_end(again);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void buf_drop(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (!n)
		return;
	b->len -= n;
	memmove(b->p, b->p + n, b->len + 1);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->p)
		b->p[0] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT;
}

char *buf_detach(struct buf *b)
{
	char *p;

	buf_reserve(b, 0);
	p = b->p;
	*b = (struct buf)BUF_INIT;
	return p;
}
