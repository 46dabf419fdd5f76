/*
 * patch: JSON patch (RFC 6902), merge patch (RFC 7386) and strategic merge patch.
 *
 * All take a document tree that they may change in place and return the new root (in the same
 * arena), or NULL with st filled (422/400/500 texts as upstream's).  Strategic merge asks its schema
 * questions through struct patch_schema, because field knowledge lives floors above.
 */
#ifndef NUTSHELL_OBJ_PATCH_H
#define NUTSHELL_OBJ_PATCH_H

#include <stdbool.h>

struct arena;
struct json;
struct status;

struct json *patch_json(struct arena *a, struct json *doc, const struct json *ops, struct status *st);
/* The same for a patch that no client sent: *why (the arena's) is the text of the library upstream uses:
 * `testing value /a failed: test failed`. */
struct json *patch_json_explained(struct arena *a, struct json *doc, const struct json *ops,
				  const char **why);
struct json *patch_merge(struct arena *a, struct json *doc, const struct json *patch);

/* What strategic merge must know of one field. */
struct patch_field {
	const void *type; /* schema of the field's value (of the items for a list), opaque; may be NULL */
	const char *merge_key; /* lists of objects; NULL = none (primitive list when merge) */
	bool merge;            /* patchStrategy has merge */
	bool retain_keys;      /* patchStrategy has retainKeys */
	bool is_map;           /* values keyed freely: type describes each value */
};

struct patch_schema {
	/* Facts of member `name` of an object of schema type; false when unknown (then: objects merge,
	 * lists replace). */
	bool (*field)(const void *type, const char *name, struct patch_field *out);
};

/* doc must be an object. */
struct json *patch_strategic(struct arena *a, struct json *doc, const struct json *patch,
			     const struct patch_schema *schema, const void *root_type,
			     struct status *st);

#endif
