/*
 * How many replicas a measurement calls for.
 *
 * Pods that are not ready yet or were not measured are first left out; when they could change the answer, it is
 * worked out again with the least (scaling up) or the most (scaling down) that they might be using.
 * k8s: pkg/controller/podautoscaler/{replica_calculator.go,metrics/utilization.go}.
 */
#include "control/amounts.h"
#include "control/autoscaler.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"
#include "obj/selector.h"

#include <math.h>
#include <string.h>

#define INITIALIZATION_US (300 * INT64_C(1000000)) /* a starting pod's cpu says little */
#define FIRST_READINESS_US (30 * INT64_C(1000000))

enum state { COUNTED, UNREADY, MISSING, IGNORED };

struct member {
	const struct obj *pod;
	const struct json *tree;
	const struct sample *sample; /* NULL = none */
	enum state state;
	bool measured; /* value counts */
	int64_t value, request;
};

struct census {
	struct autoscaling *x;
	struct member *m;
	size_t n, of[IGNORED + 1];
	const char *resource, *container;
	bool utilization;
	int64_t target;
};

static bool tolerated(const struct autoscaling *x, double ratio)
{
	return 1 - x->down <= ratio && ratio <= 1 + x->up;
}

static int64_t round_up(double replicas)
{
	return replicas > INT32_MAX ? INT32_MAX : (int64_t)ceil(replicas);
}

/* ---- the pods ---- */

static bool selected(const struct obj *pod, void *arg)
{
	const struct autoscaling *x = arg;

	return selector_matches_obj(x->sel, pod);
}

static bool take_pods(struct autoscaling *x, struct member **m, size_t *n, const char **why)
{
	struct arena *a = x->t->call.a;
	struct store_list l;

	store_list(api_table(x->t->call.api, x->pods.kind), x->obj->ns, NULL, NULL, 0, selected, x,
		   &l);
	*m = arena_zalloc(a, (l.n + 1) * sizeof **m);
	for (*n = 0; *n < l.n; ++*n)
		(*m)[*n].pod = obj_hold(a, l.items[*n]);
	store_list_free(&l);
	if (!*n)
		*why = "no pods returned by selector while calculating replica count";
	return *n;
}

/* The samples of cpu that a pod has while it starts are not its usual ones. */
static bool starting(struct autoscaling *x, const struct member *m)
{
	const struct json *ready = meta_condition(m->tree, "Ready");
	bool is_not = !strcmp(json_path_str(ready, "status"), "False");
	int64_t start, since = 0;

	if (!ready || !time_parse(json_path_str(m->tree, "status.startTime"), &start))
		return true;
	time_parse(json_path_str(ready, "lastTransitionTime"), &since);
	if (start + INITIALIZATION_US <= x->now_us)
		return is_not && start + FIRST_READINESS_US > since;
	if (!is_not && m->sample->at_us < since + m->sample->window_us) {
		x->soon = true;
		return true;
	}
	return is_not;
}

static enum state state_of(struct census *c, struct member *m)
{
	const char *phase = pod_phase(&c->x->pods, m->pod);

	if (m->pod->deleted_s || !strcmp(phase, "Failed"))
		return IGNORED;
	if (!strcmp(phase, "Pending"))
		return UNREADY;
	if (!m->sample)
		return MISSING;
	return !strcmp(c->resource, "cpu") && starting(c->x, m) ? UNREADY : COUNTED;
}

static void match_samples(struct census *c, const struct sample *s, size_t n)
{
	struct map *by_name = map_new();

	for (size_t i = 0; i < c->n; i++)
		map_set(by_name, c->m[i].pod->name, &c->m[i]);
	for (size_t i = 0; i < n; i++) {
		struct member *m = map_get(by_name, s[i].pod);

		if (m)
			m->sample = &s[i];
	}
	map_free(&by_name, NULL);
}

/* Group the pods, and leave aside what is not to be counted now. */
static bool group(struct census *c, const struct sample *s, size_t n, const char **why)
{
	match_samples(c, s, n);
	for (size_t i = 0; i < c->n; i++) {
		struct member *m = &c->m[i];

		m->tree = obj_tree(c->x->t->call.a, m->pod);
		m->state = state_of(c, m);
		c->of[m->state]++;
		m->measured = m->state == COUNTED;
		m->value = m->sample ? m->sample->value : 0;
	}
	if (!c->of[COUNTED])
		*why = "did not receive metrics for targeted pods (pods might be unready)";
	return c->of[COUNTED];
}

/* ---- requests ---- */

static bool level_set(const struct json *pod)
{
	json_each(r, json_path(pod, "spec.resources.requests")) {
		const char *name = json_name(r);

		if (!strcmp(name, "cpu") || !strcmp(name, "memory") ||
		    !strncmp(name, "hugepages-", 10))
			return true;
	}
	return false;
}

static bool level_request(struct census *c, struct member *m, const char **why)
{
	struct amounts sum;
	int64_t v;

	amounts_of_pod(&sum, json_get(m->tree, "spec"));
	v = amounts_get(&sum, c->resource);
	m->request = strcmp(c->resource, "cpu") ? v * 1000 : v;
	if (!v)
		*why = arena_printf(c->x->t->call.a, "missing pod-level request for %s in Pod %s",
				    c->resource, m->pod->name);
	return v;
}

static bool add_request(struct census *c, struct member *m, const struct json *container,
			const char **why)
{
	const char *name = json_path_str(container, "name");
	const struct json *v = json_get(json_path(container, "resources.requests"), c->resource);
	struct quantity q;

	if (*c->container && strcmp(name, c->container))
		return true;
	if (v && quantity_parse(json_str(v), &q)) {
		m->request += quantity_milli(&q);
		return true;
	}
	*why = arena_printf(c->x->t->call.a, "missing request for %s in container %s of Pod %s",
			    c->resource, name, m->pod->name);
	return false;
}

static bool request(struct census *c, struct member *m, const char **why)
{
	bool found = !*c->container;

	if (!*c->container && level_set(m->tree))
		return level_request(c, m, why);
	json_each(k, json_path(m->tree, "spec.containers")) {
		found |= !strcmp(json_path_str(k, "name"), c->container);
		if (!add_request(c, m, k, why))
			return false;
	}
	json_each(k, json_path(m->tree, "spec.initContainers")) {
		if (strcmp(json_path_str(k, "restartPolicy"), "Always"))
			continue;
		found |= !strcmp(json_path_str(k, "name"), c->container);
		if (!add_request(c, m, k, why))
			return false;
	}
	if (!found)
		*why = arena_printf(c->x->t->call.a, "container %s not found in Pod %s",
				    c->container, m->pod->name);
	return found;
}

static bool requests(struct census *c, const char **why)
{
	for (size_t i = 0; c->utilization && i < c->n; i++)
		if (!request(c, &c->m[i], why))
			return false;
	return true;
}

/* ---- the arithmetic ---- */

struct ratio {
	double of_target;
	int64_t average, percent;
	size_t n;
};

static bool ratio(const struct census *c, struct ratio *r, const char **why)
{
	int64_t used = 0, asked = 0;

	*r = (struct ratio){ 0 };
	for (size_t i = 0; i < c->n; i++) {
		if (!c->m[i].measured)
			continue;
		used += c->m[i].value;
		asked += c->m[i].request;
		r->n++;
	}
	r->average = used / (int64_t)r->n;
	if (c->utilization && !asked) {
		*why = "no metrics returned matched known pods";
		return false;
	}
	r->percent = c->utilization ? used * 100 / asked : 0;
	r->of_target = (double)(c->utilization ? r->percent : r->average) / (double)c->target;
	return true;
}

static void assume(struct census *c, enum state state, bool target)
{
	int64_t percent = c->target > 100 ? c->target : 100;

	for (size_t i = 0; i < c->n; i++) {
		struct member *m = &c->m[i];

		if (m->state != state)
			continue;
		m->measured = true;
		m->value = !target ? 0 : c->utilization ? m->request * percent / 100 : c->target;
	}
}

/* With what the pods that were left out might be using.  The present number where that speaks against a change. */
static bool again(struct census *c, double first, int64_t *replicas, const char **why)
{
	struct autoscaling *x = c->x;
	struct ratio r;
	int64_t now;

	if (first != 1)
		assume(c, MISSING, first < 1);
	if (first > 1)
		assume(c, UNREADY, false);
	if (!ratio(c, &r, why))
		return false;
	now = round_up(r.of_target * (double)r.n);
	if (tolerated(x, r.of_target) || (first < 1 && r.of_target > 1) ||
	    (first > 1 && r.of_target < 1) || (r.of_target < 1 && now > x->current) ||
	    (r.of_target > 1 && now < x->current))
		now = x->current;
	*replicas = now;
	return true;
}

bool replicas_by_samples(struct autoscaling *x, const struct sample *s, size_t n,
			 const char *resource, const char *container, bool utilization,
			 int64_t target, struct proposal *out, const char **why)
{
	struct census c = { .x = x,
			    .resource = resource,
			    .container = container,
			    .utilization = utilization,
			    .target = target };
	struct ratio r;

	if (!take_pods(x, &c.m, &c.n, why) || !group(&c, s, n, why) || !requests(&c, why) ||
	    !ratio(&c, &r, why))
		return false;
	*out = (struct proposal){ x->current, r.average, r.percent };
	if (c.of[MISSING] || (c.of[UNREADY] && r.of_target > 1))
		return again(&c, r.of_target, &out->replicas, why);
	if (!tolerated(x, r.of_target))
		out->replicas = round_up(r.of_target * (double)c.of[COUNTED]);
	return true;
}

bool replicas_by_value(struct autoscaling *x, int64_t usage, int64_t target, struct proposal *out,
		       const char **why)
{
	double times = (double)usage / (double)target;
	struct member *m;
	size_t n, ready = 0;

	*out = (struct proposal){ x->current, usage, 0 };
	if (!x->current) {
		out->replicas = round_up(times);
		return true;
	}
	if (tolerated(x, times))
		return true;
	if (!take_pods(x, &m, &n, why)) {
		*why = arena_printf(x->t->call.a, "unable to calculate ready pods: %s", *why);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		ready += !strcmp(pod_phase(&x->pods, m[i].pod), "Running") &&
			 pod_ready(&x->pods, m[i].pod);
	out->replicas = round_up(times * (double)ready);
	return true;
}

void replicas_by_share(struct autoscaling *x, int64_t usage, int64_t target, struct proposal *out)
{
	double times = (double)usage / ((double)target * (double)x->observed);

	*out = (struct proposal){ x->observed, 0, 0 };
	if (!tolerated(x, times))
		out->replicas = round_up((double)usage / (double)target);
	if (x->observed)
		out->usage = (int64_t)ceil((double)usage / (double)x->observed);
}
