/*
 * pod_warn: what a pod spec may say but should not: labels and annotations of old, names given twice,
 * ports that hide each other.  Templates get the same warnings under their own path.
 * k8s: pkg/api/pod/warnings.go, pkg/api/node/util.go; the order of warnings is upstream's.
 */
#include "kind/warn.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "kind/podspec_check.h"
#include "obj/json.h"
#include "obj/quantity.h"

#include <string.h>

#define SECCOMP_POD "seccomp.security.alpha.kubernetes.io/pod"
#define SECCOMP_CONTAINER "container.seccomp.security.alpha.kubernetes.io/"
#define APPARMOR_CONTAINER "container.apparmor.security.beta.kubernetes.io/"
#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

static const char *const container_lists[] = { "initContainers", "containers", "ephemeralContainers" };
enum { CONTAINER_LISTS = sizeof container_lists / sizeof *container_lists };

/* ---- nodes ---- */

const char *node_label_advice(const char *label)
{
	static const struct {
		const char *label, *advice;
	} old[] = {
		{ "beta.kubernetes.io/arch",
		  "deprecated since v1.14; use \"kubernetes.io/arch\" instead" },
		{ "beta.kubernetes.io/os",
		  "deprecated since v1.14; use \"kubernetes.io/os\" instead" },
		{ "failure-domain.beta.kubernetes.io/region",
		  "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead" },
		{ "failure-domain.beta.kubernetes.io/zone",
		  "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead" },
		{ "beta.kubernetes.io/instance-type",
		  "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead" },
		{ "app.kubernetes.io/created-by", "deprecated since v1.9" },
		{ "scheduler.alpha.kubernetes.io/preferAvoidPods",
		  "deprecated since v1.22; use Taints and Tolerations instead" },
		{ "node-role.kubernetes.io/master",
		  "use \"node-role.kubernetes.io/control-plane\" instead" },
	};

	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		if (!strcmp(label, old[i].label))
			return old[i].advice;
	return NULL;
}

static void warn_value(struct hook *h, const struct at *at, const char *value)
{
	const char *faults[TEXT_FAULTS_MAX];
	size_t n = text_faults(TEXT_LABEL_VALUE, value, faults);

	for (size_t i = 0; i < n; i++)
		hook_warn(h, "%s: %s is invalid, %s", at_text(h, at), value, faults[i]);
}

void warn_node_term(struct hook *h, const struct at *at, const struct json *term, bool values)
{
	size_t i = 0;

	json_each(e, json_get(term, "matchExpressions")) {
		const struct at *item = AT_ITEM(AT(at, "matchExpressions"), i++);
		const char *key = json_path_str(e, "key"), *advice = node_label_advice(key);
		size_t k = 0;

		if (advice)
			hook_warn(h, "%s: %s is %s", at_text(h, AT(item, "key")), key, advice);
		if (!values)
			continue;
		json_each(v, json_get(e, "values"))
			warn_value(h, AT_ITEM(AT(item, "values"), k++), json_str(v));
	}
}

static void warn_nodes(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *affinity = json_path(spec, "affinity.nodeAffinity");
	const struct at *affinity_at = AT(AT(at, "affinity"), "nodeAffinity");
	size_t i = 0;

	json_each(l, json_get(spec, "nodeSelector")) {
		const char *advice = node_label_advice(json_name(l));

		if (advice)
			hook_warn(h, "%s: %s",
				  at_text(h, AT_KEY(AT(at, "nodeSelector"), json_name(l))), advice);
	}
	json_each(term, json_get(json_get(affinity, REQUIRED), "nodeSelectorTerms"))
		warn_node_term(h, AT_ITEM(AT(AT(affinity_at, REQUIRED), "nodeSelectorTerms"), i++),
			       term, false);
	i = 0;
	json_each(term, json_get(affinity, PREFERRED))
		warn_node_term(h, AT(AT_ITEM(AT(affinity_at, PREFERRED), i++), "preference"),
			       json_get(term, "preference"), true);
}

static void warn_no_match(struct hook *h, const struct at *at)
{
	hook_warn(h, "%s: a null labelSelector results in matching no pod",
		  at_text(h, AT(at, "labelSelector")));
}

static void warn_spread(struct hook *h, const struct at *at, const struct json *constraints)
{
	size_t i = 0;

	json_each(c, constraints) {
		const struct at *item = AT_ITEM(at, i++);
		const char *key = json_path_str(c, "topologyKey"), *advice = node_label_advice(key);

		if (advice)
			hook_warn(h, "%s: %s is %s", at_text(h, AT(item, "topologyKey")), key,
				  advice);
		if (!json_get(c, "labelSelector"))
			warn_no_match(h, item);
	}
}

/* ---- annotations ---- */

static void warn_annotation(struct hook *h, const struct at *meta, const struct json *annotations,
			    const char *key, const char *advice)
{
	if (json_get(annotations, key))
		hook_warn(h, "%s: %s", at_text(h, AT_KEY(AT(meta, "annotations"), key)), advice);
}

static void warn_annotations(struct hook *h, const struct at *meta, const struct json *annotations)
{
	warn_annotation(h, meta, annotations, "scheduler.alpha.kubernetes.io/critical-pod",
			"non-functional in v1.16+; use the \"priorityClassName\" field instead");
	warn_annotation(h, meta, annotations, "security.alpha.kubernetes.io/sysctls",
			"non-functional in v1.11+; use the \"sysctls\" field instead");
	warn_annotation(h, meta, annotations, "security.alpha.kubernetes.io/unsafe-sysctls",
			"non-functional in v1.11+; use the \"sysctls\" field instead");
}

/* ---- lists of names ---- */

static void warn_twice(struct hook *h, const struct at *at, const struct json *list,
		       const char *member)
{
	size_t i = 0;

	json_each(x, list) {
		const struct at *item = AT_ITEM(at, i++);
		const char *s = json_path_str(x, member);

		for (const struct json *p = json_first(list); p != x; p = json_next(p)) {
			if (!strcmp(json_path_str(p, member), s)) {
				hook_warn(h, "%s: duplicate %s \"%s\"",
					  at_text(h, AT(item, member)), member, s);
				break;
			}
		}
	}
}

static void warn_pull_secrets(struct hook *h, const struct at *at, const struct json *list)
{
	size_t i = 0;

	warn_twice(h, at, list, "name");
	json_each(s, list) {
		if (!json_path_str(s, "name")[0])
			hook_warn(h, "%s: invalid empty name \"\"",
				  at_text(h, AT(AT_ITEM(at, i), "name")));
		i++;
	}
}

void warn_fraction(struct hook *h, const struct at *at, const struct json *amounts, const char *name)
{
	const struct json *v = json_get(amounts, name);
	struct quantity q;

	if (v && quantity_parse(json_str(v), &q) && quantity_milli(&q) % 1000 != 0)
		hook_warn(h, "%s: fractional byte value \"%s\" is invalid, must be an integer",
			  at_text(h, AT_KEY(at, name)), quantity_text(h->a, &q));
}

/* ---- containers ---- */

static void warn_env(struct hook *h, const struct at *at, const struct json *env)
{
	size_t i = 0;

	json_each(e, env) {
		const struct at *item = AT_ITEM(at, i++);
		const char *name = json_path_str(e, "name"), *value = json_path_str(e, "value");
		const char *ref = arena_printf(h->a, "$(%s)", name);
		bool replaces = json_get(e, "valueFrom") || !strcmp(value, ref) ||
				!strstr(value, ref);

		for (const struct json *p = json_first(env); replaces && p != e; p = json_next(p)) {
			if (strcmp(json_path_str(p, "name"), name) != 0)
				continue;
			hook_warn(h,
				  "%s: hides previous definition of \"%s\", which may be dropped when "
				  "using apply",
				  at_text(h, item), name);
			break;
		}
	}
}

/* Does the pod's profile say what the annotation says? */
static bool same_profile(const struct json *profile, const char *annotation)
{
	const char *type = json_path_str(profile, "type");

	if (!strcmp(annotation, "runtime/default"))
		return !strcmp(type, "RuntimeDefault");
	if (!strcmp(annotation, "unconfined"))
		return !strcmp(type, "Unconfined");
	return !strncmp(annotation, "localhost/", 10) && !strcmp(type, "Localhost") &&
	       !strcmp(json_path_str(profile, "localhostProfile"), annotation + 10);
}

static void warn_container(struct hook *h, const struct at *root, const struct at *at,
			   const struct json *pod, const struct json *c)
{
	const char *const *sizes = LIST("memory", "ephemeral-storage");
	const struct at *meta = AT(root, "metadata"), *resources = AT(at, "resources");
	const struct json *annotations = json_path(pod, "metadata.annotations");
	const struct json *profile = json_path(pod, "spec.securityContext.appArmorProfile");
	const char *name = json_path_str(c, "name");
	const char *key = arena_printf(h->a, APPARMOR_CONTAINER "%s", name);

	if (!json_path(c, "securityContext.seccompProfile"))
		warn_annotation(h, meta, annotations,
				arena_printf(h->a, SECCOMP_CONTAINER "%s", name),
				"non-functional in v1.27+; use the \"seccompProfile\" field instead");
	if (root && !json_path(c, "securityContext.appArmorProfile") &&
	    !(profile && same_profile(profile, json_str(json_get(annotations, key)))))
		warn_annotation(h, meta, annotations, key,
				"deprecated since v1.30; use the \"appArmorProfile\" field instead");
	for (size_t i = 0; sizes[i]; i++) {
		warn_fraction(h, AT(resources, "limits"), json_path(c, "resources.limits"), sizes[i]);
		warn_fraction(h, AT(resources, "requests"), json_path(c, "resources.requests"),
			      sizes[i]);
	}
	warn_env(h, AT(at, "env"), json_get(c, "env"));
}

/* ---- ports of all containers together ---- */

/* Where a port stands; visiting order is that of the lists. */
struct port {
	const struct json *spec, *container, *port;
	size_t list, index, at;
};

static bool next_port(struct port *p)
{
	for (;;) {
		p->port = p->port ? json_next(p->port) : NULL;
		p->at++;
		while (!p->port) {
			while (p->container && (p->container = json_next(p->container)))
				if (++p->index, json_first(json_get(p->container, "ports")))
					break;
			while (!p->container) {
				if (++p->list >= CONTAINER_LISTS)
					return false;
				p->container =
					json_first(json_get(p->spec, container_lists[p->list]));
				p->index = 0;
			}
			p->port = json_first(json_get(p->container, "ports"));
			p->at = 0;
		}
		return true;
	}
}

/* list starts one before the first. */
static struct port first_port(const struct json *spec)
{
	return (struct port){ .spec = spec, .list = (size_t)-1 };
}

static char *port_text(struct hook *h, const struct at *spec_at, const struct port *p)
{
	const struct at *list = AT(spec_at, container_lists[p->list]);

	return at_text(h, AT_ITEM(AT(AT_ITEM(list, p->index), "ports"), p->at));
}

static const char *port_conflict(const struct json *x, const struct json *y)
{
	int64_t hx = json_path_int(x, "hostPort", 0), hy = json_path_int(y, "hostPort", 0);
	const char *ix = json_path_str(x, "hostIP"), *iy = json_path_str(y, "hostIP");

	if (json_path_int(x, "containerPort", 0) != json_path_int(y, "containerPort", 0) ||
	    strcmp(json_path_str(x, "protocol"), json_path_str(y, "protocol")) != 0)
		return NULL;
	if (hx == hy && !strcmp(ix, iy))
		return "duplicate";
	if (!hx || !hy)
		return "overlapping";
	return hx == hy && !ix[0] != !iy[0] ? "dangerously ambiguous" : NULL;
}

static void warn_ports(struct hook *h, const struct at *at, const struct json *spec)
{
	for (struct port p = first_port(spec); next_port(&p);) {
		const char *ip = json_path_str(p.port, "hostIP");

		if (ip[0] && !json_path_int(p.port, "hostPort", 0))
			hook_warn(h,
				  "%s: hostIP set without hostPort: {Name:%s HostPort:0 "
				  "ContainerPort:%lld Protocol:%s HostIP:%s}",
				  port_text(h, at, &p), json_path_str(p.port, "name"),
				  (long long)json_path_int(p.port, "containerPort", 0),
				  json_path_str(p.port, "protocol"), ip);
		for (struct port q = first_port(spec); next_port(&q) && q.port != p.port;) {
			const char *how = port_conflict(p.port, q.port);

			if (how)
				hook_warn(h, "%s: %s port definition with %s", port_text(h, at, &p),
					  how, port_text(h, at, &q));
		}
	}
}

static void warn_port_names(struct hook *h, const struct at *at, const struct json *spec)
{
	for (struct port p = first_port(spec); next_port(&p);) {
		const char *name = json_path_str(p.port, "name");

		for (struct port q = first_port(spec); name[0] && next_port(&q) && q.port != p.port;) {
			const char *other;

			if (strcmp(json_path_str(q.port, "name"), name) != 0)
				continue;
			other = port_text(h, at, &q);
			hook_warn(h,
				  "%s: duplicate port name \"%s\" with %s, services and probes that "
				  "select ports by name will use %s",
				  port_text(h, at, &p), name, other, other);
			break;
		}
	}
}

/* ---- the spec ---- */

static void warn_affinity(struct hook *h, const struct at *at, const struct json *affinity)
{
	size_t i = 0;

	json_each(t, json_get(affinity, REQUIRED)) {
		if (!json_get(t, "labelSelector"))
			warn_no_match(h, AT_ITEM(AT(at, REQUIRED), i));
		i++;
	}
	i = 0;
	json_each(t, json_get(affinity, PREFERRED)) {
		if (!json_path(t, "podAffinityTerm.labelSelector"))
			warn_no_match(h, AT(AT_ITEM(AT(at, PREFERRED), i), "podAffinityTerm"));
		i++;
	}
}

static void warn_addresses(struct hook *h, const struct at *at, const struct json *spec)
{
	size_t i = 0;

	json_each(ns, json_path(spec, "dnsConfig.nameservers"))
		warn_ip(h, AT_ITEM(AT(AT(at, "dnsConfig"), "nameservers"), i++), json_str(ns));
	i = 0;
	json_each(alias, json_get(spec, "hostAliases"))
		warn_ip(h, AT(AT_ITEM(AT(at, "hostAliases"), i++), "ip"), json_path_str(alias, "ip"));
}

static void warn_containers(struct hook *h, const struct at *root, const struct json *pod)
{
	const struct json *spec = json_get(pod, "spec");

	for (size_t i = 0; i < CONTAINER_LISTS; i++) {
		size_t n = 0;

		json_each(c, json_get(spec, container_lists[i]))
			warn_container(h, root,
				       AT_ITEM(AT(AT(root, "spec"), container_lists[i]), n++), pod,
				       c);
	}
}

void warn_pod(struct hook *h, const struct at *root, const struct json *pod)
{
	const struct json *spec = json_get(pod, "spec"), *overhead = json_get(spec, "overhead");
	const struct json *annotations = json_path(pod, "metadata.annotations");
	const struct at *at = AT(root, "spec"), *meta = AT(root, "metadata");
	const struct at *affinity = AT(at, "affinity");

	warn_nodes(h, at, spec);
	warn_spread(h, AT(at, "topologySpreadConstraints"),
		    json_get(spec, "topologySpreadConstraints"));
	warn_annotations(h, meta, annotations);
	warn_volumes(h, AT(at, "volumes"), json_get(spec, "volumes"));
	warn_overlaps(h, json_get(spec, "volumes"));
	warn_twice(h, AT(at, "hostAliases"), json_get(spec, "hostAliases"), "ip");
	warn_pull_secrets(h, AT(at, "imagePullSecrets"), json_get(spec, "imagePullSecrets"));
	warn_fraction(h, AT(at, "overhead"), overhead, "memory");
	warn_fraction(h, AT(at, "overhead"), overhead, "ephemeral-storage");
	if (!json_path(spec, "securityContext.seccompProfile"))
		warn_annotation(h, meta, annotations, SECCOMP_POD,
				"non-functional in v1.27+; use the \"seccompProfile\" field instead");
	warn_containers(h, root, pod);
	warn_ports(h, at, spec);
	warn_port_names(h, at, spec);
	if (json_path_int(spec, "terminationGracePeriodSeconds", 0) < 0)
		hook_warn(h, "%s: must be >= 0; negative values are invalid and will be treated as 1",
			  at_text(h, AT(at, "terminationGracePeriodSeconds")));
	warn_affinity(h, AT(affinity, "podAffinity"), json_path(spec, "affinity.podAffinity"));
	warn_affinity(h, AT(affinity, "podAntiAffinity"),
		      json_path(spec, "affinity.podAntiAffinity"));
	warn_addresses(h, at, spec);
}
