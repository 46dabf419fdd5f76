/*
 * selector_priv: what the selector files share.
 */
#ifndef NUTSHELL_OBJ_SELECTOR_PRIV_H
#define NUTSHELL_OBJ_SELECTOR_PRIV_H

#include "obj/selector.h"

#include <stdint.h>

enum selector_op {
	OP_IN,
	OP_NOT_IN,
	OP_EQUALS,
	OP_DOUBLE_EQUALS,
	OP_NOT_EQUALS,
	OP_EXISTS,
	OP_ABSENT,
	OP_GT,
	OP_LT
};

struct requirement {
	const char *key;
	enum selector_op op;
	const char **values; /* sorted */
	size_t n;
	int64_t number; /* of OP_GT and OP_LT */
};

/* Check r as upstream's labels.NewRequirement does: NULL when good, else the text of its errors; fills
 * r->number. */
const char *requirement_check(struct arena *a, struct requirement *r);
/* The errors of a label key joined with "; ", or NULL. */
const char *label_key_errors(struct arena *a, const char *key);
/* A selector of n requirements, which it sorts by key in place. */
struct selector *selector_of(struct arena *a, struct requirement *reqs, size_t n);

#endif
