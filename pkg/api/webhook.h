/*
 * webhook: one registered admission webhook, and the question it is asked.  Private to api.
 * k8s: apiserver/pkg/admission/plugin/webhook/{generic,request,errors}.
 */
#ifndef NUTSHELL_API_WEBHOOK_H
#define NUTSHELL_API_WEBHOOK_H

#include "api/match.h"

struct policy_condition;
struct policy_env;

struct webhook {
	const char *config, *name;
	size_t index; /* in the set */
	struct match match;
	const struct json *client;
	const char *const *versions; /* admissionReviewVersions */
	int timeout_s;
	bool ignore_failure, no_side_effects, reinvoke;
	const struct policy_env *env; /* of the matchConditions */
	struct policy_condition *conditions;
	size_t nconditions;
};

struct webhooks {
	struct webhook *all; /* by configuration's name, then as listed */
	size_t n;
};

/* The request as a webhook sees it: in the version of row k. */
struct hook_view {
	struct admission *ad;
	const struct kind *k;
	struct json *o; /* NULL when deleting */
	const struct json *old;
};

/* The row in whose version w wants to see the request; NULL: it is not asked, or st is filled. */
const struct kind *webhook_matches(const struct webhook *w, struct admission *ad, struct status *st);
/* Both objects converted to k where that is another version than the request's. */
void hook_view_open(struct hook_view *v, struct admission *ad, const struct kind *k);

/* Ask.  True: allowed, and *patch is an array of JSON patch operations or NULL.  False: denied, st says so;
 * or, with *failure set (the arena's), the webhook could not be asked or talked nonsense. */
bool webhook_ask(const struct webhook *w, struct hook_view *v, bool mutating,
		 const struct json **patch, const char **failure, struct status *st);

/* request.options: CreateOptions and its sisters as the client gave them. */
struct json *admission_options(const struct admission *ad);
/* The request's {group, version, kind} of what is in k's version. */
struct json *admission_gvk(const struct admission *ad, const struct kind *k);
struct json *admission_gvr(const struct admission *ad, const struct kind *k);
const char *admission_operation(const struct admission *ad);
/* request.name: "" while a name is yet to be generated. */
const char *admission_name(const struct admission *ad);

/* admit_webhooks.c: plugins */
bool admit_mutating_webhooks(struct admission *ad, struct status *st);
bool admit_validating_webhooks(struct admission *ad, struct status *st);

#endif
