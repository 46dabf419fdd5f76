/*
 * encode: JSON texts into other shapes.  Private to the package.
 */
#ifndef NUTSHELL_SERVER_ENCODE_H
#define NUTSHELL_SERVER_ENCODE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct req;
struct schema_type;

/* Append the compact JSON text indented by two spaces, as Go's json.Indent, and a newline. */
void indent_json(struct buf *out, const char *p, size_t n);
/* The client wants indented JSON: ?pretty, or a browser, curl or wget. */
bool wants_pretty(const struct req *r);

/* ---- protobuf.c ---- */

#define PROTOBUF "application/vnd.kubernetes.protobuf"

/* obj, list and tree as protobuf, by r->accept; meta: the inside of the list's metadata. */
bool protobuf_obj(struct req *r);
bool protobuf_list(struct req *r, const char *meta);
bool protobuf_tree(struct req *r, const char *json, size_t n);
/* Append a Status, given as JSON. */
void protobuf_status(struct buf *out, const char *json, size_t n);
/* Append one frame of a watch: an object given as JSON.  False: it cannot be said in protobuf. */
bool protobuf_event(struct buf *out, const char *event, const struct schema_type *t,
		    const char *json, size_t n);
/* The type of PartialObjectMetadata, of Status. */
const struct schema_type *protobuf_partial(void);
const struct schema_type *protobuf_status_type(void);

#endif
