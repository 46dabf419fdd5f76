/*
 * Names: the cluster's own DNS instead of the host's, and the API server's names in /etc/hosts.
 */
#include "host/kubernetes/translate.h"

#include "host/kubernetes/kubernetes.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

#define NAMESERVERS_MAX 3
#define SEARCHES_MAX 32

static bool has_text(const struct json *list, const char *s)
{
	json_each(e, list)
		if (!strcmp(json_str(e), s))
			return true;
	return false;
}

static void add_text(struct arena *a, struct json *list, const char *s, size_t max)
{
	if (json_count(list) < max && !has_text(list, s))
		json_append(list, json_string(a, s));
}

static void dns_options(struct translation *t, struct json *config, const struct json *tenant)
{
	struct json *options = json_array(t->a);
	bool ndots = false;

	json_each(o, json_get(tenant, "options")) {
		ndots = ndots || !strcmp(json_path_str(o, "name"), "ndots");
		json_append(options, json_copy(t->a, o));
	}
	if (!ndots)
		json_insert(options, json_first(options),
			    json_build(t->a, "{name:%s,value:%s}", "ndots", "5"));
	json_set(t->a, config, "options", options);
}

static void own_dns(struct translation *t)
{
	const struct json *tenant = json_get(t->spec, "dnsConfig");
	const char *dom = t->h->config.cluster_domain;
	struct json *config = json_object(t->a), *servers, *searches;

	servers = json_set(t->a, config, "nameservers", json_array(t->a));
	searches = json_set(t->a, config, "searches", json_array(t->a));
	add_text(t->a, servers, t->dns_ip, NAMESERVERS_MAX);
	json_each(s, json_get(tenant, "nameservers"))
		add_text(t->a, servers, json_str(s), NAMESERVERS_MAX);
	add_text(t->a, searches, arena_printf(t->a, "%s.svc.%s", t->vns, dom), SEARCHES_MAX);
	add_text(t->a, searches, arena_printf(t->a, "svc.%s", dom), SEARCHES_MAX);
	add_text(t->a, searches, dom, SEARCHES_MAX);
	json_each(s, json_get(tenant, "searches"))
		add_text(t->a, searches, json_str(s), SEARCHES_MAX);
	dns_options(t, config, tenant);
	json_set_str(t->a, t->spec, "dnsPolicy", "None");
	json_set(t->a, t->spec, "dnsConfig", config);
}

/* ClusterFirst on the host would lead into the host's DNS, which knows none of the tenant's names. */
static void dns_policy(struct translation *t)
{
	const char *policy = json_path_str(t->spec, "dnsPolicy");
	bool host_net = json_path_bool(t->spec, "hostNetwork", false);

	if (!strcmp(policy, "None") || !strcmp(policy, "Default"))
		return;
	if (!*t->dns_ip || (host_net && strcmp(policy, "ClusterFirstWithHostNet")))
		json_set_str(t->a, t->spec, "dnsPolicy", "Default");
	else
		own_dns(t);
}

/* The entry of an address in hostAliases, whose list key it is. */
static struct json *alias_for(struct translation *t, const char *ip)
{
	struct json *list = json_ensure_array(t->a, t->spec, "hostAliases"), *e;

	json_each(have, list)
		if (!strcmp(json_path_str(have, "ip"), ip))
			return have;
	e = json_build(t->a, "{ip:%s}", ip);
	json_append(list, e);
	return e;
}

static void api_names(struct translation *t)
{
	struct json *names;

	if (!*t->api_ip || json_path_bool(t->spec, "hostNetwork", false))
		return;
	names = json_ensure_array(t->a, alias_for(t, t->api_ip), "hostnames");
	add_text(t->a, names,
		 arena_printf(t->a, "kubernetes.default.svc.%s", t->h->config.cluster_domain),
		 SIZE_MAX);
	add_text(t->a, names, "kubernetes.default.svc", SIZE_MAX);
	add_text(t->a, names, "kubernetes.default", SIZE_MAX);
	if (!strcmp(t->vns, "default"))
		add_text(t->a, names, "kubernetes", SIZE_MAX);
}

void translate_dns(struct translation *t)
{
	dns_policy(t);
	api_names(t);
}
