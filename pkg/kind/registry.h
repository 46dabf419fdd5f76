/*
 * registry: all rows that are served: those of the binary and those that custom resources add at run time.
 */
#ifndef NUTSHELL_KIND_REGISTRY_H
#define NUTSHELL_KIND_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kind;
struct kinds;

/* All built-in rows.  The registry can grow at run time; it takes its own lock. */
struct kinds *kinds_new(void);
void kinds_free(struct kinds **ks);
/* Lookup; NULL when not served.  Rows stay valid for the registry's life. */
const struct kind *kinds_by_resource(struct kinds *ks, const char *group, const char *version,
				     const char *resource);
const struct kind *kinds_by_kind(struct kinds *ks, const char *group, const char *version,
				 const char *kind);
/* By apiVersion text "apps/v1". */
const struct kind *kinds_by_api_version(struct kinds *ks, const char *api_version, const char *kind);
/* Any version of group/resource (the preferred one); for RBAC, GC, admission. */
const struct kind *kinds_preferred(struct kinds *ks, const char *group, const char *resource);
/* All rows in discovery order: group order of `/apis`, versions by preference. size_t it = 0; ... */
const struct kind *kinds_next(struct kinds *ks, size_t *it);
bool kinds_has_group(struct kinds *ks, const char *group);
/* Serve one more row (a custom resource); it is borrowed and must outlive the registry.  False when
 * group/version/resource or group/version/kind is taken. */
bool kinds_add(struct kinds *ks, const struct kind *k);
/* Serve the rows of a group that only some hosts have, until an APIService takes them over. */
void kinds_offer(struct kinds *ks, const char *group);
/* Serve a row of kinds_add() no longer; requests that already found it may still use it. */
void kinds_remove(struct kinds *ks, const struct kind *k);
/* Both at once for the rows of one resource: old rows go, new ones come (a row may be in both), and the serial
 * moves in any case.  New rows whose place is taken are left out; how many were served. */
size_t kinds_swap(struct kinds *ks, const struct kind *const *old, size_t nold,
		  const struct kind *const *now, size_t nnow);
/* Order of versions by preference, as strcmp(): v2, v1, v1beta1, v1alpha1, others by name. */
int kind_version_compare(const char *x, const char *y);
/* Changes whenever a row is added or removed; for caches of discovery. */
uint64_t kinds_serial(struct kinds *ks);

#endif
