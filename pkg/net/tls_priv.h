/*
 * tls_priv: the inside of tls.h, for tls_config.c and tls_session.c only.
 */
#ifndef NUTSHELL_NET_TLS_PRIV_H
#define NUTSHELL_NET_TLS_PRIV_H

#include "net/tls.h"

#include <mbedtls/ssl.h>
#include <stdatomic.h>

/* Record buffers kept for sessions that wake up; more than threads at work are never needed. */
enum { TLS_POOL = 16 };

struct tls_config {
	atomic_int refs;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt cert, ca;
	mbedtls_x509_crt clients, proxies; /* ca told apart; used when proxies is set */
	bool told_apart;
	mbedtls_pk_context key;
	const char *alpn[2];
	_Atomic(void *) in_pool[TLS_POOL], out_pool[TLS_POOL];
};

#endif
