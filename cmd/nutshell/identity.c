/*
 * Design: every file is read if it is there and made if not, so that a first start that was cut off is simply
 * continued.  A certificate is judged by what it says (key, issuer, names, life left), never by when it was made.
 */
#include "identity.h"

#include "files.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CA_VALID_S (10LL * 365 * 86400)
#define LEAF_VALID_S (365LL * 86400)

static const char *const admin_orgs[] = { "system:masters", NULL };

static bool path_of(const struct identity *id, const char *file, char out[4096], struct status *st)
{
	if (snprintf(out, 4096, "%s/%s", id->dir, file) < 4096)
		return true;
	return status_plain_error(st, "the path %s is too long", id->dir);
}

static char *load(const struct identity *id, const char *file, struct status *st)
{
	char path[4096];

	if (!id->dir || !path_of(id, file, path, st))
		return NULL;
	return file_read(path, st);
}

static bool keep(const struct identity *id, const char *file, const char *text, struct status *st)
{
	char path[4096];

	if (!id->dir)
		return true;
	return path_of(id, file, path, st) && file_write(path, text, 0600, st);
}

static bool load_key(struct identity *id, const char *file, char **key, struct status *st)
{
	*key = load(id, file, st);
	if (*key)
		return true;
	return !st->code && pki_new_key(key, st) && keep(id, file, *key, st);
}

static bool load_ca(struct identity *id, struct status *st)
{
	struct cert_request q = { .cn = "nutshell-ca", .ca = true, .valid_s = CA_VALID_S };

	if (!load_key(id, "ca.key", &id->ca_key, st))
		return false;
	id->ca_cert = load(id, "ca.crt", st);
	if (id->ca_cert)
		return true;
	return !st->code && pki_issue(&q, id->ca_key, NULL, NULL, &id->ca_cert, st) &&
	       keep(id, "ca.crt", id->ca_cert, st);
}

/* Does the certificate name everything in sans? */
static bool covers(const struct cert_info *info, const char *const *sans)
{
	for (; sans && *sans; sans++) {
		bool found = false;

		for (size_t i = 0; info->sans && info->sans[i]; i++)
			found = found || !strcmp(info->sans[i], *sans);
		if (!found)
			return false;
	}
	return true;
}

static bool good(const struct identity *id, const char *cert, const char *key, const char *const *sans)
{
	struct cert_info info;
	struct arena *a = arena_new();
	int64_t now = clock_now_s();
	bool ok;

	ok = cert && pki_matches(cert, key, id->ca_cert) && pki_inspect(a, cert, &info, NULL) &&
	     now >= info.not_before_s &&
	     info.not_after_s - now > (info.not_after_s - info.not_before_s) / 3 &&
	     covers(&info, sans);
	arena_free(&a);
	return ok;
}

static bool renew(struct identity *id, const struct cert_request *q, const char *file,
		  const char *key, char **cert, bool *renewed, struct status *st)
{
	char *fresh;

	if (good(id, *cert, key, q->sans))
		return true;
	if (!pki_issue(q, key, id->ca_cert, id->ca_key, &fresh, st))
		return false;
	free(*cert);
	*cert = fresh;
	*renewed = true;
	return keep(id, file, fresh, st);
}

bool identity_renew(struct identity *id, const char *const *sans, bool *renewed, struct status *st)
{
	struct cert_request server = {
		.cn = "kube-apiserver", .sans = sans, .server = true, .valid_s = LEAF_VALID_S
	};
	struct cert_request admin = {
		.cn = "kubernetes-admin", .orgs = admin_orgs, .client = true, .valid_s = LEAF_VALID_S
	};

	*renewed = false;
	return renew(id, &server, "server.crt", id->server_key, &id->server_cert, renewed, st) &&
	       renew(id, &admin, "admin.crt", id->admin_key, &id->admin_cert, renewed, st);
}

bool identity_load(struct identity *id, const char *dir, const char *const *sans, struct status *st)
{
	bool renewed;

	memset(id, 0, sizeof *id);
	if (dir) {
		id->dir = strdup(dir);
		BUG_ON(!id->dir);
		if (!dir_make(dir, st))
			return false;
	}
	if (!load_ca(id, st) || !load_key(id, "server.key", &id->server_key, st) ||
	    !load_key(id, "admin.key", &id->admin_key, st) ||
	    !load_key(id, "sa.key", &id->token_key, st))
		return false;
	id->server_cert = load(id, "server.crt", st);
	id->admin_cert = load(id, "admin.crt", st);
	return !st->code && identity_renew(id, sans, &renewed, st);
}

void identity_free(struct identity *id)
{
	free(id->dir);
	free(id->ca_cert);
	free(id->ca_key);
	free(id->server_cert);
	free(id->server_key);
	free(id->admin_cert);
	free(id->admin_key);
	free(id->token_key);
	memset(id, 0, sizeof *id);
}
