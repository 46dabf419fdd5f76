/*
 * codec: text forms of bytes, identifiers, randomness and plain hashes.
 * Results are written to caller's memory or an arena; nothing blocks except
 * random_bytes() before the kernel's pool is ready.  Cryptographic hashes live in net.
 */
#ifndef NUTSHELL_BASE_CODEC_H
#define NUTSHELL_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Standard base64 with padding; NUL-terminated. */
char *base64_encode(struct arena *a, const void *p, size_t n);
/* Strict standard base64 (padding required, no white space; Go's StdEncoding ignores \r\n, so do
 * we); NULL on bad input. *n = decoded length; NUL-terminated. */
char *base64_decode(struct arena *a, const char *s, size_t len, size_t *n);
/* base64url without padding. */
char *base64url_encode(struct arena *a, const void *p, size_t n);
char *base64url_decode(struct arena *a, const char *s, size_t len, size_t *n);
/* Lower-case RFC 4648 base32 without padding. */
char *base32_encode(struct arena *a, const void *p, size_t n);
/* Lower-case hexadecimal. */
char *hex_encode(struct arena *a, const void *p, size_t n);

void random_bytes(void *p, size_t n);
/* A random (version 4) UUID in canonical form. */
void uuid_new(char out[37]);
/* n characters of upstream's safe alphabet bcdfghjklmnpqrstvwxz2456789 and a NUL. */
void random_name(char *out, size_t n);

/* FNV-1a, for tables and for upstream's template hashes. */
uint32_t fnv32a(const void *p, size_t n);
uint64_t fnv64a(const void *p, size_t n);
/* Each decimal digit of v mapped to the safe alphabet (k8s: util/rand SafeEncodeString). */
void safe_encode(uint32_t v, char out[16]);

/* Percent-decoding of a URL component into the arena; plus: '+' means space.
 * NULL on a malformed escape. */
char *url_decode(struct arena *a, const char *s, size_t n, bool plus);
/* Percent-encoding of everything but unreserved characters. */
char *url_encode(struct arena *a, const char *s);

/* A Go-quoted string (strconv.Quote) of n bytes. */
char *go_quote(struct arena *a, const char *s, size_t n);

/* UTF-8 well-formedness (no overlong forms, no surrogates). */
bool utf8_valid(const char *s, size_t n);
/* Length of the well-formed sequence at s, which has n > 0 bytes; 0 if there is none. */
size_t utf8_length(const char *s, size_t n);

#endif
