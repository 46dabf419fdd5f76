/*
 * A pseudo node has the host node's name (kubelets resolve it), a capacity that never limits (the host
 * schedules) and conditions that say Ready; its InternalIP is the address its pods report as their host's.
 */
#include "host/kubernetes/nodes.h"

#include "host/kubernetes/kubernetes.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/version.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static struct json *conditions(struct arena *a)
{
	static const char *const rows[][4] = {
		{ "MemoryPressure", "False", "KubeletHasSufficientMemory",
		  "kubelet has sufficient memory available" },
		{ "DiskPressure", "False", "KubeletHasNoDiskPressure",
		  "kubelet has no disk pressure" },
		{ "PIDPressure", "False", "KubeletHasSufficientPID",
		  "kubelet has sufficient PID available" },
		{ "NetworkUnavailable", "False", "RouteCreated", "the host routes" },
		{ "Ready", "True", "KubeletReady", "kubelet is posting ready status" },
	};
	struct json *list = json_array(a);
	char now[TIME_LEN];

	time_format(clock_now_s(), now);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		json_append(list,
			    json_build(a,
				       "{type:%s,status:%s,lastHeartbeatTime:%s,"
				       "lastTransitionTime:%s,reason:%s,message:%s}",
				       rows[i][0], rows[i][1], now, now, rows[i][2], rows[i][3]));
	return list;
}

static struct json *capacity(struct arena *a)
{
	struct json *c = json_object(a);

	json_set_str(a, c, "cpu", "16");
	json_set_str(a, c, "memory", "32Gi");
	json_set_str(a, c, "ephemeral-storage", "100Gi");
	json_set_str(a, c, "pods", "110");
	return c;
}

static struct json *addresses(struct arena *a, const char *node, const char *ip)
{
	struct json *list = json_array(a);

	if (*ip)
		json_append(list, json_build(a, "{type:%s,address:%s}", "InternalIP", ip));
	json_append(list, json_build(a, "{type:%s,address:%s}", "Hostname", node));
	return list;
}

struct fill {
	const char *node, *ip;
};

static bool fill_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct fill *f = arg;
	struct json *s = json_ensure_object(c->a, o, "status"), *want;

	(void)st;
	want = addresses(c->a, f->node, f->ip);
	if (json_get(s, "capacity") && json_equal(json_get(s, "addresses"), want))
		return false;
	json_set(c->a, s, "addresses", want);
	if (json_get(s, "capacity"))
		return true;
	json_set(c->a, s, "capacity", capacity(c->a));
	json_set(c->a, s, "allocatable", capacity(c->a));
	json_set(c->a, s, "conditions", conditions(c->a));
	json_set(c->a, s, "nodeInfo",
		 json_build(c->a,
			    "{machineID:%s,systemUUID:%s,bootID:%s,kernelVersion:%s,osImage:%s,"
			    "containerRuntimeVersion:%s,kubeletVersion:%s,kubeProxyVersion:%s,"
			    "operatingSystem:%s,architecture:%s}",
			    "", "", "", "", "nutshell pseudo node", "", KUBERNETES_RELEASE, "",
			    "linux", "amd64"));
	return true;
}

bool kube_node_ensure(struct host *h, struct call *c, const char *node, const char *host_ip,
		      struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = kinds_by_resource(api_kinds(h->api), "", "v1", "nodes");
	struct fill f = { node, host_ip };
	struct json *o;

	if (!api_get(c, k, "", node, NULL)) {
		o = json_build(c->a, "{kind:%s,apiVersion:%s,metadata:{name:%s,labels:{}}}", "Node",
			       "v1", node);
		meta_set_label(c->a, o, "kubernetes.io/hostname", node);
		meta_set_label(c->a, o, "kubernetes.io/os", "linux");
		meta_set_label(c->a, o, "kubernetes.io/arch", "amd64");
		meta_set_label(c->a, o, PFX "/pseudo-node", "true");
		if (!api_create(c, k, "", o, &err) && !status_is(&err, "AlreadyExists")) {
			status_move(st, &err);
			return false;
		}
	}
	return api_change(c, k, "status", "", node, fill_status, &f, st);
}
