#include "control/neighbors.h"

#include "control/nodematch.h"

#include "api/api.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "obj/json.h"
#include "obj/selector.h"

#include <stdint.h>
#include <string.h>

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

struct resident {
	const struct obj *pod, *node;
	const struct json *spec; /* shy ones only */
};

struct neighbors {
	struct arena *a;
	struct api *api;
	struct placement *place;
	VEC(struct resident) residents;
};

enum rule_type { RULE_AFFINITY, RULE_ANTI, RULE_EXISTING_ANTI, RULE_SPREAD, RULE_PREFERENCE };

/* One rule, reduced to counts per value of a node label. */
struct rule {
	enum rule_type type;
	const char *key;
	struct map *domains; /* label value -> matching pods, as intptr_t */
	int64_t total;       /* matching pods anywhere */
	bool self;           /* the pod matches its own rule */
	int64_t weight;      /* preference: per pod */
	int64_t max_skew, least;
};

struct rules {
	struct arena *a;
	VEC(struct rule) v;
};

bool neighbors_shy(const struct json *spec)
{
	return json_count(json_path(spec, "affinity.podAntiAffinity." REQUIRED)) > 0;
}

bool neighbors_matter(const struct json *spec)
{
	return json_path(spec, "affinity.podAffinity") ||
	       json_path(spec, "affinity.podAntiAffinity") ||
	       json_count(json_get(spec, "topologySpreadConstraints")) > 0;
}

static void residents_free(void *p)
{
	struct neighbors *n = p;

	vec_free(&n->residents);
}

struct neighbors *neighbors_new(struct arena *a, struct api *api, struct placement *p)
{
	struct neighbors *n = arena_zalloc(a, sizeof *n);

	n->a = a;
	n->api = api;
	n->place = p;
	arena_defer(a, residents_free, n);
	return n;
}

void neighbors_add(struct neighbors *n, const struct obj *pod, const struct obj *node,
		   const struct json *spec)
{
	struct resident r = { pod, node, spec };

	if (node)
		vec_push(&n->residents, r);
}

/* ---- which pods a term means ---- */

struct term {
	const char *key;
	const struct selector *sel;
	const struct json *namespaces;
	const struct selector *ns_sel; /* NULL: no namespace selector */
	const char *own_ns;
};

static struct term term_of(struct neighbors *n, const struct json *t, const char *own_ns)
{
	const struct json *nss = json_get(t, "namespaceSelector");
	struct selector *sel = selector_from_label_selector(n->a, json_get(t, "labelSelector"), NULL);

	return (struct term){ json_path_str(t, "topologyKey"),
			      sel ? sel : selector_from_label_selector(n->a, NULL, NULL),
			      json_get(t, "namespaces"),
			      nss ? selector_from_label_selector(n->a, nss, NULL) : NULL, own_ns };
}

static bool in_namespaces(struct neighbors *n, const struct term *t, const char *ns)
{
	const struct obj *o;
	bool match;

	if (!json_count(t->namespaces) && !t->ns_sel)
		return !strcmp(ns, t->own_ns);
	json_each(name, t->namespaces)
		if (!strcmp(json_str(name), ns))
			return true;
	if (!t->ns_sel)
		return false;
	o = store_get(api_table(n->api, kinds_by_resource(api_kinds(n->api), "", "v1", "namespaces")),
		      "", ns);
	match = o && selector_matches_obj(t->ns_sel, o);
	obj_unref(o);
	return match;
}

static bool means(struct neighbors *n, const struct term *t, const struct obj *pod)
{
	return selector_matches_obj(t->sel, pod) && in_namespaces(n, t, pod->ns);
}

/* ---- counting ---- */

static void map_gone(void *p)
{
	struct map *m = p;

	map_free(&m, NULL);
}

static struct rule *add_rule(struct rules *r, enum rule_type type, const char *key)
{
	struct rule rule = { .type = type, .key = key, .domains = map_new() };

	arena_defer(r->a, map_gone, rule.domains);
	vec_push(&r->v, rule);
	return &r->v.p[r->v.n - 1];
}

static void count_in(struct rule *r, const struct obj *node, intptr_t by)
{
	const char *value = obj_label(node, r->key);

	if (!value)
		return;
	map_set(r->domains, value, (void *)((intptr_t)map_get(r->domains, value) + by));
	r->total += by;
}

static int64_t count_at(const struct rule *r, const char *value)
{
	return (int64_t)(intptr_t)map_get(r->domains, value);
}

static struct rule *rule_of_term(struct neighbors *n, struct rules *r, enum rule_type type,
				 const struct json *json, const struct obj *pod)
{
	struct term t = term_of(n, json, pod->ns);
	struct rule *rule = add_rule(r, type, t.key);

	rule->self = means(n, &t, pod);
	for (size_t i = 0; i < n->residents.n; i++)
		if (means(n, &t, n->residents.p[i].pod))
			count_in(rule, n->residents.p[i].node, 1);
	return rule;
}

static void add_preferences(struct neighbors *n, struct rules *r, const struct json *list, int sign,
			    const struct obj *pod)
{
	json_each(p, list) {
		struct rule *rule =
			rule_of_term(n, r, RULE_PREFERENCE, json_get(p, "podAffinityTerm"), pod);

		rule->weight = sign * json_path_int(p, "weight", 0);
	}
}

/* What pods already placed will not have beside them. */
static void add_existing(struct neighbors *n, struct rules *r, const struct obj *pod)
{
	for (size_t i = 0; i < n->residents.n; i++) {
		const struct resident *shy = &n->residents.p[i];

		if (!shy->spec)
			continue;
		json_each(json, json_path(shy->spec, "affinity.podAntiAffinity." REQUIRED)) {
			struct term t = term_of(n, json, shy->pod->ns);

			if (means(n, &t, pod))
				count_in(add_rule(r, RULE_EXISTING_ANTI, t.key), shy->node, 1);
		}
	}
}

/* ---- spread ---- */

struct survey {
	struct rule *rule;
	const struct json *spec;
	bool honor_affinity;
	struct map *seen; /* values met */
};

/* Every eligible node's domain counts, also with no pod in it. */
static void count_node(void *arg, const struct obj *node, const struct json *tree)
{
	struct survey *s = arg;
	const char *value = obj_label(node, s->rule->key);
	int64_t here = value ? count_at(s->rule, value) : 0;

	(void)tree;
	if (!value || (s->honor_affinity && !node_affinity_fits(node, s->spec)))
		return;
	map_set(s->seen, value, s);
	if (here < s->rule->least)
		s->rule->least = here;
}

static void add_spread(struct neighbors *n, struct rules *r, const struct json *c,
		       const struct obj *pod, const struct json *spec)
{
	bool hard = !strcmp(json_path_str(c, "whenUnsatisfiable"), "DoNotSchedule");
	struct rule *rule = rule_of_term(n, r, hard ? RULE_SPREAD : RULE_PREFERENCE, c, pod);
	struct survey s = { rule, spec, strcmp(json_path_str(c, "nodeAffinityPolicy"), "Ignore"),
			    map_new() };
	int64_t domains;

	rule->weight = hard ? 0 : -10;
	rule->max_skew = json_path_int(c, "maxSkew", 1);
	rule->least = INT64_MAX;
	placement_each_node(n->place, count_node, &s);
	domains = (int64_t)map_count(s.seen);
	if (!domains || domains < json_path_int(c, "minDomains", 1))
		rule->least = 0;
	map_free(&s.seen, NULL);
}

/* ---- judging a node ---- */

static const char *judge(const struct rule *r, const struct obj *node)
{
	const char *value = obj_label(node, r->key);
	int64_t here = value ? count_at(r, value) : 0;

	switch (r->type) {
	case RULE_AFFINITY:
		/* The first of a group that wants to be together may go anywhere. */
		if (value && (here || (!r->total && r->self)))
			return NULL;
		return "node(s) didn't match pod affinity rules";
	case RULE_ANTI: return here ? "node(s) didn't match pod anti-affinity rules" : NULL;
	case RULE_EXISTING_ANTI:
		return here ? "node(s) didn't satisfy existing pods anti-affinity rules" : NULL;
	case RULE_SPREAD:
		if (!value)
			return "node(s) didn't match pod topology spread constraints (missing "
			       "required label)";
		if (here + r->self - r->least > r->max_skew)
			return "node(s) didn't match pod topology spread constraints";
		return NULL;
	case RULE_PREFERENCE: return NULL;
	}
	return NULL;
}

static const char *rules_unfit(void *arg, const struct obj *node)
{
	const struct rules *r = arg;

	for (size_t i = 0; i < r->v.n; i++) {
		const char *why = judge(&r->v.p[i], node);

		if (why)
			return why;
	}
	return NULL;
}

static int64_t rules_score(void *arg, const struct obj *node)
{
	const struct rules *r = arg;
	int64_t sum = 0;

	for (size_t i = 0; i < r->v.n; i++) {
		const char *value = obj_label(node, r->v.p[i].key);

		if (r->v.p[i].type == RULE_PREFERENCE && value)
			sum += r->v.p[i].weight * count_at(&r->v.p[i], value);
	}
	return sum;
}

static void rules_free(void *p)
{
	struct rules *r = p;

	vec_free(&r->v);
}

struct node_rules neighbors_rules(struct neighbors *n, const struct obj *pod, const struct json *spec)
{
	struct rules *r = arena_zalloc(n->a, sizeof *r);
	const struct json *affinity = json_get(spec, "affinity");
	const struct json *anti = json_get(affinity, "podAntiAffinity");

	r->a = n->a;
	arena_defer(n->a, rules_free, r);
	json_each(t, json_get(json_get(affinity, "podAffinity"), REQUIRED))
		rule_of_term(n, r, RULE_AFFINITY, t, pod);
	json_each(t, json_get(anti, REQUIRED))
		rule_of_term(n, r, RULE_ANTI, t, pod);
	add_existing(n, r, pod);
	json_each(c, json_get(spec, "topologySpreadConstraints"))
		add_spread(n, r, c, pod, spec);
	add_preferences(n, r, json_path(affinity, "podAffinity." PREFERRED), 1, pod);
	add_preferences(n, r, json_get(anti, PREFERRED), -1, pod);
	return (struct node_rules){ rules_unfit, rules_score, r };
}
