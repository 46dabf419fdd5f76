/*
 * openapi: the cached OpenAPI documents.  Private to the package.
 */
#ifndef NUTSHELL_SERVER_OPENAPI_H
#define NUTSHELL_SERVER_OPENAPI_H

struct openapi;
struct kinds;

/* version: of the program; documents of built-in kinds change only with it. */
struct openapi *openapi_new(struct kinds *ks, const char *version);
void openapi_free(struct openapi **o);

#endif
