/*
 * proxy of services, pods and nodes: `[scheme:]name[:port]` behind the resource, everything behind /proxy handed
 * on as it is.
 *
 * A service is reached through its endpoints, a pod by its address, where the host's pods have addresses
 * at all: those of simulated nodes have none, and say so.  Certificates of what is behind https: are not
 * verified, as upstream does not.
 * k8s: pkg/registry/core/{service,pod}/..., apimachinery/pkg/util/proxy
 */
#include "server/forward.h"
#include "server/request.h"

#include "api/service_route.h"
#include "api/subresource.h"
#include "base/arena.h"
#include "base/buf.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct place {
	const char *scheme, *name, *port; /* "" when not said */
};

static bool is_scheme(const char *s)
{
	return !*s || strcmp(s, "http") == 0 || strcmp(s, "https") == 0;
}

static bool split(struct arena *a, const char *text, struct place *p)
{
	char *copy = arena_strdup(a, text), *parts[4] = { NULL };
	size_t n = 0;

	while (copy && n < 4)
		parts[n++] = strsep(&copy, ":");
	*p = (struct place){ "", parts[0], "" };
	if (n == 2)
		p->port = parts[1];
	else if (n == 3)
		*p = (struct place){ parts[0], parts[1], parts[2] };
	return n < 4 && *p->name && is_scheme(p->scheme);
}

/* The part of the path behind "/proxy", still encoded. */
static const char *rest_of_path(const struct req *r)
{
	const char *p = r->http->path + strspn(r->http->path, "/");

	for (size_t i = 0; i < r->route.tail && i < r->route.nsegs && *p; i++) {
		p += strcspn(p, "/");
		if (i + 1 < r->route.tail && *p)
			p++;
	}
	if (r->route.tail >= r->route.nsegs) /* nothing, or a slash at the end */
		return r->http->path[strlen(r->http->path) - 1] == '/' ? "/" : "";
	return *p ? p : "/";
}

/* Addresses that are this machine's, or nobody's. */
static bool is_allowed(const char *ip)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, ip, &v4) == 1) {
		uint32_t x = ntohl(v4.s_addr);

		return x && x >> 24 != 127 && x >> 16 != 0xA9FE && x >> 28 != 0xE;
	}
	if (inet_pton(AF_INET6, ip, &v6) == 1)
		return !IN6_IS_ADDR_LOOPBACK(&v6) && !IN6_IS_ADDR_UNSPECIFIED(&v6) &&
		       !IN6_IS_ADDR_LINKLOCAL(&v6) && !IN6_IS_ADDR_MULTICAST(&v6);
	return false;
}

static bool hand_on(struct req *r, const struct place *p, const char *host, int port)
{
	const char *rest = rest_of_path(r), *query = r->http->query;
	const char *scheme = strcmp(p->scheme, "https") == 0 ? "https" : "http";
	const char *up = http_header(r->http, "Upgrade");
	const char *bracket = strchr(host, ':') ? "[" : "", *close = *bracket ? "]" : "";

	if (!*rest && !(up && *up)) {
		http_add_header(r->http, "Location",
				arena_printf(r->a, "%s/%s%s", r->http->path, *query ? "?" : "",
					     query));
		return reply_text(r, 301, "");
	}
	if (!is_allowed(host))
		return status_bad_request(&r->st, "address not allowed");
	struct forward f = {
		.origin = arena_printf(r->a, "%s://%s%s%s:%d", scheme, bracket, host, close, port),
		.insecure = true,
		.path = arena_printf(r->a, "%s%s%s", *rest ? rest : "/", *query ? "?" : "", query),
	};
	return forward_run(r, &f);
}

/* ---- services ---- */

/* The number of the port that is named, by number or name; 0: none. */
static int service_port(const struct json *service, const char *want)
{
	const struct json *ports = json_path(service, "spec.ports");

	if (!*want)
		return json_count(ports) == 1 ? (int)json_path_int(json_first(ports), "port", 0) : 0;
	json_each(p, ports)
		if (strcmp(json_path_str(p, "name"), want) == 0 ||
		    json_path_int(p, "port", 0) == atoi(want))
			return (int)json_path_int(p, "port", 0);
	return 0;
}

static bool to_service(struct req *r, const struct place *p)
{
	const struct obj *o = api_get(&r->call, r->kind, r->ns, p->name, &r->st);
	const struct json *service = o ? obj_tree(r->a, o) : NULL;
	struct service_route route;
	const char *why;
	int port;

	if (!o)
		return false;
	if (strcmp(json_path_str(service, "spec.type"), "ExternalName") == 0)
		return status_unavailable(&r->st, "no endpoints available for service \"%s\"",
					  p->name);
	port = service_port(service, p->port);
	if (!port)
		return status_unavailable(&r->st, "no service port \"%s\" found for service \"%s\"",
					  p->port, p->name);
	if (!service_route(&r->call, r->ns, p->name, port, &route, &why))
		return status_unavailable(&r->st, "%s", why);
	return hand_on(r, p, route.host, route.port);
}

/* ---- pods and nodes ---- */

static bool no_address(struct req *r, const char *what)
{
	return status_unavailable(&r->st,
				  "%s of this cluster's host cannot be reached from here: %s", what,
				  "they have no address; proxy to a Service with endpoints instead");
}

static int first_port(const struct json *pod)
{
	json_each(c, json_path(pod, "spec.containers"))
		if (json_count(json_get(c, "ports")))
			return (int)json_path_int(c, "ports.0.containerPort", 80);
	return 80;
}

static bool to_pod(struct req *r, const struct place *p)
{
	const struct obj *o = api_get(&r->call, r->kind, r->ns, p->name, &r->st);
	const struct json *pod = o ? obj_tree(r->a, o) : NULL;
	const char *ip = json_path_str(pod, "status.podIP");
	int port;

	if (!o)
		return false;
	if (!r->server->c.pods_reachable)
		return no_address(r, "pods");
	port = *p->port ? atoi(p->port) : first_port(pod);
	return hand_on(r, p, ip, port);
}

static bool to_node(struct req *r, const struct place *p)
{
	if (!api_get(&r->call, r->kind, "", p->name, &r->st))
		return false;
	return no_address(r, "nodes");
}

/* PodProxyOptions and its sisters: all they have is the path behind /proxy, decoded. */
static bool admit_connect(struct req *r, const char *options_kind)
{
	const char *path = r->http->path;
	struct json *o = json_object(r->a);
	BUF_AUTO struct buf b = BUF_INIT;

	for (size_t i = r->route.tail; i < r->route.nsegs; i++)
		buf_addf(&b, "/%s", r->route.segs[i]);
	if (path[strlen(path) - 1] == '/' && !(b.len && b.p[b.len - 1] == '/'))
		buf_addf(&b, "/");
	if (b.len)
		json_set_str(r->a, o, "path", b.p);
	return api_admit_connect(&r->call, r->kind, r->route.attr.subresource, r->ns,
				 r->route.attr.name, options_kind, o, &r->st);
}

bool proxy_run(struct req *r)
{
	static const struct {
		const char *resource, *singular, *options;
		bool (*run)(struct req *r, const struct place *p);
	} kinds[] = {
		{ "services", "service", "ServiceProxyOptions", to_service },
		{ "pods", "pod", "PodProxyOptions", to_pod },
		{ "nodes", "node", "NodeProxyOptions", to_node },
	};
	struct place p;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(r->route.attr.resource, kinds[i].resource) != 0)
			continue;
		if (!admit_connect(r, kinds[i].options))
			return false;
		if (split(r->a, r->route.attr.name, &p))
			return kinds[i].run(r, &p);
		return status_bad_request(&r->st, "invalid %s request \"%s\"", kinds[i].singular,
					  r->route.attr.name);
	}
	return status_no_route(&r->st);
}
