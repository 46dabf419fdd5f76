/*
 * root-ca-certificate-publisher: ConfigMap kube-root-ca.crt with the cluster's CA in every namespace, put
 * right when edited or deleted.  k8s: pkg/controller/certificates/rootcacertpublisher/publisher.go.
 */
#include "control/control.h"

#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define NAME "kube-root-ca.crt"
#define ABOUT_KEY "kubernetes.io/description"
#define ABOUT                                                                                     \
	"Contains a CA bundle that can be used to verify the kube-apiserver when using internal " \
	"endpoints such as the internal service IP or kubernetes.default.svc. No other usage is " \
	"guaranteed across distributions of Kubernetes clusters."

static bool put_right(struct call *c, struct json *o, void *arg, struct status *st)
{
	const char *ca = arg, *about = meta_annotation(o, ABOUT_KEY);
	struct json *data = json_get(o, "data");

	(void)st;
	if (json_count(data) == 1 && !strcmp(json_str(json_get(data, "ca.crt")), ca) && about &&
	    !strcmp(about, ABOUT))
		return false;
	data = json_set(c->a, o, "data", json_object(c->a));
	json_set_str(c->a, data, "ca.crt", ca);
	meta_set_annotation(c->a, o, ABOUT_KEY, ABOUT);
	return true;
}

static bool publish(struct task *t, const struct kind *k, const char *ns, const char *ca,
		    struct status *st)
{
	struct json *o = json_build(t->call.a, "{kind:%s,apiVersion:%s,metadata:{name:%s}}",
				    "ConfigMap", "v1", NAME);
	char *text = NULL;

	memcpy(&text, &ca, sizeof text);
	if (api_get(&t->call, k, ns, NAME, NULL))
		return api_change(&t->call, k, NULL, ns, NAME, put_right, text, st);
	put_right(&t->call, o, text, st);
	return api_create(&t->call, k, ns, o, st);
}

static bool root_ca_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct kinds *ks = api_kinds(t->call.api);
	const struct kind *nk = kinds_by_resource(ks, "", "v1", "namespaces");
	const struct obj *ns = api_get(&t->call, nk, "", key.name, NULL);

	(void)out;
	if (!ns || ns->deleted_s)
		return true;
	if (publish(t, kinds_by_resource(ks, "", "v1", "configmaps"), key.name,
		    api_settings(t->call.api)->ca_pem, &err) ||
	    status_is(&err, "NotFound") || status_is(&err, "Forbidden"))
		return true;
	status_move(st, &err);
	return false;
}

static void map_config(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (!strcmp(ev->obj->name, NAME))
		enqueue_key(q, "", ev->obj->ns);
}

const struct controller root_ca_controller = {
	.name = "root-ca-certificate-publisher",
	.watch = { { "v1", "Namespace", map_live }, { "v1", "ConfigMap", map_config } },
	.reconcile = root_ca_reconcile,
};
