/*
 * Design: both objects are written through the api like anybody's, and only when they differ, so that a restart
 * at the same address is no change for those who watch.
 */
#include "endpoint.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

static bool put(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct json *want = arg;
	bool changed = false;

	(void)st;
	json_each(m, want) {
		const char *name = json_name(m);

		if (!strcmp(name, "metadata") || json_equal(json_get(o, name), m))
			continue;
		json_set(c->a, o, name, json_copy(c->a, m));
		changed = true;
	}
	return changed;
}

static bool write(struct call *c, const char *group, const char *resource, struct json *o,
		  struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(c->api), group, "v1", resource);

	if (api_get(c, k, "default", "kubernetes", NULL))
		return api_change(c, k, NULL, "default", "kubernetes", put, o, st);
	return api_create(c, k, "default", o, st);
}

bool endpoint_publish(struct api *api, const char *ip, int port, struct status *st)
{
	struct arena *a = arena_new();
	struct call c;
	struct json *ep, *slice;
	bool ok;

	call_init(&c, api, a, "kube-apiserver");
	c.inner = true; /* a webhook that is down must not keep us from starting */
	ep = json_build(a,
			"{kind:%s,apiVersion:%s,metadata:{name:%s,labels:{}},subsets:["
			"{addresses:[{ip:%s}],ports:[{name:%s,port:%d,protocol:%s}]}]}",
			"Endpoints", "v1", "kubernetes", ip, "https", port, "TCP");
	json_set_str(a, json_ensure_object(a, json_get(ep, "metadata"), "labels"),
		     "endpointslice.kubernetes.io/skip-mirror", "true");
	slice = json_build(a,
			   "{kind:%s,apiVersion:%s,metadata:{name:%s},addressType:%s,endpoints:["
			   "{addresses:[%s],conditions:{ready:%b}}],"
			   "ports:[{name:%s,port:%d,protocol:%s}]}",
			   "EndpointSlice", "discovery.k8s.io/v1", "kubernetes", "IPv4", ip, true,
			   "https", port, "TCP");
	json_set_str(a, json_ensure_object(a, json_get(slice, "metadata"), "labels"),
		     "kubernetes.io/service-name", "kubernetes");
	ok = write(&c, "", "endpoints", ep, st) &&
	     write(&c, "discovery.k8s.io", "endpointslices", slice, st);
	arena_free(&a);
	return ok;
}
