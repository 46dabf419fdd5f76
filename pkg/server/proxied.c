/*
 * Whom a front proxy names: a proxy that shows a certificate of the proxies' authority is believed about the
 * caller, by headers, before anything else is looked at.
 * k8s: apiserver/pkg/authentication/request/headerrequest/requestheader.go.
 */
#include "server/extras.h"
#include "server/request.h"

#include "base/arena.h"
#include "base/vec.h"

#include <string.h>
#include <strings.h>

static bool may_speak(const struct front_proxy *p, const char *cn)
{
	bool any = !p->names || !*p->names;

	for (const char *const *n = p->names; n && *n; n++)
		any |= !strcmp(*n, cn);
	return any;
}

static const char *header_value(const struct http_req *h, const char *const *names)
{
	for (; names && *names; names++) {
		const char *v = http_header(h, *names);

		if (v && *v)
			return v;
	}
	return "";
}

static const char *const *proxy_groups(struct req *r, const char *const *names)
{
	VEC(const char *) v = { 0 };
	const char **out;

	for (; names && *names; names++)
		for (const char *const *g = http_headers(r->http, *names); g && *g; g++)
			if (**g)
				vec_push(&v, *g);
	out = arena_zalloc(r->a, (v.n + 2) * sizeof *out);
	for (size_t i = 0; i < v.n; i++)
		out[i] = v.p[i];
	out[v.n] = "system:authenticated";
	for (size_t i = 0; i < v.n; i++)
		if (!strcmp(out[i], "system:authenticated") ||
		    !strcmp(out[i], "system:unauthenticated"))
			out[v.n] = NULL;
	vec_free(&v);
	return out;
}

struct extra_headers {
	const char *prefix;
	struct extras x;
};

static void on_header(void *arg, const char *name, const char *value)
{
	struct extra_headers *h = arg;
	size_t n = strlen(h->prefix);

	if (!strncasecmp(name, h->prefix, n))
		extras_add(&h->x, extras_key(h->x.a, name + n), value);
}

static void proxy_extras(struct req *r, struct user *u)
{
	struct extra_headers h = { .x.a = r->a };

	for (const char *const *p = r->server->c.front_proxy->extra_prefixes; p && *p; p++) {
		h.prefix = *p;
		http_headers_each(r->http, on_header, &h);
	}
	u->extra = extras_take(&h.x, &u->nextra);
}

const struct user *proxied_user(struct req *r)
{
	const struct front_proxy *p = r->server->c.front_proxy;
	struct user *u = arena_zalloc(r->a, sizeof *u);

	if (!p || !r->http->cert_proxy || !may_speak(p, r->http->cert_cn))
		return NULL;
	u->name = header_value(r->http, p->user_headers);
	if (!*u->name)
		return NULL;
	u->uid = header_value(r->http, p->uid_headers);
	u->groups = proxy_groups(r, p->group_headers);
	proxy_extras(r, u);
	return u;
}
