#include "host/kubernetes/svcenv.h"

#include "host/kubernetes/kubernetes.h"

#include "api/api.h"
#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <ctype.h>
#include <string.h>

struct env {
	struct arena *a;
	struct json *data;
	const char *prefix; /* "REDIS_MASTER" */
	const char *ip;
};

static char *variable(struct arena *a, const char *name)
{
	char *out = arena_strdup(a, name);

	for (char *p = out; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return out;
}

static void set(struct env *e, const char *suffix, const char *value)
{
	json_set_str(e->a, e->data, arena_printf(e->a, "%s_%s", e->prefix, suffix), value);
}

static void set_port(struct env *e, const char *protocol, long long port, bool first)
{
	const char *proto = variable(e->a, protocol);
	const char *lower = arena_strdup(e->a, !strcmp(proto, "UDP")  ? "udp" :
					       !strcmp(proto, "SCTP") ? "sctp" :
									"tcp");
	const char *host = strchr(e->ip, ':') ? arena_printf(e->a, "[%s]", e->ip) : e->ip;
	const char *url = arena_printf(e->a, "%s://%s:%lld", lower, host, port);
	const char *base = arena_printf(e->a, "PORT_%lld_%s", port, proto);

	if (first)
		set(e, "PORT", url);
	set(e, base, url);
	set(e, arena_printf(e->a, "%s_PROTO", base), lower);
	set(e, arena_printf(e->a, "%s_PORT", base), arena_printf(e->a, "%lld", port));
	set(e, arena_printf(e->a, "%s_ADDR", base), e->ip);
}

static void add_service(struct arena *a, struct json *data, const char *name, const char *ip,
			const struct json *ports)
{
	struct env e = { a, data, variable(a, name), ip };
	bool first = true;

	if (!json_count(ports))
		return;
	set(&e, "SERVICE_HOST", ip);
	json_each(p, ports) {
		long long port = json_path_int(p, "port", 0);
		const char *text = arena_printf(a, "%lld", port);
		const char *pname = json_path_str(p, "name");

		if (first)
			set(&e, "SERVICE_PORT", text);
		if (*pname)
			set(&e, arena_printf(a, "SERVICE_PORT_%s", variable(a, pname)), text);
		set_port(&e, json_path_str(p, "protocol"), port, first);
		first = false;
	}
}

static void add_all(struct call *c, struct json *data, const char *vns)
{
	const struct kind *k = kinds_by_resource(api_kinds(c->api), "", "v1", "services");
	struct list_options all = { 0 };
	struct list_result l;

	if (!api_list(c, k, vns, &all, &l, NULL))
		return;
	for (size_t i = 0; i < l.n; i++) {
		const struct json *s = obj_tree(c->a, l.items[i]);
		const char *ip = json_path_str(s, "spec.clusterIP");

		if (!*ip || !strcmp(ip, "None") || !strcmp(meta_name(s), "kubernetes") ||
		    isdigit((unsigned char)*meta_name(s)))
			continue;
		add_service(c->a, data, meta_name(s), ip, json_path(s, "spec.ports"));
	}
}

struct json *svcenv(struct host *h, struct call *c, const char *vns, bool links)
{
	struct json *data = json_object(c->a), *ports;
	char *ip;
	int port;

	lock_take(&h->lock);
	ip = arena_strdup(c->a, h->api_ip ? h->api_ip : "");
	port = h->api_port;
	lock_drop(&h->lock);
	ports = json_build(c->a, "[{name:%s,port:%d,protocol:%s}]", "https", port, "TCP");
	if (links)
		add_all(c, data, vns);
	add_service(c->a, data, "kubernetes", ip, ports);
	/* The host's kubelet would add these names for its own API server: on its port 443. */
	if (port != 443) {
		struct env e = { c->a, data, "KUBERNETES", ip };
		const char *mine = arena_strdup(c->a, json_str(json_get(data, "KUBERNETES_PORT")));

		set_port(&e, "TCP", 443, false);
		json_set_str(c->a, data, "KUBERNETES_PORT_443_TCP", mine);
		json_set_str(c->a, data, "KUBERNETES_PORT_443_TCP_PORT",
			     arena_printf(c->a, "%d", port));
	}
	return data;
}
