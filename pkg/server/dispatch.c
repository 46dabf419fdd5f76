/*
 * From attributes to a kind and an operation.
 *
 * A path below a group that is served gets a 404 Status when it leads nowhere and a 405 when only the
 * method is wrong; outside of those it is plain text, as upstream's mux answers, because
 * clients tell "no such API" from "no such object" by it.
 */
#include "server/aggregate.h"
#include "server/request.h"

#include "base/arena.h"
#include "kind/custom.h"

#include <string.h>

struct endpoint {
	const char *path;
	bool below; /* also PATH/... */
	struct operation op;
};

static const struct endpoint endpoints[] = {
	{ "/healthz", true, { .run = health_run, .raw = true } },
	{ "/livez", true, { .run = health_run, .raw = true } },
	{ "/readyz", true, { .run = health_run, .raw = true } },
	{ "/version", false, { .run = version_run, .raw = true } },
	{ "/metrics", false, { .run = metrics_run, .raw = true, .blocks = true } },
	{ "/openapi/v2", false, { .run = openapi_v2_run, .raw = true } },
	{ "/openapi/v3", true, { .run = openapi_v3_run, .raw = true } },
	{ "/.well-known/openid-configuration", false, { .run = oidc_run, .raw = true } },
	{ "/openid/v1/jwks", false, { .run = jwks_run, .raw = true } },
	{ "/api", true, { .run = discovery_run, .raw = true } },
	{ "/apis", true, { .run = discovery_run, .raw = true } },
	{ "/index.html", false, { .run = index_run, .raw = true } },
	{ "/", false, { .run = index_run, .raw = true } },
};

static bool not_found_text(struct req *r)
{
	return reply_text(r, 404, "404 page not found\n");
}

static bool run_not_found(struct req *r)
{
	return not_found_text(r);
}

static bool is_at(const struct endpoint *e, const char *path)
{
	size_t n = strlen(e->path), len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len < n || strncmp(path, e->path, n) != 0)
		return false;
	return len == n || (e->below && path[n] == '/');
}

static bool dispatch_endpoint(struct req *r)
{
	static const struct operation nowhere = { .run = run_not_found, .raw = true };
	const char *verb = r->route.attr.verb;

	r->op = &nowhere;
	for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
		if (!is_at(&endpoints[i], r->route.attr.path))
			continue;
		if (strcmp(verb, "get") != 0 && strcmp(verb, "head") != 0)
			return status_method_not_allowed(&r->st);
		r->op = &endpoints[i].op;
		break;
	}
	return true;
}

bool dispatch_has_group(struct kinds *ks, const char *group)
{
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(ks, &it));)
		if (strcmp(k->subject.group, group) == 0)
			return true;
	return false;
}

/* Is the path's form right for the kind's scope?  A cluster kind below a namespace and a named object of a
 * namespaced kind without one do not exist. */
static bool scope_fits(const struct req *r)
{
	const struct attributes *attr = &r->route.attr;
	bool is_namespace = !*attr->group && strcmp(attr->resource, "namespaces") == 0;

	if (is_namespace)
		return !*attr->ns || (r->route.named && strcmp(attr->ns, attr->name) == 0);
	if (!r->kind->namespaced)
		return !*attr->ns;
	return *attr->ns || !r->route.named;
}

/* Watches (also by the old path, whatever the method) and pods' streams: a HEAD has no body, and to send
 * something there is no reason to watch. */
static bool streams_to_nobody(const struct req *r)
{
	const char *method = r->http->method;

	if (strcmp(r->op->verb, "watch") == 0)
		return strcmp(method, "GET") != 0;
	return r->op->raw && strcmp(method, "HEAD") == 0;
}

static void warn_deprecated(struct req *r)
{
	if (!r->kind->deprecated)
		return;
	call_warn(&r->call, "%s", r->kind->deprecated);
	call_annotate(&r->call, "k8s.io/deprecated", "true");
}

/* GET, PUT... of what exists in another way is 405. */
static bool dispatch_resource(struct req *r)
{
	const struct attributes *attr = &r->route.attr;
	bool exists = true;

	r->ns = r->kind->namespaced ? attr->ns : "";
	if (!scope_fits(r))
		return status_no_route(&r->st);
	if (*attr->subresource)
		r->op = subs_find(r, &exists);
	else
		r->op = verbs_find(r);
	/* its webhook may be asked, whatever is done */
	if (r->op && !r->op->raw && r->kind->custom && custom_converts(r->kind) && req_wait(r))
		return false;
	if (r->op && !streams_to_nobody(r)) {
		warn_deprecated(r);
		return true;
	}
	return exists ? status_method_not_allowed(&r->st) : status_no_route(&r->st);
}

static bool run_elsewhere(struct req *r)
{
	bool found;

	return aggregate_run(r, NULL, NULL, true, &found) && (found || not_found_text(r));
}

bool dispatch(struct req *r)
{
	static const struct operation elsewhere = { .run = run_elsewhere, .raw = true };
	const struct attributes *attr = &r->route.attr;
	static const struct operation nowhere = { .run = run_not_found, .raw = true };

	if (attr->path)
		return dispatch_endpoint(r);
	r->kind = kinds_by_resource(r->server->kinds, attr->group, attr->version, attr->resource);
	if (r->kind)
		return dispatch_resource(r);
	if (aggregate_has_group(r->server->aggregate, attr->group)) {
		r->op = &elsewhere;
		return true;
	}
	if (dispatch_has_group(r->server->kinds, attr->group))
		return status_no_route(&r->st);
	r->op = &nowhere;
	return true;
}
