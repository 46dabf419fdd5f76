/*
 * tls_config: mbedTLS configurations and the server identity that points at the present one.
 *
 * Policy: TLS 1.2 and 1.3, AES-128-GCM first (the machine's own instructions make it four times
 * faster than mbedTLS's default choice), P-256 before the others, HTTP/1.1 by ALPN, no session
 * tickets (TLS 1.3 resumption would lose the client's certificate).  A client certificate is
 * optional for servers and judged after the handshake, so that a bad one can be answered with 401.
 */
#include "base/log.h"
#include "base/status.h"
#include "base/thread.h"
#include "net/mbed.h"
#include "net/pki.h"
#include "net/tls_priv.h"

#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

static const int suites[] = {
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
	MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	0,
};

static const uint16_t groups[] = {
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
	0,
};

static struct tls_config *config_new(int endpoint)
{
	struct tls_config *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	psa_crypto_init();
	atomic_init(&c->refs, 1);
	mbedtls_ssl_config_init(&c->conf);
	mbedtls_x509_crt_init(&c->cert);
	mbedtls_x509_crt_init(&c->ca);
	mbedtls_x509_crt_init(&c->clients);
	mbedtls_x509_crt_init(&c->proxies);
	mbedtls_pk_init(&c->key);
	if (mbedtls_ssl_config_defaults(&c->conf, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM,
					MBEDTLS_SSL_PRESET_DEFAULT))
		bug("TLS defaults");
	c->alpn[0] = "http/1.1";
	mbedtls_ssl_conf_rng(&c->conf, mbed_random, NULL);
	mbedtls_ssl_conf_ciphersuites(&c->conf, suites);
	mbedtls_ssl_conf_groups(&c->conf, groups);
	mbedtls_ssl_conf_min_tls_version(&c->conf, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_alpn_protocols(&c->conf, c->alpn);
	return c;
}

static bool set_own(struct tls_config *c, const char *cert_pem, const char *key_pem, struct status *st)
{
	if (!mbed_parse_certs(&c->cert, cert_pem, "certificate", st) ||
	    !mbed_parse_key(&c->key, key_pem, "private key", st))
		return false;
	if (mbedtls_pk_check_pair(&c->cert.pk, &c->key, mbed_random, NULL))
		return status_internal(st, "certificate and private key do not belong together");
	if (mbedtls_ssl_conf_own_cert(&c->conf, &c->cert, &c->key))
		bug("TLS own certificate");
	return true;
}

static bool set_trust(struct tls_config *c, const char *ca_pem, struct status *st)
{
	if (!mbed_parse_certs(&c->ca, ca_pem, "certificate authority", st))
		return false;
	mbedtls_ssl_conf_ca_chain(&c->conf, &c->ca, NULL);
	return true;
}

/* The handshake accepts both; afterwards it matters who answers. */
static bool set_proxies(struct tls_config *c, const char *client_ca_pem, const char *proxy_ca_pem,
			struct status *st)
{
	c->told_apart = true;
	return mbed_parse_certs(&c->clients, client_ca_pem, "client certificate authority", st) &&
	       mbed_parse_certs(&c->proxies, proxy_ca_pem, "proxy certificate authority", st) &&
	       mbed_parse_certs(&c->ca, proxy_ca_pem, "proxy certificate authority", st);
}

struct tls_config *tls_config_server(const char *cert_pem, const char *key_pem,
				     const char *client_ca_pem, const char *proxy_ca_pem,
				     struct status *st)
{
	struct tls_config *c = config_new(MBEDTLS_SSL_IS_SERVER);

	mbedtls_ssl_conf_new_session_tickets(&c->conf, 0);
	mbedtls_ssl_conf_authmode(&c->conf, client_ca_pem ? MBEDTLS_SSL_VERIFY_OPTIONAL :
							    MBEDTLS_SSL_VERIFY_NONE);
	if (set_own(c, cert_pem, key_pem, st) && (!client_ca_pem || set_trust(c, client_ca_pem, st)) &&
	    (!proxy_ca_pem || set_proxies(c, client_ca_pem, proxy_ca_pem, st)))
		return c;
	tls_config_unref(&c);
	return NULL;
}

struct tls_config *tls_config_client(const char *ca_pem, const char *cert_pem, const char *key_pem,
				     bool insecure, struct status *st)
{
	struct tls_config *c = config_new(MBEDTLS_SSL_IS_CLIENT);

	mbedtls_ssl_conf_session_tickets(&c->conf, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
	mbedtls_ssl_conf_authmode(&c->conf,
				  insecure ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED);
	if ((!ca_pem || set_trust(c, ca_pem, st)) && (!cert_pem || set_own(c, cert_pem, key_pem, st)))
		return c;
	tls_config_unref(&c);
	return NULL;
}

struct tls_config *tls_config_ref(struct tls_config *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void tls_config_unref(struct tls_config **cp)
{
	struct tls_config *c = *cp;

	*cp = NULL;
	if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	for (size_t i = 0; i < TLS_POOL; i++) {
		free(atomic_load(&c->in_pool[i]));
		free(atomic_load(&c->out_pool[i]));
	}
	mbedtls_ssl_config_free(&c->conf);
	mbedtls_x509_crt_free(&c->cert);
	mbedtls_x509_crt_free(&c->ca);
	mbedtls_x509_crt_free(&c->clients);
	mbedtls_x509_crt_free(&c->proxies);
	mbedtls_pk_free(&c->key);
	free(c);
}

struct tls_identity {
	struct lock lock;
	struct tls_config *config; /* new sessions take this one */
	char *client_ca_pem, *proxy_ca_pem;
};

struct tls_identity *tls_identity_new(const char *cert_pem, const char *key_pem,
				      const char *client_ca_pem, struct status *st)
{
	return tls_identity_new_proxied(cert_pem, key_pem, client_ca_pem, NULL, st);
}

struct tls_identity *tls_identity_new_proxied(const char *cert_pem, const char *key_pem,
					      const char *client_ca_pem, const char *proxy_ca_pem,
					      struct status *st)
{
	struct tls_config *c = tls_config_server(cert_pem, key_pem, client_ca_pem, proxy_ca_pem, st);
	struct tls_identity *t;

	if (!c)
		return NULL;
	t = calloc(1, sizeof(*t));
	lock_init(&t->lock, "tls_identity", LOCK_NET);
	t->config = c;
	t->client_ca_pem = client_ca_pem ? strdup(client_ca_pem) : NULL;
	t->proxy_ca_pem = proxy_ca_pem ? strdup(proxy_ca_pem) : NULL;
	return t;
}

bool tls_identity_swap(struct tls_identity *t, const char *cert_pem, const char *key_pem,
		       struct status *st)
{
	struct tls_config *c = tls_config_server(cert_pem, key_pem, t->client_ca_pem,
						 t->proxy_ca_pem, st),
			  *old;

	if (!c)
		return false;
	lock_take(&t->lock);
	old = t->config;
	t->config = c;
	lock_drop(&t->lock);
	tls_config_unref(&old);
	return true;
}

struct tls_config *tls_identity_config(struct tls_identity *t)
{
	struct tls_config *c;

	lock_take(&t->lock);
	c = tls_config_ref(t->config);
	lock_drop(&t->lock);
	return c;
}

void tls_identity_free(struct tls_identity **tp)
{
	struct tls_identity *t = *tp;

	if (!t)
		return;
	*tp = NULL;
	tls_config_unref(&t->config);
	lock_destroy(&t->lock);
	free(t->client_ca_pem);
	free(t->proxy_ca_pem);
	free(t);
}
