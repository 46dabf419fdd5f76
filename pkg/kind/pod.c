/*
 * pod: what pods alone get: requests from limits, quality of service, and what may change through
 * which door.
 * k8s: pkg/apis/core/v1/defaults.go (SetDefaults_Pod), conversion.go (pod IPs),
 * pkg/registry/core/pod/strategy.go, pkg/apis/core/helper/qos.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include "base/arena.h"
#include "base/clock.h"
#include "kind/resources.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

static const char *const container_lists[] = { "containers", "initContainers" };

static void requests_from_limits(struct hook *h, struct json *container)
{
	struct json *resources = json_get(container, "resources");
	const struct json *limits = json_get(resources, "limits");

	if (json_count(limits))
		default_map(h, default_obj(h, resources, "requests"), limits);
}

static void host_ports(struct hook *h, struct json *container)
{
	json_each(port, json_get(container, "ports"))
		default_nonzero(h, port, "hostPort", json_path_int(port, "containerPort", 0));
}

/* Pod-level requests: what the containers ask for, else the pod's limit. */
static void pod_level_requests(struct hook *h, struct json *spec)
{
	static const char *const names[] = { "cpu", "memory" };
	struct json *resources = json_get(spec, "resources");
	const struct json *limits = json_get(resources, "limits");
	struct json *requests;

	if (!json_count(limits))
		return;
	requests = default_obj(h, resources, "requests");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct quantity sum;

		if (!json_get(requests, names[i]) &&
		    resources_containers(spec, "requests", names[i], &sum))
			json_set_str(h->a, requests, names[i], quantity_text(h->a, &sum));
	}
	json_each(l, limits)
		if (!json_get(requests, json_name(l)) && resource_is_pod_level(json_name(l)))
			json_set(h->a, requests, json_name(l), json_copy(h->a, l));
	if (!json_count(requests))
		json_del(resources, "requests");
}

HOOK(pod_defaults)
{
	struct json *spec = default_obj(h, o, "spec");
	bool host_network = json_path_bool(spec, "hostNetwork", false);

	default_pod_spec(h, spec);
	for (size_t i = 0; i < sizeof container_lists / sizeof *container_lists; i++) {
		json_each(c, json_get(spec, container_lists[i])) {
			requests_from_limits(h, c);
			if (host_network)
				host_ports(h, c);
		}
	}
	pod_level_requests(h, spec);
	default_bool(h, spec, "enableServiceLinks", true);
}

/* ---- prepare ---- */

static void add_gated_condition(struct hook *h, struct json *status)
{
	json_append(json_ensure_array(h->a, status, "conditions"),
		    json_build(h->a,
			       "{type:\"PodScheduled\",status:\"False\","
			       "reason:\"SchedulingGated\",message:%s}",
			       "Scheduling is blocked due to non-empty scheduling gates"));
}

/* Each key that is a label of the pod becomes a requirement of the selector. */
static void merge_keys(struct hook *h, struct json *selector, const struct json *keys,
		       const char *operator, const struct json * labels)
{
	json_each(k, keys) {
		const struct json *value = json_get(labels, json_str(k));

		if (value)
			json_append(json_ensure_array(h->a, selector, "matchExpressions"),
				    json_build(h->a, "{key:%s,operator:%s,values:[%s]}",
					       json_str(k), operator, json_str(value)));
	}
}

static void merge_term(struct hook *h, const struct json *term, const struct json *labels)
{
	struct json *selector = json_get(term, "labelSelector");

	/* without one nothing is meant to match */
	if (!selector)
		return;
	merge_keys(h, selector, json_get(term, "matchLabelKeys"), "In", labels);
	merge_keys(h, selector, json_get(term, "mismatchLabelKeys"), "NotIn", labels);
}

static void merge_affinity(struct hook *h, const struct json *affinity, const struct json *labels)
{
	json_each(w, json_get(affinity, "preferredDuringSchedulingIgnoredDuringExecution"))
		merge_term(h, json_get(w, "podAffinityTerm"), labels);
	json_each(t, json_get(affinity, "requiredDuringSchedulingIgnoredDuringExecution"))
		merge_term(h, t, labels);
}

static void merge_label_keys(struct hook *h, const struct json *o)
{
	const struct json *labels = json_path(o, "metadata.labels");

	merge_affinity(h, json_path(o, "spec.affinity.podAffinity"), labels);
	merge_affinity(h, json_path(o, "spec.affinity.podAntiAffinity"), labels);
	json_each(c, json_path(o, "spec.topologySpreadConstraints"))
		merge_term(h, c, labels);
}

HOOK(pod_prepare_create)
{
	const struct json *spec = json_get(o, "spec");
	struct json *status = json_object(h->a);

	json_set_str(h->a, status, "phase", "Pending");
	json_set_str(h->a, status, "qosClass", resources_qos(spec));
	json_set(h->a, o, "status", status);
	if (json_count(json_get(spec, "schedulingGates")))
		add_gated_condition(h, status);
	merge_label_keys(h, o);
}

/* podIP and podIPs[0] say the same; podIP wins where they differ. */
static void sync_pod_ips(struct hook *h, struct json *status)
{
	const char *ip = json_str(json_get(status, "podIP"));
	struct json *ips = json_get(status, "podIPs");

	if (ip[0] && strcmp(ip, json_path_str(status, "podIPs.0.ip")) != 0)
		json_set(h->a, status, "podIPs", json_build(h->a, "[{ip:%s}]", ip));
	else if (!ip[0] && json_count(ips))
		json_set_str(h->a, status, "podIP", json_path_str(status, "podIPs.0.ip"));
}

/* k8s: podStatusStrategy.PrepareForUpdate */
HOOK_OLD(pod_prepare_status)
{
	const struct json *owners = json_path(old, "metadata.ownerReferences");
	struct json *meta = meta_ensure(h->a, o);
	struct json *status;

	kind_status_only(h, o, old);
	if (owners)
		json_set(h->a, meta, "ownerReferences", json_copy(h->a, owners));
	else
		json_del(meta, "ownerReferences");
	status = default_obj(h, o, "status");
	if (!json_str(json_get(status, "qosClass"))[0]) {
		const char *qos = json_path_str(old, "status.qosClass");

		json_set_str(h->a, status, "qosClass",
			     qos[0] ? qos : resources_qos(json_get(old, "spec")));
	}
	sync_pod_ips(h, status);
}
