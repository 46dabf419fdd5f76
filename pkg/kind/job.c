/*
 * job: Job and CronJob.  A Job's selector is generated from its uid, so prepare_create needs
 * metadata.uid to be set already.
 * k8s: pkg/apis/batch/v1/defaults.go, pkg/registry/batch/job/strategy.go.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include "obj/meta.h"

#include <stdint.h>
#include <string.h>

#define NAME_LABEL_OLD "job-name"
#define NAME_LABEL_NEW "batch.kubernetes.io/job-name"
#define UID_LABEL_OLD "controller-uid"
#define UID_LABEL_NEW "batch.kubernetes.io/controller-uid"

void default_job_spec(struct hook *h, struct json *spec)
{
	default_pod_template(h, spec);
	json_each(rule, json_path(spec, "podFailurePolicy.rules"))
		json_each(c, json_get(rule, "onPodConditions"))
			default_str(h, c, "status", "True");
}

/* What only a Job itself gets; a CronJob's jobTemplate is left as written. */
static void default_job(struct hook *h, struct json *spec)
{
	bool per_index = !is_unset(spec, "backoffLimitPerIndex");
	bool failure_policy = !is_unset(spec, "podFailurePolicy");

	if (is_unset(spec, "completions") && is_unset(spec, "parallelism"))
		json_set_int(h->a, spec, "completions", 1);
	default_int(h, spec, "parallelism", 1);
	default_int(h, spec, "backoffLimit", per_index ? INT32_MAX : 6);
	if (is_unset(spec, "completionMode"))
		json_set_str(h->a, spec, "completionMode", "NonIndexed");
	default_bool(h, spec, "suspend", false);
	if (is_unset(spec, "podReplacementPolicy"))
		json_set_str(h->a, spec, "podReplacementPolicy",
			     failure_policy ? "Failed" : "TerminatingOrFailed");
	default_bool(h, spec, "manualSelector", false);
}

HOOK(job_defaults)
{
	struct json *spec = default_obj(h, o, "spec");
	const struct json *labels;

	default_job_spec(h, spec);
	default_job(h, spec);
	labels = json_path(spec, "template.metadata.labels");
	if (json_count(labels) && !json_count(json_path(o, "metadata.labels")))
		json_set(h->a, meta_ensure(h->a, o), "labels", json_copy(h->a, labels));
}

static void label_job(struct hook *h, struct json *labels, const char *name, const char *uid)
{
	const char *const pairs[][2] = { { NAME_LABEL_OLD, name },
					 { NAME_LABEL_NEW, name },
					 { UID_LABEL_OLD, uid },
					 { UID_LABEL_NEW, uid } };

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (!json_get(labels, pairs[i][0]))
			json_set_str(h->a, labels, pairs[i][0], pairs[i][1]);
}

HOOK(job_prepare_create)
{
	struct json *spec = default_obj(h, o, "spec");
	const struct json *own = json_path(o, "metadata.labels");
	struct json *labels;
	bool same;

	kind_status_reset(h, o);
	if (json_path_bool(spec, "manualSelector", false))
		return;
	labels = default_obj(h, json_make_path(h->a, spec, "template.metadata"), "labels");
	/* A Job without labels of its own has its template's, the generated ones among them: upstream
	 * defaults them again whenever it reads a Job from its store. */
	same = !json_count(own) || json_equal(own, labels);
	label_job(h, labels, meta_name(o), meta_uid(o));
	if (same)
		json_set(h->a, meta_ensure(h->a, o), "labels", json_copy(h->a, labels));
	labels = default_obj(h, default_obj(h, spec, "selector"), "matchLabels");
	if (!json_get(labels, UID_LABEL_NEW))
		json_set_str(h->a, labels, UID_LABEL_NEW, meta_uid(o));
}

HOOK(cronjob_defaults)
{
	struct json *spec = default_obj(h, o, "spec");
	struct json *job = default_obj(h, spec, "jobTemplate");

	default_str(h, spec, "concurrencyPolicy", "Allow");
	default_bool(h, spec, "suspend", false);
	default_int(h, spec, "successfulJobsHistoryLimit", 3);
	default_int(h, spec, "failedJobsHistoryLimit", 1);
	default_obj(h, job, "metadata");
	default_job_spec(h, default_obj(h, job, "spec"));
}
