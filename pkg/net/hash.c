/*
 * hash: digests by mbedTLS's one-shot calls.
 *
 * They can fail only for lack of memory in hardware-backed builds, which ours is not: a failure is
 * a bug, so that callers need no error path.
 */
#include "net/hash.h"

#include "base/log.h"

#include <mbedtls/md.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

void sha256(const void *p, size_t n, unsigned char out[32])
{
	if (mbedtls_sha256(p, n, out, 0))
		bug("sha256 failed");
}

void sha512(const void *p, size_t n, unsigned char out[64])
{
	if (mbedtls_sha512(p, n, out, 0))
		bug("sha512 failed");
}

void sha1(const void *p, size_t n, unsigned char out[20])
{
	if (mbedtls_sha1(p, n, out))
		bug("sha1 failed");
}

void hmac_sha256(const void *key, size_t nkey, const void *p, size_t n, unsigned char out[32])
{
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

	if (mbedtls_md_hmac(md, key, nkey, p, n, out))
		bug("hmac failed");
}
