/*
 * mbed: PEM parsing and error texts around mbedTLS.
 *
 * mbedTLS wants PEM with its terminating NUL counted, returns negative numbers for failure and, for
 * certificate bundles, positive counts of certificates it skipped.  We accept no partial bundle: a
 * certificate authority that is silently missing shows up much later as "unknown authority".
 */
#include "net/mbed.h"

#include "base/status.h"

#include <mbedtls/error.h>
#include <psa/crypto.h>
#include <string.h>

const char *mbed_error(int r, char out[MBED_ERROR_LEN])
{
	mbedtls_strerror(r, out, MBED_ERROR_LEN);
	return out;
}

bool mbed_parse_certs(mbedtls_x509_crt *crt, const char *pem, const char *what, struct status *st)
{
	char text[MBED_ERROR_LEN];
	int r;

	psa_crypto_init();
	r = mbedtls_x509_crt_parse(crt, (const unsigned char *)pem, strlen(pem) + 1);
	if (r > 0)
		return status_internal(st, "%s: %d of its certificates cannot be parsed", what, r);
	if (r < 0)
		return status_internal(st, "%s: %s", what, mbed_error(r, text));
	return true;
}

bool mbed_parse_key(mbedtls_pk_context *pk, const char *pem, const char *what, struct status *st)
{
	char text[MBED_ERROR_LEN];
	int r;

	psa_crypto_init();
	r = mbedtls_pk_parse_key(pk, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0,
				 mbed_random, NULL);
	if (r)
		return status_internal(st, "%s: %s", what, mbed_error(r, text));
	return true;
}
