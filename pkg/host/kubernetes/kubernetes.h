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

#include <stdatomic.h>

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
#define ANNOTATION_RESOURCES PFX "/resources" /* digest of the resources last pushed */

struct client;
struct map;
struct mirror;
struct names;

/* What the host namespace says of this virtual cluster's own place in it. */
struct root {
	char *name, *uid; /* the ConfigMap that owns everything we make; uid NULL until known */
};

/* The right to write for this cluster id, which one process at a time has. */
struct lease {
	char *name, *holder;
	bool held;
};

struct host {
	struct host_config config; /* strings are the wire's */
	struct api *api;
	struct client *client;
	char *ns;           /* the host namespace */
	char cid[27];       /* cluster id text */
	char cid_label[21]; /* first 20 characters: label value */
	struct names *names;
	struct root root;
	struct lease lease;
	struct mirror *pods, *services, *configmaps, *secrets, *slices, *events;
	struct lock lock; /* guards the next two */
	char *api_ip;     /* ClusterIP of our own Service on the host, or our own address */
	int api_port;
	struct lock gate; /* guards live and rt towards threads that are not the runtime's */
	bool live;
	struct runtime *rt;
	struct lock ask; /* guards asked: services that are being created (services.c) */
	struct map *asked;
	struct thread *keeper;
	struct lock nap; /* guards stopping */
	struct cond wake;
	bool stopping;
	int64_t opened_ns;
	_Atomic int64_t heard_ns; /* when the host last answered the keeper */
	struct service_ip_ops service_ips;
	struct stream_ops_host streams;
	atomic_int open_streams;
};

/* ---- connect.c ---- */
/* Fill client and ns from a kubeconfig file or the in-cluster account. */
bool kube_connect(struct host *h, struct status *st);

/* ---- kubernetes.c ---- */
/* The hooks of every controller here; the state is the host. */
void *kube_start(struct runtime *rt, void *arg);
void kube_stop(void *state);
void kube_live(struct enqueue *q, void *state);
/* May host objects without a virtual counterpart be deleted?  Not before everything was listed, and not at
 * once when suspiciously many would go (a wrong or empty data directory). */
bool orphans_may_go(struct host *h);
/* Enqueue from any thread; nothing before the runtime lives and after it has stopped. */
void kube_enqueue(struct host *h, const struct controller *ctl, const char *ns, const char *name,
		  int64_t after_ms);
/* Milliseconds since the host last answered. */
int64_t kube_silence_ms(struct host *h);

/* ---- inbound.c: what the host has of ours, and whom its changes concern ---- */
void inbound_start(struct host *h);
void inbound_stop(struct host *h);
/* Every first list has been taken in. */
bool inbound_synced(struct host *h);
/* Enqueue everything the host has. */
void inbound_replay(struct host *h);

/* ---- root.c ---- */
/* Take the lease of this cluster id and make the object that owns all others.  Blocks for up to the lease's
 * duration while a former holder may still live; 409 when it does. */
bool root_claim(struct host *h, struct status *st);
/* Renew the lease; false when another process has it now. */
bool root_renew(struct host *h);
void root_release(struct host *h);
/* Where pods reach this API: fills api_ip, api_port. */
bool root_address(struct host *h, struct status *st);
/* Objects that point at a former owner object are pointed at the present one. */
void root_adopt(struct host *h);

#endif
