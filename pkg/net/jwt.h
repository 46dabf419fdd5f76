/*
 * jwt: signed JSON Web Tokens (ES256, RS256 for verification) and the keys' JWKS form.
 */
#ifndef NUTSHELL_NET_JWT_H
#define NUTSHELL_NET_JWT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct json;
struct jwt_key;
struct status;

/* A signing key from PEM (P-256 private key). */
struct jwt_key *jwt_key_new(const char *key_pem, struct status *st);
void jwt_key_free(struct jwt_key **k);
/* base64url sha256 of the DER public key. */
const char *jwt_key_id(const struct jwt_key *k);
/* {"keys":[{"use":"sig","kty":"EC","kid":..,"crv":"P-256","alg":"ES256","x":..,"y":..}]} */
struct json *jwt_key_set(struct arena *a, const struct jwt_key *k);

/* Compact serialisation with header {alg, kid}. */
char *jwt_sign(struct arena *a, const struct jwt_key *k, const struct json *claims,
	       struct status *st);
/* Check form and signature only; returns the claims, or NULL (401).  Expiry etc. are the caller's. */
struct json *jwt_verify(struct arena *a, const struct jwt_key *k, const char *token,
			struct status *st);

#endif
