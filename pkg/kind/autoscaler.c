/*
 * autoscaler: HorizontalPodAutoscaler: defaults, and autoscaling/v1 as a view of the stored v2.
 *
 * v1 knows one metric, cpu utilization; everything else travels in annotations as JSON, so that a
 * read-modify-write through v1 loses nothing.
 * k8s: pkg/apis/autoscaling/{v1,v2}/{defaults,conversion}.go, pkg/apis/autoscaling/annotations.go.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include "base/arena.h"
#include "obj/meta.h"

#include <string.h>

#define PREFIX "autoscaling.alpha.kubernetes.io/"
#define CPU_UTILIZATION 80

/* ---- defaults ---- */

static struct json *scale_rules(struct hook *h, const char *direction)
{
	if (!strcmp(direction, "scaleUp"))
		return json_build(h->a, "{stabilizationWindowSeconds:0,selectPolicy:\"Max\",policies:["
					"{type:\"Pods\",value:4,periodSeconds:15},"
					"{type:\"Percent\",value:100,periodSeconds:15}]}");
	return json_build(h->a, "{selectPolicy:\"Max\",policies:["
				"{type:\"Percent\",value:100,periodSeconds:15}]}");
}

static void default_rules(struct hook *h, struct json *behavior, const char *direction)
{
	default_map(h, default_obj(h, behavior, direction), scale_rules(h, direction));
}

HOOK(autoscaler_v1_defaults)
{
	default_int(h, default_obj(h, o, "spec"), "minReplicas", 1);
}

HOOK(autoscaler_defaults)
{
	struct json *spec = default_obj(h, o, "spec");
	struct json *behavior = json_get(spec, "behavior");

	default_int(h, spec, "minReplicas", 1);
	if (!json_count(json_get(spec, "metrics")))
		json_set(h->a, spec, "metrics",
			 json_build(h->a,
				    "[{type:\"Resource\",resource:{name:\"cpu\",target:"
				    "{type:\"Utilization\",averageUtilization:%d}}}]",
				    CPU_UTILIZATION));
	if (behavior) {
		default_rules(h, behavior, "scaleUp");
		default_rules(h, behavior, "scaleDown");
	}
}

/* ---- v1: metrics as annotations ---- */

/* Move member `from` of one object to `to` of another. */
static void move(struct hook *h, const struct json *src, const char *from, struct json *dst,
		 const char *to)
{
	const struct json *v = json_get(src, from);

	if (v)
		json_set(h->a, dst, to, json_copy(h->a, v));
}

/* The member of a metric that holds its source: "Resource" is in "resource". */
static char *source_name(struct hook *h, const struct json *metric)
{
	char *name = arena_strdup(h->a, json_path_str(metric, "type"));

	if (name[0] >= 'A' && name[0] <= 'Z')
		name[0] = (char)(name[0] - 'A' + 'a');
	return name;
}

static bool is_resource(const char *source)
{
	return !strcmp(source, "resource") || !strcmp(source, "containerResource");
}

/* Names of v1's flat amounts; side is "target" of a spec or "current" of a status. */
static const char *amount_name(struct hook *h, const char *source, const char *side, const char *what)
{
	bool flat_average = !strcmp(source, "object") && !strcmp(what, "AverageValue");

	return flat_average ? "averageValue" : arena_printf(h->a, "%s%s", side, what);
}

static const struct {
	const char *v2, *v1;
} amounts[] = {
	{ "value", "Value" },
	{ "averageValue", "AverageValue" },
	{ "averageUtilization", "AverageUtilization" },
};

static struct json *metric_to_v1(struct hook *h, const struct json *metric, const char *side)
{
	char *source = source_name(h, metric);
	const struct json *in = json_get(metric, source);
	struct json *out = json_object(h->a), *wrap = json_object(h->a);

	json_set_str(h->a, wrap, "type", json_path_str(metric, "type"));
	json_set(h->a, wrap, source, out);
	if (is_resource(source)) {
		move(h, in, "name", out, "name");
		move(h, in, "container", out, "container");
	} else {
		move(h, json_get(in, "metric"), "name", out, "metricName");
		move(h, json_get(in, "metric"), "selector", out,
		     !strcmp(source, "external") ? "metricSelector" : "selector");
		move(h, in, "describedObject", out, "target");
	}
	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
		move(h, json_get(in, side), amounts[i].v2, out,
		     amount_name(h, source, side, amounts[i].v1));
	return wrap;
}

static struct json *metric_to_v2(struct hook *h, const struct json *metric, const char *side)
{
	char *source = source_name(h, metric);
	const struct json *in = json_get(metric, source);
	struct json *out = json_object(h->a), *wrap = json_object(h->a);
	struct json *amount = json_object(h->a);
	const char *type = "Value";

	json_set_str(h->a, wrap, "type", json_path_str(metric, "type"));
	json_set(h->a, wrap, source, out);
	if (is_resource(source)) {
		move(h, in, "name", out, "name");
		move(h, in, "container", out, "container");
	} else {
		struct json *id = default_obj(h, out, "metric");

		move(h, in, "metricName", id, "name");
		move(h, in, "selector", id, "selector");
		move(h, in, "metricSelector", id, "selector");
		move(h, in, "target", out, "describedObject");
	}
	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
		move(h, in, amount_name(h, source, side, amounts[i].v1), amount, amounts[i].v2);
	if (json_get(amount, "averageUtilization"))
		type = "Utilization";
	else if (json_get(amount, "averageValue"))
		type = "AverageValue";
	if (!strcmp(side, "target"))
		json_set_str(h->a, amount, "type", type);
	json_set(h->a, out, side, amount);
	return wrap;
}

static bool is_cpu(const struct json *metric)
{
	return !strcmp(json_path_str(metric, "type"), "Resource") &&
	       !strcmp(json_path_str(metric, "resource.name"), "cpu");
}

/* The list `name` of part: the cpu utilization becomes the plain member, the others one annotation. */
static void metrics_out(struct hook *h, struct json *o, struct json *part, const char *name,
			const char *side, const char *member, const char *annotation)
{
	struct json *others = json_array(h->a);
	char path[64];
	bool taken = false;

	strcpy(path, !strcmp(side, "target") ? "resource.target.averageUtilization" :
					       "resource.current.averageUtilization");
	json_each(m, json_get(part, name)) {
		const struct json *cpu = is_cpu(m) ? json_path(m, path) : NULL;

		if (cpu && !taken) {
			json_set(h->a, part, member, json_copy(h->a, cpu));
			taken = true;
			if (!strcmp(side, "target"))
				continue;
		}
		json_append(others, metric_to_v1(h, m, side));
	}
	json_del(part, name);
	if (json_count(others))
		meta_set_annotation(h->a, o, annotation, json_text(h->a, others));
}

static struct json *take_annotation(struct hook *h, struct json *o, const char *key)
{
	const char *text = meta_annotation(o, key);
	struct json *v = text ? json_parse(h->a, text, strlen(text), NULL, NULL) : NULL;

	meta_del_annotation(o, key);
	return v;
}

static void metrics_in(struct hook *h, struct json *o, struct json *part, const char *name,
		       const char *side, const char *annotation)
{
	struct json *list = take_annotation(h, o, annotation), *out;

	if (!json_is_array(list))
		return;
	out = json_ensure_array(h->a, part, name);
	json_each(m, list)
		json_append(out, metric_to_v2(h, m, side));
}

HOOK(autoscaler_from_storage)
{
	struct json *spec = default_obj(h, o, "spec"), *status = default_obj(h, o, "status");
	const struct json *behavior = json_get(spec, "behavior");
	const struct json *conditions = json_get(status, "conditions");

	metrics_out(h, o, spec, "metrics", "target", "targetCPUUtilizationPercentage",
		    PREFIX "metrics");
	metrics_out(h, o, status, "currentMetrics", "current", "currentCPUUtilizationPercentage",
		    PREFIX "current-metrics");
	if (behavior)
		meta_set_annotation(h->a, o, PREFIX "behavior", json_text(h->a, behavior));
	if (json_count(conditions))
		meta_set_annotation(h->a, o, PREFIX "conditions", json_text(h->a, conditions));
	json_del(spec, "behavior");
	json_del(status, "conditions");
	default_int(h, status, "currentReplicas", 0);
	default_int(h, status, "desiredReplicas", 0);
}

HOOK(autoscaler_to_storage)
{
	struct json *spec = default_obj(h, o, "spec"), *status = default_obj(h, o, "status");
	const struct json *cpu = json_get(spec, "targetCPUUtilizationPercentage");
	struct json *behavior = take_annotation(h, o, PREFIX "behavior");
	struct json *conditions = take_annotation(h, o, PREFIX "conditions");

	metrics_in(h, o, spec, "metrics", "target", PREFIX "metrics");
	metrics_in(h, o, status, "currentMetrics", "current", PREFIX "current-metrics");
	if (cpu)
		json_insert(json_ensure_array(h->a, spec, "metrics"),
			    json_first(json_get(spec, "metrics")),
			    json_build(h->a,
				       "{type:\"Resource\",resource:{name:\"cpu\",target:{type:"
				       "\"Utilization\",averageUtilization:%j}}}",
				       json_copy(h->a, cpu)));
	json_del(spec, "targetCPUUtilizationPercentage");
	json_del(status, "currentCPUUtilizationPercentage");
	if (!json_path_int(status, "currentReplicas", 0)) /* which v2 leaves out */
		json_del(status, "currentReplicas");
	if (json_is_object(behavior))
		json_set(h->a, spec, "behavior", behavior);
	if (json_is_array(conditions))
		json_set(h->a, status, "conditions", conditions);
	autoscaler_defaults(h, o);
}
