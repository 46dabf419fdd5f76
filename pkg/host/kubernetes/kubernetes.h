/*
 * kubernetes: pods run as pods of one namespace of a host cluster.
 * Private to the package.  Behaviour: every rule here follows the pod-sync notes of the project.
 *
 * The virtual side is reached through the api, the host side through remote_* (requests) and mirrors (what
 * the host has of ours, in memory, kept by watches).  Controllers reconcile a virtual key against both.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_H
#define NUTSHELL_HOST_KUBERNETES_H

#include "host/host.h"

#include "base/thread.h"

#define PFX "nutshell.dev"
#define LABEL_VC PFX "/vc"   /* cluster id, label form */
#define LABEL_VNS PFX "/vns" /* virtual namespace */
#define LABEL_KIND PFX "/kind"
#define ANNOTATION_NAME PFX "/name"
#define ANNOTATION_NAMESPACE PFX "/namespace"
#define ANNOTATION_UID PFX "/uid"
#define ANNOTATION_KIND PFX "/kind"
#define ANNOTATION_SELF PFX "/self"
#define ANNOTATION_VGEN PFX "/vgen"
#define ANNOTATION_APPLIED PFX "/applied"
#define ANNOTATION_KEYS PFX "/keys"

struct client;
struct mirror;
struct names;

/* What the host namespace says of this virtual cluster's own place in it. */
struct root {
	char *name, *uid; /* the ConfigMap that owns everything we make; uid NULL until known */
};

struct host {
	struct host_config config; /* strings are the wire's */
	struct api *api;
	struct client *client;
	char *ns;             /* the host namespace */
	char cid[27];         /* cluster id text */
	char cid_label[21];   /* first 20 characters: label value */
	struct names *names;
	struct root root;
	struct mirror *pods, *services, *configmaps, *secrets, *events;
	struct lock lock;     /* guards the strings below */
	char *api_ip;         /* ClusterIP of our own Service on the host, or our own address */
	int api_port;
	struct runtime *rt;
	int64_t opened_ns;
	bool stopping;
	struct service_ip_ops service_ips;
	struct stream_ops_host streams;
};

/* ---- connect.c ---- */
/* Fill client and ns from a kubeconfig file or the in-cluster account. */
bool kube_connect(struct host *h, struct status *st);

/* ---- kubernetes.c ---- */
/* The start hook of every controller here: its state is the host. */
void *kube_start(struct runtime *rt, void *arg);
/* May host objects without a virtual counterpart be deleted?  Not before everything was listed, and not at
 * once when suspiciously many would go (a wrong or empty data directory). */
bool orphans_may_go(struct host *h);

#endif
