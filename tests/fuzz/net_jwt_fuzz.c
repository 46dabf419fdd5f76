/*
 * Tokens and key sets.  Line 1 a token, then a JWK set; or, behind a dot, the lines of a token's head, claims
 * and signature in clear, then the set.  Nothing that is made up here has a good signature.
 */
#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "net/jwk.h"
#include "obj/json.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The line at *p, which moves behind it. */
static char *line(struct arena *a, const char **p, const char *end)
{
	const char *stop = memchr(*p, '\n', (size_t)(end - *p));
	char *out;

	if (!stop)
		stop = end;
	out = arena_dup(a, *p, (size_t)(stop - *p));
	*p = stop < end ? stop + 1 : end;
	return out;
}

static char *encode_line(struct arena *a, const char **p, const char *end)
{
	char *text = line(a, p, end);

	return base64url_encode(a, text, strlen(text));
}

static char *token_of(struct arena *a, const char **p, const char *end)
{
	char *head, *claims;

	if (*p == end || **p != '.')
		return line(a, p, end);
	++*p;
	head = encode_line(a, p, end);
	claims = encode_line(a, p, end);
	return arena_printf(a, "%s.%s.%s", head, claims, encode_line(a, p, end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n;
	struct arena *a = arena_new();
	char *token = token_of(a, &p, end);
	struct jwk_set *keys = jwk_set_new(json_parse(a, p, (size_t)(end - p), NULL, NULL));
	struct jwt_parts parts;

	if (jwt_split(a, token, &parts)) {
		if (!json_is_object(parts.head) || !json_is_object(parts.claims) || !parts.alg ||
		    !parts.kid)
			bug("half a token");
		if (jwk_verify(a, keys, token, &parts) == JWK_GOOD)
			bug("a good signature");
	}
	jwk_set_count(keys);
	jwk_set_free(&keys);
	arena_free(&a);
	return 0;
}
