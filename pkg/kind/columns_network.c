/*
 * columns_network: services, endpoints, ingresses, policies, addresses.
 * k8s: pkg/printers/internalversion/printers.go.
 */
#include "kind/columns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 3

/* ---- services ---- */

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The addresses or names of a load balancer, sorted, once each. */
static const char *balancer(struct arena *a, const struct json *ingress)
{
	size_t n = 0, max = json_count(ingress);
	const char **list = arena_alloc(a, (max + 1) * sizeof *list);
	BUF_AUTO struct buf b = BUF_INIT;

	json_each(i, ingress) {
		const char *ip = json_path_str(i, "ip");

		list[n] = ip[0] ? ip : json_path_str(i, "hostname");
		n += list[n][0] != '\0';
	}
	qsort(list, n, sizeof *list, by_text);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(list[i], list[i - 1]) != 0)
			buf_addf(&b, "%s%s", b.len ? "," : "", list[i]);
	return arena_dup(a, b.p ? b.p : "", b.len);
}

CELL(service_cluster_ip)
{
	const char *ip = json_path_str(tree, "spec.clusterIPs.0");

	cell_or(out, ip[0] ? ip : json_path_str(tree, "spec.clusterIP"), "<none>");
}

CELL(service_external_ip)
{
	const char *type = json_path_str(tree, "spec.type");
	const char *external = cell_join(a, json_path(tree, "spec.externalIPs"), NULL);
	const char *lb;

	if (!strcmp(type, "ExternalName")) {
		cell_str(out, json_path_str(tree, "spec.externalName"));
	} else if (!strcmp(type, "LoadBalancer")) {
		lb = balancer(a, json_path(tree, "status.loadBalancer.ingress"));
		if (lb[0] && external[0])
			cell_strf(out, "%s,%s", lb, external);
		else
			cell_or(out, lb[0] ? lb : external, "<pending>");
	} else {
		cell_or(out, external, "<none>");
	}
}

CELL(service_ports)
{
	BUF_AUTO struct buf b = BUF_INIT;

	json_each(p, json_path(tree, "spec.ports")) {
		long long node = json_path_int(p, "nodePort", 0);

		buf_addf(&b, "%s%lld", b.len ? "," : "", (long long)json_path_int(p, "port", 0));
		if (node > 0)
			buf_addf(&b, ":%lld", node);
		buf_addf(&b, "/%s", json_path_str(p, "protocol"));
	}
	cell_str(out, b.len ? b.p : "<none>");
}

CELL(service_selector)
{
	cell_map(out, a, json_path(tree, "spec.selector"));
}

const struct column columns_service[] = {
	COL_NAME,
	COL("Type", "How the service is exposed.", "spec.type"),
	COL_FN("Cluster-IP", "The address inside the cluster.", service_cluster_ip),
	COL_FN("External-IP", "Addresses outside the cluster.", service_external_ip),
	COL_FN("Port(s)", "Ports, node ports and protocols.", service_ports),
	COL_AGE,
	COL_WIDE_FN("Selector", "Which pods serve it.", service_selector),
	COL_END,
};

/* ---- endpoints ---- */

/* The first three texts, and how many there are. */
struct sample {
	struct buf text;
	size_t n;
};

static void sample_add(struct sample *s, const char *text)
{
	if (s->n < SHOWN)
		buf_addf(&s->text, "%s%s", s->n ? "," : "", text);
	s->n++;
}

static void sample_cell(struct sample *s, struct buf *out, const char *none)
{
	if (s->n > SHOWN)
		buf_addf(&s->text, " + %zu more...", s->n - SHOWN);
	cell_str(out, s->text.len ? s->text.p : none);
	buf_free(&s->text);
}

CELL(endpoints_list)
{
	struct sample s = { .n = 0 };

	json_each(subset, json_get(tree, "subsets")) {
		const struct json *addresses = json_get(subset, "addresses");
		const struct json *ports = json_get(subset, "ports");

		if (!json_count(ports))
			json_each(x, addresses)
				sample_add(&s, json_path_str(x, "ip"));
		json_each(p, ports) {
			json_each(x, addresses) {
				const char *ip = json_path_str(x, "ip");

				sample_add(&s,
					   arena_printf(a, strchr(ip, ':') ? "[%s]:%lld" : "%s:%lld",
							ip, (long long)json_path_int(p, "port", 0)));
			}
		}
	}
	sample_cell(&s, out, json_count(json_get(tree, "subsets")) ? "" : "<none>");
}

const struct column columns_endpoints[] = {
	COL_NAME,
	COL_FN("Endpoints", "Addresses and ports that serve.", endpoints_list),
	COL_AGE,
	COL_END,
};

CELL(slice_ports)
{
	struct sample s = { .n = 0 };

	json_each(p, json_get(tree, "ports")) {
		const struct json *port = json_get(p, "port"), *name = json_get(p, "name");

		sample_add(&s, port ? json_text(a, port) : name ? json_str(name) : "*");
	}
	sample_cell(&s, out, "<unset>");
}

CELL(slice_endpoints)
{
	struct sample s = { .n = 0 };

	json_each(e, json_get(tree, "endpoints"))
		json_each(x, json_get(e, "addresses"))
			sample_add(&s, json_str(x));
	sample_cell(&s, out, "<unset>");
}

const struct column columns_endpointslice[] = {
	COL_NAME,
	COL("AddressType", "The family of the addresses.", "addressType"),
	COL_FN("Ports", "Ports that serve.", slice_ports),
	COL_FN("Endpoints", "Addresses that serve.", slice_endpoints),
	COL_AGE,
	COL_END,
};

/* ---- networking.k8s.io ---- */

CELL(ingress_hosts)
{
	const struct json *rules = json_path(tree, "spec.rules");
	BUF_AUTO struct buf b = BUF_INIT;
	size_t n = 0;
	bool more = false;

	json_each(r, rules) {
		const char *host = json_path_str(r, "host");

		more |= n == SHOWN;
		if (!more && host[0])
			buf_addf(&b, "%s%s", n++ ? "," : "", host);
	}
	if (more)
		buf_addf(&b, " + %zu more...", json_count(rules) - SHOWN);
	cell_str(out, n ? b.p : "*");
}

CELL(ingress_address)
{
	cell_str(out, balancer(a, json_path(tree, "status.loadBalancer.ingress")));
}

CELL(ingress_ports)
{
	cell_str(out, json_count(json_path(tree, "spec.tls")) ? "80, 443" : "80");
}

const struct column columns_ingress[] = {
	COL_NAME,
	COL("Class", "The class of the controller that serves it.", "spec.ingressClassName"),
	COL_FN("Hosts", "Host names of the rules.", ingress_hosts),
	COL_FN("Address", "Where requests come in.", ingress_address),
	COL_FN("Ports", "Ports that are open.", ingress_ports),
	COL_AGE,
	COL_END,
};

CELL(ingressclass_name)
{
	const char *dflt = meta_annotation(tree, "ingressclass.kubernetes.io/is-default-class");

	cell_strf(out, "%s%s", o->name, dflt && !strcmp(dflt, "true") ? " (default)" : "");
}

CELL(ingressclass_parameters)
{
	const struct json *p = json_path(tree, "spec.parameters");
	const char *group = json_path_str(p, "apiGroup");

	if (p)
		cell_strf(out, "%s%s%s/%s", json_path_str(p, "kind"),
			  json_get(p, "apiGroup") ? "." : "", group, json_path_str(p, "name"));
	else
		cell_str(out, "<none>");
}

const struct column columns_ingressclass[] = {
	COL_AS("Name", "string", "name", DOC_NAME, 0, NULL, ingressclass_name),
	COL("Controller", "Which controller serves the class.", "spec.controller"),
	COL_FN("Parameters", "An object with more settings.", ingressclass_parameters),
	COL_AGE,
	COL_END,
};

CELL(policy_selector)
{
	cell_label_selector(out, a, json_path(tree, "spec.podSelector"));
}

const struct column columns_networkpolicy[] = {
	COL_NAME,
	COL_FN("Pod-Selector", "Which pods the policy is for.", policy_selector),
	COL_AGE,
	COL_END,
};

CELL(address_parent)
{
	const struct json *p = json_path(tree, "spec.parentRef");
	const char *group = json_path_str(p, "group"), *ns = json_path_str(p, "namespace");

	if (p)
		cell_strf(out, "%s%s%s%s%s/%s", json_path_str(p, "resource"), group[0] ? "." : "",
			  group, ns[0] ? "/" : "", ns, json_path_str(p, "name"));
	else
		cell_str(out, "<none>");
}

const struct column columns_ipaddress[] = {
	COL_NAME,
	COL_FN("ParentRef", "What the address belongs to.", address_parent),
	COL_END,
};

CELL(cidr_list)
{
	cell_str(out, cell_join(a, json_path(tree, "spec.cidrs"), NULL));
}

const struct column columns_servicecidr[] = {
	COL_NAME,
	COL_FN("CIDRs", "Blocks that service addresses come from.", cidr_list),
	COL_AGE,
	COL_END,
};
