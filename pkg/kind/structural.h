/*
 * structural: the schema of a custom resource, compiled.
 *
 * A definition's openAPIV3Schema becomes a graph of small constant nodes.  Equal subtrees are one node, so that
 * generated schemas, which repeat the same types hundreds of times, cost what their distinct parts cost.
 * Descriptions are not kept.  The graph lives in the arena it was compiled into and is read by many threads.
 * Objects are JSON trees; every function here is pure but for the tree it is told to change.
 * k8s: apiextensions-apiserver/pkg/apiserver/schema.
 */
#ifndef NUTSHELL_KIND_STRUCTURAL_H
#define NUTSHELL_KIND_STRUCTURAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct field_errors;
struct hook;
struct json;
struct kind;
struct regex;
struct schema_warnings;
struct status;

enum structural_type {
	TYPE_ANY, /* none given */
	TYPE_OBJECT,
	TYPE_ARRAY,
	TYPE_STRING,
	TYPE_INTEGER,
	TYPE_NUMBER,
	TYPE_BOOLEAN,
};

enum { /* struct structural.flags */
       STRUCTURAL_NULLABLE = 1 << 0,
       STRUCTURAL_INT_OR_STRING = 1 << 1,
       STRUCTURAL_PRESERVE = 1 << 2, /* unknown fields stay */
       STRUCTURAL_EMBEDDED = 1 << 3, /* a whole resource */
       STRUCTURAL_OPEN = 1 << 4,     /* additionalProperties: true */
       STRUCTURAL_CLOSED = 1 << 5,   /* additionalProperties: false */
       STRUCTURAL_MAP_ATOMIC = 1 << 6,
       STRUCTURAL_MAP_GRANULAR = 1 << 7,
       STRUCTURAL_LIST_ATOMIC = 1 << 8,
       STRUCTURAL_LIST_SET = 1 << 9,
       STRUCTURAL_LIST_MAP = 1 << 10,
       STRUCTURAL_EXCLUSIVE_MAX = 1 << 11,
       STRUCTURAL_EXCLUSIVE_MIN = 1 << 12,
       /* of the node or of anything below it: */
       STRUCTURAL_DEFAULTS = 1 << 14,
       STRUCTURAL_RULES = 1 << 15,
       STRUCTURAL_LISTS = 1 << 16, /* sets, maps */
       STRUCTURAL_EMBEDS = 1 << 17,
};

enum structural_limit {
	LIMIT_MAX_LENGTH,
	LIMIT_MIN_LENGTH,
	LIMIT_MAX_ITEMS,
	LIMIT_MIN_ITEMS,
	LIMIT_MAX_PROPERTIES,
	LIMIT_MIN_PROPERTIES,
	LIMITS,
};

/* Names sorted by strcmp(). */
struct structural_property {
	const char *name;
	const struct structural *schema;
};

struct structural_list {
	const struct structural *const *items;
	size_t n;
};

/* What few nodes have. */
struct structural_checks {
	int64_t limits[LIMITS]; /* -1 = none */
	double maximum, minimum, multiple_of;
	bool has_maximum, has_minimum, has_multiple_of;
	const char *format;  /* NULL = none */
	const char *pattern; /* NULL = none */
	struct regex *regex;
	const struct json *enums;    /* array; NULL = none */
	const char *const *required; /* NULL-terminated; NULL = none */
	struct structural_list all_of, any_of, one_of;
	const struct structural * not ;
};

/* One of x-kubernetes-validations. */
struct structural_rule {
	const char *rule, *message, *message_expression, *reason, *field_path; /* "" = not given */
	bool optional_old_self, optional_old_self_set;
};

struct structural {
	uint32_t flags;
	uint8_t type; /* enum structural_type */
	uint16_t nproperties, nrules;
	const struct structural_property *properties;
	const struct structural *items;      /* NULL = none */
	const struct structural *additional; /* of additionalProperties; NULL = none */
	const char *const *map_keys;         /* STRUCTURAL_LIST_MAP: NULL-terminated */
	const struct json *dflt;             /* NULL = none */
	const struct structural_checks *checks;
	const struct structural_rule *rules;
	/* Unique within the graph and small; the root has the highest.  For tables beside the graph. */
	uint32_t id;
};

/* Compile an openAPIV3Schema that validation accepted (of any other, what it can).  NULL schema: NULL. */
const struct structural *structural_compile(struct arena *a, const struct json *schema);
/* The schema of a property, or NULL. */
const struct structural *structural_property(const struct structural *s, const char *name);
/* The name of a type as schemas spell it; "" for TYPE_ANY. */
const char *structural_type_name(enum structural_type t);

/* Drop what the schema does not know, tell of it in w (may be NULL), and (root true) keep apiVersion, kind and metadata
 * at the root. */
void structural_prune(struct arena *a, const struct structural *s, struct json *v, bool root,
		      struct schema_warnings *w);
/* Metadata of a resource (s may be NULL), and of every resource embedded in it, as Go would decode it.  400 when it
 * cannot. */
bool structural_coerce(struct arena *a, const struct structural *s, const struct kind *k,
		       struct json *o, struct schema_warnings *w, struct status *st);
/* Fill in defaults; null that is not allowed makes way for them. */
void structural_default(struct arena *a, const struct structural *s, struct json *v);

/*
 * Check v against the schema, as kube-openapi words it.  old (NULL: v is new) is the value it replaces: what is
 * equal there is not judged (ratcheting).  prefix ("" for a whole object) leads the fields' paths but is not part of
 * the sentences.
 */
void structural_validate(struct hook *h, const struct structural *s, const struct json *v,
			 const struct json *old, const char *prefix);
/* The item of a map-like list that item replaces, by its keys; NULL when there is none. */
const struct json *structural_counterpart(const struct structural *s, const struct json *item,
					  const struct json *old);
/* A value as field errors show it. */
const char *structural_show(struct arena *a, const struct json *v);
/* A number as Go prints it. */
const char *structural_number(struct arena *a, double v);
/* Duplicates in sets and maps; false when there are any.  h NULL: only ask. */
bool structural_validate_lists(struct hook *h, const struct structural *s, const struct json *v);
/* Embedded resources: apiVersion, kind and metadata as upstream checks them. */
void structural_validate_embedded(struct hook *h, const struct structural *s, const struct json *v);

#endif
