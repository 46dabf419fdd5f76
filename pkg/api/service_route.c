/*
 * service_route: from a Service's name and port to an address.
 *
 * A cluster with simulated pods has no service network, so that ready endpoints come first; a ClusterIP is
 * an address only where a host cluster stands behind it (it then hands out the addresses itself).
 */
#include "api/service_route.h"

#include "api/core.h"
#include "base/arena.h"
#include "base/codec.h"
#include "obj/json.h"

#include <string.h>

static const struct json *port_find(const struct json *service, int port)
{
	json_each(p, json_path(service, "spec.ports"))
		if (json_path_int(p, "port", 0) == port)
			return p;
	return NULL;
}

static bool slice_is_of(const struct obj *slice, void *arg)
{
	const char *of = obj_label(slice, "kubernetes.io/service-name");

	return of && !strcmp(of, arg);
}

static int64_t slice_port(const struct json *slice, const char *name)
{
	json_each(p, json_get(slice, "ports"))
		if (json_get(p, "name") && !strcmp(json_str(json_get(p, "name")), name))
			return json_path_int(p, "port", 0);
	return 0;
}

/* A ready endpoint of the slice, the first from a random one on. */
static const char *slice_address(const struct json *slice)
{
	const struct json *list = json_get(slice, "endpoints");
	size_t n = json_count(list), offset;

	if (!n)
		return NULL;
	random_bytes(&offset, sizeof offset);
	offset %= n;
	for (size_t i = 0; i < n; i++) {
		const struct json *e = json_at(list, (i + offset) % n);

		if (json_path_bool(e, "conditions.ready", true))
			return json_str(json_first(json_get(e, "addresses")));
	}
	return NULL;
}

static bool endpoint_find(struct call *c, const char *ns, const char *name, const char *port_name,
			  struct service_route *out)
{
	struct store_list l;
	char *of = arena_strdup(c->a, name);

	store_list(api_table(c->api, c->api->known.endpoint_slice), ns, NULL, NULL, 0, slice_is_of,
		   of, &l);
	out->host = NULL;
	for (size_t i = 0; i < l.n && !out->host; i++) {
		const struct json *slice = obj_tree(c->a, l.items[i]);

		out->port = (int)slice_port(slice, port_name);
		if (out->port > 0)
			out->host = slice_address(slice);
	}
	store_list_free(&l);
	return out->host && *out->host;
}

static bool cluster_ip(struct call *c, const struct json *service, struct service_route *out,
		       const char **why)
{
	const char *ip = json_path_str(service, "spec.clusterIP");

	if (!c->api->config.service_ips || !*ip) {
		*why = arena_printf(c->a, "no endpoints available for service \"%s\"",
				    json_path_str(service, "metadata.name"));
		return false;
	}
	if (!strcmp(ip, "None")) {
		*why = "cannot route to service with ClusterIP \"None\"";
		return false;
	}
	out->host = ip;
	return true;
}

bool service_route(struct call *c, const char *ns, const char *name, int port,
		   struct service_route *out, const char **why)
{
	const struct obj *o = store_get(api_table(c->api, c->api->known.service), ns, name);
	const struct json *service, *p;

	if (!o) {
		*why = arena_printf(c->a, "service \"%s\" not found", name);
		return false;
	}
	service = obj_tree(c->a, obj_give(c->a, o));
	*out = (struct service_route){ json_path_str(service, "spec.externalName"), port };
	if (!strcmp(json_path_str(service, "spec.type"), "ExternalName"))
		return true;
	p = port_find(service, port);
	if (!p) {
		*why = arena_printf(c->a, "no service port %d found for service \"%s\"", port, name);
		return false;
	}
	if (endpoint_find(c, ns, name, json_path_str(p, "name"), out))
		return true;
	out->port = port;
	return cluster_ip(c, service, out, why);
}
