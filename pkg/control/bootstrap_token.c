/*
 * Bootstrap tokens: the cleaner deletes their Secrets when they have expired; the signer signs the kubeconfig
 * in kube-public/cluster-info with each that may, so that who knows a token knows the cluster by it.
 * k8s: pkg/controller/bootstrap/{tokencleaner,bootstrapsigner}.go, cluster-bootstrap/token/jws.
 */
#include "control/control.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "net/hash.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/obj.h"

#include <string.h>

#define TYPE "bootstrap.kubernetes.io/token"
#define SECRET_PREFIX "bootstrap-token-"
#define SIGNATURE_PREFIX "jws-kubeconfig-"
#define SYSTEM "kube-system"
#define PUBLIC "kube-public"
#define INFO "cluster-info"

static const struct kind *core(struct api *api, const char *resource)
{
	return kinds_by_resource(api_kinds(api), "", "v1", resource);
}

static bool is_token(const struct obj *o)
{
	return o->nfields && !strcmp(o->fields[0], TYPE) && !strcmp(o->ns, SYSTEM);
}

static const char *text_of(struct arena *a, const struct json *secret, const char *name)
{
	const char *coded = json_str(json_get(json_get(secret, "data"), name));
	size_t n;
	char *text = base64_decode(a, coded, strlen(coded), &n);

	return text ? text : "";
}

/* ---- cleaner ---- */

static bool clean_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = core(t->call.api, "secrets");
	const struct obj *o = api_get(&t->call, k, key.ns, key.name, NULL);
	struct delete_options same = DELETE_OPTIONS_INIT;
	const struct json *tree;
	int64_t at, now = clock_now_s();

	if (!o || o->deleted_s || !is_token(o))
		return true;
	tree = obj_tree(t->call.a, o);
	if (!bootstrap_expired(t->call.a, tree, now)) {
		if (time_parse(text_of(t->call.a, tree, "expiration"), &at))
			out->after_ms = (at / 1000000 - now) * 1000 + 50;
		return true;
	}
	same.uid = o->uid;
	if (api_delete(&t->call, k, key.ns, key.name, &same, NULL, &err) ||
	    status_is(&err, "NotFound") || status_is(&err, "Conflict"))
		return true;
	status_move(st, &err);
	return false;
}

static void map_secret(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (is_token(ev->obj) && ev->type != EVENT_DELETED)
		enqueue_key(q, ev->obj->ns, ev->obj->name);
}

const struct controller token_cleaner_controller = {
	.name = "token-cleaner",
	.watch = { { "v1", "Secret", map_secret } },
	.reconcile = clean_reconcile,
};

/* ---- signer ---- */

/* JWS with a detached payload: header..signature. */
static char *signature(struct arena *a, const char *content, const char *id, const char *secret)
{
	char *head = arena_printf(a, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", id);
	char *head64 = base64url_encode(a, head, strlen(head));
	char *signing =
		arena_printf(a, "%s.%s", head64, base64url_encode(a, content, strlen(content)));
	unsigned char mac[32];

	hmac_sha256(secret, strlen(secret), signing, strlen(signing), mac);
	return arena_printf(a, "%s..%s", head64, base64url_encode(a, mac, sizeof mac));
}

static void sign_with(struct arena *a, struct json *data, const char *content, const struct obj *o)
{
	const struct json *tree = obj_tree(a, o);
	const char *id = text_of(a, tree, "token-id"), *secret = text_of(a, tree, "token-secret");

	if (!*id || !*secret || strncmp(o->name, SECRET_PREFIX, strlen(SECRET_PREFIX)) != 0 ||
	    strcmp(o->name + strlen(SECRET_PREFIX), id) != 0 ||
	    bootstrap_expired(a, tree, clock_now_s()) ||
	    strcmp(text_of(a, tree, "usage-bootstrap-signing"), "true") != 0)
		return;
	json_set_str(a, data, arena_printf(a, SIGNATURE_PREFIX "%s", id),
		     signature(a, content, id, secret));
}

static bool sign_all(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct list_result *tokens = arg;
	const char *content = json_str(json_get(json_get(o, "data"), "kubeconfig"));
	struct json *data;

	(void)st;
	if (!json_get(json_get(o, "data"), "kubeconfig"))
		return false;
	data = json_object(c->a);
	json_each(v, json_get(o, "data"))
		if (strncmp(json_name(v), SIGNATURE_PREFIX, strlen(SIGNATURE_PREFIX)) != 0)
			json_set(c->a, data, json_name(v), json_copy(c->a, v));
	for (size_t i = 0; i < tokens->n; i++)
		if (is_token(tokens->items[i]))
			sign_with(c->a, data, content, tokens->items[i]);
	if (json_equal(data, json_get(o, "data")))
		return false;
	json_set(c->a, o, "data", data);
	return true;
}

static bool sign_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct kind *maps = core(t->call.api, "configmaps");
	struct list_options every = { .field_selector = "type=" TYPE };
	struct list_result l;

	(void)key;
	(void)out;
	if (!api_get(&t->call, maps, PUBLIC, INFO, NULL))
		return true;
	if (!api_list(&t->call, core(t->call.api, "secrets"), SYSTEM, &every, &l, st))
		return false;
	return task_change(t, maps, NULL, PUBLIC, INFO, sign_all, &l, st);
}

static void map_token(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (is_token(ev->obj))
		enqueue_key(q, PUBLIC, INFO);
}

static void map_info(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (!strcmp(ev->obj->name, INFO) && !strcmp(ev->obj->ns, PUBLIC))
		enqueue_key(q, PUBLIC, INFO);
}

const struct controller bootstrap_signer_controller = {
	.name = "bootstrap-signer",
	.watch = { { "v1", "ConfigMap", map_info }, { "v1", "Secret", map_token } },
	.reconcile = sign_reconcile,
};
