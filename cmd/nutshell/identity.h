/*
 * identity: the keys and certificates of a virtual cluster, kept in DIR/pki.
 *
 * Made at first start: an own CA, the server's certificate, the admin's client certificate, the key that
 * signs ServiceAccount tokens.  Leaf certificates are renewed when a third of their life is left or when the
 * names the server must answer to have changed; the CA and the token key stay.
 */
#ifndef NUTSHELL_CMD_IDENTITY_H
#define NUTSHELL_CMD_IDENTITY_H

#include "base/status.h"

#include <stdbool.h>

struct identity {
	char *dir; /* NULL: nothing is kept */
	char *ca_cert, *ca_key;
	char *server_cert, *server_key;
	char *admin_cert, *admin_key;
	char *token_key;
};

/* Load what dir has (NULL: memory only), make what is missing.  sans: names and addresses of the server. */
bool identity_load(struct identity *id, const char *dir, const char *const *sans, struct status *st);
/* Renew leaves that are due; *renewed tells whether any was. */
bool identity_renew(struct identity *id, const char *const *sans, bool *renewed, struct status *st);
void identity_free(struct identity *id);

#endif
