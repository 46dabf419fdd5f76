/*
 * blob: a document made once and served many times (discovery, OpenAPI).  Private to the package.
 *
 * Immutable and reference counted: a reply holds a reference until it is sent.
 */
#ifndef NUTSHELL_SERVER_BLOB_H
#define NUTSHELL_SERVER_BLOB_H

#include "base/buf.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct req;

struct blob {
	atomic_int refs;
	uint64_t serial; /* of the registry of kinds it was made from */
	bool packed;     /* bytes are gzip */
	char *bytes;
	size_t len;
	char etag[132]; /* quoted upper-case SHA-512 */
};

/* Takes the buffer's memory; packed: keep it compressed.  The caller owns one reference. */
struct blob *blob_new(struct buf *b, uint64_t serial, bool packed);
struct blob *blob_ref(struct blob *b);
void blob_unref(void *blob); /* NULL is legal */

/* Reply with the blob: ETag and 304 on If-None-Match, gzip as the client likes.  Takes over one
 * reference.  A packed blob for a client without gzip is unpacked: not on an event thread. */
bool blob_reply(struct req *r, struct blob *b, const char *content_type);

#endif
