/*
 * logins: who else may log in: holders of other authorities' certificates, of an OpenID provider's tokens, and
 * whoever a front proxy vouches for.  The flags are kube-apiserver's.
 */
#ifndef NUTSHELL_CMD_LOGINS_H
#define NUTSHELL_CMD_LOGINS_H

#include "server/issuer.h"
#include "server/server.h"

struct arena;
struct flag;

/* As the command line says it; lists may hold commas. */
struct logins_config {
	const char *client_ca_file, *proxy_ca_file;
	const char *const *proxy_names;
	const char *const *user_headers;
	const char *const *uid_headers;
	const char *const *group_headers;
	const char *const *extra_prefixes;
	const char *issuer_url, *issuer_ca_file, *client_id;
	const char *username_claim, *username_prefix, *groups_claim, *groups_prefix;
	const char *const *required_claims;
	const char *const *signing_algs;
};

struct logins {
	char *client_ca; /* PEM, or NULL; the arena's, as everything here */
	char *proxy_ca;
	struct front_proxy proxy;    /* in use when proxy_ca is set */
	struct issuer_config issuer; /* in use when its url is set */
};

void logins_from_flags(struct logins_config *c, const struct flag *table);
/* No ways in but the cluster's own. */
void logins_none(struct logins_config *c);
/* Read the files and check what belongs together: 400 else. */
bool logins_load(struct logins *l, const struct logins_config *c, struct arena *a, struct status *st);

#endif
