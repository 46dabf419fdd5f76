/*
 * Admission: the plugins of upstream's default order that are built in.
 *
 * Mutating steps run before the prepare hook, validating steps on the finished object.  The escalation
 * check is not a plugin upstream but sits in the storage of the RBAC kinds; here it is one more row.
 * k8s: pkg/kubeapiserver/options/plugins.go.
 */
#include "api/admit.h"
#include "api/rbac.h"

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
	{ "PodSecurity", NULL, admit_pod_security },
	{ "Priority", admit_priority, admit_priority_class },
	{ "DefaultTolerationSeconds", admit_toleration_seconds, NULL },
	{ "DefaultStorageClass", admit_storage_class, NULL },
	{ "CertificateApproval", NULL, admit_certificate_approval },
	{ "CertificateSigning", NULL, admit_certificate_signing },
	{ "CertificateSubjectRestriction", NULL, admit_certificate_subject },
	{ "DefaultIngressClass", admit_ingress_class, NULL },
	{ "RBACEscalation", NULL, escalation_check },
};

#define PLUGINS (sizeof plugins / sizeof *plugins)

bool admit_is(const struct admission *ad, const char *group, const char *resource)
{
	return !*ad->sub && !strcmp(ad->k->subject.resource, resource) &&
	       !strcmp(ad->k->subject.group, group);
}

bool admit_is_pod(const struct admission *ad, enum admit_op op)
{
	return ad->op == op && !*ad->sub && ad->k == ad->c->api->known.pod;
}

bool admission_mutate(struct admission *ad, struct status *st)
{
	for (size_t i = 0; i < PLUGINS; i++)
		if (plugins[i].mutate && !plugins[i].mutate(ad, st))
			return false;
	return true;
}

bool admission_validate(struct admission *ad, struct status *st)
{
	for (size_t i = 0; i < PLUGINS; i++)
		if (plugins[i].validate && !plugins[i].validate(ad, st))
			return false;
	return true;
}
