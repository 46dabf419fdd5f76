/*
 * Design: the tenant's spec is copied member by member from a list, so that a new member of Service is a
 * decision and no accident.  externalIPs are not on the list: they would let a tenant draw others' traffic.
 * Cluster addresses, families, node ports are sent only when the tenant (or an earlier answer) has them.
 */
#include "host/kubernetes/svcspec.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

static const char *const copied[] = {
	"type",
	"sessionAffinity",
	"sessionAffinityConfig",
	"externalTrafficPolicy",
	"internalTrafficPolicy",
	"publishNotReadyAddresses",
	"loadBalancerIP",
	"loadBalancerClass",
	"loadBalancerSourceRanges",
	"allocateLoadBalancerNodePorts",
	"trafficDistribution",
};

/* What the host chooses when it is not given. */
static const char *const chosen[] = { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy",
				      "healthCheckNodePort" };

#define COUNT(x) (sizeof(x) / sizeof *(x))

bool svc_on_host(const struct json *v)
{
	return strcmp(json_path_str(v, "spec.type"), "ExternalName") != 0 &&
	       (strcmp(meta_ns(v), "default") || strcmp(meta_name(v), "kubernetes"));
}

static bool present(const struct json *m)
{
	return m && !json_is_null(m) && !(json_is_string(m) && !*json_str(m)) &&
	       !(json_is_array(m) && !json_count(m));
}

static void copy(struct arena *a, struct json *to, const struct json *from, const char *name)
{
	const struct json *m = json_get(from, name);

	if (present(m))
		json_set(a, to, name, json_copy(a, m));
}

static struct json *ports_of(struct arena *a, const struct json *spec, bool node_ports)
{
	static const char *const members[] = { "name", "protocol", "appProtocol", "port",
					       "targetPort" };
	struct json *out = json_array(a);

	json_each(p, json_get(spec, "ports")) {
		struct json *port = json_object(a);

		for (size_t i = 0; i < COUNT(members); i++)
			copy(a, port, p, members[i]);
		if (node_ports && json_path_int(p, "nodePort", 0))
			copy(a, port, p, "nodePort");
		json_append(out, port);
	}
	return out;
}

struct json *svc_desired(struct host *h, struct arena *a, const struct json *v)
{
	const struct json *from = json_get(v, "spec"), *sel = json_get(from, "selector");
	struct json *o = json_object(a), *spec = json_object(a), *labels;

	json_set_str(a, o, "apiVersion", "v1");
	json_set_str(a, o, "kind", "Service");
	json_set(a, o, "metadata",
		 host_metadata(h, a, "services", meta_ns(v), meta_name(v), v, false));
	meta_del_annotation(o, "field.cattle.io/publicEndpoints");
	json_set(a, o, "spec", spec);
	for (size_t i = 0; i < COUNT(copied); i++)
		copy(a, spec, from, copied[i]);
	if (json_count(sel)) {
		labels = json_set(a, spec, "selector", host_labels(a, sel));
		json_set_str(a, labels, LABEL_VC, h->cid_label);
		json_set_str(a, labels, LABEL_VNS, meta_ns(v));
	}
	json_set(a, spec, "ports", ports_of(a, from, false));
	host_stamp(a, o);
	json_set(a, spec, "ports", ports_of(a, from, true));
	for (size_t i = 0; i < COUNT(chosen); i++)
		copy(a, spec, from, chosen[i]);
	if (!json_path_int(spec, "healthCheckNodePort", 0))
		json_del(spec, "healthCheckNodePort");
	return o;
}

/* ---- update ---- */

/* Does a list "l:key,a:key,..." contain the entry? */
static bool listed(const char *list, char prefix, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
		if (*p == prefix && strcspn(p, ",") == n + 2 && !strncmp(p + 2, key, n))
			return true;
	return false;
}

/* What we wrote before and do not want now goes, the rest of theirs stays, ours is set. */
static void merge_keys(struct arena *a, struct json *meta, const struct json *want,
		       const char *member, char prefix, const char *list)
{
	struct json *to = json_ensure_object(a, meta, member);
	const struct json *ours = json_get(want, member);
	struct json *next;

	for (struct json *m = json_first(to); m; m = next) {
		next = json_next(m);
		if (listed(list, prefix, json_name(m)) && !json_get(ours, json_name(m)))
			json_del(to, json_name(m));
	}
	json_each(m, ours)
		json_set(a, to, json_name(m), json_copy(a, m));
}

/* The node port a port of this name, or number and protocol, has there. */
static int64_t node_port(const struct json *ports, const struct json *port)
{
	const char *name = json_path_str(port, "name");

	json_each(p, ports) {
		bool same = *name ? !strcmp(json_path_str(p, "name"), name) : false;

		if (same || (json_path_int(p, "port", 0) == json_path_int(port, "port", -1) &&
			     !strcmp(json_path_str(p, "protocol"), json_path_str(port, "protocol"))))
			return json_path_int(p, "nodePort", 0);
	}
	return 0;
}

static bool has_node_ports(const struct json *spec)
{
	const char *type = json_path_str(spec, "type");

	return !strcmp(type, "NodePort") ||
	       (!strcmp(type, "LoadBalancer") &&
		json_path_bool(spec, "allocateLoadBalancerNodePorts", true));
}

static void keep_chosen(struct arena *a, struct json *spec, const struct json *theirs)
{
	for (size_t i = 0; i < COUNT(chosen) - 1; i++)
		if (!json_get(spec, chosen[i]))
			copy(a, spec, theirs, chosen[i]);
	if (!strcmp(json_path_str(spec, "type"), "LoadBalancer") &&
	    !strcmp(json_path_str(spec, "externalTrafficPolicy"), "Local") &&
	    !json_get(spec, "healthCheckNodePort"))
		copy(a, spec, theirs, "healthCheckNodePort");
	if (!has_node_ports(spec))
		return;
	json_each(p, json_get(spec, "ports")) {
		int64_t n = json_path_int(p, "nodePort", 0);

		n = n ? n : node_port(json_get(theirs, "ports"), p);
		if (n)
			json_set_int(a, p, "nodePort", n);
	}
}

struct json *svc_merged(struct arena *a, const struct json *have, const struct json *want)
{
	struct json *o = json_copy(a, have), *meta = json_get(o, "metadata");
	const struct json *wanted = json_get(want, "metadata");
	const char *old = meta_annotation(have, ANNOTATION_KEYS);
	const char *list = arena_strdup(a, old ? old : "");

	merge_keys(a, meta, wanted, "labels", 'l', list);
	merge_keys(a, meta, wanted, "annotations", 'a', list);
	if (json_get(wanted, "ownerReferences"))
		json_set(a, meta, "ownerReferences",
			 json_copy(a, json_get(wanted, "ownerReferences")));
	json_set(a, o, "spec", json_copy(a, json_get(want, "spec")));
	keep_chosen(a, json_get(o, "spec"), json_get(have, "spec"));
	return o;
}

/* ---- back ---- */

static bool take_ports(struct arena *a, struct json *spec, const struct json *theirs)
{
	bool changed = false;

	if (!has_node_ports(spec))
		return false;
	json_each(p, json_get(spec, "ports")) {
		int64_t n = node_port(json_get(theirs, "ports"), p);

		if (!n || n == json_path_int(p, "nodePort", 0))
			continue;
		json_set_int(a, p, "nodePort", n);
		changed = true;
	}
	return changed;
}

bool svc_take(struct arena *a, struct json *v, const struct json *theirs)
{
	struct json *spec = json_ensure_object(a, v, "spec");
	const struct json *from = json_get(theirs, "spec");
	bool fill = !*json_path_str(spec, "clusterIP"), changed;

	changed = take_ports(a, spec, from);
	for (size_t i = 0; i < COUNT(chosen); i++) {
		const struct json *m = json_get(from, chosen[i]);
		bool address = !strncmp(chosen[i], "clusterIP", 9);

		/* An address is taken once; families follow addresses that are added later. */
		if (!present(m) || json_equal(json_get(spec, chosen[i]), m) ||
		    (!fill && address && json_count(m) <= json_count(json_get(spec, chosen[i]))))
			continue;
		if (!strcmp(chosen[i], "healthCheckNodePort") &&
		    strcmp(json_path_str(spec, "type"), "LoadBalancer"))
			continue;
		json_set(a, spec, chosen[i], json_copy(a, m));
		changed = true;
	}
	return changed;
}
