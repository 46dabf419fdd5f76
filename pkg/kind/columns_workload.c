/*
 * columns_workload: the kinds of apps, batch and autoscaling, and replication controllers.
 * k8s: pkg/printers/internalversion/printers.go.
 */
#include "kind/columns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"

#include <string.h>

#define DOC_CONTAINERS "Names of the template's containers."
#define DOC_IMAGES "Images of the template's containers."
#define DOC_SELECTOR "Which pods belong to it."

#define COL_PODS                                               \
	COL_WIDE_FN("Containers", DOC_CONTAINERS, containers), \
		COL_WIDE_FN("Images", DOC_IMAGES, images)

CELL(containers)
{
	cell_containers(out, a, json_path(tree, "spec.template.spec"));
}

CELL(images)
{
	cell_images(out, a, json_path(tree, "spec.template.spec"));
}

CELL(selector)
{
	cell_label_selector(out, a, json_path(tree, "spec.selector"));
}

CELL(map_selector)
{
	cell_map(out, a, json_path(tree, "spec.selector"));
}

CELL(ready_of_desired)
{
	cell_strf(out, "%lld/%lld", (long long)json_path_int(tree, "status.readyReplicas", 0),
		  (long long)json_path_int(tree, "spec.replicas", 0));
}

/* Numbers in columns that are declared as strings. */
CELL(updated)
{
	cell_int(out, tree, "status.updatedReplicas");
}

CELL(available)
{
	cell_int(out, tree, "status.availableReplicas");
}

const struct column columns_deployment[] = {
	COL_NAME,
	COL_FN("Ready", "Replicas that are ready, of those wanted.", ready_of_desired),
	COL_FN("Up-to-date", "Replicas that run the current template.", updated),
	COL_FN("Available", "Replicas that have been ready long enough.", available),
	COL_AGE,
	COL_PODS,
	COL_WIDE_FN("Selector", DOC_SELECTOR, selector),
	COL_END,
};

const struct column columns_replicaset[] = {
	COL_NAME,
	COL_INT("Desired", "Replicas wanted.", "spec.replicas"),
	COL_INT("Current", "Replicas that exist.", "status.replicas"),
	COL_INT("Ready", "Replicas that are ready.", "status.readyReplicas"),
	COL_AGE,
	COL_PODS,
	COL_WIDE_FN("Selector", DOC_SELECTOR, selector),
	COL_END,
};

const struct column columns_replicationcontroller[] = {
	COL_NAME,
	COL_INT("Desired", "Replicas wanted.", "spec.replicas"),
	COL_INT("Current", "Replicas that exist.", "status.replicas"),
	COL_INT("Ready", "Replicas that are ready.", "status.readyReplicas"),
	COL_AGE,
	COL_PODS,
	COL_WIDE_FN("Selector", DOC_SELECTOR, map_selector),
	COL_END,
};

const struct column columns_statefulset[] = {
	COL_NAME, COL_FN("Ready", "Replicas that are ready, of those wanted.", ready_of_desired),
	COL_AGE,  COL_PODS,
	COL_END,
};

CELL(node_selector)
{
	cell_map(out, a, json_path(tree, "spec.template.spec.nodeSelector"));
}

const struct column columns_daemonset[] = {
	COL_NAME,
	COL_INT("Desired", "Nodes that should run the pod.", "status.desiredNumberScheduled"),
	COL_INT("Current", "Nodes that do run it.", "status.currentNumberScheduled"),
	COL_INT("Ready", "Nodes where it is ready.", "status.numberReady"),
	COL_INT("Up-to-date", "Nodes that run the current template.", "status.updatedNumberScheduled"),
	COL_INT("Available", "Nodes where it has been ready long enough.", "status.numberAvailable"),
	COL_FN("Node Selector", "Labels that a node must have.", node_selector),
	COL_AGE,
	COL_PODS,
	COL_WIDE_FN("Selector", DOC_SELECTOR, selector),
	COL_END,
};

/* "deployment.apps/web": the controller of a revision. */
CELL(revision_owner)
{
	const struct owner *c = obj_controller(o);
	const char *slash = c ? strchr(c->api_version, '/') : NULL;
	char *kind;

	if (!c) {
		cell_str(out, "<none>");
		return;
	}
	kind = arena_strdup(a, c->kind);
	for (char *p = kind; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	if (slash)
		cell_strf(out, "%s.%.*s/%s", kind, (int)(slash - c->api_version), c->api_version,
			  c->name);
	else
		cell_strf(out, "%s/%s", kind, c->name);
}

CELL(revision_number)
{
	cell_int(out, tree, "revision");
}

const struct column columns_controllerrevision[] = {
	COL_NAME,
	COL_FN("Controller", "Whose state this is.", revision_owner),
	COL_FN("Revision", "The number of the state.", revision_number),
	COL_AGE,
	COL_END,
};

/* ---- batch ---- */

static bool job_condition(const struct json *tree, const char *type)
{
	json_each(c, json_path(tree, "status.conditions"))
		if (!strcmp(json_path_str(c, "type"), type))
			return !strcmp(json_path_str(c, "status"), "True");
	return false;
}

CELL(job_status)
{
	const char *status = "Running";

	if (job_condition(tree, "Complete"))
		status = "Complete";
	else if (job_condition(tree, "Failed"))
		status = "Failed";
	else if (json_path(tree, "metadata.deletionTimestamp"))
		status = "Terminating";
	else if (job_condition(tree, "Suspended"))
		status = "Suspended";
	else if (job_condition(tree, "FailureTarget"))
		status = "FailureTarget";
	else if (job_condition(tree, "SuccessCriteriaMet"))
		status = "SuccessCriteriaMet";
	cell_str(out, status);
}

CELL(job_completions)
{
	long long succeeded = json_path_int(tree, "status.succeeded", 0);
	long long parallelism = json_path_int(tree, "spec.parallelism", 0);

	if (json_path(tree, "spec.completions"))
		cell_strf(out, "%lld/%lld", succeeded,
			  (long long)json_path_int(tree, "spec.completions", 0));
	else if (parallelism > 1)
		cell_strf(out, "%lld/1 of %lld", succeeded, parallelism);
	else
		cell_strf(out, "%lld/1", succeeded);
}

CELL(job_duration)
{
	int64_t from, to;

	if (!cell_time(json_path_str(tree, "status.startTime"), &from)) {
		cell_str(out, "");
		return;
	}
	if (!cell_time(json_path_str(tree, "status.completionTime"), &to))
		to = now_s;
	cell_str(out, cell_span(a, to - from));
}

const struct column columns_job[] = {
	COL_NAME,
	COL_FN("Status", "How the job stands.", job_status),
	COL_FN("Completions", "Pods that succeeded, of those needed.", job_completions),
	COL_FN("Duration", "From start to completion, or until now.", job_duration),
	COL_AGE,
	COL_PODS,
	COL_WIDE_FN("Selector", DOC_SELECTOR, selector),
	COL_END,
};

static const struct json *cron_spec(const struct json *tree)
{
	return json_path(tree, "spec.jobTemplate.spec");
}

CELL(cron_containers)
{
	cell_containers(out, a, json_path(cron_spec(tree), "template.spec"));
}

CELL(cron_images)
{
	cell_images(out, a, json_path(cron_spec(tree), "template.spec"));
}

CELL(cron_selector)
{
	cell_label_selector(out, a, json_get(cron_spec(tree), "selector"));
}

CELL(cron_last)
{
	const char *last = json_path_str(tree, "status.lastScheduleTime");

	cell_str(out, last[0] ? cell_since(a, last, now_s) : "<none>");
}

/* Declared as a boolean, printed as a word. */
CELL(cron_suspend)
{
	const struct json *suspend = json_path(tree, "spec.suspend");

	cell_str(out, !suspend ? "<unset>" : json_is_true(suspend) ? "True" : "False");
}

CELL(cron_active)
{
	buf_addf(out, "%zu", json_count(json_path(tree, "status.active")));
}

const struct column columns_cronjob[] = {
	COL_NAME,
	COL("Schedule", "When jobs start, in cron format.", "spec.schedule"),
	COL("Timezone", "The time zone of the schedule.", "spec.timeZone"),
	COL_BOOL_FN("Suspend", "No new jobs are started.", cron_suspend),
	COL_INT_FN("Active", "Jobs that run.", cron_active),
	COL_FN("Last Schedule", "When a job was last started.", cron_last),
	COL_AGE,
	COL_WIDE_FN("Containers", DOC_CONTAINERS, cron_containers),
	COL_WIDE_FN("Images", DOC_IMAGES, cron_images),
	COL_WIDE_FN("Selector", DOC_SELECTOR, cron_selector),
	COL_END,
};

/* ---- autoscaling ---- */

#define METRICS_SHOWN 2

static const char *or_unknown(const char *s)
{
	return s[0] ? s : "<unknown>";
}

/* "cpu: 40%/80%" of a resource or container resource metric. */
static void resource_metric(struct buf *b, struct arena *a, const struct json *spec,
			    const struct json *status)
{
	const char *average = json_path_str(spec, "target.averageValue");
	const struct json *now = json_path(status, "current.averageUtilization");
	const struct json *want = json_path(spec, "target.averageUtilization");

	buf_addf(b, "%s: ", json_path_str(spec, "name"));
	if (average[0])
		buf_addf(b, "%s/%s", or_unknown(json_path_str(status, "current.averageValue")),
			 average);
	else
		buf_addf(b, "%s%s/%s%s", now ? json_text(a, now) : "<unknown>", now ? "%" : "",
			 want ? json_text(a, want) : "<auto>", want ? "%" : "");
}

static void value_metric(struct buf *b, const char *type, const struct json *spec,
			 const struct json *status)
{
	const char *average = json_path_str(spec, "target.averageValue");

	if (average[0])
		buf_addf(b, "%s/%s%s", or_unknown(json_path_str(status, "current.averageValue")),
			 average, !strcmp(type, "pods") ? "" : " (avg)");
	else
		buf_addf(b, "%s/%s", or_unknown(json_path_str(status, "current.value")),
			 json_path_str(spec, "target.value"));
}

static void metric(struct buf *b, struct arena *a, const struct json *m, const struct json *current)
{
	static const char *const types[][2] = { { "External", "external" },
						{ "Pods", "pods" },
						{ "Object", "object" },
						{ "Resource", "resource" },
						{ "ContainerResource", "containerResource" } };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const char *name = types[i][1];

		if (strcmp(json_path_str(m, "type"), types[i][0]) != 0)
			continue;
		if (i < 3)
			value_metric(b, name, json_get(m, name), json_get(current, name));
		else
			resource_metric(b, a, json_get(m, name), json_get(current, name));
		return;
	}
	buf_adds(b, "<unknown type>");
}

CELL(autoscaler_targets)
{
	const struct json *metrics = json_path(tree, "spec.metrics");
	const struct json *current = json_path(tree, "status.currentMetrics");
	BUF_AUTO struct buf b = BUF_INIT;
	size_t n = json_count(metrics);

	for (size_t i = 0; i < n && i < METRICS_SHOWN; i++) {
		buf_adds(&b, i ? ", " : "");
		metric(&b, a, json_at(metrics, i), json_at(current, i));
	}
	if (n > METRICS_SHOWN)
		buf_addf(&b, " + %zu more...", n - METRICS_SHOWN);
	cell_str(out, n ? b.p : "<none>");
}

CELL(autoscaler_reference)
{
	cell_strf(out, "%s/%s", json_path_str(tree, "spec.scaleTargetRef.kind"),
		  json_path_str(tree, "spec.scaleTargetRef.name"));
}

CELL(autoscaler_min)
{
	if (json_path(tree, "spec.minReplicas"))
		cell_strf(out, "%lld", (long long)json_path_int(tree, "spec.minReplicas", 0));
	else
		cell_str(out, "<unset>");
}

CELL(autoscaler_max)
{
	cell_int(out, tree, "spec.maxReplicas");
}

CELL(autoscaler_replicas)
{
	cell_int(out, tree, "status.currentReplicas");
}

const struct column columns_autoscaler[] = {
	COL_NAME,
	COL_FN("Reference", "What is scaled.", autoscaler_reference),
	COL_FN("Targets", "Each metric's current and wanted amount.", autoscaler_targets),
	COL_FN("MinPods", "The least replicas.", autoscaler_min),
	COL_FN("MaxPods", "The most replicas.", autoscaler_max),
	COL_FN("Replicas", "Replicas as last seen.", autoscaler_replicas),
	COL_AGE,
	COL_END,
};

static void budget_amount(struct buf *out, struct arena *a, const struct json *v)
{
	cell_str(out, !v ? "N/A" : json_is_string(v) ? json_str(v) : json_text(a, v));
}

CELL(budget_min)
{
	budget_amount(out, a, json_path(tree, "spec.minAvailable"));
}

CELL(budget_max)
{
	budget_amount(out, a, json_path(tree, "spec.maxUnavailable"));
}

const struct column columns_budget[] = {
	COL_NAME,
	COL_FN("Min Available", "Pods that must stay available.", budget_min),
	COL_FN("Max Unavailable", "Pods that may be unavailable.", budget_max),
	COL_INT("Allowed Disruptions", "Pods that may be evicted now.", "status.disruptionsAllowed"),
	COL_AGE,
	COL_END,
};
