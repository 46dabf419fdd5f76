/*
 * Rows of networking.k8s.io.
 * k8s: pkg/registry/{networking} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_networking[] = {
	{
		.subject = { "networking.k8s.io", "ingressclasses", "IngressClass" },
		.version = "v1",
		.singular = "ingressclass",
		.verbs = VERBS_ALL,
		.type = &type_networking_v1_IngressClass,
		.columns = columns_ingressclass,
		.generation = true,
		.defaults = ingressclass_defaults,
	},
	{
		.subject = { "networking.k8s.io", "ingresses", "Ingress" },
		.version = "v1",
		.singular = "ingress",
		.shorts = NAMES("ing"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_networking_v1_Ingress,
		.columns = columns_ingress,
		.generation = true,
		.validate = ingress_validate,
		.warn = ingress_warn,
	},
	{
		.subject = { "networking.k8s.io", "ipaddresses", "IPAddress" },
		.version = "v1",
		.singular = "ipaddress",
		.shorts = NAMES("ip"),
		.verbs = VERBS_ALL,
		.type = &type_networking_v1_IPAddress,
		.columns = columns_ipaddress,
		.name_rule = NAME_PATH_SEGMENT,
	},
	{
		.subject = { "networking.k8s.io", "networkpolicies", "NetworkPolicy" },
		.version = "v1",
		.singular = "networkpolicy",
		.shorts = NAMES("netpol"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_networking_v1_NetworkPolicy,
		.columns = columns_networkpolicy,
		.generation = true,
		.defaults = networkpolicy_defaults,
		.warn = networkpolicy_warn,
		.validate = networkpolicy_validate,
	},
	{
		.subject = { "networking.k8s.io", "servicecidrs", "ServiceCIDR" },
		.version = "v1",
		.singular = "servicecidr",
		.unowned = UNOWNED({ "status", false, "spec metadata" }),
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_networking_v1_ServiceCIDR,
		.columns = columns_servicecidr,
	},
};

const size_t kinds_networking_n = sizeof kinds_networking / sizeof *kinds_networking;
