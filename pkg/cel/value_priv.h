/*
 * What lists, maps and their comparison share; for the value*.c files only.
 */
#ifndef NUTSHELL_CEL_VALUE_PRIV_H
#define NUTSHELL_CEL_VALUE_PRIV_H

#include "cel/value.h"

/* Room that several lists share: each sees its first n items, the newest may grow in place. */
struct cel_vec {
	size_t used, cap;
	struct cel_value *p;
};

struct cel_list {
	struct arena *arena;
	size_t n;
	struct cel_vec *vec;         /* NULL: a view that nobody looked into yet */
	const struct json *json;     /* the array */
	const struct cel_type *type; /* the list's; NULL: untyped */
};

struct cel_member {
	struct cel_value key, value;
};

/* Positions by hash; open addressing, size a power of two, 0 = free, else position + 1. */
struct cel_index {
	uint32_t *slots;
	size_t size;
};

/* The members that several maps share, as cel_vec does for lists. */
struct cel_table {
	size_t used, cap;
	struct cel_member *p;
	struct cel_index index; /* once there are many */
};

#define CEL_UNCOUNTED SIZE_MAX

struct cel_map {
	struct arena *arena;
	size_t n;                /* of a view: CEL_UNCOUNTED until somebody wants to know */
	struct cel_table *table; /* NULL in a view */
	const struct json *json; /* a view */
	const struct cel_type *type;
	unsigned lookups;       /* so far, in a view */
	struct cel_index index; /* of the JSON members, when that pays */
	const struct json **members;
	bool (*find)(void *ctx, const char *name, struct cel_value *out);
	void *ctx;
	const char *name; /* type's, of CELV_OBJECT */
};

/* Equal values (across numeric types) have equal hashes. */
uint64_t cel_value_hash(struct cel_value v);
/* Make room for n positions; what was in it is gone. */
void cel_index_init(struct arena *a, struct cel_index *x, size_t n);
void cel_index_add(struct cel_index *x, uint64_t hash, size_t position);
/* Walk the candidates for hash: size_t at = cel_index_first(x, hash), i; while (cel_index_next(x, &at,
 * &i)) ... */
size_t cel_index_first(const struct cel_index *x, uint64_t hash);
bool cel_index_next(const struct cel_index *x, size_t *at, size_t *position);

struct cel_value cel_list_equal(struct arena *a, struct cel_list *x, struct cel_value y);
struct cel_value cel_map_equal(struct arena *a, struct cel_map *x, struct cel_value y);
struct cel_value cel_json_list(struct arena *a, const struct json *j, const struct cel_type *type);
struct cel_value cel_json_map(struct arena *a, const struct json *j, const struct cel_type *type);
/* An empty list like l (same list type) with room for n items. */
struct cel_list *cel_list_new(struct arena *a, size_t n, const struct cel_type *type);
void cel_list_push(struct cel_list *l, struct cel_value v);

#endif
