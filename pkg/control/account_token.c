/*
 * serviceaccount-token: a Secret of type kubernetes.io/service-account-token gets a token of its account,
 * the cluster's CA and its namespace; it goes when its account is gone or is another one of the same name.
 * k8s: pkg/controller/serviceaccount/tokens_controller.go.
 */
#include "control/control.h"

#include "base/arena.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/obj.h"

#include <string.h>

#define TYPE "kubernetes.io/service-account-token"
#define NAME_KEY "kubernetes.io/service-account.name"
#define UID_KEY "kubernetes.io/service-account.uid"
#define CLAIM "kubernetes.io/serviceaccount/"

static const struct kind *core(struct api *api, const char *resource)
{
	return kinds_by_resource(api_kinds(api), "", "v1", resource);
}

static bool is_token(const struct obj *secret)
{
	return secret->nfields && !strcmp(secret->fields[0], TYPE);
}

/* ---- filling ---- */

static struct json *claims_of(struct arena *a, const struct obj *sa, const char *secret)
{
	struct json *c = json_object(a);

	json_set_str(a, c, "iss", "kubernetes/serviceaccount");
	json_set_str(a, c, CLAIM "namespace", sa->ns);
	json_set_str(a, c, CLAIM "secret.name", secret);
	json_set_str(a, c, CLAIM "service-account.name", sa->name);
	json_set_str(a, c, CLAIM "service-account.uid", sa->uid);
	json_set_str(a, c, "sub", arena_printf(a, "system:serviceaccount:%s:%s", sa->ns, sa->name));
	return c;
}

static void set_data(struct arena *a, struct json *data, const char *name, const char *text)
{
	json_set_str(a, data, name, base64_encode(a, text, strlen(text)));
}

static bool fill(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct api_config *cfg = api_settings(c->api);
	const struct obj *sa = arg;
	struct json *data = json_ensure_object(c->a, o, "data");
	const char *ca = base64_encode(c->a, cfg->ca_pem, strlen(cfg->ca_pem));
	bool has_ca = !strcmp(json_path_str(data, "namespace"), "") ?
			      false :
			      !strcmp(json_str(json_get(data, "ca.crt")), ca);
	char *token;

	if (has_ca && *json_str(json_get(data, "token")))
		return false;
	json_set_str(c->a, data, "ca.crt", ca);
	if (!*json_str(json_get(data, "namespace")))
		set_data(c->a, data, "namespace", sa->ns);
	if (!*json_str(json_get(data, "token"))) {
		token = cfg->tokens->sign(cfg->tokens->arg, c->a, claims_of(c->a, sa, meta_name(o)),
					  st);
		if (!token)
			return false;
		set_data(c->a, data, "token", token);
	}
	meta_set_annotation(c->a, o, NAME_KEY, sa->name);
	meta_set_annotation(c->a, o, UID_KEY, sa->uid);
	return true;
}

/* ---- what goes ---- */

static bool drop_reference(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct json *list = json_get(o, "secrets"), *gone = NULL;

	(void)c;
	(void)st;
	json_each(ref, list)
		if (!strcmp(json_path_str(ref, "name"), arg))
			gone = ref;
	if (!gone)
		return false;
	json_detach(list, gone);
	if (!json_count(list))
		json_del(o, "secrets");
	return true;
}

/* The Secret is away: no account of the namespace may name it still. */
static bool unreference(struct task *t, const char *ns, const char *secret, struct status *st)
{
	const struct kind *k = core(t->call.api, "serviceaccounts");
	struct list_options every = { .label_selector = NULL };
	struct list_result l;

	if (!api_list(&t->call, k, ns, &every, &l, st))
		return false;
	for (size_t i = 0; i < l.n; i++)
		if (strstr(l.items[i]->json, "\"secrets\":") &&
		    !api_change(&t->call, k, NULL, ns, l.items[i]->name, drop_reference,
				arena_strdup(t->call.a, secret), st))
			return status_is(st, "NotFound");
	return true;
}

static bool settled(bool ok, struct status *err, struct status *st)
{
	if (ok || status_is(err, "NotFound"))
		return true;
	status_move(st, err);
	return false;
}

static bool token_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct call *c = &t->call;
	const struct kind *k = core(c->api, "secrets");
	const struct obj *secret = api_get(c, k, key.ns, key.name, NULL), *sa;
	struct delete_options same = DELETE_OPTIONS_INIT;
	const struct json *tree;
	const char *name, *uid;
	union {
		const struct obj *in;
		void *out;
	} arg;

	(void)out;
	if (!secret)
		return settled(unreference(t, key.ns, key.name, &err), &err, st);
	if (!is_token(secret) || secret->deleted_s)
		return true;
	tree = obj_tree(c->a, secret);
	name = meta_annotation(tree, NAME_KEY);
	uid = meta_annotation(tree, UID_KEY);
	sa = name ? api_get(c, core(c->api, "serviceaccounts"), key.ns, name, NULL) : NULL;
	arg.in = sa;
	if (sa && (!uid || !*uid || !strcmp(uid, sa->uid)))
		return settled(api_change(c, k, NULL, key.ns, key.name, fill, arg.out, &err), &err,
			       st);
	same.uid = secret->uid;
	return settled(api_delete(c, k, key.ns, key.name, &same, NULL, &err), &err, st);
}

static void map_secret(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (is_token(ev->obj))
		enqueue_key(q, ev->obj->ns, ev->obj->name);
}

static bool pick_token(const struct obj *o, void *arg)
{
	(void)arg;
	return is_token(o);
}

static void map_account(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct store_list l;

	if (ev->type != EVENT_DELETED)
		return;
	store_list(api_table(api, core(api, "secrets")), ev->obj->ns, NULL, NULL, 0, pick_token,
		   NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		enqueue_key(q, l.items[i]->ns, l.items[i]->name);
	store_list_free(&l);
}

const struct controller account_token_controller = {
	.name = "serviceaccount-token",
	.watch = { { "v1", "Secret", map_secret }, { "v1", "ServiceAccount", map_account } },
	.reconcile = token_reconcile,
};
