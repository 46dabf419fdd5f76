/*
 * quota: what objects take of a namespace's ResourceQuotas, and the commit that charges for it.
 *
 * Usage is reserved in the transaction that stores the object: either both happen or neither, so the usage
 * never exceeds the limit however many write at once, and what is refused later costs nothing.  Usage goes
 * down only by the quota controller, which counts what is there.
 * k8s: apiserver/pkg/{quota/v1,admission/plugin/resourcequota}, pkg/quota/v1/evaluator/core.
 */
#ifndef NUTSHELL_API_QUOTA_H
#define NUTSHELL_API_QUOTA_H

#include "api/api.h"
#include "obj/quantity.h"

/* A resource list: names once each, values in the arena they were made with. */
struct usage {
	struct usage_item {
		const char *name;
		struct quantity q;
	} * v;
	size_t n, cap;
};

void usage_add(struct arena *a, struct usage *u, const char *name, const struct quantity *q);
void usage_add_all(struct arena *a, struct usage *u, const struct usage *more);
/* NULL when it is not listed. */
struct quantity *usage_find(const struct usage *u, const char *name);

/* False for what no quota counts: events, reviews, what is not namespaced. */
bool quota_counts(const struct kind *k);
/* The resource name of a quota ("pods", "count/widgets.example.com") is about objects of kind k. */
bool quota_names(const struct kind *k, const char *resource);
/* What one object takes (k8s: Evaluator.Usage). */
void quota_usage(struct arena *a, const struct kind *k, const struct json *o, int64_t now_s,
		 struct usage *out);
/* The object is within the scopes of the quota. */
bool quota_scopes_match(struct arena *a, const struct kind *k, const struct json *quota,
			const struct json *o);
/* "cpu for: a,b; memory for: a": what containers of a pod must specify and do not, or NULL. */
char *quota_unspecified(struct arena *a, const struct json *pod, const struct json *hard);

/* One write that may be charged for: o as it will be stored, old NULL for a create. */
struct charge {
	const struct kind *k;
	const char *sub; /* "" = main resource */
	const char *ns, *name;
	const struct json *o, *old;
};

/* Charges for nothing written: the dry run.  403 when a quota would be exceeded. */
bool quota_allows(struct call *c, const struct charge *ch, struct status *st);
/* store_commit() of w[i], the write of ch[i], along with the usage they add.  A refusal is STORE_FAILED with
 * 403 in st; *failed (may be NULL) is the write at fault. */
enum store_result quota_commit(struct call *c, const struct charge *ch, struct store_write *w,
			       size_t n, size_t *failed, struct status *st);

#endif
