/*
 * json: JSON trees in an arena; the only door to cJSON.
 *
 * A tree lives in the arena it was parsed or built with; nodes are never freed
 * singly.  Parsing is strict RFC 8259 (grammar, UTF-8, no NUL, depth <= 10000 for
 * scanning but see json_parse), member names are case-sensitive, the last duplicate wins, and
 * numbers keep their text: integers beyond 2^53 and unusual decimals survive unchanged.
 *
 * Reading takes const struct json *, NULL is a legal "absent" node everywhere
 * (json_get(NULL, "x") is NULL), so that lookups chain.
 */
#ifndef NUTSHELL_OBJ_JSON_H
#define NUTSHELL_OBJ_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct status;
struct json; /* opaque: a cJSON node behind the seam */

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* Names of duplicate members met while parsing, as paths such as `data.a`. */
struct json_dups {
	char **paths; /* in the arena */
	size_t n;
};

/*
 * Parse n bytes.  dups may be NULL.  400 BadRequest with Go-like decoder texts on bad input
 * ("invalid character 'x' looking for beginning of value", "unexpected end of JSON input",
 * "exceeded max depth").  Depth is limited to 512 so that recursion over trees is safe.
 */
struct json *json_parse(struct arena *a, const char *p, size_t n, struct json_dups *dups,
			struct status *st);
/* Parse a text that is known to be valid (our own bytes); aborts if it is not. */
struct json *json_parse_own(struct arena *a, const char *p, size_t n);

/* ---- reading ---- */
enum json_type json_type(const struct json *j); /* NULL: JSON_NULL */
bool json_is_object(const struct json *j);
bool json_is_array(const struct json *j);
bool json_is_string(const struct json *j);
bool json_is_number(const struct json *j);
bool json_is_null(const struct json *j); /* absent (NULL) or a null literal */
bool json_is_bool(const struct json *j);
bool json_is_true(const struct json *j);

/* Member of an object; NULL if absent or not an object. */
struct json *json_get(const struct json *j, const char *name);
/* Dotted path of members, array indexes as numbers: "spec.template.spec.containers.0.image".
 * Names that contain dots need chained json_get(). */
struct json *json_path(const struct json *j, const char *path);
/* The string value; "" when absent or not a string.  Borrowed. */
const char *json_str(const struct json *j);
/* json_str(json_path(j, path)). */
const char *json_path_str(const struct json *j, const char *path);
/* True and *v when the node is a number written as an integer (not 1.0, not 1e3: Go's integer fields
 * refuse them) in range of int64. */
bool json_int(const struct json *j, int64_t *v);
/* The integer at path, or dflt. */
int64_t json_path_int(const struct json *j, const char *path, int64_t dflt);
bool json_path_bool(const struct json *j, const char *path, bool dflt);
double json_double(const struct json *j);
/* The literal text of a number as it was written (or would be printed). In the arena. */
const char *json_number_text(struct arena *a, const struct json *j);

/* Children: of an object its members in order, of an array its items. */
size_t json_count(const struct json *j);
struct json *json_at(const struct json *j, size_t i); /* O(i) */
struct json *json_first(const struct json *j);
struct json *json_next(const struct json *j);
/* Member name of a child of an object; NULL for array items. */
const char *json_name(const struct json *j);
#define json_each(it, parent) for (struct json *it = json_first(parent); it; it = json_next(it))

/* Deep equality; object member order is irrelevant, numbers compare by value (1 == 1.0). */
bool json_equal(const struct json *x, const struct json *y);

/* ---- building and changing (every tree touched must live in arena a) ---- */
struct json *json_object(struct arena *a);
struct json *json_array(struct arena *a);
struct json *json_string(struct arena *a, const char *s);
struct json *json_stringn(struct arena *a, const char *s, size_t n);
struct json *json_integer(struct arena *a, int64_t v);
struct json *json_boolean(struct arena *a, bool v);
struct json *json_null(struct arena *a);
/* A number given by its literal text (must be a valid JSON number). */
struct json *json_number(struct arena *a, const char *text);
struct json *json_copy(struct arena *a, const struct json *j);
/* A node of its own whose children are those of j: for what neither side will change. */
struct json *json_alias(struct arena *a, const struct json *j);

/* Append a member that is known to be new: O(1), unlike json_set().  Returns v. */
struct json *json_add(struct arena *a, struct json *o, const char *name, struct json *v);
/* Make a member that is known to be new the first one.  Returns v. */
struct json *json_prepend(struct arena *a, struct json *o, const char *name, struct json *v);
/* Set (replace or append) a member; returns v.  v must be unattached.  NULL v is a bug. */
struct json *json_set(struct arena *a, struct json *o, const char *name, struct json *v);
struct json *json_set_str(struct arena *a, struct json *o, const char *name, const char *s);
struct json *json_set_int(struct arena *a, struct json *o, const char *name, int64_t v);
struct json *json_set_bool(struct arena *a, struct json *o, const char *name, bool v);
/* The object member `name`, made as an empty object when absent or not an object. */
struct json *json_ensure_object(struct arena *a, struct json *o, const char *name);
struct json *json_ensure_array(struct arena *a, struct json *o, const char *name);
/* Like json_path() but makes missing objects on the way. */
struct json *json_make_path(struct arena *a, struct json *o, const char *path);
/* Remove a member if present (the node stays valid memory until the arena ends). */
void json_del(struct json *o, const char *name);
/* Detach child c from its parent p. */
void json_detach(struct json *p, struct json *c);
/* Append v to array p; insert before child `before` (NULL: append). */
void json_append(struct json *p, struct json *v);
void json_insert(struct json *p, struct json *before, struct json *v);
/* Put v where child old of p was (same member name). */
void json_replace(struct arena *a, struct json *p, struct json *old, struct json *v);

/* Build a tree from a literal with % directives:  json_build(a, "{name:%s,n:%d,labels:%j}", ...)
 * Grammar: JSON with unquoted member names allowed, %s string, %d int, %l int64_t, %b bool, %j a
 * struct json * (inserted as is).  A NULL %s or %j drops the member or item.  A malformed format is a
 * bug. */
struct json *json_build(struct arena *a, const char *fmt, ...);

/* ---- printing: compact, members in order, strings escaped as Go does (<, >, & escaped too), bytes
 * that are no UTF-8 become U+FFFD ---- */
void json_print(struct buf *b, const struct json *j);
/* Indented by two spaces as Go's MarshalIndent, for ?pretty and curl users. */
void json_print_pretty(struct buf *b, const struct json *j);
char *json_text(struct arena *a, const struct json *j);
/* Append s as a quoted, escaped JSON string. */
void json_print_string(struct buf *b, const char *s, size_t n);

#endif
