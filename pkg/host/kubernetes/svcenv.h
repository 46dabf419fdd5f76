/*
 * svcenv: the environment variables a kubelet would derive from the services of a namespace.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_SVCENV_H
#define NUTSHELL_HOST_KUBERNETES_SVCENV_H

#include <stdbool.h>

struct call;
struct host;
struct json;

/* Data of the ConfigMap: KUBERNETES_* always (else the host's would leak through), with links also those of
 * every service of the namespace that has an address. */
struct json *svcenv(struct host *h, struct call *c, const char *vns, bool links);

#endif
