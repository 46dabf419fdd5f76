/*
 * inbound: mirrors of our objects on the host, and whom a change there concerns.
 *
 * A host object says in its annotations which virtual object it stands for; that is believed only when the
 * object proves to be ours.  Events are the namespace's, everybody's; events.c picks out ours.
 */
#include "host/kubernetes/events.h"
#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/services.h"
#include "host/kubernetes/slices.h"
#include "host/kubernetes/sync.h"

#include "base/arena.h"
#include "base/vec.h"
#include "obj/obj.h"

#include <string.h>

static void on_pod(void *arg, const struct obj *now, const struct obj *before)
{
	struct host *h = arg;
	const struct obj *o = now ? now : before;
	struct arena *a = arena_new();
	struct linked l = host_linked(a, o);

	if (*l.vname && host_ours(h, a, o, "pods"))
		kube_enqueue(h, &kube_pods, l.vns, l.vname, 0);
	arena_free(&a);
}

static void on_dep(void *arg, const struct obj *now, const struct obj *before)
{
	struct host *h = arg;
	const struct obj *o = now ? now : before;
	struct arena *a = arena_new();
	struct linked l = host_linked(a, o);
	const char *kind = host_annotation(a, o, ANNOTATION_KIND);

	if (*l.vname && (!strcmp(kind, "configmaps") || !strcmp(kind, "secrets")) &&
	    host_ours(h, a, o, kind))
		kube_enqueue(h, &kube_deps, l.vns, arena_printf(a, "%s/%s", kind, l.vname), 0);
	arena_free(&a);
}

static void on_service(void *arg, const struct obj *now, const struct obj *before)
{
	struct host *h = arg;
	const struct obj *o = now ? now : before;
	struct arena *a = arena_new();
	struct linked l = host_linked(a, o);

	if (*l.vname && host_ours(h, a, o, "services"))
		kube_enqueue(h, &kube_services, l.vns, l.vname, 0);
	arena_free(&a);
}

static void on_slice(void *arg, const struct obj *now, const struct obj *before)
{
	struct host *h = arg;
	const struct obj *o = now ? now : before;
	struct arena *a = arena_new();
	struct linked l = host_linked(a, o);

	if (*l.vname && host_ours(h, a, o, KIND_SLICES))
		kube_enqueue(h, &kube_slices, l.vns, l.vname, 0);
	arena_free(&a);
}

static void on_event(void *arg, const struct obj *now, const struct obj *before)
{
	(void)before;
	if (now)
		kube_enqueue(arg, &kube_events, "", now->name, 0);
}

struct row {
	size_t offset; /* of the mirror in struct host */
	const char *prefix, *resource, *kind;
	bool all;
	mirror_fn fn;
};

static const struct row rows[] = {
	{ offsetof(struct host, services), "api/v1", "services", "Service", false, on_service },
	{ offsetof(struct host, pods), "api/v1", "pods", "Pod", false, on_pod },
	{ offsetof(struct host, configmaps), "api/v1", "configmaps", "ConfigMap", false, on_dep },
	{ offsetof(struct host, secrets), "api/v1", "secrets", "Secret", false, on_dep },
	{ offsetof(struct host, slices), "apis/discovery.k8s.io/v1", "endpointslices",
	  "EndpointSlice", false, on_slice },
	{ offsetof(struct host, events), "api/v1", "events", "Event", true, on_event },
};

#define ROWS (sizeof rows / sizeof *rows)

static struct mirror **slot(struct host *h, const struct row *r)
{
	return (struct mirror **)(void *)((char *)h + r->offset);
}

void inbound_start(struct host *h)
{
	for (size_t i = 0; i < ROWS; i++)
		*slot(h, &rows[i]) = mirror_start(h, rows[i].prefix, rows[i].resource, rows[i].kind,
						  rows[i].all, rows[i].fn, h);
}

void inbound_stop(struct host *h)
{
	for (size_t i = 0; i < ROWS; i++)
		mirror_stop(slot(h, &rows[i]));
}

bool inbound_synced(struct host *h)
{
	for (size_t i = 0; i < ROWS; i++)
		if (!*slot(h, &rows[i]) || !mirror_synced(*slot(h, &rows[i])))
			return false;
	return true;
}

struct list {
	VEC(const struct obj *) v;
};

static void collect(void *arg, const struct obj *o)
{
	struct list *l = arg;

	vec_push(&l->v, obj_ref(o));
}

void inbound_replay(struct host *h)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct list l = { 0 };

		mirror_each(*slot(h, &rows[i]), collect, &l);
		for (size_t j = 0; j < l.v.n; j++) {
			rows[i].fn(h, l.v.p[j], NULL);
			obj_unref(l.v.p[j]);
		}
		vec_free(&l.v);
	}
}
