/*
 * A Job's pods as they count.  What the header says is taken from it; only pods that ended and are not counted
 * yet are parsed.
 */
#include "control/claim.h"
#include "control/jobs.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define NOTE_FAILURES "batch.kubernetes.io/job-index-failure-count"
#define NOTE_IGNORED "batch.kubernetes.io/job-index-ignored-failure-count"

const struct json *job_pod_tree(struct job *j, struct jobpod *p)
{
	if (!p->tree)
		p->tree = obj_tree(j->t->call.a, p->o);
	return p->tree;
}

int64_t job_pod_note(struct job *j, struct jobpod *p, const char *annotation)
{
	const char *v = meta_annotation(job_pod_tree(j, p), annotation);
	int64_t n = v ? strtoll(v, NULL, 10) : 0;

	return n < 0 || n > INT32_MAX ? 0 : n;
}

/* ---- when it ended ---- */

static int64_t seconds(const struct json *time)
{
	int64_t us;

	return time_parse(json_str(time), &us) ? us / 1000000 : 0;
}

static bool is_sidecar(const struct json *pod, const char *name)
{
	json_each(c, json_path(pod, "spec.initContainers"))
		if (!strcmp(json_path_str(c, "name"), name))
			return !strcmp(json_path_str(c, "restartPolicy"), "Always");
	return false;
}

/* The latest of all containers; 0 when one has not ended. */
static int64_t containers_finished_s(const struct json *pod)
{
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses" };
	int64_t last = 0;

	for (size_t i = 0; i < 2; i++)
		json_each(s, json_get(json_get(pod, "status"), lists[i])) {
			int64_t at = seconds(json_path(s, "state.terminated.finishedAt"));

			if (i && !is_sidecar(pod, json_path_str(s, "name")))
				continue;
			if (!at)
				return 0;
			if (at > last)
				last = at;
		}
	return last;
}

int64_t job_pod_finished_s(struct job *j, struct jobpod *p)
{
	const struct json *pod = job_pod_tree(j, p);
	const struct json *ready = meta_condition(pod, "Ready");
	int64_t at = containers_finished_s(pod);

	if (!at && ready && !strcmp(json_path_str(ready, "status"), "False"))
		at = seconds(json_get(ready, "lastTransitionTime"));
	if (!at && p->o->deleted_s)
		at = p->o->deleted_s - json_path_int(pod, "metadata.deletionGracePeriodSeconds", 0);
	return at ? at : p->o->created_s;
}

/* ---- the failure policy ---- */

static bool listed(const struct json *values, int64_t v)
{
	int64_t x;

	json_each(e, values)
		if (json_int(e, &x) && x == v)
			return true;
	return false;
}

/* The container whose exit code the requirement is about; NULL = none. */
static const struct json *exit_matches(const struct json *statuses, const struct json *want)
{
	const char *name = json_path_str(want, "containerName");
	bool in = !strcmp(json_path_str(want, "operator"), "In");

	json_each(s, statuses) {
		const struct json *end = json_path(s, "state.terminated");
		int64_t code = json_path_int(end, "exitCode", 0);

		if (!end || !code || (*name && strcmp(name, json_path_str(s, "name"))))
			continue;
		if (listed(json_get(want, "values"), code) == in)
			return s;
	}
	return NULL;
}

static const struct json *condition_matches(const struct json *pod, const struct json *patterns)
{
	json_each(c, json_path(pod, "status.conditions"))
		json_each(p, patterns)
			if (!strcmp(json_path_str(c, "type"), json_path_str(p, "type")) &&
			    !strcmp(json_path_str(c, "status"), json_path_str(p, "status")))
				return c;
	return NULL;
}

/* Why a rule is about this pod, as a sentence for FailJob; NULL = it is not. */
static char *rule_matches(struct job *j, struct jobpod *p, const struct json *rule, size_t i)
{
	const struct json *pod = job_pod_tree(j, p), *codes = json_get(rule, "onExitCodes"), *hit;
	const char *action = json_path_str(rule, "action");
	struct arena *a = j->t->call.a;

	if (!codes) {
		hit = condition_matches(pod, json_get(rule, "onPodConditions"));
		return hit ? arena_printf(
				     a, "Pod %s/%s has condition %s matching %s rule at index %zu",
				     p->o->ns, p->o->name, json_path_str(hit, "type"), action, i) :
			     NULL;
	}
	hit = exit_matches(json_path(pod, "status.containerStatuses"), codes);
	if (!hit)
		hit = exit_matches(json_path(pod, "status.initContainerStatuses"), codes);
	return hit ? arena_printf(
			     a,
			     "Container %s for pod %s/%s failed with exit code %lld matching %s rule at index %zu",
			     json_path_str(hit, "name"), p->o->ns, p->o->name,
			     (long long)json_path_int(hit, "state.terminated.exitCode", 0), action,
			     i) :
		     NULL;
}

static enum policy_action action_of(const struct json *rule)
{
	static const char *const names[] = {
		[POLICY_IGNORE] = "Ignore", [POLICY_COUNT] = "Count", [POLICY_FAIL_INDEX] = "FailIndex", [POLICY_FAIL_JOB] = "FailJob"
	};
	const char *action = json_path_str(rule, "action");

	for (enum policy_action i = POLICY_IGNORE; i <= POLICY_FAIL_JOB; i++)
		if (!strcmp(names[i], action))
			return i;
	return POLICY_NONE;
}

enum policy_action job_pod_policy(struct job *j, struct jobpod *p, bool *counts, char **message)
{
	size_t i = 0;

	*counts = true;
	*message = NULL;
	json_each(rule, json_path(j->tree, "spec.podFailurePolicy.rules")) {
		char *why = rule_matches(j, p, rule, i++);
		enum policy_action action = action_of(rule);

		if (!why || action == POLICY_NONE)
			continue;
		*counts = action != POLICY_IGNORE;
		if (action == POLICY_FAIL_JOB)
			*message = why;
		return action;
	}
	return POLICY_NONE;
}

/* ---- indexes ---- */

struct jobpod *job_index_last_failed(struct job *j, int64_t index)
{
	struct jobpod *last = NULL;
	int64_t most = 0;

	if (!j->per_index || indexes_has(&j->done, index) || indexes_has(&j->lost, index))
		return NULL;
	for (size_t i = 0; i < j->n; i++) {
		struct jobpod *p = &j->all[i];
		int64_t n;

		if (p->index != index)
			continue;
		if (p->active)
			return NULL; /* which was told already */
		if (!p->failed || !p->tracked)
			continue;
		n = job_pod_note(j, p, NOTE_FAILURES) + job_pod_note(j, p, NOTE_IGNORED);
		if (!last || n > most ||
		    (n == most && job_pod_finished_s(j, p) >= job_pod_finished_s(j, last))) {
			last = p;
			most = n;
		}
	}
	return last;
}

static bool index_is_lost(struct job *j, struct jobpod *p)
{
	char *message;
	bool counts;

	if (job_pod_policy(j, p, &counts, &message) == POLICY_FAIL_INDEX)
		return true;
	return counts && job_pod_note(j, p, NOTE_FAILURES) >= j->index_limit;
}

static void read_indexes(struct job *j)
{
	struct arena *a = j->t->call.a;
	int64_t *done = arena_alloc(a, (j->n + 1) * sizeof(*done));
	int64_t *lost = arena_alloc(a, (j->n + 1) * sizeof(*lost));
	size_t ndone = 0, nlost = 0;
	struct indexes before, now;

	j->done_before =
		indexes_parse(a, json_path_str(j->status, "completedIndexes"), j->completions);
	for (size_t i = 0; i < j->n; i++) {
		struct jobpod *p = &j->all[i];

		if (p->index < 0 || !p->tracked)
			continue;
		if (p->succeeded)
			done[ndone++] = p->index;
		else if (j->per_index && p->failed && index_is_lost(j, p))
			lost[nlost++] = p->index;
	}
	now = indexes_of(a, done, ndone);
	j->done = indexes_union(a, &j->done_before, &now);
	before = indexes_parse(a, json_path_str(j->status, "failedIndexes"), j->completions);
	now = indexes_of(a, lost, nlost);
	j->lost = indexes_union(a, &before, &now);
	j->succeeded = indexes_total(&j->done);
}

/* ---- reading ---- */

static int64_t index_of(const struct job *j, const struct obj *pod)
{
	const char *v = j->indexed ? obj_label(pod, JOB_INDEX) : NULL;
	char *end;
	int64_t n;

	if (!v)
		return -1;
	n = strtoll(v, &end, 10);
	return end == v || *end || n < 0 || n >= j->completions ? -1 : n;
}

static bool has_uid(const struct json *list, const char *uid)
{
	json_each(e, list)
		if (!strcmp(json_str(e), uid))
			return true;
	return false;
}

static void read_pod(struct job *j, struct jobpod *p, const struct obj *o)
{
	const struct json *u = json_get(j->status, "uncountedTerminatedPods");
	const char *phase = pod_phase(&j->pods, o);

	*p = (struct jobpod){ .o = o, .index = index_of(j, o) };
	p->active = pod_active(&j->pods, o);
	p->terminating = o->deleted_s && !pod_finished(&j->pods, o);
	p->succeeded = !strcmp(phase, "Succeeded");
	p->failed = !strcmp(phase, "Failed") || (!j->only_failed && o->deleted_s && !p->succeeded);
	p->tracked = o->finalizers;
	/* Only of those that are to be counted must it be known whose finalizer that is. */
	if (p->tracked && !p->active)
		p->tracked = meta_has_finalizer(job_pod_tree(j, p), JOB_FINALIZER);
	p->uncounted = has_uid(json_get(u, "succeeded"), o->uid) ||
		       has_uid(json_get(u, "failed"), o->uid);
}

static void count_pod(struct job *j, struct jobpod *p)
{
	char *message;
	bool counts = true;

	j->active += p->active;
	j->ready += p->active && pod_ready(&j->pods, p->o);
	j->terminating += p->terminating;
	if (!p->tracked || p->uncounted || (j->indexed && p->index < 0))
		return;
	j->succeeded += p->succeeded;
	if (p->failed)
		job_pod_policy(j, p, &counts, &message);
	j->failed += p->failed && counts;
}

bool job_read_pods(struct job *j, struct status *st)
{
	struct claim c = { .t = j->t,
			   .kind = j->pods.kind,
			   .owner_kind = j->kind,
			   .owner = j->obj,
			   .sel = j->sel,
			   .finalizer = JOB_FINALIZER };
	const struct json *u = json_get(j->status, "uncountedTerminatedPods");
	const struct obj **objs;

	if (!claim(&c, &objs, &j->n, st))
		return false;
	j->all = arena_alloc(j->t->call.a, (j->n + 1) * sizeof(*j->all));
	j->active = j->ready = j->terminating = 0;
	j->succeeded = json_path_int(j->status, "succeeded", 0) +
		       (int64_t)json_count(json_get(u, "succeeded"));
	j->failed =
		json_path_int(j->status, "failed", 0) + (int64_t)json_count(json_get(u, "failed"));
	for (size_t i = 0; i < j->n; i++) {
		read_pod(j, &j->all[i], objs[i]);
		count_pod(j, &j->all[i]);
	}
	if (j->indexed)
		read_indexes(j);
	return true;
}
