/*
 * proxy of nodes, pods and services: refused.
 *
 * The subresource is listed and authorized, so that clients get a reason and not a 404.
 */
#include "server/request.h"

bool proxy_run(struct req *r)
{
	return status_other(&r->st, 501, "NotImplemented",
			    "proxying to %s is not supported by this server; use port-forward",
			    r->route.attr.resource);
}
