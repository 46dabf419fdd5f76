/*
 * json_priv: what the json_*.c files share: a tree node is a cJSON node.
 *
 * Invariants, as cJSON keeps them: the prev of a first child is the last child, the next of the
 * last child is NULL; a node without parent has neither.  Numbers are cJSON_Number when they are
 * plain integers a double holds exactly, else cJSON_Raw with their literal text.
 */
#ifndef NUTSHELL_OBJ_JSON_PRIV_H
#define NUTSHELL_OBJ_JSON_PRIV_H

#include "obj/json.h"

#include <cJSON.h>

struct json {
	cJSON node;
};

/* The cJSON type without flags. */
static inline int json_raw_type(const struct json *j)
{
	return j->node.type & 0xFF;
}

static inline struct json *json_of(cJSON *c)
{
	return (struct json *)(void *)c;
}

#define JSON_NUMBER_TEXT 24
/* The literal of any number node: its own text, or buf filled. */
const char *json_literal(const struct json *j, char buf[JSON_NUMBER_TEXT]);

#endif
