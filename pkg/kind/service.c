/*
 * service: defaults of Services, and which fields follow the type.
 *
 * Addresses and node ports are allocated by the api package inside the transaction; here the fields
 * around them are kept consistent: clusterIP is clusterIPs[0], families match, and a change of
 * type drops what the new type does not have.
 * k8s: pkg/apis/core/v1/defaults.go, conversion.go, pkg/registry/core/service/{strategy,storage}.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include "base/arena.h"
#include "kind/check.h"

#include <string.h>

#define AFFINITY_SECONDS 10800

static bool is_type(const struct json *spec, const char *type)
{
	return !strcmp(json_path_str(spec, "type"), type);
}

static void default_affinity(struct hook *h, struct json *spec)
{
	default_str(h, spec, "sessionAffinity", "None");
	if (!strcmp(json_path_str(spec, "sessionAffinity"), "None"))
		json_del(spec, "sessionAffinityConfig");
	else if (!json_path(spec, "sessionAffinityConfig.clientIP.timeoutSeconds"))
		json_set(h->a, spec, "sessionAffinityConfig",
			 json_build(h->a, "{clientIP:{timeoutSeconds:%d}}", AFFINITY_SECONDS));
}

/* targetPort defaults to port when it is absent, 0 or "". */
static void default_port(struct hook *h, struct json *port)
{
	const struct json *target = json_get(port, "targetPort");
	int64_t n;

	default_str(h, port, "protocol", "TCP");
	if (json_is_null(target) || (json_is_string(target) && !json_str(target)[0]) ||
	    (json_int(target, &n) && n == 0))
		json_set_int(h->a, port, "targetPort", json_path_int(port, "port", 0));
}

HOOK(service_defaults)
{
	struct json *spec = default_obj(h, o, "spec");
	bool external;

	default_affinity(h, spec);
	default_str(h, spec, "type", "ClusterIP");
	json_each(port, json_get(spec, "ports"))
		default_port(h, port);
	external = is_type(spec, "NodePort") || is_type(spec, "LoadBalancer");
	if (external || (is_type(spec, "ClusterIP") && json_count(json_get(spec, "externalIPs"))))
		default_str(h, spec, "externalTrafficPolicy", "Cluster");
	if (external || is_type(spec, "ClusterIP"))
		default_str(h, spec, "internalTrafficPolicy", "Cluster");
	if (is_type(spec, "LoadBalancer")) {
		default_bool(h, spec, "allocateLoadBalancerNodePorts", true);
		json_each(ingress, json_path(o, "status.loadBalancer.ingress"))
			if (json_str(json_get(ingress, "ip"))[0])
				default_str(h, ingress, "ipMode", "VIP");
	}
}

/* clusterIPs follows clusterIP, whichever of them a client gave.  Without either the api package
 * allocates and sets both. */
static void follow_cluster_ip(struct hook *h, struct json *spec)
{
	const char *ip = json_str(json_get(spec, "clusterIP"));
	struct json *ips = json_get(spec, "clusterIPs");

	if (!ip[0] && json_count(ips))
		json_set_str(h->a, spec, "clusterIP", json_str(json_first(ips)));
	else if (ip[0] && !json_count(ips))
		json_set(h->a, spec, "clusterIPs", json_build(h->a, "[%s]", ip));
}

static void default_families(struct hook *h, struct json *spec)
{
	const char *ip = json_str(json_get(spec, "clusterIP"));
	bool headless = !strcmp(ip, "None");
	bool bare = headless && !json_count(json_get(spec, "selector"));
	struct json *families = json_get(spec, "ipFamilies");

	if (is_type(spec, "ExternalName"))
		return;
	if (!json_str(json_get(spec, "ipFamilyPolicy"))[0])
		json_set_str(h->a, spec, "ipFamilyPolicy", bare ? "RequireDualStack" : "SingleStack");
	if (!json_count(families))
		json_set(h->a, spec, "ipFamilies",
			 json_build(h->a, "[%s]", ip_family(ip) == IP_V6 ? "IPv6" : "IPv4"));
	families = json_get(spec, "ipFamilies");
	/* whoever gives the endpoints may give both families, whatever the cluster has */
	if (bare && json_count(families) == 1 &&
	    strcmp(json_str(json_get(spec, "ipFamilyPolicy")), "SingleStack") != 0)
		json_append(families,
			    json_string(h->a, strcmp(json_str(json_first(families)), "IPv4") ?
						      "IPv4" :
						      "IPv6"));
}

HOOK(service_prepare_create)
{
	struct json *spec = default_obj(h, o, "spec");

	kind_status_reset(h, o);
	follow_cluster_ip(h, spec);
	default_families(h, spec);
}

/* ---- update ---- */

static bool needs_cluster_ip(const struct json *spec)
{
	return is_type(spec, "ClusterIP") || is_type(spec, "NodePort") ||
	       is_type(spec, "LoadBalancer");
}

static bool needs_node_port(const struct json *spec)
{
	return is_type(spec, "NodePort") ||
	       (is_type(spec, "LoadBalancer") &&
		json_path_bool(spec, "allocateLoadBalancerNodePorts", true));
}

static bool needs_health_port(const struct json *spec)
{
	return is_type(spec, "LoadBalancer") &&
	       !strcmp(json_path_str(spec, "externalTrafficPolicy"), "Local");
}

/* A member that a client left alone while its type went away. */
static void drop_if_same(struct json *spec, const struct json *was, const char *name)
{
	if (json_equal(json_get(spec, name), json_get(was, name)))
		json_del(spec, name);
}

static bool same_node_ports(const struct json *spec, const struct json *was)
{
	const struct json *x = json_first(json_get(spec, "ports"));
	const struct json *y = json_first(json_get(was, "ports"));

	for (; x && y; x = json_next(x), y = json_next(y))
		if (json_path_int(x, "nodePort", 0) != json_path_int(y, "nodePort", 0))
			return false;
	return !x && !y;
}

/* Drop what the new type does not have, when the client did not set it anew (k8s:
 * dropTypeDependentFields). */
static void drop_by_type(struct json *spec, const struct json *was)
{
	static const char *const cluster[] = { "clusterIP", "clusterIPs", "ipFamilies",
					       "ipFamilyPolicy" };

	if (needs_cluster_ip(was) && !needs_cluster_ip(spec) &&
	    json_equal(json_get(spec, "clusterIP"), json_get(was, "clusterIP")))
		for (size_t i = 0; i < sizeof cluster / sizeof *cluster; i++)
			json_del(spec, cluster[i]);
	if (needs_node_port(was) && !needs_node_port(spec) && same_node_ports(spec, was))
		json_each(port, json_get(spec, "ports"))
			json_del(port, "nodePort");
	if (needs_health_port(was) && !needs_health_port(spec))
		drop_if_same(spec, was, "healthCheckNodePort");
	if (is_type(was, "LoadBalancer") && !is_type(spec, "LoadBalancer")) {
		drop_if_same(spec, was, "allocateLoadBalancerNodePorts");
		drop_if_same(spec, was, "loadBalancerClass");
	}
	if ((is_type(was, "LoadBalancer") || is_type(was, "NodePort")) &&
	    !is_type(spec, "LoadBalancer") && !is_type(spec, "NodePort") &&
	    !json_count(json_get(spec, "externalIPs")))
		drop_if_same(spec, was, "externalTrafficPolicy");
}

/* A client that does not know the allocated values keeps them (k8s: patchAllocatedValues). */
static void keep_allocated(struct hook *h, struct json *spec, const struct json *was)
{
	static const char *const cluster[] = { "clusterIP", "clusterIPs" };

	if (needs_cluster_ip(was) && needs_cluster_ip(spec))
		for (size_t i = 0; i < sizeof cluster / sizeof *cluster; i++)
			if (same_value(json_get(spec, cluster[i]), NULL) && json_get(was, cluster[i]))
				json_set(h->a, spec, cluster[i],
					 json_copy(h->a, json_get(was, cluster[i])));
	if (needs_node_port(was) && needs_node_port(spec)) {
		json_each(port, json_get(spec, "ports")) {
			json_each(p, json_get(was, "ports")) {
				if (json_path_int(port, "nodePort", 0) ||
				    json_path_int(p, "port", 0) != json_path_int(port, "port", 0) ||
				    strcmp(json_path_str(p, "protocol"),
					   json_path_str(port, "protocol")) != 0)
					continue;
				if (json_path_int(p, "nodePort", 0))
					json_set_int(h->a, port, "nodePort",
						     json_path_int(p, "nodePort", 0));
			}
		}
	}
	if (needs_health_port(was) && needs_health_port(spec) &&
	    !json_path_int(spec, "healthCheckNodePort", 0) && json_get(was, "healthCheckNodePort"))
		json_set_int(h->a, spec, "healthCheckNodePort",
			     json_path_int(was, "healthCheckNodePort", 0));
}

/* Family fields that an old client leaves out are the stored ones. */
static void keep_families(struct hook *h, struct json *spec, const struct json *was)
{
	static const char *const names[] = { "ipFamilies", "ipFamilyPolicy" };

	if (!needs_cluster_ip(spec))
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (same_value(json_get(spec, names[i]), NULL) && json_get(was, names[i]))
			json_set(h->a, spec, names[i], json_copy(h->a, json_get(was, names[i])));
}

HOOK_OLD(service_prepare_update)
{
	struct json *spec = default_obj(h, o, "spec");
	const struct json *was = json_get(old, "spec");

	kind_status_keep(h, o, old);
	drop_by_type(spec, was);
	keep_allocated(h, spec, was);
	keep_families(h, spec, was);
	/* clusterIP changed alone: clusterIPs follows it */
	if (json_equal(json_get(spec, "clusterIPs"), json_get(was, "clusterIPs")) &&
	    !json_equal(json_get(spec, "clusterIP"), json_get(was, "clusterIP")))
		json_del(spec, "clusterIPs");
	follow_cluster_ip(h, spec);
	default_families(h, spec);
}
