/*
 * A key's type, not the token, says how a signature is made; the token's alg only picks the digest and, for
 * RSA, the padding, out of what fits the key.  Keys are kept as mbedTLS contexts; what cannot be read (other
 * types, keys for encryption) is left out, as every relying party does.
 */
#include "net/jwk.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/vec.h"
#include "net/hash.h"
#include "net/mbed.h"
#include "obj/json.h"

#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { COORDINATE_MAX = 66, DER_MAX = 2 * COORDINATE_MAX + 16, MODULUS_MAX = 1024 };

struct jwk {
	mbedtls_pk_context pk;
	char *kid;
	size_t ec_bits; /* 0 = RSA */
};

struct jwk_set {
	VEC(struct jwk) keys;
};

/* ---- reading keys ---- */

static unsigned char *part(struct arena *a, const struct json *o, const char *name, size_t *n)
{
	const char *text = json_str(json_get(o, name));

	return (unsigned char *)base64url_decode(a, text, strlen(text), n);
}

static bool read_rsa(struct arena *a, struct jwk *k, const struct json *o)
{
	size_t nn = 0, ne = 0;
	const unsigned char *n = part(a, o, "n", &nn), *e = part(a, o, "e", &ne);

	if (!n || !e || nn < 128 || nn > MODULUS_MAX || !ne || ne > 8)
		return false;
	if (mbedtls_pk_setup(&k->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)))
		return false;
	return !mbedtls_rsa_import_raw(mbedtls_pk_rsa(k->pk), n, nn, NULL, 0, NULL, 0, NULL, 0, e,
				       ne) &&
	       !mbedtls_rsa_complete(mbedtls_pk_rsa(k->pk)) &&
	       !mbedtls_rsa_check_pubkey(mbedtls_pk_rsa(k->pk));
}

static bool curve_of(const char *crv, mbedtls_ecp_group_id *id, size_t *bits)
{
	static const struct {
		const char *name;
		mbedtls_ecp_group_id id;
		size_t bits;
	} curves[] = { { "P-256", MBEDTLS_ECP_DP_SECP256R1, 256 },
		       { "P-384", MBEDTLS_ECP_DP_SECP384R1, 384 },
		       { "P-521", MBEDTLS_ECP_DP_SECP521R1, 521 } };

	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
		if (strcmp(crv, curves[i].name) != 0)
			continue;
		*id = curves[i].id;
		*bits = curves[i].bits;
		return true;
	}
	return false;
}

static bool read_ec(struct arena *a, struct jwk *k, const struct json *o)
{
	unsigned char point[1 + 2 * COORDINATE_MAX] = { 4 };
	size_t nx = 0, ny = 0, len;
	const unsigned char *x = part(a, o, "x", &nx), *y = part(a, o, "y", &ny);
	mbedtls_ecp_group_id id;
	mbedtls_ecp_keypair *pair;

	if (!curve_of(json_path_str(o, "crv"), &id, &k->ec_bits) || !x || !y)
		return false;
	len = (k->ec_bits + 7) / 8;
	if (nx > len || ny > len ||
	    mbedtls_pk_setup(&k->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)))
		return false;
	memcpy(point + 1 + len - nx, x, nx);
	memcpy(point + 1 + len + len - ny, y, ny);
	pair = mbedtls_pk_ec(k->pk);
	return !mbedtls_ecp_group_load(&pair->MBEDTLS_PRIVATE(grp), id) &&
	       !mbedtls_ecp_point_read_binary(&pair->MBEDTLS_PRIVATE(grp),
					      &pair->MBEDTLS_PRIVATE(Q), point, 1 + 2 * len) &&
	       !mbedtls_ecp_check_pubkey(&pair->MBEDTLS_PRIVATE(grp), &pair->MBEDTLS_PRIVATE(Q));
}

static bool read_key(struct arena *a, struct jwk *k, const struct json *o)
{
	const char *kty = json_path_str(o, "kty"), *use = json_path_str(o, "use");

	if (*use && strcmp(use, "sig") != 0)
		return false;
	if (!strcmp(kty, "RSA"))
		return read_rsa(a, k, o);
	return !strcmp(kty, "EC") && read_ec(a, k, o);
}

struct jwk_set *jwk_set_new(const struct json *set)
{
	struct jwk_set *s = calloc(1, sizeof *s);
	struct arena *a = arena_new();

	BUG_ON(!s);
	psa_crypto_init();
	json_each(o, json_get(set, "keys")) {
		struct jwk k = { .kid = NULL };

		mbedtls_pk_init(&k.pk);
		if (!read_key(a, &k, o)) {
			mbedtls_pk_free(&k.pk);
			continue;
		}
		k.kid = strdup(json_path_str(o, "kid"));
		vec_push(&s->keys, k);
	}
	arena_free(&a);
	return s;
}

void jwk_set_free(struct jwk_set **sp)
{
	struct jwk_set *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	for (size_t i = 0; i < s->keys.n; i++) {
		mbedtls_pk_free(&s->keys.p[i].pk);
		free(s->keys.p[i].kid);
	}
	vec_free(&s->keys);
	free(s);
}

size_t jwk_set_count(const struct jwk_set *s)
{
	return s->keys.n;
}

/* ---- tokens ---- */

static const struct json *object_of(struct arena *a, const char *p, size_t n)
{
	size_t len;
	char *text = base64url_decode(a, p, n, &len);
	const struct json *j = text ? json_parse(a, text, len, NULL, NULL) : NULL;

	return json_is_object(j) ? j : NULL;
}

bool jwt_split(struct arena *a, const char *token, struct jwt_parts *out)
{
	const char *dot1 = strchr(token, '.'), *dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;

	if (!dot2 || strchr(dot2 + 1, '.'))
		return false;
	out->head = object_of(a, token, (size_t)(dot1 - token));
	out->claims = object_of(a, dot1 + 1, (size_t)(dot2 - dot1 - 1));
	out->alg = json_path_str(out->head, "alg");
	out->kid = json_path_str(out->head, "kid");
	return out->head && out->claims;
}

struct digest {
	mbedtls_md_type_t md;
	unsigned char v[64];
	size_t n;
};

static bool digest_of(const char *bits, const char *p, size_t n, struct digest *d)
{
	static const struct {
		const char *bits;
		mbedtls_md_type_t md;
		size_t n;
	} known[] = { { "256", MBEDTLS_MD_SHA256, 32 },
		      { "384", MBEDTLS_MD_SHA384, 48 },
		      { "512", MBEDTLS_MD_SHA512, 64 } };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(bits, known[i].bits) != 0)
			continue;
		d->md = known[i].md;
		d->n = known[i].n;
		return !mbedtls_md(mbedtls_md_info_from_type(d->md), (const unsigned char *)p, n,
				   d->v);
	}
	return false;
}

static mbedtls_pk_context *borrow(const struct jwk *k)
{
	union {
		const mbedtls_pk_context *in;
		mbedtls_pk_context *out;
	} u = { &k->pk };

	return u.out;
}

/* A curve goes with one digest: P-256 with 256, P-384 with 384, P-521 with 512. */
static bool ec_good(const struct jwk *k, const struct digest *d, const unsigned char *sig, size_t n)
{
	unsigned char der[DER_MAX];
	size_t len = (k->ec_bits + 7) / 8;

	if (d->n != (k->ec_bits == 521 ? 64 : len) || n != 2 * len ||
	    mbedtls_ecdsa_raw_to_der(k->ec_bits, sig, n, der, sizeof der, &n))
		return false;
	return !mbedtls_pk_verify(borrow(k), d->md, d->v, d->n, der, n);
}

static bool pss_good(const struct jwk *k, const struct digest *d, const unsigned char *sig, size_t n)
{
	mbedtls_pk_rsassa_pss_options opts = { .mgf1_hash_id = d->md, .expected_salt_len = (int)d->n };

	return !mbedtls_pk_verify_ext(MBEDTLS_PK_RSASSA_PSS, &opts, borrow(k), d->md, d->v, d->n,
				      sig, n);
}

static bool key_good(const struct jwk *k, const char *alg, const struct digest *d,
		     const unsigned char *sig, size_t n)
{
	if (k->ec_bits)
		return !strncmp(alg, "ES", 2) && ec_good(k, d, sig, n);
	if (!strncmp(alg, "PS", 2))
		return pss_good(k, d, sig, n);
	return !strncmp(alg, "RS", 2) && !mbedtls_pk_verify(borrow(k), d->md, d->v, d->n, sig, n);
}

enum jwk_verdict jwk_verify(struct arena *a, const struct jwk_set *s, const char *token,
			    const struct jwt_parts *parts)
{
	const char *dot = strrchr(token, '.');
	struct digest d;
	size_t n = 0;
	unsigned char *sig = (unsigned char *)base64url_decode(a, dot + 1, strlen(dot + 1), &n);
	bool known = false;

	/* "crit" names extensions that must be understood; we understand none */
	if (!sig || strlen(parts->alg) != 5 || json_get(parts->head, "crit") ||
	    !digest_of(parts->alg + 2, token, (size_t)(dot - token), &d))
		return JWK_BAD;
	for (size_t i = 0; i < s->keys.n; i++) {
		const struct jwk *k = &s->keys.p[i];

		if (*parts->kid && strcmp(parts->kid, k->kid) != 0)
			continue;
		known = true;
		if (key_good(k, parts->alg, &d, sig, n))
			return JWK_GOOD;
	}
	return known && *parts->kid ? JWK_BAD : JWK_NO_KEY;
}
