/*
 * Who is calling: whom a front proxy names (proxied.c), else a verified client certificate, else a bearer
 * token, else nobody.
 *
 * A certificate's CN is the name and its O values the groups.  A token that does not hold is 401 even
 * where nobody at all would be served: presenting a bad credential is never anonymous.  Nobody
 * (system:anonymous) is let through only to the health and version paths.
 *
 * Checking a token costs a signature verification, too much for an event thread, so tokens that
 * held are remembered for a few seconds (tokens.c).
 */
#include "server/request.h"
#include "server/tokens.h"

#include "base/arena.h"

#include <string.h>
#include <strings.h>

static const char *const anonymous_groups[] = { "system:unauthenticated", NULL };
static const struct user anonymous = {
	.name = "system:anonymous",
	.uid = "",
	.groups = anonymous_groups,
};

static const struct user *from_certificate(struct req *r)
{
	const struct http_req *h = r->http;
	struct user *u = arena_zalloc(r->a, sizeof *u);
	const char **groups, **values;
	struct extra *extra;
	size_t n = 0;

	while (h->cert_orgs && h->cert_orgs[n])
		n++;
	groups = arena_alloc(r->a, (n + 2) * sizeof *groups);
	for (size_t i = 0; i < n; i++)
		groups[i] = h->cert_orgs[i];
	groups[n] = "system:authenticated";
	groups[n + 1] = NULL;
	u->name = h->cert_cn;
	u->uid = "";
	u->groups = groups;
	if (h->cert_sha256 && *h->cert_sha256) {
		extra = arena_alloc(r->a, sizeof *extra);
		values = arena_alloc(r->a, 2 * sizeof *values);
		values[0] = arena_printf(r->a, "X509SHA256=%s", h->cert_sha256);
		values[1] = NULL;
		*extra = (struct extra){ "authentication.kubernetes.io/credential-id", values };
		u->extra = extra;
		u->nextra = 1;
	}
	return u;
}

/* The token of an Authorization header, or NULL when there is none of the bearer kind. */
static const char *bearer(const struct http_req *h)
{
	const char *v = http_header(h, "Authorization");

	if (!v)
		return NULL;
	v += strspn(v, " ");
	if (strncasecmp(v, "Bearer ", 7) != 0)
		return NULL;
	v += 7;
	v += strspn(v, " ");
	return *v ? v : NULL;
}

static bool from_token(struct req *r, const char *token)
{
	r->user = tokens_lookup(r->server->tokens, r->a, token);
	if (r->user)
		return true;
	if (req_wait(r))
		return false;
	r->user = tokens_verify(r->server->tokens, r->a, token, &r->st);
	return r->user != NULL;
}

/* Paths that nobody in particular may read: probes and version checks. */
static bool is_public(const struct route *route)
{
	static const char *const paths[] = { "/healthz", "/livez", "/readyz", "/version" };
	const char *p = route->attr.path;

	if (!p || (strcmp(route->attr.verb, "get") && strcmp(route->attr.verb, "head")))
		return false;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		size_t n = strlen(paths[i]);

		if (strncmp(p, paths[i], n) == 0 && (p[n] == '\0' || p[n] == '/'))
			return true;
	}
	return false;
}

bool authn_user(struct req *r)
{
	const char *token = bearer(r->http);

	r->user = proxied_user(r);
	if (r->user)
		return true;
	if (r->http->cert_client && r->http->cert_cn && *r->http->cert_cn) {
		r->user = from_certificate(r);
		return true;
	}
	if (token)
		return from_token(r, token);
	/* a bad certificate is a bad credential */
	if (r->http->cert_bad || !r->server->c.anonymous || !is_public(&r->route))
		return status_unauthorized(&r->st);
	r->user = &anonymous;
	return true;
}
