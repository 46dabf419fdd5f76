/*
 * obj: a frozen Kubernetes object: encoded JSON bytes with a small header.
 *
 * Made by obj_new() from a tree, sealed with a revision by the store, then never
 * changed: shared between threads by reference count, const everywhere.  get, list and
 * watch copy obj->json and never parse; who needs the tree calls obj_tree() with its own arena.
 */
#ifndef NUTSHELL_OBJ_OBJ_H
#define NUTSHELL_OBJ_OBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct json;

struct label {
	const char *key, *value; /* borrowed from the object */
};

struct owner {
	const char *api_version, *kind, *name, *uid;
	bool controller, block;
};

/* What a kind wants extracted into the header when an object is frozen: values of json paths
 * (for field selectors and for controllers that must not parse).  Path syntax of json_path();
 * "conditions:TYPE" takes status.conditions[type=TYPE].status.  Numbers and booleans become their text;
 * absent is "". */
struct obj_fields {
	const char *const *paths; /* NULL-terminated; NULL = none */
};

struct obj {
	const char *json; /* len bytes, a complete JSON object, NUL behind it */
	uint32_t len;
	const char *ns, *name, *uid; /* ns "" for cluster scope */
	int64_t rev;                 /* 0 before it is sealed */
	int64_t generation;
	int64_t created_s; /* metadata.creationTimestamp */
	int64_t deleted_s; /* metadata.deletionTimestamp; 0 = live */
	const struct label *labels;
	uint32_t nlabels;
	const struct owner *owners;
	uint32_t nowners;
	bool finalizers;           /* has at least one */
	const char *const *fields; /* parallel to obj_fields.paths */
	uint32_t nfields;
};

/* Freeze a tree (which must have metadata).  Any metadata.resourceVersion in it is replaced when
 * sealed.  The caller owns one reference. */
struct obj *obj_new(const struct json *tree, const struct obj_fields *fields);

/* As obj_new() for bytes that are known to be a valid object (read back from the log). */
struct obj *obj_from_bytes(const char *p, size_t n, const struct obj_fields *fields);

/* Write rev into the bytes and the header: metadata.resourceVersion appears as its decimal string.
 * Only the store calls this, once, before the object is shared. */
void obj_seal(struct obj *o, int64_t rev);

/* A new object with the same content sealed with another revision (the last state of a deleted
 * object carries the revision of its deletion).  The caller owns one reference. */
struct obj *obj_reseal(const struct obj *o, int64_t rev);

/* Counting casts away const on purpose: the count is not part of the value. */
const struct obj *obj_ref(const struct obj *o);
void obj_unref(const struct obj *o); /* NULL is legal */
/* obj_ref() whose counterpart runs when the arena ends. Returns o. */
const struct obj *obj_hold(struct arena *a, const struct obj *o);
/* The arena takes over the caller's reference. Returns o. */
const struct obj *obj_give(struct arena *a, const struct obj *o);

/* A private tree to read or change. */
struct json *obj_tree(struct arena *a, const struct obj *o);

/* The value of a label, or NULL. */
const char *obj_label(const struct obj *o, const char *key);
/* The same labels, in the same order (an update that does not touch them keeps it). */
bool obj_same_labels(const struct obj *x, const struct obj *y);
/* The owner with controller: true, or NULL. */
const struct owner *obj_controller(const struct obj *o);
/* Bytes of memory the object occupies. */
size_t obj_size(const struct obj *o);

#endif
