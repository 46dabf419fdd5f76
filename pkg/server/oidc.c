/*
 * Service account issuer discovery: who issues tokens and with which keys, for relying parties outside.
 * k8s: apiserver pkg/routes/openidmetadata.go
 */
#include "server/request.h"

#include "base/arena.h"

#include <string.h>

static bool reply_document(struct req *r, const char *type, const struct json *tree)
{
	struct buf b = BUF_INIT;

	json_print(&b, tree);
	http_add_header(r->http, "Cache-Control", "public, max-age=3600");
	r->public_cache = true;
	return reply_buf(r, type, &b);
}

bool oidc_run(struct req *r)
{
	const char *issuer = api_settings(r->server->c.api)->issuer;
	const char *host = http_header(r->http, "Host");
	const char *address = host && *host ? host : r->server->c.server_address;

	return reply_document(
		r, "application/json",
		json_build(r->a,
			   "{issuer:%s,jwks_uri:%s,response_types_supported:[%s],"
			   "subject_types_supported:[%s],id_token_signing_alg_values_supported:[%s]}",
			   issuer ? issuer : "",
			   arena_printf(r->a, "https://%s/openid/v1/jwks", address ? address : ""),
			   "id_token", "public", "ES256"));
}

bool jwks_run(struct req *r)
{
	const struct server_config *c = &r->server->c;

	if (!c->jwks)
		return reply_text(r, 404, "404 page not found\n");
	return reply_document(r, "application/jwk-set+json", c->jwks(c->jwks_arg, r->a));
}
