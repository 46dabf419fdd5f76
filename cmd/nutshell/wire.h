/*
 * wire: the only file that knows all packages: builds a virtual cluster from its options, in order, and takes
 * it apart in reverse.
 */
#ifndef NUTSHELL_CMD_WIRE_H
#define NUTSHELL_CMD_WIRE_H

#include "base/status.h"

#include <stdbool.h>

struct logins_config;
struct wire;

struct wire_config {
	const char *data_dir; /* ":memory:" keeps nothing */
	const char *listen;
	const char *kubeconfig_out; /* NULL = data_dir/kubeconfig.yaml */
	const char *const *sans;    /* more names for the server certificate */
	const char *host;           /* "auto", "kubernetes", "simulated" */
	const char *host_kubeconfig, *host_namespace;
	const char *nodes;
	const char *name;
	const char *controllers;
	bool accountless; /* pods need no ServiceAccount: nothing here makes one */
	const char *cluster_domain, *service_cidr, *pod_cidr;
	const struct logins_config *logins; /* never NULL */
	const char *audit_log, *audit_policy; /* files, "-" for the log: standard output; NULL: none */
};

/* Start everything; returns when the cluster is ready to be used.  NULL: the reason, with the fix. */
struct wire *wire_start(const struct wire_config *c, struct status *st);
/* Where the kubeconfig was written, or NULL; the server's URL. */
const char *wire_kubeconfig(const struct wire *w);
const char *wire_url(const struct wire *w);
const char *wire_host(const struct wire *w);
/* Files that were moved away are opened again: the audit log. */
void wire_reopen(struct wire *w);
/* Finish requests, end streams, close the store: within 5 s. */
void wire_stop(struct wire **w);
/* To be called now and then (daily is enough): renews certificates that are due. */
void wire_maintain(struct wire *w);

#endif
