/*
 * Heartbeats: what keeps a foreign kube-controller-manager from giving simulated nodes up.
 *
 * A kubelet renews its node's Lease every ten seconds; without that the node lifecycle controller taints the
 * node after 40 s and evicts its pods.  Our own controllers ask for no heartbeats, and an idle cluster
 * is to write nothing.  So the leader lease of a kube-controller-manager, which it renews every two
 * seconds, drives ours: while somebody listens, the nodes speak.
 */
#include "host/node.h"
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define LEASE_NS "kube-node-lease"
#define LEASE_S 40
#define RENEW_S 9 /* the leader's next renewal brings it to 10 or 11 */

struct beat {
	const char *now;
	bool due;
};

static const struct kind *lease_kind(struct api *api)
{
	return kinds_by_resource(api_kinds(api), "coordination.k8s.io", "v1", "leases");
}

static const struct kind *node_kind(struct api *api)
{
	return kinds_by_resource(api_kinds(api), "", "v1", "nodes");
}

void heartbeat_map(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (ev->type != EVENT_DELETED && !strcmp(ev->obj->name, "kube-controller-manager") &&
	    !strcmp(ev->obj->ns, "kube-system"))
		enqueue_key(q, "", "");
}

/* Each node is a subject of its own, so that the renewals of many share commits. */
static bool every_node(struct task *t, struct status *st)
{
	struct list_options all = { .label_selector = LABEL_SIMULATED };
	struct list_result nodes;

	if (!api_list(&t->call, node_kind(t->call.api), "", &all, &nodes, st))
		return false;
	for (size_t i = 0; i < nodes.n; i++)
		runtime_enqueue(t->rt, t->ctl, "", nodes.items[i]->name, 0);
	return true;
}

static bool renew(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct beat *b = arg;
	char limit[TIME_LEN];
	struct json *spec;

	(void)st;
	time_format_us(clock_now_us() - RENEW_S * 1000000LL, limit);
	b->due = strcmp(json_path_str(o, "spec.renewTime"), limit) < 0;
	spec = json_get(o, "spec");
	if (b->due && spec)
		json_set_str(c->a, spec, "renewTime", b->now);
	return b->due && spec;
}

static struct json *new_lease(struct arena *a, const struct obj *node, const char *now)
{
	return json_build(a,
			  "{kind:%s,apiVersion:%s,metadata:{name:%s,namespace:%s,ownerReferences:"
			  "[{apiVersion:%s,kind:%s,name:%s,uid:%s}]},"
			  "spec:{holderIdentity:%s,leaseDurationSeconds:%d,renewTime:%s}}",
			  "Lease", "coordination.k8s.io/v1", node->name, LEASE_NS, "v1", "Node",
			  node->name, node->uid, node->name, LEASE_S, now);
}

/* A node that was given up while nobody spoke for it reports for work again. */
static bool ready_again(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct json *ready = meta_condition(o, "Ready");
	struct json *status = json_get(o, "status");

	(void)arg;
	(void)st;
	if (!status || (ready && !strcmp(json_path_str(ready, "status"), "True")))
		return false;
	json_set(c->a, status, "conditions",
		 node_conditions(c->a, true, "kubelet is posting ready status"));
	return true;
}

bool heartbeat_reconcile(struct task *t, const char *name, struct status *st)
{
	struct call *c = &t->call;
	const struct kind *leases = lease_kind(c->api), *nodes = node_kind(c->api);
	const struct obj *node;
	char now[TIME_LEN];
	struct beat b = { .now = now };

	if (!*name)
		return every_node(t, st);
	node = api_get(c, nodes, "", name, NULL);
	if (!node || !obj_label(node, LABEL_SIMULATED))
		return true;
	time_format_us(clock_now_us(), now);
	if (!api_get(c, leases, LEASE_NS, name, NULL))
		return api_create(c, leases, LEASE_NS, new_lease(c->a, node, now), st);
	if (!api_change(c, leases, NULL, LEASE_NS, name, renew, &b, st))
		return false;
	return !b.due || api_change(c, nodes, "status", "", name, ready_again, NULL, st);
}
