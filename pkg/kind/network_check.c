/*
 * network_check: validation of Ingress and EndpointSlice, of events, RBAC and disruption budgets.
 * k8s: pkg/apis/{networking,discovery,rbac,policy}/validation, pkg/apis/core/validation/events.go.
 */
#include "kind/hooks.h"
#include "kind/podspec_check.h"

#include "obj/json.h"

#include <string.h>

#define RBAC_GROUP "rbac.authorization.k8s.io"

/* ---- Ingress ---- */

static void check_host(struct hook *h, const struct at *at, const char *host)
{
	check_text(h, at, strchr(host, '*') ? TEXT_WILDCARD_SUBDOMAIN : TEXT_DNS_SUBDOMAIN, host);
}

static void check_backend_service(struct hook *h, const struct at *at, const struct json *service)
{
	const struct at *service_at = AT(at, "service"), *port_at = AT(service_at, "port");
	const char *name = json_path_str(service, "name");
	const char *port = json_path_str(service, "port.name");
	int64_t number = json_path_int(service, "port.number", 0);

	if (!name[0])
		err_required(h, AT(service_at, "name"), NULL);
	else
		check_text(h, AT(service_at, "name"), TEXT_DNS_LABEL, name);
	if (port[0] && number)
		err_invalid(h, at, "", "cannot set both port name & port number");
	else if (port[0])
		check_text(h, AT(port_at, "name"), TEXT_PORT_NAME, port);
	else if (number)
		check_port(h, AT(port_at, "number"), number);
	else
		err_required(h, at, "port name or number is required");
}

static void check_backend(struct hook *h, const struct at *at, const struct json *backend)
{
	const struct json *service = json_get(backend, "service");
	const struct json *resource = json_get(backend, "resource");

	if (service && resource) {
		err_invalid(h, at, "", "cannot set both resource and service backends");
	} else if (service) {
		check_backend_service(h, at, service);
	} else if (resource) {
		if (!json_path_str(resource, "kind")[0])
			err_required(h, AT(AT(at, "resource"), "kind"), NULL);
		if (!json_path_str(resource, "name")[0])
			err_required(h, AT(AT(at, "resource"), "name"), NULL);
	} else {
		err_invalid(h, at, "", "resource or service backend is required");
	}
}

static void check_url_path(struct hook *h, const struct at *at, const char *path)
{
	const char *const *inside = LIST("//", "/./", "/../", "%2f", "%2F");
	const char *const *ends = LIST("/..", "/.");
	size_t n = strlen(path);

	for (size_t i = 0; inside[i]; i++)
		if (strstr(path, inside[i]))
			err_invalid(h, at, path, "must not contain '%s'", inside[i]);
	for (size_t i = 0; ends[i]; i++)
		if (n >= strlen(ends[i]) && !strcmp(path + n - strlen(ends[i]), ends[i]))
			err_invalid(h, at, path, "cannot end with '%s'", ends[i]);
}

static void check_path(struct hook *h, const struct at *at, const struct json *p)
{
	const char *type = json_path_str(p, "pathType"), *path = json_path_str(p, "path");
	bool free = !strcmp(type, "ImplementationSpecific");

	if (!type[0]) {
		err_required(h, AT(at, "pathType"), "pathType must be specified");
		return;
	}
	if (!free && !one_of(type, LIST("Exact", "Prefix"))) {
		err_unsupported(h, AT(at, "pathType"), type,
				LIST("Exact", "ImplementationSpecific", "Prefix"));
	} else {
		if ((path[0] || !free) && path[0] != '/')
			err_invalid(h, AT(at, "path"), path, "must be an absolute path");
		if (!free)
			check_url_path(h, AT(at, "path"), path);
	}
	check_backend(h, AT(at, "backend"), json_get(p, "backend"));
}

static void check_rule(struct hook *h, const struct at *at, const struct json *rule)
{
	const struct json *http = json_get(rule, "http");
	const struct at *paths = AT(AT(at, "http"), "paths");
	const char *host = json_path_str(rule, "host");
	size_t i = 0;

	if (host[0] && ip_family(host) != IP_NONE)
		err_invalid(h, AT(at, "host"), host, "must be a DNS name, not an IP address");
	if (host[0])
		check_host(h, AT(at, "host"), host);
	if (http && !json_count(json_get(http, "paths")))
		err_required(h, paths, NULL);
	json_each(p, json_get(http, "paths"))
		check_path(h, AT_ITEM(paths, i++), p);
}

static void check_tls(struct hook *h, const struct at *at, const struct json *tls)
{
	size_t i = 0;

	json_each(t, tls) {
		const struct at *item = AT_ITEM(at, i++);
		const char *secret = json_path_str(t, "secretName");
		size_t k = 0;

		json_each(host, json_get(t, "hosts"))
			check_host(h, AT_ITEM(AT(item, "hosts"), k++), json_str(host));
		if (secret[0])
			check_text(h, AT(item, "secretName"), TEXT_DNS_SUBDOMAIN, secret);
	}
}

HOOK_CHECK(ingress_validate)
{
	const struct json *spec = json_get(o, "spec"), *rules = json_get(spec, "rules");
	const struct at *at = AT_ROOT("spec");
	const char *class = json_path_str(spec, "ingressClassName");
	size_t i = 0;

	if (!json_count(rules) && !json_get(spec, "defaultBackend"))
		err_invalid_json(h, at, rules,
				 "either `defaultBackend` or `rules` must be specified");
	if (json_get(spec, "defaultBackend"))
		check_backend(h, AT(at, "defaultBackend"), json_get(spec, "defaultBackend"));
	json_each(rule, rules)
		check_rule(h, AT_ITEM(AT(at, "rules"), i++), rule);
	check_tls(h, AT(at, "tls"), json_get(spec, "tls"));
	if (class[0])
		check_text(h, AT(at, "ingressClassName"), TEXT_DNS_SUBDOMAIN, class);
}

HOOK_CHECK_OLD(endpointslice_validate_update)
{
	check_immutable(h, AT_ROOT("addressType"), json_get(o, "addressType"),
			json_get(old, "addressType"));
}

/* ---- events ---- */

/* What events.k8s.io asks of a new event; core events are free of it. */
HOOK_CHECK(event_validate)
{
	if (h->old)
		return;
	if (!json_path_str(o, "eventTime")[0])
		err_required(h, AT_ROOT("eventTime"), NULL);
	if (!json_path_str(o, "type")[0] ||
	    !one_of(json_path_str(o, "type"), LIST("Normal", "Warning")))
		err_invalid(h, AT_ROOT("type"), json_path_str(o, "type"), "has invalid value: %s",
			    json_path_str(o, "type"));
	if (!json_path_str(o, "reportingController")[0])
		err_required(h, AT_ROOT("reportingController"), NULL);
	else
		check_text(h, AT_ROOT("reportingController"), TEXT_LABEL_KEY,
			   json_path_str(o, "reportingController"));
	if (!json_path_str(o, "reportingInstance")[0])
		err_required(h, AT_ROOT("reportingInstance"), NULL);
	if (!json_path_str(o, "action")[0])
		err_required(h, AT_ROOT("action"), NULL);
	if (!json_path_str(o, "reason")[0])
		err_required(h, AT_ROOT("reason"), NULL);
}

/* ---- RBAC ---- */

static void check_subject(struct hook *h, const struct at *at, const struct json *s)
{
	const char *kind = json_path_str(s, "kind"), *group = json_path_str(s, "apiGroup");
	const char *name = json_path_str(s, "name");

	if (!name[0])
		err_required(h, AT(at, "name"), NULL);
	if (!strcmp(kind, "ServiceAccount")) {
		if (name[0])
			check_text(h, AT(at, "name"), TEXT_DNS_SUBDOMAIN, name);
		if (group[0])
			err_unsupported(h, AT(at, "apiGroup"), group, LIST(""));
		if (!h->kind->namespaced && !json_path_str(s, "namespace")[0])
			err_required(h, AT(at, "namespace"), NULL);
	} else if (!strcmp(kind, "User") || !strcmp(kind, "Group")) {
		if (strcmp(group, RBAC_GROUP) != 0)
			err_unsupported(h, AT(at, "apiGroup"), group, LIST(RBAC_GROUP));
	} else {
		err_unsupported(h, AT(at, "kind"), kind, LIST("ServiceAccount", "User", "Group"));
	}
}

HOOK_CHECK(binding_validate)
{
	const struct at *ref = AT_ROOT("roleRef");
	const char *group = json_path_str(o, "roleRef.apiGroup");
	const char *kind = json_path_str(o, "roleRef.kind"), *name = json_path_str(o, "roleRef.name");
	bool role = h->kind->namespaced && !strcmp(kind, "Role");
	size_t i = 0;

	if (strcmp(group, RBAC_GROUP) != 0)
		err_unsupported(h, AT(ref, "apiGroup"), group, LIST(RBAC_GROUP));
	if (!role && strcmp(kind, "ClusterRole") != 0)
		err_unsupported(h, AT(ref, "kind"), kind,
				h->kind->namespaced ? LIST("Role", "ClusterRole") :
						      LIST("ClusterRole"));
	if (!name[0])
		err_required(h, AT(ref, "name"), NULL);
	else
		check_text(h, AT(ref, "name"), TEXT_PATH_SEGMENT, name);
	json_each(s, json_get(o, "subjects"))
		check_subject(h, AT_ITEM(AT_ROOT("subjects"), i++), s);
}

HOOK_CHECK_OLD(binding_validate_update)
{
	if (!json_equal(json_get(o, "roleRef"), json_get(old, "roleRef")))
		err_invalid_json(h, AT_ROOT("roleRef"), json_get(o, "roleRef"),
				 "cannot change roleRef");
}

static void check_policy_rule(struct hook *h, const struct at *at, const struct json *rule)
{
	const struct json *urls = json_get(rule, "nonResourceURLs");

	if (!json_count(json_get(rule, "verbs")))
		err_required(h, AT(at, "verbs"), "verbs must contain at least one value");
	if (json_count(urls)) {
		if (h->kind->namespaced)
			err_invalid_json(h, AT(at, "nonResourceURLs"), urls,
					 "namespaced rules cannot apply to non-resource URLs");
		if (json_count(json_get(rule, "apiGroups")) ||
		    json_count(json_get(rule, "resources")) ||
		    json_count(json_get(rule, "resourceNames")))
			err_invalid_json(h, AT(at, "nonResourceURLs"), urls,
					 "rules cannot apply to both regular resources and "
					 "non-resource URLs");
		return;
	}
	if (!json_count(json_get(rule, "apiGroups")))
		err_required(h, AT(at, "apiGroups"),
			     "resource rules must supply at least one api group");
	if (!json_count(json_get(rule, "resources")))
		err_required(h, AT(at, "resources"),
			     "resource rules must supply at least one resource");
}

HOOK_CHECK(role_validate)
{
	size_t i = 0;

	json_each(rule, json_get(o, "rules"))
		check_policy_rule(h, AT_ITEM(AT_ROOT("rules"), i++), rule);
}

/* ---- disruption budgets and autoscalers ---- */

HOOK_CHECK(budget_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");

	if (json_get(spec, "minAvailable") && json_get(spec, "maxUnavailable"))
		err_invalid_json(h, at, spec, "minAvailable and maxUnavailable cannot be both set");
	check_int_or_percent(h, AT(at, "minAvailable"), json_get(spec, "minAvailable"));
	check_int_or_percent(h, AT(at, "maxUnavailable"), json_get(spec, "maxUnavailable"));
	check_label_selector(h, AT(at, "selector"), json_get(spec, "selector"));
	if (json_get(spec, "unhealthyPodEvictionPolicy"))
		check_enum(h, AT(at, "unhealthyPodEvictionPolicy"),
			   json_path_str(spec, "unhealthyPodEvictionPolicy"),
			   LIST("AlwaysAllow", "IfHealthyBudget"), true);
}

HOOK_CHECK(autoscaler_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec"), *ref = AT(at, "scaleTargetRef");
	int64_t min = json_path_int(spec, "minReplicas", 1),
		max = json_path_int(spec, "maxReplicas", 0);

	if (min < 1)
		err_invalid_int(h, AT(at, "minReplicas"), min, "must be greater than or equal to 1");
	if (max < 1)
		err_invalid_int(h, AT(at, "maxReplicas"), max, "must be greater than 0");
	if (max < min)
		err_invalid_int(h, AT(at, "maxReplicas"), max,
				"must be greater than or equal to `minReplicas`");
	if (!json_path_str(spec, "scaleTargetRef.kind")[0])
		err_required(h, AT(ref, "kind"), NULL);
	if (!json_path_str(spec, "scaleTargetRef.name")[0])
		err_required(h, AT(ref, "name"), NULL);
}
