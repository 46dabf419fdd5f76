/*
 * pki: P-256 keys and X.509 certificates.
 *
 * Certificates are shaped as kubeadm's and the apiserver's own (k8s: client-go/util/cert): a CA may
 * sign, leaves carry critical key usages and the extended usages asked for, serials are 127 random
 * bits.  Names are handed to mbedTLS as lists built here, because its text form keeps only one
 * attribute of each type and drops all but one organization (a group, to Kubernetes).
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* subject and issuer lists of a certificate being written */
#include "net/pki.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/status.h"
#include "base/vec.h"
#include "net/mbed.h"

#include <arpa/inet.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform.h>
#include <mbedtls/x509_csr.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { KEY_PEM_MAX = 1024, CERT_PEM_MAX = 32 * 1024, SERIAL_LEN = 16, BACKDATE_S = 3600 };

static bool failed(int r, const char *what, struct status *st)
{
	char text[MBED_ERROR_LEN];

	return status_internal(st, "%s: %s", what, mbed_error(r, text));
}

bool pki_new_key(char **key_pem, struct status *st)
{
	unsigned char pem[KEY_PEM_MAX];
	mbedtls_pk_context pk;
	int r;

	psa_crypto_init();
	mbedtls_pk_init(&pk);
	r = mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
	if (!r)
		r = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(pk), mbed_random,
					NULL);
	if (!r)
		r = mbedtls_pk_write_key_pem(&pk, pem, sizeof(pem));
	mbedtls_pk_free(&pk);
	if (r)
		return failed(r, "making a key", st);
	*key_pem = strdup((char *)pem);
	return true;
}

/* Put one attribute in front of a name list; mbedTLS writes lists backwards. */
static void name_push(mbedtls_asn1_named_data **list, const void *oid, size_t oid_len, int tag,
		      const void *val, size_t len)
{
	mbedtls_asn1_named_data *d = mbedtls_calloc(1, sizeof(*d));

	d->oid.tag = MBEDTLS_ASN1_OID;
	d->oid.len = oid_len;
	d->oid.p = mbedtls_calloc(1, oid_len);
	memcpy(d->oid.p, oid, oid_len);
	d->val.tag = tag;
	d->val.len = len;
	d->val.p = mbedtls_calloc(1, len ? len : 1);
	if (len)
		memcpy(d->val.p, val, len);
	d->next = *list;
	*list = d;
}

static void name_set(mbedtls_asn1_named_data **list, const struct cert_request *q)
{
	for (const char *const *o = q->orgs; o && *o; o++)
		name_push(list, MBEDTLS_OID_AT_ORGANIZATION,
			  MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORGANIZATION), MBEDTLS_ASN1_UTF8_STRING,
			  *o, strlen(*o));
	name_push(list, MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN),
		  MBEDTLS_ASN1_UTF8_STRING, q->cn, strlen(q->cn));
}

static void names_copy(mbedtls_asn1_named_data **list, const mbedtls_x509_name *n)
{
	for (; n; n = n->next)
		name_push(list, n->oid.p, n->oid.len, n->val.tag, n->val.p, n->val.len);
}

struct san {
	mbedtls_x509_san_list item;
	unsigned char ip[16];
};

static void san_fill(struct san *s, const char *name)
{
	mbedtls_x509_subject_alternative_name *n = &s->item.node;

	n->type = MBEDTLS_X509_SAN_IP_ADDRESS;
	n->san.unstructured_name.p = s->ip;
	if (inet_pton(AF_INET, name, s->ip) == 1) {
		n->san.unstructured_name.len = 4;
	} else if (inet_pton(AF_INET6, name, s->ip) == 1) {
		n->san.unstructured_name.len = 16;
	} else {
		n->type = MBEDTLS_X509_SAN_DNS_NAME;
		n->san.unstructured_name.p = (unsigned char *)strdup(name);
		n->san.unstructured_name.len = strlen(name);
	}
}

static int sans_set(mbedtls_x509write_cert *w, const char *const *sans)
{
	struct san *list;
	size_t n = 0;
	int r;

	while (sans && sans[n])
		n++;
	if (!n)
		return 0;
	list = calloc(n, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		san_fill(&list[i], sans[i]);
		list[i].item.next = i ? &list[i - 1].item : NULL;
	}
	r = mbedtls_x509write_crt_set_subject_alternative_name(w, &list[n - 1].item);
	for (size_t i = 0; i < n; i++)
		if (list[i].item.node.type == MBEDTLS_X509_SAN_DNS_NAME)
			free(list[i].item.node.san.unstructured_name.p);
	free(list);
	return r;
}

static void usage_add(mbedtls_asn1_sequence **list, mbedtls_asn1_sequence *item, const char *oid,
		      size_t len)
{
	union {
		const char *in;
		unsigned char *out;
	} u = { oid };

	item->buf.tag = MBEDTLS_ASN1_OID;
	item->buf.p = u.out;
	item->buf.len = len;
	item->next = *list;
	*list = item;
}

static int usages_set(mbedtls_x509write_cert *w, const struct cert_request *q)
{
	unsigned usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE | MBEDTLS_X509_KU_KEY_ENCIPHERMENT;
	mbedtls_asn1_sequence server = { 0 }, client = { 0 }, *list = NULL;
	int r = mbedtls_x509write_crt_set_basic_constraints(w, q->ca, -1);

	if (q->ca)
		usage |= MBEDTLS_X509_KU_KEY_CERT_SIGN;
	if (!r)
		r = mbedtls_x509write_crt_set_key_usage(w, usage);
	if (q->server)
		usage_add(&list, &server, MBEDTLS_OID_SERVER_AUTH,
			  MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
	if (q->client)
		usage_add(&list, &client, MBEDTLS_OID_CLIENT_AUTH,
			  MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
	if (!r && list)
		r = mbedtls_x509write_crt_set_ext_key_usage(w, list);
	return r;
}

static void time_text(int64_t s, char out[16])
{
	time_t t = (time_t)s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 16, "%Y%m%d%H%M%S", &tm);
}

static int validity_set(mbedtls_x509write_cert *w, int64_t valid_s)
{
	int64_t now = clock_now_s();
	char from[16], until[16];

	time_text(now - BACKDATE_S, from);
	time_text(now + valid_s, until);
	return mbedtls_x509write_crt_set_validity(w, from, until);
}

static int serial_set(mbedtls_x509write_cert *w)
{
	unsigned char serial[SERIAL_LEN];

	random_bytes(serial, sizeof(serial));
	/* positive and of full length, so that its DER form is canonical */
	serial[0] = (serial[0] & 0x3f) | 0x40;
	return mbedtls_x509write_crt_set_serial_raw(w, serial, sizeof(serial));
}

static int write_cert(mbedtls_x509write_cert *w, const struct cert_request *q, char **cert_pem)
{
	unsigned char *pem = malloc(CERT_PEM_MAX);
	int r = serial_set(w);

	mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
	if (!r)
		r = validity_set(w, q->valid_s);
	if (!r)
		r = usages_set(w, q);
	if (!r)
		r = sans_set(w, q->sans);
	if (!r && q->ca)
		r = mbedtls_x509write_crt_set_subject_key_identifier(w);
	if (!r && !q->ca)
		r = mbedtls_x509write_crt_set_authority_key_identifier(w);
	if (!r)
		r = mbedtls_x509write_crt_pem(w, pem, CERT_PEM_MAX, mbed_random, NULL);
	if (!r)
		*cert_pem = strdup((char *)pem);
	free(pem);
	return r;
}

static bool load_issuer(mbedtls_x509_crt *crt, mbedtls_pk_context *key, const char *cert_pem,
			const char *key_pem, struct status *st)
{
	return mbed_parse_certs(crt, cert_pem, "certificate authority", st) &&
	       mbed_parse_key(key, key_pem, "certificate authority's key", st);
}

bool pki_issue(const struct cert_request *q, const char *key_pem, const char *ca_cert_pem,
	       const char *ca_key_pem, char **cert_pem, struct status *st)
{
	mbedtls_x509write_cert w;
	mbedtls_pk_context key, ca_key;
	mbedtls_x509_crt ca;
	bool ok = false;
	int r;

	mbedtls_x509write_crt_init(&w);
	mbedtls_pk_init(&key);
	mbedtls_pk_init(&ca_key);
	mbedtls_x509_crt_init(&ca);
	if (!mbed_parse_key(&key, key_pem, "key to certify", st))
		goto out;
	if (ca_cert_pem && !load_issuer(&ca, &ca_key, ca_cert_pem, ca_key_pem, st))
		goto out;
	name_set(&w.subject, q);
	if (ca_cert_pem)
		names_copy(&w.issuer, &ca.subject);
	else
		name_set(&w.issuer, q);
	mbedtls_x509write_crt_set_subject_key(&w, &key);
	mbedtls_x509write_crt_set_issuer_key(&w, ca_cert_pem ? &ca_key : &key);
	r = write_cert(&w, q, cert_pem);
	ok = !r || failed(r, "issuing a certificate", st);
out:
	mbedtls_x509write_crt_free(&w);
	mbedtls_pk_free(&key);
	mbedtls_pk_free(&ca_key);
	mbedtls_x509_crt_free(&ca);
	return ok;
}

static int64_t epoch(const mbedtls_x509_time *t)
{
	struct tm tm = { .tm_year = t->year - 1900,
			 .tm_mon = t->mon - 1,
			 .tm_mday = t->day,
			 .tm_hour = t->hour,
			 .tm_min = t->min,
			 .tm_sec = t->sec };

	return (int64_t)timegm(&tm);
}

static const char *san_text(struct arena *a, const mbedtls_x509_buf *b)
{
	char ip[INET6_ADDRSTRLEN];

	switch (b->tag & MBEDTLS_ASN1_TAG_VALUE_MASK) {
	case MBEDTLS_X509_SAN_DNS_NAME: return arena_dup(a, b->p, b->len);
	case MBEDTLS_X509_SAN_IP_ADDRESS:
		if (b->len != 4 && b->len != 16)
			return NULL;
		if (!inet_ntop(b->len == 4 ? AF_INET : AF_INET6, b->p, ip, sizeof(ip)))
			return NULL;
		return arena_strdup(a, ip);
	default: return NULL;
	}
}

/* The DNS names and addresses of a list, NULL-terminated; *other when there is more. */
static const char **sans_read(struct arena *a, const mbedtls_x509_sequence *list, bool *other)
{
	const char **sans;
	size_t n = 0;

	for (const mbedtls_x509_sequence *s = list; s; s = s->next)
		n++;
	sans = arena_zalloc(a, (n + 1) * sizeof(*sans));
	n = 0;
	for (const mbedtls_x509_sequence *s = list; s && s->buf.p; s = s->next) {
		const char *text = san_text(a, &s->buf);

		if (text)
			sans[n++] = text;
		else
			*other = true;
	}
	return sans;
}

bool pki_inspect(struct arena *a, const char *cert_pem, struct cert_info *out, struct status *st)
{
	mbedtls_x509_crt crt;
	bool ok, other = false;

	memset(out, 0, sizeof(*out));
	mbedtls_x509_crt_init(&crt);
	ok = mbed_parse_certs(&crt, cert_pem, "certificate", st);
	if (ok) {
		out->not_before_s = epoch(&crt.valid_from);
		out->not_after_s = epoch(&crt.valid_to);
		for (const mbedtls_x509_name *n = &crt.subject; n; n = n->next)
			if (!MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid) &&
			    n->val.len < sizeof(out->cn))
				memcpy(out->cn, n->val.p, n->val.len);
		out->sans = sans_read(a, &crt.subject_alt_names, &other);
	}
	mbedtls_x509_crt_free(&crt);
	return ok;
}

/* Only whose signature it is matters here: expiry is the caller's to judge by pki_inspect(). */
static int ignore_dates(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	(void)arg, (void)crt, (void)depth;
	*flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
	return 0;
}

bool pki_matches(const char *cert_pem, const char *key_pem, const char *ca_pem)
{
	mbedtls_x509_crt crt, ca;
	mbedtls_pk_context key;
	uint32_t flags = 0;
	bool ok;

	mbedtls_x509_crt_init(&crt);
	mbedtls_x509_crt_init(&ca);
	mbedtls_pk_init(&key);
	ok = mbed_parse_certs(&crt, cert_pem, "certificate", NULL) &&
	     mbed_parse_certs(&ca, ca_pem, "certificate authority", NULL) &&
	     mbed_parse_key(&key, key_pem, "key", NULL) &&
	     !mbedtls_pk_check_pair(&crt.pk, &key, mbed_random, NULL) &&
	     !mbedtls_x509_crt_verify(&crt, &ca, NULL, NULL, &flags, ignore_dates, NULL);
	mbedtls_x509_crt_free(&crt);
	mbedtls_x509_crt_free(&ca);
	mbedtls_pk_free(&key);
	return ok;
}

/* ---- signing requests ---- */

/* mbedTLS parses a request without looking at its signature, the proof that the sender has the key. */
static bool csr_proves_key(mbedtls_x509_csr *csr)
{
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(csr->sig_md);
	unsigned char digest[MBEDTLS_MD_MAX_SIZE];

	return md && !mbedtls_md(md, csr->cri.p, csr->cri.len, digest) &&
	       !mbedtls_pk_verify_ext(csr->sig_pk, csr->sig_opts, &csr->pk, csr->sig_md, digest,
				      mbedtls_md_get_size(md), csr->sig.p, csr->sig.len);
}

static bool csr_parse(mbedtls_x509_csr *csr, const char *pem, struct status *st)
{
	char text[MBED_ERROR_LEN];
	int r;

	psa_crypto_init();
	r = mbedtls_x509_csr_parse(csr, (const unsigned char *)pem, strlen(pem) + 1);
	if (r)
		return status_bad_request(st, "certificate request: %s", mbed_error(r, text));
	if (!csr_proves_key(csr))
		return status_bad_request(st, "certificate request: not signed by its own key");
	return true;
}

static void csr_read(struct arena *a, const mbedtls_x509_csr *csr, struct csr_info *out)
{
	size_t n = 1, norgs = 0;

	*out = (struct csr_info){ .cn = "" };
	for (const mbedtls_x509_name *x = &csr->subject; x; x = x->next)
		n++;
	out->orgs = arena_zalloc(a, n * sizeof(*out->orgs));
	for (const mbedtls_x509_name *x = &csr->subject; x; x = x->next) {
		if (!MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &x->oid))
			out->cn = arena_dup(a, x->val.p, x->val.len);
		if (!MBEDTLS_OID_CMP(MBEDTLS_OID_AT_ORGANIZATION, &x->oid))
			out->orgs[norgs++] = arena_dup(a, x->val.p, x->val.len);
	}
	out->sans = sans_read(a, &csr->subject_alt_names, &out->other_sans);
}

bool pki_inspect_csr(struct arena *a, const char *csr_pem, struct csr_info *out, struct status *st)
{
	mbedtls_x509_csr csr;
	bool ok;

	mbedtls_x509_csr_init(&csr);
	ok = csr_parse(&csr, csr_pem, st);
	if (ok)
		csr_read(a, &csr, out);
	mbedtls_x509_csr_free(&csr);
	return ok;
}

static bool csr_certify(mbedtls_x509_csr *csr, struct cert_request q, mbedtls_x509_crt *ca,
			mbedtls_pk_context *ca_key, char **cert_pem, struct status *st)
{
	struct arena *a = arena_new();
	mbedtls_x509write_cert w;
	struct csr_info info;
	bool ok;
	int r;

	csr_read(a, csr, &info);
	mbedtls_x509write_crt_init(&w);
	if (info.other_sans) {
		ok = status_bad_request(st, "certificate request: only DNS names and IP addresses "
					    "are supported as alternative names");
		goto out;
	}
	q.sans = info.sans;
	names_copy(&w.subject, &csr->subject);
	names_copy(&w.issuer, &ca->subject);
	mbedtls_x509write_crt_set_subject_key(&w, &csr->pk);
	mbedtls_x509write_crt_set_issuer_key(&w, ca_key);
	r = write_cert(&w, &q, cert_pem);
	ok = !r || failed(r, "issuing a certificate", st);
out:
	mbedtls_x509write_crt_free(&w);
	arena_free(&a);
	return ok;
}

bool pki_sign_csr(const char *csr_pem, const struct cert_request *q, const char *ca_cert_pem,
		  const char *ca_key_pem, char **cert_pem, struct status *st)
{
	mbedtls_x509_csr csr;
	mbedtls_pk_context ca_key;
	mbedtls_x509_crt ca;
	bool ok;

	mbedtls_x509_csr_init(&csr);
	mbedtls_pk_init(&ca_key);
	mbedtls_x509_crt_init(&ca);
	ok = csr_parse(&csr, csr_pem, st) && load_issuer(&ca, &ca_key, ca_cert_pem, ca_key_pem, st) &&
	     csr_certify(&csr, *q, &ca, &ca_key, cert_pem, st);
	mbedtls_x509_csr_free(&csr);
	mbedtls_pk_free(&ca_key);
	mbedtls_x509_crt_free(&ca);
	return ok;
}
