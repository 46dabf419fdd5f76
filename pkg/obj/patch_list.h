/*
 * patch_list: lists in strategic merge: deduplication, matching by key, order.
 *
 * Works on arrays of nodes that are detached from any parent.  Private to the strategic patch.
 */
#ifndef NUTSHELL_OBJ_PATCH_LIST_H
#define NUTSHELL_OBJ_PATCH_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct json;
struct status;

struct node_list {
	struct json **p; /* in the arena */
	size_t n;
};

/* Take all items out of an array (NULL: an empty list), with room for `spare` more. */
struct node_list list_take(struct arena *a, struct json *array, size_t spare);
struct json *list_array(struct arena *a, const struct node_list *l);

/* Equality as Go's == on interface values of scalars; objects and lists are never equal. */
bool list_scalar_equal(const struct json *x, const struct json *y);
/* The index of the first object whose member `key` equals value; -1 if there is none.  False with a 500
 * when an item before it is no object. */
bool list_find(const struct node_list *l, const char *key, const struct json *value, long *at,
	       struct status *st);
/* All items of both lists are of one type, which is no list; 422 or 500 else.  *objects tells which.
 * With no items at all: 500. */
bool list_types(struct arena *a, const struct node_list *x, const struct node_list *y,
		bool *objects, struct status *st);
/* Split l by whether an item's key value (key "": the item itself) occurs in by. */
bool list_partition(struct arena *a, const struct node_list *l, const struct node_list *by,
		    const char *key, struct node_list *in, struct node_list *out, struct status *st);
/* `patch` ordered as patch_order, `server` as server_order, and interleaved by server_order. */
bool list_order(struct arena *a, struct node_list *patch, struct node_list *server,
		const struct node_list *patch_order, const struct node_list *server_order,
		const char *key, struct node_list *out, struct status *st);

/* 500 `map: map[...] does not contain declared merge key: k` */
bool list_no_merge_key(struct arena *a, const struct json *o, const char *key, struct status *st);
/* 500 `expected a map[string]interface {}, but received a string` */
bool list_bad_type(const char *want, const struct json *got, struct status *st);
/* A value as Go's %v prints it: map[a:b c:[1 2]]. */
char *list_go_text(struct arena *a, const struct json *j);

#endif
