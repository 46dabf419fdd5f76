/*
 * Documents made once.
 */
#include "server/blob.h"

#include "base/arena.h"
#include "net/gzip.h"
#include "net/hash.h"
#include "server/encode.h"
#include "server/request.h"

#include <stdlib.h>
#include <string.h>

enum { UNPACKED_MAX = 256 * 1024 * 1024 };

static void make_etag(struct blob *b, const void *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char sum[64];
	char *out = b->etag;

	sha512(p, n, sum);
	*out++ = '"';
	for (size_t i = 0; i < sizeof sum; i++) {
		*out++ = digits[sum[i] >> 4];
		*out++ = digits[sum[i] & 15];
	}
	*out++ = '"';
	*out = '\0';
}

struct blob *blob_new(struct buf *src, uint64_t serial, bool packed)
{
	struct blob *b = calloc(1, sizeof *b);
	struct buf out = BUF_INIT;

	if (!b)
		abort();
	atomic_init(&b->refs, 1);
	b->serial = serial;
	b->packed = packed;
	make_etag(b, src->p, src->len);
	if (packed) {
		gzip_pack(&out, src->p, src->len, 6);
		buf_free(src);
	} else {
		out = *src;
		*src = (struct buf)BUF_INIT;
	}
	b->len = out.len;
	b->bytes = out.len ? buf_detach(&out) : NULL;
	return b;
}

struct blob *blob_ref(struct blob *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void blob_unref(void *p)
{
	struct blob *b = p;

	if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(b->bytes);
	free(b);
}

static bool not_modified(struct req *r, const struct blob *b)
{
	const char *tag = http_header(r->http, "If-None-Match");

	return tag && (strstr(tag, b->etag) || strcmp(tag, "*") == 0);
}

static bool reply_unpacked(struct req *r, struct blob *b, const char *content_type)
{
	struct buf out = BUF_INIT;
	bool ok = gzip_unpack(&out, b->bytes, b->len, UNPACKED_MAX);

	blob_unref(b);
	if (!ok) {
		buf_free(&out);
		return status_internal(&r->st, "a cached document is damaged");
	}
	return reply_buf(r, content_type, &out);
}

static bool reply_pretty(struct req *r, struct blob *b, const char *content_type)
{
	struct buf out = BUF_INIT;

	indent_json(&out, b->bytes, b->len);
	blob_unref(b);
	return reply_buf(r, content_type, &out);
}

bool blob_reply(struct req *r, struct blob *b, const char *content_type)
{
	bool gzip = accept_encoding(http_header(r->http, "Accept-Encoding"), "gzip");

	if (b->packed && !gzip && !not_modified(r, b) && req_wait(r)) {
		blob_unref(b);
		return false;
	}
	http_add_header(r->http, "ETag", b->etag);
	if (not_modified(r, b)) {
		blob_unref(b);
		reply_text(r, 304, "");
		r->reply.content_type = content_type;
		return true;
	}
	if (b->packed && !gzip)
		return reply_unpacked(r, b, content_type);
	if (!b->packed && wants_pretty(r))
		return reply_pretty(r, b, content_type);
	if (b->packed)
		http_add_header(r->http, "Content-Encoding", "gzip");
	r->reply.type = REPLY_BYTES;
	r->reply.content_type = content_type;
	r->reply.bytes = b->bytes;
	r->reply.len = b->len;
	r->reply.release = blob_unref;
	r->reply.arg = b;
	return true;
}
