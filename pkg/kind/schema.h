/*
 * schema: the facts of every API type, and what follows from them alone.
 *
 * The facts (names, JSON types, protobuf numbers, optionality, list types and map keys, patch
 * strategies, enum values) are constant data compiled from committed rows (pkg/kind/facts/).
 * A custom resource makes the same structures at run time.
 * k8s: the types.go files of k8s.io/api, apimachinery, apiextensions, kube-aggregator 1.36.
 */
#ifndef NUTSHELL_KIND_SCHEMA_H
#define NUTSHELL_KIND_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct json;
struct json_dups;
struct patch_schema;
struct status;

enum scalar {
	SCALAR_STRUCT,    /* a type of its own: field->type */
	SCALAR_STRING,
	SCALAR_BOOL,
	SCALAR_INT32,
	SCALAR_INT64,
	SCALAR_DOUBLE,
	SCALAR_BYTES,     /* base64 in JSON */
	SCALAR_TIME,      /* metav1.Time */
	SCALAR_MICROTIME,
	SCALAR_DURATION,  /* metav1.Duration: "1h2m" in JSON, int64 ns in protobuf */
	SCALAR_QUANTITY,
	SCALAR_INT_OR_STRING,
	SCALAR_RAW,       /* RawExtension: any object */
	SCALAR_FIELDS_V1,
	SCALAR_ANY,       /* apiextensions JSON: any value */
};

enum shape { SHAPE_ONE, SHAPE_LIST, SHAPE_MAP /* of string */, SHAPE_MAP_LIST /* map of lists */ };

enum list_type { LIST_ATOMIC, LIST_SET, LIST_MAP };

enum { /* struct schema_field.flags */
	FIELD_POINTER = 1 << 0,   /* Go pointer: presence is meaning */
	FIELD_OMITEMPTY = 1 << 1, /* zero value is absent in JSON */
	FIELD_REQ = 1 << 2,       /* required in OpenAPI */
	FIELD_PATCH_MERGE = 1 << 3,
	FIELD_PATCH_REPLACE = 1 << 4,
	FIELD_PATCH_RETAIN_KEYS = 1 << 5,
	FIELD_MAP_ATOMIC = 1 << 6, /* x-kubernetes-map-type: atomic */
};

struct schema_field {
	const char *name; /* JSON name */
	enum scalar scalar;
	enum shape shape;
	const struct schema_type *type; /* SCALAR_STRUCT only */
	int proto;                      /* protobuf field number; 0 = none */
	unsigned flags;
	enum list_type list_type;
	const char *const *map_keys; /* LIST_MAP: NULL-terminated key names */
	const char *merge_key;       /* strategic merge; NULL = none */
	const char *const *enums;    /* allowed values, NULL-terminated; NULL = free */
};

struct schema_type {
	const char *name; /* "io.k8s.api.apps.v1.Deployment" */
	const struct schema_field *fields; /* inlined structs are flattened; in protobuf-number order of Go declaration */
	size_t nfields;
	bool map_atomic;  /* the whole struct is x-kubernetes-map-type: atomic */
};

/* A built-in type by its OpenAPI name, or NULL. */
const struct schema_type *schema_find(const char *name);
/* A field of a type, or NULL. */
const struct schema_field *schema_field(const struct schema_type *t, const char *name);

/* Problems found by schema_clean() that do not stop it. */
struct schema_warnings {
	char **texts; /* `unknown field "spec.foo"`, `duplicate field "data.a"`; in the arena */
	size_t n;
};

/*
 * Make a decoded tree what a Go decoder and encoder would have made of it: unknown fields dropped
 * (and listed in w), nulls and omitempty zero values dropped as Go would (pointers keep zero values), wrong JSON types
 * refused, times, quantities, bytes and int-or-strings checked and canonicalised, integers range
 * checked, MicroTime with six digits, nil maps and lists removed.  Top-level kind/apiVersion stay.
 * dups (may be NULL) are added to w.  False: 400 `K in version "v1" cannot be handled as a K: json: cannot
 * unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32` as upstream words it.
 */
bool schema_clean(struct arena *a, const struct schema_type *t, const char *kind,
		  const char *version, struct json *o, const struct json_dups *dups,
		  struct schema_warnings *w, struct status *st);

/*
 * Decode an application/vnd.kubernetes.protobuf body (magic k8s\0 and runtime.Unknown).  The envelope's
 * apiVersion and kind are returned (either may be ""); lookup(arg, apiVersion, kind) yields the type
 * to decode with (NULL: 400).  The result is a tree as schema_clean() would leave it.
 */
struct json *proto_decode(struct arena *a, const void *p, size_t n,
			  const struct schema_type *(*lookup)(void *arg, const char *api_version,
							      const char *kind),
			  void *arg, struct status *st);

/* Strategic merge knowledge of built-in types, for obj/patch.h. */
extern const struct patch_schema schema_patch;

#endif
