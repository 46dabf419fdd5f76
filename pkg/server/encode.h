/*
 * encode: JSON texts into other shapes.  Private to the package.
 */
#ifndef NUTSHELL_SERVER_ENCODE_H
#define NUTSHELL_SERVER_ENCODE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct req;

/* Append the compact JSON text indented by two spaces, as Go's json.Indent, and a newline. */
void indent_json(struct buf *out, const char *p, size_t n);
/* The client wants indented JSON: ?pretty, or a browser, curl or wget. */
bool wants_pretty(const struct req *r);

#endif
