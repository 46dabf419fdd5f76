/*
 * Design: a node is made by the pod that needs it and unmade by the controller when neither a virtual pod nor a
 * host pod refers to it; pods of DaemonSets do not count, because they follow nodes and would keep each other
 * alive for ever.  A node without pods stays for a while: the pod it was made for is bound a moment later.
 * What is made here carries a label, and nodes without it are never touched.
 */
#include "host/kubernetes/nodes.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/node.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/version.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>
#include <sys/utsname.h>

#define LINGER_S 5
#define CHECK_MS 60000
#define AGAIN_MS 1000
#define HEARTBEAT_S 300
#define SILENCE_MS 60000

static const struct kind *node_kind(struct api *api)
{
	return kinds_by_resource(api_kinds(api), "", "v1", "nodes");
}

static const struct kind *pod_kind(struct api *api)
{
	return kinds_by_resource(api_kinds(api), "", "v1", "pods");
}

/* ---- what a node says ---- */

static const char *architecture(void)
{
	struct utsname u;

	return !uname(&u) && !strcmp(u.machine, "aarch64") ? "arm64" : "amd64";
}

static struct json *conditions(struct arena *a, bool reachable)
{
	return node_conditions(a, reachable,
			       reachable ? "the host answers" : "the host does not answer");
}

static struct json *addresses(struct arena *a, const char *name, const char *ip)
{
	struct json *list = json_array(a);

	if (*ip)
		json_append(list, json_build(a, "{type:%s,address:%s}", "InternalIP", ip));
	json_append(list, json_build(a, "{type:%s,address:%s}", "Hostname", name));
	return list;
}

static struct json *status_of(struct arena *a, const char *name, const char *ip)
{
	const char *capacity = "{cpu:%s,memory:%s,\"ephemeral-storage\":%s,pods:%s}";

	return json_build(
		a,
		"{capacity:%j,allocatable:%j,conditions:%j,addresses:%j,nodeInfo:{machineID:%s,"
		"systemUUID:%s,bootID:%s,kernelVersion:%s,osImage:%s,containerRuntimeVersion:%s,"
		"kubeletVersion:%s,kubeProxyVersion:%s,operatingSystem:%s,architecture:%s}}",
		json_build(a, capacity, "16", "32Gi", "100Gi", "110"),
		json_build(a, capacity, "16", "32Gi", "100Gi", "110"), conditions(a, true),
		addresses(a, name, ip), "", "", "", "", "", "", KUBERNETES_RELEASE, "", "linux",
		architecture());
}

static struct json *node_of(struct arena *a, const char *name)
{
	struct json *o = json_build(a, "{apiVersion:%s,kind:%s,metadata:{name:%s},spec:{}}", "v1",
				    "Node", name);

	meta_set_label(a, o, "kubernetes.io/hostname", name);
	meta_set_label(a, o, "kubernetes.io/os", "linux");
	meta_set_label(a, o, "kubernetes.io/arch", architecture());
	meta_set_label(a, o, LABEL_PSEUDO_NODE, "true");
	return o;
}

/* ---- making one ---- */

static const char *internal_ip(const struct json *node)
{
	json_each(ad, json_path(node, "status.addresses"))
		if (!strcmp(json_path_str(ad, "type"), "InternalIP"))
			return json_path_str(ad, "address");
	return "";
}

static bool put_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	const char *ip = arg;

	(void)st;
	if (json_count(json_path(o, "status.conditions"))) {
		if (!*ip || !strcmp(internal_ip(o), ip))
			return false;
		json_set(c->a, json_get(o, "status"), "addresses", addresses(c->a, meta_name(o), ip));
		return true;
	}
	json_set(c->a, o, "status", status_of(c->a, meta_name(o), ip));
	return true;
}

bool kube_node_ensure(struct host *h, struct call *c, const char *node, const char *host_ip,
		      struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = node_kind(h->api);
	const struct obj *o = api_get(c, k, "", node, NULL);

	if (o && !obj_label(o, LABEL_PSEUDO_NODE))
		return true;
	if (!o && !api_create(c, k, "", node_of(c->a, node), &err) &&
	    !status_is(&err, "AlreadyExists")) {
		status_move(st, &err);
		return false;
	}
	return api_change(c, k, "status", "", node, put_status, arena_strdup(c->a, host_ip), st);
}

/* ---- keeping and letting go ---- */

static bool daemon(const struct obj *pod)
{
	const struct owner *o = obj_controller(pod);

	return o && !strcmp(o->kind, "DaemonSet");
}

struct use {
	struct api *api;
	const char *node;
	struct arena *a;
	bool found;
	const char *ip; /* seen on its pods */
};

/* The node's name is a field of the header: nothing is parsed for pods elsewhere. */
static const char *pod_node(struct api *api, const struct obj *pod)
{
	const struct kind *k = pod_kind(api);

	for (size_t i = 0; k->fields[i] && i < pod->nfields; i++)
		if (!strcmp(k->fields[i], "spec.nodeName"))
			return pod->fields[i];
	return "";
}

static bool virtual_use(const struct obj *pod, void *arg)
{
	struct use *u = arg;

	if (!u->found && !strcmp(pod_node(u->api, pod), u->node) && !daemon(pod))
		u->found = true;
	return false;
}

static void host_use(void *arg, const struct obj *pod)
{
	struct use *u = arg;
	const struct json *tree;

	if (u->found && *u->ip)
		return;
	tree = obj_tree(u->a, pod);
	if (strcmp(json_path_str(tree, "spec.nodeName"), u->node))
		return;
	u->found = u->found || !daemon(pod);
	u->ip = *u->ip ? u->ip : json_path_str(tree, "status.hostIP");
}

/* Host pods are parsed, so they are looked at only for what virtual ones do not tell. */
static struct use look(struct host *h, struct call *c, const char *node, bool want_ip)
{
	struct use u = { h->api, node, c->a, false, "" };
	struct store_list l;

	store_list(api_table(h->api, pod_kind(h->api)), "", NULL, NULL, 0, virtual_use, &u, &l);
	store_list_free(&l);
	if (!u.found || want_ip)
		mirror_each(h->pods, host_use, &u);
	return u;
}

static bool report(struct call *c, struct json *o, void *arg, struct status *st)
{
	bool reachable = *(bool *)arg;
	const char *want = reachable ? "True" : "Unknown", *text;
	const struct json *ready = meta_condition(o, "Ready");
	int64_t beat = 0;

	(void)st;
	text = json_path_str(ready, "lastHeartbeatTime");
	if (!strcmp(json_path_str(ready, "status"), want) && time_parse(text, &beat) &&
	    clock_now_us() - beat < HEARTBEAT_S * INT64_C(1000000))
		return false;
	if (!strcmp(json_path_str(ready, "status"), want)) {
		struct json *fresh = conditions(c->a, reachable);

		json_each(n, fresh)
			json_set_str(c->a, n, "lastTransitionTime",
				     json_path_str(meta_condition(o, json_path_str(n, "type")),
						   "lastTransitionTime"));
		json_set(c->a, json_get(o, "status"), "conditions", fresh);
		return true;
	}
	json_set(c->a, json_ensure_object(c->a, o, "status"), "conditions",
		 conditions(c->a, reachable));
	return true;
}

static bool keep(struct host *h, struct call *c, const struct obj *o, const struct use *u,
		 struct status *st)
{
	bool reachable = kube_silence_ms(h) < SILENCE_MS;

	if (*u->ip && !kube_node_ensure(h, c, o->name, u->ip, st))
		return false;
	return api_change(c, node_kind(h->api), "status", "", o->name, report, &reachable, st);
}

static bool nodes_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct host *h = t->state;
	const struct kind *k = node_kind(h->api);
	const struct obj *o = api_get(&t->call, k, "", key.name, NULL);
	struct delete_options now = DELETE_OPTIONS_INIT;
	bool fresh, no_ip, gone;
	struct use u;

	if (!o || !obj_label(o, LABEL_PSEUDO_NODE))
		return true;
	fresh = clock_now_s() - o->created_s < LINGER_S;
	no_ip = !*internal_ip(obj_tree(t->call.a, o));
	u = look(h, &t->call, key.name, no_ip);
	out->after_ms = fresh || (no_ip && !*u.ip) ? AGAIN_MS : CHECK_MS;
	if (fresh || u.found || !mirror_synced(h->pods))
		return keep(h, &t->call, o, &u, st);
	now.uid = o->uid;
	if (api_delete(&t->call, k, "", key.name, &now, &gone, &err) || status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}

static void map_change(struct enqueue *q, void *state, const struct controller_watch *w,
		       const struct event *ev)
{
	struct host *h = state;
	const char *now, *before;

	if (!strcmp(w->kind, "Node")) {
		enqueue_key(q, "", ev->obj->name);
		return;
	}
	now = pod_node(h->api, ev->obj);
	before = ev->prev ? pod_node(h->api, ev->prev) : "";
	if (*now && (ev->type == EVENT_DELETED || strcmp(now, before)))
		enqueue_after(q, "", now, 50);
	if (*before && strcmp(now, before))
		enqueue_key(q, "", before);
}

const struct controller kube_nodes = {
	.name = "host-nodes",
	.manager = "host-nodes",
	.watch = { { "v1", "Node", NULL }, { "v1", "Pod", NULL } },
	.map_state = map_change,
	.reconcile = nodes_reconcile,
	.start = kube_start,
	.stop = kube_stop,
	.synced = kube_live,
};
