/* Certificates as Kubernetes expects them, digests, gzip. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/status.h"
#include "net/gzip.h"
#include "net/hash.h"
#include "net/pki.h"

#include <stdlib.h>
#include <string.h>

struct authority {
	char *key, *cert;
};

static void authority_new(struct authority *ca, const char *cn)
{
	struct cert_request q = { .cn = cn, .ca = true, .valid_s = 3600 };

	CHECK(pki_new_key(&ca->key, NULL));
	CHECK(pki_issue(&q, ca->key, NULL, NULL, &ca->cert, NULL));
}

static void authority_free(struct authority *ca)
{
	free(ca->key);
	free(ca->cert);
}

UNIT_TEST(pki_leaf_has_its_names)
{
	static const char *const orgs[] = { "system:masters", "a,b=c+d", NULL };
	static const char *const sans[] = { "kubernetes.default.svc", "10.43.0.1", "fd00::1", NULL };
	struct cert_request q = { .cn = "kube \"apiserver\"",
				  .orgs = orgs,
				  .sans = sans,
				  .server = true,
				  .client = true,
				  .valid_s = 600 };
	struct arena *a = arena_new();
	struct authority ca;
	struct cert_info info;
	char *key, *cert;

	authority_new(&ca, "kubernetes");
	CHECK(pki_new_key(&key, NULL));
	CHECK(pki_issue(&q, key, ca.cert, ca.key, &cert, NULL));
	CHECK(pki_inspect(a, cert, &info, NULL));
	CHECK_STR(info.cn, "kube \"apiserver\"");
	CHECK_STR(info.sans[0], "kubernetes.default.svc");
	CHECK_STR(info.sans[1], "10.43.0.1");
	CHECK_STR(info.sans[2], "fd00::1");
	CHECK(!info.sans[3]);
	CHECK(info.not_before_s <= clock_now_s() - 3599);
	CHECK(llabs(info.not_after_s - clock_now_s() - 600) < 5);
	CHECK(pki_matches(cert, key, ca.cert));
	CHECK(!pki_matches(cert, ca.key, ca.cert));
	free(key);
	free(cert);
	authority_free(&ca);
	arena_free(&a);
}

UNIT_TEST(pki_another_authority_does_not_match)
{
	struct cert_request q = { .cn = "x", .client = true, .valid_s = 600 };
	struct authority ca, other;
	char *key, *cert;

	authority_new(&ca, "kubernetes");
	authority_new(&other, "kubernetes");
	CHECK(pki_new_key(&key, NULL));
	CHECK(pki_issue(&q, key, ca.cert, ca.key, &cert, NULL));
	CHECK(!pki_matches(cert, key, other.cert));
	free(key);
	free(cert);
	authority_free(&ca);
	authority_free(&other);
}

UNIT_TEST(pki_rubbish_is_an_error)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct cert_request q = { .cn = "x", .valid_s = 600 };
	struct arena *a = arena_new();
	struct cert_info info;
	char *cert;

	CHECK(!pki_inspect(a, "not PEM", &info, &st));
	CHECK(st.code == 500);
	status_clear(&st);
	CHECK(!pki_issue(&q, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
			 NULL, NULL, &cert, &st));
	CHECK(st.code == 500);
	CHECK(!pki_matches("", "", ""));
	arena_free(&a);
}

UNIT_TEST(hash_known_answers)
{
	struct arena *a = arena_new();
	unsigned char d[64];

	sha256("abc", 3, d);
	CHECK_STR(hex_encode(a, d, 32),
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha1("abc", 3, d);
	CHECK_STR(hex_encode(a, d, 20), "a9993e364706816aba3e25717850c26c9cd0d89d");
	sha512("", 0, d);
	CHECK(!strncmp(hex_encode(a, d, 64), "cf83e1357eefb8bdf1542850d66d8007", 32));
	arena_free(&a);
}

UNIT_TEST(gzip_round_trip_and_limits)
{
	BUF_AUTO struct buf plain = BUF_INIT, packed = BUF_INIT, back = BUF_INIT;

	for (int i = 0; i < 20000; i++)
		buf_addf(&plain, "line %d of many\n", i);
	gzip_pack(&packed, plain.p, plain.len, 6);
	CHECK(packed.len < plain.len / 3);
	CHECK(gzip_unpack(&back, packed.p, packed.len, plain.len));
	CHECK(back.len == plain.len && !memcmp(back.p, plain.p, plain.len));
	buf_clear(&back);
	CHECK(!gzip_unpack(&back, packed.p, packed.len, plain.len - 1));
	CHECK(back.len < plain.len + 64 * 1024);
	buf_clear(&back);
	CHECK(!gzip_unpack(&back, packed.p, packed.len - 9, plain.len));
	packed.p[packed.len / 2] ^= 0x55;
	buf_clear(&back);
	CHECK(!gzip_unpack(&back, packed.p, packed.len, plain.len));
	CHECK(!gzip_unpack(&back, "", 0, 100));
}

UNIT_TEST(gzip_of_nothing)
{
	BUF_AUTO struct buf packed = BUF_INIT, back = BUF_INIT;

	gzip_pack(&packed, "", 0, 1);
	CHECK(packed.len > 0);
	CHECK(gzip_unpack(&back, packed.p, packed.len, 0));
	CHECK(back.len == 0);
}
