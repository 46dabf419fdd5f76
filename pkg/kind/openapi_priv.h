/*
 * openapi_priv: what the openapi files share.
 */
#ifndef NUTSHELL_KIND_OPENAPI_PRIV_H
#define NUTSHELL_KIND_OPENAPI_PRIV_H

#include "base/buf.h"
#include "base/vec.h"
#include "kind/kind.h"

struct map;

/* A type that a document describes: a schema type, or the list of a custom kind. */
struct oa_entry {
	const char *name;               /* in the arena, or constant */
	const struct schema_type *type; /* NULL: see kind */
	const struct kind *kind;        /* a custom kind without a type of its own, or its list */
	bool list;
};

/* One document being written. */
struct oa {
	struct buf *out;
	struct arena *a;
	struct kinds *ks;
	bool v2;
	unsigned scalars;             /* bit per enum scalar that was referred to */
	struct map *seen;             /* names of entries */
	VEC(struct oa_entry) entries; /* in the order of their first mention */
};

/* ---- writing JSON; commas come by themselves ---- */
void oa_key(struct oa *d, const char *key);
/* Open '{' or '[' as the member key, or (NULL) as an item. */
void oa_open(struct oa *d, const char *key, char bracket);
void oa_close(struct oa *d, char bracket);
/* A string member, or (key NULL) item. */
void oa_text(struct oa *d, const char *key, const char *value);
/* A member whose value is JSON already. */
void oa_raw(struct oa *d, const char *key, const char *json);
void oa_gvk(struct oa *d, const char *key, const char *group, const char *version, const char *kind);

/* ---- schemas ---- */
/* The name under which a kind, or its list, is described; makes sure that it is. */
const char *oa_kind_name(struct oa *d, const struct kind *k, bool list);
/* Make sure that a type is described. */
const char *oa_type_name(struct oa *d, const struct schema_type *t);
/* `"$ref":"#/…/name"`. */
void oa_ref(struct oa *d, const char *name);
/* All types mentioned so far and those they mention. */
void oa_schemas(struct oa *d);
/* The text of a type or field, or NULL. */
const char *oa_doc(const char *type, const char *field);

/* A custom kind, from its definition, or its list. (openapi_custom.c) */
void oa_custom(struct oa *d, const struct oa_entry *e);

/* ---- paths ---- */
/* All paths of one kind, as members of "paths". */
void oa_kind_paths(struct oa *d, const struct kind *k);

#endif
