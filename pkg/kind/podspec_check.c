/*
 * podspec_check: validation of pod specs as a whole, and of templates.
 * k8s: pkg/apis/core/validation/validation.go (ValidatePodSpec and what it calls).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/selector.h"

#include <string.h>

enum {
	DNS_SERVERS_MAX = 3,
	DNS_SEARCHES_MAX = 32,
	DNS_SEARCH_CHARS_MAX = 2048,
	HOSTNAME_MAX = 64,
};

/* ---- the spec ---- */

static void check_name(struct hook *h, const struct at *at, const struct json *spec,
		       const char *member, enum text_format f)
{
	const char *s = json_path_str(spec, member);

	if (s[0])
		check_text(h, AT(at, member), f, s);
}

static void check_host_aliases(struct hook *h, const struct at *at, const struct json *aliases)
{
	size_t i = 0;

	json_each(alias, aliases) {
		const struct at *item = AT_ITEM(at, i++);
		size_t k = 0;

		check_ip(h, AT(item, "ip"), json_path_str(alias, "ip"));
		json_each(name, json_get(alias, "hostnames"))
			check_text(h, AT_ITEM(AT(item, "hostnames"), k++), TEXT_DNS_SUBDOMAIN,
				   json_str(name));
	}
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
	check_host_aliases(h, AT(at, "hostAliases"), json_get(spec, "hostAliases"));
	check_name(h, at, spec, "priorityClassName", TEXT_DNS_SUBDOMAIN);
	if (json_get(spec, "runtimeClassName"))
		check_text(h, AT(at, "runtimeClassName"), TEXT_DNS_SUBDOMAIN,
			   json_path_str(spec, "runtimeClassName"));
	if (json_get(spec, "preemptionPolicy"))
		check_enum(h, AT(at, "preemptionPolicy"), json_path_str(spec, "preemptionPolicy"),
			   LIST("PreemptLowerPriority", "Never"), true);
	if (json_get(spec, "overhead"))
		check_resources(h, AT(at, "overhead"),
				json_build(h->a, "{limits:%j}",
					   json_copy(h->a, json_get(spec, "overhead"))),
				NULL, false);
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

/* A subdomain whose labels may have underscores. */
static void check_search(struct hook *h, const struct at *at, const char *search)
{
	char *plain = arena_strdup(h->a, search), *masked;
	size_t n = strlen(plain);

	if (!strcmp(search, "."))
		return;
	if (n && plain[n - 1] == '.')
		plain[n - 1] = '\0';
	masked = arena_strdup(h->a, plain);
	for (char *p = masked; *p; p++)
		if (*p == '_')
			*p = 'a';
	if (!text_ok(TEXT_DNS_SUBDOMAIN, masked))
		err_invalid(h, at, plain,
			    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
			    "characters, '-', '_' or '.', and must start and end with an alphanumeric "
			    "character (e.g. 'example.com', regex used for validation is "
			    "'[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')");
}

static void check_searches(struct hook *h, const struct at *at, const struct json *searches)
{
	size_t total = 0, i = 0;

	json_each(s, searches)
		total += strlen(json_str(s)) + (total > 0);
	if (json_count(searches) > DNS_SEARCHES_MAX)
		err_invalid_json(h, at, searches, "must not have more than %d search paths",
				 DNS_SEARCHES_MAX);
	if (total > DNS_SEARCH_CHARS_MAX)
		err_invalid_json(h, at, searches,
				 "must not have more than %d characters (including spaces) in the "
				 "search list",
				 DNS_SEARCH_CHARS_MAX);
	json_each(s, searches)
		check_search(h, AT_ITEM(at, i++), json_str(s));
}

static void check_dns_config(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *config = json_get(spec, "dnsConfig");
	const struct json *servers = json_get(config, "nameservers");
	bool none = !strcmp(json_path_str(spec, "dnsPolicy"), "None");
	size_t i = 0;

	if (none && !config) {
		err_required(h, at, "must provide `dnsConfig` when `dnsPolicy` is None");
		return;
	}
	if (none && !json_count(servers)) {
		err_required(h, AT(at, "nameservers"),
			     "must provide at least one DNS nameserver when `dnsPolicy` is None");
		return;
	}
	if (json_count(servers) > DNS_SERVERS_MAX)
		err_invalid_json(h, AT(at, "nameservers"), servers,
				 "must not have more than %d nameservers", DNS_SERVERS_MAX);
	json_each(ns, servers)
		check_ip(h, AT_ITEM(AT(at, "nameservers"), i++), json_str(ns));
	check_searches(h, AT(at, "searches"), json_get(config, "searches"));
	i = 0;
	json_each(o, json_get(config, "options")) {
		if (!json_path_str(o, "name")[0])
			err_required(h, AT_ITEM(AT(at, "options"), i), "must not be empty");
		i++;
	}
}

/* ---- claims and gates ---- */

static void check_resource_claim(struct hook *h, const struct at *at, const struct json *list,
				 const struct json *claim)
{
	const struct json *direct = json_get(claim, "resourceClaimName");
	const struct json *template = json_get(claim, "resourceClaimTemplateName");
	const char *name = json_path_str(claim, "name");
	bool taken = false;

	for (const struct json *p = json_first(list); p != claim; p = json_next(p))
		taken |= !strcmp(json_path_str(p, "name"), name);
	if (!name[0])
		err_required(h, AT(at, "name"), NULL);
	else if (taken)
		err_duplicate(h, AT(at, "name"), name);
	else
		check_text(h, AT(at, "name"), TEXT_DNS_LABEL, name);
	if (direct && template)
		err_invalid_json(h, at, claim,
				 "at most one of `resourceClaimName` or `resourceClaimTemplateName` may "
				 "be specified");
	if (!direct && !template)
		err_invalid_json(h, at, claim,
				 "must specify one of: `resourceClaimName`, "
				 "`resourceClaimTemplateName`");
	if (direct)
		check_text(h, AT(at, "resourceClaimName"), TEXT_DNS_SUBDOMAIN, json_str(direct));
	if (template)
		check_text(h, AT(at, "resourceClaimTemplateName"), TEXT_DNS_SUBDOMAIN,
			   json_str(template));
}

static void check_gates(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *gates = json_get(spec, "schedulingGates");
	const struct at *ready_at = AT(at, "readinessGates"), *gates_at = AT(at, "schedulingGates");
	size_t i = 0;

	json_each(g, json_get(spec, "readinessGates"))
		check_text(h, AT(AT_ITEM(ready_at, i++), "conditionType"), TEXT_LABEL_KEY,
			   json_path_str(g, "conditionType"));
	i = 0;
	json_each(g, gates) {
		const struct at *item = AT_ITEM(gates_at, i++);
		const char *name = json_path_str(g, "name");

		check_text(h, item, TEXT_LABEL_KEY, name);
		for (const struct json *p = json_first(gates); p != g; p = json_next(p)) {
			if (!strcmp(json_path_str(p, "name"), name)) {
				err_duplicate(h, item, name);
				break;
			}
		}
	}
}

static void check_hostname_override(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *name = json_get(spec, "hostnameOverride");

	if (!name)
		return;
	at = AT(at, "hostnameOverride");
	if (json_path_bool(spec, "setHostnameAsFQDN", false))
		err_forbidden(h, at, "may not be specified when setHostnameAsFQDN is true");
	if (json_path_bool(spec, "hostNetwork", false))
		err_forbidden(h, at, "may not be specified when hostNetwork is true");
	if (strlen(json_str(name)) > HOSTNAME_MAX)
		err_too_long(h, at, HOSTNAME_MAX);
	check_text(h, at, TEXT_DNS_SUBDOMAIN, json_str(name));
}

/* Variables that come from a file need the volume it is in. */
static void check_env_files(struct hook *h, const struct at *at, const struct json *spec,
			    const struct json *c)
{
	size_t i = 0;

	json_each(env, json_get(c, "env")) {
		const struct at *item = AT_ITEM(AT(at, "env"), i++);
		const struct json *ref = json_path(env, "valueFrom.fileKeyRef"), *volume = NULL;
		const char *name = json_path_str(ref, "volumeName");
		const struct at *name_at = AT(AT(AT(item, "valueFrom"), "fileKeyRef"), "volumeName");

		if (!ref)
			continue;
		json_each(v, json_get(spec, "volumes"))
			if (!strcmp(json_path_str(v, "name"), name))
				volume = v;
		if (!volume)
			err_not_found(h, name_at, name);
		else if (!json_get(volume, "emptyDir"))
			err_invalid(h, name_at, name, "referenced volume must be of type emptyDir");
	}
}

void check_pod_spec(struct hook *h, const struct at *at, const struct json *spec, bool is_pod)
{
	const struct json *claims = json_get(spec, "resourceClaims"), *volumes;
	size_t i = 0;

	volumes = check_volumes(h, AT(at, "volumes"), json_get(spec, "volumes"));
	json_each(claim, claims)
		check_resource_claim(h, AT_ITEM(AT(at, "resourceClaims"), i++), claims, claim);
	check_containers(h, at, spec, volumes);
	check_pod_resources(h, AT(at, "resources"), spec);
	check_host_network(h, at, spec, is_pod);
	check_enum(h, AT(at, "restartPolicy"), json_path_str(spec, "restartPolicy"),
		   LIST("Always", "OnFailure", "Never"), true);
	check_enum(h, AT(at, "dnsPolicy"), json_path_str(spec, "dnsPolicy"),
		   LIST("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"), true);
	check_labels(h, AT(at, "nodeSelector"), json_get(spec, "nodeSelector"));
	check_pod_security(h, AT(at, "securityContext"), spec);
	check_spec_affinity(h, AT(at, "affinity"), json_get(spec, "affinity"));
	check_dns_config(h, AT(at, "dnsConfig"), spec);
	check_gates(h, at, spec);
	check_spread(h, AT(at, "topologySpreadConstraints"),
		     json_get(spec, "topologySpreadConstraints"));
	check_windows_hosts(h, at, spec);
	check_host_users(h, at, spec);
	check_hostname_override(h, at, spec);
	check_names(h, at, spec);
	check_os(h, at, spec);
	each_container(h, at, spec, check_env_files);
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
