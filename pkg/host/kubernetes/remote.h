/*
 * remote: requests to the host's API.  Blocking; errors are the host's own Statuses (their messages carry host
 * names: scrub before a tenant sees them), or 503 when it does not answer.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_REMOTE_H
#define NUTSHELL_HOST_KUBERNETES_REMOTE_H

#include "base/status.h"

#include <stdbool.h>

struct arena;
struct host;
struct json;

/* path of a resource in the host namespace: "/api/v1/namespaces/NS/pods" + "/NAME" + "/SUB"; name and sub may be
 * NULL.  prefix: "api/v1" or "apis/GROUP/VERSION". */
char *remote_path(struct host *h, struct arena *a, const char *prefix, const char *resource,
		  const char *name, const char *sub);

/* *out (may be NULL) gets the answer's tree. */
bool remote_get(struct host *h, struct arena *a, const char *path, struct json **out,
		struct status *st);
bool remote_create(struct host *h, struct arena *a, const char *path, const struct json *body,
		   struct json **out, struct status *st);
bool remote_update(struct host *h, struct arena *a, const char *path, const struct json *body,
		   struct json **out, struct status *st);
/* type: "application/merge-patch+json", "application/strategic-merge-patch+json", ... */
bool remote_patch(struct host *h, struct arena *a, const char *path, const char *type,
		  const struct json *body, struct json **out, struct status *st);
/* grace_s < 0: the host's default.  uid guards against deleting another incarnation (NULL: none).  404 is
 * success. */
bool remote_delete(struct host *h, struct arena *a, const char *path, const char *uid,
		   int64_t grace_s, struct status *st);

#define MERGE_PATCH "application/merge-patch+json"
#define STRATEGIC_PATCH "application/strategic-merge-patch+json"

#endif
