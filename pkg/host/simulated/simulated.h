/*
 * simulated: a host whose nodes exist only as objects: pods run without containers.
 * Private to the package.
 */
#ifndef NUTSHELL_HOST_SIMULATED_H
#define NUTSHELL_HOST_SIMULATED_H

#include "api/computed.h"
#include "host/host.h"

#define LABEL_SIMULATED "nutshell.dev/simulated"
/* How long the containers of a pod that is meant to end run ("90s"), and with what code they exit. */
#define ANNOTATION_RUN_FOR "nutshell.dev/run-for"
#define ANNOTATION_EXIT_CODE "nutshell.dev/exit-code"
/* How long containers run until they fail, whatever the restartPolicy; how long until they are ready. */
#define ANNOTATION_CRASH_AFTER "nutshell.dev/crash-after"
#define ANNOTATION_READY_AFTER "nutshell.dev/ready-after"

/* What a pod uses, shared by its containers; without one that can be read a tenth of what it requests. */
#define ANNOTATION_CPU "nutshell.dev/cpu"
#define ANNOTATION_MEMORY "nutshell.dev/memory"

struct addresses;

struct host {
	struct host_config config;
	struct api *api;
	struct addresses *addresses;
	struct stream_ops_host streams;
	struct computed_ops usage;
};

/* ---- nodes.c ---- */
/* Create the nodes that do not exist yet: a number of equal ones, or those of a file of Node manifests. */
bool simulated_nodes(struct host *h, struct status *st);
/* The address of a simulated node and the range of its pods ("": none of its own), in the arena; false if
 * the node is none. */
bool simulated_node(struct call *c, const char *node, const char **ip, const char **range);

/* ---- storage.c ---- */
/* Create the default StorageClass if it does not exist. */
bool simulated_storage(struct host *h, struct status *st);

/* ---- usage.c: metrics.k8s.io ---- */
/* Serve the group, and let those who may view read it. */
bool usage_offer(struct host *h, struct status *st);
/* struct computed_ops; arg is the host. */
struct json *usage_get(void *arg, struct call *c, const struct kind *k, const char *ns,
		       const char *name, struct status *st);
struct json *usage_list(void *arg, struct call *c, const struct kind *k, const char *ns);

/* ---- addresses.c: pod addresses out of the nodes' ranges ---- */
struct addresses *addresses_new(void);
void addresses_free(struct addresses **a);
/* An address for a pod (by uid) in cidr ("10.42.0.0/24"), the same on every call; false when full. */
bool addresses_take(struct addresses *a, const char *uid, const char *cidr, char out[46]);
/* A pod already has this address. */
void addresses_mark(struct addresses *a, const char *uid, const char *ip);
void addresses_release(struct addresses *a, const char *uid);

/* ---- life.c: what a kubelet would write ---- */
/* Bring the status of a bound pod forward to now; true when changed.  *after_ms: when to look again. */
bool pod_life(struct arena *a, struct json *pod, const char *node_ip, const char *pod_ip,
	      int64_t now_us, int64_t *after_ms);

/* End a pod that was deleted but is held by finalizers: its containers are terminated, it has failed.  True
 * when changed. */
bool pod_end(struct arena *a, struct json *pod, int64_t now_us);

/* ---- heartbeat.c ---- */
/* A change of a Lease: a kube-controller-manager's leader lease makes the nodes renew theirs. */
void heartbeat_map(struct enqueue *q, struct api *api, const struct event *ev);
/* Renew a simulated node's Lease if it is due; "" = look at every node.  Blocks until durable. */
bool heartbeat_reconcile(struct task *t, const char *node, struct status *st);

/* ---- kubelet.c ---- */
extern const struct controller simulated_kubelet;

/* ---- streams.c ---- */
bool simulated_log(void *host, const struct pod_stream *p, const struct log_sink *sink,
		   struct status *st);
void simulated_duplex(void *host, const char *sub, const struct pod_stream *p, struct conn *c);

#endif
