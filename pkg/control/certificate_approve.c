/*
 * certificatesigningrequest-approving: a kubelet's request for a client certificate is approved when its sender
 * may create certificatesigningrequests/nodeclient, or .../selfnodeclient for himself.
 * certificatesigningrequest-cleaner: decided requests go after an hour, undecided ones after a day, issued
 * certificates when they end.
 * k8s: pkg/controller/certificates/{approver/sarapprove.go,cleaner/cleaner.go}.
 */
#include "control/certificates.h"
#include "control/control.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "net/pki.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)
#define RETRY_MS 30000

static const struct kind *requests(struct api *api)
{
	return kinds_preferred(api_kinds(api), "certificates.k8s.io", "certificatesigningrequests");
}

/* ---- approving ---- */

static const char *const *texts(struct arena *a, const struct json *list)
{
	const char **out = arena_zalloc(a, (json_count(list) + 1) * sizeof *out);
	size_t n = 0;

	json_each(s, list)
		out[n++] = json_str(s);
	return out;
}

static bool sender_may(struct task *t, const struct json *spec, const char *sub)
{
	struct arena *a = t->call.a;
	const struct json *extra = json_get(spec, "extra");
	struct extra *list = arena_zalloc(a, (json_count(extra) + 1) * sizeof *list);
	struct user u = { .name = json_path_str(spec, "username"),
			  .uid = json_path_str(spec, "uid"),
			  .groups = texts(a, json_get(spec, "groups")),
			  .extra = list };
	const struct attributes attr = { .verb = "create",
					 .group = "certificates.k8s.io",
					 .version = "*",
					 .resource = "certificatesigningrequests",
					 .subresource = sub,
					 .name = "",
					 .ns = "" };

	json_each(e, extra)
		list[u.nextra++] = (struct extra){ json_name(e), texts(a, e) };
	return api_authorize(t->call.api, a, &u, &attr, NULL);
}

static bool approve(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct json *status = json_ensure_object(c->a, o, "status");
	char now[TIME_LEN];

	(void)st;
	if (json_count(json_get(status, "conditions")))
		return false;
	time_format(clock_now_s(), now);
	json_append(json_ensure_array(c->a, status, "conditions"),
		    json_build(c->a,
			       "{type:\"Approved\",status:\"True\",reason:\"AutoApproved\",message:%s,"
			       "lastUpdateTime:%s,lastTransitionTime:%s}",
			       (const char *)arg, now, now));
	return true;
}

static bool is_decided(const struct json *o)
{
	return json_count(json_path(o, "status.conditions")) ||
	       *json_path_str(o, "status.certificate");
}

static bool approve_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	static char own[] =
		"Auto approving self kubelet client certificate after SubjectAccessReview.";
	static char other[] = "Auto approving kubelet client certificate after SubjectAccessReview.";
	const struct kind *k = requests(t->call.api);
	const struct obj *o = api_get(&t->call, k, "", key.name, NULL);
	const struct json *tree = o ? obj_tree(t->call.a, o) : NULL, *spec = json_get(tree, "spec");
	struct csr_info info;
	char *pem, *why = NULL;

	if (!tree || is_decided(tree) ||
	    strcmp(json_path_str(spec, "signerName"), "kubernetes.io/kube-apiserver-client-kubelet"))
		return true;
	pem = certificate_pem(t->call.a, spec);
	if (!pem || !pki_inspect_csr(t->call.a, pem, &info, NULL) ||
	    !certificate_is_kubelet_client(&info, spec))
		return true;
	if (!strcmp(info.cn, json_path_str(spec, "username")) && sender_may(t, spec, "selfnodeclient"))
		why = own;
	else if (sender_may(t, spec, "nodeclient"))
		why = other;
	if (!why) {
		out->after_ms = RETRY_MS; /* he may get the right */
		return true;
	}
	return task_change(t, k, "approval", "", key.name, approve, why, st);
}

const struct controller certificate_approving_controller = {
	.name = "certificatesigningrequest-approving",
	.watch = { { "certificates.k8s.io/v1", "CertificateSigningRequest", map_live } },
	.reconcile = approve_reconcile,
};

/* ---- cleaning ---- */

static void earlier(int64_t *end, int64_t at)
{
	if (!*end || at < *end)
		*end = at;
}

/* When it goes. */
static int64_t end_of(struct arena *a, const struct obj *o, const struct json *tree)
{
	const char *coded = json_path_str(tree, "status.certificate");
	struct cert_info cert;
	int64_t end = 0, us;
	size_t n;
	char *pem;

	if (!is_decided(tree))
		return o->created_s + DAY_S;
	json_each(c, json_path(tree, "status.conditions")) {
		const char *type = json_path_str(c, "type");
		bool done = strcmp(type, "Approved") ?
				    !strcmp(type, "Denied") || !strcmp(type, "Failed") :
				    *coded != '\0';

		if (done && time_parse(json_path_str(c, "lastUpdateTime"), &us))
			earlier(&end, us / 1000000 + HOUR_S);
	}
	pem = base64_decode(a, coded, strlen(coded), &n);
	if (*coded && pem && pki_inspect(a, pem, &cert, NULL))
		earlier(&end, cert.not_after_s);
	return end;
}

static bool clean_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = requests(t->call.api);
	const struct obj *o = api_get(&t->call, k, "", key.name, NULL);
	struct delete_options same = DELETE_OPTIONS_INIT;
	int64_t now = clock_now_s(), end;

	if (!o || o->deleted_s)
		return true;
	end = end_of(t->call.a, o, obj_tree(t->call.a, o));
	if (!end)
		return true;
	if (end > now) {
		out->after_ms = (end - now) * 1000;
		return true;
	}
	same.uid = o->uid;
	if (api_delete(&t->call, k, "", key.name, &same, NULL, &err) ||
	    status_is(&err, "NotFound") || status_is(&err, "Conflict"))
		return true;
	status_move(st, &err);
	return false;
}

const struct controller certificate_cleaner_controller = {
	.name = "certificatesigningrequest-cleaner",
	.watch = { { "certificates.k8s.io/v1", "CertificateSigningRequest", map_live } },
	.reconcile = clean_reconcile,
};
