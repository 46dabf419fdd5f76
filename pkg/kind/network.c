/*
 * network: Endpoints, EndpointSlice, NetworkPolicy, IngressClass: defaults.
 * k8s: pkg/apis/{core,discovery,networking}/v1/defaults.go.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

HOOK(endpoints_defaults)
{
	json_each(subset, json_get(o, "subsets"))
		json_each(port, json_get(subset, "ports"))
			default_str(h, port, "protocol", "TCP");
}

HOOK(endpointslice_defaults)
{
	json_each(port, json_get(o, "ports")) {
		if (is_unset(port, "name"))
			json_set_str(h->a, port, "name", "");
		if (is_unset(port, "protocol"))
			json_set_str(h->a, port, "protocol", "TCP");
	}
}

static void default_rules(struct hook *h, const struct json *rules)
{
	json_each(rule, rules)
		json_each(port, json_get(rule, "ports"))
			if (is_unset(port, "protocol"))
				json_set_str(h->a, port, "protocol", "TCP");
}

HOOK(networkpolicy_defaults)
{
	struct json *spec = default_obj(h, o, "spec");

	default_obj(h, spec, "podSelector");
	default_rules(h, json_get(spec, "ingress"));
	default_rules(h, json_get(spec, "egress"));
	if (json_count(json_get(spec, "policyTypes")))
		return;
	json_set(h->a, spec, "policyTypes",
		 json_build(h->a, json_count(json_get(spec, "egress")) ? "[\"Ingress\",\"Egress\"]" :
									 "[\"Ingress\"]"));
}

HOOK(ingressclass_defaults)
{
	struct json *parameters = json_path(o, "spec.parameters");

	if (parameters && is_unset(parameters, "scope"))
		json_set_str(h->a, parameters, "scope", "Cluster");
}
