/*
 * CertificateApproval, CertificateSigning, CertificateSubjectRestriction: writing a decision or a
 * certificate needs the verb approve or sign on the signer, and nobody asks for a superuser's certificate.
 * k8s: plugin/pkg/admission/certificates, pkg/apis/certificates authorization helpers.
 */
#include "api/admit.h"
#include "api/identity.h"

#include "base/arena.h"
#include "base/codec.h"
#include "net/pki.h"
#include "obj/json.h"

#include <string.h>

static const char group[] = "certificates.k8s.io";
static const char requests[] = "certificatesigningrequests";

static bool is_request(const struct admission *ad, const char *sub)
{
	return !strcmp(ad->sub, sub) && !strcmp(ad->k->subject.group, group) &&
	       !strcmp(ad->k->subject.resource, requests);
}

/* By the signer's name, or by all names of its domain. */
static bool may(struct admission *ad, const char *verb, const char *signer)
{
	struct attributes attr = { .verb = verb,
				   .group = group,
				   .version = "*",
				   .resource = "signers",
				   .subresource = "",
				   .name = signer,
				   .ns = "" };
	struct call *c = ad->c;

	if (api_authorize(c->api, c->a, c->user, &attr, NULL))
		return true;
	attr.name = arena_printf(c->a, "%.*s/*", (int)strcspn(signer, "/"), signer);
	return api_authorize(c->api, c->a, c->user, &attr, NULL);
}

void certificate_requester(struct call *c, const struct kind *k, struct json *o)
{
	static const char *const fields[] = { "username", "uid", "groups", "extra" };
	const struct json *info;
	struct json *spec;

	if (strcmp(k->subject.group, group) || strcmp(k->subject.resource, requests))
		return;
	info = identity_info(c->a, c->user);
	spec = json_ensure_object(c->a, o, "spec");
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct json *v = json_get(info, fields[i]);

		json_del(spec, fields[i]);
		if (v)
			json_set(c->a, spec, fields[i], json_copy(c->a, v));
	}
}

bool admit_certificate_approval(struct admission *ad, struct status *st)
{
	const char *signer = json_path_str(ad->old, "spec.signerName");

	if (ad->op != ADMIT_UPDATE || !is_request(ad, "approval") || may(ad, "approve", signer))
		return true;
	return status_forbidden(st, &ad->k->subject, ad->name,
				"user not permitted to approve requests with signerName \"%s\"",
				signer);
}

bool admit_certificate_signing(struct admission *ad, struct status *st)
{
	static const char *const decided[] = { "status.certificate", "status.conditions" };
	const char *signer = json_path_str(ad->old, "spec.signerName");
	bool same = true;

	if (ad->op != ADMIT_UPDATE || !is_request(ad, "status"))
		return true;
	for (size_t i = 0; i < 2; i++)
		same &= json_equal(json_path(ad->o, decided[i]), json_path(ad->old, decided[i]));
	if (same || may(ad, "sign", signer))
		return true;
	return status_forbidden(st, &ad->k->subject, ad->name,
				"user not permitted to sign requests with signerName \"%s\"", signer);
}

bool admit_certificate_subject(struct admission *ad, struct status *st)
{
	static const char signer[] = "kubernetes.io/kube-apiserver-client";
	const char *text = json_path_str(ad->o, "spec.request");
	STATUS_AUTO struct status bad = STATUS_INIT;
	struct csr_info info;
	size_t n;
	char *pem;

	if (ad->op != ADMIT_CREATE || !is_request(ad, "") ||
	    strcmp(json_path_str(ad->o, "spec.signerName"), signer))
		return true;
	pem = base64_decode(ad->c->a, text, strlen(text), &n);
	if (!pem || !pki_inspect_csr(ad->c->a, pem, &info, &bad))
		return status_forbidden(st, &ad->k->subject, ad->name, "failed to parse CSR: %s",
					bad.message ? bad.message : "no base64");
	for (size_t i = 0; info.orgs && info.orgs[i]; i++)
		if (!strcmp(info.orgs[i], "system:masters"))
			return status_forbidden(
				st, &ad->k->subject, ad->name,
				"use of %s signer with system:masters group is not allowed", signer);
	return true;
}
