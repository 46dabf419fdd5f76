/*
 * May the caller do this, and may the caller be somebody else.
 *
 * Authorization comes before anything is looked up, so that 403 does not tell what exists.  The streaming
 * subresources count as create, also when a WebSocket must come as GET.  Impersonation asks for verb
 * impersonate on every user, group, uid and extra value named before it swaps the user.
 * k8s: apiserver/pkg/endpoints/filters/{authorization,impersonation}
 */
#include "server/extras.h"
#include "server/request.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/vec.h"

#include <string.h>
#include <strings.h>

static bool is_master(const struct user *u)
{
	for (size_t i = 0; u->groups[i]; i++)
		if (strcmp(u->groups[i], "system:masters") == 0)
			return true;
	return false;
}

static bool allow(struct req *r, const struct user *u, const struct attributes *attr)
{
	const char *reason = NULL;

	bool ok = is_master(u) || api_authorize(r->server->c.api, r->a, u, attr, &reason);

	r->audit.authorized = true;
	r->audit.denied = !ok;
	r->audit.reason = reason ? reason : "";
	if (ok)
		return true;
	return status_denied(&r->st, r->a, u, attr, reason ? reason : "");
}

static bool is_connect(const struct attributes *attr)
{
	const char *s = attr->subresource;

	return strcmp(attr->resource, "pods") == 0 && *attr->group == '\0' &&
	       (!strcmp(s, "exec") || !strcmp(s, "attach") || !strcmp(s, "portforward"));
}

bool authz_check(struct req *r)
{
	const struct attributes *attr = &r->route.attr;
	struct attributes create = *attr;

	/* Nobody got past authentication only on the public paths. */
	if (strcmp(r->user->name, "system:anonymous") == 0 &&
	    !http_header(r->http, "Impersonate-User"))
		return true;
	if (!allow(r, r->user, attr))
		return false;
	if (attr->path || !is_connect(attr) || strcmp(attr->verb, "get") != 0)
		return true;
	create.verb = "create";
	return allow(r, r->user, &create);
}

/* ---- impersonation ---- */

struct impersonation {
	struct req *r;
	VEC(const char *) groups;
	struct extras extras;
	bool ok;
};

/* One value somebody wants to be. */
static bool may_be(struct req *r, const char *group, const char *resource, const char *sub,
		   const char *ns, const char *name)
{
	const struct attributes attr = {
		.verb = "impersonate",
		.group = group,
		.version = *group ? "v1" : "",
		.resource = resource,
		.subresource = sub,
		.name = name,
		.ns = ns,
	};

	return allow(r, r->user, &attr);
}

/* "system:serviceaccount:NS:NAME" split; false when it is not of that form. */
static bool split_account(struct arena *a, const char *user, const char **ns, const char **name)
{
	static const char prefix[] = "system:serviceaccount:";
	const char *colon;

	if (strncmp(user, prefix, sizeof prefix - 1) != 0)
		return false;
	user += sizeof prefix - 1;
	colon = strchr(user, ':');
	if (!colon || colon == user || !colon[1] || strchr(colon + 1, ':'))
		return false;
	*ns = arena_dup(a, user, (size_t)(colon - user));
	*name = colon + 1;
	return true;
}

static void on_header(void *arg, const char *name, const char *value)
{
	static const char prefix[] = "Impersonate-Extra-";
	struct impersonation *im = arg;
	struct arena *a = im->r->a;

	if (!im->ok)
		return;
	if (strcasecmp(name, "Impersonate-Group") == 0) {
		vec_push(&im->groups, arena_strdup(a, value));
		im->ok = may_be(im->r, "", "groups", "", "", value);
	} else if (strncasecmp(name, prefix, sizeof prefix - 1) == 0) {
		const char *key = extras_key(a, name + sizeof prefix - 1);

		extras_add(&im->extras, key, value);
		im->ok = may_be(im->r, "authentication.k8s.io", "userextras", key, "", value);
	}
}

static bool has_group(const struct impersonation *im, const char *g)
{
	for (size_t i = 0; i < im->groups.n; i++)
		if (strcmp(im->groups.p[i], g) == 0)
			return true;
	return false;
}

/* The group that tells known callers from unknown ones, unless the headers settled it. */
static void add_implied(struct impersonation *im, const char *user)
{
	bool nobody = strcmp(user, "system:anonymous") == 0;

	if (has_group(im, "system:unauthenticated"))
		return;
	if (nobody)
		vec_push(&im->groups, "system:unauthenticated");
	else if (!has_group(im, "system:authenticated"))
		vec_push(&im->groups, "system:authenticated");
}

static const struct user *new_user(struct impersonation *im, const char *name, const char *uid)
{
	struct arena *a = im->r->a;
	struct user *u = arena_zalloc(a, sizeof *u);
	const char **groups = arena_alloc(a, (im->groups.n + 1) * sizeof *groups);

	for (size_t i = 0; i < im->groups.n; i++)
		groups[i] = im->groups.p[i];
	groups[im->groups.n] = NULL;
	u->name = arena_strdup(a, name);
	u->uid = arena_strdup(a, uid);
	u->groups = groups;
	u->extra = extras_take(&im->extras, &u->nextra);
	return u;
}

static bool swap_user(struct impersonation *im, const char *name, const char *uid)
{
	struct req *r = im->r;
	const char *ns = "", *account = "";
	bool is_account = split_account(r->a, name, &ns, &account);

	if (is_account ? !may_be(r, "", "serviceaccounts", "", ns, account) :
			 !may_be(r, "", "users", "", "", name))
		return false;
	http_headers_each(r->http, on_header, im);
	if (!im->ok)
		return false;
	if (*uid && !may_be(r, "authentication.k8s.io", "uids", "", "", uid))
		return false;
	if (is_account && im->groups.n == 0) {
		vec_push(&im->groups, "system:serviceaccounts");
		vec_push(&im->groups, arena_printf(r->a, "system:serviceaccounts:%s", ns));
	}
	add_implied(im, name);
	r->user = new_user(im, name, uid);
	return true;
}

static void see_impersonation(void *arg, const char *name, const char *value)
{
	(void)value;
	if (strncasecmp(name, "Impersonate-", 12) == 0)
		*(bool *)arg = true;
}

bool impersonate(struct req *r)
{
	const char *name = http_header(r->http, "Impersonate-User");
	const char *uid = http_header(r->http, "Impersonate-Uid");
	struct impersonation im = { .r = r, .extras.a = r->a, .ok = true };
	bool asked = false;

	if (!name || !*name) {
		http_headers_each(r->http, see_impersonation, &asked);
		if (asked)
			return status_bad_request(
				&r->st,
				"requested groups, uid or extra without impersonating a user");
		return true;
	}
	bool ok = swap_user(&im, name, uid ? uid : "");
	vec_free(&im.groups);
	vec_free(&im.extras.v);
	return ok;
}
