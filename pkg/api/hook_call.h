/*
 * hook_call: one question to a webhook: admission, conversion.
 *
 * A webhook is named by a clientConfig {url, or service{namespace,name,path,port}; caBundle}, as webhook
 * configurations and CustomResourceDefinitions carry it.  Connections are kept and used again; a
 * clientConfig that changes (caBundle patched by an injector) is a new one at its next call.
 * k8s: apiserver/pkg/util/webhook/client.go.
 */
#ifndef NUTSHELL_API_HOOK_CALL_H
#define NUTSHELL_API_HOOK_CALL_H

#include "api/api.h"

/* POST the review and return what came back, a JSON object in the call's arena.  NULL: *why (the arena's)
 * says it in upstream's words: `Post "https://x.ns.svc:443/p?timeout=10s": context deadline exceeded`, `the
 * server could not find the requested resource`...; the caller puts its `failed to call webhook: ` and
 * the like before it.  timeout_s is also told to the webhook; 0: 30 s and not told.  Blocks: only where
 * blocking is allowed, with no lock held.  The webhook may call back into this server meanwhile. */
struct json *hook_call(struct call *c, const struct json *client_config, const struct json *review,
		       int timeout_s, const char **why);

/* api.c: the connections' life. */
struct hook_clients;
struct hook_clients *hook_clients_new(void);
void hook_clients_free(struct hook_clients **h);

#endif
