/*
 * obj_priv: what obj.c and obj_print.c share.
 */
#ifndef NUTSHELL_OBJ_OBJ_PRIV_H
#define NUTSHELL_OBJ_OBJ_PRIV_H

#include <stddef.h>

struct buf;
struct json;

/* Print a tree that has metadata in upstream's order, resourceVersion empty; returns the offset where
 * its digits go. */
size_t obj_print(struct buf *b, const struct json *tree);

#endif
