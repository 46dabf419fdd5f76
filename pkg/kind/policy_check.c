/*
 * policy_check: validation of small kinds that say what others may do: NetworkPolicy, Lease,
 * PriorityClass, RuntimeClass, ResourceQuota, LimitRange; and of EndpointSlices.
 * k8s: pkg/apis/{networking,coordination,scheduling,node,discovery}/validation, and core's.
 */
#include "kind/hooks.h"
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

#define USER_PRIORITY_MAX 1000000000

/* ---- NetworkPolicy ---- */

static void check_policy_port(struct hook *h, const struct at *at, const struct json *p)
{
	const char *const *protocols = LIST("TCP", "UDP", "SCTP");
	const struct json *port = json_get(p, "port"), *end = json_get(p, "endPort");
	int64_t from = 0, to = 0;

	json_int(end, &to);
	if (json_get(p, "protocol") && !one_of(json_path_str(p, "protocol"), protocols))
		err_unsupported(h, AT(at, "protocol"), json_path_str(p, "protocol"), protocols);
	if (!port) {
		if (end)
			err_invalid_int(h, AT(at, "endPort"), to,
					"may not be specified when `port` is not specified");
	} else if (json_int(port, &from)) {
		check_port(h, AT(at, "port"), from);
		if (end && to < from)
			err_invalid_int(h, AT(at, "endPort"), from,
					"must be greater than or equal to `port`");
		if (end)
			check_port(h, AT(at, "endPort"), to);
	} else {
		if (end)
			err_invalid_int(h, AT(at, "endPort"), to,
					"may not be specified when `port` is non-numeric");
		check_text(h, AT(at, "port"), TEXT_PORT_NAME, json_str(port));
	}
}

static void check_block(struct hook *h, const struct at *at, const struct json *block)
{
	const char *cidr = json_path_str(block, "cidr");
	size_t i = 0;

	if (!cidr[0]) {
		err_required(h, AT(at, "cidr"), NULL);
		return;
	}
	if (!check_cidr(h, AT(at, "cidr"), cidr))
		return;
	json_each(x, json_get(block, "except")) {
		const struct at *item = AT_ITEM(AT(at, "except"), i++);
		bool smaller = false;

		if (check_cidr(h, item, json_str(x)) &&
		    !(cidr_contains(h->a, cidr, json_str(x), &smaller) && smaller))
			err_invalid(h, item, json_str(x), "must be a strict subset of `cidr`");
	}
}

static void check_peer(struct hook *h, const struct at *at, const struct json *peer)
{
	const char *const *selectors = LIST("podSelector", "namespaceSelector");
	const struct json *block = json_get(peer, "ipBlock");
	size_t n = block != NULL;

	for (size_t i = 0; selectors[i]; i++) {
		n += json_get(peer, selectors[i]) != NULL;
		check_label_selector(h, AT(at, selectors[i]), json_get(peer, selectors[i]));
	}
	if (block)
		check_block(h, AT(at, "ipBlock"), block);
	if (!n)
		err_required(h, at, "must specify a peer");
	else if (n > 1 && block)
		err_forbidden(h, at, "may not specify both ipBlock and another peer");
}

static void check_policy_rules(struct hook *h, const struct at *at, const struct json *rules,
			       const char *peers)
{
	size_t i = 0;

	json_each(rule, rules) {
		const struct at *item = AT_ITEM(at, i++);
		size_t k = 0;

		json_each(p, json_get(rule, "ports"))
			check_policy_port(h, AT_ITEM(AT(item, "ports"), k++), p);
		k = 0;
		json_each(p, json_get(rule, peers))
			check_peer(h, AT_ITEM(AT(item, peers), k++), p);
	}
}

HOOK_CHECK(networkpolicy_validate)
{
	const struct json *spec = json_get(o, "spec"), *types = json_get(spec, "policyTypes");
	const struct at *at = AT_ROOT("spec");
	size_t i = 0;

	check_label_selector(h, AT(at, "podSelector"), json_get(spec, "podSelector"));
	check_policy_rules(h, AT(at, "ingress"), json_get(spec, "ingress"), "from");
	check_policy_rules(h, AT(at, "egress"), json_get(spec, "egress"), "to");
	if (json_count(types) > 2) {
		err_invalid_json(h, AT(at, "policyTypes"), types,
				 "may not specify more than two policyTypes");
		return;
	}
	json_each(t, types) {
		if (!one_of(json_str(t), LIST("Ingress", "Egress")))
			err_unsupported(h, AT_ITEM(AT(at, "policyTypes"), i), json_str(t),
					LIST("Ingress", "Egress"));
		i++;
	}
}

/* ---- Lease, PriorityClass, RuntimeClass ---- */

HOOK_CHECK(lease_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");
	int64_t seconds = json_path_int(spec, "leaseDurationSeconds", 1);
	int64_t transitions = json_path_int(spec, "leaseTransitions", 0);

	if (seconds <= 0)
		err_invalid_int(h, AT(at, "leaseDurationSeconds"), seconds, "must be greater than 0");
	if (transitions < 0)
		err_invalid_int(h, AT(at, "leaseTransitions"), transitions,
				"must be greater than or equal to 0");
	if (json_path_str(spec, "preferredHolder")[0] && !json_path_str(spec, "strategy")[0])
		err_forbidden(h, AT(at, "preferredHolder"),
			      "may only be specified if `strategy` is defined");
}

/* Its generation is 1 for ever: nothing of it can change that counts. */
HOOK(priorityclass_prepare_create)
{
	json_set_int(h->a, meta_ensure(h->a, o), "generation", 1);
}

/* The two that exist, and just so. */
static bool is_system_class(const struct json *o)
{
	const char *name = meta_name(o);
	int64_t value = json_path_int(o, "value", 0);

	if (json_path_bool(o, "globalDefault", false))
		return false;
	return (!strcmp(name, "system-cluster-critical") && value == 2000000000) ||
	       (!strcmp(name, "system-node-critical") && value == 2000001000);
}

HOOK_CHECK(priorityclass_validate)
{
	const char *name = meta_name(o);

	if (!strncmp(name, "system-", 7)) {
		if (!is_system_class(o))
			err_forbidden(h, AT(AT_ROOT("metadata"), "name"),
				      "priority class names with 'system-' prefix are reserved for "
				      "system use only. error: %s is not a known system priority class",
				      name);
	} else if (json_path_int(o, "value", 0) > USER_PRIORITY_MAX) {
		err_forbidden(h, AT_ROOT("value"),
			      "maximum allowed value of a user defined priority is %d",
			      USER_PRIORITY_MAX);
	}
	check_enum(h, AT_ROOT("preemptionPolicy"), json_path_str(o, "preemptionPolicy"),
		   LIST("PreemptLowerPriority", "Never"), false);
}

HOOK_CHECK(runtimeclass_validate)
{
	const struct json *fixed = json_path(o, "overhead.podFixed");
	const struct json *scheduling = json_get(o, "scheduling");

	check_text(h, AT_ROOT("handler"), TEXT_DNS_LABEL, json_path_str(o, "handler"));
	if (fixed)
		check_resources(h, AT(AT_ROOT("overhead"), "podFixed"),
				json_build(h->a, "{limits:%j}", json_copy(h->a, fixed)), NULL, false);
	check_labels(h, AT(AT_ROOT("scheduling"), "nodeSelector"),
		     json_get(scheduling, "nodeSelector"));
	check_tolerations(h, AT(AT_ROOT("scheduling"), "tolerations"),
			  json_get(scheduling, "tolerations"));
}

HOOK_CHECK_OLD(runtimeclass_validate_update)
{
	check_immutable(h, AT_ROOT("handler"), json_get(o, "handler"), json_get(old, "handler"));
}

/* ---- ResourceQuota ---- */

static void check_hard(struct hook *h, const struct at *at, const struct json *amounts)
{
	json_each(v, amounts) {
		const struct at *item = AT_KEY(at, json_name(v));

		check_resource_name(h, item, json_name(v));
		check_resource_amount(h, item, json_name(v), json_str(v));
	}
}

static void check_scopes(struct hook *h, const struct at *at, const struct json *scopes)
{
	const char *const *known = LIST("Terminating", "NotTerminating", "BestEffort",
					"NotBestEffort", "PriorityClass",
					"CrossNamespacePodAffinity", "VolumeAttributesClass");

	json_each(s, scopes)
		if (!one_of(json_str(s), known))
			err_invalid_json(h, at, scopes, "unsupported scope");
}

HOOK_CHECK(quota_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");

	check_hard(h, AT(at, "hard"), json_get(spec, "hard"));
	check_scopes(h, AT(at, "scopes"), json_get(spec, "scopes"));
}

HOOK_CHECK_OLD(quota_validate_update)
{
	check_immutable(h, AT_ROOT("scopes"), json_path(o, "spec.scopes"),
			json_path(old, "spec.scopes"));
}

HOOK_CHECK_OLD(quota_validate_status)
{
	const struct at *at = AT_ROOT("status");

	(void)old;
	check_hard(h, AT(at, "hard"), json_path(o, "status.hard"));
	check_hard(h, AT(at, "used"), json_path(o, "status.used"));
}

/* ---- LimitRange ---- */

/* `X value a is greater than Y value b` when it is. */
static void check_order(struct hook *h, const struct at *at, const struct json *limit,
			const char *name, const char *low, const char *high)
{
	const struct json *l = json_get(json_get(limit, low), name);
	const struct json *u = json_get(json_get(limit, high), name);
	struct quantity x, y;

	if (l && u && quantity_parse(json_str(l), &x) && quantity_parse(json_str(u), &y) &&
	    quantity_cmp(&x, &y) > 0)
		err_invalid(h, AT_KEY(AT(at, low), name), json_str(l),
			    "%s value %s is greater than %s value %s",
			    !strcmp(low, "defaultRequest") ? "default request" : low, json_str(l),
			    high, json_str(u));
}

static void check_limit_item(struct hook *h, const struct at *at, const struct json *limit)
{
	const char *const *sides = LIST("max", "min", "default", "defaultRequest");
	const char *const pairs[][2] = { { "min", "max" },
					 { "defaultRequest", "max" },
					 { "defaultRequest", "default" },
					 { "default", "max" } };
	bool pod = !strcmp(json_path_str(limit, "type"), "Pod");
	struct json *names = json_object(h->a);

	check_text(h, AT(at, "type"), TEXT_LABEL_KEY, json_path_str(limit, "type"));
	for (size_t i = 0; sides[i]; i++) {
		if (pod && i >= 2 && json_count(json_get(limit, sides[i])))
			err_forbidden(h, AT(at, sides[i]),
				      "may not be specified when `type` is 'Pod'");
		json_each(v, json_get(limit, sides[i])) {
			check_resource_name(h, AT_KEY(AT(at, sides[i]), json_name(v)), json_name(v));
			if (!json_get(names, json_name(v)))
				json_set_bool(h->a, names, json_name(v), true);
		}
	}
	json_each(n, names)
		for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
			check_order(h, at, limit, json_name(n), pairs[i][0], pairs[i][1]);
}

HOOK_CHECK(limitrange_validate)
{
	const struct json *limits = json_path(o, "spec.limits");
	size_t i = 0;

	json_each(l, limits) {
		const struct at *item = AT_ITEM(AT(AT_ROOT("spec"), "limits"), i++);
		const char *type = json_path_str(l, "type");

		for (const struct json *p = json_first(limits); p != l; p = json_next(p)) {
			if (!strcmp(json_path_str(p, "type"), type)) {
				err_duplicate(h, AT(item, "type"), type);
				break;
			}
		}
		check_limit_item(h, item, l);
	}
}

/* ---- EndpointSlice ---- */

static void check_slice_address(struct hook *h, const struct at *at, const char *type, const char *s)
{
	if (!strcmp(type, "FQDN"))
		check_text(h, at, TEXT_DNS_SUBDOMAIN, s);
	else if (check_ip(h, at, s) && ip_family(s) != (!strcmp(type, "IPv4") ? IP_V4 : IP_V6))
		err_invalid(h, at, s, "must be an %s address", type);
}

HOOK_CHECK(endpointslice_validate)
{
	const char *type = json_path_str(o, "addressType");
	size_t i = 0;

	check_enum(h, AT_ROOT("addressType"), type, LIST("FQDN", "IPv4", "IPv6"), true);
	json_each(e, json_get(o, "endpoints")) {
		const struct at *at = AT(AT_ITEM(AT_ROOT("endpoints"), i++), "addresses");
		size_t k = 0;

		if (!json_count(json_get(e, "addresses")))
			err_required(h, at, "must contain at least 1 address");
		json_each(a, json_get(e, "addresses"))
			check_slice_address(h, AT_ITEM(at, k++), type, json_str(a));
	}
	i = 0;
	json_each(p, json_get(o, "ports")) {
		const struct at *at = AT_ITEM(AT_ROOT("ports"), i++);

		if (json_path_str(p, "name")[0])
			check_text(h, AT(at, "name"), TEXT_DNS_LABEL, json_path_str(p, "name"));
		check_enum(h, AT(at, "protocol"), json_path_str(p, "protocol"),
			   LIST("SCTP", "TCP", "UDP"), true);
	}
}
