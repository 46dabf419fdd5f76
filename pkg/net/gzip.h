/*
 * gzip: compression of whole buffers (zlib).
 */
#ifndef NUTSHELL_NET_GZIP_H
#define NUTSHELL_NET_GZIP_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Append the gzip form of n bytes. */
void gzip_pack(struct buf *out, const void *p, size_t n, int level);
/* Append the unpacked bytes; false on damage or when more than limit bytes come out. */
bool gzip_unpack(struct buf *out, const void *p, size_t n, size_t limit);

#endif
