/*
 * convert: between frozen objects as they are stored and what a caller's version shows.
 *
 * Built-in kinds convert by their rows and never fail.  A custom resource's webhook may be asked: then these functions
 * block, and NULL (false) means that it failed, with st filled.  Private to the package.
 */
#ifndef NUTSHELL_API_CONVERT_H
#define NUTSHELL_API_CONVERT_H

#include "kind/kind.h"

struct user;

/* The row whose table holds k's objects. */
static inline const struct kind *kind_stored(const struct kind *k)
{
	return k->storage ? k->storage : k;
}
/* "" for cluster scope whatever the caller says. */
static inline const char *kind_ns(const struct kind *k, const char *ns)
{
	return k->namespaced && ns ? ns : "";
}
/* The object as version k shows it; o itself when k is the storage version.  Held by a. */
const struct obj *convert_shown(struct arena *a, const struct kind *k, const struct obj *o,
				struct status *st);
/* The same for many, in place: what needs a webhook is asked for in one call. */
bool convert_list(struct arena *a, const struct kind *k, const struct obj **items, size_t n,
		  struct status *st);
/* A private tree of o in version k. */
struct json *convert_tree(struct arena *a, const struct kind *k, const struct obj *o,
			  struct status *st);
/* A copy of tree o of version `from` in version `to` of the same resource. */
struct json *convert_between(struct arena *a, const struct kind *from, const struct kind *to,
			     const struct json *o);
/* Freeze a tree of version k for the store.  The caller owns the reference. */
struct obj *convert_frozen(struct arena *a, const struct kind *k, struct json *o,
			   const struct user *user, struct status *st);

#endif
