/*
 * May the caller do this.
 *
 * Authorization comes before anything is looked up, so that 403 does not tell what exists.  The streaming
 * subresources count as create, also when a WebSocket must come as GET.
 * k8s: apiserver/pkg/endpoints/filters/authorization
 */
#include "server/request.h"

#include "base/arena.h"

#include <string.h>

static bool is_master(const struct user *u)
{
	for (size_t i = 0; u->groups[i]; i++)
		if (strcmp(u->groups[i], "system:masters") == 0)
			return true;
	return false;
}

bool authz_allow(struct req *r, const struct attributes *attr, struct status *st)
{
	const struct user *u = r->user;
	const char *reason = NULL;

	bool ok = is_master(u) || api_authorize(r->server->c.api, r->a, u, attr, &reason);

	r->audit.authorized = true;
	r->audit.denied = !ok;
	r->audit.reason = reason ? reason : "";
	if (ok)
		return true;
	return status_denied(st, r->a, u, attr, reason ? reason : "");
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
	if (!authz_allow(r, attr, &r->st))
		return false;
	if (attr->path || !is_connect(attr) || strcmp(attr->verb, "get") != 0)
		return true;
	create.verb = "create";
	return authz_allow(r, &create, &r->st);
}
