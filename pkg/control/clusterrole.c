/*
 * clusterrole-aggregation: a ClusterRole with an aggregationRule has the rules of all that its selectors
 * pick, each once, so a label is enough to extend admin, edit and view.
 * k8s: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
 *
 * Roles are few and change seldom: every change leads to one key, whose reconcile looks at all of them.
 * What is aggregated may itself be part of another role; its change comes back here until nothing differs.
 */
#include "control/control.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/obj.h"
#include "obj/selector.h"

#include <string.h>

struct role {
	const struct obj *o;
	const struct json *tree;
};

struct roles {
	struct role *v;
	size_t n;
};

static bool holds(const struct json *rules, const struct json *rule)
{
	json_each(r, rules)
		if (json_equal(r, rule))
			return true;
	return false;
}

static void gather(struct arena *a, struct json *rules, const struct roles *all,
		   const struct role *into, const struct selector *sel)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct role *r = &all->v[i];

		if (r == into || !selector_matches_obj(sel, r->o))
			continue;
		json_each(rule, json_get(r->tree, "rules"))
			if (!holds(rules, rule))
				json_append(rules, json_copy(a, rule));
	}
}

static bool set_rules(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct json *rules = arg;

	(void)st;
	if (json_equal(json_get(o, "rules"), rules))
		return false;
	json_set(c->a, o, "rules", json_copy(c->a, rules));
	return true;
}

static bool aggregate(struct task *t, const struct kind *k, const struct roles *all,
		      const struct role *r, struct status *st)
{
	struct json *rules = json_array(t->call.a);

	json_each(ls, json_path(r->tree, "aggregationRule.clusterRoleSelectors")) {
		struct selector *sel = selector_from_label_selector(t->call.a, ls, st);

		if (!sel)
			return false;
		gather(t->call.a, rules, all, r, sel);
	}
	if (json_equal(json_get(r->tree, "rules"), rules) ||
	    (!json_count(rules) && !json_count(json_get(r->tree, "rules"))))
		return true;
	return api_change(&t->call, k, NULL, "", r->o->name, set_rules, rules, st);
}

static bool clusterrole_reconcile(struct task *t, struct key key, struct result *out,
				  struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(t->call.api),
						 "rbac.authorization.k8s.io", "v1", "clusterroles");
	struct list_options every = { .label_selector = NULL };
	struct list_result l;
	struct roles all;
	bool ok = true;

	(void)key;
	(void)out;
	if (!api_list(&t->call, k, "", &every, &l, st))
		return false;
	all = (struct roles){ arena_alloc(t->call.a, l.n * sizeof(*all.v) + 1), l.n };
	for (size_t i = 0; i < l.n; i++)
		all.v[i] = (struct role){ l.items[i], obj_tree(t->call.a, l.items[i]) };
	for (size_t i = 0; ok && i < all.n; i++)
		if (json_count(json_path(all.v[i].tree, "aggregationRule.clusterRoleSelectors")))
			ok = aggregate(t, k, &all, &all.v[i], st);
	return ok;
}

static void map_role(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	(void)ev;
	enqueue_key(q, "", "");
}

const struct controller clusterrole_controller = {
	.name = "clusterrole-aggregation",
	.source = "clusterrole-aggregation-controller",
	.watch = { { "rbac.authorization.k8s.io/v1", "ClusterRole", map_role } },
	.reconcile = clusterrole_reconcile,
};
