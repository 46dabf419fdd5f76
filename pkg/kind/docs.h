/*
 * docs: the explain texts, compressed in the binary, and how to find one.
 *
 * The texts belong to Kubernetes' Go packages and are not committed; a build without those
 * packages has none (docs_gz == docs_gz_end) and explains fields without descriptions.
 * This floor cannot unpack: whoever can (cmd, with net/gzip.h) unpacks the blob once, keeps
 * it for the life of the process and hands openapi_set_docs() a function that calls docs_find().
 *
 * Unpacked: records `TYPE\tTEXT\0` and `TYPE FIELD\tTEXT\0`, sorted by bytes, TYPE being an OpenAPI
 * name.
 */
#ifndef NUTSHELL_KIND_DOCS_H
#define NUTSHELL_KIND_DOCS_H

#include <stddef.h>

/* A gzip stream, or nothing. */
extern const unsigned char docs_gz[], docs_gz_end[];

/* The text of a type (field NULL) or a field in the n unpacked bytes at blob; NULL when there is none.
 * Borrowed from blob. */
const char *docs_find(const char *blob, size_t n, const char *type, const char *field);

#endif
