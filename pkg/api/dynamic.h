/*
 * dynamic: what users register to be asked about requests: webhooks and admission policies.  Private to api.
 *
 * Each kind of registration is compiled into a set that lives as long as somebody uses it and is made
 * anew when a registration has changed.  Without any, asking costs a few plain loads.
 */
#ifndef NUTSHELL_API_DYNAMIC_H
#define NUTSHELL_API_DYNAMIC_H

#include "api/core.h"

enum dynamic_source {
	DYNAMIC_MUTATING_HOOKS,
	DYNAMIC_VALIDATING_HOOKS,
	DYNAMIC_MUTATING_POLICIES,
	DYNAMIC_VALIDATING_POLICIES,
	DYNAMIC_SOURCES,
};

/* Compile the objects of the source's tables into the arena; NULL: there is nothing to ask. */
typedef void *(*dynamic_build_fn)(struct api *api, struct arena *a);

void dynamic_init(struct api *api);
void dynamic_free(struct api *api);
/* The present set, held by the call's arena, or NULL when nothing is registered.  A change that was
 * acknowledged before this call is in it. */
const void *dynamic_get(struct call *c, enum dynamic_source source);
/* True when anything at all is registered. */
bool dynamic_any(struct call *c);
/* True when nobody may ask about this request: registrations themselves, and parts of admitted requests. */
bool dynamic_exempt(const struct admission *ad);

/* webhook.c */
void *webhooks_build_mutating(struct api *api, struct arena *a);
void *webhooks_build_validating(struct api *api, struct arena *a);

#endif
