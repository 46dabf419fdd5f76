/*
 * pki: keys, certificates and TLS identities (mbedTLS).  ECDSA P-256 throughout.
 * All PEM texts are heap strings the caller frees with free().
 */
#ifndef NUTSHELL_NET_PKI_H
#define NUTSHELL_NET_PKI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct status;

/* A fresh P-256 private key. */
bool pki_new_key(char **key_pem, struct status *st);

struct cert_request {
	const char *cn;
	const char *const *orgs; /* NULL-terminated, may be NULL */
	const char *const *sans; /* DNS names and IP addresses, NULL-terminated, may be NULL */
	bool ca, server, client; /* usages */
	int64_t valid_s;         /* from one hour ago until now + valid_s */
};
/* Issue a certificate for key_pem's public key; ca_* NULL = self-signed. */
bool pki_issue(const struct cert_request *q, const char *key_pem, const char *ca_cert_pem,
	       const char *ca_key_pem, char **cert_pem, struct status *st);

/* A PEM certificate signing request (PKCS #10), as certificates.k8s.io carries them. */
struct csr_info {
	const char *cn;    /* "" when it has none */
	const char **orgs; /* NULL-terminated, in the arena, as is sans */
	const char **sans; /* DNS names and IP addresses */
	bool other_sans;   /* it also asks for e-mail addresses or URIs */
};
/* False: 400 when it cannot be parsed, or is not signed by its own key. */
bool pki_inspect_csr(struct arena *a, const char *csr_pem, struct csr_info *out, struct status *st);
/* Certify what the request asks for: its subject, key and names; usages and validity are q's, whose
 * other fields are ignored.  Names other than DNS and IP are refused with 400. */
bool pki_sign_csr(const char *csr_pem, const struct cert_request *q, const char *ca_cert_pem,
		  const char *ca_key_pem, char **cert_pem, struct status *st);

struct cert_info {
	int64_t not_before_s, not_after_s;
	char cn[128];
	const char **sans; /* NULL-terminated, in the arena */
};
bool pki_inspect(struct arena *a, const char *cert_pem, struct cert_info *out, struct status *st);
/* The certificate was signed by ca and belongs to key. */
bool pki_matches(const char *cert_pem, const char *key_pem, const char *ca_pem);

/* The server side of TLS: certificate, key, and the CA that client certificates must come from
 * (optional for clients).  The certificate can be swapped while the server runs. */
struct tls_identity;
struct tls_identity *tls_identity_new(const char *cert_pem, const char *key_pem,
				      const char *client_ca_pem, struct status *st);
/* As tls_identity_new(), trusting a second authority besides: that of front proxies (http_req.cert_proxy).
 * Each may be several certificates. */
struct tls_identity *tls_identity_new_proxied(const char *cert_pem, const char *key_pem,
					      const char *client_ca_pem, const char *proxy_ca_pem,
					      struct status *st);
bool tls_identity_swap(struct tls_identity *t, const char *cert_pem, const char *key_pem,
		       struct status *st);
void tls_identity_free(struct tls_identity **t);

#endif
