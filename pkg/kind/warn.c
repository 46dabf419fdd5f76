/*
 * warn: the warn hooks of rows.
 *
 * Workloads warn about their template when it is new or their generation changed; pods only when
 * created, because people seldom write to pods themselves.
 * k8s: WarningsOnCreate, WarningsOnUpdate of the strategies in pkg/registry, pkg/api/service/warnings.go.
 */
#include "kind/warn.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "kind/hooks.h"
#include "kind/podspec_check.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define INDEXED_COMPLETIONS_MAX 100000
#define INDEXED_PARALLELISM_MAX 10000

/* ---- pods and what makes them ---- */

/* Go's %v of a list of strings. */
static void warn_name(struct hook *h, const struct json *o, const char *used_in)
{
	const char *faults[TEXT_FAULTS_MAX];
	size_t n = text_faults(TEXT_DNS_LABEL, meta_name(o), faults);
	BUF_AUTO struct buf b = BUF_INIT;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", faults[i]);
	hook_warn(h,
		  "metadata.name: this is used in %s, which can result in surprising behavior; a DNS "
		  "label is recommended: [%s]",
		  used_in, b.p);
}

HOOK_CHECK_OLD(pod_warn)
{
	if (old)
		return;
	warn_name(h, o, "the Pod's hostname");
	warn_pod(h, NULL, o);
}

/* Is a template to be looked at? */
static bool is_new(const struct json *o, const struct json *old)
{
	return !old || meta_generation(o) != meta_generation(old);
}

HOOK_CHECK_OLD(podtemplate_warn)
{
	if (is_new(o, old))
		warn_pod(h, AT_ROOT("template"), json_get(o, "template"));
}

HOOK_CHECK_OLD(workload_warn)
{
	if (!old)
		warn_name(h, o, "Pod names and hostnames");
	if (is_new(o, old))
		warn_pod(h, AT(AT_ROOT("spec"), "template"), json_path(o, "spec.template"));
}

HOOK_CHECK_OLD(daemonset_warn)
{
	if (!old || !json_equal(json_path(o, "spec.template"), json_path(old, "spec.template")))
		warn_pod(h, AT(AT_ROOT("spec"), "template"), json_path(o, "spec.template"));
}

HOOK_CHECK_OLD(statefulset_warn)
{
	const struct at *at = AT_ROOT("spec");
	size_t i = 0;

	if (is_new(o, old))
		warn_pod(h, AT(at, "template"), json_path(o, "spec.template"));
	json_each(claim, json_path(o, "spec.volumeClaimTemplates")) {
		const struct at *item = AT_ITEM(AT(at, "volumeClaimTemplates"), i++);

		/* upstream's path differs between create and update */
		warn_claim_spec(h, old ? AT(item, "Spec") : item, json_get(claim, "spec"));
	}
	if (json_path_int(o, "spec.revisionHistoryLimit", 0) < 0)
		hook_warn(h, "spec.revisionHistoryLimit: a negative value retains all historical "
			     "revisions; a value >= 0 is recommended");
}

static void warn_job_spec(struct hook *h, const struct at *at, const struct json *spec)
{
	if (!strcmp(json_path_str(spec, "completionMode"), "Indexed") &&
	    json_path_int(spec, "completions", 0) > INDEXED_COMPLETIONS_MAX &&
	    json_path_int(spec, "parallelism", 0) > INDEXED_PARALLELISM_MAX)
		hook_warn(h,
			  "%s: In Indexed Jobs with a number of completions higher than 10^5 and a "
			  "parallelism higher than 10^4, Kubernetes might not be able to track "
			  "completedIndexes when a big number of indexes fail",
			  at_text(h, at));
	warn_pod(h, AT(at, "template"), json_get(spec, "template"));
}

HOOK_CHECK_OLD(job_warn)
{
	if (!old)
		warn_name(h, o, "Pod names and hostnames");
	if (is_new(o, old))
		warn_job_spec(h, AT_ROOT("spec"), json_get(o, "spec"));
}

HOOK_CHECK_OLD(cronjob_warn)
{
	if (!old)
		warn_name(h, o, "Pod names and hostnames");
	if (is_new(o, old))
		warn_job_spec(h, AT(AT(AT_ROOT("spec"), "jobTemplate"), "spec"),
			      json_path(o, "spec.jobTemplate.spec"));
	if (old && strstr(json_path_str(o, "spec.schedule"), "TZ"))
		hook_warn(h,
			  "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
			  "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for "
			  "more details");
}

/* ---- services and the network ---- */

static void warn_ips(struct hook *h, const struct at *at, const struct json *ips)
{
	size_t i = 0;

	json_each(ip, ips) {
		if (strcmp(json_str(ip), "None") != 0)
			warn_ip(h, AT_ITEM(at, i), json_str(ip));
		i++;
	}
}

static void warn_headless(struct hook *h, const struct json *spec)
{
	if (json_path_str(spec, "loadBalancerIP")[0])
		hook_warn(h, "spec.loadBalancerIP is ignored for headless services");
	if (json_count(json_get(spec, "externalIPs")))
		hook_warn(h, "spec.externalIPs is ignored for headless services");
	if (strcmp(json_path_str(spec, "sessionAffinity"), "None") != 0)
		hook_warn(h, "spec.SessionAffinity is ignored for headless services");
}

HOOK_CHECK_OLD(service_warn)
{
	const struct json *spec = json_get(o, "spec"), *external = json_get(spec, "externalIPs");
	const struct at *at = AT_ROOT("spec");
	bool named = !strcmp(json_path_str(spec, "type"), "ExternalName");
	bool headless = !strcmp(json_path_str(spec, "type"), "ClusterIP") &&
			!strcmp(json_path_str(spec, "clusterIP"), "None");
	size_t i = 0;

	(void)old;
	if (meta_annotation(o, "service.kubernetes.io/topology-aware-hints"))
		hook_warn(h, "annotation service.kubernetes.io/topology-aware-hints is deprecated, "
			     "please use service.kubernetes.io/topology-mode instead");
	warn_ips(h, AT(at, "clusterIPs"), json_get(spec, "clusterIPs"));
	if (headless)
		warn_headless(h, spec);
	warn_ips(h, AT(at, "externalIPs"), external);
	if (json_count(external) && !headless && !named)
		hook_warn(h, "spec.externalIPs is deprecated and may no longer be implemented in some "
			     "clusters");
	if (json_path_str(spec, "loadBalancerIP")[0])
		warn_ip(h, AT(at, "loadBalancerIP"), json_path_str(spec, "loadBalancerIP"));
	json_each(cidr, json_get(spec, "loadBalancerSourceRanges"))
		warn_cidr(h, AT_ITEM(AT(at, "loadBalancerSourceRanges"), i++), json_str(cidr));
	if (named && json_count(external))
		hook_warn(h, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
	if (!named && json_path_str(spec, "externalName")[0])
		hook_warn(h, "spec.externalName is ignored when spec.type is not \"ExternalName\"");
	if (!strcmp(json_path_str(spec, "trafficDistribution"), "PreferClose"))
		hook_warn(h, "spec.trafficDistribution: \"PreferClose\" is deprecated; use "
			     "\"PreferSameZone\"");
}

HOOK_CHECK_OLD(ingress_warn)
{
	if (!old && meta_annotation(o, "kubernetes.io/ingress.class") &&
	    !json_path(o, "spec.ingressClassName"))
		hook_warn(h, "annotation \"kubernetes.io/ingress.class\" is deprecated, please use "
			     "'spec.ingressClassName' instead");
}

static void warn_block(struct hook *h, const struct at *at, const struct json *block)
{
	size_t i = 0;

	if (!block)
		return;
	warn_cidr(h, AT(at, "cidr"), json_path_str(block, "cidr"));
	json_each(x, json_get(block, "except"))
		warn_cidr(h, AT_ITEM(AT(at, "except"), i++), json_str(x));
}

static void warn_rules(struct hook *h, const struct at *at, const struct json *rules,
		       const char *peers)
{
	size_t i = 0;

	json_each(rule, rules) {
		const struct at *item = AT_ITEM(at, i++);
		size_t k = 0;

		json_each(peer, json_get(rule, peers))
			warn_block(h, AT(AT_ITEM(AT(item, peers), k++), "ipBlock"),
				   json_get(peer, "ipBlock"));
	}
}

HOOK_CHECK_OLD(networkpolicy_warn)
{
	(void)old;
	warn_rules(h, AT(AT_ROOT("spec"), "ingress"), json_path(o, "spec.ingress"), "from");
	warn_rules(h, AT(AT_ROOT("spec"), "egress"), json_path(o, "spec.egress"), "to");
}

HOOK_CHECK_OLD(endpointslice_warn)
{
	size_t i = 0;

	if (!old && !strcmp(json_path_str(o, "addressType"), "FQDN"))
		hook_warn(h, "spec.addressType: FQDN endpoints are deprecated");
	json_each(e, json_get(o, "endpoints"))
		warn_ips(h, AT(AT_ITEM(AT_ROOT("endpoints"), i++), "addresses"),
			 json_get(e, "addresses"));
}

/* ---- storage ---- */

HOOK_CHECK_OLD(claim_warn)
{
	const char *key = "volume.beta.kubernetes.io/storage-class";

	(void)old;
	if (meta_annotation(o, key))
		hook_warn(h,
			  "metadata.annotations[%s]: deprecated since v1.8; use \"storageClassName\" "
			  "attribute instead",
			  key);
	warn_claim_spec(h, AT_ROOT("spec"), json_get(o, "spec"));
}

HOOK_CHECK_OLD(volume_warn)
{
	static const char *const gone[][2] = {
		{ "cephfs", "cephfs: deprecated in v1.28, non-functional in v1.31+" },
		{ "photonPersistentDisk",
		  "photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+" },
		{ "scaleIO", "scaleIO: deprecated in v1.16, non-functional in v1.22+" },
		{ "storageos", "storageOS: deprecated in v1.22, non-functional in v1.25+" },
		{ "glusterfs", "glusterfs: deprecated in v1.25, non-functional in v1.26+" },
		{ "rbd", "rbd: deprecated in v1.28, non-functional in v1.31+" },
	};
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT(AT(AT_ROOT("spec"), "nodeAffinity"), "required");
	size_t k = 0;

	(void)old;
	if (meta_annotation(o, "volume.beta.kubernetes.io/storage-class"))
		hook_warn(h, "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated "
			     "since v1.8; use \"storageClassName\" attribute instead");
	if (meta_annotation(o, "volume.beta.kubernetes.io/mount-options"))
		hook_warn(h, "metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated "
			     "since v1.31; use \"mountOptions\" attribute instead");
	if (!strcmp(json_path_str(spec, "persistentVolumeReclaimPolicy"), "Recycle"))
		hook_warn(h, "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is "
			     "deprecated. Instead, the recommended approach is to use dynamic "
			     "provisioning.");
	json_each(term, json_path(spec, "nodeAffinity.required.nodeSelectorTerms"))
		warn_node_term(h, AT_ITEM(AT(at, "nodeSelectorTerms"), k++), term, false);
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		if (json_get(spec, gone[i][0]))
			hook_warn(h, "spec.%s", gone[i][1]);
}

HOOK_CHECK_OLD(storageclass_warn)
{
	size_t i = 0;

	(void)old;
	json_each(term, json_get(o, "allowedTopologies")) {
		const struct at *item = AT_ITEM(AT_ROOT("allowedTopologies"), i++);
		size_t k = 0;

		json_each(e, json_get(term, "matchLabelExpressions")) {
			const char *advice = node_label_advice(json_path_str(e, "key"));
			const struct at *e_at = AT_ITEM(AT(item, "matchLabelExpressions"), k++);

			if (advice)
				hook_warn(h, "%s: %s", at_text(h, AT(e_at, "key")), advice);
		}
	}
}

/* ---- the rest ---- */

HOOK_CHECK_OLD(node_warn)
{
	size_t i = 0;

	(void)old;
	if (json_path(o, "spec.configSource"))
		hook_warn(h, "spec.configSource: the feature is removed");
	if (json_path_str(o, "spec.externalID")[0])
		hook_warn(h,
			  "spec.externalID: this field is deprecated, and is unused by Kubernetes");
	json_each(cidr, json_path(o, "spec.podCIDRs"))
		warn_cidr(h, AT_ITEM(AT(AT_ROOT("spec"), "podCIDRs"), i++), json_str(cidr));
}

HOOK_CHECK_OLD(runtimeclass_warn)
{
	(void)old;
	json_each(l, json_path(o, "scheduling.nodeSelector")) {
		const char *advice = node_label_advice(json_name(l));

		if (advice)
			hook_warn(h, "scheduling.nodeSelector: %s", advice);
	}
}

HOOK_CHECK_OLD(serviceaccount_warn)
{
	const char *key = "kubernetes.io/enforce-mountable-secrets";

	if (meta_annotation(o, key) && !(old && meta_annotation(old, key)))
		hook_warn(h,
			  "metadata.annotations[%s]: deprecated in v1.32+; prefer separate namespaces "
			  "to isolate access to mounted secrets",
			  key);
}

static bool has_pem(struct hook *h, const char *base64)
{
	size_t n = 0;
	char *text = base64_decode(h->a, base64, strlen(base64), &n);

	return text && strstr(arena_dup(h->a, text, n), "-----BEGIN ");
}

/* Only the first thing Go's X509KeyPair looks for: that there is PEM at all. */
HOOK_CHECK_OLD(secret_warn)
{
	const struct json *data = json_get(o, "data");

	(void)old;
	if (strcmp(json_path_str(o, "type"), "kubernetes.io/tls") != 0)
		return;
	if (!has_pem(h, json_str(json_get(data, "tls.crt"))))
		hook_warn(h, "tls: failed to find any PEM data in certificate input");
	else if (!has_pem(h, json_str(json_get(data, "tls.key"))))
		hook_warn(h, "tls: failed to find any PEM data in key input");
}
