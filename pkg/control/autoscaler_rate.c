/*
 * How fast an autoscaler may go: stabilization windows over recent recommendations, and policies over recent
 * changes.  The past is kept in memory only, as upstream does: a new process starts with none.
 * k8s: pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas...).
 */
#include "control/autoscaler.h"

#include "base/clock.h"
#include "obj/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DOWN_WINDOW_S 300
#define UP_FACTOR 2
#define UP_LEAST 4

struct limit {
	int64_t replicas;
	const char *reason, *message;
};

static const struct limit in_range = { 0, "DesiredWithinRange",
				       "the desired count is within the acceptable range" };

void rate_past_free(void *arg)
{
	struct past *p = arg;

	vec_free(&p->recommendations);
	vec_free(&p->ups);
	vec_free(&p->downs);
	free(p);
}

void rate_begin(struct autoscaling *x)
{
	struct recommendation first = { x->current, x->now_us };

	if (!x->past->recommendations.n)
		vec_push(&x->past->recommendations, first);
}

/* In the place of one that nobody needs any more (-1: of none). */
static void remember(struct autoscaling *x, int64_t replicas, int64_t old)
{
	struct recommendation r = { replicas, x->now_us };

	if (old >= 0)
		x->past->recommendations.p[old] = r;
	else
		vec_push(&x->past->recommendations, r);
}

static void tell_stable(struct autoscaling *x, bool same, bool up)
{
	if (same)
		autoscaling_condition(x, "AbleToScale", true, "ReadyForNewScale",
				      "recommended size matches current size");
	else if (up)
		autoscaling_condition(
			x, "AbleToScale", true, "ScaleUpStabilized",
			"recent recommendations were lower than current one, applying the lowest recent recommendation");
	else
		autoscaling_condition(
			x, "AbleToScale", true, "ScaleDownStabilized",
			"recent recommendations were higher than current one, applying the highest recent recommendation");
}

/* ---- without behavior ---- */

static int64_t stabilize_plainly(struct autoscaling *x, int64_t desired)
{
	int64_t cutoff = x->now_us - DOWN_WINDOW_S * INT64_C(1000000), highest = desired, old = -1;

	for (size_t i = 0; i < x->past->recommendations.n; i++) {
		const struct recommendation *r = &x->past->recommendations.p[i];

		if (r->at_us < cutoff)
			old = (int64_t)i;
		else if (r->replicas > highest)
			highest = r->replicas;
	}
	remember(x, desired, old);
	tell_stable(x, highest == desired, false);
	return highest;
}

static struct limit limit_plainly(const struct autoscaling *x, int64_t desired)
{
	int64_t up = x->current * UP_FACTOR > UP_LEAST ? x->current * UP_FACTOR : UP_LEAST;
	int64_t most = x->max > up ? up : x->max;

	if (desired < x->min)
		return (struct limit){
			x->min, "TooFewReplicas",
			"the desired replica count is less than the minimum replica count"
		};
	if (desired <= most)
		return (struct limit){ desired, in_range.reason, in_range.message };
	if (x->max > up)
		return (struct limit){
			up, "ScaleUpLimit",
			"the desired replica count is increasing faster than the maximum scale rate"
		};
	return (struct limit){ x->max, "TooManyReplicas",
			       "the desired replica count is more than the maximum replica count" };
}

/* ---- with behavior ---- */

static int64_t window_us(const struct json *behavior, const char *direction, int64_t dflt_s)
{
	return json_path_int(json_get(behavior, direction), "stabilizationWindowSeconds", dflt_s) *
	       1000000;
}

static int64_t stabilize(struct autoscaling *x, const struct json *behavior, int64_t desired)
{
	int64_t up_cutoff = x->now_us - window_us(behavior, "scaleUp", 0), lowest = desired;
	int64_t down_cutoff = x->now_us - window_us(behavior, "scaleDown", DOWN_WINDOW_S);
	int64_t highest = desired, now = x->current, old = -1;

	for (size_t i = 0; i < x->past->recommendations.n; i++) {
		const struct recommendation *r = &x->past->recommendations.p[i];

		if (r->at_us > up_cutoff && r->replicas < lowest)
			lowest = r->replicas;
		if (r->at_us > down_cutoff && r->replicas > highest)
			highest = r->replicas;
		if (r->at_us < up_cutoff && r->at_us < down_cutoff)
			old = (int64_t)i;
	}
	if (now < lowest)
		now = lowest;
	if (now > highest)
		now = highest;
	remember(x, desired, old);
	tell_stable(x, now == desired, desired >= x->current);
	return now;
}

static int64_t changed(const struct rescale *r, size_t n, int64_t since_us)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (r[i].at_us > since_us)
			sum += r[i].change;
	return sum;
}

/* What one policy allows, counted from where its period began. */
static int64_t allowed(const struct autoscaling *x, const struct json *policy, bool up)
{
	int64_t since = x->now_us - json_path_int(policy, "periodSeconds", 0) * 1000000;
	int64_t value = json_path_int(policy, "value", 0);
	int64_t start = x->current - changed(x->past->ups.p, x->past->ups.n, since) +
			changed(x->past->downs.p, x->past->downs.n, since);

	if (!strcmp(json_path_str(policy, "type"), "Pods"))
		return up ? start + value : start - value;
	if (up)
		return (int64_t)ceil((double)start * (1 + (double)value / 100));
	return (int64_t)((double)start * (1 - (double)value / 100));
}

/* How far the rules of a direction let it go. */
static int64_t reach(const struct autoscaling *x, const struct json *rules, bool up)
{
	const char *select = json_path_str(rules, "selectPolicy");
	bool largest = up != !strcmp(select, "Min");
	int64_t result = largest ? INT32_MIN : INT32_MAX;

	if (!strcmp(select, "Disabled"))
		return x->current;
	json_each(policy, json_get(rules, "policies")) {
		int64_t to = allowed(x, policy, up);

		if (largest ? to > result : to < result)
			result = to;
	}
	return result;
}

static struct limit limit_up(const struct autoscaling *x, const struct json *rules, int64_t desired)
{
	int64_t to = reach(x, rules, true);

	if (to < x->current)
		to = x->current;
	if (x->max > to && desired > to)
		return (struct limit){
			to, "ScaleUpLimit",
			"the desired replica count is increasing faster than the maximum scale rate"
		};
	if (x->max <= to && desired > x->max)
		return (struct limit){
			x->max, "TooManyReplicas",
			"the desired replica count is more than the maximum replica count"
		};
	return (struct limit){ desired, in_range.reason, in_range.message };
}

static struct limit limit_down(const struct autoscaling *x, const struct json *rules, int64_t desired)
{
	int64_t to = reach(x, rules, false);

	if (to > x->current)
		to = x->current;
	if (x->min < to && desired < to)
		return (struct limit){
			to, "ScaleDownLimit",
			"the desired replica count is decreasing faster than the maximum scale rate"
		};
	if (x->min >= to && desired < x->min)
		return (struct limit){
			x->min, "TooFewReplicas",
			"the desired replica count is less than the minimum replica count"
		};
	return (struct limit){ desired, in_range.reason, in_range.message };
}

static struct limit limit(const struct autoscaling *x, const struct json *behavior, int64_t desired)
{
	if (desired > x->current)
		return limit_up(x, json_get(behavior, "scaleUp"), desired);
	if (desired < x->current)
		return limit_down(x, json_get(behavior, "scaleDown"), desired);
	return (struct limit){ desired, in_range.reason, in_range.message };
}

int64_t rate_limit(struct autoscaling *x, int64_t desired)
{
	const struct json *behavior = json_get(x->spec, "behavior");
	int64_t stable = behavior ? stabilize(x, behavior, desired) : stabilize_plainly(x, desired);
	struct limit l = behavior ? limit(x, behavior, stable) : limit_plainly(x, stable);

	autoscaling_condition(x, "ScalingLimited", l.replicas != stable, l.reason, "%s", l.message);
	return l.replicas;
}

/* ---- changes made ---- */

static int64_t longest_us(const struct json *rules)
{
	int64_t longest = 0;

	json_each(policy, json_get(rules, "policies")) {
		int64_t s = json_path_int(policy, "periodSeconds", 0);

		if (s > longest)
			longest = s;
	}
	return longest * 1000000;
}

void rate_note(struct autoscaling *x, int64_t from, int64_t to)
{
	const struct json *behavior = json_get(x->spec, "behavior");
	bool up = to > from;
	struct rescale fresh = { up ? to - from : from - to, x->now_us }, *old = NULL;
	struct rescale *list = up ? x->past->ups.p : x->past->downs.p;
	size_t n = up ? x->past->ups.n : x->past->downs.n;
	int64_t cutoff = x->now_us - longest_us(json_get(behavior, up ? "scaleUp" : "scaleDown"));

	if (!behavior)
		return;
	for (size_t i = 0; i < n; i++)
		if (list[i].at_us < cutoff)
			old = &list[i];
	if (old)
		*old = fresh;
	else if (up)
		vec_push(&x->past->ups, fresh);
	else
		vec_push(&x->past->downs, fresh);
}
