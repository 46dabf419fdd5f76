/*
 * issuer: an OpenID Connect provider whose tokens are accepted.
 *
 * Its discovery document and keys are fetched in the background, again when a token names a key that is not
 * known yet.  A token that names another issuer is not ours to judge.
 * k8s: apiserver/plugin/pkg/authenticator/token/oidc.
 */
#ifndef NUTSHELL_SERVER_ISSUER_H
#define NUTSHELL_SERVER_ISSUER_H

#include "api/access.h"

struct issuer;

struct issuer_config {
	const char *url;             /* https, as the claim iss says it */
	const char *client_id;       /* must be among the claim aud */
	const char *username_claim;  /* NULL = "sub" */
	const char *username_prefix; /* NULL = "<url>#", of an email nothing; "-" = nothing */
	const char *groups_claim;    /* NULL = none */
	const char *groups_prefix;   /* NULL = nothing */
	const char *const *required_claims; /* "name=value", NULL-terminated */
	const char *const *algs;            /* NULL-terminated; none = RS256 */
	const char *ca_pem;                 /* whom to trust at url */
};

/* Copies nothing: the texts must outlive it.  Starts its thread.  NULL: 400 says what is wrong. */
struct issuer *issuer_new(const struct issuer_config *c, struct status *st);
void issuer_free(struct issuer **i);
/* struct foreign_tokens.authenticate; waits up to ten seconds for keys that are not known yet. */
const struct user *issuer_authenticate(void *arg, struct arena *a, const char *token,
				       const char **why);

#endif
