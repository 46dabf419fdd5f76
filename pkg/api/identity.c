/*
 * Who is behind a ServiceAccount token: the claims must be ours, in time, for the right audience, and all
 * that they name must still live under the same uid.  Something being deleted counts as gone a minute
 * after its time.  Tokens of the old kind (Secrets of type service-account-token) are not accepted.
 * k8s: pkg/serviceaccount/{claims,jwt}.go, apiserver/pkg/authentication/serviceaccount/util.go.
 */
#include "api/core.h"
#include "api/identity.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"

#include <string.h>

#define LEEWAY_S 60
#define EXTRAS 5

static const char extra_prefix[] = "authentication.kubernetes.io/";

static bool listed(const char *const *list, const char *s)
{
	for (; list && *list; list++)
		if (!strcmp(*list, s))
			return true;
	return false;
}

/* The claim "aud" is a list, or one string. */
static const char *const *audiences_common(struct arena *a, const struct json *claims,
					   const char *const *want)
{
	const struct json *aud = json_get(claims, "aud");
	const char **out = arena_zalloc(a, (json_count(aud) + 2) * sizeof *out);
	size_t n = 0;

	if (json_is_string(aud) && listed(want, json_str(aud)))
		out[n++] = json_str(aud);
	json_each(s, aud)
		if (listed(want, json_str(s)))
			out[n++] = json_str(s);
	return out;
}

static const char *time_problem(const struct json *claims)
{
	int64_t now = clock_now_s();

	if (now > json_path_int(claims, "exp", 0) + LEEWAY_S)
		return "service account token has expired";
	if (now < json_path_int(claims, "nbf", 0) - LEEWAY_S)
		return "service account token is not valid yet";
	if (now < json_path_int(claims, "iat", 0) - LEEWAY_S)
		return "service account token is issued in the future";
	return NULL;
}

/* The named object lives with this uid and was not deleted before leeway. */
static bool lives(struct api *api, const struct kind *k, const char *ns, const struct json *ref)
{
	const struct obj *o =
		store_get(api_table(api, k), kind_ns(k, ns), json_str(json_get(ref, "name")));
	bool ok = o && !strcmp(o->uid, json_str(json_get(ref, "uid"))) &&
		  (!o->deleted_s || o->deleted_s >= clock_now_s() - LEEWAY_S);

	obj_unref(o);
	return ok;
}

static const char *subject_problem(struct api *api, struct arena *a, const struct json *k8s)
{
	const struct known *n = &api->known;
	const char *ns = json_str(json_get(k8s, "namespace"));
	const struct json *sa = json_get(k8s, "serviceaccount"), *pod = json_get(k8s, "pod");
	const struct json *secret = json_get(k8s, "secret"), *node = json_get(k8s, "node");

	if (!lives(api, n->service_account, ns, sa))
		return arena_printf(a, "service account %s/%s has been deleted", ns,
				    json_str(json_get(sa, "name")));
	if ((secret && !lives(api, n->secret, ns, secret)) || (pod && !lives(api, n->pod, ns, pod)) ||
	    (node && !pod && !lives(api, n->node, "", node)))
		return "service account token has been invalidated";
	return NULL;
}

static void extra_add(struct arena *a, struct extra *list, size_t *n, const char *key,
		      const char *value)
{
	const char **values;

	if (!*value)
		return;
	values = arena_zalloc(a, 2 * sizeof *values);
	values[0] = value;
	list[*n] = (struct extra){ arena_printf(a, "%s%s", extra_prefix, key), values };
	++*n;
}

struct user *identity_account(struct arena *a, const char *ns, const char *name, const char *uid)
{
	const char **groups = arena_zalloc(a, 4 * sizeof *groups);
	struct user *u = arena_zalloc(a, sizeof *u);

	groups[0] = "system:serviceaccounts";
	groups[1] = arena_printf(a, "system:serviceaccounts:%s", ns);
	groups[2] = "system:authenticated";
	u->name = arena_printf(a, "system:serviceaccount:%s:%s", ns, name);
	u->uid = uid;
	u->groups = groups;
	return u;
}

static const struct user *user_of(struct arena *a, const struct json *claims)
{
	const struct json *k8s = json_get(claims, "kubernetes.io");
	const char *jti = json_str(json_get(claims, "jti"));
	struct extra *extra = arena_zalloc(a, EXTRAS * sizeof *extra);
	struct user *u = identity_account(a, json_str(json_get(k8s, "namespace")),
					  json_path_str(k8s, "serviceaccount.name"),
					  json_path_str(k8s, "serviceaccount.uid"));

	if (*jti)
		extra_add(a, extra, &u->nextra, "credential-id", arena_printf(a, "JTI=%s", jti));
	extra_add(a, extra, &u->nextra, "node-name", json_path_str(k8s, "node.name"));
	extra_add(a, extra, &u->nextra, "node-uid", json_path_str(k8s, "node.uid"));
	extra_add(a, extra, &u->nextra, "pod-name", json_path_str(k8s, "pod.name"));
	extra_add(a, extra, &u->nextra, "pod-uid", json_path_str(k8s, "pod.uid"));
	u->extra = extra;
	return u;
}

/* A token that names no audience is for us alone; *common becomes what is wanted of that. */
static bool for_us(struct api *api, struct arena *a, const char *const *want,
		   const char *const **common)
{
	const struct json *own = json_build(a, "{aud:%s}", api->config.issuer);

	*common = audiences_common(a, own, want);
	return **common;
}

/* A bound token: *why NULL when it holds. */
static const struct user *of_claims(struct api *api, struct arena *a, const struct json *claims,
				    const char *const *want, const char *const **common,
				    const char **why)
{
	*common = audiences_common(a, claims, want);
	*why = **common ? time_problem(claims) : "token audiences do not match";
	if (!*why)
		*why = subject_problem(api, a, json_get(claims, "kubernetes.io"));
	return *why ? NULL : user_of(a, claims);
}

/* Not one of our own making. */
static const struct user *of_stranger(struct api *api, struct arena *a, const char *token,
				      const char *const *want, const char *const **common,
				      const char **why)
{
	const struct foreign_tokens *f = api->config.foreign_tokens;

	if (!for_us(api, a, want, common))
		return NULL;
	if (identity_is_bootstrap(token))
		return identity_of_bootstrap(api, a, token);
	return f ? f->authenticate(f->arg, a, token, why) : NULL;
}

const struct user *identity_of_token(struct api *api, struct arena *a, const char *token,
				     const char *const *want, const char *const **matched,
				     const char **why)
{
	const struct token_ops *ops = api->config.tokens;
	const char *own[] = { api->config.issuer, NULL };
	const struct json *claims = ops ? ops->verify(ops->arg, a, token, NULL) : NULL;
	const char *const *common = NULL;
	const char *problem = NULL;
	const struct user *u;

	want = want && *want ? want : own;
	if (claims && !strcmp(json_str(json_get(claims, "iss")), api->config.issuer))
		u = of_claims(api, a, claims, want, &common, &problem);
	else if (claims && identity_is_legacy(claims) && for_us(api, a, want, &common))
		u = identity_of_legacy(api, a, token, claims, &problem);
	else
		u = of_stranger(api, a, token, want, &common, &problem);
	*why = problem ? arena_printf(a, "[invalid bearer token, %s]", problem) :
			 "invalid bearer token";
	if (u && matched)
		*matched = common;
	return u;
}

const struct user *api_authenticate_token(struct api *api, struct arena *a, const char *token,
					  const char *const *audiences, struct status *st)
{
	const char *why;
	const struct user *u = identity_of_token(api, a, token, audiences, NULL, &why);

	if (!u)
		status_unauthorized(st);
	return u;
}

static struct json *texts(struct arena *a, const char *const *list)
{
	struct json *out = json_array(a);

	for (; list && *list; list++)
		json_append(out, json_string(a, *list));
	return out;
}

struct json *identity_info(struct arena *a, const struct user *u)
{
	struct json *info = json_object(a);
	struct json *extra;

	if (*u->name)
		json_set_str(a, info, "username", u->name);
	if (u->uid && *u->uid)
		json_set_str(a, info, "uid", u->uid);
	if (*u->groups)
		json_set(a, info, "groups", texts(a, u->groups));
	if (!u->nextra)
		return info;
	extra = json_ensure_object(a, info, "extra");
	for (size_t i = 0; i < u->nextra; i++)
		json_set(a, extra, u->extra[i].key, texts(a, u->extra[i].values));
	return info;
}
