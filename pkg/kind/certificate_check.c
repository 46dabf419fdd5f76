/*
 * certificate_check: certificate requests and the conditions under which they are decided; also what a quota
 * warns of.  k8s: pkg/apis/certificates/validation, pkg/registry/{certificates,core/resourcequota}.
 */
#include "kind/check.h"
#include "kind/hooks.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/status.h"
#include "net/pki.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

#define MIN_SECONDS 600

/* ---- the request ---- */

static void check_request(struct hook *h, const struct at *at, const char *coded)
{
	STATUS_AUTO struct status bad = STATUS_INIT;
	struct csr_info info;
	size_t n;
	char *pem = base64_decode(h->a, coded, strlen(coded), &n);

	if (!pem || !strstr(pem, "-----BEGIN CERTIFICATE REQUEST-----"))
		err_invalid(h, at, coded, "PEM block type must be CERTIFICATE REQUEST");
	else if (!pki_inspect_csr(h->a, pem, &info, &bad))
		err_invalid(h, at, coded, "%s", bad.message);
}

static void check_usages(struct hook *h, const struct at *at, const struct json *usages)
{
	static const char *const known[] = { "any",
					     "cert sign",
					     "client auth",
					     "code signing",
					     "content commitment",
					     "crl sign",
					     "data encipherment",
					     "decipher only",
					     "digital signature",
					     "email protection",
					     "encipher only",
					     "ipsec end system",
					     "ipsec tunnel",
					     "ipsec user",
					     "key agreement",
					     "key encipherment",
					     "microsoft sgc",
					     "netscape sgc",
					     "ocsp signing",
					     "s/mime",
					     "server auth",
					     "signing",
					     "timestamping",
					     NULL };
	size_t i = 0;

	if (!json_count(usages))
		err_required(h, at, NULL);
	json_each(u, usages) {
		if (!one_of(json_str(u), known))
			err_unsupported(h, AT_ITEM(at, i), json_str(u), known);
		i++;
	}
	i = 0;
	json_each(u, usages) {
		for (const struct json *v = json_first(usages); v != u; v = json_next(v))
			if (!strcmp(json_str(v), json_str(u))) {
				err_duplicate(h, AT_ITEM(at, i), json_str(u));
				break;
			}
		i++;
	}
}

static void check_signer(struct hook *h, const struct at *at, const char *name)
{
	const char *slash = strchr(name, '/');

	if (!*name)
		err_required(h, at, NULL);
	else if (!strcmp(name, "kubernetes.io/legacy-unknown"))
		err_invalid(h, at, name, "the legacy signerName is not allowed via this API version");
	else if (!slash || slash == name || !slash[1] || strchr(slash + 1, '/'))
		err_invalid(h, at, name,
			    "must be a fully qualified domain and path of the form "
			    "'example.com/signer-name'");
}

HOOK_CHECK(csr_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");
	int64_t seconds;

	if (h->old) /* the spec of a request never changes */
		return;
	check_request(h, AT(at, "request"), json_path_str(spec, "request"));
	check_usages(h, AT(at, "usages"), json_get(spec, "usages"));
	check_signer(h, AT(at, "signerName"), json_path_str(spec, "signerName"));
	if (json_int(json_get(spec, "expirationSeconds"), &seconds) && seconds < MIN_SECONDS)
		err_invalid_int(h, AT(at, "expirationSeconds"), seconds,
				"may not specify a duration less than 600 seconds (10 minutes)");
}

/* ---- conditions ---- */

/* When a condition came to be what it is, if its writer does not say. */
HOOK_OLD(csr_prepare_status)
{
	char now[TIME_LEN];

	kind_status_only(h, o, old);
	time_format(h->now_s, now);
	json_each(c, json_path(o, "status.conditions")) {
		const struct json *was = meta_condition(old, json_path_str(c, "type"));
		bool same = was && !strcmp(json_path_str(was, "status"), json_path_str(c, "status"));
		const char *since = same ? json_path_str(was, "lastTransitionTime") : now;

		if (json_is_null(json_get(c, "lastTransitionTime")) && *since)
			json_set_str(h->a, c, "lastTransitionTime", since);
		if (json_is_null(json_get(c, "lastUpdateTime")))
			json_set_str(h->a, c, "lastUpdateTime", now);
	}
}

static size_t count(const struct json *o, const char *type)
{
	size_t n = 0;

	json_each(c, json_path(o, "status.conditions"))
		n += !strcmp(json_path_str(c, "type"), type);
	return n;
}

static void check_condition(struct hook *h, const struct at *at, const struct json *c)
{
	static const char *const any[] = { "False", "True", "Unknown", NULL };
	static const char *const yes[] = { "True", NULL };
	static const char *const decisions[] = { "Approved", "Denied", "Failed", NULL };
	const char *type = json_path_str(c, "type"), *status = json_path_str(c, "status");
	const char *const *allowed = one_of(type, decisions) ? yes : any;

	if (!*type)
		err_required(h, AT(at, "type"), NULL);
	if (!*status)
		err_required(h, AT(at, "status"), NULL);
	else if (!one_of(status, allowed))
		err_unsupported(h, AT(at, "status"), status, allowed);
}

/* The decision is made elsewhere (approval) and stays. */
HOOK_CHECK_OLD(csr_validate_status)
{
	static const char *const decisions[] = { "Approved", "Denied", "Failed" };
	const struct at *at = AT(AT_ROOT("status"), "conditions");
	const char *had = json_path_str(old, "status.certificate");
	size_t i = 0;

	json_each(c, json_path(o, "status.conditions"))
		check_condition(h, AT_ITEM(at, i++), c);
	for (i = 0; i < 3; i++)
		if (count(o, decisions[i]) < count(old, decisions[i]))
			err_forbidden(h, at, "updates may not remove a condition of type \"%s\"",
				      decisions[i]);
	for (i = 0; i < 2; i++)
		if (count(o, decisions[i]) > count(old, decisions[i]))
			err_forbidden(h, at, "updates may not add a condition of type \"%s\"",
				      decisions[i]);
	if (*had && strcmp(had, json_path_str(o, "status.certificate")) != 0)
		err_forbidden(h, AT(AT_ROOT("status"), "certificate"),
			      "updates may not modify existing certificate content");
}

/* ---- quotas ---- */

HOOK_CHECK_OLD(quota_warn)
{
	static const char *const names[] = { "cpu", "memory", "storage", "ephemeral-storage" };
	const struct json *hard = json_path(o, "spec.hard");

	if (old)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *limits = arena_printf(h->a, "limits.%s", names[i]);
		const char *asked = arena_printf(h->a, "requests.%s", names[i]);
		struct quantity request, limit;

		if (!json_get(hard, asked) && i < 2)
			asked = names[i];
		if (json_get(hard, asked) && json_get(hard, limits) &&
		    quantity_parse(json_str(json_get(hard, asked)), &request) &&
		    quantity_parse(json_str(json_get(hard, limits)), &limit) &&
		    quantity_cmp(&request, &limit) > 0)
			hook_warn(h, "ResourceQuota %s (%s) should be less than %s (%s)", asked,
				  quantity_text(h->a, &request), limits, quantity_text(h->a, &limit));
	}
}
