/*
 * gzip: zlib with the gzip wrapper (window bits + 16) into a growing buffer.
 *
 * zlib counts in unsigned int; input is fed in slices so that any size_t works.  Unpacking stops as
 * soon as the limit is passed, so that a small bomb costs at most limit plus one step of memory.
 */
#define ZLIB_CONST /* zlib reads its input through const */
#include "net/gzip.h"

#include "base/buf.h"
#include "base/log.h"

#include <limits.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, STEP = 32 * 1024 };

static void feed(z_stream *z, size_t *left)
{
	uInt n = *left > UINT_MAX ? UINT_MAX : (uInt)*left;

	z->avail_in = n;
	*left -= n;
}

void gzip_pack(struct buf *out, const void *p, size_t n, int level)
{
	z_stream z = { 0 };
	size_t left = n;
	int r = deflateInit2(&z, level, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY);

	if (r != Z_OK)
		bug("deflateInit2: %d", r);
	z.next_in = p;
	while (r != Z_STREAM_END) {
		if (!z.avail_in)
			feed(&z, &left);
		z.next_out = (Bytef *)buf_reserve(out, STEP);
		z.avail_out = STEP;
		r = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
		BUG_ON(r == Z_STREAM_ERROR);
		out->len += STEP - z.avail_out;
	}
	deflateEnd(&z);
	out->p[out->len] = '\0';
}

bool gzip_unpack(struct buf *out, const void *p, size_t n, size_t limit)
{
	z_stream z = { 0 };
	size_t left = n, made = 0;
	int r = inflateInit2(&z, GZIP_WINDOW);

	if (r != Z_OK)
		bug("inflateInit2: %d", r);
	z.next_in = p;
	do {
		if (!z.avail_in)
			feed(&z, &left);
		z.next_out = (Bytef *)buf_reserve(out, STEP);
		z.avail_out = STEP;
		r = inflate(&z, Z_NO_FLUSH);
		out->len += STEP - z.avail_out;
		made += STEP - z.avail_out;
		/* members may follow each other, as gzip -dc and Go's reader accept */
		if (r == Z_STREAM_END && (z.avail_in || left))
			r = inflateReset(&z);
	} while (r == Z_OK && made <= limit);
	inflateEnd(&z);
	out->p[out->len] = '\0';
	return r == Z_STREAM_END && made <= limit;
}
