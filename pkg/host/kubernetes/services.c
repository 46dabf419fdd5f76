/*
 * Design: two doors lead here.  The api calls allocate() inside create and update of a Service, before it is
 * stored, so that the tenant's answer has the host's addresses and the host's refusal is the tenant's error.
 * The controller repairs whatever is left: objects stored without the door, changes on the host, deletions.
 *
 * Between the host's create and our store's commit the name is in h->asked: a second create of the same name is
 * refused, and the controller does not take the host's object for an orphan.
 */
#include "host/kubernetes/services.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/remote.h"
#include "host/kubernetes/scrub.h"
#include "host/kubernetes/svcspec.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 1000
#define ORPHAN_WAIT_MS 5000
#define TRIES 3

static const struct kind *service_kind(struct api *api)
{
	return kinds_by_resource(api_kinds(api), "", "v1", "services");
}

static char *host_path(struct host *h, struct arena *a, const char *vns, const char *vname,
		       const char *query)
{
	char hname[HOST_NAME_MAX];

	names_map(h->names, "services", vns, vname, hname);
	return arena_printf(a, "%s%s", remote_path(h, a, "api/v1", "services", hname, NULL), query);
}

/* ---- names being created ---- */

static char *ask_key(struct arena *a, const struct json *svc)
{
	return arena_printf(a, "%s/%s", meta_ns(svc), meta_name(svc));
}

static bool ask(struct host *h, struct arena *a, const struct json *svc)
{
	char *key = ask_key(a, svc);
	bool fresh;

	lock_take(&h->ask);
	fresh = !map_get(h->asked, key);
	if (fresh)
		map_set(h->asked, key, h);
	lock_drop(&h->ask);
	return fresh;
}

/* True when it was asked for. */
static bool answer(struct host *h, const char *vns, const char *vname)
{
	struct arena *a = arena_new();
	bool was;

	lock_take(&h->ask);
	was = map_del(h->asked, arena_printf(a, "%s/%s", vns, vname));
	lock_drop(&h->ask);
	arena_free(&a);
	return was;
}

static bool asked(struct host *h, struct arena *a, const char *vns, const char *vname)
{
	bool is;

	lock_take(&h->ask);
	is = map_get(h->asked, arena_printf(a, "%s/%s", vns, vname));
	lock_drop(&h->ask);
	return is;
}

/* ---- the door ---- */

struct door {
	struct host *h;
	struct arena *a;
	struct json *svc;
	const char *query; /* "?dryRun=All" or "" */
};

static bool door_error(struct door *d, struct status *err, struct status *st)
{
	scrub_status(d->h, d->a, err);
	status_move(st, err);
	return false;
}

/* The host has one of this name: ours from an earlier life is taken over with its addresses. */
static bool adopt(struct door *d, struct json **out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *have, *want = svc_desired(d->h, d->a, d->svc);
	const char *one = host_path(d->h, d->a, meta_ns(d->svc), meta_name(d->svc), "");
	const struct obj *o;
	bool ours;

	if (!remote_get(d->h, d->a, one, &have, &err))
		return door_error(d, &err, st);
	o = obj_new(have, NULL);
	ours = host_ours(d->h, d->a, obj_give(d->a, o), "services");
	if (!ours)
		return status_other(st, 409, "AlreadyExists",
				    "services \"%s\" already exists on the host and is not of this "
				    "cluster",
				    meta_name(d->svc));
	one = host_path(d->h, d->a, meta_ns(d->svc), meta_name(d->svc), d->query);
	return remote_update(d->h, d->a, one, svc_merged(d->a, have, want), out, &err) ||
	       door_error(d, &err, st);
}

/* What is adopted may be on its way out (deleted inside a moment ago): then the name is free soon. */
static bool make(struct door *d, struct json **out, struct status *st)
{
	const char *all = arena_printf(
		d->a, "%s%s", remote_path(d->h, d->a, "api/v1", "services", NULL, NULL), d->query);

	for (int i = 1;; i++) {
		STATUS_AUTO struct status err = STATUS_INIT;

		if (remote_create(d->h, d->a, all, svc_desired(d->h, d->a, d->svc), out, &err))
			return true;
		if (!status_is(&err, "AlreadyExists"))
			return door_error(d, &err, st);
		status_clear(&err);
		if (adopt(d, out, &err))
			return true;
		if (i == TRIES || !(err.code == 404 || status_is(&err, "Conflict"))) {
			status_move(st, &err);
			return false;
		}
	}
}

static bool update(struct door *d, const struct json *old, struct json **out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *want = svc_desired(d->h, d->a, d->svc), *have;
	const char *one = host_path(d->h, d->a, meta_ns(d->svc), meta_name(d->svc), "");

	*out = NULL;
	if (json_equal(json_get(want, "spec"), json_get(svc_desired(d->h, d->a, old), "spec")))
		return true;
	if (!remote_get(d->h, d->a, one, &have, &err))
		return err.code == 404 ? make(d, out, st) : door_error(d, &err, st);
	one = host_path(d->h, d->a, meta_ns(d->svc), meta_name(d->svc), d->query);
	return remote_update(d->h, d->a, one, svc_merged(d->a, have, want), out, &err) ||
	       door_error(d, &err, st);
}

static bool exists(struct host *h, const char *ns, const char *name)
{
	const struct obj *o = store_get(api_table(h->api, service_kind(h->api)), ns, name);

	obj_unref(o);
	return o;
}

bool services_allocate(void *arg, struct arena *a, struct json *svc, const struct json *old,
		       bool dry_run, struct status *st)
{
	struct host *h = arg;
	struct door d = { h, a, svc, dry_run ? "?dryRun=All" : "" };
	struct json *theirs = NULL;
	bool ok;

	if (!svc_on_host(svc))
		return true;
	if (old && svc_on_host(old)) {
		ok = update(&d, old, &theirs, st);
	} else {
		if (!old && exists(h, meta_ns(svc), meta_name(svc)))
			return true; /* the store will say so */
		if (!dry_run && !ask(h, a, svc))
			return status_already_exists(st, &service_kind(h->api)->subject,
						     meta_name(svc));
		ok = make(&d, &theirs, st);
		if (!ok && !dry_run)
			answer(h, meta_ns(svc), meta_name(svc));
	}
	if (ok && theirs)
		svc_take(a, svc, theirs);
	return ok;
}

void services_rollback(void *arg, const struct json *svc)
{
	struct host *h = arg;
	struct arena *a;

	if (answer(h, meta_ns(svc), meta_name(svc)) && !exists(h, meta_ns(svc), meta_name(svc))) {
		STATUS_AUTO struct status err = STATUS_INIT;

		a = arena_new();
		if (!remote_delete(h, a, host_path(h, a, meta_ns(svc), meta_name(svc), ""), NULL,
				   -1, &err))
			log_warn("host", "service %s/%s: %s", meta_ns(svc), meta_name(svc),
				 err.message);
		arena_free(&a);
	}
	kube_enqueue(h, &kube_services, meta_ns(svc), meta_name(svc), 0);
}

/* ---- the controller ---- */

struct sync {
	struct host *h;
	struct call *c;
	const struct kind *kind;
	struct key key;
	const struct obj *v, *theirs; /* NULL: none */
	struct result *out;
};

static bool fill(struct call *c, struct json *o, void *arg, struct status *st)
{
	(void)st;
	return svc_take(c->a, o, arg);
}

static bool put_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct json *want = arg;

	(void)st;
	if (json_equal(json_get(o, "status"), want))
		return false;
	json_set(c->a, o, "status", json_copy(c->a, want));
	return true;
}

static bool gone_is_fine(const struct obj *o, struct status *err, struct status *st)
{
	if (o || err->code == 404)
		return true;
	status_move(st, err);
	return false;
}

/* Addresses once, node ports, status. */
static bool take_back(struct sync *s, struct json *theirs, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT, err2 = STATUS_INIT;
	struct json *v = obj_tree(s->c->a, s->v), *status = json_get(theirs, "status");
	const struct obj *done = s->v;

	if (svc_take(s->c->a, v, theirs))
		done = api_change(s->c, s->kind, NULL, s->key.ns, s->key.name, fill, theirs, &err);
	if (!gone_is_fine(done, &err, st))
		return false;
	if (strcmp(json_path_str(theirs, "spec.type"), "LoadBalancer") || !status)
		status = json_build(s->c->a, "{loadBalancer:{}}");
	if (!json_get(status, "loadBalancer"))
		json_set(s->c->a, status, "loadBalancer", json_object(s->c->a));
	return gone_is_fine(api_change(s->c, s->kind, "status", s->key.ns, s->key.name, put_status,
				       status, &err2),
			    &err2, st);
}

static bool drop(struct sync *s, struct status *st)
{
	if (!host_ours(s->h, s->c->a, s->theirs, "services"))
		return true;
	return remote_delete(s->h, s->c->a, host_path(s->h, s->c->a, s->key.ns, s->key.name, ""),
			     s->theirs->uid, -1, st);
}

static bool push(struct sync *s, struct status *st)
{
	struct json *v = obj_tree(s->c->a, s->v), *answer_tree = NULL;
	struct json *want = svc_desired(s->h, s->c->a, v), *have;
	struct door d = { s->h, s->c->a, v, "" };

	if (!s->theirs)
		return make(&d, &answer_tree, st) && take_back(s, answer_tree, st);
	have = obj_tree(s->c->a, s->theirs);
	if (!host_ours(s->h, s->c->a, s->theirs, "services"))
		return status_other(st, 409, "AlreadyExists",
				    "the host's service %s is not of this cluster", s->theirs->name);
	if (strcmp(host_applied(have), host_applied(want)) &&
	    !remote_update(s->h, s->c->a, host_path(s->h, s->c->a, s->key.ns, s->key.name, ""),
			   svc_merged(s->c->a, have, want), &have, st))
		return false;
	return take_back(s, have, st);
}

static bool only_host(struct sync *s, struct status *st)
{
	if (!s->theirs)
		return true;
	if (asked(s->h, s->c->a, s->key.ns, s->key.name)) {
		s->out->after_ms = AGAIN_MS;
		return true;
	}
	if (!orphans_may_go(s->h)) {
		s->out->after_ms = ORPHAN_WAIT_MS;
		return true;
	}
	return drop(s, st);
}

static bool services_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct sync s = { .h = t->state, .c = &t->call, .key = key, .out = out };
	char hname[HOST_NAME_MAX];

	if (!mirror_synced(s.h->services)) {
		out->after_ms = AGAIN_MS;
		return true;
	}
	s.kind = service_kind(s.h->api);
	s.v = api_get(s.c, s.kind, key.ns, key.name, NULL);
	s.theirs = mirror_get(s.h->services,
			      names_map(s.h->names, "services", key.ns, key.name, hname));
	if (s.theirs)
		obj_give(s.c->a, s.theirs);
	if (!s.v)
		return only_host(&s, st);
	answer(s.h, key.ns, key.name);
	if (!svc_on_host(obj_tree(s.c->a, s.v)))
		return !s.theirs || drop(&s, st);
	return s.v->deleted_s || push(&s, st);
}

static void map_change(struct enqueue *q, void *state, const struct controller_watch *w,
		       const struct event *ev)
{
	(void)w;
	if (ev->type != EVENT_DELETED)
		answer(state, ev->obj->ns, ev->obj->name);
	enqueue_key(q, ev->obj->ns, ev->obj->name);
}

/* ---- the api's own Service ---- */

/* Without a Service on the host pods use the address and port we listen on. */
static void own_address(struct host *h, struct call *c)
{
	const struct kind *k = kinds_by_resource(api_kinds(h->api), "", "v1", "endpoints");
	const struct obj *o = api_get(c, k, "default", "kubernetes", NULL);
	const struct json *subset = o ? json_path(obj_tree(c->a, o), "subsets.0") : NULL;

	if (!subset)
		return;
	lock_take(&h->lock);
	if (!h->api_ip) {
		h->api_ip = strdup(json_path_str(subset, "addresses.0.ip"));
		h->api_port = (int)json_path_int(subset, "ports.0.port", h->api_port);
	}
	lock_drop(&h->lock);
}

static void publish(struct host *h, struct call *c)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = service_kind(h->api);
	const struct obj *o = api_get(c, k, "default", "kubernetes", NULL);
	const struct json *have = o ? obj_tree(c->a, o) : NULL;
	struct json *svc;

	if (!h->api_ip || (have && !strcmp(json_path_str(have, "spec.clusterIP"), h->api_ip) &&
			   json_path_int(have, "spec.ports.0.port", 0) == h->api_port))
		return;
	svc = json_build(c->a,
			 "{apiVersion:%s,kind:%s,metadata:{name:%s,namespace:%s,labels:{component:%s,"
			 "provider:%s}},spec:{type:%s,clusterIP:%s,clusterIPs:[%s],ipFamilies:[%s],"
			 "ipFamilyPolicy:%s,ports:[{name:%s,protocol:%s,port:%d,targetPort:%d}]}}",
			 "v1", "Service", "kubernetes", "default", "apiserver", "kubernetes",
			 "ClusterIP", h->api_ip, h->api_ip,
			 strchr(h->api_ip, ':') ? "IPv6" : "IPv4", "SingleStack", "https", "TCP",
			 h->api_port, h->config.api_port ? h->config.api_port : h->api_port);
	/* The address of a Service cannot change, but where we listen can. */
	if (o)
		api_delete(c, k, "default", "kubernetes", NULL, NULL, NULL);
	if (!api_create(c, k, "default", svc, &err))
		log_warn("host", "service default/kubernetes: %s", err.message);
}

/* Runs before any worker: the address is known when the first pod is made. */
static void *services_start(struct runtime *rt, void *arg)
{
	struct host *h = arg;
	struct arena *a = arena_new();
	struct call c;

	call_init(&c, h->api, a, "host-services");
	own_address(h, &c);
	publish(h, &c);
	arena_free(&a);
	return kube_start(rt, arg);
}

const struct controller kube_services = {
	.name = "host-services",
	.manager = "host-services",
	.watch = { { "v1", "Service", NULL } },
	.map_state = map_change,
	.reconcile = services_reconcile,
	.workers = 2,
	.start = services_start,
	.stop = kube_stop,
	.synced = kube_live,
};
