/*
 * meta: metadata of trees (see obj.h for frozen objects): names, labels, annotations,
 * owners, finalizers, conditions.  All getters accept trees without metadata.
 */
#ifndef NUTSHELL_OBJ_META_H
#define NUTSHELL_OBJ_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct json;
struct obj;

/* metadata, made when absent. */
struct json *meta_ensure(struct arena *a, struct json *o);
/* Borrowed from the tree; "" (0) when absent or of another type.  rv is metadata.resourceVersion. */
const char *meta_name(const struct json *o);
const char *meta_ns(const struct json *o);
const char *meta_uid(const struct json *o);
const char *meta_rv(const struct json *o);
int64_t meta_generation(const struct json *o);
/* Label and annotation values; NULL when absent. */
const char *meta_label(const struct json *o, const char *key);
const char *meta_annotation(const struct json *o, const char *key);
/* What is set is copied into a, which must be the tree's own. */
void meta_set_label(struct arena *a, struct json *o, const char *key, const char *value);
void meta_set_annotation(struct arena *a, struct json *o, const char *key, const char *value);
void meta_del_annotation(struct json *o, const char *key);
bool meta_deleting(const struct json *o);
/* Adding one that is there or deleting one that is not changes nothing. */
bool meta_has_finalizer(const struct json *o, const char *f);
void meta_add_finalizer(struct arena *a, struct json *o, const char *f);
void meta_del_finalizer(struct arena *a, struct json *o, const char *f);
/* Append an ownerReference {apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true}
 * pointing at a frozen owner. */
void meta_add_controller_ref(struct arena *a, struct json *o, const char *api_version,
			     const char *kind, const struct obj *owner);
/* status.conditions item of a type, or NULL. */
struct json *meta_condition(const struct json *o, const char *type);
/* Set status.conditions[type]; lastTransitionTime moves only when status changes, lastUpdateTime
 * (if with_update) whenever anything changes.  True if something changed. */
bool meta_set_condition(struct arena *a, struct json *o, const char *type, const char *status,
			const char *reason, const char *message, bool with_update);

#endif
