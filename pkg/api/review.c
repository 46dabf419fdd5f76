/*
 * Reviews: questions put as objects that are never stored: may he, may I, what may I, who am I, whose is it.
 * k8s: pkg/registry/authorization, pkg/registry/authentication, pkg/apis/authorization/validation.
 */
#include "api/core.h"
#include "api/dynamic.h"
#include "api/identity.h"
#include "api/managed.h"
#include "api/rbac.h"
#include "api/review_check.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct review {
	struct call *c;
	const struct kind *k;
	const char *ns;
	struct json *o;
};

static const char *const *texts(struct arena *a, const struct json *list)
{
	const char **out = arena_zalloc(a, (json_count(list) + 1) * sizeof *out);
	size_t n = 0;

	json_each(s, list)
		out[n++] = json_str(s);
	return out;
}

/* ---- access ---- */

static struct attributes access_attributes(const struct json *spec)
{
	const struct json *res = json_get(spec, "resourceAttributes");
	const struct json *path = json_get(spec, "nonResourceAttributes");

	if (path)
		return (struct attributes){
			.verb = json_path_str(path, "verb"),
			.path = json_path_str(path, "path"),
			.group = "",
			.version = "",
			.resource = "",
			.subresource = "",
			.name = "",
			.ns = "",
		};
	return (struct attributes){
		.verb = json_path_str(res, "verb"),
		.group = json_path_str(res, "group"),
		.version = json_path_str(res, "version"),
		.resource = json_path_str(res, "resource"),
		.subresource = json_path_str(res, "subresource"),
		.name = json_path_str(res, "name"),
		.ns = json_path_str(res, "namespace"),
	};
}

static struct json *access_answer(struct review *r, const struct user *u)
{
	struct attributes attr = access_attributes(json_get(r->o, "spec"));
	struct arena *a = r->c->a;
	struct json *status = json_object(a);
	const char *reason;
	bool yes = api_authorize(r->c->api, a, u, &attr, &reason);

	json_set_bool(a, status, "allowed", yes);
	if (*reason)
		json_set_str(a, status, "reason", reason);
	json_set(a, r->o, "status", status);
	return r->o;
}

static struct json *review_self(struct review *r, struct status *st)
{
	return review_check(r->c->a, r->k, r->o, NULL, false, st) ? access_answer(r, r->c->user) :
								    NULL;
}

/* The user that the review is about. */
static struct user user_named(struct arena *a, const struct json *spec)
{
	return (struct user){
		.name = json_path_str(spec, "user"),
		.uid = json_path_str(spec, "uid"),
		.groups = texts(a, json_get(spec, "groups")),
	};
}

static struct json *review_named(struct review *r)
{
	struct user u = user_named(r->c->a, json_get(r->o, "spec"));

	return access_answer(r, &u);
}

static struct json *review_subject(struct review *r, struct status *st)
{
	return review_check(r->c->a, r->k, r->o, NULL, true, st) ? review_named(r) : NULL;
}

static struct json *review_local(struct review *r, struct status *st)
{
	return review_check(r->c->a, r->k, r->o, r->ns, true, st) ? review_named(r) : NULL;
}

/* ---- rules ---- */

struct gathering {
	struct arena *a;
	struct json *resources, *urls;
	const char *error;
};

static void texts_set(struct arena *a, struct json *o, const char *name, const char *const *list)
{
	struct json *out;

	if (!*list)
		return;
	out = json_ensure_array(a, o, name);
	for (; *list; list++)
		json_append(out, json_string(a, *list));
}

static bool gather(void *arg, const struct rbac_grant *g, const struct rbac_rule *r)
{
	struct gathering *w = arg;
	struct json *one = json_object(w->a);

	if (!r) {
		w->error = w->error ? arena_printf(w->a, "%s, %s", w->error, rbac_missing(w->a, g)) :
				      rbac_missing(w->a, g);
		return true;
	}
	texts_set(w->a, one, "verbs", r->verbs);
	if (*r->urls) {
		texts_set(w->a, one, "nonResourceURLs", r->urls);
		json_append(w->urls, one);
		return true;
	}
	texts_set(w->a, one, "apiGroups", r->groups);
	texts_set(w->a, one, "resources", r->resources);
	texts_set(w->a, one, "resourceNames", r->names);
	json_append(w->resources, one);
	return true;
}

static struct json *review_rules(struct review *r, struct status *st)
{
	const char *ns = json_path_str(r->o, "spec.namespace");
	struct arena *a = r->c->a;
	struct gathering w = { a, json_array(a), json_array(a), NULL };
	struct json *status;

	if (!*ns) {
		status_bad_request(st, "no namespace on request");
		return NULL;
	}
	/* As upstream, RBAC alone is asked: masters are told by their binding. */
	rbac_visit(r->c->api, a, r->c->user, ns, gather, &w);
	status = json_build(a, "{resourceRules:%j,nonResourceRules:%j,incomplete:%b}", w.resources,
			    w.urls, false);
	if (w.error)
		json_set_str(a, status, "evaluationError", w.error);
	json_set(a, r->o, "status", status);
	return r->o;
}

/* ---- identity ---- */

static struct json *review_whoami(struct review *r, struct status *st)
{
	char now[TIME_LEN];

	(void)st;
	time_format(clock_now_s(), now);
	json_set(r->c->a, r->o, "metadata", json_build(r->c->a, "{creationTimestamp:%s}", now));
	json_set(r->c->a, r->o, "status",
		 json_build(r->c->a, "{userInfo:%j}", identity_info(r->c->a, r->c->user)));
	return r->o;
}

static struct json *review_token(struct review *r, struct status *st)
{
	struct arena *a = r->c->a;
	const char *token = json_path_str(r->o, "spec.token"), *why;
	const char *const *want = texts(a, json_path(r->o, "spec.audiences"));
	const char *const *matched;
	const struct user *u;
	struct json *status;

	if (!*token) {
		status_bad_request(st, "token is required for TokenReview in authentication");
		return NULL;
	}
	u = identity_of_token(r->c->api, a, token, want, &matched, &why);
	if (u) {
		status = json_build(a, "{authenticated:%b,user:%j}", true, identity_info(a, u));
		texts_set(a, status, "audiences", matched);
	} else {
		status = json_build(a, "{user:{},error:%s}", why);
	}
	json_set(a, r->o, "status", status);
	return r->o;
}

static const struct {
	const char *kind;
	struct json *(*answer)(struct review *r, struct status *st);
} reviews[] = {
	{ "SelfSubjectAccessReview", review_self },   { "SubjectAccessReview", review_subject },
	{ "LocalSubjectAccessReview", review_local }, { "SelfSubjectRulesReview", review_rules },
	{ "SelfSubjectReview", review_whoami },       { "TokenReview", review_token },
};

/* Webhooks and policies may ask about reviews as about any other object. */
static bool review_admit(struct review *r, struct status *st)
{
	struct admission ad = { .c = r->c,
				.k = r->k,
				.op = ADMIT_CREATE,
				.sub = "",
				.ns = r->ns,
				.name = meta_name(r->o),
				.o = r->o };

	if (!dynamic_any(r->c))
		return true;
	if (!admission_run(&ad, st))
		return false;
	r->o = ad.o;
	return true;
}

struct json *api_review(struct call *c, const struct kind *k, const char *ns, struct json *o,
			struct status *st)
{
	struct review r = { c, k, kind_ns(k, ns), o };

	if (!body_clean(c, k, o, NULL, st) || !body_place(k, r.ns, o, st))
		return NULL;
	if (k->namespaced)
		json_set_str(c->a, json_get(o, "metadata"), "namespace", r.ns);
	if (!review_admit(&r, st))
		return NULL;
	managed_update(c, k, NULL, NULL, o);
	for (size_t i = 0; i < sizeof reviews / sizeof *reviews; i++)
		if (!strcmp(reviews[i].kind, k->subject.kind))
			return reviews[i].answer(&r, st);
	status_method_not_allowed(st);
	return NULL;
}
