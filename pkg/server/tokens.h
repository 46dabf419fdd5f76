/*
 * tokens: bearer tokens that were found good a moment ago.  Private to the package.
 */
#ifndef NUTSHELL_SERVER_TOKENS_H
#define NUTSHELL_SERVER_TOKENS_H

#include "api/api.h"

struct tokens;

struct tokens *tokens_new(struct api *api);
void tokens_free(struct tokens **t);
/* The user of a remembered token, copied into the arena, or NULL.  Never blocks. */
const struct user *tokens_lookup(struct tokens *t, struct arena *a, const char *token);
/* Verify and remember.  NULL: 401.  Costs a signature check. */
const struct user *tokens_verify(struct tokens *t, struct arena *a, const char *token,
				 struct status *st);

#endif
