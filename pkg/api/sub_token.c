/*
 * TokenRequest: a signed token that speaks for a ServiceAccount, for a while, perhaps bound to an object.
 *
 * A kubelet's request for a pod (3607 s, our own audience) is stretched to a year inside the token, with
 * warnafter where it should have ended, as upstream does for clients that do not reload tokens.
 * k8s: pkg/registry/core/serviceaccount/storage/token.go, pkg/serviceaccount/claims.go.
 */
#include "api/core.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define DEFAULT_S 3600
#define MIN_S 600
#define MAX_S (1LL << 32)
#define KUBELET_S 3607
#define YEAR_S (365LL * 24 * 3600)

static const struct subject token_subject = { "authentication.k8s.io", "tokenrequests",
					      "TokenRequest" };

struct token {
	struct call *c;
	const char *ns, *name;
	struct json *request;
	const struct obj *sa, *pod, *secret;
	struct json *node; /* {name, uid} */
	int64_t now, seconds;
};

static bool meta_check(struct token *t, struct status *st)
{
	const char *name = meta_name(t->request), *ns = meta_ns(t->request);
	const char *uid = meta_uid(t->request);
	struct subject s = token_subject;
	struct field_errors e = FIELD_ERRORS_INIT;

	if (*name && strcmp(name, t->name))
		field_error_str(&e, FIELD_INVALID, "metadata.name", name,
				"must match the service account name if specified");
	if (*ns && strcmp(ns, t->ns))
		field_error_str(&e, FIELD_INVALID, "metadata.namespace", ns,
				"must match the service account namespace if specified");
	if (!status_invalid(st, &s, t->name, &e))
		return false;
	s.resource = s.kind;
	if (*uid && strcmp(uid, t->sa->uid))
		return status_conflict(
			st, &s, t->name,
			"the UID in the token request (%s) does not match the UID of the service account (%s)",
			uid, t->sa->uid);
	return true;
}

static void request_default(struct token *t)
{
	struct arena *a = t->c->a;
	struct json *spec = json_ensure_object(a, t->request, "spec");
	struct json *meta = meta_ensure(a, t->request);
	char now[TIME_LEN];

	if (!json_count(json_get(spec, "audiences")))
		json_append(json_ensure_array(a, spec, "audiences"),
			    json_string(a, t->c->api->config.issuer));
	if (!json_int(json_get(spec, "expirationSeconds"), &t->seconds)) {
		t->seconds = DEFAULT_S;
		json_set_int(a, spec, "expirationSeconds", t->seconds);
	}
	json_set_str(a, meta, "name", t->sa->name);
	json_set_str(a, meta, "namespace", t->sa->ns);
	json_set_str(a, meta, "uid", t->sa->uid);
	time_format(t->now, now);
	json_set_str(a, meta, "creationTimestamp", now);
	json_del(t->request, "status");
}

static bool request_validate(struct token *t, struct status *st)
{
	struct field_errors e = FIELD_ERRORS_INIT;
	char *text = arena_printf(t->c->a, "%lld", (long long)t->seconds);

	if (t->seconds < MIN_S)
		field_error(&e, FIELD_INVALID, "spec.expirationSeconds", text,
			    "may not specify a duration less than 10 minutes");
	if (t->seconds > MAX_S)
		field_error(&e, FIELD_INVALID, "spec.expirationSeconds", text,
			    "may not specify a duration larger than 2^32 seconds");
	return status_invalid(st, &token_subject, "", &e);
}

static struct json *ref(struct arena *a, const struct obj *o)
{
	return o ? json_build(a, "{name:%s,uid:%s}", o->name, o->uid) : NULL;
}

/* The node of a bound pod: by name alone when it is not known. */
static struct json *pod_node(struct token *t, const struct json *pod)
{
	const char *name = json_path_str(pod, "spec.nodeName");
	const struct obj *node;

	if (!*name)
		return NULL;
	node = api_get(t->c, t->c->api->known.node, "", name, NULL);
	return node ? ref(t->c->a, node) : json_build(t->c->a, "{name:%s}", name);
}

static bool bind_pod(struct token *t, const char *name, const struct obj **bound, struct status *st)
{
	const struct json *tree;

	t->pod = *bound = api_get(t->c, t->c->api->known.pod, t->ns, name, st);
	if (!t->pod)
		return false;
	tree = obj_tree(t->c->a, t->pod);
	if (strcmp(json_path_str(tree, "spec.serviceAccountName"), t->name))
		return status_bad_request(
			st,
			"cannot bind token for serviceaccount \"%s\" to pod running with different serviceaccount name.",
			t->name);
	t->node = pod_node(t, tree);
	return true;
}

static bool bind_object(struct token *t, struct status *st)
{
	const struct known *n = &t->c->api->known;
	const struct json *r = json_path(t->request, "spec.boundObjectRef");
	const char *gv = json_str(json_get(r, "apiVersion")), *kind = json_str(json_get(r, "kind"));
	const char *name = json_str(json_get(r, "name")), *uid = json_str(json_get(r, "uid"));
	struct subject s = { "", kind, kind };
	const struct obj *bound = NULL;

	if (json_is_null(r))
		return true;
	if (!strcmp(kind, "Pod") && !strcmp(gv, "v1")) {
		if (!bind_pod(t, name, &bound, st))
			return false;
	} else if (!strcmp(kind, "Secret") && !strcmp(gv, "v1")) {
		t->secret = bound = api_get(t->c, n->secret, t->ns, name, st);
	} else if (!strcmp(kind, "Node") && !strcmp(gv, "v1")) {
		bound = api_get(t->c, n->node, "", name, st);
		t->node = ref(t->c->a, bound);
	} else {
		return status_bad_request(st, "cannot bind token to object of type %s, Kind=%s", gv,
					  kind);
	}
	if (!bound)
		return false;
	if (*uid && strcmp(uid, bound->uid))
		return status_conflict(
			st, &s, name,
			"the UID in the bound object reference (%s) does not match the UID in record. The object might have been deleted and then recreated",
			uid);
	return true;
}

/* The audiences are none but our own. */
static bool own_audience(const struct token *t)
{
	json_each(aud, json_path(t->request, "spec.audiences"))
		if (strcmp(json_str(aud), t->c->api->config.issuer))
			return false;
	return true;
}

static struct json *claims_make(struct token *t)
{
	struct arena *a = t->c->a;
	bool stretch = t->pod && t->seconds == KUBELET_S && own_audience(t);
	int64_t lasts = stretch ? YEAR_S : t->seconds;
	struct json *k8s =
		json_build(a, "{namespace:%s,node:%j,pod:%j,secret:%j,serviceaccount:%j}",
			   t->sa->ns, t->node, ref(a, t->pod), ref(a, t->secret), ref(a, t->sa));
	char jti[37];

	if (stretch)
		json_set_int(a, k8s, "warnafter", t->now + t->seconds);
	uuid_new(jti);
	return json_build(a,
			  "{aud:%j,exp:%l,iat:%l,iss:%s,jti:%s,\"kubernetes.io\":%j,nbf:%l,sub:%s}",
			  json_copy(a, json_path(t->request, "spec.audiences")), t->now + lasts,
			  t->now, t->c->api->config.issuer, jti, k8s, t->now,
			  arena_printf(a, "system:serviceaccount:%s:%s", t->sa->ns, t->sa->name));
}

static struct json *token_issue(struct token *t, struct status *st)
{
	const struct token_ops *ops = t->c->api->config.tokens;
	struct arena *a = t->c->a;
	char *jwt, until[TIME_LEN];

	if (!ops) {
		status_internal(st, "this server has no key to sign tokens with");
		return NULL;
	}
	jwt = ops->sign(ops->arg, a, claims_make(t), st);
	if (!jwt)
		return NULL;
	time_format(t->now + t->seconds, until);
	json_set(a, t->request, "status",
		 json_build(a, "{token:%s,expirationTimestamp:%s}", jwt, until));
	return t->request;
}

static bool request_clean(struct token *t, struct status *st)
{
	const struct schema_type *type = schema_find("io.k8s.api.authentication.v1.TokenRequest");
	struct schema_warnings w = { 0 };

	if (type && !schema_clean(t->c->a, type, "TokenRequest", "v1", t->request, t->c->dups, &w, st))
		return false;
	json_set_str(t->c->a, t->request, "kind", "TokenRequest");
	json_set_str(t->c->a, t->request, "apiVersion", "authentication.k8s.io/v1");
	return true;
}

struct json *api_token_request(struct call *c, const char *ns, const char *name,
			       struct json *request, struct status *st)
{
	static const struct admit_type type = { "authentication.k8s.io", "v1", "TokenRequest" };
	const struct action x = {
		c->api->known.service_account, ADMIT_CREATE, "token", ns, name, &type
	};
	struct token t = { .c = c, .ns = ns, .name = name, .request = request, .now = clock_now_s() };
	const struct json *admitted = request;

	if (!request_clean(&t, st) || !admission_action(c, &x, &admitted, st))
		return NULL;
	if (admitted != request)
		t.request = json_copy(c->a, admitted);
	t.sa = api_get(c, c->api->known.service_account, ns, name, st);
	if (!t.sa || !meta_check(&t, st))
		return NULL;
	request_default(&t);
	if (!request_validate(&t, st) || !bind_object(&t, st))
		return NULL;
	return token_issue(&t, st);
}
