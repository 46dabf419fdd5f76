/*
 * mbed: what every mbedTLS user of this package needs; private to net.
 */
#ifndef NUTSHELL_NET_MBED_H
#define NUTSHELL_NET_MBED_H

#include "base/codec.h"

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>

struct status;

/* mbedTLS's RNG callback: the kernel's generator.  It keeps no state of ours per thread, and the
 * handful of calls per handshake disappear beside its elliptic curves. */
static inline int mbed_random(void *ctx, unsigned char *p, size_t n)
{
	(void)ctx;
	random_bytes(p, n);
	return 0;
}

#define MBED_ERROR_LEN 128
/* mbedTLS's words for error r, in out. */
const char *mbed_error(int r, char out[MBED_ERROR_LEN]);

/* Parse all certificates of a PEM text into the initialised crt.  False: 500 `<what>: <reason>`. */
bool mbed_parse_certs(mbedtls_x509_crt *crt, const char *pem, const char *what, struct status *st);
/* Parse a private key into the initialised pk. */
bool mbed_parse_key(mbedtls_pk_context *pk, const char *pem, const char *what, struct status *st);

#endif
