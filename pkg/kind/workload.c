/*
 * workload: Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController.
 * k8s: pkg/apis/apps/v1/defaults.go, conversion.go, pkg/registry/apps.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include "base/arena.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define TEMPLATE_GENERATION "deprecated.daemonset.template.generation"

static struct json *spec_of(struct hook *h, struct json *o)
{
	return default_obj(h, o, "spec");
}

/* An absent percentage or number of a strategy. */
static void default_text(struct hook *h, struct json *o, const char *name, const char *value)
{
	if (is_unset(o, name))
		json_set_str(h->a, o, name, value);
}

HOOK(deployment_defaults)
{
	struct json *spec = spec_of(h, o);
	struct json *strategy = default_obj(h, spec, "strategy");

	default_int(h, spec, "replicas", 1);
	default_str(h, strategy, "type", "RollingUpdate");
	if (!strcmp(json_path_str(strategy, "type"), "RollingUpdate")) {
		struct json *ru = default_obj(h, strategy, "rollingUpdate");

		default_text(h, ru, "maxUnavailable", "25%");
		default_text(h, ru, "maxSurge", "25%");
	}
	default_int(h, spec, "revisionHistoryLimit", 10);
	default_int(h, spec, "progressDeadlineSeconds", 600);
	default_pod_template(h, spec);
}

/* Labels through /status would let a controller move a Deployment out of its owner's sight. */
HOOK_OLD(deployment_prepare_status)
{
	const struct json *labels = json_path(old, "metadata.labels");
	struct json *meta = meta_ensure(h->a, o);

	kind_status_only(h, o, old);
	if (labels)
		json_set(h->a, meta, "labels", json_copy(h->a, labels));
	else
		json_del(meta, "labels");
}

HOOK(replicaset_defaults)
{
	struct json *spec = spec_of(h, o);

	default_int(h, spec, "replicas", 1);
	default_pod_template(h, spec);
}

static void default_claim_template(struct hook *h, struct json *claim)
{
	json_set_str(h->a, claim, "kind", "PersistentVolumeClaim");
	json_set_str(h->a, claim, "apiVersion", "v1");
	default_claim_spec(h, default_obj(h, claim, "spec"));
	default_str(h, default_obj(h, claim, "status"), "phase", "Pending");
}

HOOK(statefulset_defaults)
{
	struct json *spec = spec_of(h, o);
	struct json *strategy = default_obj(h, spec, "updateStrategy"), *retention, *ru;

	default_str(h, spec, "podManagementPolicy", "OrderedReady");
	if (!json_path_str(strategy, "type")[0]) {
		json_set_str(h->a, strategy, "type", "RollingUpdate");
		default_obj(h, strategy, "rollingUpdate");
	}
	ru = json_get(strategy, "rollingUpdate");
	if (ru && !strcmp(json_path_str(strategy, "type"), "RollingUpdate"))
		default_int(h, ru, "partition", 0);
	retention = default_obj(h, spec, "persistentVolumeClaimRetentionPolicy");
	default_str(h, retention, "whenDeleted", "Retain");
	default_str(h, retention, "whenScaled", "Retain");
	default_int(h, spec, "replicas", 1);
	default_int(h, spec, "revisionHistoryLimit", 10);
	default_pod_template(h, spec);
	json_each(claim, json_get(spec, "volumeClaimTemplates"))
		default_claim_template(h, claim);
}

/* ---- DaemonSet ---- */

HOOK(daemonset_defaults)
{
	struct json *spec = spec_of(h, o);
	struct json *strategy = default_obj(h, spec, "updateStrategy");

	default_str(h, strategy, "type", "RollingUpdate");
	if (!strcmp(json_path_str(strategy, "type"), "RollingUpdate")) {
		struct json *ru = default_obj(h, strategy, "rollingUpdate");

		default_int(h, ru, "maxUnavailable", 1);
		default_int(h, ru, "maxSurge", 0);
	}
	default_int(h, spec, "revisionHistoryLimit", 10);
	default_pod_template(h, spec);
	/* a field of Go's internal type: every object that was decoded has it */
	if (!meta_annotation(o, TEMPLATE_GENERATION))
		meta_set_annotation(h->a, o, TEMPLATE_GENERATION, "0");
}

static int64_t template_generation(const struct json *o)
{
	const char *text = meta_annotation(o, TEMPLATE_GENERATION);

	return text ? strtoll(text, NULL, 10) : 0;
}

static void set_template_generation(struct hook *h, struct json *o, int64_t generation)
{
	meta_set_annotation(h->a, o, TEMPLATE_GENERATION,
			    arena_printf(h->a, "%lld", (long long)generation));
}

HOOK(daemonset_prepare_create)
{
	kind_status_reset(h, o);
	if (template_generation(o) < 1)
		set_template_generation(h, o, 1);
}

HOOK_OLD(daemonset_prepare_update)
{
	int64_t generation = template_generation(old);

	kind_status_keep(h, o, old);
	if (!json_equal(json_path(o, "spec.template"), json_path(old, "spec.template")))
		generation++;
	set_template_generation(h, o, generation);
}

/* ---- ReplicationController ---- */

HOOK(replicationcontroller_defaults)
{
	struct json *spec = spec_of(h, o);
	const struct json *labels;

	default_int(h, spec, "replicas", 1);
	if (!json_get(spec, "template"))
		return;
	default_pod_template(h, spec);
	labels = json_path(spec, "template.metadata.labels");
	if (!json_count(labels))
		return;
	if (!json_count(json_get(spec, "selector")))
		json_set(h->a, spec, "selector", json_copy(h->a, labels));
	if (!json_count(json_path(o, "metadata.labels")))
		json_set(h->a, meta_ensure(h->a, o), "labels", json_copy(h->a, labels));
}
