/*
 * type: the types of the expression language.
 *
 * A type is an immutable descriptor, compared by structure (cel_type_same()).  The constants below
 * are static; lists, maps and optionals are made in an arena of the caller, who keeps it as long as
 * any environment, program or value that came from it.
 *
 * Objects are presented by their owner, lazily if it likes: struct cel_object is embedded in or
 * points to whatever a schema node is up there, and its find() hook answers for one field.  Field
 * names are identifiers: members that are none are escaped with cel_escape() (`a-b` is
 * `a__dash__b`); members that cannot be escaped are invisible to expressions.
 *
 * max and min_size serve the static cost estimate and mean what MaxElements and MinSerializedSize
 * mean upstream (k8s: apiserver/pkg/cel/types.go, common/schemas.go): 0 for numbers, booleans and
 * objects, -1 for "unbounded".  x-kubernetes-int-or-string is a copy of cel_type_dyn with max.
 */
#ifndef NUTSHELL_CEL_TYPE_H
#define NUTSHELL_CEL_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct cel_object;

enum cel_kind {
	CEL_KIND_ERROR, /* only inside the checker */
	CEL_KIND_DYN,
	CEL_KIND_BOOL,
	CEL_KIND_BYTES,
	CEL_KIND_DOUBLE,
	CEL_KIND_DURATION,
	CEL_KIND_INT,
	CEL_KIND_LIST, /* params[0] element */
	CEL_KIND_MAP,  /* params[0] key, params[1] value */
	CEL_KIND_NULL,
	CEL_KIND_OPAQUE, /* optional_type(params[0]), net.IP, net.CIDR */
	CEL_KIND_STRING,
	CEL_KIND_OBJECT, /* name, object; Quantity, URL, Semver, authorizers are objects too */
	CEL_KIND_TIMESTAMP,
	CEL_KIND_TYPE,  /* the type of a type; params[0] which one, or none */
	CEL_KIND_PARAM, /* a type parameter of a signature */
	CEL_KIND_UINT,
};

/* How two lists are compared and added: x-kubernetes-list-type. */
enum cel_list_type { CEL_LIST_ATOMIC, CEL_LIST_SET, CEL_LIST_MAP };

struct cel_type {
	uint8_t kind; /* enum cel_kind */
	uint8_t nparams;
	uint8_t list; /* enum cel_list_type */
	bool int_or_string;
	const char *name; /* run-time name: "int", "google.protobuf.Timestamp", "kubernetes.URL" */
	const struct cel_type *params[2];
	const struct cel_object *object; /* CEL_KIND_OBJECT with fields; NULL: no field can be selected */
	const char *const *keys; /* CEL_LIST_MAP: JSON names of the key members, NULL-terminated */
	int64_t max, min_size;
};

struct cel_field {
	const char *name; /* the identifier (escaped) */
	const char *json; /* the member of the JSON object */
	const struct cel_type *type;
};

struct cel_object {
	/* The field called `name` (escaped), or NULL.  NULL hook: fields[] is searched.  What is
	 * returned lives as long as the object. */
	const struct cel_field *(*find)(const struct cel_object *o, const char *name);
	const struct cel_field *fields; /* in any order */
	size_t nfields;
	const void *ctx; /* the owner's */
};

extern const struct cel_type cel_type_error, cel_type_dyn, cel_type_bool, cel_type_bytes,
	cel_type_double, cel_type_duration, cel_type_int, cel_type_null, cel_type_string,
	cel_type_timestamp, cel_type_uint, cel_type_type;
extern const struct cel_type cel_type_list_dyn, cel_type_map_dyn, cel_type_list_string;
extern const struct cel_type cel_type_ip, cel_type_cidr, cel_type_url, cel_type_quantity,
	cel_type_semver, cel_type_format;
extern const struct cel_type cel_type_authorizer, cel_type_path_check, cel_type_group_check,
	cel_type_resource_check, cel_type_decision;
extern const struct cel_type cel_type_json_patch; /* JSONPatch */

/* The builders copy nothing: parameters and names must outlive the type.  max as above. */
struct cel_type *cel_type_list(struct arena *a, const struct cel_type *elem, int64_t max);
struct cel_type *cel_type_map(struct arena *a, const struct cel_type *key,
			      const struct cel_type *value, int64_t max);
struct cel_type *cel_type_optional(struct arena *a, const struct cel_type *of);
struct cel_type *cel_type_of(struct arena *a, const struct cel_type *of); /* type(of) */
struct cel_type *cel_type_object(struct arena *a, const char *name, const struct cel_object *o);
/* A copy that the caller may change (max, min_size, list, keys). */
struct cel_type *cel_type_copy(struct arena *a, const struct cel_type *t);

/* The same kind, name and parameters (upstream's IsExactType). */
bool cel_type_same(const struct cel_type *x, const struct cel_type *y);
bool cel_type_is_optional(const struct cel_type *t);
/* The field of an object type, or NULL. */
const struct cel_field *cel_type_field(const struct cel_type *t, const char *name);
/* As messages print it: `map(string, list(int))`. `timestamp`, `null`; parameters by name. */
void cel_type_print(struct buf *b, const struct cel_type *t);
char *cel_type_text(struct arena *a, const struct cel_type *t);
/* As upstream's Type.String(), in `must evaluate to bool but got ...`: run-time names. */
char *cel_type_declared(struct arena *a, const struct cel_type *t);

/* The identifier for a JSON member name, or NULL when there is none; may return `name` itself. */
const char *cel_escape(struct arena *a, const char *name);
/* The member name of an identifier, or NULL when it is no valid escape. */
const char *cel_unescape(struct arena *a, const char *ident);

#endif
