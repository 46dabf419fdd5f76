/*
 * The metrics of an autoscaler's spec: each becomes a proposal and an entry of status.currentMetrics, or a fault
 * that ScalingActive and an Event tell.
 *
 * The largest proposal wins.  With some metrics invalid the others may still scale up, never down.
 * k8s: pkg/controller/podautoscaler/horizontal.go (computeReplicasForMetrics, computeStatusFor...).
 */
#include "control/autoscaler.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/quantity.h"

#include <string.h>

/* One metric of the spec on its way. */
struct metric {
	struct autoscaling *x;
	const struct json *source; /* spec.metrics[i].<member> */
	struct json *current;      /* of the status: what is used now */
	struct proposal p;
	const char *name;  /* what it is called in reasons and messages */
	const char *why;   /* the fault, as the condition and the Event tell it */
	const char *outer; /* the same as the list of faults tells it; NULL = as it is */
};

static const char *amount(struct arena *a, int64_t milli, enum quantity_format format)
{
	struct quantity q = { (__int128)milli * 1000000, format };

	return quantity_text(a, &q);
}

static void set_current(struct metric *m, const char *member, const char *value)
{
	json_set_str(m->x->t->call.a, m->current, member, value);
}

static bool target_of(const struct metric *m, const char *member, int64_t *milli)
{
	const struct json *v = json_get(json_get(m->source, "target"), member);
	struct quantity q;

	if (!v || !quantity_parse(json_str(v), &q))
		return false;
	*milli = quantity_milli(&q);
	return true;
}

/* A LabelSelector as Go's %+v writes it. */
static const char *selector_in_go(struct arena *a, const struct json *selector)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (!selector)
		return "nil";
	buf_adds(&b, "&LabelSelector{MatchLabels:map[string]string{");
	json_each(l, json_get(selector, "matchLabels"))
		buf_addf(&b, "%s: %s,", json_name(l), json_str(l));
	buf_adds(&b, "},MatchExpressions:[]LabelSelectorRequirement{");
	json_each(e, json_get(selector, "matchExpressions")) {
		const char *sep = "";

		buf_addf(&b, "LabelSelectorRequirement{Key:%s,Operator:%s,Values:[",
			 json_path_str(e, "key"), json_path_str(e, "operator"));
		json_each(v, json_get(e, "values")) {
			buf_addf(&b, "%s%s", sep, json_str(v));
			sep = " ";
		}
		buf_adds(&b, "],},");
	}
	buf_adds(&b, "},}");
	return arena_dup(a, b.p, b.len);
}

/* ---- resources ---- */

static bool by_average(struct metric *m, const struct sample *s, size_t n, const char *resource,
		       const char *container, int64_t target)
{
	if (!replicas_by_samples(m->x, s, n, resource, container, false, target, &m->p, &m->why))
		return false;
	m->name = arena_printf(m->x->t->call.a, "%s resource", resource);
	return true;
}

static bool by_utilization(struct metric *m, const struct sample *s, size_t n, const char *resource,
			   const char *container, int64_t target)
{
	if (!replicas_by_samples(m->x, s, n, resource, container, true, target, &m->p, &m->why))
		return false;
	json_set_int(m->x->t->call.a, m->current, "averageUtilization", m->p.utilization);
	m->name = arena_printf(m->x->t->call.a, "%s %sresource utilization (percentage of request)",
			       resource, *container ? "container " : "");
	return true;
}

static bool on_resource(struct metric *m)
{
	struct arena *a = m->x->t->call.a;
	const char *resource = json_path_str(m->source, "name");
	const char *container = json_path_str(m->source, "container");
	int64_t percent = json_path_int(m->source, "target.averageUtilization", 0), average;
	bool plain = target_of(m, "averageValue", &average);
	struct sample *s;
	size_t n;

	if (!plain && !percent) {
		m->why = "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set";
		return false;
	}
	if (!source_resource(m->x, resource, container, &s, &n, &m->why) ||
	    !(plain ? by_average(m, s, n, resource, container, average) :
		      by_utilization(m, s, n, resource, container, percent))) {
		m->why = arena_printf(a, "failed to get %s %s: %s", resource,
				      plain ? "usage" : "utilization", m->why);
		return false;
	}
	set_current(m, "averageValue",
		    amount(a, m->p.usage,
			   strcmp(resource, "memory") ? QUANTITY_DECIMAL_SI : QUANTITY_BINARY_SI));
	return true;
}

/* ---- custom and external metrics ---- */

static const char *metric_name(const struct metric *m)
{
	return json_path_str(m->source, "metric.name");
}

static const struct json *metric_selector(const struct metric *m)
{
	return json_path(m->source, "metric.selector");
}

static void set_usage(struct metric *m, const char *member)
{
	set_current(m, member, amount(m->x->t->call.a, m->p.usage, QUANTITY_DECIMAL_SI));
}

static void name_external(struct metric *m)
{
	m->name = arena_printf(m->x->t->call.a, "external metric %s(%s)", metric_name(m),
			       selector_in_go(m->x->t->call.a, metric_selector(m)));
}

static bool on_pods(struct metric *m)
{
	struct sample *s;
	int64_t target = 0;
	size_t n;

	target_of(m, "averageValue", &target);
	if (!source_pods(m->x, metric_name(m), metric_selector(m), &s, &n, &m->why) ||
	    !replicas_by_samples(m->x, s, n, "", "", false, target, &m->p, &m->why))
		return false;
	set_usage(m, "averageValue");
	m->name = arena_printf(m->x->t->call.a, "pods metric %s", metric_name(m));
	return true;
}

static bool on_object(struct metric *m)
{
	struct arena *a = m->x->t->call.a;
	const struct json *ref = json_get(m->source, "describedObject");
	int64_t target, value;
	bool whole = target_of(m, "value", &target);

	if (!whole && !target_of(m, "averageValue", &target)) {
		m->why = "invalid object metric source: neither a value target nor an average value target was set";
		return false;
	}
	if (!source_object(m->x, metric_name(m), metric_selector(m), ref, &value, &m->why) ||
	    (whole && !replicas_by_value(m->x, value, target, &m->p, &m->why))) {
		if (!whole)
			m->outer = arena_printf(a, "failed to get %s object metric: %s",
						metric_name(m), m->why);
		return false;
	}
	if (whole) {
		m->name = arena_printf(a, "%s metric %s", json_path_str(ref, "kind"), metric_name(m));
	} else {
		replicas_by_share(m->x, value, target, &m->p);
		name_external(m);
	}
	set_usage(m, whole ? "value" : "averageValue");
	return true;
}

static bool on_external(struct metric *m)
{
	struct arena *a = m->x->t->call.a;
	int64_t target, value;
	bool share = target_of(m, "averageValue", &target), ok;

	if (!share && !target_of(m, "value", &target)) {
		m->why = "invalid external metric source: neither a value target nor an average value target was set";
		return false;
	}
	ok = source_external(m->x, metric_name(m), metric_selector(m), &value, &m->why);
	if (!ok)
		m->why = arena_printf(a, "unable to get external metric %s/%s/%s: %s", m->x->obj->ns,
				      metric_name(m), selector_in_go(a, metric_selector(m)), m->why);
	if (ok && share)
		replicas_by_share(m->x, value, target, &m->p);
	else if (ok)
		ok = replicas_by_value(m->x, value, target, &m->p, &m->why);
	if (!ok) {
		m->outer = arena_printf(a,
					share ? "failed to get %s external metric: %s" :
						"failed to get external metric %s: %s",
					metric_name(m), m->why);
		return false;
	}
	set_usage(m, share ? "averageValue" : "value");
	name_external(m);
	return true;
}

/* ---- all of them ---- */

static const struct metric_type {
	const char *type, *member, *reason;
	bool (*run)(struct metric *m);
	const char *value_of; /* "failed to get <this>metric value" names it by this member */
	const char *what;
	const char *identity[2]; /* members that the status repeats */
} types[] = {
	{ "Object",
	  "object",
	  "FailedGetObjectMetric",
	  on_object,
	  NULL,
	  "object metric",
	  { "metric", "describedObject" } },
	{ "Pods", "pods", "FailedGetPodsMetric", on_pods, NULL, "pods metric", { "metric" } },
	{ "Resource",
	  "resource",
	  "FailedGetResourceMetric",
	  on_resource,
	  "name",
	  "resource metric",
	  { "name" } },
	{ "ContainerResource",
	  "containerResource",
	  "FailedGetContainerResourceMetric",
	  on_resource,
	  "container",
	  "container metric",
	  { "name", "container" } },
	{ "External",
	  "external",
	  "FailedGetExternalMetric",
	  on_external,
	  "metric.name",
	  "external metric",
	  { "metric" } },
};

static const struct metric_type *type_of(const struct json *spec)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].type, json_path_str(spec, "type")))
			return &types[i];
	return NULL;
}

/* The status of a metric: what it is, beside what is used now. */
static struct json *status_of(struct metric *m, const struct metric_type *t)
{
	struct arena *a = m->x->t->call.a;
	struct json *entry = json_object(a), *source = json_object(a);

	for (size_t i = 0; i < 2 && t->identity[i]; i++) {
		const struct json *v = json_get(m->source, t->identity[i]);

		if (v)
			json_set(a, source, t->identity[i], json_copy(a, v));
	}
	json_set(a, source, "current", m->current);
	json_set_str(a, entry, "type", t->type);
	json_set(a, entry, t->member, source);
	return entry;
}

/* The first fault of all becomes the condition, and every one an Event. */
static const char *tell_fault(struct metric *m, const struct metric_type *t)
{
	struct arena *a = m->x->t->call.a;
	const char *of = t->value_of ? json_path_str(m->source, t->value_of) : "";

	autoscaling_tell(m->x, "Warning", t->reason, "%s", m->why);
	return arena_printf(a, "failed to get %s%s%s value: %s", of, *of ? " " : "", t->what,
			    m->outer ? m->outer : m->why);
}

struct faults {
	size_t n;
	const char *reason, *message, *first;
};

static void note_fault(struct faults *f, struct metric *m, const struct metric_type *t)
{
	const char *text = tell_fault(m, t);

	if (!f->n++) {
		f->reason = t->reason;
		f->message = m->why;
		f->first = text;
	}
}

bool metrics_propose(struct autoscaling *x, struct json **statuses, int64_t *replicas,
		     const char **metric, const char **why)
{
	struct arena *a = x->t->call.a;
	const struct json *all = json_get(x->spec, "metrics");
	struct faults f = { 0 };

	*statuses = json_array(a);
	*replicas = 0;
	*metric = "";
	json_each(spec, all) {
		const struct metric_type *t = type_of(spec);
		struct metric m = { .x = x, .current = json_object(a), .why = "" };
		bool ok;

		if (!t) /* validation knows no others */
			continue;
		m.source = json_get(spec, t->member);
		ok = t->run(&m);
		json_append(*statuses, ok ? status_of(&m, t) : json_build(a, "{type:\"\"}"));
		if (!ok) {
			note_fault(&f, &m, t);
		} else if (!*replicas || m.p.replicas > *replicas) {
			*replicas = m.p.replicas;
			*metric = m.name;
		}
	}
	*why = f.n ? arena_printf(a, "invalid metrics (%zu invalid out of %zu), first error is: %s",
				  f.n, json_count(all), f.first) :
		     NULL;
	if (f.n >= json_count(all) || (f.n && *replicas < x->current)) {
		autoscaling_condition(x, "ScalingActive", false, f.reason,
				      "the HPA was unable to compute the replica count: %s",
				      f.message);
		return false;
	}
	autoscaling_condition(x, "ScalingActive", true, "ValidMetricFound",
			      "the HPA was able to successfully calculate a replica count from %s",
			      *metric);
	return true;
}
