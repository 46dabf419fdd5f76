/*
 * podspec_check: validation of volumes and of everything in a pod spec but its containers.
 * k8s: pkg/apis/core/validation/validation.go (ValidatePodSpec and what it calls).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/quantity.h"
#include "obj/selector.h"

#include <string.h>

/* ---- volumes ---- */

static void check_mode(struct hook *h, const struct at *at, const struct json *mode)
{
	int64_t n;

	if (json_int(mode, &n) && (n < 0 || n > 0777))
		err_invalid_int(h, at, n,
				"must be a number between 0 and 0777 (octal), both inclusive");
}

static void check_items(struct hook *h, const struct at *at, const struct json *items)
{
	size_t i = 0;

	json_each(item, items) {
		const struct at *item_at = AT_ITEM(at, i++);
		const char *path = json_path_str(item, "path");

		if (!json_path_str(item, "key")[0])
			err_required(h, AT(item_at, "key"), NULL);
		if (!path[0])
			err_required(h, AT(item_at, "path"), NULL);
		else if (path[0] == '/')
			err_invalid(h, AT(item_at, "path"), path, "must be a relative path");
		check_no_dotdot(h, AT(item_at, "path"), path);
		check_mode(h, AT(item_at, "mode"), json_get(item, "mode"));
	}
}

/* Sources whose one required member is a text. */
static const struct {
	const char *type, *member;
} required_members[] = {
	{ "hostPath", "path" },      { "secret", "secretName" },
	{ "configMap", "name" },     { "persistentVolumeClaim", "claimName" },
	{ "gitRepo", "repository" }, { "nfs", "server" },
	{ "nfs", "path" },           { "csi", "driver" },
	{ "image", "reference" },
};

static void check_source(struct hook *h, const struct at *at, const char *type,
			 const struct json *source)
{
	struct quantity q;

	for (size_t i = 0; i < sizeof required_members / sizeof *required_members; i++)
		if (!strcmp(type, required_members[i].type) &&
		    !json_path_str(source, required_members[i].member)[0])
			err_required(h, AT(at, required_members[i].member), NULL);
	if (!strcmp(type, "hostPath"))
		check_no_dotdot(h, AT(at, "path"), json_path_str(source, "path"));
	check_mode(h, AT(at, "defaultMode"), json_get(source, "defaultMode"));
	if (!strcmp(type, "secret") || !strcmp(type, "configMap"))
		check_items(h, AT(at, "items"), json_get(source, "items"));
	if (!strcmp(type, "ephemeral") && !json_get(source, "volumeClaimTemplate"))
		err_required(h, AT(at, "volumeClaimTemplate"), NULL);
	if (!strcmp(type, "emptyDir") && quantity_parse(json_path_str(source, "sizeLimit"), &q) &&
	    q.nano < 0)
		err_forbidden(h, AT(at, "sizeLimit"),
			      "SizeLimit field must be a valid resource quantity");
}

static void check_volume(struct hook *h, const struct at *at, const struct json *v)
{
	const char *name = json_path_str(v, "name");
	size_t n = 0;

	json_each(source, v) {
		const char *type = json_name(source);

		if (!strcmp(type, "name"))
			continue;
		if (n++)
			err_forbidden(h, AT(at, type), "may not specify more than 1 volume type");
		else
			check_source(h, AT(at, type), type, source);
	}
	if (!n)
		err_required(h, at, "must specify a volume type");
	if (!name[0])
		err_required(h, AT(at, "name"), NULL);
	else
		check_text(h, AT(at, "name"), TEXT_DNS_LABEL, name);
}

void check_volumes(struct hook *h, const struct at *at, const struct json *volumes)
{
	size_t i = 0;

	json_each(v, volumes) {
		const struct at *item = AT_ITEM(at, i++);

		check_volume(h, item, v);
		for (const struct json *p = json_first(volumes); p != v; p = json_next(p)) {
			if (!strcmp(json_path_str(p, "name"), json_path_str(v, "name"))) {
				err_duplicate(h, AT(item, "name"), json_path_str(v, "name"));
				break;
			}
		}
	}
}

/* ---- scheduling ---- */

bool check_taint_effect(struct hook *h, const struct at *at, const char *effect, bool needed)
{
	return check_enum(h, at, effect, LIST("NoSchedule", "PreferNoSchedule", "NoExecute"), needed);
}

static void check_toleration(struct hook *h, const struct at *at, const struct json *t)
{
	const char *key = json_path_str(t, "key"), *op = json_path_str(t, "operator");
	const char *value = json_path_str(t, "value"), *effect = json_path_str(t, "effect");

	if (key[0])
		check_text(h, AT(at, "key"), TEXT_LABEL_KEY, key);
	else if (strcmp(op, "Exists") != 0)
		err_invalid(h, AT(at, "operator"), op,
			    "operator must be Exists when `key` is empty, which means \"match all "
			    "values and all keys\"");
	if (json_get(t, "tolerationSeconds") && strcmp(effect, "NoExecute") != 0)
		err_invalid(h, AT(at, "effect"), effect,
			    "effect must be 'NoExecute' when `tolerationSeconds` is set");
	if (!strcmp(op, "Exists")) {
		if (value[0])
			err_invalid(h, AT(at, "operator"), value,
				    "value must be empty when `operator` is 'Exists'");
	} else if (!op[0] || !strcmp(op, "Equal")) {
		check_text(h, AT(at, "operator"), TEXT_LABEL_VALUE, value);
	} else {
		err_unsupported(h, AT(at, "operator"), op, LIST("Equal", "Exists"));
	}
	if (effect[0])
		check_taint_effect(h, AT(at, "effect"), effect, true);
}

void check_tolerations(struct hook *h, const struct at *at, const struct json *tolerations)
{
	size_t i = 0;

	json_each(t, tolerations)
		check_toleration(h, AT_ITEM(at, i++), t);
}

static void check_spread(struct hook *h, const struct at *at, const struct json *list)
{
	size_t i = 0;

	json_each(c, list) {
		const struct at *item = AT_ITEM(at, i++);
		int64_t skew = json_path_int(c, "maxSkew", 0);

		if (skew <= 0)
			err_invalid_int(h, AT(item, "maxSkew"), skew, "must be greater than zero");
		if (!json_path_str(c, "topologyKey")[0])
			err_required(h, AT(item, "topologyKey"), "can not be empty");
		if (!one_of(json_path_str(c, "whenUnsatisfiable"),
			    LIST("DoNotSchedule", "ScheduleAnyway")))
			err_unsupported(h, AT(item, "whenUnsatisfiable"),
					json_path_str(c, "whenUnsatisfiable"),
					LIST("DoNotSchedule", "ScheduleAnyway"));
		check_label_selector(h, AT(item, "labelSelector"), json_get(c, "labelSelector"));
	}
}

static void check_affinity_term(struct hook *h, const struct at *at, const struct json *term)
{
	check_label_selector(h, AT(at, "labelSelector"), json_get(term, "labelSelector"));
	check_label_selector(h, AT(at, "namespaceSelector"), json_get(term, "namespaceSelector"));
	if (!json_path_str(term, "topologyKey")[0])
		err_required(h, AT(at, "topologyKey"), "can not be empty");
	else
		check_text(h, AT(at, "topologyKey"), TEXT_LABEL_KEY,
			   json_path_str(term, "topologyKey"));
}

static void check_pod_affinity(struct hook *h, const struct at *at, const struct json *affinity)
{
	const char *required = "requiredDuringSchedulingIgnoredDuringExecution";
	const char *preferred = "preferredDuringSchedulingIgnoredDuringExecution";
	size_t i = 0;

	json_each(term, json_get(affinity, required))
		check_affinity_term(h, AT_ITEM(AT(at, required), i++), term);
	i = 0;
	json_each(w, json_get(affinity, preferred)) {
		const struct at *item = AT_ITEM(AT(at, preferred), i++);
		int64_t weight = json_path_int(w, "weight", 0);

		if (weight <= 0 || weight > 100)
			err_invalid_int(h, AT(item, "weight"), weight, "must be in the range 1-100");
		check_affinity_term(h, AT(item, "podAffinityTerm"), json_get(w, "podAffinityTerm"));
	}
}

static void check_node_affinity(struct hook *h, const struct at *at, const struct json *affinity)
{
	const char *required = "requiredDuringSchedulingIgnoredDuringExecution";
	const struct json *selector = json_get(affinity, required);

	if (selector && !json_count(json_get(selector, "nodeSelectorTerms")))
		err_required(h, AT(AT(at, required), "nodeSelectorTerms"),
			     "must have at least one node selector term");
}

/* ---- the spec ---- */

static void check_name(struct hook *h, const struct at *at, const struct json *spec,
		       const char *member, enum text_format f)
{
	const char *s = json_path_str(spec, member);

	if (s[0])
		check_text(h, AT(at, member), f, s);
}

static void check_names(struct hook *h, const struct at *at, const struct json *spec)
{
	int64_t deadline = json_path_int(spec, "activeDeadlineSeconds", 1);

	check_name(h, at, spec, "serviceAccountName", TEXT_DNS_SUBDOMAIN);
	check_name(h, at, spec, "nodeName", TEXT_DNS_SUBDOMAIN);
	if (deadline < 1 || deadline > INT32_MAX)
		err_invalid_int(h, AT(at, "activeDeadlineSeconds"), deadline,
				"must be between 1 and 2147483647, inclusive");
	check_name(h, at, spec, "hostname", TEXT_DNS_LABEL);
	check_name(h, at, spec, "subdomain", TEXT_DNS_LABEL);
	check_tolerations(h, AT(at, "tolerations"), json_get(spec, "tolerations"));
	check_name(h, at, spec, "priorityClassName", TEXT_DNS_SUBDOMAIN);
	check_name(h, at, spec, "runtimeClassName", TEXT_DNS_SUBDOMAIN);
	if (json_path_str(spec, "preemptionPolicy")[0])
		check_enum(h, AT(at, "preemptionPolicy"), json_path_str(spec, "preemptionPolicy"),
			   LIST("PreemptLowerPriority", "Never"), false);
}

static void check_host_network(struct hook *h, const struct at *at, const struct json *spec,
			       bool is_pod)
{
	size_t ci = 0;

	if (!json_path_bool(spec, "hostNetwork", false))
		return;
	json_each(c, json_get(spec, "containers")) {
		const struct at *ports = AT(AT_ITEM(AT(at, "containers"), ci++), "ports");
		size_t pi = 0;

		json_each(p, json_get(c, "ports")) {
			const struct at *port = AT_ITEM(ports, pi++);
			int64_t host = json_path_int(p, "hostPort", 0);

			if ((is_pod || host) && host != json_path_int(p, "containerPort", 0))
				err_invalid_int(h, AT(port, "hostPort"), host,
						"must match `containerPort` when `hostNetwork` is "
						"true");
		}
	}
}

static void check_dns(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *policy = json_path_str(spec, "dnsPolicy");

	check_enum(h, AT(at, "dnsPolicy"), policy,
		   LIST("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"), true);
	if (!strcmp(policy, "None") && !json_count(json_path(spec, "dnsConfig.nameservers")))
		err_required(
			h,
			json_get(spec, "dnsConfig") ? AT(AT(at, "dnsConfig"), "nameservers") :
						      AT(at, "dnsConfig"),
			json_get(spec, "dnsConfig") ?
				"must provide at least one DNS nameserver when `dnsPolicy` is None" :
				"must provide `dnsConfig` when `dnsPolicy` is None");
}

void check_pod_spec(struct hook *h, const struct at *at, const struct json *spec, bool is_pod)
{
	const struct json *affinity = json_get(spec, "affinity");
	const struct at *affinity_at = AT(at, "affinity");
	size_t i = 0;

	check_volumes(h, AT(at, "volumes"), json_get(spec, "volumes"));
	check_containers(h, at, spec);
	check_resources(h, AT(at, "resources"), json_get(spec, "resources"));
	check_host_network(h, at, spec, is_pod);
	check_enum(h, AT(at, "restartPolicy"), json_path_str(spec, "restartPolicy"),
		   LIST("Always", "OnFailure", "Never"), true);
	check_dns(h, at, spec);
	check_labels(h, AT(at, "nodeSelector"), json_get(spec, "nodeSelector"));
	json_each(secret, json_get(spec, "imagePullSecrets")) {
		if (!json_path_str(secret, "name")[0])
			err_required(h, AT(AT_ITEM(AT(at, "imagePullSecrets"), i), "name"), NULL);
		i++;
	}
	check_node_affinity(h, AT(affinity_at, "nodeAffinity"), json_get(affinity, "nodeAffinity"));
	check_pod_affinity(h, AT(affinity_at, "podAffinity"), json_get(affinity, "podAffinity"));
	check_pod_affinity(h, AT(affinity_at, "podAntiAffinity"),
			   json_get(affinity, "podAntiAffinity"));
	check_spread(h, AT(at, "topologySpreadConstraints"),
		     json_get(spec, "topologySpreadConstraints"));
	check_names(h, at, spec);
}

void check_pod_template(struct hook *h, const struct at *at, const struct json *template)
{
	const struct json *meta = json_get(template, "metadata");
	const struct json *spec = json_get(template, "spec");

	check_labels(h, AT(at, "labels"), json_get(meta, "labels"));
	check_annotations(h, AT(at, "annotations"), json_get(meta, "annotations"));
	check_pod_spec(h, AT(at, "spec"), spec, false);
	if (json_count(json_get(spec, "ephemeralContainers")))
		err_forbidden(h, AT(AT(at, "spec"), "ephemeralContainers"),
			      "ephemeral containers not allowed in pod template");
}

void check_selected_template(struct hook *h, const struct at *spec_at, const struct json *spec,
			     const char *what, const char *kind)
{
	const struct json *selector = json_get(spec, "selector");
	const struct json *template = json_get(spec, "template");
	const struct json *labels = json_path(template, "metadata.labels");
	const struct at *at = AT(spec_at, "template");
	const struct at *template_spec = AT(at, "spec");
	const char *policy = json_path_str(template, "spec.restartPolicy");
	struct selector *s;

	if (!selector) {
		err_required(h, AT(spec_at, "selector"), NULL);
	} else {
		check_label_selector(h, AT(spec_at, "selector"), selector);
		if (!json_count(json_get(selector, "matchLabels")) &&
		    !json_count(json_get(selector, "matchExpressions")))
			err_invalid_json(h, AT(spec_at, "selector"), selector,
					 "empty selector is invalid for %s", what);
	}
	s = selector ? selector_from_label_selector(h->a, selector, NULL) : NULL;
	if (selector && !s)
		err_invalid_json(h, AT(spec_at, "selector"), selector, "invalid label selector");
	/* no selector at all matches nothing */
	if (!selector || (s && !selector_matches(s, labels)))
		err_invalid_json(h, AT(AT(at, "metadata"), "labels"), labels,
				 "`selector` does not match template `labels`");
	check_pod_template(h, at, template);
	if (strcmp(policy, "Always") != 0)
		err_unsupported(h, AT(template_spec, "restartPolicy"), policy, LIST("Always"));
	if (json_path(template, "spec.activeDeadlineSeconds"))
		err_forbidden(h, AT(template_spec, "activeDeadlineSeconds"),
			      "activeDeadlineSeconds in %s is not Supported", kind);
}
