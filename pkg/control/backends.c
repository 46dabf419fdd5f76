#include "control/backends.h"
#include "control/pods.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

bool service_headless(const struct json *svc_tree)
{
	return !strcmp(json_path_str(svc_tree, "spec.clusterIP"), "None");
}

struct pick {
	const struct selector *sel;
	const struct pods *pods;
};

static bool picked(const struct obj *o, void *arg)
{
	const struct pick *p = arg;

	return !pod_finished(p->pods, o) && selector_matches_obj(p->sel, o);
}

static const char *dns_hostname(const struct obj *svc, const struct json *pod)
{
	if (strcmp(json_path_str(pod, "spec.subdomain"), svc->name))
		return "";
	return json_path_str(pod, "spec.hostname");
}

const char *service_family(const struct json *svc_tree)
{
	const char *f = json_path_str(svc_tree, "spec.ipFamilies.0");

	return *f ? f : "IPv4";
}

/* The pod's first address of a family, or "". */
static const char *address(const struct json *pod, const char *family)
{
	bool six = !strcmp(family, "IPv6");
	const char *ip = json_path_str(pod, "status.podIP");

	json_each(e, json_path(pod, "status.podIPs")) {
		const char *one = json_path_str(e, "ip");

		if (*one && !strchr(one, ':') == !six)
			return one;
	}
	return *ip && !strchr(ip, ':') == !six ? ip : "";
}

static const char *zone_of(struct task *t, const char *node)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "", "v1", "nodes");
	const struct obj *o = *node ? api_get(&t->call, k, "", node, NULL) : NULL;
	const char *zone = o ? obj_label(o, "topology.kubernetes.io/zone") : NULL;

	return zone ? zone : "";
}

bool backends_of(struct task *t, const struct obj *svc, const struct json *svc_tree,
		 const char *family, struct backend **out, size_t *n)
{
	struct pods p = pods_of(t->call.api);
	struct pick pick = { selector_from_map(t->call.a, json_path(svc_tree, "spec.selector")), &p };
	bool publish = json_path_bool(svc_tree, "spec.publishNotReadyAddresses", false);
	struct store_list l;

	*n = 0;
	*out = NULL;
	if (!json_count(json_path(svc_tree, "spec.selector")) ||
	    !strcmp(json_path_str(svc_tree, "spec.type"), "ExternalName"))
		return false;
	store_list(api_table(t->call.api, p.kind), svc->ns, NULL, NULL, 0, picked, &pick, &l);
	*out = arena_alloc(t->call.a, (l.n + 1) * sizeof(**out));
	for (size_t i = 0; i < l.n; i++) {
		const struct obj *o = obj_hold(t->call.a, l.items[i]);
		const struct json *tree = obj_tree(t->call.a, o);
		const char *ip = address(tree, family);
		bool serving = pod_ready(&p, o);

		if (*ip)
			(*out)[(*n)++] = (struct backend){
				.pod = o,
				.tree = tree,
				.ip = ip,
				.zone = zone_of(t, pod_node(&p, o)),
				.ready = publish || (serving && !o->deleted_s),
				.serving = serving,
				.terminating = o->deleted_s != 0,
				.hostname = dns_hostname(svc, tree),
			};
	}
	store_list_free(&l);
	return true;
}

static int64_t port_in(const struct json *container, const char *name, const char *protocol)
{
	json_each(p, json_get(container, "ports"))
		if (!strcmp(json_path_str(p, "name"), name) &&
		    !strcmp(json_path_str(p, "protocol"), protocol))
			return json_path_int(p, "containerPort", 0);
	return 0;
}

/* The number a named target port has in some container or sidecar of the pod; 0 = none. */
static int64_t named_port(const struct json *pod, const char *name, const char *protocol)
{
	int64_t n = 0;

	json_each(c, json_path(pod, "spec.containers"))
		if ((n = port_in(c, name, protocol)))
			return n;
	json_each(c, json_path(pod, "spec.initContainers"))
		if (!strcmp(json_path_str(c, "restartPolicy"), "Always") &&
		    (n = port_in(c, name, protocol)))
			return n;
	return 0;
}

static int64_t target_port(const struct json *port, const struct json *pod)
{
	const struct json *target = json_get(port, "targetPort");
	int64_t n;

	if (json_is_null(target))
		return json_path_int(port, "port", 0);
	if (json_int(target, &n))
		return n ? n : json_path_int(port, "port", 0);
	return pod ? named_port(pod, json_str(target), json_path_str(port, "protocol")) : 0;
}

struct json *backend_ports(struct arena *a, const struct json *svc_tree, const struct json *pod)
{
	struct json *ports = json_array(a);

	json_each(p, json_path(svc_tree, "spec.ports")) {
		const struct json *app = json_get(p, "appProtocol");
		int64_t n = target_port(p, pod);
		struct json *e;

		if (!n)
			continue;
		e = json_build(a, "{name:%s,port:%l,protocol:%s}", json_path_str(p, "name"), n,
			       json_path_str(p, "protocol"));
		if (app)
			json_set(a, e, "appProtocol", json_copy(a, app));
		json_append(ports, e);
	}
	return ports;
}

struct json *backend_labels(struct arena *a, const struct json *svc_tree)
{
	const struct json *labels = json_path(svc_tree, "metadata.labels");
	struct json *out = labels ? json_copy(a, labels) : json_object(a);

	json_del(out, "service.kubernetes.io/headless");
	if (service_headless(svc_tree))
		json_set_str(a, out, "service.kubernetes.io/headless", "");
	return out;
}

/* ---- pod changes ---- */

/* Header fields (phase, readiness, node, address) cover what endpoints show of a pod. */
static bool matters(const struct event *ev)
{
	if (!ev->prev || ev->type != EVENT_MODIFIED)
		return true;
	if (!ev->obj->deleted_s != !ev->prev->deleted_s || !obj_same_labels(ev->obj, ev->prev))
		return true;
	for (uint32_t i = 0; i < ev->obj->nfields; i++)
		if (strcmp(ev->obj->fields[i], ev->prev->fields[i]))
			return true;
	return false;
}

void map_pod_to_services(struct enqueue *q, struct api *api, const struct event *ev)
{
	const struct kind *k = kinds_by_resource(api_kinds(api), "", "v1", "services");
	struct store_list l;
	struct arena *a;

	if (!matters(ev))
		return;
	store_list(api_table(api, k), ev->obj->ns, NULL, NULL, 0, NULL, NULL, &l);
	a = l.n ? arena_new() : NULL;
	for (size_t i = 0; i < l.n; i++) {
		const struct json *sel = json_path(obj_tree(a, l.items[i]), "spec.selector");
		struct selector *s = selector_from_map(a, sel);

		if (selector_matches_obj(s, ev->obj) ||
		    (ev->prev && selector_matches_obj(s, ev->prev)))
			enqueue_key(q, l.items[i]->ns, l.items[i]->name);
	}
	store_list_free(&l);
	if (a)
		arena_free(&a);
}
