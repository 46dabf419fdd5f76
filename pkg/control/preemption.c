#include "control/preemption.h"

#include "base/arena.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <stdlib.h>
#include <string.h>

struct placed {
	const struct obj *pod;
	const char *node;
	int64_t priority;
	bool guarded; /* a budget would be violated */
};

struct guard { /* a disruption budget that allows no more */
	const char *ns;
	struct selector *sel;
};

struct preemption {
	struct arena *a;
	struct api *api;
	struct placement *place;
	struct placed *all; /* by node, then the most important first */
	size_t n, nodes;
	int64_t lowest;
	struct guard *guards;
	size_t nguards;
};

/* By node; there the most important first: by priority, then by age. */
static int by_node(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;
	int c = strcmp(a->node, b->node);

	if (c)
		return c;
	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->pod->created_s != b->pod->created_s)
		return a->pod->created_s < b->pod->created_s ? -1 : 1;
	return strcmp(a->pod->uid, b->pod->uid);
}

static void read_guards(struct preemption *x)
{
	const struct kind *k =
		kinds_by_resource(api_kinds(x->api), "policy", "v1", "poddisruptionbudgets");
	struct store_list l;

	store_list(api_table(x->api, k), NULL, NULL, NULL, 0, NULL, NULL, &l);
	x->guards = arena_alloc(x->a, (l.n + 1) * sizeof(*x->guards));
	for (size_t i = 0; i < l.n; i++) {
		const struct obj *o = obj_hold(x->a, l.items[i]);
		const struct json *tree = obj_tree(x->a, o);
		struct selector *sel =
			selector_from_label_selector(x->a, json_path(tree, "spec.selector"), NULL);

		if (sel && json_path_int(tree, "status.disruptionsAllowed", 0) <= 0)
			x->guards[x->nguards++] = (struct guard){ o->ns, sel };
	}
	store_list_free(&l);
}

static bool guarded(const struct preemption *x, const struct obj *pod)
{
	for (size_t i = 0; i < x->nguards; i++)
		if (!strcmp(x->guards[i].ns, pod->ns) && selector_matches_obj(x->guards[i].sel, pod))
			return true;
	return false;
}

static bool is_alive(const struct obj *pod, void *pods)
{
	return !pod_finished(pods, pod);
}

static bool is_known(void *alive, const char *uid)
{
	return map_get(alive, uid);
}

struct preemption *preemption_new(struct arena *a, struct api *api, struct placement *place,
				  const struct pods *pods, bool *freed)
{
	struct map *alive = map_new();
	struct preemption *x = arena_zalloc(a, sizeof *x);
	struct pods look = *pods;
	struct store_list l;

	*x = (struct preemption){ .a = a, .api = api, .place = place, .lowest = INT64_MAX };
	read_guards(x);
	store_list(api_table(api, pods->kind), NULL, NULL, NULL, 0, is_alive, &look, &l);
	x->all = arena_alloc(a, (l.n + 1) * sizeof(*x->all));
	for (size_t i = 0; i < l.n; i++) {
		const struct obj *o = obj_hold(a, l.items[i]);

		map_set(alive, o->uid, x);
		if (!*pod_node(pods, o))
			continue;
		x->all[x->n] = (struct placed){ o, pod_node(pods, o), pod_priority(pods, o),
						guarded(x, o) };
		if (x->all[x->n].priority < x->lowest)
			x->lowest = x->all[x->n].priority;
		x->n++;
	}
	store_list_free(&l);
	qsort(x->all, x->n, sizeof(*x->all), by_node);
	*freed = placement_sweep(place, is_known, alive);
	map_free(&alive, NULL);
	return x;
}

/* The pods of one node. */
struct crowd {
	struct placed *p;
	size_t n;
};

static struct crowd crowd_of(const struct preemption *x, const char *node)
{
	struct crowd c = { 0 };
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(x->all[mid].node, node) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	c.p = &x->all[low];
	while (low + c.n < x->n && !strcmp(c.p[c.n].node, node))
		c.n++;
	return c;
}

bool preemption_pending(const struct preemption *x, const char *node, int64_t priority)
{
	struct crowd c = crowd_of(x, node);

	for (size_t i = 0; i < c.n; i++)
		if (c.p[i].pod->deleted_s && c.p[i].priority < priority)
			return true;
	return false;
}

/* ---- one node ---- */

struct loss {
	struct sacrifice s;
	size_t violations;
	int64_t highest, sum, since; /* since: when the oldest of the most important began */
};

static bool fits(struct preemption *x, const struct newcomer *c, const char *node, bool *hopeless)
{
	return !placement_unfit(x->place, x->a, node, c->spec, c->requests, c->rules, hopeless);
}

static void lift(struct preemption *x, const struct crowd *all, int64_t below, bool up)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->p[i].priority < below)
			placement_lift(x->place, all->p[i].pod->uid, up);
}

static void lose(struct loss *l, const struct placed *v)
{
	if (!l->s.n || v->priority > l->highest) {
		l->highest = v->priority;
		l->since = v->pod->created_s;
	} else if (v->priority == l->highest && v->pod->created_s < l->since) {
		l->since = v->pod->created_s;
	}
	/* So that negative priorities do not make many victims look cheap. */
	l->sum += v->priority + (int64_t)INT32_MAX + 1;
	l->violations += v->guarded;
	l->s.victims[l->s.n++] = v->pod;
}

/* Take back whom there is room for, and write down the others. */
static void reprieve(struct preemption *x, const struct newcomer *c, const char *node,
		     const struct crowd *all, struct loss *l)
{
	bool hopeless;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < all->n; i++) {
			const struct placed *v = &all->p[i];

			if (v->priority >= c->priority || v->guarded == !!round)
				continue;
			placement_lift(x->place, v->pod->uid, false);
			if (fits(x, c, node, &hopeless))
				continue;
			placement_lift(x->place, v->pod->uid, true);
			lose(l, v);
		}
	}
}

/* False with the reason why this node is none. */
static bool weigh(struct preemption *x, const struct newcomer *c, const char *node, struct loss *l,
		  const char **why)
{
	struct crowd all = crowd_of(x, node);
	bool hopeless, ok = false;

	*l = (struct loss){
		.s = { .node = node, .victims = arena_alloc(x->a, (all.n + 1) * sizeof(struct obj *)) }
	};
	if (fits(x, c, node, &hopeless) || hopeless) {
		*why = "Preemption is not helpful for scheduling";
		return false;
	}
	if (x->lowest < c->priority) {
		lift(x, &all, c->priority, true);
		ok = fits(x, c, node, &hopeless);
		if (ok)
			reprieve(x, c, node, &all, l);
		lift(x, &all, c->priority, false);
	}
	if (ok && l->s.n)
		return true;
	*why = "No preemption victims found for incoming pod";
	return false;
}

/* ---- the least loss ---- */

static bool is_less(const struct loss *a, const struct loss *b)
{
	if (a->violations != b->violations)
		return a->violations < b->violations;
	if (a->highest != b->highest)
		return a->highest < b->highest;
	if (a->sum != b->sum)
		return a->sum < b->sum;
	if (a->s.n != b->s.n)
		return a->s.n < b->s.n;
	return a->since > b->since;
}

struct tour {
	struct preemption *x;
	const struct newcomer *c;
	struct loss best;
	bool found;
	const char **reasons;
	size_t n;
};

static void visit(void *arg, const struct obj *node, const struct json *tree)
{
	struct tour *t = arg;
	const char *why;
	struct loss l;

	(void)tree;
	if (!weigh(t->x, t->c, node->name, &l, &why)) {
		t->reasons[t->n++] = why;
	} else if (!t->found || is_less(&l, &t->best)) {
		t->best = l;
		t->found = true;
	}
}

static void count_node(void *n, const struct obj *node, const struct json *tree)
{
	(void)node;
	(void)tree;
	++*(size_t *)n;
}

bool preemption_plan(struct preemption *x, const struct newcomer *c, struct sacrifice *out,
		     const char **why)
{
	struct tour t = { .x = x, .c = c };
	size_t nodes = 0;

	if (!strcmp(json_path_str(c->spec, "preemptionPolicy"), "Never")) {
		*why = "not eligible due to preemptionPolicy=Never.";
		return false;
	}
	placement_each_node(x->place, count_node, &nodes);
	t.reasons = arena_alloc(x->a, (nodes + 1) * sizeof(*t.reasons));
	placement_each_node(x->place, visit, &t);
	*out = t.best.s;
	if (!t.found)
		*why = placement_explain(x->a, nodes, t.reasons, t.n);
	return t.found;
}

static bool mark_preempted(struct call *call, struct json *o, void *arg, struct status *st)
{
	(void)arg;
	(void)st;
	return meta_set_condition(
		call->a, o, "DisruptionTarget", "True", "PreemptionByScheduler",
		"default-scheduler: preempting to accommodate a higher priority pod", false);
}

void preemption_evict(struct task *t, const struct pods *pods, const struct obj *pod,
		      const struct sacrifice *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct obj *victim = s->victims[i];
		struct delete_options opts = DELETE_OPTIONS_INIT;
		bool gone;

		if (victim->deleted_s)
			continue;
		opts.uid = victim->uid;
		api_change(&t->call, pods->kind, "status", victim->ns, victim->name, mark_preempted,
			   NULL, NULL);
		if (api_delete(&t->call, pods->kind, victim->ns, victim->name, &opts, &gone, NULL))
			task_event(t, pods->kind, victim, "Normal", "Preempted",
				   "Preempted by pod %s on node %s", pod->uid, s->node);
	}
}
