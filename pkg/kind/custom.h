/*
 * custom: what the rows of custom resources stand on.
 *
 * A slot belongs to one definition's name, for ever.  It holds the definition as it is now; who needs it takes a
 * reference, so that a change never pulls a schema from under a request.  Rows (struct kind) are small and
 * stay valid as long as the slot; a change that leaves what a row says keeps the row.  Thread-safe.
 */
#ifndef NUTSHELL_KIND_CUSTOM_H
#define NUTSHELL_KIND_CUSTOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct crd;
struct crd_version;
struct custom;
struct hook;
struct json;
struct kind;
struct obj;
struct schema_warnings;
struct status;

/* owner: what custom_owner() returns; borrowed. */
struct custom *custom_new(void *owner);
void *custom_owner(const struct custom *c);
/* No row of it may be in use. */
void custom_free(struct custom **c);
/* From now on the definition is d (the slot takes the reference; NULL: none), written as o (NULL: none). */
void custom_set(struct custom *c, const struct crd *d, const struct obj *o);
/* The rows that d's served versions have, preferred version first, in the arena. */
const struct kind **custom_rows(struct custom *c, struct arena *a, const struct crd *d, size_t *n);
/* Moves with every custom_set() that changes what is served: whoever watches must begin anew. */
uint64_t custom_serial(const struct custom *c);

/* True when versions are converted by a webhook: reading may block. */
bool custom_converts(const struct kind *k);

/* ---- by row; k is of a custom resource ---- */

/* The present definition, held by the arena; NULL once it is gone. */
const struct crd *custom_definition(struct arena *a, const struct kind *k);
/* The row's version of it; NULL when it is gone. */
const struct crd_version *custom_version(struct arena *a, const struct kind *k);
/* The definition as it is stored (for its descriptions), held by the arena; NULL once it is gone. */
const struct obj *custom_object(struct arena *a, const struct kind *k);

/* The value of a selectable field of an object: "" when absent.  In the arena. */
const char *custom_field(struct arena *a, const struct kind *k, const struct obj *o, size_t i);

/* kind_clean() of a custom resource. */
bool custom_clean(struct arena *a, const struct kind *k, struct json *o, struct schema_warnings *w,
		  struct status *st);
/* A stored tree of version k as it reads today: pruned and with today's defaults. */
void custom_refresh(struct arena *a, const struct kind *k, struct json *o);
/* True when o, as it is stored, reads as version k without a change. */
bool custom_is_current(struct arena *a, const struct kind *k, const struct obj *o);

/* The hooks of every row. */
void custom_defaults(struct hook *h, struct json *o);
void custom_validate(struct hook *h, const struct json *o);
void custom_validate_update(struct hook *h, const struct json *o, const struct json *old);
void custom_validate_status(struct hook *h, const struct json *o, const struct json *old);
void custom_prepare_status(struct hook *h, struct json *o, const struct json *old);
void custom_warn(struct hook *h, const struct json *o, const struct json *old);

#endif
