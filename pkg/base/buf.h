/*
 * buf: a growable byte buffer on the heap, always NUL-terminated once it holds
 * memory.  Zero-initialise (struct buf b = {0}) or BUF_INIT; buf_free() is always
 * legal.  Not thread-safe.  Out of memory aborts.
 */
#ifndef NUTSHELL_BASE_BUF_H
#define NUTSHELL_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *p;    /* NULL while empty and never grown */
	size_t len; /* bytes in use, without the NUL */
	size_t cap;
};

#define BUF_INIT  \
	{         \
		0 \
	}

/* Make room for n more bytes and return where they would go (len is unchanged). */
char *buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Remove the first n bytes. */
void buf_drop(struct buf *b, size_t n);

/* Forget the contents, keep the memory. */
void buf_clear(struct buf *b);

/* Release the memory; the buffer is empty and usable again. */
void buf_free(struct buf *b);

/* Take the memory out (the caller frees it with free()); the buffer is empty again.
 * Never NULL: an empty buffer yields "". */
char *buf_detach(struct buf *b);

/* For struct buf locals: BUF_AUTO struct buf b = BUF_INIT; */
#define BUF_AUTO __attribute__((cleanup(buf_free)))

#endif
