/* Flags become the configurations that server takes; a file that is named must be there. */
#include "logins.h"

#include "files.h"
#include "flags.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

void logins_from_flags(struct logins_config *c, const struct flag *t)
{
	*c = (struct logins_config){
		.client_ca_file = flag_get(t, "client-ca-file"),
		.proxy_ca_file = flag_get(t, "requestheader-client-ca-file"),
		.proxy_names = flag_all(t, "requestheader-allowed-names"),
		.user_headers = flag_all(t, "requestheader-username-headers"),
		.uid_headers = flag_all(t, "requestheader-uid-headers"),
		.group_headers = flag_all(t, "requestheader-group-headers"),
		.extra_prefixes = flag_all(t, "requestheader-extra-headers-prefix"),
		.issuer_url = flag_get(t, "oidc-issuer-url"),
		.issuer_ca_file = flag_get(t, "oidc-ca-file"),
		.client_id = flag_get(t, "oidc-client-id"),
		.username_claim = flag_get(t, "oidc-username-claim"),
		.username_prefix = flag_get(t, "oidc-username-prefix"),
		.groups_claim = flag_get(t, "oidc-groups-claim"),
		.groups_prefix = flag_get(t, "oidc-groups-prefix"),
		.required_claims = flag_all(t, "oidc-required-claim"),
		.signing_algs = flag_all(t, "oidc-signing-algs"),
	};
}

void logins_none(struct logins_config *c)
{
	static const char *const nothing[] = { NULL };

	*c = (struct logins_config){ .proxy_names = nothing,
				     .user_headers = nothing,
				     .uid_headers = nothing,
				     .group_headers = nothing,
				     .extra_prefixes = nothing,
				     .username_claim = "sub",
				     .required_claims = nothing,
				     .signing_algs = nothing };
}

/* Values may hold several, with commas; none at all is dflt (which may be NULL). */
static const char *const *list(struct arena *a, const char *const *values, const char *dflt)
{
	size_t n = 2, at = 0;
	const char **out;

	for (const char *const *v = values; *v; v++)
		for (const char *p = *v; p; p = strchr(p + 1, ','))
			n++;
	out = arena_zalloc(a, n * sizeof *out);
	for (; *values; values++)
		for (const char *p = *values; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
			if (strcspn(p, ","))
				out[at++] = arena_dup(a, p, strcspn(p, ","));
	if (!at)
		out[0] = dflt;
	return out;
}

static char *load(struct arena *a, const char *flag, const char *path, struct status *st)
{
	char *text, *kept;

	text = file_read(path, st);
	if (!text) {
		status_bad_request(st, "--%s %s: cannot be read", flag, path);
		return NULL;
	}
	kept = arena_strdup(a, text);
	free(text);
	return kept;
}

/* Where systems keep the authorities they trust. */
static char *system_authorities(struct arena *a)
{
	static const char *const paths[] = { "/etc/ssl/certs/ca-certificates.crt",
					     "/etc/pki/tls/certs/ca-bundle.crt",
					     "/etc/ssl/cert.pem" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		char *text = file_read(paths[i], NULL), *kept;

		if (!text)
			continue;
		kept = arena_strdup(a, text);
		free(text);
		return kept;
	}
	return NULL;
}

static bool any_oidc(const struct logins_config *c)
{
	return c->issuer_url || c->client_id || c->issuer_ca_file || c->username_prefix ||
	       c->groups_claim || c->groups_prefix || *c->required_claims || *c->signing_algs;
}

static bool load_issuer(struct logins *l, const struct logins_config *c, struct arena *a,
			struct status *st)
{
	if (!any_oidc(c))
		return true;
	if (!c->issuer_url || !c->client_id)
		return status_bad_request(
			st, "--oidc-issuer-url and --oidc-client-id must be specified together "
			    "when any oidc-* flag is set");
	l->issuer = (struct issuer_config){
		.url = c->issuer_url,
		.client_id = c->client_id,
		.username_claim = c->username_claim,
		.username_prefix = c->username_prefix,
		.groups_claim = c->groups_claim,
		.groups_prefix = c->groups_prefix,
		.required_claims = list(a, c->required_claims, NULL),
		.algs = list(a, c->signing_algs, NULL),
	};
	if (!c->issuer_ca_file) {
		l->issuer.ca_pem = system_authorities(a);
		return true;
	}
	l->issuer.ca_pem = load(a, "oidc-ca-file", c->issuer_ca_file, st);
	return l->issuer.ca_pem;
}

static bool load_proxy(struct logins *l, const struct logins_config *c, struct arena *a,
		       struct status *st)
{
	if (!c->proxy_ca_file)
		return true;
	l->proxy = (struct front_proxy){
		.names = list(a, c->proxy_names, NULL),
		.user_headers = list(a, c->user_headers, "X-Remote-User"),
		.uid_headers = list(a, c->uid_headers, "X-Remote-Uid"),
		.group_headers = list(a, c->group_headers, "X-Remote-Group"),
		.extra_prefixes = list(a, c->extra_prefixes, "X-Remote-Extra-"),
	};
	l->proxy_ca = load(a, "requestheader-client-ca-file", c->proxy_ca_file, st);
	return l->proxy_ca;
}

bool logins_load(struct logins *l, const struct logins_config *c, struct arena *a, struct status *st)
{
	*l = (struct logins){ .client_ca = NULL };
	if (c->client_ca_file) {
		l->client_ca = load(a, "client-ca-file", c->client_ca_file, st);
		if (!l->client_ca)
			return false;
	}
	return load_proxy(l, c, a, st) && load_issuer(l, c, a, st);
}
