/*
 * endpointslice: EndpointSlices of at most 100 endpoints for every Service with a selector.
 *
 * Endpoints stay in the slice they are in, so that one pod's change rewrites one slice; new ones fill slices
 * with room, then new slices.  Slices of one Service may differ in ports when a named target port resolves
 * differently per pod.  k8s: staging/src/k8s.io/endpointslice/reconciler.go.
 */
#include "control/backends.h"
#include "control/control.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define MAX_ENDPOINTS 100
#define LABEL_SERVICE "kubernetes.io/service-name"
#define LABEL_MANAGED "endpointslice.kubernetes.io/managed-by"
#define MANAGER "endpointslice-controller.k8s.io"
#define TRIGGER "endpoints.kubernetes.io/last-change-trigger-time"

struct slice {
	const struct obj *obj; /* NULL: to be created */
	struct json *ports, *endpoints;
	size_t n;
	struct slice *next;
};

struct slices {
	struct task *t;
	const struct kind *kind, *svc_kind;
	const struct obj *svc;
	struct json *svc_tree, *labels;
	const char *family; /* "IPv4" or "IPv6" */
	struct slice *first;
	struct map *residents; /* pod uid -> the slice that holds it now */
};

static struct json *endpoint(struct arena *a, const struct backend *b)
{
	const char *node = json_path_str(b->tree, "spec.nodeName");
	struct json *e = json_object(a), *addresses = json_array(a);

	json_append(addresses, json_string(a, b->ip));
	json_set(a, e, "addresses", addresses);
	json_set(a, e, "conditions",
		 json_build(a, "{ready:%b,serving:%b,terminating:%b}", b->ready, b->serving,
			    b->terminating));
	if (*b->hostname)
		json_set_str(a, e, "hostname", b->hostname);
	if (*node)
		json_set_str(a, e, "nodeName", node);
	if (*b->zone)
		json_set_str(a, e, "zone", b->zone);
	json_set(a, e, "targetRef",
		 json_build(a, "{kind:%s,namespace:%s,name:%s,uid:%s}", "Pod", b->pod->ns,
			    b->pod->name, b->pod->uid));
	return e;
}

/* Slices of an earlier Service of this name are the garbage collector's. */
static bool ours(const struct obj *o, void *arg)
{
	const struct obj *svc = arg;
	const char *by = obj_label(o, LABEL_MANAGED), *name = obj_label(o, LABEL_SERVICE);
	const struct owner *owner = obj_controller(o);

	return by && name && !strcmp(by, MANAGER) && !strcmp(name, svc->name) && !o->deleted_s &&
	       (!owner || !strcmp(owner->uid, svc->uid));
}

static struct slice *add_slice(struct slices *s, const struct obj *o, struct json *ports)
{
	struct slice *n = arena_zalloc(s->t->call.a, sizeof *n), **last = &s->first;

	n->obj = o;
	n->ports = ports;
	n->endpoints = json_array(s->t->call.a);
	while (*last)
		last = &(*last)->next;
	*last = n;
	return n;
}

static void read_slices(struct slices *s)
{
	struct store_list l;

	store_list(api_table(s->t->call.api, s->kind), s->svc->ns, NULL, NULL, 0, ours,
		   (void *)(uintptr_t)s->svc, &l);
	for (size_t i = 0; i < l.n; i++) {
		const struct obj *o = obj_hold(s->t->call.a, l.items[i]);
		struct json *tree = obj_tree(s->t->call.a, o);
		struct json *ports = json_get(tree, "ports");
		struct slice *n;

		if (strcmp(json_path_str(tree, "addressType"), s->family))
			continue;
		n = add_slice(s, o, ports ? ports : json_array(s->t->call.a));
		json_each(e, json_get(tree, "endpoints"))
			map_set(s->residents, json_path_str(e, "targetRef.uid"), n);
	}
	store_list_free(&l);
}

/* Where the pod is already, if it may stay there. */
static struct slice *home(struct slices *s, const char *uid, const struct json *ports)
{
	struct slice *i = map_get(s->residents, uid);

	return i && i->n < MAX_ENDPOINTS && json_equal(i->ports, ports) ? i : NULL;
}

static struct slice *room(struct slices *s, struct json *ports)
{
	for (struct slice *i = s->first; i; i = i->next)
		if (i->n < MAX_ENDPOINTS && json_equal(i->ports, ports))
			return i;
	return add_slice(s, NULL, ports);
}

/* Two passes: first who stays, then who is new, so that newcomers do not push residents out. */
static void distribute(struct slices *s, const struct backend *b, size_t n)
{
	struct arena *a = s->t->call.a;
	struct json **ports = arena_alloc(a, (n + 1) * sizeof(*ports));
	bool *placed = arena_zalloc(a, n + 1);

	for (size_t i = 0; i < n; i++) {
		struct slice *p;

		ports[i] = backend_ports(a, s->svc_tree, b[i].tree);
		p = home(s, b[i].pod->uid, ports[i]);
		placed[i] = p;
		if (p) {
			json_append(p->endpoints, endpoint(a, &b[i]));
			p->n++;
		}
	}
	for (size_t i = 0; i < n; i++) {
		struct slice *p = placed[i] ? NULL : room(s, ports[i]);

		if (p) {
			json_append(p->endpoints, endpoint(a, &b[i]));
			p->n++;
		}
	}
}

/* A new slice takes over an old one that has become empty, rather than one being made and one deleted. */
static void recycle(struct slices *s)
{
	struct slice *spare = s->first;

	for (struct slice *i = s->first; i; i = i->next) {
		if (i->obj)
			continue;
		while (spare && (!spare->obj || spare->n))
			spare = spare->next;
		if (!spare)
			return;
		i->obj = spare->obj;
		spare->obj = NULL;
	}
}

static void stamp(struct arena *a, struct json *o)
{
	char now[TIME_LEN];

	time_format(clock_now_s(), now);
	meta_set_annotation(a, o, TRIGGER, now);
}

struct put {
	struct slices *s;
	struct slice *i;
};

static bool put(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct put *p = arg;
	struct json *ports = json_get(o, "ports"), *have = json_get(o, "endpoints");

	(void)st;
	if ((have ? json_equal(have, p->i->endpoints) : !p->i->n) &&
	    (ports ? json_equal(ports, p->i->ports) : !json_count(p->i->ports)) &&
	    json_equal(json_path(o, "metadata.labels"), p->s->labels))
		return false;
	json_set(c->a, o, "endpoints", json_copy(c->a, p->i->endpoints));
	json_set(c->a, o, "ports", json_copy(c->a, p->i->ports));
	json_set(c->a, meta_ensure(c->a, o), "labels", json_copy(c->a, p->s->labels));
	stamp(c->a, o);
	return true;
}

static bool create(struct slices *s, struct slice *i, struct status *st)
{
	struct arena *a = s->t->call.a;
	struct json *o = json_build(a,
				    "{kind:%s,apiVersion:%s,metadata:{generateName:%s,labels:%j},"
				    "addressType:%s,endpoints:%j,ports:%j}",
				    "EndpointSlice", "discovery.k8s.io/v1",
				    arena_printf(a, "%s-", s->svc->name), json_copy(a, s->labels),
				    s->family, i->endpoints, json_copy(a, i->ports));

	stamp(a, o);
	return child_create(s->t, s->kind, s->svc_kind, s->svc, o, st);
}

static bool write_slice(struct slices *s, struct slice *i, bool keep_empty, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct delete_options opts = DELETE_OPTIONS_INIT;
	struct put p = { s, i };
	bool gone, ok;

	if (!i->obj)
		ok = create(s, i, &err);
	else if (!i->n && !keep_empty)
		ok = api_delete(&s->t->call, s->kind, i->obj->ns, i->obj->name, &opts, &gone, &err);
	else
		ok = api_change(&s->t->call, s->kind, NULL, i->obj->ns, i->obj->name, put, &p, &err);
	if (ok || status_is(&err, "NotFound") || status_is(&err, "Forbidden"))
		return true;
	status_move(st, &err);
	return false;
}

/* A Service always has one slice, even an empty one, so that "no endpoints" is told from "not yet". */
static bool write_all(struct slices *s, struct status *st)
{
	size_t full = 0;

	for (struct slice *i = s->first; i; i = i->next)
		full += i->n > 0;
	if (!full && !s->first)
		add_slice(s, NULL, json_array(s->t->call.a));
	if (!full)
		s->first->ports = json_array(s->t->call.a);
	for (struct slice *i = s->first; i; i = i->next) {
		if (!i->obj && !i->n && (full || i != s->first))
			continue; /* was taken over */
		if (!write_slice(s, i, !full && i == s->first, st))
			return false;
	}
	return true;
}

static void labels(struct slices *s)
{
	struct arena *a = s->t->call.a;

	s->labels = backend_labels(a, s->svc_tree);
	json_set_str(a, s->labels, LABEL_MANAGED, MANAGER);
	json_set_str(a, s->labels, LABEL_SERVICE, s->svc->name);
}

static bool endpointslice_reconcile(struct task *t, struct key key, struct result *out,
				    struct status *st)
{
	struct kinds *ks = api_kinds(t->call.api);
	struct slices s = { .t = t,
			    .kind = kinds_by_resource(ks, "discovery.k8s.io", "v1", "endpointslices"),
			    .svc_kind = kinds_by_resource(ks, "", "v1", "services") };
	struct backend *b;
	size_t n;

	(void)out;
	s.svc = api_get(&t->call, s.svc_kind, key.ns, key.name, NULL);
	if (!s.svc || s.svc->deleted_s)
		return true; /* the slices follow their owner */
	s.svc_tree = obj_tree(t->call.a, s.svc);
	s.family = service_family(s.svc_tree);
	if (!backends_of(t, s.svc, s.svc_tree, s.family, &b, &n))
		return true;
	labels(&s);
	s.residents = map_new();
	read_slices(&s);
	distribute(&s, b, n);
	map_free(&s.residents, NULL);
	recycle(&s);
	return write_all(&s, st);
}

static void map_slice(struct enqueue *q, struct api *api, const struct event *ev)
{
	const char *by = obj_label(ev->obj, LABEL_MANAGED);

	(void)api;
	if (by && !strcmp(by, MANAGER) && obj_label(ev->obj, LABEL_SERVICE))
		enqueue_key(q, ev->obj->ns, obj_label(ev->obj, LABEL_SERVICE));
}

const struct controller endpointslice_controller = {
	.name = "endpointslice",
	.watch = { { "v1", "Service", NULL },
		   { "v1", "Pod", map_pod_to_services },
		   { "discovery.k8s.io/v1", "EndpointSlice", map_slice } },
	.reconcile = endpointslice_reconcile,
};
