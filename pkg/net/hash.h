/*
 * hash: cryptographic digests.
 */
#ifndef NUTSHELL_NET_HASH_H
#define NUTSHELL_NET_HASH_H

#include <stddef.h>

void sha256(const void *p, size_t n, unsigned char out[32]);
void sha512(const void *p, size_t n, unsigned char out[64]);
/* HMAC-SHA256. */
void hmac_sha256(const void *key, size_t nkey, const void *p, size_t n, unsigned char out[32]);
void sha1(const void *p, size_t n, unsigned char out[20]);

#endif
