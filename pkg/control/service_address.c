/*
 * service-address: where our own range gives Services their addresses, every one in use has an IPAddress that
 * says whose it is, and the range is the ServiceCIDR "kubernetes".  The allocator is the truth, these objects
 * are its picture.  k8s: pkg/registry/core/service/ipallocator, pkg/controlplane/controller/defaultservicecidr.
 */
#include "control/control.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/obj.h"

#include <string.h>

#define RANGE_NAME "kubernetes"
#define MANAGED_BY "ipaddress.kubernetes.io/managed-by"
#define MANAGER "ipallocator.k8s.io"

static const struct kind *net(struct api *api, const char *resource)
{
	return kinds_by_resource(api_kinds(api), "networking.k8s.io", "v1", resource);
}

static bool settled(bool ok, const char *fine, struct status *err, struct status *st)
{
	if (ok || status_is(err, fine))
		return true;
	status_move(st, err);
	return false;
}

/* ---- the range ---- */

static bool say_ready(struct call *c, struct json *o, void *arg, struct status *st)
{
	(void)arg;
	(void)st;
	return meta_set_condition(c->a, o, "Ready", "True", "",
				  "Kubernetes default Service CIDR is ready", false);
}

static bool publish_range(struct task *t, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = net(t->call.api, "servicecidrs");
	struct json *o = json_build(
		t->call.a,
		"{apiVersion:\"networking.k8s.io/v1\",kind:\"ServiceCIDR\",metadata:{name:%s},spec:{cidrs:[%s]}}",
		RANGE_NAME, api_settings(t->call.api)->service_cidr);

	if (!api_get(&t->call, k, "", RANGE_NAME, NULL) &&
	    !settled(api_create(&t->call, k, "", o, &err), "AlreadyExists", &err, st))
		return false;
	return api_change(&t->call, k, "status", "", RANGE_NAME, say_ready, NULL, st);
}

/* ---- addresses ---- */

/* The Service still has this address. */
static bool in_use(struct task *t, const struct json *parent, const char *ip)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "", "v1", "services");
	const struct obj *svc = api_get(&t->call, k, json_path_str(parent, "namespace"),
					json_path_str(parent, "name"), NULL);

	if (!svc)
		return false;
	json_each(v, json_path(obj_tree(t->call.a, svc), "spec.clusterIPs"))
		if (!strcmp(json_str(v), ip))
			return true;
	return false;
}

/* An IPAddress of ours whose Service is gone. */
static bool check_address(struct task *t, const char *ip, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = net(t->call.api, "ipaddresses");
	const struct obj *o = api_get(&t->call, k, "", ip, NULL);
	const char *by = o ? obj_label(o, MANAGED_BY) : NULL;
	struct delete_options same = DELETE_OPTIONS_INIT;

	if (!by || strcmp(by, MANAGER) != 0 ||
	    in_use(t, json_path(obj_tree(t->call.a, o), "spec.parentRef"), ip))
		return true;
	same.uid = o->uid;
	return settled(api_delete(&t->call, k, "", ip, &same, NULL, &err), "NotFound", &err, st);
}

static bool publish_address(struct task *t, const struct obj *svc, const char *ip, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = net(t->call.api, "ipaddresses");
	struct json *o;

	if (api_get(&t->call, k, "", ip, NULL))
		return check_address(t, ip, st);
	o = json_build(t->call.a,
		       "{apiVersion:\"networking.k8s.io/v1\",kind:\"IPAddress\",metadata:{name:%s,labels:"
		       "{\"ipaddress.kubernetes.io/ip-family\":%s,\"" MANAGED_BY "\":%s}},"
		       "spec:{parentRef:{resource:\"services\",namespace:%s,name:%s}}}",
		       ip, strchr(ip, ':') ? "IPv6" : "IPv4", MANAGER, svc->ns, svc->name);
	return settled(api_create(&t->call, k, "", o, &err), "AlreadyExists", &err, st);
}

/* Keys: "" the range; without namespace an address; else a Service. */
static bool address_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api), "", "v1", "services");
	const struct obj *svc;

	(void)out;
	if (!*key.ns)
		return *key.name ? check_address(t, key.name, st) : publish_range(t, st);
	svc = api_get(&t->call, k, key.ns, key.name, NULL);
	json_each(v, svc ? json_path(obj_tree(t->call.a, svc), "spec.clusterIPs") : NULL)
		if (strcmp(json_str(v), "None") != 0 && *json_str(v) &&
		    !publish_address(t, svc, json_str(v), st))
			return false;
	return true;
}

/* ---- what concerns us ---- */

static bool is_ours(struct api *api)
{
	return !api_settings(api)->service_ips;
}

/* The addresses that it had are looked at one by one, those that it has with it. */
static void map_service(struct enqueue *q, struct api *api, const struct event *ev)
{
	const struct obj *had = ev->type == EVENT_DELETED ? ev->obj : ev->prev;
	struct arena *a;

	if (!is_ours(api))
		return;
	if (ev->type != EVENT_DELETED)
		enqueue_key(q, ev->obj->ns, ev->obj->name);
	if (!had)
		return;
	a = arena_new();
	json_each(v, json_path(obj_tree(a, had), "spec.clusterIPs"))
		enqueue_key(q, "", json_str(v));
	arena_free(&a);
}

static void map_address(struct enqueue *q, struct api *api, const struct event *ev)
{
	const struct json *parent;
	struct arena *a;

	if (!is_ours(api))
		return;
	if (ev->type == EVENT_ADDED) {
		enqueue_key(q, "", ev->obj->name);
		return;
	}
	if (ev->type != EVENT_DELETED)
		return;
	a = arena_new();
	parent = json_path(obj_tree(a, ev->obj), "spec.parentRef");
	if (*json_path_str(parent, "namespace"))
		enqueue_key(q, json_path_str(parent, "namespace"), json_path_str(parent, "name"));
	arena_free(&a);
}

/* Put right when deleted. */
static void map_range(struct enqueue *q, struct api *api, const struct event *ev)
{
	if (is_ours(api) && !strcmp(ev->obj->name, RANGE_NAME))
		enqueue_key(q, "", "");
}

static void *start(struct runtime *rt, void *arg)
{
	(void)arg;
	return rt;
}

static void synced(struct enqueue *q, void *state)
{
	if (is_ours(runtime_api(state)))
		enqueue_key(q, "", "");
}

const struct controller service_address_controller = {
	.name = "service-address",
	.watch = { { "v1", "Service", map_service },
		   { "networking.k8s.io/v1", "IPAddress", map_address },
		   { "networking.k8s.io/v1", "ServiceCIDR", map_range } },
	.reconcile = address_reconcile,
	.start = start,
	.synced = synced,
};
