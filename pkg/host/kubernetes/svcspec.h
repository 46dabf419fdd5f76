/*
 * svcspec: a Service as the host gets it, and what the host decides as the tenant sees it.  Pure.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_SVCSPEC_H
#define NUTSHELL_HOST_KUBERNETES_SVCSPEC_H

#include <stdbool.h>

struct arena;
struct host;
struct json;

/* Is there a host Service for it at all? */
bool svc_on_host(const struct json *v);
/* The host Service of virtual v, stamped with a digest that leaves out what the host decides. */
struct json *svc_desired(struct host *h, struct arena *a, const struct json *v);
/* want as an update of have: what others put into have's metadata and what the host chose stays. */
struct json *svc_merged(struct arena *a, const struct json *have, const struct json *want);
/* Take addresses, families and node ports over from the host's; true when v changed. */
bool svc_take(struct arena *a, struct json *v, const struct json *theirs);

#endif
