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

/* Made with openssl: O=system:nodes, O=second, CN=system:node:n1, DNS:n1, IP:10.0.0.1. */
static const char node_csr[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
			       "MIIBIjCByQIBADBBMRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxDzANBgNVBAoMBnNl\n"
			       "Y29uZDEXMBUGA1UEAwwOc3lzdGVtOm5vZGU6bjEwWTATBgcqhkjOPQIBBggqhkjO\n"
			       "PQMBBwNCAAR1ngDqh9l+PUY24BR9neW79Xhp7XxY57s0RaYzN3k7UWjMOlbKJ1NW\n"
			       "jmYDeBKFLj3Rk+UAHKqWiYhN0/r5iaBMoCYwJAYJKoZIhvcNAQkOMRcwFTATBgNV\n"
			       "HREEDDAKggJuMYcECgAAATAKBggqhkjOPQQDAgNIADBFAiAGnCOP7T6R7ypYUUuD\n"
			       "P51kdDJ7hcR60Ry7qfRvNVmyuAIhAJFU0+Y8ajICMeKfdTJO69679cals5QFgniD\n"
			       "va1DJWX/\n"
			       "-----END CERTIFICATE REQUEST-----\n";

/* Asks for an e-mail address. */
static const char mail_csr[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
			       "MIHoMIGPAgEAMAwxCjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
			       "AAR1ngDqh9l+PUY24BR9neW79Xhp7XxY57s0RaYzN3k7UWjMOlbKJ1NWjmYDeBKF\n"
			       "Lj3Rk+UAHKqWiYhN0/r5iaBMoCEwHwYJKoZIhvcNAQkOMRIwEDAOBgNVHREEBzAF\n"
			       "gQNhQGIwCgYIKoZIzj0EAwIDSAAwRQIgaHZdUOaU9SxmM78WUF4tcflZIPlR2uNz\n"
			       "2a6tY+NdpPcCIQC+nmP2imIs1Jbv2u1/yDGtzwY93GA6HbGT0FCynle/Bw==\n"
			       "-----END CERTIFICATE REQUEST-----\n";

/* RSA-2048, CN=rsa, O=g. */
static const char rsa_csr[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
			      "MIICXzCCAUcCAQAwGjEMMAoGA1UEAwwDcnNhMQowCAYDVQQKDAFnMIIBIjANBgkq\n"
			      "hkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyGeRGXtzB0295z/RhbQs7oQhfNkupeKn\n"
			      "dRR5Y+3GemWWZx3CiQn8YdsacWmpN0BN3o4CVWL5/sM//6UmRZ37SzBugncLN0RJ\n"
			      "uFyDv/z7/LEQoLil0jA7e+2WNSlg9BKUhyZq+mWoLbiL/+RkVic3/GonDm8p4F9j\n"
			      "KFXOtw4PHxgDIDV7uSo9gZX8LpRyGtwsH0//pp5TQ/mGTefz4D/NRSbjY6lBQjtr\n"
			      "0iUjMT52kKMb8vZ5zSJjqvGsf4I12w4QQmDMatZCBMJvGRpPdEQDDayOanMnbZwn\n"
			      "nL2r/fsz1II1cTFdIMz7WQj91HNiqIBdTLPWJhOEGmeH59qxKl05twIDAQABoAAw\n"
			      "DQYJKoZIhvcNAQELBQADggEBAJqoWG8lMSotOJy4XvaGxw0ElKb90cLaxZrYOlSf\n"
			      "60fYVXZShF11Y0M+RVefp8GXXh6XDK6WxHldWRed2qiarowmsdds3BebecJbTVE1\n"
			      "80Bq2F6KlMG0eKwQKzNPJL+dunNfzrbXMrCJ9vyfJOkzWK0AZzMb5t42+JkOCxf1\n"
			      "wLGJAH4kHypUxEJeUO2HFC5ytdYNBIo5iC2oa/yQqjdrYK4l//2sAK7YUQWTWbiB\n"
			      "Kdhj2ANEKV7eMAJnV6tAMkvG6Ixu3O9jfDSTQ8c9jjqcUaUiUIxnpl68MllOgCLf\n"
			      "7L0qoFxgZh4vCv6oUcP1/xueGjCHa4iKSAM/f03MlE20Dwk=\n"
			      "-----END CERTIFICATE REQUEST-----\n";

UNIT_TEST(pki_signs_requests)
{
	STATUS_AUTO struct status st = STATUS_INIT, st2 = STATUS_INIT;
	struct cert_request q = { .client = true, .valid_s = 600 };
	struct arena *a = arena_new();
	struct authority ca;
	struct csr_info csr;
	struct cert_info info;
	char *cert, *forged = arena_strdup(a, node_csr);

	authority_new(&ca, "kubernetes");
	CHECK(pki_inspect_csr(a, node_csr, &csr, NULL));
	CHECK_STR(csr.cn, "system:node:n1");
	CHECK_STR(csr.orgs[0], "system:nodes");
	CHECK_STR(csr.orgs[1], "second");
	CHECK(!csr.orgs[2] && !csr.other_sans);
	CHECK_STR(csr.sans[0], "n1");
	CHECK_STR(csr.sans[1], "10.0.0.1");
	CHECK(pki_sign_csr(node_csr, &q, ca.cert, ca.key, &cert, NULL));
	CHECK(pki_inspect(a, cert, &info, NULL));
	CHECK_STR(info.cn, "system:node:n1");
	CHECK_STR(info.sans[1], "10.0.0.1");
	free(cert);
	CHECK(pki_sign_csr(rsa_csr, &q, ca.cert, ca.key, &cert, NULL));
	free(cert);
	CHECK(pki_inspect_csr(a, mail_csr, &csr, NULL));
	CHECK(csr.other_sans);
	CHECK(!pki_sign_csr(mail_csr, &q, ca.cert, ca.key, &cert, &st));
	CHECK_INT(st.code, 400);
	/* another name under the same signature */
	memcpy(strstr(forged, "Y29uZDEX"), "Y29uZjEX", 8);
	CHECK(!pki_inspect_csr(a, forged, &csr, &st2));
	CHECK_INT(st2.code, 400);
	CHECK(!pki_inspect_csr(a, "rubbish", &csr, NULL));
	authority_free(&ca);
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
