/*
 * jwt: compact JWS with one key.
 *
 * Signing is ES256 for P-256 keys (RFC 7518 3.4: raw r||s, 64 bytes) and RS256 for RSA keys, which
 * exist only because operators may bring one.  A token's alg must be the key's own: accepting what
 * the token claims is the classic mistake.  mbedTLS signs DER, so the two forms are converted.
 *
 * k8s: pkg/serviceaccount/jwt.go (key id: base64url of sha256 of the PKIX public key).
 */
#include "net/jwt.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/status.h"
#include "net/hash.h"
#include "net/mbed.h"
#include "obj/json.h"

#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { P256_BITS = 256, P256_SIG = 64, SIG_MAX = 1024, PUBKEY_DER_MAX = 1024 };

struct jwt_key {
	mbedtls_pk_context pk;
	bool ec, signs;
	char id[48];
};

static bool parse_any_key(struct jwt_key *k, const char *pem, struct status *st)
{
	size_t n = strlen(pem) + 1;

	psa_crypto_init();
	if (strstr(pem, "BEGIN PUBLIC KEY"))
		return !mbedtls_pk_parse_public_key(&k->pk, (const unsigned char *)pem, n) ||
		       status_internal(st, "signing key: not a valid public key");
	k->signs = true;
	return mbed_parse_key(&k->pk, pem, "signing key", st);
}

static bool check_kind(struct jwt_key *k, struct status *st)
{
	k->ec = mbedtls_pk_can_do(&k->pk, MBEDTLS_PK_ECDSA);
	if (k->ec && mbedtls_pk_get_bitlen(&k->pk) != P256_BITS)
		return status_internal(st, "signing key: only P-256 and RSA keys are supported");
	if (!k->ec && !mbedtls_pk_can_do(&k->pk, MBEDTLS_PK_RSA))
		return status_internal(st, "signing key: only P-256 and RSA keys are supported");
	return true;
}

static bool name_key(struct jwt_key *k, struct status *st)
{
	unsigned char der[PUBKEY_DER_MAX], digest[32];
	struct arena *a;
	int n = mbedtls_pk_write_pubkey_der(&k->pk, der, sizeof(der));

	if (n < 0)
		return status_internal(st, "signing key: cannot encode its public half");
	/* mbedTLS writes at the end of the buffer */
	sha256(der + sizeof(der) - n, (size_t)n, digest);
	a = arena_new();
	strcpy(k->id, base64url_encode(a, digest, sizeof(digest)));
	arena_free(&a);
	return true;
}

struct jwt_key *jwt_key_new(const char *key_pem, struct status *st)
{
	struct jwt_key *k = calloc(1, sizeof(*k));

	mbedtls_pk_init(&k->pk);
	if (parse_any_key(k, key_pem, st) && check_kind(k, st) && name_key(k, st))
		return k;
	jwt_key_free(&k);
	return NULL;
}

void jwt_key_free(struct jwt_key **k)
{
	if (!*k)
		return;
	mbedtls_pk_free(&(*k)->pk);
	free(*k);
	*k = NULL;
}

const char *jwt_key_id(const struct jwt_key *k)
{
	return k->id;
}

static const char *alg_of(const struct jwt_key *k)
{
	return k->ec ? "ES256" : "RS256";
}

static struct json *ec_jwk(struct arena *a, const struct jwt_key *k)
{
	unsigned char q[65]; /* 04 || x || y */
	size_t n = 0;

	if (mbedtls_ecp_write_public_key(mbedtls_pk_ec(k->pk), MBEDTLS_ECP_PF_UNCOMPRESSED, &n, q,
					 sizeof(q)) ||
	    n != sizeof(q))
		return NULL;
	return json_build(a, "{use:\"sig\",kty:\"EC\",kid:%s,crv:\"P-256\",alg:\"ES256\",x:%s,y:%s}",
			  k->id, base64url_encode(a, q + 1, 32), base64url_encode(a, q + 33, 32));
}

static struct json *rsa_jwk(struct arena *a, const struct jwt_key *k)
{
	const mbedtls_rsa_context *rsa = mbedtls_pk_rsa(k->pk);
	size_t n = mbedtls_rsa_get_len(rsa);
	unsigned char *mod = arena_alloc(a, n), exp[8];
	size_t skip = 0;

	if (mbedtls_rsa_export_raw(rsa, mod, n, NULL, 0, NULL, 0, NULL, 0, exp, sizeof(exp)))
		return NULL;
	while (skip < sizeof(exp) - 1 && !exp[skip])
		skip++;
	return json_build(a, "{use:\"sig\",kty:\"RSA\",kid:%s,alg:\"RS256\",n:%s,e:%s}", k->id,
			  base64url_encode(a, mod, n),
			  base64url_encode(a, exp + skip, sizeof(exp) - skip));
}

struct json *jwt_key_set(struct arena *a, const struct jwt_key *k)
{
	struct json *set = json_object(a);
	struct json *jwk = k->ec ? ec_jwk(a, k) : rsa_jwk(a, k);

	json_set(a, set, "keys", json_array(a));
	if (jwk)
		json_append(json_get(set, "keys"), jwk);
	return set;
}

/* mbedTLS takes keys as non-const although signing and verifying leave them as they are. */
static mbedtls_pk_context *borrow(const struct jwt_key *k)
{
	union {
		const mbedtls_pk_context *in;
		mbedtls_pk_context *out;
	} u = { &k->pk };

	return u.out;
}

char *jwt_sign(struct arena *a, const struct jwt_key *k, const struct json *claims, struct status *st)
{
	const char *head = arena_printf(a, "{\"alg\":\"%s\",\"kid\":\"%s\"}", alg_of(k), k->id);
	const char *body = json_text(a, claims);
	unsigned char digest[32], sig[SIG_MAX], raw[P256_SIG];
	size_t n = 0;
	char *signing;
	int r;

	if (!k->signs) {
		status_internal(st, "this key can only verify");
		return NULL;
	}
	signing = arena_printf(a, "%s.%s", base64url_encode(a, head, strlen(head)),
			       base64url_encode(a, body, strlen(body)));
	sha256(signing, strlen(signing), digest);
	r = mbedtls_pk_sign(borrow(k), MBEDTLS_MD_SHA256, digest, sizeof(digest), sig, sizeof(sig),
			    &n, mbed_random, NULL);
	if (!r && k->ec)
		r = mbedtls_ecdsa_der_to_raw(P256_BITS, sig, n, raw, sizeof(raw), &n);
	if (r) {
		char text[MBED_ERROR_LEN];

		status_internal(st, "signing a token: %s", mbed_error(r, text));
		return NULL;
	}
	return arena_printf(a, "%s.%s", signing, base64url_encode(a, k->ec ? raw : sig, n));
}

static bool signature_ok(const struct jwt_key *k, const unsigned char digest[32],
			 const unsigned char *sig, size_t n)
{
	unsigned char der[P256_SIG + 16];

	if (k->ec) {
		if (n != P256_SIG ||
		    mbedtls_ecdsa_raw_to_der(P256_BITS, sig, n, der, sizeof(der), &n))
			return false;
		sig = der;
	}
	return !mbedtls_pk_verify(borrow(k), MBEDTLS_MD_SHA256, digest, 32, sig, n);
}

static struct json *decode_part(struct arena *a, const char *p, size_t n)
{
	size_t len;
	char *text = base64url_decode(a, p, n, &len);
	struct json *j = text ? json_parse(a, text, len, NULL, NULL) : NULL;

	return json_is_object(j) ? j : NULL;
}

struct json *jwt_verify(struct arena *a, const struct jwt_key *k, const char *token, struct status *st)
{
	const char *dot1 = strchr(token, '.'), *dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;
	const struct json *head;
	struct json *claims = NULL;
	unsigned char digest[32];
	size_t n = 0;
	char *sig;

	if (!dot2 || strchr(dot2 + 1, '.'))
		goto fail;
	head = decode_part(a, token, (size_t)(dot1 - token));
	if (!head || strcmp(json_path_str(head, "alg"), alg_of(k)))
		goto fail;
	/* "crit" names extensions that must be understood; we understand none */
	if (json_get(head, "crit"))
		goto fail;
	sig = base64url_decode(a, dot2 + 1, strlen(dot2 + 1), &n);
	sha256(token, (size_t)(dot2 - token), digest);
	if (!sig || !signature_ok(k, digest, (const unsigned char *)sig, n))
		goto fail;
	claims = decode_part(a, dot1 + 1, (size_t)(dot2 - dot1 - 1));
	if (claims)
		return claims;
fail:
	status_unauthorized(st);
	return NULL;
}
