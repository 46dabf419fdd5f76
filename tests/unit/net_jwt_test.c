/* Tokens: what we sign verifies, and nothing else does. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/status.h"
#include "net/jwt.h"
#include "net/pki.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

static struct jwt_key *fresh_key(void)
{
	struct jwt_key *k;
	char *pem;

	CHECK(pki_new_key(&pem, NULL));
	k = jwt_key_new(pem, NULL);
	CHECK(k);
	free(pem);
	return k;
}

UNIT_TEST(jwt_round_trip)
{
	struct arena *a = arena_new();
	struct jwt_key *k = fresh_key(), *other = fresh_key();
	struct json *claims = json_build(a, "{iss:%s,exp:%l}", "https://x", (int64_t)1234567890123);
	char *token = jwt_sign(a, k, claims, NULL);
	struct json *back;

	CHECK(token);
	back = jwt_verify(a, k, token, NULL);
	CHECK_STR(json_path_str(back, "iss"), "https://x");
	CHECK(json_path_int(back, "exp", 0) == 1234567890123);
	CHECK(!jwt_verify(a, other, token, NULL));
	jwt_key_free(&k);
	jwt_key_free(&other);
	arena_free(&a);
}

UNIT_TEST(jwt_tampering_is_401)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct arena *a = arena_new();
	struct jwt_key *k = fresh_key();
	char *token = jwt_sign(a, k, json_build(a, "{sub:\"x\"}"), NULL);
	const char *none = "{\"alg\":\"none\"}";

	for (size_t i = 0; i < strlen(token); i += 7) {
		char *t = arena_strdup(a, token);

		t[i] = t[i] == 'A' ? 'B' : 'A';
		CHECK(!jwt_verify(a, k, t, NULL));
	}
	CHECK(!jwt_verify(a, k, "", &st));
	CHECK(st.code == 401);
	CHECK(!jwt_verify(a, k, "..", NULL));
	CHECK(!jwt_verify(a, k, "a.b.c.d", NULL));
	CHECK(!jwt_verify(a, k, arena_printf(a, "%s.e30.", base64url_encode(a, none, strlen(none))),
			  NULL));
	jwt_key_free(&k);
	arena_free(&a);
}

UNIT_TEST(jwt_key_set_names_the_key)
{
	struct arena *a = arena_new();
	struct jwt_key *k = fresh_key();
	struct json *set = jwt_key_set(a, k);

	CHECK_STR(json_path_str(set, "keys.0.kid"), jwt_key_id(k));
	CHECK_STR(json_path_str(set, "keys.0.kty"), "EC");
	CHECK(strlen(json_path_str(set, "keys.0.x")) == 43);
	CHECK(strlen(json_path_str(set, "keys.0.y")) == 43);
	CHECK(strlen(jwt_key_id(k)) == 43);
	jwt_key_free(&k);
	arena_free(&a);
}
