/*
 * Other servers' APIs.
 *
 * What is known of them is a short list under one lock, made by the thread (aggregate_check.c) from the
 * APIService objects; requests look there only when the registry of kinds knows nothing of their group.
 * The service is resolved anew for each request, so that it follows its endpoints.
 */
#include "server/aggregate_priv.h"

#include "server/forward.h"
#include "server/request.h"

#include "api/service_route.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"

#include <stdlib.h>
#include <string.h>

#define IDENTITY_NS \
	(30 * 24 * 3600 * INT64_C(1000000000)) /* made anew after a month; valid for a year */

struct aggregate *aggregate_new(struct server *s)
{
	struct aggregate *g = calloc(1, sizeof *g);
	struct kinds *ks = s->kinds;

	if (!g)
		abort();
	g->server = s;
	g->kind = kinds_by_kind(ks, "apiregistration.k8s.io", "v1", "APIService");
	g->services = kinds_by_kind(ks, "", "v1", "Service");
	g->slices = kinds_by_kind(ks, "discovery.k8s.io", "v1", "EndpointSlice");
	g->definitions = kinds_by_kind(ks, "apiextensions.k8s.io", "v1", "CustomResourceDefinition");
	lock_init(&g->lock, "aggregate", LOCK_SERVER);
	cond_init(&g->wake);
	return g;
}

static void drop_remotes(struct aggregate *g)
{
	for (size_t i = 0; i < g->nremotes; i++)
		arena_free(&g->remotes[i].a);
	g->nremotes = 0;
}

void aggregate_free(struct aggregate **gp)
{
	struct aggregate *g = *gp;

	if (!g)
		return;
	aggregate_stop(g);
	drop_remotes(g);
	free(g->cert);
	free(g->key);
	cond_destroy(&g->wake);
	lock_destroy(&g->lock);
	free(g);
	*gp = NULL;
}

void aggregate_published(struct aggregate *g, const struct table *t)
{
	struct api *api = g->server->c.api;
	bool always = t == api_table(api, g->kind) || t == api_table(api, g->definitions);
	bool needed = __atomic_load_n(&g->nremotes, __ATOMIC_RELAXED) > 0;

	if (!always &&
	    !(needed && (t == api_table(api, g->services) || t == api_table(api, g->slices))))
		return;
	lock_take(&g->lock);
	g->changed = true;
	cond_signal(&g->wake);
	lock_drop(&g->lock);
}

uint64_t aggregate_serial(struct aggregate *g)
{
	return __atomic_load_n(&g->serial, __ATOMIC_ACQUIRE);
}

/* ---- what is known ---- */

struct remote *aggregate_find(struct aggregate *g, const char *group, const char *version)
{
	for (size_t i = 0; i < g->nremotes; i++)
		if (strcmp(g->remotes[i].group, group) == 0 &&
		    (!version || strcmp(g->remotes[i].version, version) == 0))
			return &g->remotes[i];
	return NULL;
}

bool aggregate_has_group(struct aggregate *g, const char *group)
{
	bool has;

	if (!__atomic_load_n(&g->nremotes, __ATOMIC_RELAXED))
		return false;
	lock_take(&g->lock);
	has = aggregate_find(g, group, NULL) != NULL;
	lock_drop(&g->lock);
	return has;
}

struct json *aggregate_versions(struct aggregate *g, struct arena *a)
{
	struct json *list = json_array(a);

	lock_take(&g->lock);
	for (size_t i = 0; i < g->nremotes; i++) {
		const struct remote *x = &g->remotes[i];
		struct json *o = json_build(a, "{group:%s,version:%s,available:%b}", x->group,
					    x->version, (int)x->available);

		if (x->resources)
			json_set(a, o, "resources",
				 json_parse_own(a, x->resources, strlen(x->resources)));
		json_append(list, o);
	}
	lock_drop(&g->lock);
	return list;
}

bool aggregate_identity(struct aggregate *g, struct arena *a, const char **cert, const char **key,
			struct status *st)
{
	const struct server_config *c = &g->server->c;
	char *fresh_cert = NULL, *fresh_key = NULL;
	bool due;

	lock_take(&g->lock);
	due = !g->cert || clock_mono_ns() - g->issued_ns > IDENTITY_NS;
	lock_drop(&g->lock);
	if (due && (!c->front_identity ||
		    !c->front_identity(c->front_identity_arg, &fresh_cert, &fresh_key, st)))
		return false;
	lock_take(&g->lock);
	if (due) {
		free(g->cert);
		free(g->key);
		g->cert = fresh_cert;
		g->key = fresh_key;
		g->issued_ns = clock_mono_ns();
	}
	*cert = arena_strdup(a, g->cert);
	*key = arena_strdup(a, g->key);
	lock_drop(&g->lock);
	return true;
}

/* ---- requests ---- */

bool aggregate_target(struct call *c, const struct remote *x, struct forward *f, const char **why)
{
	struct service_route route;
	size_t n;

	if (!service_route(c, x->service_ns, x->service, x->port, &route, why))
		return false;
	*f = (struct forward){
		.origin = arena_printf(c->a, "https://%s.%s.svc:%d", x->service, x->service_ns,
				       x->port),
		.address = arena_printf(c->a, strchr(route.host, ':') ? "[%s]:%d" : "%s:%d",
					route.host, route.port),
		.server_name = arena_printf(c->a, "%s.%s.svc", x->service, x->service_ns),
		.ca_pem = *x->ca ? base64_decode(c->a, x->ca, strlen(x->ca), &n) : NULL,
		.insecure = x->insecure,
		.aggregated = true,
	};
	return true;
}

static bool unavailable(struct req *r)
{
	reply_text(r, 503, "service unavailable\n");
	http_add_header(r->http, "X-Content-Type-Options", "nosniff");
	return true;
}

bool aggregate_copy(struct aggregate *g, struct arena *a, const char *group, const char *version,
		    struct remote *out)
{
	const struct remote *x;

	lock_take(&g->lock);
	x = aggregate_find(g, group, version);
	if (x) {
		*out = *x;
		out->service = arena_strdup(a, x->service);
		out->service_ns = arena_strdup(a, x->service_ns);
		out->ca = arena_strdup(a, x->ca);
	}
	lock_drop(&g->lock);
	return x != NULL;
}

bool aggregate_run(struct req *r, const char *group, const char *version, bool query, bool *found)
{
	const struct attributes *attr = &r->route.attr;
	const struct http_req *h = r->http;
	struct remote x;
	struct forward f;
	const char *why;

	*found = __atomic_load_n(&r->server->aggregate->nremotes, __ATOMIC_RELAXED) > 0 &&
		 aggregate_copy(r->server->aggregate, r->a, group ? group : attr->group,
				version ? version : attr->version, &x);
	if (!*found)
		return true;
	if (!x.available)
		return unavailable(r);
	if (req_wait(r))
		return false;
	r->call.a = r->a;
	r->call.api = r->server->c.api;
	if (!aggregate_target(&r->call, &x, &f, &why))
		return unavailable(r);
	f.path = query && *h->query ? arena_printf(r->a, "%s?%s", h->path, h->query) : h->path;
	return forward_run(r, &f);
}
