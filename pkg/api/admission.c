/*
 * Admission: the plugins of upstream's default order that are built in.
 *
 * Mutating steps run before the prepare hook, validating steps on the finished object.  The escalation
 * check is not a plugin upstream but sits in the storage of the RBAC kinds; here it is one more row.
 * A mutation by a webhook or policy brings a second round over all of them.
 * k8s: pkg/kubeapiserver/options/plugins.go.
 */
#include "api/admit.h"
#include "api/dynamic.h"
#include "api/managed.h"
#include "api/policy.h"
#include "api/rbac.h"
#include "api/reinvocation.h"
#include "api/subresource.h"
#include "api/webhook.h"
#include "obj/json.h"

#include <stdio.h>
#include <string.h>

struct plugin {
	const char *name;
	bool (*mutate)(struct admission *ad, struct status *st);
	bool (*validate)(struct admission *ad, struct status *st);
};

static const struct plugin plugins[] = {
	{ "NamespaceLifecycle", admit_namespace_lifecycle, NULL },
	{ "LimitRanger", admit_limits_default, admit_limits_enforce },
	{ "ServiceAccount", admit_service_account, NULL },
	{ "TaintNodesByCondition", admit_node_taint, NULL },
	{ "PodSecurity", NULL, admit_pod_security },
	{ "Priority", admit_priority, admit_priority_class },
	{ "DefaultTolerationSeconds", admit_toleration_seconds, NULL },
	{ "DefaultStorageClass", admit_storage_class, NULL },
	{ "StorageObjectInUseProtection", admit_storage_protection, NULL },
	{ "PersistentVolumeClaimResize", NULL, admit_claim_resize },
	{ "RuntimeClass", admit_runtime_class, admit_runtime_check },
	{ "CertificateApproval", NULL, admit_certificate_approval },
	{ "CertificateSigning", NULL, admit_certificate_signing },
	{ "CertificateSubjectRestriction", NULL, admit_certificate_subject },
	{ "DefaultIngressClass", admit_ingress_class, NULL },
	{ "PodTopologyLabels", admit_topology_labels, NULL },
	{ "PodResizeValidator", NULL, admit_pod_resize },
	{ "RBACEscalation", NULL, escalation_check },
};

/* Those that ask what users registered; they come last and are concerned with actions, too. */
static const struct plugin dynamic_plugins[] = {
	{ "MutatingAdmissionPolicy", admit_mutating_policies, NULL },
	{ "MutatingAdmissionWebhook", admit_mutating_webhooks, NULL },
	{ "ValidatingAdmissionPolicy", NULL, admit_validating_policies },
	{ "ValidatingAdmissionWebhook", NULL, admit_validating_webhooks },
};

#define COUNT(x) (sizeof(x) / sizeof *(x))

bool admit_is(const struct admission *ad, const char *group, const char *resource)
{
	return !*ad->sub && !strcmp(ad->k->subject.resource, resource) &&
	       !strcmp(ad->k->subject.group, group);
}

bool admit_is_pod(const struct admission *ad, enum admit_op op)
{
	return ad->op == op && !*ad->sub && ad->k == ad->c->api->known.pod;
}

static bool mutate_all(const struct plugin *p, size_t n, struct admission *ad, struct status *st)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].mutate && !p[i].mutate(ad, st))
			return false;
	return true;
}

static bool validate_all(const struct plugin *p, size_t n, struct admission *ad, struct status *st)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].validate && !p[i].validate(ad, st))
			return false;
	return true;
}

/* The built-in plugins know what they look for, and it is no object of a subresource. */
static bool mutate_once(struct admission *ad, struct status *st)
{
	const struct json *owners = json_path(ad->o, "metadata.managedFields");

	if ((!ad->as && !mutate_all(plugins, COUNT(plugins), ad, st)) ||
	    !mutate_all(dynamic_plugins, COUNT(dynamic_plugins), ad, st))
		return false;
	managed_guard(ad->c, ad->o, owners);
	return true;
}

bool admission_mutate(struct admission *ad, struct status *st)
{
	if (!mutate_once(ad, st))
		return false;
	if (!ad->again || !ad->again->wanted)
		return true;
	ad->again->second = true;
	return mutate_once(ad, st);
}

bool admission_validate(struct admission *ad, struct status *st)
{
	return (ad->as || validate_all(plugins, COUNT(plugins), ad, st)) &&
	       validate_all(dynamic_plugins, COUNT(dynamic_plugins), ad, st);
}

bool admission_action(struct call *c, const struct action *x, const struct json **o, struct status *st)
{
	struct admission ad = {
		.c = c, .k = x->k, .op = x->op, .sub = x->sub, .ns = x->ns, .name = x->name, .as = x->as
	};
	char gv[128];

	if (c->inner || !dynamic_any(c))
		return true;
	if (*o) {
		snprintf(gv, sizeof gv, "%s%s%s", x->as->group, *x->as->group ? "/" : "",
			 x->as->version);
		ad.o = json_build(c->a, "{kind:%s,apiVersion:%s}", x->as->kind, gv);
		json_each(m, *o)
			json_set(c->a, ad.o, json_name(m), json_copy(c->a, m));
		if (*x->ns && json_get(ad.o, "metadata"))
			json_set_str(c->a, json_get(ad.o, "metadata"), "namespace", x->ns);
	}
	if (!admission_run(&ad, st))
		return false;
	*o = ad.o;
	return true;
}

bool api_admit_connect(struct call *c, const struct kind *k, const char *sub, const char *ns,
		       const char *name, const char *options_kind, const struct json *options,
		       struct status *st)
{
	const struct admit_type as = { "", "v1", options_kind };
	const struct action x = { k, ADMIT_CONNECT, sub, ns, name, &as };

	return admission_action(c, &x, &options, st);
}

bool admission_run(struct admission *ad, struct status *st)
{
	return admission_mutate(ad, st) && admission_validate(ad, st);
}

const struct json *admission_old(struct admission *ad)
{
	if (!ad->old && ad->cur && ad->op == ADMIT_DELETE)
		ad->old = convert_tree(ad->c->a, ad->k, ad->cur, NULL);
	return ad->old;
}
