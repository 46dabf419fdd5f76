/*
 * certificatesigningrequest-signing: the cluster's CA certifies approved requests to the signers that are its
 * own: clients of the API, kubelets as clients and as servers.  A request that does not fit its signer fails
 * for good.  k8s: pkg/controller/certificates/signer/signer.go, pkg/apis/certificates/helpers.go.
 */
#include "control/certificates.h"
#include "control/control.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "net/pki.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define YEAR_S (365LL * 24 * 3600)
#define MIN_S 600
#define NODE_PREFIX "system:node:"

/* ---- does it fit ---- */

static bool has_usage(const struct json *spec, const char *name)
{
	json_each(u, json_get(spec, "usages"))
		if (!strcmp(json_str(u), name))
			return true;
	return false;
}

/* Exactly digital signature and what, with or without key encipherment. */
static bool usages_are(const struct json *spec, const char *what)
{
	json_each(u, json_get(spec, "usages"))
		if (strcmp(json_str(u), what) && strcmp(json_str(u), "digital signature") &&
		    strcmp(json_str(u), "key encipherment"))
			return false;
	return has_usage(spec, what) && has_usage(spec, "digital signature");
}

static bool of_nodes(const struct csr_info *csr)
{
	return csr->orgs[0] && !csr->orgs[1] && !strcmp(csr->orgs[0], "system:nodes");
}

static bool is_address(const char *san)
{
	return strchr(san, ':') || strspn(san, "0123456789.") == strlen(san);
}

static const char *kubelet_client_problem(struct arena *a, const struct csr_info *csr,
					  const struct json *spec)
{
	(void)a;
	if (!of_nodes(csr))
		return "subject organization is not system:nodes";
	if (csr->sans[0] || csr->other_sans)
		return !csr->sans[0]            ? "Email subjectAltNames are not allowed" :
		       is_address(csr->sans[0]) ? "IP subjectAltNames are not allowed" :
						  "DNS subjectAltNames are not allowed";
	if (strncmp(csr->cn, NODE_PREFIX, strlen(NODE_PREFIX)) != 0)
		return "subject common name does not begin with system:node:";
	if (!usages_are(spec, "client auth"))
		return "usages did not match [client auth digital signature key encipherment]";
	return NULL;
}

static const char *kubelet_serving_problem(struct arena *a, const struct csr_info *csr,
					   const struct json *spec)
{
	(void)a;
	if (!of_nodes(csr))
		return "subject organization is not system:nodes";
	if (!csr->sans[0])
		return "DNS or IP subjectAltName is required";
	if (csr->other_sans)
		return "Email subjectAltNames are not allowed";
	if (!usages_are(spec, "server auth"))
		return "usages did not match [digital signature key encipherment server auth]";
	if (strncmp(csr->cn, NODE_PREFIX, strlen(NODE_PREFIX)) != 0)
		return "subject common name does not begin with system:node:";
	return NULL;
}

static const char *client_problem(struct arena *a, const struct csr_info *csr, const struct json *spec)
{
	(void)csr;
	json_each(u, json_get(spec, "usages"))
		if (strcmp(json_str(u), "client auth") && strcmp(json_str(u), "digital signature") &&
		    strcmp(json_str(u), "key encipherment"))
			return arena_printf(a, "invalid usage for client certificate: %s",
					    json_str(u));
	return has_usage(spec, "client auth") ?
		       NULL :
		       "missing required usage for client certificate: client auth";
}

static const struct signer {
	const char *name;
	bool server;
	const char *(*problem)(struct arena *a, const struct csr_info *csr, const struct json *spec);
} signers[] = {
	{ "kubernetes.io/kube-apiserver-client", false, client_problem },
	{ "kubernetes.io/kube-apiserver-client-kubelet", false, kubelet_client_problem },
	{ "kubernetes.io/kubelet-serving", true, kubelet_serving_problem },
};

static const struct signer *signer_of(const struct json *spec)
{
	const char *name = json_path_str(spec, "signerName");

	for (size_t i = 0; i < sizeof signers / sizeof *signers; i++)
		if (!strcmp(signers[i].name, name))
			return &signers[i];
	return NULL;
}

bool certificate_is_kubelet_client(const struct csr_info *csr, const struct json *spec)
{
	return !kubelet_client_problem(NULL, csr, spec);
}

char *certificate_pem(struct arena *a, const struct json *spec)
{
	const char *coded = json_path_str(spec, "request");
	size_t n;

	return base64_decode(a, coded, strlen(coded), &n);
}

/* ---- signing ---- */

static bool refuse(struct call *c, struct json *o, const char *why)
{
	struct json *status = json_ensure_object(c->a, o, "status");
	char now[TIME_LEN];

	time_format(clock_now_s(), now);
	json_append(json_ensure_array(c->a, status, "conditions"),
		    json_build(c->a,
			       "{type:\"Failed\",status:\"True\",reason:\"SignerValidationFailure\","
			       "message:%s,lastUpdateTime:%s}",
			       why, now));
	return true;
}

static int64_t lasting(const struct json *spec)
{
	int64_t s = json_path_int(spec, "expirationSeconds", YEAR_S);

	return s > YEAR_S ? YEAR_S : s < MIN_S ? MIN_S : s;
}

static bool is_settled(const struct json *o)
{
	return *json_path_str(o, "status.certificate") || meta_condition(o, "Failed") ||
	       meta_condition(o, "Denied") || !meta_condition(o, "Approved");
}

static bool sign(struct call *c, struct json *o, void *arg, struct status *st)
{
	STATUS_AUTO struct status bad = STATUS_INIT;
	const struct api_config *cfg = api_settings(c->api);
	const struct json *spec = json_get(o, "spec");
	const struct signer *s = signer_of(spec);
	struct cert_request q = { .client = s && !s->server,
				  .server = s && s->server,
				  .valid_s = lasting(spec) };
	struct csr_info info;
	const char *why;
	char *pem = certificate_pem(c->a, spec), *cert;

	(void)arg;
	if (!s || is_settled(o))
		return false;
	if (!pem || !pki_inspect_csr(c->a, pem, &info, &bad))
		return refuse(c, o, bad.message ? bad.message : "no base64");
	why = s->problem(c->a, &info, spec);
	if (why)
		return refuse(c, o, why);
	if (!pki_sign_csr(pem, &q, cfg->ca_pem, cfg->ca_key_pem, &cert, st))
		return false;
	json_set_str(c->a, json_ensure_object(c->a, o, "status"), "certificate",
		     base64_encode(c->a, cert, strlen(cert)));
	free(cert);
	return true;
}

static bool sign_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = kinds_preferred(api_kinds(t->call.api), "certificates.k8s.io",
					       "certificatesigningrequests");
	const struct obj *o = api_get(&t->call, k, "", key.name, NULL);

	(void)out;
	if (!o || o->deleted_s || !api_settings(t->call.api)->ca_key_pem ||
	    is_settled(obj_tree(t->call.a, o)))
		return true;
	if (api_change(&t->call, k, "status", "", key.name, sign, NULL, &err) ||
	    status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}

const struct controller certificate_signing_controller = {
	.name = "certificatesigningrequest-signing",
	.watch = { { "certificates.k8s.io/v1", "CertificateSigningRequest", map_live } },
	.reconcile = sign_reconcile,
};
