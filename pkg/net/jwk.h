/*
 * jwk: other people's keys (RFC 7517), and tokens signed with them.
 */
#ifndef NUTSHELL_NET_JWK_H
#define NUTSHELL_NET_JWK_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct json;
struct jwk_set;

/* The RSA and P-256, P-384, P-521 keys for signatures in a JWK set; others are passed over.  Never NULL. */
struct jwk_set *jwk_set_new(const struct json *set);
void jwk_set_free(struct jwk_set **s);
size_t jwk_set_count(const struct jwk_set *s);

/* A token taken apart, nothing verified. */
struct jwt_parts {
	const struct json *head, *claims; /* objects, in the arena */
	const char *alg, *kid;            /* "" when absent */
};
/* False when it is no compact JWS of JSON objects. */
bool jwt_split(struct arena *a, const char *token, struct jwt_parts *out);

enum jwk_verdict { JWK_GOOD, JWK_BAD, JWK_NO_KEY };
/* The signature by one of the keys: the one the token names, or any when it names none.  alg is one of RS, PS,
 * ES with 256, 384, 512, and must fit the key. */
enum jwk_verdict jwk_verify(struct arena *a, const struct jwk_set *s, const char *token,
			    const struct jwt_parts *parts);

#endif
