/*
 * serviceaccount: a ServiceAccount "default" in every namespace, made anew when deleted.
 * k8s: pkg/controller/serviceaccount/serviceaccounts_controller.go.
 */
#include "control/control.h"

#include "obj/json.h"

#include <string.h>

static bool serviceaccount_reconcile(struct task *t, struct key key, struct result *out,
				     struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct kinds *ks = api_kinds(t->call.api);
	const struct kind *nk = kinds_by_resource(ks, "", "v1", "namespaces");
	const struct kind *k = kinds_by_resource(ks, "", "v1", "serviceaccounts");
	const struct obj *ns = api_get(&t->call, nk, "", key.name, NULL);

	(void)out;
	if (!ns || ns->deleted_s || api_get(&t->call, k, key.name, "default", NULL))
		return true;
	if (api_create(&t->call, k, key.name,
		       json_build(t->call.a, "{kind:%s,apiVersion:%s,metadata:{name:%s}}",
				  "ServiceAccount", "v1", "default"),
		       &err) ||
	    status_is(&err, "AlreadyExists") || status_is(&err, "Forbidden"))
		return true;
	status_move(st, &err);
	return false;
}

static void map_account(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (ev->type == EVENT_DELETED && !strcmp(ev->obj->name, "default"))
		enqueue_key(q, "", ev->obj->ns);
}

const struct controller serviceaccount_controller = {
	.name = "serviceaccount",
	.watch = { { "v1", "Namespace", map_live }, { "v1", "ServiceAccount", map_account } },
	.reconcile = serviceaccount_reconcile,
};
