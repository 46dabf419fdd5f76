/*
 * Design: opening connects, preparing claims the namespace for this cluster id and starts the mirrors, the
 * runtime starts the controllers.  Mirrors and the keeper live outside of the runtime and longer than it, so
 * they reach it through a gate: open from the moment all controllers run until the first of them stops.
 *
 * The keeper is one thread that renews the lease and, once everything is listed, sets what the host has
 * against what we have.
 */
#include "host/kubernetes/kubernetes.h"

#include "host/kubernetes/events.h"
#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/nodes.h"
#include "host/kubernetes/services.h"
#include "host/kubernetes/slices.h"
#include "host/kubernetes/streams.h"
#include "host/kubernetes/sync.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "net/client.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Deleting many orphans early is held back: 20 pods or 30 % of all, for 5 minutes. */
#define GUARD_S 300
#define GUARD_MIN 20
#define GUARD_PERCENT 30

#define RENEW_MS 5000
#define LOOK_MS 100

/* ---- the gate ---- */

void *kube_start(struct runtime *rt, void *arg)
{
	struct host *h = arg;

	lock_take(&h->gate);
	h->rt = rt;
	lock_drop(&h->gate);
	return h;
}

void kube_live(struct enqueue *q, void *state)
{
	struct host *h = state;

	(void)q;
	lock_take(&h->gate);
	h->live = true;
	lock_drop(&h->gate);
}

void kube_stop(void *state)
{
	struct host *h = state;

	lock_take(&h->gate);
	h->live = false;
	lock_drop(&h->gate);
}

void kube_enqueue(struct host *h, const struct controller *ctl, const char *ns, const char *name,
		  int64_t after_ms)
{
	lock_take(&h->gate);
	if (h->live)
		runtime_enqueue(h->rt, ctl, ns, name, after_ms);
	lock_drop(&h->gate);
}

/* ---- orphans ---- */

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

	if (!inbound_synced(h))
		return false;
	if (clock_mono_ns() - h->opened_ns > GUARD_S * 1000000000LL)
		return true;
	c.a = arena_new();
	mirror_each(h->pods, count, &c);
	arena_free(&c.a);
	return c.orphans <= GUARD_MIN || c.orphans * 100 <= c.all * GUARD_PERCENT;
}

/* ---- the keeper ---- */

int64_t kube_silence_ms(struct host *h)
{
	return (clock_mono_ns() - atomic_load(&h->heard_ns)) / 1000000;
}

static bool is_live(struct host *h)
{
	bool live;

	lock_take(&h->gate);
	live = h->live;
	lock_drop(&h->gate);
	return live;
}

static bool nap(struct host *h, int64_t ms)
{
	int64_t until = clock_mono_ns() + ms * 1000000;
	bool stop;

	lock_take(&h->nap);
	while (!h->stopping && cond_wait_until(&h->wake, &h->nap, until))
		;
	stop = h->stopping;
	lock_drop(&h->nap);
	return !stop;
}

static void keep(void *arg)
{
	struct host *h = arg;
	int64_t renewed = clock_mono_ns();
	bool replayed = false;

	while (nap(h, replayed ? RENEW_MS : LOOK_MS)) {
		if (!replayed && is_live(h) && inbound_synced(h)) {
			inbound_replay(h);
			root_adopt(h);
			replayed = true;
		}
		if (clock_mono_ns() - renewed < RENEW_MS * INT64_C(1000000))
			continue;
		renewed = clock_mono_ns();
		if (root_renew(h))
			continue;
		log_error("host",
			  "another process has taken over this virtual cluster's objects in "
			  "namespace %s (Lease %s): stopping",
			  h->ns, h->lease.name);
		kill(getpid(), SIGTERM);
		return;
	}
}

/* ---- life ---- */

static bool kubernetes_prepare(struct host *h, struct api *api, struct status *st)
{
	h->api = api;
	h->opened_ns = clock_mono_ns();
	atomic_store(&h->heard_ns, h->opened_ns);
	if (!root_claim(h, st) || !root_address(h, st))
		return false;
	inbound_start(h);
	h->keeper = thread_start("host-keeper", keep, h);
	return true;
}

static bool kubernetes_ready(struct host *h, const char **what)
{
	*what = "host";
	return inbound_synced(h);
}

static void end_keeper(struct host *h)
{
	if (!h->keeper)
		return;
	lock_take(&h->nap);
	h->stopping = true;
	cond_broadcast(&h->wake);
	lock_drop(&h->nap);
	thread_join(&h->keeper);
}

static void kubernetes_close(struct host **hp)
{
	struct host *h = *hp;

	if (!h)
		return;
	end_keeper(h);
	inbound_stop(h);
	root_release(h);
	names_free(&h->names);
	if (h->client)
		client_free(&h->client);
	map_free(&h->asked, NULL);
	cond_destroy(&h->wake);
	lock_destroy(&h->nap);
	lock_destroy(&h->ask);
	lock_destroy(&h->gate);
	lock_destroy(&h->lock);
	free(h->root.name);
	free(h->root.uid);
	free(h->ns);
	free(h->api_ip);
	free(h);
	*hp = NULL;
}

static struct host *kubernetes_open(const struct host_config *c, struct status *st)
{
	struct host *h = calloc(1, sizeof *h);

	BUG_ON(!h);
	h->config = *c;
	lock_init(&h->lock, "host", LOCK_HOST);
	lock_init(&h->gate, "host gate", LOCK_CONTROL);
	lock_init(&h->ask, "host services", LOCK_HOST);
	lock_init(&h->nap, "host keeper", LOCK_HOST);
	cond_init(&h->wake);
	h->asked = map_new();
	h->service_ips = (struct service_ip_ops){ services_allocate, services_rollback, h };
	h->streams = (struct stream_ops_host){ kube_log, kube_duplex, h };
	strncpy(h->cid, c->cluster_id, sizeof h->cid - 1);
	strncpy(h->cid_label, c->cluster_id, sizeof h->cid_label - 1);
	if (!kube_connect(h, st)) {
		kubernetes_close(&h);
		return NULL;
	}
	h->names = names_new(h->cid, h->ns);
	return h;
}

static const struct service_ip_ops *kubernetes_service_ips(struct host *h)
{
	return &h->service_ips;
}

static const struct stream_ops_host *kubernetes_streams(struct host *h)
{
	return &h->streams;
}

static const char *kubernetes_address(struct host *h)
{
	return h->api_ip;
}

static const struct controller *const controllers[] = {
	&kube_services, &kube_slices, &kube_nodes, &kube_events, &kube_deps, &kube_pods, NULL
};

const struct host_ops host_kubernetes = {
	.name = "kubernetes",
	.schedules = true,
	.open = kubernetes_open,
	.prepare = kubernetes_prepare,
	.controllers = controllers,
	.service_ips = kubernetes_service_ips,
	.streams = kubernetes_streams,
	.address = kubernetes_address,
	.ready = kubernetes_ready,
	.close = kubernetes_close,
};
