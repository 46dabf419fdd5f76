/*
 * workload_check: validation of the kinds that make pods.
 * k8s: pkg/apis/apps/validation, pkg/apis/batch/validation,
 * pkg/apis/core/validation (replication controllers).
 */
#include "kind/hooks.h"
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "base/cron.h"
#include "base/zone.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void check_numbers(struct hook *h, const struct at *at, const struct json *spec,
			  const char *const *names)
{
	for (; *names; names++)
		check_nonnegative(h, AT(at, *names), json_get(spec, *names));
}

/* ---- percentages ---- */

/* The number of a plain "NN%"; -1 when s is none. */
static long percent(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	return s[0] >= '0' && s[0] <= '9' && !strcmp(end, "%") ? n : -1;
}

void check_int_or_percent(struct hook *h, const struct at *at, const struct json *v)
{
	if (!json_is_string(v))
		check_nonnegative(h, at, v);
	else if (percent(json_str(v)) < 0)
		err_invalid(h, at, json_str(v),
			    "a valid percent string must be a numeric string followed by an ending "
			    "'%%' (e.g. '1%%',  or '93%%', regex used for validation is '[0-9]+%%')");
}

static bool is_zero(const struct json *v)
{
	int64_t n = 0;

	if (json_is_string(v))
		return percent(json_str(v)) == 0;
	json_int(v, &n);
	return n == 0;
}

static void check_rolling_update(struct hook *h, const struct at *at, const struct json *ru)
{
	const struct json *unavailable = json_get(ru, "maxUnavailable");
	const struct json *surge = json_get(ru, "maxSurge");

	check_int_or_percent(h, AT(at, "maxUnavailable"), unavailable);
	check_int_or_percent(h, AT(at, "maxSurge"), surge);
	if (is_zero(unavailable) && is_zero(surge))
		err_invalid_json(h, AT(at, "maxUnavailable"), unavailable,
				 "may not be 0 when `maxSurge` is 0");
	if (json_is_string(unavailable) && percent(json_str(unavailable)) > 100)
		err_invalid_json(h, AT(at, "maxUnavailable"), unavailable,
				 "must not be greater than 100%%");
}

/* ---- Deployment and ReplicaSet ---- */

/* Upstream shows its internal struct here, whose members have no names for JSON. */
static const char *strategy_text(struct hook *h, const char *type, const struct json *ru)
{
	const char *unavailable = json_text(h->a, json_get(ru, "maxUnavailable"));
	const char *surge = json_text(h->a, json_get(ru, "maxSurge"));

	if (!ru)
		return arena_printf(h->a, "{\"Type\":\"%s\",\"RollingUpdate\":null}", type);
	return arena_printf(
		h->a, "{\"Type\":\"%s\",\"RollingUpdate\":{\"MaxUnavailable\":%s,\"MaxSurge\":%s}}",
		type, unavailable, surge);
}

static void check_strategy(struct hook *h, const struct at *at, const struct json *strategy)
{
	const char *type = json_path_str(strategy, "type");
	const struct json *ru = json_get(strategy, "rollingUpdate");

	if (!strcmp(type, "Recreate")) {
		if (ru)
			err_forbidden(h, AT(at, "rollingUpdate"),
				      "may not be specified when strategy `type` is 'Recreate'");
	} else if (!strcmp(type, "RollingUpdate")) {
		check_rolling_update(h, AT(at, "rollingUpdate"), ru);
	} else {
		field_error(h->errors, FIELD_NOT_SUPPORTED, at_text(h, at),
			    strategy_text(h, type, ru),
			    "supported values: \"Recreate\", \"RollingUpdate\"");
	}
}

HOOK_CHECK(deployment_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");
	int64_t deadline = json_path_int(spec, "progressDeadlineSeconds", 0);

	check_nonnegative(h, AT(at, "replicas"), json_get(spec, "replicas"));
	check_selected_template(h, at, spec, "deployment", "ReplicaSet");
	check_strategy(h, AT(at, "strategy"), json_get(spec, "strategy"));
	check_numbers(h, at, spec,
		      LIST("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"));
	if (json_get(spec, "progressDeadlineSeconds") &&
	    deadline <= json_path_int(spec, "minReadySeconds", 0))
		err_invalid_int(h, AT(at, "progressDeadlineSeconds"), deadline,
				"must be greater than minReadySeconds");
}

static void selector_is_kept(struct hook *h, const struct json *o, const struct json *old)
{
	check_immutable(h, AT(AT_ROOT("spec"), "selector"), json_path(o, "spec.selector"),
			json_path(old, "spec.selector"));
}

HOOK_CHECK_OLD(deployment_validate_update)
{
	selector_is_kept(h, o, old);
}

HOOK_CHECK(replicaset_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");

	check_numbers(h, at, spec, LIST("replicas", "minReadySeconds"));
	check_selected_template(h, at, spec, "deployment", "ReplicaSet");
}

HOOK_CHECK_OLD(replicaset_validate_update)
{
	selector_is_kept(h, o, old);
}

/* ---- StatefulSet ---- */

/* The template with a volume for each claim template, as its pods will have. */
static struct json *with_claim_volumes(struct hook *h, const struct json *spec)
{
	struct json *copy = json_copy(h->a, spec);
	struct json *pod = json_make_path(h->a, copy, "template.spec"), *volumes;

	json_del(pod, "subdomain");
	json_del(pod, "hostname");
	if (!json_count(json_get(spec, "volumeClaimTemplates")))
		return copy;
	volumes = json_ensure_array(h->a, pod, "volumes");
	json_each(claim, json_get(spec, "volumeClaimTemplates")) {
		const char *name = json_path_str(claim, "metadata.name");

		for (struct json *v = json_first(volumes), *next; v; v = next) {
			next = json_next(v);
			if (!strcmp(json_path_str(v, "name"), name))
				json_detach(volumes, v);
		}
		json_append(volumes, json_build(h->a, "{name:%s,persistentVolumeClaim:{claimName:%s}}",
						name, name));
	}
	return copy;
}

HOOK_CHECK(statefulset_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");
	const char *policy = json_path_str(spec, "podManagementPolicy");
	const char *type = json_path_str(spec, "updateStrategy.type");
	const char *service = json_path_str(spec, "serviceName");

	if (!one_of(policy, LIST("OrderedReady", "Parallel")))
		err_invalid(h, AT(at, "podManagementPolicy"), policy,
			    "must be 'OrderedReady' or 'Parallel'");
	if (!one_of(type, LIST("RollingUpdate", "OnDelete")))
		err_invalid_json(h, AT(at, "updateStrategy"), json_get(spec, "updateStrategy"),
				 "must be 'RollingUpdate' or 'OnDelete'");
	else if (!strcmp(type, "OnDelete") && json_path(spec, "updateStrategy.rollingUpdate"))
		err_invalid_json(h, AT(AT(at, "updateStrategy"), "rollingUpdate"),
				 json_path(spec, "updateStrategy.rollingUpdate"),
				 "only allowed for updateStrategy 'RollingUpdate'");
	check_nonnegative(h, AT(AT(AT(at, "updateStrategy"), "rollingUpdate"), "partition"),
			  json_path(spec, "updateStrategy.rollingUpdate.partition"));
	check_numbers(h, at, spec, LIST("replicas", "minReadySeconds"));
	check_nonnegative(h, AT(AT(at, "ordinals"), "start"), json_path(spec, "ordinals.start"));
	if (service[0] && !h->old)
		check_text(h, AT(at, "serviceName"), TEXT_DNS_LABEL, service);
	check_selected_template(h, at, with_claim_volumes(h, spec), "statefulset", "StatefulSet");
}

HOOK_CHECK_OLD(statefulset_validate_update)
{
	const char *const *mutable =
		LIST("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
		     "persistentVolumeClaimRetentionPolicy", "minReadySeconds");
	struct json *now = json_copy(h->a, json_get(o, "spec"));
	struct json *was = json_copy(h->a, json_get(old, "spec"));

	for (size_t i = 0; mutable[i]; i++) {
		json_del(now, mutable[i]);
		json_del(was, mutable[i]);
	}
	if (!json_equal(now, was))
		err_forbidden(h, AT_ROOT("spec"),
			      "updates to statefulset spec for fields other than 'replicas', "
			      "'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
			      "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
			      "forbidden");
}

/* ---- DaemonSet ---- */

HOOK_CHECK(daemonset_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec"), *strategy = AT(at, "updateStrategy");
	const char *type = json_path_str(spec, "updateStrategy.type");

	check_selected_template(h, at, spec, "daemonset", "DaemonSet");
	check_numbers(h, at, spec, LIST("minReadySeconds", "revisionHistoryLimit"));
	if (!one_of(type, LIST("OnDelete", "RollingUpdate")))
		err_unsupported(h, AT(strategy, "type"), type, LIST("RollingUpdate", "OnDelete"));
	else if (!strcmp(type, "RollingUpdate") && !json_path(spec, "updateStrategy.rollingUpdate"))
		err_required(h, AT(strategy, "rollingUpdate"), NULL);
}

HOOK_CHECK_OLD(daemonset_validate_update)
{
	selector_is_kept(h, o, old);
}

/* ---- ReplicationController ---- */

HOOK_CHECK(replicationcontroller_validate)
{
	const struct json *spec = json_get(o, "spec"), *selector = json_get(spec, "selector");
	const struct json *template = json_get(spec, "template");
	const struct json *labels = json_path(template, "metadata.labels");
	const struct at *at = AT_ROOT("spec"), *template_at = AT(at, "template");
	const char *policy = json_path_str(template, "spec.restartPolicy");

	check_numbers(h, at, spec, LIST("minReadySeconds", "replicas"));
	if (!json_count(selector))
		err_required(h, AT(at, "selector"), NULL);
	if (!template) {
		err_required(h, template_at, NULL);
		return;
	}
	if (json_count(selector) && !selector_matches(selector_from_map(h->a, selector), labels))
		err_invalid_json(h, AT(AT(template_at, "metadata"), "labels"), labels,
				 "`selector` does not match template `labels`");
	check_pod_template(h, template_at, template);
	if (strcmp(policy, "Always") != 0)
		err_unsupported(h, AT(AT(template_at, "spec"), "restartPolicy"), policy,
				LIST("Always"));
}

/* ---- Job and CronJob ---- */

static void check_job_spec(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *template = json_get(spec, "template");
	const struct at *template_at = AT(at, "template");
	const char *policy = json_path_str(template, "spec.restartPolicy");
	const char *mode = json_path_str(spec, "completionMode");

	check_numbers(h, at, spec,
		      LIST("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
			   "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"));
	if (mode[0])
		check_enum(h, AT(at, "completionMode"), mode, LIST("Indexed", "NonIndexed"), false);
	if (!strcmp(mode, "Indexed") && !json_get(spec, "completions"))
		err_required(h, AT(at, "completions"), "when completion mode is Indexed");
	check_pod_template(h, template_at, template);
	if (!strcmp(policy, "Always"))
		err_required(h, AT(AT(template_at, "spec"), "restartPolicy"),
			     "valid values: \"OnFailure\", \"Never\"");
	else if (!one_of(policy, LIST("OnFailure", "Never")))
		err_unsupported(h, AT(AT(template_at, "spec"), "restartPolicy"), policy,
				LIST("OnFailure", "Never"));
}

HOOK_CHECK(job_validate)
{
	const struct json *spec = json_get(o, "spec"), *selector = json_get(spec, "selector");
	const struct json *labels = json_path(spec, "template.metadata.labels");
	const struct at *at = AT_ROOT("spec");
	struct selector *s = selector ? selector_from_label_selector(h->a, selector, NULL) : NULL;

	check_job_spec(h, at, spec);
	if (!selector)
		err_required(h, AT(at, "selector"), NULL);
	else
		check_label_selector(h, AT(at, "selector"), selector);
	if (!selector || (s && !selector_matches(s, labels)))
		err_invalid_json(h, AT(AT(AT(at, "template"), "metadata"), "labels"), labels,
				 "`selector` does not match template `labels`");
}

/* A suspended Job that has not started may still be steered. */
static void check_job_template(struct hook *h, const struct at *at, const struct json *spec,
			       const struct json *old)
{
	const char *const *steering = LIST("nodeSelector", "affinity", "tolerations",
					   "schedulingGates", "containers", "initContainers");
	const struct json *was = json_path(old, "spec.template");
	struct json *now = json_copy(h->a, json_get(spec, "template"));
	bool idle = json_path_bool(old, "spec.suspend", false) &&
		    !json_path(old, "status.startTime") && !json_path_int(old, "status.active", 0);

	if (idle) {
		const struct json *meta = json_get(was, "metadata");

		if (meta)
			json_set(h->a, now, "metadata", json_copy(h->a, meta));
		for (size_t i = 0; steering[i]; i++) {
			const struct json *v = json_path(was, "spec");

			v = json_get(v, steering[i]);
			if (v)
				json_set(h->a, json_get(now, "spec"), steering[i],
					 json_copy(h->a, v));
			else
				json_del(json_get(now, "spec"), steering[i]);
		}
	}
	if (!json_equal(now, was))
		err_invalid_json(h, AT(at, "template"), json_get(spec, "template"),
				 "field is immutable");
}

HOOK_CHECK_OLD(job_validate_update)
{
	const char *const *immutable = LIST("completionMode", "podFailurePolicy",
					    "backoffLimitPerIndex", "managedBy", "successPolicy");
	const struct json *spec = json_get(o, "spec"), *was = json_get(old, "spec");
	const struct at *at = AT_ROOT("spec");
	bool indexed = !strcmp(json_path_str(spec, "completionMode"), "Indexed");
	bool elastic = indexed &&
		       json_equal(json_get(spec, "completions"), json_get(spec, "parallelism"));

	if (!elastic)
		check_immutable(h, AT(at, "completions"), json_get(spec, "completions"),
				json_get(was, "completions"));
	selector_is_kept(h, o, old);
	check_job_template(h, at, spec, old);
	for (size_t i = 0; immutable[i]; i++)
		check_immutable(h, AT(at, immutable[i]), json_get(spec, immutable[i]),
				json_get(was, immutable[i]));
}

/* A schedule that names its zone: the rest of it; NULL with *why when there is no such zone.  In a text
 * without a blank upstream's parser runs over the end, and says so. */
static const char *behind_zone(struct hook *h, const char *schedule, const char **why)
{
	const char *name = strchr(schedule, '=') + 1, *end = strchr(schedule, ' ');

	if (!end) {
		*why = "invalid schedule format: runtime error: slice bounds out of range [:-1]";
		return NULL;
	}
	name = arena_dup(h->a, name, end > name ? (size_t)(end - name) : 0);
	if (!zone_find(h->a, name)) {
		*why = arena_printf(h->a, "provided bad location %s: unknown time zone %s", name,
				    name);
		return NULL;
	}
	return end + strspn(end, " ");
}

static void check_schedule(struct hook *h, const struct at *at, const char *schedule, bool with_zone)
{
	bool zoned = !strncmp(schedule, "TZ=", 3) || !strncmp(schedule, "CRON_TZ=", 8);
	const char *why = NULL, *rest = zoned ? behind_zone(h, schedule, &why) : schedule;
	struct cron cron;

	if (!rest || !cron_parse(h->a, rest, &cron, &why))
		err_invalid(h, at, schedule, "%s", why);
	if (!strstr(schedule, "TZ"))
		return;
	if (!strstr(json_path_str(h->old, "spec.schedule"), "TZ"))
		err_invalid(h, at, schedule,
			    "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
	else if (with_zone)
		err_invalid(h, at, schedule,
			    "cannot use both timeZone field and TZ or CRON_TZ in schedule");
}

/* A name has parts of 1 to 14 characters of the zone database. */
static bool is_zone_name(const char *s)
{
	for (;; s++) {
		size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_+-.");

		if (!n || n > 14 || *s == '-' || (n == 1 && *s == '.') ||
		    (n == 2 && !strncmp(s, "..", 2)))
			return false;
		s += n;
		if (*s != '/')
			return !*s;
	}
}

static void check_time_zone(struct hook *h, const struct at *at, const struct json *zone)
{
	const char *s = json_str(zone);

	if (!zone)
		return;
	if (!s[0]) {
		err_invalid(h, at, s, "timeZone must be nil or non-empty string");
		return;
	}
	if (!is_zone_name(s)) {
		err_invalid(h, at, s, "unknown time zone %s", s);
		return;
	}
	if (!strcasecmp(s, "Local"))
		err_invalid(h, at, s,
			    "timeZone must be an explicit time zone as defined in "
			    "https://www.iana.org/time-zones");
	if (!zone_find(h->a, s))
		err_invalid(h, at, s, "unknown time zone %s", s);
}

HOOK_CHECK(cronjob_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");
	const char *schedule = json_path_str(spec, "schedule");

	if (!schedule[0])
		err_required(h, AT(at, "schedule"), NULL);
	else
		check_schedule(h, AT(at, "schedule"), schedule, json_get(spec, "timeZone"));
	check_nonnegative(h, AT(at, "startingDeadlineSeconds"),
			  json_get(spec, "startingDeadlineSeconds"));
	if (!json_equal(json_get(spec, "timeZone"), json_path(h->old, "spec.timeZone")))
		check_time_zone(h, AT(at, "timeZone"), json_get(spec, "timeZone"));
	check_enum(h, AT(at, "concurrencyPolicy"), json_path_str(spec, "concurrencyPolicy"),
		   LIST("Allow", "Forbid", "Replace"), true);
	check_numbers(h, at, spec, LIST("successfulJobsHistoryLimit", "failedJobsHistoryLimit"));
	check_job_spec(h, AT(AT(at, "jobTemplate"), "spec"), json_path(spec, "jobTemplate.spec"));
	if (!h->old && strlen(meta_name(o)) > 52)
		err_invalid(h, AT(AT_ROOT("metadata"), "name"), meta_name(o),
			    "must be no more than 52 characters");
}
