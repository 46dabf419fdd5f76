/*
 * access: users, what RBAC lets them do, and who is behind a ServiceAccount token.
 *
 * Questions are answered from a compiled view of the live roles and bindings: a microsecond, no blocking,
 * and a change of a role is seen by the next question.  k8s: plugin/pkg/auth/authorizer/rbac, pkg/serviceaccount.
 */
#ifndef NUTSHELL_API_ACCESS_H
#define NUTSHELL_API_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api;
struct arena;
struct json;
struct status;

struct extra {
	const char *key;
	const char *const *values; /* NULL-terminated */
};

struct user {
	const char *name, *uid;
	const char *const *groups; /* NULL-terminated, never NULL */
	const struct extra *extra;
	size_t nextra;
};

/* Controllers and the like: a user in system:masters. Static. */
extern const struct user api_system_user;

struct attributes {
	const char *verb;
	const char *group, *version, *resource, *subresource, *name, *ns; /* "" when none */
	const char *path; /* non-resource request when not NULL */
};
/* True when allowed.  reason (may be NULL) gets a text in the arena: why allowed, or RBAC's complaints. */
bool api_authorize(struct api *api, struct arena *a, const struct user *u,
		   const struct attributes *attr, const char **reason);
/* 403 text for a refusal, as upstream words it. */
bool status_denied(struct status *st, struct arena *a, const struct user *u,
		   const struct attributes *attr, const char *reason);
/* Makes and checks ServiceAccount tokens; keys live in net, above which api does not reach by itself. */
struct token_ops {
	/* Compact JWT of the claims, in the arena. */
	char *(*sign)(void *arg, struct arena *a, const struct json *claims, struct status *st);
	/* Claims of a token whose signature holds, or NULL (401). */
	struct json *(*verify)(void *arg, struct arena *a, const char *token, struct status *st);
	void *arg;
};

/* Knows tokens that were issued elsewhere (OpenID Connect). */
struct foreign_tokens {
	/* The user behind a token, in the arena, or NULL with *why set when it was meant for this one but does
	 * not hold.  May not block for long. */
	const struct user *(*authenticate)(void *arg, struct arena *a, const char *token,
					   const char **why);
	void *arg;
};

/* A bootstrap token's Secret is past its expiration (or has one that is no time). */
bool bootstrap_expired(struct arena *a, const struct json *secret, int64_t now_s);
/* The user behind a bearer token: of a ServiceAccount (bound or of a Secret), a bootstrap token, or of an
 * issuer elsewhere.  Blocks where the first use of a day is noted.  Checks claims, expiry, audience, that account (and bound object)
 * still exist with the same uid.  NULL: 401.  audiences NULL = the API's own. */
const struct user *api_authenticate_token(struct api *api, struct arena *a, const char *token,
					  const char *const *audiences, struct status *st);

#endif
