/*
 * Design: filters give each node either fitness or a reason, scores order the fit ones: free share of cpu and
 * memory, and how few pods of the same controller are there already.  Nodes are parsed once, when they
 * change.  Reasons are counted and told in upstream's words (k8s: pkg/scheduler/framework/types.go FitError).
 */
#include "control/placement.h"

#include "control/nodematch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "obj/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct node {
	const struct obj *obj;
	struct arena *a;
	struct json *tree;
	struct amounts allocatable, used;
	bool plain;         /* without taints and not cordoned: open to whoever does not choose */
	struct map *owners; /* controller uid -> count of its pods here, as intptr_t */
	size_t place;       /* index in placement.nodes */
};

struct occupant {
	char *node, *owner;
	struct amounts *requests; /* amounts_keep() */
	VEC(struct host_port) ports;
	bool lifted; /* supposed not to be there */
};

struct placement {
	struct map *by_name; /* node name -> struct node */
	VEC(struct node *) nodes;
	struct map *occupants; /* pod uid -> struct occupant */
	size_t start;          /* round robin, so that equal nodes share the load */
};

struct placement *placement_new(void)
{
	struct placement *p = calloc(1, sizeof *p);

	BUG_ON(!p);
	p->by_name = map_new();
	p->occupants = map_new();
	return p;
}

static void node_free(void *arg)
{
	struct node *n = arg;

	obj_unref(n->obj);
	if (n->a)
		arena_free(&n->a);
	map_free(&n->owners, NULL);
	free(n);
}

static void occupant_free(void *arg)
{
	struct occupant *o = arg;

	free(o->node);
	free(o->owner);
	free(o->requests);
	vec_free(&o->ports);
	free(o);
}

void placement_free(struct placement **p)
{
	if (!*p)
		return;
	map_free(&(*p)->by_name, node_free);
	map_free(&(*p)->occupants, occupant_free);
	vec_free(&(*p)->nodes);
	free(*p);
	*p = NULL;
}

/* ---- keeping the index ---- */

static void count(struct node *n, const struct occupant *o, int sign)
{
	intptr_t c;

	amounts_add(&n->used, o->requests, sign);
	if (!*o->owner)
		return;
	c = (intptr_t)map_get(n->owners, o->owner) + sign;
	if (c > 0)
		map_set(n->owners, o->owner, (void *)c);
	else
		map_del(n->owners, o->owner);
}

/* Pods may be known before their node. */
static void recount(struct placement *p, struct node *n)
{
	size_t it = 0;
	void *v;

	while (map_next(p->occupants, &it, NULL, &v))
		if (!strcmp(((struct occupant *)v)->node, n->obj->name) &&
		    !((struct occupant *)v)->lifted)
			count(n, v, 1);
}

void placement_node(struct placement *p, const struct obj *obj)
{
	struct node *n = map_get(p->by_name, obj->name);
	bool fresh = !n;

	if (fresh) {
		n = calloc(1, sizeof *n);
		BUG_ON(!n);
		n->owners = map_new();
		n->a = arena_new();
		n->place = p->nodes.n;
		vec_push(&p->nodes, n);
		map_set(p->by_name, obj->name, n);
	}
	obj_unref(n->obj);
	n->obj = obj_ref(obj);
	arena_reset(n->a);
	n->tree = obj_tree(n->a, obj);
	n->plain = !json_count(json_path(n->tree, "spec.taints")) &&
		   !json_path_bool(n->tree, "spec.unschedulable", false);
	n->allocatable.n = 0;
	amounts_read(&n->allocatable, json_path(n->tree, "status.allocatable"));
	if (fresh)
		recount(p, n);
}

void placement_node_gone(struct placement *p, const char *name)
{
	struct node *n = map_del(p->by_name, name), *tail;

	if (!n)
		return;
	tail = p->nodes.p[--p->nodes.n];
	p->nodes.p[n->place] = tail;
	tail->place = n->place;
	node_free(n);
}

void placement_leave(struct placement *p, const char *uid)
{
	struct occupant *o = map_del(p->occupants, uid);
	struct node *n;

	if (!o)
		return;
	n = map_get(p->by_name, o->node);
	if (n && !o->lifted)
		count(n, o, -1);
	occupant_free(o);
}

bool placement_sweep(struct placement *p, bool (*known)(void *arg, const char *uid), void *arg)
{
	const char *uid;
	size_t it = 0;
	bool any = false;
	void *v;

	while (map_next(p->occupants, &it, &uid, &v)) {
		if (known(arg, uid))
			continue;
		placement_leave(p, uid);
		any = true;
	}
	return any;
}

void placement_lift(struct placement *p, const char *uid, bool up)
{
	struct occupant *o = map_get(p->occupants, uid);
	struct node *n = o ? map_get(p->by_name, o->node) : NULL;

	if (!o || o->lifted == up)
		return;
	o->lifted = up;
	if (n)
		count(n, o, up ? -1 : 1);
}

const char *placement_where(const struct placement *p, const char *uid)
{
	const struct occupant *o = map_get(p->occupants, uid);

	return o ? o->node : NULL;
}

bool placement_has(const struct placement *p, const char *uid, const char *node)
{
	const struct occupant *o = map_get(p->occupants, uid);

	return o && !strcmp(o->node, node);
}

const struct obj *placement_find(const struct placement *p, const char *name)
{
	const struct node *n = map_get(p->by_name, name);

	return n ? n->obj : NULL;
}

void placement_each_node(const struct placement *p,
			 void (*fn)(void *arg, const struct obj *node, const struct json *tree),
			 void *arg)
{
	for (size_t i = 0; i < p->nodes.n; i++)
		fn(arg, p->nodes.p[i]->obj, p->nodes.p[i]->tree);
}

static void add_port(void *arg, const struct host_port *hp)
{
	struct occupant *o = arg;

	vec_push(&o->ports, *hp);
}

void placement_take(struct placement *p, const char *uid, const char *node, const char *owner,
		    const struct amounts *requests, const struct json *spec)
{
	struct occupant *o = map_get(p->occupants, uid);
	struct node *n;

	if (o && !strcmp(o->node, node))
		return;
	placement_leave(p, uid);
	o = calloc(1, sizeof *o);
	BUG_ON(!o);
	o->node = strdup(node);
	o->owner = strdup(owner);
	BUG_ON(!o->node || !o->owner);
	o->requests = amounts_keep(requests);
	host_ports_each(spec, add_port, o);
	map_set(p->occupants, uid, o);
	n = map_get(p->by_name, node);
	if (n)
		count(n, o, 1);
}

/* ---- choosing ---- */

/* What is looked for, with what is asked of it at every node answered beforehand. */
struct wish {
	const struct json *spec;
	const struct amounts *want;
	const struct node_rules *rules; /* NULL = none */
	const char *owner;
	bool choosy; /* has a node selector or node affinity */
	bool ports;  /* wants host ports */
};

static struct wish wish_of(const struct json *spec, const struct amounts *want,
			   const struct node_rules *rules, const char *owner)
{
	return (struct wish){ .spec = spec,
			      .want = want,
			      .rules = rules,
			      .owner = owner,
			      .choosy = json_get(spec, "nodeSelector") ||
					json_path(spec, "affinity.nodeAffinity"),
			      .ports = node_wants_ports(spec) };
}

static bool ports_free(struct placement *p, const struct node *n, const struct json *spec)
{
	size_t it = 0;
	void *v;

	while (map_next(p->occupants, &it, NULL, &v)) {
		const struct occupant *o = v;

		if (!o->lifted && !strcmp(o->node, n->obj->name) &&
		    host_ports_clash(spec, o->ports.p, o->ports.n))
			return false;
	}
	return true;
}

struct reasons {
	const char **p;
	size_t n;
};

/* Every resource that is short is a reason of its own. */
static bool lacking(struct arena *a, const struct node *n, const struct amounts *want,
		    struct reasons *r)
{
	size_t before = r->n;

	for (size_t i = 0; i < want->n; i++) {
		const char *name = want->item[i].name;
		int64_t v = want->item[i].value;

		if (v && amounts_get(&n->used, name) + v > amounts_get(&n->allocatable, name))
			r->p[r->n++] = name == amount_pods ?
					       "Too many pods" :
					       arena_printf(a, "Insufficient %s", name);
	}
	return r->n > before;
}

/* Does something speak against the node?  Then it is in the reasons. */
static bool unfit(struct placement *p, struct arena *a, const struct node *n, const struct wish *w,
		  struct reasons *r)
{
	const char *why = n->plain && !w->choosy ? NULL : node_unfit(n->obj, n->tree, w->spec);

	if (!why && w->ports && !ports_free(p, n, w->spec))
		why = "node(s) didn't have free ports for the requested pod ports";
	if (!why && w->rules)
		why = w->rules->unfit(w->rules->arg, n->obj);
	if (why)
		r->p[r->n++] = why;
	return why || lacking(a, n, w->want, r);
}

static int64_t free_share(const struct node *n, const struct amounts *want, const char *name)
{
	int64_t have = amounts_get(&n->allocatable, name);
	int64_t left = have - amounts_get(&n->used, name) - amounts_get(want, name);

	return have > 0 && left > 0 ? left * 100 / have : 0;
}

static int64_t score(const struct node *n, const struct wish *w)
{
	int64_t same = *w->owner ? (int64_t)(intptr_t)map_get(n->owners, w->owner) : 0;
	int64_t s = (free_share(n, w->want, amount_cpu) + free_share(n, w->want, amount_memory) +
		     free_share(n, w->want, amount_pods)) /
			    3 -
		    100 * same;

	if (!n->plain || w->choosy)
		s += node_preference(n->obj, n->tree, w->spec);
	if (w->rules)
		s += w->rules->score(w->rules->arg, n->obj);
	return s;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

const char *placement_explain(struct arena *a, size_t nodes, const char **reasons, size_t n)
{
	const char **lines = arena_alloc(a, (n + 1) * sizeof(*lines));
	struct buf b = BUF_INIT;
	size_t nlines = 0;
	char *out;

	if (!nodes)
		return "no nodes available to schedule pods";
	qsort(reasons, n, sizeof(*reasons), by_text);
	for (size_t i = 0, run = 1; i < n; i++, run++) {
		if (i + 1 < n && !strcmp(reasons[i], reasons[i + 1]))
			continue;
		lines[nlines++] = arena_printf(a, "%zu %s", run, reasons[i]);
		run = 0;
	}
	qsort(lines, nlines, sizeof(*lines), by_text);
	buf_addf(&b, "0/%zu nodes are available:", nodes);
	for (size_t i = 0; i < nlines; i++)
		buf_addf(&b, "%s %s", i ? "," : "", lines[i]);
	buf_addc(&b, '.');
	out = arena_dup(a, b.p, b.len);
	buf_free(&b);
	return out;
}

const char *placement_refuse(const struct placement *p, struct arena *a, const char *why)
{
	size_t n = p->nodes.n;

	if (!n)
		return "no nodes available to schedule pods";
	return arena_printf(a,
			    "0/%zu nodes are available: %s. preemption: 0/%zu nodes are available: "
			    "%zu Preemption is not helpful for scheduling.",
			    n, why, n, n);
}

const char *placement_unfit(struct placement *p, struct arena *a, const char *node,
			    const struct json *spec, const struct amounts *requests,
			    const struct node_rules *rules, bool *hopeless)
{
	const struct node *n = map_get(p->by_name, node);
	struct reasons r = { arena_alloc(a, (requests->n + 2) * sizeof(*r.p)), 0 };
	struct wish w = wish_of(spec, requests, rules, "");

	*hopeless = !n || node_unfit(n->obj, n->tree, spec);
	if (*hopeless || unfit(p, a, n, &w, &r))
		return r.n ? r.p[0] : "node(s) didn't match";
	return NULL;
}

/* So many nodes that fit are enough to choose among (k8s: schedule_one.go numFeasibleNodesToFind). */
static size_t enough(size_t nodes)
{
	size_t percent = nodes / 125 < 45 ? 50 - nodes / 125 : 5, n = nodes * percent / 100;

	return nodes < 100 || n >= nodes ? nodes : n < 100 ? 100 : n;
}

const char *placement_choose(struct placement *p, struct arena *a, const struct json *spec,
			     const char *owner, const struct amounts *requests,
			     const struct node_rules *rules, const char **why)
{
	size_t n = p->nodes.n, left = enough(n), i;
	struct reasons r = { arena_alloc(a, (n + 1) * (requests->n + 1) * sizeof(*r.p)), 0 };
	struct wish w = wish_of(spec, requests, rules, owner);
	const struct node *best = NULL;
	int64_t best_score = INT64_MIN;

	p->start++;
	for (i = 0; i < n && left; i++) {
		const struct node *node = p->nodes.p[(i + p->start) % n];
		int64_t s;

		if (unfit(p, a, node, &w, &r))
			continue;
		left--;
		s = score(node, &w);
		if (s > best_score) {
			best = node;
			best_score = s;
		}
	}
	if (i < n)
		p->start += i - 1; /* the others' turn is next */
	if (best)
		return arena_strdup(a, best->obj->name);
	*why = placement_explain(a, n, r.p, r.n);
	return NULL;
}
