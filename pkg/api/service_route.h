/*
 * service_route: where a Service is reached from this process, for webhooks and aggregated servers.
 */
#ifndef NUTSHELL_API_SERVICE_ROUTE_H
#define NUTSHELL_API_SERVICE_ROUTE_H

#include "api/api.h"

struct service_route {
	const char *host; /* address or name, a v6 one without brackets; in the call's arena */
	int port;
};

/* One of the Service's ready endpoints; without any, its ClusterIP when the host cluster routes that; for
 * ExternalName that name.  port is the Service's.  False: *why says it in upstream's words (the arena's):
 * `service "x" not found`, `no service port 443 found for service "x"`, `no endpoints available for service
 * "x"`.  Never blocks.  k8s: apiserver/pkg/util/proxy/proxy.go ResolveEndpoint, ResolveCluster. */
bool service_route(struct call *c, const char *ns, const char *name, int port,
		   struct service_route *out, const char **why);

#endif
