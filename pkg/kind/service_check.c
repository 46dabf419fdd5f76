/*
 * service_check: validation of Services.
 * k8s: pkg/apis/core/validation/validation.go (validateService, ValidateServiceUpdate).
 */
#include "kind/hooks.h"
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

static bool is_type(const struct json *spec, const char *type)
{
	return !strcmp(json_path_str(spec, "type"), type);
}

static bool is_headless(const struct json *spec)
{
	return !strcmp(json_path_str(spec, "clusterIPs.0"), "None");
}

/* ---- ports ---- */

static bool earlier(const struct json *ports, const struct json *p, const char *member)
{
	const struct json *v = json_get(p, member);

	for (const struct json *q = json_first(ports); q && q != p; q = json_next(q))
		if (json_equal(json_get(q, member), v))
			return true;
	return false;
}

/* An earlier port with the same protocol and the same number in `member`. */
static bool earlier_number(const struct json *ports, const struct json *p, const char *member)
{
	for (const struct json *q = json_first(ports); q && q != p; q = json_next(q))
		if (json_path_int(q, member, 0) == json_path_int(p, member, 0) &&
		    !strcmp(json_path_str(q, "protocol"), json_path_str(p, "protocol")))
			return true;
	return false;
}

static void check_service_port(struct hook *h, const struct at *at, const struct json *ports,
			       const struct json *p)
{
	const char *name = json_path_str(p, "name"), *app = json_path_str(p, "appProtocol");

	if (!name[0] && json_count(ports) > 1) {
		err_required(h, AT(at, "name"), NULL);
	} else if (name[0]) {
		check_text(h, AT(at, "name"), TEXT_DNS_LABEL, name);
		if (earlier(ports, p, "name"))
			err_duplicate(h, AT(at, "name"), name);
	}
	check_port(h, AT(at, "port"), json_path_int(p, "port", 0));
	check_enum(h, AT(at, "protocol"), json_path_str(p, "protocol"), LIST("SCTP", "TCP", "UDP"),
		   true);
	check_port_ref(h, AT(at, "targetPort"), json_get(p, "targetPort"));
	if (app[0])
		check_text(h, AT(at, "appProtocol"), TEXT_LABEL_KEY, app);
}

static void check_service_ports(struct hook *h, const struct at *at, const struct json *ports)
{
	size_t i = 0;

	json_each(p, ports)
		check_service_port(h, AT_ITEM(at, i++), ports, p);
}

/* What concerns ports as a set comes later in upstream's order. */
static void check_port_set(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *ports = json_get(spec, "ports");
	size_t i = 0;

	if (is_type(spec, "ClusterIP")) {
		json_each(p, ports) {
			if (json_path_int(p, "nodePort", 0))
				err_forbidden(h, AT(AT_ITEM(at, i), "nodePort"),
					      "may not be used when `type` is 'ClusterIP'");
			i++;
		}
	}
	i = 0;
	json_each(p, ports) {
		int64_t n = json_path_int(p, "nodePort", 0);

		if (n && earlier_number(ports, p, "nodePort"))
			field_error(h->errors, FIELD_DUPLICATE,
				    at_text(h, AT(AT_ITEM(at, i), "nodePort")),
				    arena_printf(h->a, "%lld", (long long)n), NULL);
		i++;
	}
	i = 0;
	json_each(p, ports) {
		if (earlier_number(ports, p, "port"))
			field_error(h->errors, FIELD_DUPLICATE, at_text(h, AT_ITEM(at, i)),
				    arena_printf(h->a,
						 "{\"Name\":\"\",\"Protocol\":\"%s\","
						 "\"AppProtocol\":null,\"Port\":%lld,"
						 "\"TargetPort\":0,\"NodePort\":0}",
						 json_path_str(p, "protocol"),
						 (long long)json_path_int(p, "port", 0)),
				    NULL);
		i++;
	}
}

/* ---- by type ---- */

static void check_external_name(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *const *no = LIST("clusterIPs", "ipFamilies", "ipFamilyPolicy");
	char *name = arena_strdup(h->a, json_path_str(spec, "externalName"));
	size_t n = strlen(name);

	for (size_t i = 0; no[i]; i++)
		if (json_get(spec, no[i]))
			err_forbidden(h, AT(at, no[i]), "may not be set for ExternalName services");
	if (n && name[n - 1] == '.')
		name[n - 1] = '\0';
	if (name[0])
		check_text(h, AT(at, "externalName"), TEXT_DNS_SUBDOMAIN, name);
	else
		err_required(h, AT(at, "externalName"), NULL);
}

static void check_type(struct hook *h, const struct at *at, const struct json *spec)
{
	if (!json_count(json_get(spec, "ports")) && !is_headless(spec) &&
	    !is_type(spec, "ExternalName"))
		err_required(h, AT(at, "ports"), NULL);
	if (is_type(spec, "ExternalName"))
		check_external_name(h, at, spec);
	else if (is_headless(spec) && (is_type(spec, "LoadBalancer") || is_type(spec, "NodePort")))
		err_invalid(h, AT_ITEM(AT(at, "clusterIPs"), 0), "None",
			    "may not be set to 'None' for %s services", json_path_str(spec, "type"));
}

/* ---- addresses ---- */

static void check_family(struct hook *h, const struct at *at, const struct json *spec, size_t i,
			 const char *ip)
{
	const char *family = json_str(json_at(json_get(spec, "ipFamilies"), i));

	if (is_headless(spec) || !family[0])
		return;
	if ((!strcmp(family, "IPv4") && ip_family(ip) == IP_V6) ||
	    (!strcmp(family, "IPv6") && ip_family(ip) == IP_V4))
		err_invalid(h, AT_ITEM(at, i), ip,
			    "expected an %s value as indicated by `ipFamilies[%zu]`", family, i);
}

static void check_cluster_ips(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *ip = json_path_str(spec, "clusterIP");
	const struct json *ips = json_get(spec, "clusterIPs");
	const struct at *ips_at = AT(at, "clusterIPs");
	size_t i = 0;
	bool bad = false;

	if (ip[0] && !json_count(ips))
		err_required(h, ips_at, NULL);
	else if (ip[0] && strcmp(json_str(json_first(ips)), ip) != 0)
		err_invalid_json(h, ips_at, ips, "first value must match `clusterIP`");
	else if (!ip[0] && json_count(ips))
		err_invalid_json(h, ips_at, ips, "must be empty when `clusterIP` is not specified");
	json_each(x, ips) {
		if (!i && !strcmp(json_str(x), "None")) {
			if (json_count(ips) > 1)
				err_invalid_json(h, ips_at, ips,
						 "'None' must be the first and only value");
		} else {
			bad |= !check_ip(h, AT_ITEM(ips_at, i), json_str(x));
		}
		i++;
	}
	if (json_count(ips) > 2)
		err_invalid_json(h, ips_at, ips, "may only hold up to 2 values");
	if (bad)
		return;
	i = 0;
	json_each(x, ips)
		check_family(h, ips_at, spec, i++, json_str(x));
}

static void check_families(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *families = json_get(spec, "ipFamilies");
	const char *policy = json_path_str(spec, "ipFamilyPolicy");
	size_t i = 0;

	json_each(f, families) {
		const struct at *item = AT_ITEM(AT(at, "ipFamilies"), i);

		if (!one_of(json_str(f), LIST("IPv4", "IPv6")))
			err_unsupported(h, item, json_str(f), LIST("IPv4", "IPv6"));
		if (i && json_equal(f, json_first(families)))
			err_duplicate(h, item, json_str(f));
		i++;
	}
	if (policy[0])
		check_enum(h, AT(at, "ipFamilyPolicy"), policy,
			   LIST("PreferDualStack", "RequireDualStack", "SingleStack"), false);
}

static void check_affinity(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *affinity = json_path_str(spec, "sessionAffinity");
	int64_t timeout = json_path_int(spec, "sessionAffinityConfig.clientIP.timeoutSeconds", 1);

	check_enum(h, AT(at, "sessionAffinity"), affinity, LIST("ClientIP", "None"), true);
	if (!strcmp(affinity, "ClientIP") && (timeout < 1 || timeout > 86400))
		err_invalid_int(h,
				AT(AT(AT(at, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds"),
				timeout, "must be greater than 0 and less than 86400");
	if (!strcmp(affinity, "None") && json_get(spec, "sessionAffinityConfig"))
		err_forbidden(h, AT(at, "sessionAffinityConfig"),
			      "must not be set when session affinity is None");
}

/* Requests that a balancer makes to see where pods are: a port of every node. */
static bool needs_health_port(const struct json *spec)
{
	return is_type(spec, "LoadBalancer") &&
	       !strcmp(json_path_str(spec, "externalTrafficPolicy"), "Local");
}

static void check_health_port(struct hook *h, const struct at *at, const struct json *spec)
{
	int64_t port = json_path_int(spec, "healthCheckNodePort", 0);

	if (needs_health_port(spec)) {
		if (port)
			check_port(h, at, port);
		else
			err_required(h, at, NULL);
	} else if (port) {
		err_invalid_int(h, at, port,
				"may only be set when `type` is 'LoadBalancer' and "
				"`externalTrafficPolicy` is 'Local'");
	}
}

static void check_traffic(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *external = json_path_str(spec, "externalTrafficPolicy");
	const char *internal = json_path_str(spec, "internalTrafficPolicy");
	bool exposed = is_type(spec, "NodePort") || is_type(spec, "LoadBalancer") ||
		       (is_type(spec, "ClusterIP") && json_count(json_get(spec, "externalIPs")));

	if (json_get(spec, "allocateLoadBalancerNodePorts") && !is_type(spec, "LoadBalancer"))
		err_forbidden(h, AT(at, "allocateLoadBalancerNodePorts"),
			      "may only be used when `type` is 'LoadBalancer'");
	if (json_get(spec, "loadBalancerClass") && !is_type(spec, "LoadBalancer"))
		err_forbidden(h, AT(at, "loadBalancerClass"),
			      "may only be used when `type` is 'LoadBalancer'");
	if (external[0] && !exposed)
		err_invalid(h, AT(at, "externalTrafficPolicy"), external,
			    "may only be set for externally-accessible services");
	else if (external[0])
		check_enum(h, AT(at, "externalTrafficPolicy"), external, LIST("Cluster", "Local"),
			   false);
	check_health_port(h, AT(at, "healthCheckNodePort"), spec);
	if (internal[0])
		check_enum(h, AT(at, "internalTrafficPolicy"), internal, LIST("Cluster", "Local"),
			   false);
	if (json_get(spec, "trafficDistribution"))
		check_enum(h, AT(at, "trafficDistribution"),
			   json_path_str(spec, "trafficDistribution"),
			   LIST("PreferClose", "PreferSameNode", "PreferSameZone"), true);
}

static const char *trimmed(struct hook *h, const char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	return arena_dup(h->a, s, n);
}

HOOK_CHECK(service_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");
	size_t i = 0;

	check_type(h, at, spec);
	check_service_ports(h, AT(at, "ports"), json_get(spec, "ports"));
	check_labels(h, AT(at, "selector"), json_get(spec, "selector"));
	check_affinity(h, at, spec);
	if (!is_type(spec, "ExternalName")) {
		check_families(h, at, spec);
		check_cluster_ips(h, at, spec);
	}
	json_each(ip, json_get(spec, "externalIPs"))
		check_ip(h, AT_ITEM(AT(at, "externalIPs"), i++), json_str(ip));
	check_enum(h, AT(at, "type"), json_path_str(spec, "type"),
		   LIST("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"), true);
	check_port_set(h, AT(at, "ports"), spec);
	if (json_count(json_get(spec, "loadBalancerSourceRanges")) && !is_type(spec, "LoadBalancer"))
		err_forbidden(h, AT(at, "LoadBalancerSourceRanges"),
			      "may only be used when `type` is 'LoadBalancer'");
	i = 0;
	json_each(cidr, json_get(spec, "loadBalancerSourceRanges"))
		check_cidr(h, AT_ITEM(AT(at, "LoadBalancerSourceRanges"), i++),
			   trimmed(h, json_str(cidr)));
	check_traffic(h, at, spec);
}

HOOK_CHECK_OLD(service_validate_update)
{
	const struct json *spec = json_get(o, "spec"), *was = json_get(old, "spec");
	const struct json *ips = json_get(spec, "clusterIPs"), *old_ips = json_get(was, "clusterIPs");
	const struct at *at = AT(AT_ROOT("spec"), "clusterIPs");
	size_t n = json_count(ips), m = json_count(old_ips);

	if (needs_health_port(spec) && needs_health_port(was) &&
	    json_path_int(spec, "healthCheckNodePort", 0) !=
		    json_path_int(was, "healthCheckNodePort", 0))
		err_forbidden(h, AT(AT_ROOT("spec"), "healthCheckNodePort"), "field is immutable");
	if (is_type(spec, "ExternalName") || is_type(was, "ExternalName") ||
	    (is_headless(spec) && is_headless(was)))
		return;
	if (m && !n)
		err_invalid_json(h, AT_ITEM(at, 0), ips ? ips : json_array(h->a),
				 "primary clusterIP can not be unset");
	for (size_t i = 0; i < n && i < m; i++) {
		if (n != m && i > 0)
			break;
		if (!json_equal(json_at(ips, i), json_at(old_ips, i)))
			err_invalid_json(h, AT_ITEM(at, i), ips, "may not change once set");
	}
}

/* ---- status ---- */

static void check_ingress(struct hook *h, const struct at *at, const struct json *ingress)
{
	const char *ip = json_path_str(ingress, "ip"), *host = json_path_str(ingress, "hostname");
	const struct json *mode = json_get(ingress, "ipMode");

	if (ip[0])
		check_ip(h, AT(at, "ip"), ip);
	if (!mode && ip[0])
		err_required(h, AT(at, "ipMode"), "must be specified when `ip` is set");
	else if (mode && !ip[0])
		err_forbidden(h, AT(at, "ipMode"), "may not be specified when `ip` is not set");
	else if (mode && !one_of(json_str(mode), LIST("Proxy", "VIP")))
		err_unsupported(h, AT(at, "ipMode"), json_str(mode), LIST("Proxy", "VIP"));
	if (!host[0])
		return;
	check_text(h, AT(at, "hostname"), TEXT_DNS_SUBDOMAIN, host);
	if (ip_family(host) != IP_NONE)
		err_invalid(h, AT(at, "hostname"), host, "must be a DNS name, not an IP address");
}

HOOK_CHECK_OLD(service_validate_status)
{
	const struct json *list = json_path(o, "status.loadBalancer.ingress");
	const struct at *at = AT(AT(AT_ROOT("status"), "loadBalancer"), "ingress");
	size_t i = 0;

	(void)old;
	if (json_count(list) && !is_type(json_get(o, "spec"), "LoadBalancer")) {
		err_forbidden(h, at, "may only be used when `spec.type` is 'LoadBalancer'");
		return;
	}
	json_each(ingress, list)
		check_ingress(h, AT_ITEM(at, i++), ingress);
}
