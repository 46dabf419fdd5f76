/*
 * endpoints: the Endpoints object of every Service with a selector (for clients older than EndpointSlice).
 * k8s: pkg/controller/endpoint/endpoints_controller.go.
 */
#include "control/backends.h"
#include "control/control.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define CAPACITY 1000
#define TRIGGER "endpoints.kubernetes.io/last-change-trigger-time"
#define OVER "endpoints.kubernetes.io/over-capacity"
#define MANAGED_BY "endpoints.kubernetes.io/managed-by"

struct desired {
	const struct obj *svc;
	struct json *labels, *subsets;
	bool over;
};

static struct json *address(struct arena *a, const struct backend *b)
{
	const char *node = json_path_str(b->tree, "spec.nodeName");
	struct json *e = json_build(a, "{ip:%s}", b->ip);

	if (*b->hostname)
		json_set_str(a, e, "hostname", b->hostname);
	if (*node)
		json_set_str(a, e, "nodeName", node);
	json_set(a, e, "targetRef",
		 json_build(a, "{kind:%s,namespace:%s,name:%s,uid:%s}", "Pod", b->pod->ns,
			    b->pod->name, b->pod->uid));
	return e;
}

/* The subset whose ports these are; subsets group addresses with equal ports. */
static struct json *subset_for(struct arena *a, struct json *subsets, struct json *ports)
{
	struct json *s;

	json_each(have, subsets)
		if (json_equal(json_get(have, "ports"), ports))
			return have;
	s = json_object(a);
	json_set(a, s, "ports", ports);
	json_append(subsets, s);
	return s;
}

/* An unnamed port has no name member in Endpoints. */
static struct json *plain_ports(struct arena *a, const struct json *svc, const struct json *pod)
{
	struct json *ports = backend_ports(a, svc, pod);

	json_each(p, ports)
		if (!*json_path_str(p, "name"))
			json_del(p, "name");
	return ports;
}

/* addresses, notReadyAddresses, ports: the order upstream prints. */
static void order_members(struct arena *a, struct json *subset)
{
	struct json *ports = json_get(subset, "ports"), *copy = json_copy(a, ports);

	json_del(subset, "ports");
	if (json_count(copy))
		json_set(a, subset, "ports", copy);
}

static void fill(struct arena *a, struct desired *d, const struct json *svc,
		 const struct backend *b, size_t n)
{
	d->subsets = json_array(a);
	d->over = n > CAPACITY;
	for (size_t i = 0; i < n && i < CAPACITY; i++) {
		struct json *s, *ports;

		if (b[i].terminating && !b[i].ready)
			continue;
		ports = plain_ports(a, svc, b[i].tree);
		if (!json_count(ports) && json_count(json_path(svc, "spec.ports")))
			continue; /* none of the ports exists in this pod */
		s = subset_for(a, d->subsets, ports);
		json_append(json_ensure_array(a, s, b[i].ready ? "addresses" : "notReadyAddresses"),
			    address(a, &b[i]));
	}
	json_each(s, d->subsets)
		order_members(a, s);
}

static void stamp(struct arena *a, struct json *o)
{
	char now[TIME_LEN];

	time_format(clock_now_s(), now);
	meta_set_annotation(a, o, TRIGGER, now);
}

static bool put(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct desired *d = arg;
	struct json *have = json_get(o, "subsets");
	const char *over = meta_annotation(o, OVER);

	(void)st;
	if ((have ? json_equal(have, d->subsets) : !json_count(d->subsets)) &&
	    json_equal(json_path(o, "metadata.labels"), d->labels) && !over == !d->over)
		return false;
	if (json_count(d->subsets))
		json_set(c->a, o, "subsets", json_copy(c->a, d->subsets));
	else
		json_del(o, "subsets");
	json_set(c->a, meta_ensure(c->a, o), "labels", json_copy(c->a, d->labels));
	if (d->over)
		meta_set_annotation(c->a, o, OVER, "truncated");
	else
		meta_del_annotation(o, OVER);
	stamp(c->a, o);
	return true;
}

static bool write(struct task *t, const struct kind *k, struct desired *d, struct status *st)
{
	struct json *o;

	if (api_get(&t->call, k, d->svc->ns, d->svc->name, NULL))
		return api_change(&t->call, k, NULL, d->svc->ns, d->svc->name, put, d, st);
	o = json_build(t->call.a, "{kind:%s,apiVersion:%s,metadata:{name:%s}}", "Endpoints", "v1",
		       d->svc->name);
	put(&t->call, o, d, st);
	return api_create(&t->call, k, d->svc->ns, o, st);
}

static bool endpoints_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct kinds *ks = api_kinds(t->call.api);
	const struct kind *k = kinds_by_resource(ks, "", "v1", "endpoints");
	struct desired d = { .svc = api_get(&t->call, kinds_by_resource(ks, "", "v1", "services"),
					    key.ns, key.name, NULL) };
	struct delete_options opts = DELETE_OPTIONS_INIT;
	struct backend *b;
	struct json *svc;
	size_t n;
	bool gone;

	(void)out;
	if (!d.svc) {
		api_delete(&t->call, k, key.ns, key.name, &opts, &gone, NULL);
		return true;
	}
	svc = obj_tree(t->call.a, d.svc);
	if (!backends_of(t, d.svc, svc, service_family(svc), &b, &n))
		return true;
	fill(t->call.a, &d, svc, b, n);
	d.labels = backend_labels(t->call.a, svc);
	json_set_str(t->call.a, d.labels, MANAGED_BY, "endpoint-controller");
	if (write(t, k, &d, &err) || status_is(&err, "Forbidden") || status_is(&err, "NotFound"))
		return true; /* the namespace is going away */
	status_move(st, &err);
	return false;
}

/* Others' Endpoints, with or without a Service, are left alone; a missing one of ours is made again. */
static void map_endpoints(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (ev->type == EVENT_DELETED || obj_label(ev->obj, MANAGED_BY))
		enqueue_key(q, ev->obj->ns, ev->obj->name);
}

const struct controller endpoints_controller = {
	.name = "endpoints",
	.watch = { { "v1", "Service", NULL },
		   { "v1", "Pod", map_pod_to_services },
		   { "v1", "Endpoints", map_endpoints } },
	.reconcile = endpoints_reconcile,
};
