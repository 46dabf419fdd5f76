/*
 * What simulated pods and nodes use, as metrics.k8s.io tells it.
 *
 * Nothing is measured: a pod says in annotations what it uses, at any time anew, and uses a tenth of its
 * requests when it does not.  Everything is computed at the moment of reading, so that an idle cluster does
 * nothing for it.  A node uses what its pods use and a little for itself.
 * k8s: metrics-server/pkg/{api,storage}.
 */
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

#define GROUP "metrics.k8s.io"
#define WINDOW "1s"
#define NANO ((__int128)1000000000)

static const struct resource {
	const char *name, *annotation;
	__int128 grain;        /* the smallest part of it, in nano-units */
	__int128 least;        /* what an idle container uses */
	__int128 housekeeping; /* of a node */
	enum quantity_format format;
} resources[] = {
	{ "cpu", ANNOTATION_CPU, 1, NANO / 1000, NANO / 20, QUANTITY_DECIMAL_SI },
	{ "memory", ANNOTATION_MEMORY, NANO, (4 << 20) * NANO, (256 << 20) * NANO,
	  QUANTITY_BINARY_SI },
};
enum { NRESOURCES = sizeof resources / sizeof *resources };

struct use {
	__int128 of[NRESOURCES];
};

static struct json *use_map(struct arena *a, const struct use *u)
{
	struct json *map = json_object(a);

	for (size_t i = 0; i < NRESOURCES; i++) {
		struct quantity q = { u->of[i], resources[i].format };

		json_set_str(a, map, resources[i].name, quantity_text(a, &q));
	}
	return map;
}

static bool runs(const struct json *pod, const char *container)
{
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses" };

	for (size_t i = 0; i < 2; i++)
		json_each(s, json_get(json_get(pod, "status"), lists[i]))
			if (!strcmp(json_path_str(s, "name"), container))
				return json_path(s, "state.running");
	return false;
}

/* The running containers of the pod, sidecars included. */
static size_t running(struct arena *a, const struct json *pod, const struct json ***out)
{
	static const char *const lists[] = { "containers", "initContainers" };
	const struct json *spec = json_get(pod, "spec");
	size_t n = 0;

	*out = arena_alloc(a, (json_count(json_get(spec, lists[0])) +
			       json_count(json_get(spec, lists[1])) + 1) *
				      sizeof **out);
	for (size_t i = 0; i < 2; i++)
		json_each(c, json_get(spec, lists[i]))
			if (runs(pod, json_path_str(c, "name")))
				(*out)[n++] = c;
	return n;
}

/* The share of the i-th of n containers. */
static __int128 share(const struct resource *r, const struct json *pod,
		      const struct json *container, size_t i, size_t n)
{
	const char *said = meta_annotation(pod, r->annotation);
	const struct json *asked = json_get(json_path(container, "resources.requests"), r->name);
	struct quantity q;
	__int128 part;

	if (said && quantity_parse(said, &q) && q.nano >= 0) {
		part = q.nano / (__int128)n / r->grain * r->grain;
		return i ? part : q.nano - part * (__int128)(n - 1);
	}
	if (!asked || !quantity_parse(json_str(asked), &q))
		return r->least;
	part = q.nano / 10 / r->grain * r->grain;
	return part > r->least ? part : r->least;
}

/* The containers' usage; total may be NULL.  NULL when none runs. */
static struct json *pod_use(struct arena *a, const struct json *pod, struct use *total)
{
	const struct json **c;
	size_t n = running(a, pod, &c);
	struct json *list = n ? json_array(a) : NULL;

	for (size_t i = 0; i < n; i++) {
		struct use u;

		for (size_t r = 0; r < NRESOURCES; r++) {
			u.of[r] = share(&resources[r], pod, c[i], i, n);
			if (total)
				total->of[r] += u.of[r];
		}
		json_append(list, json_build(a, "{name:%s,usage:%j}", json_path_str(c[i], "name"),
					     use_map(a, &u)));
	}
	return list;
}

/* ---- objects ---- */

static struct json *make(struct arena *a, const struct kind *k, const struct obj *of,
			 struct json **out)
{
	char now[TIME_LEN], version[128];
	struct json *labels = of->nlabels ? json_object(a) : NULL;
	const char *ns = *of->ns ? of->ns : NULL;

	time_format(clock_now_s(), now);
	for (size_t i = 0; i < of->nlabels; i++)
		json_set_str(a, labels, of->labels[i].key, of->labels[i].value);
	*out = json_build(a,
			  "{kind:%s,apiVersion:%s,metadata:{name:%s,namespace:%s,"
			  "creationTimestamp:%s,labels:%j},timestamp:%s,window:%s}",
			  k->subject.kind, kind_api_version(k, version), of->name, ns, now, labels,
			  now, WINDOW);
	return *out;
}

static const struct kind *core(struct call *c, const char *resource)
{
	return kinds_by_resource(api_kinds(c->api), "", "v1", resource);
}

static const char *node_of(const struct kind *pods, const struct obj *pod)
{
	for (uint32_t i = 0; i < pod->nfields; i++)
		if (!strcmp(pods->fields[i], "spec.nodeName"))
			return pod->fields[i];
	return "";
}

static bool is_simulated(struct call *c, const char *node)
{
	const struct obj *o = *node ? store_get(api_table(c->api, core(c, "nodes")), "", node) : NULL;
	bool yes = o && obj_label(o, LABEL_SIMULATED);

	obj_unref(o);
	return yes;
}

/* NULL when nothing of it runs on a simulated node.  The pod's tree lives in scratch. */
static struct json *pod_metrics(struct call *c, const struct kind *k, const struct obj *pod,
				struct arena *scratch)
{
	struct json *use, *o;

	if (!is_simulated(c, node_of(core(c, "pods"), pod)))
		return NULL;
	use = pod_use(c->a, obj_tree(scratch, pod), NULL);
	if (use)
		json_set(c->a, make(c->a, k, pod, &o), "containers", use);
	return use ? o : NULL;
}

/* What the pods of each node use together: name -> struct use, in the call's arena.  only: NULL = all nodes. */
static struct map *sums(struct call *c, const char *only)
{
	const struct kind *pods = core(c, "pods");
	struct arena *scratch = arena_new();
	struct map *m = map_new();
	struct store_list l;

	store_list(api_table(c->api, pods), "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++) {
		const char *node = node_of(pods, l.items[i]);
		struct use *u;

		if (!*node || (only && strcmp(node, only)))
			continue;
		u = map_get(m, node);
		if (!u)
			map_set(m, node, u = arena_zalloc(c->a, sizeof *u));
		pod_use(scratch, obj_tree(scratch, l.items[i]), u);
		arena_reset(scratch);
	}
	store_list_free(&l);
	arena_free(&scratch);
	return m;
}

static struct json *node_metrics(struct call *c, const struct kind *k, const struct obj *node,
				 const struct map *used)
{
	const struct use *pods = map_get(used, node->name);
	struct use sum;
	struct json *o;

	if (!obj_label(node, LABEL_SIMULATED))
		return NULL;
	for (size_t i = 0; i < NRESOURCES; i++)
		sum.of[i] = resources[i].housekeeping + (pods ? pods->of[i] : 0);
	json_set(c->a, make(c->a, k, node, &o), "usage", use_map(c->a, &sum));
	return o;
}

struct json *usage_get(void *arg, struct call *c, const struct kind *k, const char *ns,
		       const char *name, struct status *st)
{
	const struct subject s = { k->subject.group, k->namespaced ? "podmetrics" : "nodemetrics",
				   k->subject.kind };
	const struct obj *o = api_get(c, core(c, k->subject.resource), ns, name, NULL);
	struct map *used = k->namespaced || !o ? NULL : sums(c, name);
	struct json *m = NULL;

	(void)arg;
	if (o)
		m = used ? node_metrics(c, k, o, used) : pod_metrics(c, k, o, c->a);
	map_free(&used, NULL);
	if (!m)
		status_not_found(st, &s,
				 k->namespaced ? arena_printf(c->a, "%s/%s", ns, name) : name);
	return m;
}

struct json *usage_list(void *arg, struct call *c, const struct kind *k, const char *ns)
{
	struct map *used = k->namespaced ? NULL : sums(c, NULL);
	struct arena *scratch = arena_new();
	struct json *all = json_array(c->a);
	struct store_list l;

	(void)arg;
	store_list(api_table(c->api, core(c, k->subject.resource)), ns, NULL, NULL, 0, NULL, NULL,
		   &l);
	for (size_t i = 0; i < l.n; i++) {
		struct json *m = used ? node_metrics(c, k, l.items[i], used) :
					pod_metrics(c, k, l.items[i], scratch);

		if (m)
			json_append(all, m);
		arena_reset(scratch);
	}
	store_list_free(&l);
	map_free(&used, NULL);
	arena_free(&scratch);
	return all;
}

/* ---- serving it ---- */

static struct json *reader_role(struct arena *a)
{
	return json_build(a,
			  "{kind:\"ClusterRole\",apiVersion:\"rbac.authorization.k8s.io/v1\","
			  "metadata:{name:\"system:aggregated-metrics-reader\",labels:{"
			  "\"rbac.authorization.k8s.io/aggregate-to-admin\":\"true\","
			  "\"rbac.authorization.k8s.io/aggregate-to-edit\":\"true\","
			  "\"rbac.authorization.k8s.io/aggregate-to-view\":\"true\"}},"
			  "rules:[{apiGroups:[%s],resources:[\"pods\",\"nodes\"],"
			  "verbs:[\"get\",\"list\",\"watch\"]}]}",
			  GROUP);
}

bool usage_offer(struct host *h, struct status *st)
{
	struct kinds *ks = api_kinds(h->api);
	STATUS_AUTO struct status err = STATUS_INIT;
	struct arena *a = arena_new();
	struct call c;
	bool ok;

	kinds_offer(ks, GROUP);
	call_init(&c, h->api, a, "simulated");
	ok = api_create(&c, kinds_by_resource(ks, "rbac.authorization.k8s.io", "v1", "clusterroles"),
			"", reader_role(a), &err) ||
	     status_is(&err, "AlreadyExists");
	if (!ok)
		status_move(st, &err);
	arena_free(&a);
	return ok;
}
