/*
 * host: where pods run.  Three hosts, one shape: a host adds controllers to the runtime, and answers pods'
 * streams.  wire.c picks one and hands its parts down.
 */
#ifndef NUTSHELL_HOST_HOST_H
#define NUTSHELL_HOST_HOST_H

#include "server/server.h"
#include "work/work.h"

struct host;

struct host_config {
	struct api *api;
	const char *cluster_name; /* --name */
	const char *cluster_id;   /* 26 characters, from the store */
	const char *cluster_domain;
	const char *nodes;      /* simulated: "3" or a file */
	const char *kubeconfig; /* kubernetes: path, NULL = in-cluster */
	const char *ns;         /* kubernetes: host namespace, NULL = the account's */
	const char *pod_cidr;
	int api_port;       /* our own HTTPS port */
	const char *ca_pem; /* of this virtual cluster */
};

/* A kind of host.  Methods get the host made by `open`. */
struct host_ops {
	const char *name; /* "simulated" */
	bool schedules;   /* the host chooses nodes itself; else the cluster's own scheduler runs */
	struct host *(*open)(const struct host_config *c, struct status *st);
	/* After the api exists, before controllers run: service addresses and the like. May be NULL. */
	bool (*prepare)(struct host *h, struct api *api, struct status *st);
	/* NULL-terminated controllers to run, each with h as its start() argument. */
	const struct controller *const *controllers;
	/* NULL = built-in allocator. */
	const struct service_ip_ops *(*service_ips)(struct host *h);
	const struct stream_ops_host *(*streams)(struct host *h);
	/* Objects the host makes at each read (api/computed.h), whose rows prepare() offers.  May be NULL. */
	const struct computed_ops *(*computed)(struct host *h);
	/* After prepare: one more address pods reach the API at, for its certificate; NULL = none.  May be NULL. */
	const char *(*address)(struct host *h);
	bool (*ready)(struct host *h, const char **what);
	void (*close)(struct host **h);
};

extern const struct host_ops host_simulated, host_kubernetes;

#endif
