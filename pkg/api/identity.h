/*
 * identity: who is behind a token, and how a user is shown.  Private to api.
 */
#ifndef NUTSHELL_API_IDENTITY_H
#define NUTSHELL_API_IDENTITY_H

#include "api/api.h"

/* As api_authenticate_token(); *why (the arena's) tells what is wrong, *matched (may be NULL) the audiences
 * that both want and the token name, NULL-terminated. */
const struct user *identity_of_token(struct api *api, struct arena *a, const char *token,
				     const char *const *want, const char *const **matched,
				     const char **why);

/* A ServiceAccount, in its groups. */
struct user *identity_account(struct arena *a, const char *ns, const char *name, const char *uid);

/* identity_secret.c: tokens that Secrets hold.  NULL: it does not hold; *why is the arena's. */
bool identity_is_legacy(const struct json *claims);
const struct user *identity_of_legacy(struct api *api, struct arena *a, const char *token,
				      const struct json *claims, const char **why);
bool identity_is_bootstrap(const char *token);
const struct user *identity_of_bootstrap(struct api *api, struct arena *a, const char *token);

/* authentication/v1 UserInfo. */
struct json *identity_info(struct arena *a, const struct user *u);

#endif
