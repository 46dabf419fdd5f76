/*
 * match: does a webhook or an admission policy concern a request?  Private to api.
 *
 * Compiled once from rules, selectors and matchPolicy, then asked for every request.
 * k8s: apiserver/pkg/admission/plugin/webhook/predicates, plugin/policy/matching.
 */
#ifndef NUTSHELL_API_MATCH_H
#define NUTSHELL_API_MATCH_H

#include "api/core.h"

struct match_rule {
	unsigned ops; /* bits 1 << enum admit_op */
	/* NULL-terminated; names NULL = any */
	const char *const *groups, *const *versions, *const *resources, *const *names;
	enum { SCOPE_ALL, SCOPE_CLUSTER, SCOPE_NAMESPACED } scope;
};

struct match {
	struct match_rule *rules, *excluded;
	size_t nrules, nexcluded;
	const struct selector *namespaces, *objects; /* NULL = everything */
	bool equivalent;
	bool open; /* without rules it matches everything (policies), not nothing (webhooks) */
};

/* From arrays of RuleWithOperations (excluded may be NULL) and two LabelSelectors (NULL = everything). */
void match_compile(struct arena *a, const struct json *rules, const struct json *excluded,
		   const struct json *namespaces, const struct json *objects, const char *policy,
		   struct match *out);

/* The row in whose version whoever asks wants to see the request: the request's own or, by matchPolicy
 * Equivalent, another of the same objects.  NULL: not concerned, or st is filled (404: the namespace
 * is gone). */
const struct kind *match_request(const struct match *m, struct admission *ad, struct status *st);
/* The namespace an admission request names: a Namespace's own name for a Namespace. */
const char *admit_namespace(const struct admission *ad);

/* NULL-terminated copies of an array of strings. */
const char *const *texts_of(struct arena *a, const struct json *list);

#endif
