/*
 * NamespaceLifecycle: nothing is created in a namespace that is missing or going; three never go.
 * k8s: apiserver/pkg/admission/plugin/namespace/lifecycle.
 */
#include "api/admit.h"

#include "base/arena.h"

#include <string.h>

static bool immortal(const char *name)
{
	return !strcmp(name, "default") || !strcmp(name, "kube-system") ||
	       !strcmp(name, "kube-public");
}

static bool terminating(struct admission *ad, struct status *st)
{
	const char *told;

	status_forbidden(st, &ad->k->subject, ad->name,
			 "unable to create new content in namespace %s because it is being terminated",
			 ad->ns);
	told = arena_printf(ad->c->a, "namespace %s is being terminated", ad->ns);
	status_add_cause(st, "NamespaceTerminating", told, "metadata.namespace");
	return false;
}

bool admit_namespace_lifecycle(struct admission *ad, struct status *st)
{
	const struct kind *namespace = ad->c->api->known.namespace;
	const struct obj *ns;
	bool going;

	if (ad->op == ADMIT_DELETE && ad->k == namespace && immortal(ad->name))
		return status_forbidden(st, &ad->k->subject, ad->name,
					"this namespace may not be deleted");
	if (ad->op != ADMIT_CREATE || !*ad->ns)
		return true;
	ns = store_get(api_table(ad->c->api, namespace), "", ad->ns);
	if (!ns)
		return status_not_found(st, &namespace->subject, ad->ns);
	going = ns->deleted_s != 0;
	obj_unref(ns);
	return !going || terminating(ad, st);
}
