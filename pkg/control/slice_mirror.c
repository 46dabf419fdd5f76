/*
 * slice_mirror: Endpoints that somebody writes by hand, for a Service without a selector, as EndpointSlices.
 *
 * One slice for each subset and address family, of at most 1000 addresses; a slice with the same ports is
 * rewritten rather than replaced.
 * k8s: pkg/controller/endpointslicemirroring.
 */
#include "control/control.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define MAX_ADDRESSES 1000
#define MANAGER "endpointslicemirroring-controller.k8s.io"
#define LABEL_MANAGED "endpointslice.kubernetes.io/managed-by"
#define LABEL_SERVICE "kubernetes.io/service-name"
#define LABEL_SKIP "endpointslice.kubernetes.io/skip-mirror"
#define LEADER "control-plane.alpha.kubernetes.io/leader"
#define TRIGGER "endpoints.kubernetes.io/last-change-trigger-time"
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

struct mirror {
	struct task *t;
	const struct kind *kind, *endpoints_kind;
	const struct obj *endpoints;
	struct json *tree;
	struct json *labels, *annotations;
	const struct obj **old; /* our slices as they are; NULL once used */
	size_t nold;
};

/* ---- what is wanted ---- */

static struct json *endpoint(struct arena *a, const struct json *address, bool ready)
{
	static const char *const kept[] = { "hostname", "nodeName", "targetRef" };
	struct json *e = json_build(a, "{addresses:[%s],conditions:{ready:%b}}",
				    json_path_str(address, "ip"), ready);

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		const struct json *v = json_get(address, kept[i]);

		if (v)
			json_set(a, e, kept[i], json_copy(a, v));
	}
	return e;
}

static void add_endpoints(struct arena *a, struct json *out, size_t *n, const struct json *list,
			  bool ready, bool v6)
{
	json_each(address, list) {
		bool is_v6 = strchr(json_path_str(address, "ip"), ':');

		if (is_v6 != v6 || *n == MAX_ADDRESSES)
			continue;
		json_append(out, endpoint(a, address, ready));
		++*n;
	}
}

static struct json *port_list(struct arena *a, const struct json *subset)
{
	struct json *out = json_array(a);

	json_each(p, json_get(subset, "ports")) {
		struct json *q = json_copy(a, p);

		if (!json_get(q, "name"))
			json_set_str(a, q, "name", "");
		json_append(out, q);
	}
	return out;
}

/* ---- slices ---- */

static bool is_ours(const struct obj *o, void *arg)
{
	const struct mirror *m = arg;
	const char *by = obj_label(o, LABEL_MANAGED), *service = obj_label(o, LABEL_SERVICE);

	return by && service && !strcmp(by, MANAGER) && !strcmp(service, m->endpoints->name) &&
	       !o->deleted_s;
}

static void read_slices(struct mirror *m)
{
	struct store_list l;

	store_list(api_table(m->t->call.api, m->kind), m->endpoints->ns, NULL, NULL, 0, is_ours, m,
		   &l);
	m->old = arena_alloc(m->t->call.a, (l.n + 1) * sizeof(*m->old));
	for (m->nold = 0; m->nold < l.n; m->nold++)
		m->old[m->nold] = obj_hold(m->t->call.a, l.items[m->nold]);
	store_list_free(&l);
}

/* One of the same family, best of the same ports; taken out of the list. */
static const struct obj *reuse(struct mirror *m, const char *family, const struct json *ports)
{
	size_t found = m->nold;
	const struct obj *o;

	for (size_t i = 0; i < m->nold; i++) {
		const struct json *tree = m->old[i] ? obj_tree(m->t->call.a, m->old[i]) : NULL;

		if (!tree || strcmp(json_path_str(tree, "addressType"), family))
			continue;
		if (found == m->nold || json_equal(json_get(tree, "ports"), ports))
			found = i;
	}
	if (found == m->nold)
		return NULL;
	o = m->old[found];
	m->old[found] = NULL;
	return o;
}

struct content {
	struct mirror *m;
	struct json *endpoints, *ports;
};

static bool rewrite(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct content *w = arg;
	const struct json *before = json_copy(c->a, o);

	(void)st;
	json_set(c->a, o, "endpoints", json_copy(c->a, w->endpoints));
	json_set(c->a, o, "ports", json_copy(c->a, w->ports));
	json_set(c->a, meta_ensure(c->a, o), "labels", json_copy(c->a, w->m->labels));
	if (json_count(w->m->annotations))
		json_set(c->a, meta_ensure(c->a, o), "annotations",
			 json_copy(c->a, w->m->annotations));
	return !json_equal(before, o);
}

static bool put(struct mirror *m, const char *family, struct content *w, struct status *st)
{
	struct arena *a = m->t->call.a;
	const struct obj *old = reuse(m, family, w->ports);
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *o;

	if (old) {
		if (api_change(&m->t->call, m->kind, NULL, old->ns, old->name, rewrite, w, &err) ||
		    status_is(&err, "NotFound"))
			return true;
		status_move(st, &err);
		return false;
	}
	o = json_build(a,
		       "{kind:%s,apiVersion:%s,metadata:{generateName:%s},addressType:%s,"
		       "endpoints:[],ports:[]}",
		       "EndpointSlice", "discovery.k8s.io/v1",
		       arena_printf(a, "%s-", m->endpoints->name), family);
	rewrite(&m->t->call, o, w, NULL);
	return child_create(m->t, m->kind, m->endpoints_kind, m->endpoints, o, st);
}

static bool put_subset(struct mirror *m, const struct json *subset, struct status *st)
{
	static const char *const families[] = { "IPv4", "IPv6" };
	struct arena *a = m->t->call.a;

	for (int v6 = 0; v6 < 2; v6++) {
		struct content w = { m, json_array(a), port_list(a, subset) };
		size_t n = 0;

		add_endpoints(a, w.endpoints, &n, json_get(subset, "addresses"), true, v6);
		add_endpoints(a, w.endpoints, &n, json_get(subset, "notReadyAddresses"), false, v6);
		if (n && !put(m, families[v6], &w, st))
			return false;
	}
	return true;
}

static bool drop_rest(struct mirror *m, struct status *st)
{
	struct delete_options opts = DELETE_OPTIONS_INIT;
	bool gone;

	for (size_t i = 0; i < m->nold; i++) {
		STATUS_AUTO struct status err = STATUS_INIT;
		const struct obj *o = m->old[i];

		if (!o || api_delete(&m->t->call, m->kind, o->ns, o->name, &opts, &gone, &err) ||
		    status_is(&err, "NotFound"))
			continue;
		status_move(st, &err);
		return false;
	}
	return true;
}

/* ---- which Endpoints ---- */

static struct json *without(struct arena *a, const struct json *map, const char *x, const char *y)
{
	struct json *out = map ? json_copy(a, map) : json_object(a);

	json_del(out, x);
	json_del(out, y);
	return out;
}

/* A Service without a selector, whose Endpoints are nobody's controller's and no leader's lock. */
static bool is_mirrored(struct mirror *m)
{
	struct call *c = &m->t->call;
	const struct kind *services = kinds_by_resource(api_kinds(c->api), "", "v1", "services");
	const struct obj *service = api_get(c, services, m->endpoints->ns, m->endpoints->name, NULL);
	const char *skip = obj_label(m->endpoints, LABEL_SKIP);

	if (!service || (skip && !strcmp(skip, "true")) || meta_annotation(m->tree, LEADER))
		return false;
	return !json_count(json_path(obj_tree(c->a, service), "spec.selector"));
}

static bool mirror_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct kinds *ks = api_kinds(t->call.api);
	struct arena *a = t->call.a;
	struct mirror m = { .t = t,
			    .kind = kinds_by_resource(ks, "discovery.k8s.io", "v1", "endpointslices"),
			    .endpoints_kind = kinds_by_resource(ks, "", "v1", "endpoints") };

	(void)out;
	m.endpoints = api_get(&t->call, m.endpoints_kind, key.ns, key.name, NULL);
	if (!m.endpoints || m.endpoints->deleted_s)
		return true; /* the slices follow their owner */
	m.tree = obj_tree(a, m.endpoints);
	m.labels = without(a, json_path(m.tree, "metadata.labels"), LABEL_SKIP, LABEL_MANAGED);
	json_set_str(a, m.labels, LABEL_SERVICE, m.endpoints->name);
	json_set_str(a, m.labels, LABEL_MANAGED, MANAGER);
	m.annotations = without(a, json_path(m.tree, "metadata.annotations"), TRIGGER, LAST_APPLIED);
	read_slices(&m);
	if (is_mirrored(&m))
		json_each(subset, json_get(m.tree, "subsets"))
			if (!put_subset(&m, subset, st))
				return false;
	return drop_rest(&m, st);
}

/* Those of the endpoints controller carry its label and are none of ours. */
static void map_endpoints(struct enqueue *q, struct api *api, const struct event *ev)
{
	const char *by = obj_label(ev->obj, LABEL_SKIP);

	(void)api;
	if (!by || strcmp(by, "true"))
		enqueue_key(q, ev->obj->ns, ev->obj->name);
}

static void map_slice(struct enqueue *q, struct api *api, const struct event *ev)
{
	const char *by = obj_label(ev->obj, LABEL_MANAGED);

	(void)api;
	if (by && !strcmp(by, MANAGER) && obj_label(ev->obj, LABEL_SERVICE))
		enqueue_key(q, ev->obj->ns, obj_label(ev->obj, LABEL_SERVICE));
}

const struct controller slice_mirror_controller = {
	.name = "endpointslice-mirroring",
	.source = "endpoint-slice-mirroring-controller",
	.watch = { { "v1", "Endpoints", map_endpoints },
		   { "v1", "Service", NULL },
		   { "discovery.k8s.io/v1", "EndpointSlice", map_slice } },
	.reconcile = mirror_reconcile,
};
