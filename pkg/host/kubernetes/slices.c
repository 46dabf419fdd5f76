/*
 * Design: a Service with a selector has its slices made by the host, from the host's pods; one without gets
 * the tenant's, as they are, with names mapped.  Addresses of the node itself (loopback, link-local) are left
 * out: through the host's proxy they would reach what is not the tenant's.
 */
#include "host/kubernetes/slices.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/remote.h"
#include "host/kubernetes/svcspec.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>
#include <strings.h>

#define PREFIX "apis/discovery.k8s.io/v1"
#define SERVICE_NAME "kubernetes.io/service-name"
#define MANAGED_BY "endpointslice.kubernetes.io/managed-by"
#define OURSELVES "syncer.nutshell.dev"
#define AGAIN_MS 1000

static const struct kind *slice_kind(struct api *api)
{
	return kinds_by_resource(api_kinds(api), "discovery.k8s.io", "v1", "endpointslices");
}

static const struct kind *service_kind(struct api *api)
{
	return kinds_by_resource(api_kinds(api), "", "v1", "services");
}

/* ---- what the host gets ---- */

static bool local(const char *ip)
{
	return !strncmp(ip, "127.", 4) || !strncmp(ip, "169.254.", 8) || !strcmp(ip, "::1") ||
	       !strncasecmp(ip, "fe80:", 5) || !strcmp(ip, "0.0.0.0") || !strcmp(ip, "::");
}

static struct json *addresses(struct arena *a, const struct json *from)
{
	struct json *out = json_array(a);

	json_each(ip, from)
		if (!local(json_str(ip)))
			json_append(out, json_string(a, json_str(ip)));
	return out;
}

static void map_target(struct host *h, struct arena *a, struct json *endpoint)
{
	struct json *ref = json_get(endpoint, "targetRef");
	char hname[HOST_NAME_MAX];

	if (!ref)
		return;
	if (strcmp(json_path_str(ref, "kind"), "Pod")) {
		json_del(endpoint, "targetRef");
		return;
	}
	names_map(h->names, "pods", json_path_str(ref, "namespace"), json_path_str(ref, "name"),
		  hname);
	json_set(a, endpoint, "targetRef",
		 json_build(a, "{kind:%s,name:%s,namespace:%s}", "Pod", hname, h->ns));
}

static struct json *endpoints(struct host *h, struct arena *a, const struct json *v)
{
	struct json *out = json_array(a);

	json_each(e, json_get(v, "endpoints")) {
		struct json *one = json_copy(a, e), *ips = addresses(a, json_get(e, "addresses"));

		if (!json_count(ips))
			continue;
		json_set(a, one, "addresses", ips);
		map_target(h, a, one);
		json_append(out, one);
	}
	return out;
}

static struct json *desired(struct host *h, struct arena *a, const struct json *v, const char *service)
{
	struct json *o = json_object(a);
	char hname[HOST_NAME_MAX];

	json_set_str(a, o, "apiVersion", "discovery.k8s.io/v1");
	json_set_str(a, o, "kind", "EndpointSlice");
	json_set(a, o, "metadata",
		 host_metadata(h, a, KIND_SLICES, meta_ns(v), meta_name(v), v, false));
	meta_set_label(a, o, SERVICE_NAME,
		       names_map(h->names, "services", meta_ns(v), service, hname));
	meta_set_label(a, o, MANAGED_BY, OURSELVES);
	json_set_str(a, o, "addressType", json_path_str(v, "addressType"));
	json_set(a, o, "endpoints", endpoints(h, a, v));
	if (json_get(v, "ports"))
		json_set(a, o, "ports", json_copy(a, json_get(v, "ports")));
	host_stamp(a, o);
	return o;
}

/* The Service the slice belongs to, if the host has to be told of it; else NULL. */
static const char *service_of(struct host *h, struct call *c, const struct obj *v)
{
	const char *name = v && !v->deleted_s ? obj_label(v, SERVICE_NAME) : NULL;
	const struct obj *o = name ? api_get(c, service_kind(h->api), v->ns, name, NULL) : NULL;
	const struct json *svc = o ? obj_tree(c->a, o) : NULL;

	if (!svc || !svc_on_host(svc) || json_count(json_path(svc, "spec.selector")))
		return NULL;
	return name;
}

static bool slices_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct host *h = t->state;
	struct arena *a = t->call.a;
	const struct obj *v = api_get(&t->call, slice_kind(h->api), key.ns, key.name, NULL), *have;
	const char *service, *path;
	char hname[HOST_NAME_MAX];
	struct json *want;

	if (!mirror_synced(h->slices)) {
		out->after_ms = AGAIN_MS;
		return true;
	}
	names_map(h->names, KIND_SLICES, key.ns, key.name, hname);
	path = remote_path(h, a, PREFIX, "endpointslices", hname, NULL);
	have = mirror_get(h->slices, hname);
	if (have)
		obj_give(a, have);
	if (have && !host_ours(h, a, have, KIND_SLICES))
		return true;
	service = service_of(h, &t->call, v);
	if (!service)
		return !have || remote_delete(h, a, path, have->uid, -1, st);
	want = desired(h, a, obj_tree(a, v), service);
	if (!have)
		return remote_create(h, a, remote_path(h, a, PREFIX, "endpointslices", NULL, NULL),
				     want, NULL, st);
	if (!strcmp(host_applied(obj_tree(a, have)), host_applied(want)))
		return true;
	/* addressType cannot change: a slice of another type is another slice. */
	if (strcmp(json_path_str(obj_tree(a, have), "addressType"),
		   json_path_str(want, "addressType")))
		return remote_delete(h, a, path, have->uid, -1, st);
	return remote_update(h, a, path, want, NULL, st);
}

/* A Service that gains or loses its selector concerns all its slices. */
static void map_change(struct enqueue *q, void *state, const struct controller_watch *w,
		       const struct event *ev)
{
	struct host *h = state;
	struct store_list l;

	if (!strcmp(w->kind, "EndpointSlice")) {
		enqueue_key(q, ev->obj->ns, ev->obj->name);
		return;
	}
	store_list(api_table(h->api, slice_kind(h->api)), ev->obj->ns, NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++) {
		const char *name = obj_label(l.items[i], SERVICE_NAME);

		if (name && !strcmp(name, ev->obj->name))
			enqueue_key(q, l.items[i]->ns, l.items[i]->name);
	}
	store_list_free(&l);
}

const struct controller kube_slices = {
	.name = "host-endpointslices",
	.manager = "host-endpointslices",
	.watch = { { "discovery.k8s.io/v1", "EndpointSlice", NULL }, { "v1", "Service", NULL } },
	.map_state = map_change,
	.reconcile = slices_reconcile,
	.start = kube_start,
	.stop = kube_stop,
	.synced = kube_live,
};
