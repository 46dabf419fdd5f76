#include "host/kubernetes/kubernetes.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/sync.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/client.h"

#include <stdlib.h>
#include <string.h>

/* Deleting many orphans early is held back: 20 pods or 30 % of all, for 5 minutes. */
#define GUARD_S 300
#define GUARD_MIN 20
#define GUARD_PERCENT 30

void *kube_start(struct runtime *rt, void *arg)
{
	struct host *h = arg;

	lock_take(&h->lock);
	h->rt = rt;
	lock_drop(&h->lock);
	return h;
}

static struct mirror **mirrors(struct host *h, size_t i)
{
	struct mirror **const all[] = { &h->pods, &h->services, &h->configmaps, &h->secrets };

	return i < sizeof all / sizeof *all ? all[i] : NULL;
}

static bool synced(struct host *h)
{
	for (size_t i = 0; mirrors(h, i); i++)
		if (*mirrors(h, i) && !mirror_synced(*mirrors(h, i)))
			return false;
	return true;
}

struct census {
	struct host *h;
	struct arena *a;
	size_t all, orphans;
};

static void count(void *arg, const struct obj *o)
{
	struct census *c = arg;
	const struct kind *k = kinds_by_resource(api_kinds(c->h->api), "", "v1", "pods");
	struct linked l = host_linked(c->a, o);
	const struct obj *v = store_get(api_table(c->h->api, k), l.vns, l.vname);

	c->all++;
	c->orphans += !v;
	obj_unref(v);
}

bool orphans_may_go(struct host *h)
{
	struct census c = { .h = h };

	if (!synced(h))
		return false;
	if (clock_mono_ns() - h->opened_ns > GUARD_S * 1000000000LL)
		return true;
	c.a = arena_new();
	mirror_each(h->pods, count, &c);
	arena_free(&c.a);
	return c.orphans <= GUARD_MIN || c.orphans * 100 <= c.all * GUARD_PERCENT;
}

/* ---- host changes to virtual keys ---- */

static void enqueue(struct host *h, const struct controller *ctl, const char *ns, const char *name)
{
	struct runtime *rt;

	lock_take(&h->lock);
	rt = h->rt;
	lock_drop(&h->lock);
	if (rt)
		runtime_enqueue(rt, ctl, ns, name, 0);
}

static void on_pod(void *arg, const struct obj *now, const struct obj *before)
{
	struct host *h = arg;
	const struct obj *o = now ? now : before;
	struct arena *a = arena_new();
	struct linked l = host_linked(a, o);

	if (*l.vname && host_ours(h, a, o, "pods"))
		enqueue(h, &kube_pods, l.vns, l.vname);
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
		enqueue(h, &kube_deps, l.vns, arena_printf(a, "%s/%s", kind, l.vname));
	arena_free(&a);
}

static void on_service(void *arg, const struct obj *now, const struct obj *before)
{
	(void)arg;
	(void)now;
	(void)before;
}

static bool kubernetes_prepare(struct host *h, struct api *api, struct status *st)
{
	(void)st;
	h->api = api;
	h->opened_ns = clock_mono_ns();
	h->pods = mirror_start(h, "api/v1", "pods", "Pod", false, on_pod, h);
	h->services = mirror_start(h, "api/v1", "services", "Service", false, on_service, h);
	h->configmaps = mirror_start(h, "api/v1", "configmaps", "ConfigMap", false, on_dep, h);
	h->secrets = mirror_start(h, "api/v1", "secrets", "Secret", false, on_dep, h);
	return true;
}

static bool kubernetes_ready(struct host *h, const char **what)
{
	*what = "host";
	return synced(h);
}

static void kubernetes_close(struct host **h)
{
	if (!*h)
		return;
	for (size_t i = 0; mirrors(*h, i); i++)
		mirror_stop(mirrors(*h, i));
	names_free(&(*h)->names);
	client_free(&(*h)->client);
	lock_destroy(&(*h)->lock);
	free((*h)->ns);
	free((*h)->api_ip);
	free(*h);
	*h = NULL;
}

static struct host *kubernetes_open(const struct host_config *c, struct status *st)
{
	struct host *h = calloc(1, sizeof *h);

	BUG_ON(!h);
	h->config = *c;
	lock_init(&h->lock, "host", LOCK_HOST);
	strncpy(h->cid, c->cluster_id, sizeof h->cid - 1);
	strncpy(h->cid_label, c->cluster_id, sizeof h->cid_label - 1);
	if (!kube_connect(h, st)) {
		kubernetes_close(&h);
		return NULL;
	}
	h->names = names_new(h->cid, h->ns);
	return h;
}

static const struct controller *const controllers[] = { &kube_pods, &kube_deps, NULL };

const struct host_ops host_kubernetes = {
	.name = "kubernetes",
	.schedules = true,
	.open = kubernetes_open,
	.prepare = kubernetes_prepare,
	.ready = kubernetes_ready,
	.controllers = controllers,
	.close = kubernetes_close,
};
