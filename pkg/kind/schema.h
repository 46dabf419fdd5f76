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
struct buf;
struct json;
struct json_dups;
struct patch_schema;
struct status;
struct type_ref;
struct typed_schema;

enum scalar {
	SCALAR_STRUCT, /* a type of its own: field->type */
	SCALAR_STRING,
	SCALAR_BOOL,
	SCALAR_INT32,
	SCALAR_INT64,
	SCALAR_DOUBLE,
	SCALAR_BYTES, /* base64 in JSON */
	SCALAR_TIME,  /* metav1.Time */
	SCALAR_MICROTIME,
	SCALAR_DURATION, /* metav1.Duration: "1h2m" in JSON, int64 ns in protobuf */
	SCALAR_QUANTITY,
	SCALAR_INT_OR_STRING,
	SCALAR_RAW, /* RawExtension: any object */
	SCALAR_FIELDS_V1,
	SCALAR_ANY,               /* apiextensions JSON: any value */
	SCALAR_SCHEMA_OR_BOOL,    /* JSONSchemaProps of a CRD, or a boolean */
	SCALAR_SCHEMA_OR_ARRAY,   /* or a list of them */
	SCALAR_SCHEMA_OR_STRINGS, /* or a list of strings */
};

enum shape { SHAPE_ONE, SHAPE_LIST, SHAPE_MAP /* of string */, SHAPE_MAP_LIST /* map of lists */ };

enum list_type { LIST_ATOMIC, LIST_SET, LIST_MAP };

enum {                           /* struct schema_field.flags */
       FIELD_POINTER = 1 << 0,   /* Go pointer: presence is meaning */
       FIELD_OMITEMPTY = 1 << 1, /* zero value is absent in JSON */
       FIELD_REQ = 1 << 2,       /* required in OpenAPI */
       FIELD_PATCH_MERGE = 1 << 3,
       FIELD_PATCH_REPLACE = 1 << 4,
       FIELD_PATCH_RETAIN_KEYS = 1 << 5,
       FIELD_MAP_ATOMIC = 1 << 6,    /* x-kubernetes-map-type: atomic */
       FIELD_MAP_GRANULAR = 1 << 7,  /* granular although the type is atomic */
       FIELD_LIST_DECLARED = 1 << 8, /* list_type is declared, not assumed */
};

struct schema_field {
	const char *name; /* JSON name */
	const char *go; /* Go's type as its decoder names it in errors: "v1.PodSpec", "[]string" */
	enum scalar scalar;
	enum shape shape;
	const struct schema_type *type; /* SCALAR_STRUCT and SCALAR_SCHEMA_OR_* */
	int proto;                      /* protobuf field number; 0 = none (see embeds) */
	unsigned flags;
	enum list_type list_type;
	const char *const *map_keys; /* LIST_MAP: NULL-terminated key names */
	const char *merge_key;       /* strategic merge; NULL = none */
	const char *const *enums;    /* allowed values, NULL-terminated; NULL = free */
	const char *dflt;            /* JSON text of the declared default; NULL = none */
};

/* A message of its own in protobuf whose fields are inlined in JSON (Volume's VolumeSource). */
struct schema_embed {
	int proto; /* 0 ends the list */
	const struct schema_type *type;
};

struct schema_type {
	const char *name;                  /* "io.k8s.api.apps.v1.Deployment" */
	const struct schema_field *fields; /* in the order of Go's declaration; inlined structs are flattened */
	size_t nfields;
	const uint16_t *order; /* indexes of fields sorted by name; NULL = search one after the other */
	/* In the order of protobuf's numbers: indexes of fields that have one, and nfields + i for embeds[i] */
	const uint16_t *wire;
	size_t nwire;                       /* 0 where there is no protobuf (custom resources) */
	const struct schema_embed *embeds;  /* NULL = none */
	const char *group, *version, *kind; /* of a top-level type; kind NULL for all others */
	bool map_atomic;                    /* the whole struct is x-kubernetes-map-type: atomic */
};

/* A built-in type by its OpenAPI name "io.k8s.api.apps.v1.DeploymentList", or NULL. */
const struct schema_type *schema_find(const char *name);
/* A field of a type, or NULL. */
const struct schema_field *schema_field(const struct schema_type *t, const char *name);
/* All built-in types in order of their names: size_t it = 0; while ((t = schema_next(&it))) ... */
const struct schema_type *schema_next(size_t *it);

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

/*
 * Append the protobuf message of a type, without an envelope, as Go's generated code writes it: made of
 * n bytes of our own compact JSON (a frozen object, a printed tree) without a tree in between.
 * False, and out as it was, when the JSON is not what schema_clean() leaves, or the type has no protobuf.
 */
bool proto_encode(struct buf *out, const struct schema_type *t, const char *json, size_t n);
/* Append what stands before and behind `raw` bytes of a message in an application/vnd.kubernetes.protobuf body:
 * the magic and runtime.Unknown. */
void proto_open(struct buf *out, const char *api_version, const char *kind, size_t raw);
void proto_close(struct buf *out);
/* A whole body: envelope, with the text's own apiVersion and kind, and message.  As proto_encode(). */
bool proto_encode_body(struct buf *out, const struct schema_type *t, const char *json, size_t n);
/* One field of wire type 2: tag, length and (p not NULL) bytes. */
void proto_bytes(struct buf *out, int number, const void *p, size_t n);

/* Strategic merge knowledge of built-in types, for obj/patch.h. */
extern const struct patch_schema schema_patch;

/* The same types as server-side apply sees them, for obj/typed.h; a root is schema_root(type). */
extern const struct typed_schema schema_typed;
struct type_ref schema_root(const struct schema_type *t);

#endif
