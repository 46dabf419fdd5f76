/*
 * services: every Service of the virtual cluster is one of the host, which owns the addresses.
 *
 * A virtual create makes the host's Service first and takes its addresses over; all later changes go the same
 * way or through the controller.  Without an object on the host: default/kubernetes and ExternalName.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_SERVICES_H
#define NUTSHELL_HOST_KUBERNETES_SERVICES_H

#include "work/work.h"

/* struct service_ip_ops; arg is the host.  Errors are the host's with virtual names, 503 when it is silent. */
bool services_allocate(void *arg, struct arena *a, struct json *svc, const struct json *old,
		       bool dry_run, struct status *st);
void services_rollback(void *arg, const struct json *svc);

/* Keys: virtual namespace and name. */
extern const struct controller kube_services;

#endif
