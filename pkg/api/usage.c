/*
 * What an object takes of a quota.
 *
 * Everything counts as one of its resource (`count/<resource>.<group>`, and a few old names); pods, services,
 * claims for volumes and claims for devices are measured besides.  A row per such kind says how.  A pod that
 * has ended takes nothing but its count.
 * k8s: pkg/quota/v1/evaluator/core, component-helpers/resource/helpers.go.
 */
#include "api/quota.h"

#include "base/arena.h"
#include "base/clock.h"
#include "kind/resources.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define NANO 1000000000
#define DEVICES_ALL 32 /* what allocationMode All is taken for */

static const char device_suffix[] = ".deviceclass.resource.k8s.io/devices";
static const char class_infix[] = ".storageclass.storage.k8s.io/";
static const char implicit_device[] = "deviceclass.resource.kubernetes.io/";

/* ---- lists ---- */

struct quantity *usage_find(const struct usage *u, const char *name)
{
	for (size_t i = 0; i < u->n; i++)
		if (!strcmp(u->v[i].name, name))
			return &u->v[i].q;
	return NULL;
}

static void usage_set(struct arena *a, struct usage *u, const char *name, const struct quantity *q)
{
	struct quantity *have = usage_find(u, name);
	struct usage_item *more;

	if (have) {
		*have = *q;
		return;
	}
	if (u->n == u->cap) {
		more = arena_alloc(a, (u->cap * 2 + 8) * sizeof *more);
		if (u->n)
			memcpy(more, u->v, u->n * sizeof *more);
		u->v = more;
		u->cap = u->cap * 2 + 8;
	}
	u->v[u->n++] = (struct usage_item){ name, *q };
}

void usage_add(struct arena *a, struct usage *u, const char *name, const struct quantity *q)
{
	struct quantity *have = usage_find(u, name);

	if (!have) {
		usage_set(a, u, name, q);
		return;
	}
	if (!have->nano)
		have->format = q->format;
	quantity_add(have, q);
}

void usage_add_all(struct arena *a, struct usage *u, const struct usage *more)
{
	for (size_t i = 0; i < more->n; i++)
		usage_add(a, u, more->v[i].name, &more->v[i].q);
}

static void usage_max(struct arena *a, struct usage *u, const struct usage *other)
{
	for (size_t i = 0; i < other->n; i++) {
		struct quantity *have = usage_find(u, other->v[i].name);

		if (!have || quantity_cmp(&other->v[i].q, have) > 0)
			usage_set(a, u, other->v[i].name, &other->v[i].q);
	}
}

static void usage_from(struct arena *a, struct usage *u, const struct json *list)
{
	json_each(v, list) {
		struct quantity q;

		if (quantity_parse(json_str(v), &q))
			usage_set(a, u, json_name(v), &q);
	}
}

static void usage_count(struct arena *a, struct usage *u, const char *name, int64_t n)
{
	struct quantity q = { .nano = (__int128)n * NANO };

	usage_set(a, u, name, &q);
}

/* ---- pods ---- */

static bool is_sidecar(const struct json *init)
{
	return !strcmp(json_path_str(init, "restartPolicy"), "Always");
}

static const struct json *container_status(const struct json *pod, const char *list, const char *name)
{
	json_each(s, json_get(json_get(pod, "status"), list))
		if (!strcmp(json_path_str(s, "name"), name))
			return s;
	return NULL;
}

static bool resize_infeasible(const struct json *pod)
{
	const struct json *c = meta_condition(pod, "PodResizePending");

	return c && !strcmp(json_path_str(c, "reason"), "Infeasible");
}

/* What a container was given counts until what it asks for now has been. */
static void container_amounts(struct arena *a, const struct json *pod, const struct json *c,
			      bool init, const char *which, struct usage *out)
{
	const struct json *s = container_status(pod,
						init && !is_sidecar(c) ? "none" :
						init                   ? "initContainerStatuses" :
									 "containerStatuses",
						json_path_str(c, "name"));
	const struct json *given = json_get(json_get(s, "resources"), which);
	struct usage u = { 0 };

	if (given && resize_infeasible(pod)) {
		usage_from(a, out, given);
		return;
	}
	usage_from(a, out, json_get(json_get(c, "resources"), which));
	if (!given)
		return;
	usage_from(a, &u, given);
	usage_max(a, out, &u);
	if (strcmp(which, "requests") != 0)
		return;
	u = (struct usage){ 0 };
	usage_from(a, &u, json_get(s, "allocatedResources"));
	usage_max(a, out, &u);
}

/* Containers and sidecars run together; any other init container runs beside the sidecars before it. */
static void pod_amounts(struct arena *a, const struct json *pod, const char *which, struct usage *out)
{
	const struct json *spec = json_get(pod, "spec");
	struct usage sidecars = { 0 }, peak = { 0 };

	json_each(c, json_get(spec, "containers")) {
		struct usage u = { 0 };

		container_amounts(a, pod, c, false, which, &u);
		usage_add_all(a, out, &u);
	}
	json_each(c, json_get(spec, "initContainers")) {
		struct usage u = { 0 }, with = { 0 };

		container_amounts(a, pod, c, true, which, &u);
		if (is_sidecar(c)) {
			usage_add_all(a, out, &u);
			usage_add_all(a, &sidecars, &u);
			with = sidecars;
		} else {
			usage_add_all(a, &with, &u);
			usage_add_all(a, &with, &sidecars);
		}
		usage_max(a, &peak, &with);
	}
	usage_max(a, out, &peak);
	json_each(v, json_get(json_get(spec, "resources"), which)) {
		struct quantity q;

		if (resource_is_pod_level(json_name(v)) && quantity_parse(json_str(v), &q))
			usage_set(a, out, json_name(v), &q);
	}
}

static void overhead_add(struct arena *a, const struct json *pod, bool existing, struct usage *u)
{
	json_each(v, json_path(pod, "spec.overhead")) {
		struct quantity q;

		if (quantity_parse(json_str(v), &q) && (!existing || usage_find(u, json_name(v))))
			usage_add(a, u, json_name(v), &q);
	}
}

/* The names under which requests and limits are charged. */
static void compute_usage(struct arena *a, const struct usage *requests, const struct usage *limits,
			  struct usage *out)
{
	for (size_t i = 0; i < requests->n; i++) {
		const char *name = requests->v[i].name;
		bool plain = !strcmp(name, "cpu") || !strcmp(name, "memory") ||
			     !strcmp(name, "ephemeral-storage") || resource_is_huge_page(name);

		if (plain)
			usage_set(a, out, name, &requests->v[i].q);
		if (plain || resource_is_extended(name) ||
		    !strncmp(name, implicit_device, sizeof implicit_device - 1))
			usage_set(a, out, arena_printf(a, "requests.%s", name), &requests->v[i].q);
	}
	for (size_t i = 0; i < limits->n; i++) {
		const char *name = limits->v[i].name;

		if (!strcmp(name, "cpu") || !strcmp(name, "memory") ||
		    !strcmp(name, "ephemeral-storage"))
			usage_set(a, out, arena_printf(a, "limits.%s", name), &limits->v[i].q);
	}
}

static bool pod_lives(const struct json *pod, int64_t now_s)
{
	const char *phase = json_path_str(pod, "status.phase");
	const struct json *meta = json_get(pod, "metadata");
	const struct json *grace = json_get(meta, "deletionGracePeriodSeconds");
	int64_t at;

	if (!strcmp(phase, "Failed") || !strcmp(phase, "Succeeded"))
		return false;
	return !grace || !time_parse(json_path_str(meta, "deletionTimestamp"), &at) ||
	       now_s <= at / 1000000 + json_path_int(meta, "deletionGracePeriodSeconds", 0);
}

static void pod_usage(struct arena *a, const struct json *pod, int64_t now_s, struct usage *out)
{
	struct usage requests = { 0 }, limits = { 0 };

	if (!pod_lives(pod, now_s))
		return;
	pod_amounts(a, pod, "requests", &requests);
	overhead_add(a, pod, false, &requests);
	pod_amounts(a, pod, "limits", &limits);
	overhead_add(a, pod, true, &limits);
	usage_count(a, out, "pods", 1);
	compute_usage(a, &requests, &limits, out);
}

static bool listed(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (!strcmp(*list, s))
			return true;
	return false;
}

static bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static bool ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

static bool pod_names(const char *resource)
{
	static const char *const names[] = { "cpu",
					     "memory",
					     "ephemeral-storage",
					     "requests.cpu",
					     "requests.memory",
					     "requests.ephemeral-storage",
					     "limits.cpu",
					     "limits.memory",
					     "limits.ephemeral-storage",
					     "pods",
					     NULL };

	if (listed(names, resource) || resource_is_huge_page(resource) ||
	    starts(resource, "requests.hugepages-"))
		return true;
	return starts(resource, "requests.") &&
	       (resource_is_extended(resource + 9) || starts(resource + 9, implicit_device));
}

/* ---- services and claims ---- */

static int64_t chosen_ports(const struct json *ports)
{
	int64_t n = 0;

	json_each(p, ports)
		n += json_path_int(p, "nodePort", 0) != 0;
	return n;
}

static void service_usage(struct arena *a, const struct json *o, int64_t now_s, struct usage *out)
{
	const struct json *spec = json_get(o, "spec"), *ports = json_get(spec, "ports");
	const char *type = json_path_str(spec, "type");
	bool balanced = !strcmp(type, "LoadBalancer");
	int64_t all = (int64_t)json_count(ports), open = 0;

	(void)now_s;
	if (balanced && !json_path_bool(spec, "allocateLoadBalancerNodePorts", true))
		open = chosen_ports(ports);
	else if (balanced || !strcmp(type, "NodePort"))
		open = all;
	usage_count(a, out, "services", 1);
	usage_count(a, out, "services.loadbalancers", balanced);
	usage_count(a, out, "services.nodeports", open);
}

static bool service_names(const char *resource)
{
	static const char *const names[] = { "services", "services.loadbalancers",
					     "services.nodeports", NULL };

	return listed(names, resource);
}

static bool whole_amount(const struct json *v, struct quantity *q)
{
	if (!v || !quantity_parse(json_str(v), q))
		return false;
	if (q->nano % NANO)
		q->nano = (q->nano / NANO + (q->nano > 0)) * NANO;
	return true;
}

static void claim_usage(struct arena *a, const struct json *o, int64_t now_s, struct usage *out)
{
	const char *class = meta_annotation(o, "volume.beta.kubernetes.io/storage-class");
	struct quantity q, given;

	(void)now_s;
	class = class ? class : json_path_str(o, "spec.storageClassName");
	usage_count(a, out, "persistentvolumeclaims", 1);
	if (*class)
		usage_count(a, out,
			    arena_printf(a, "%s%spersistentvolumeclaims", class, class_infix), 1);
	if (!whole_amount(json_path(o, "spec.resources.requests.storage"), &q))
		return;
	if (whole_amount(json_path(o, "status.allocatedResources.storage"), &given) &&
	    quantity_cmp(&given, &q) > 0)
		q = given;
	usage_set(a, out, "requests.storage", &q);
	if (*class)
		usage_set(a, out, arena_printf(a, "%s%srequests.storage", class, class_infix), &q);
}

static bool claim_names(const char *resource)
{
	return !strcmp(resource, "persistentvolumeclaims") || !strcmp(resource, "requests.storage") ||
	       ends(resource, ".storageclass.storage.k8s.io/persistentvolumeclaims") ||
	       ends(resource, ".storageclass.storage.k8s.io/requests.storage");
}

static int64_t devices_of(const struct json *request)
{
	const char *mode = json_path_str(request, "allocationMode");

	if (!strcmp(mode, "All"))
		return DEVICES_ALL;
	return strcmp(mode, "ExactCount") ? 0 : json_path_int(request, "count", 0);
}

static void devices_set(struct arena *a, struct usage *u, const struct json *request, bool add)
{
	char *name =
		arena_printf(a, "%s%s", json_path_str(request, "deviceClassName"), device_suffix);
	struct quantity q = { .nano = (__int128)devices_of(request) * NANO };
	struct usage one = { 0 };

	if (add) {
		usage_add(a, u, name, &q);
		return;
	}
	usage_set(a, &one, name, &q);
	usage_max(a, u, &one);
}

static void device_usage(struct arena *a, const struct json *o, int64_t now_s, struct usage *out)
{
	(void)now_s;
	json_each(r, json_path(o, "spec.devices.requests")) {
		struct usage most = { 0 };

		if (json_get(r, "exactly"))
			devices_set(a, out, json_get(r, "exactly"), true);
		json_each(sub, json_get(r, "firstAvailable"))
			devices_set(a, &most, sub, false);
		usage_add_all(a, out, &most);
	}
}

static bool device_names(const char *resource)
{
	return ends(resource, device_suffix);
}

/* ---- scopes ---- */

static bool affinity_crosses(const struct json *affinity)
{
	json_each(t, json_get(affinity, "requiredDuringSchedulingIgnoredDuringExecution"))
		if (json_count(json_get(t, "namespaces")) || json_get(t, "namespaceSelector"))
			return true;
	json_each(w, json_get(affinity, "preferredDuringSchedulingIgnoredDuringExecution")) {
		const struct json *t = json_get(w, "podAffinityTerm");

		if (json_count(json_get(t, "namespaces")) || json_get(t, "namespaceSelector"))
			return true;
	}
	return false;
}

/* One of the names is what the requirement wants; no names at all are an absent label. */
static bool names_match(const struct json *req, const char *const *names)
{
	const char *op = json_path_str(req, "operator");
	bool in = false;

	if (!strcmp(op, "Exists") || !*op)
		return *names;
	if (!strcmp(op, "DoesNotExist"))
		return !*names;
	if (!*names)
		return !strcmp(op, "NotIn");
	for (; *names; names++) {
		in = false;
		json_each(v, json_get(req, "values"))
			in |= !strcmp(json_str(v), *names);
		if (in == !strcmp(op, "In"))
			return true;
	}
	return false;
}

static bool pod_in_scope(struct arena *a, const char *scope, const struct json *req,
			 const struct json *pod)
{
	const struct json *spec = json_get(pod, "spec");
	const char *priority[] = { json_path_str(spec, "priorityClassName"), NULL };
	bool ending = json_path_int(spec, "activeDeadlineSeconds", -1) >= 0;
	bool best = !strcmp(resources_qos(spec), "BestEffort");

	(void)a;
	if (!strcmp(scope, "Terminating") || !strcmp(scope, "NotTerminating"))
		return ending == (*scope == 'T');
	if (!strcmp(scope, "BestEffort") || !strcmp(scope, "NotBestEffort"))
		return best == (*scope == 'B');
	if (!strcmp(scope, "CrossNamespacePodAffinity"))
		return affinity_crosses(json_path(spec, "affinity.podAffinity")) ||
		       affinity_crosses(json_path(spec, "affinity.podAntiAffinity"));
	if (!strcmp(scope, "PriorityClass"))
		return names_match(req, *priority[0] ? priority : priority + 1);
	return false;
}

static bool claim_in_scope(struct arena *a, const char *scope, const struct json *req,
			   const struct json *o)
{
	static const char *const paths[] = { "spec.volumeAttributesClassName",
					     "status.currentVolumeAttributesClassName",
					     "status.modifyVolumeStatus."
					     "targetVolumeAttributesClassName" };
	const char *names[4] = { NULL };
	size_t n = 0;

	(void)a;
	for (size_t i = 0; i < 3; i++)
		if (*json_path_str(o, paths[i]))
			names[n++] = json_path_str(o, paths[i]);
	return !strcmp(scope, "VolumeAttributesClass") && names_match(req, names);
}

/* ---- the measured kinds ---- */

struct measure {
	const char *group, *resource;
	const char *alias; /* an old name of its count */
	void (*usage)(struct arena *a, const struct json *o, int64_t now_s, struct usage *out);
	bool (*names)(const char *resource);
	bool (*in_scope)(struct arena *a, const char *scope, const struct json *req,
			 const struct json *o);
};

static const struct measure measures[] = {
	{ "", "pods", NULL, pod_usage, pod_names, pod_in_scope },
	{ "", "services", NULL, service_usage, service_names, NULL },
	{ "", "persistentvolumeclaims", NULL, claim_usage, claim_names, claim_in_scope },
	{ "resource.k8s.io", "resourceclaims", NULL, device_usage, device_names, NULL },
	{ "", "configmaps", "configmaps", NULL, NULL, NULL },
	{ "", "resourcequotas", "resourcequotas", NULL, NULL, NULL },
	{ "", "replicationcontrollers", "replicationcontrollers", NULL, NULL, NULL },
	{ "", "secrets", "secrets", NULL, NULL, NULL },
};

static const struct measure *measure_of(const struct kind *k)
{
	for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
		if (!strcmp(k->subject.resource, measures[i].resource) &&
		    !strcmp(k->subject.group, measures[i].group))
			return &measures[i];
	return NULL;
}

static char *count_name(struct arena *a, const struct kind *k)
{
	return arena_printf(a, "count/%s%s%s", k->subject.resource, *k->subject.group ? "." : "",
			    k->subject.group);
}

bool quota_counts(const struct kind *k)
{
	return k->namespaced && !k->virtual_only && (k->verbs & VERB_LIST) &&
	       strcmp(k->subject.resource, "events") != 0;
}

bool quota_names(const struct kind *k, const char *resource)
{
	const struct measure *m = measure_of(k);
	const char *rest = resource + 6;
	size_t n = strlen(k->subject.resource);

	if (starts(resource, "count/"))
		return !strncmp(rest, k->subject.resource, n) &&
		       (rest[n] == '.' ? *k->subject.group && !strcmp(rest + n + 1, k->subject.group) :
					 !rest[n] && !*k->subject.group);
	if (m && m->alias)
		return !strcmp(m->alias, resource);
	return m && m->names(resource);
}

void quota_usage(struct arena *a, const struct kind *k, const struct json *o, int64_t now_s,
		 struct usage *out)
{
	const struct measure *m = measure_of(k);

	usage_count(a, out, count_name(a, k), 1);
	if (m && m->alias)
		usage_count(a, out, m->alias, 1);
	if (m && m->usage)
		m->usage(a, o, now_s, out);
}

bool quota_scopes_match(struct arena *a, const struct kind *k, const struct json *quota,
			const struct json *o)
{
	const struct json *spec = json_get(quota, "spec");
	const struct measure *m = measure_of(k);

	json_each(s, json_get(spec, "scopes"))
		if (!m || !m->in_scope || !m->in_scope(a, json_str(s), NULL, o))
			return false;
	json_each(r, json_path(spec, "scopeSelector.matchExpressions"))
		if (!m || !m->in_scope || !m->in_scope(a, json_path_str(r, "scopeName"), r, o))
			return false;
	return true;
}

/* ---- what must be specified ---- */

static bool specifies(const struct json *container, const char *name)
{
	const struct json *r = json_get(container, "resources");

	if (starts(name, "limits."))
		return json_get(json_get(r, "limits"), name + 7);
	return json_get(json_get(r, "requests"), starts(name, "requests.") ? name + 9 : name);
}

/* Container names in order, each once. */
static char *unspecified_by(struct arena *a, const struct json *spec, const char *name)
{
	static const char *const lists[] = { "containers", "initContainers" };
	const char *last = "", *next;
	char *out = NULL;

	do {
		next = NULL;
		for (size_t i = 0; i < 2; i++)
			json_each(c, json_get(spec, lists[i])) {
				const char *n = json_path_str(c, "name");

				if (!specifies(c, name) && strcmp(n, last) > 0 &&
				    (!next || strcmp(n, next) < 0))
					next = n;
			}
		if (next)
			out = out ? arena_printf(a, "%s,%s", out, next) : arena_strdup(a, next);
		last = next;
	} while (next);
	return out;
}

char *quota_unspecified(struct arena *a, const struct json *pod, const struct json *hard)
{
	static const char *const required[] = { "cpu",    "limits.cpu",   "limits.memory",
						"memory", "requests.cpu", "requests.memory" };
	const struct json *spec = json_get(pod, "spec"), *own = json_get(spec, "resources");
	char *out = NULL;

	json_each(v, json_get(own, "requests"))
		if (resource_is_pod_level(json_name(v)))
			return NULL;
	json_each(v, json_get(own, "limits"))
		if (resource_is_pod_level(json_name(v)))
			return NULL;
	for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
		char *by = json_get(hard, required[i]) ? unspecified_by(a, spec, required[i]) : NULL;

		if (by)
			out = arena_printf(a, "%s%s%s for: %s", out ? out : "", out ? "; " : "",
					   required[i], by);
	}
	return out;
}
