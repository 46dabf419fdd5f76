/*
 * Has a Job ended?  Earlier verdicts stand; then come failures, by policy, by limits, by deadline and by
 * index; then success by policy or by number.  Several may be true at once, so the order matters.
 */
#include "control/jobs.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static bool settled(const struct job *j)
{
	return j->verdict.type;
}

static void fail(struct job *j, const char *reason, const char *message)
{
	j->verdict = (struct verdict){ "FailureTarget", reason, message };
}

static const struct json *condition(const struct json *status, const char *type)
{
	json_each(c, json_get(status, "conditions"))
		if (!strcmp(json_path_str(c, "type"), type) &&
		    !strcmp(json_path_str(c, "status"), "True"))
			return c;
	return NULL;
}

bool job_has_condition(const struct json *status, const char *type)
{
	return condition(status, type);
}

/* What an earlier reconcile found. */
static void recall(struct job *j)
{
	static const char *const types[][2] = { { "SuccessCriteriaMet", "SuccessCriteriaMet" },
						{ "FailureTarget", "Failed" } };

	for (size_t i = 0; i < 2 && !settled(j); i++) {
		const struct json *c = condition(j->status, types[i][0]);

		if (c)
			j->verdict = (struct verdict){ types[i][1], json_path_str(c, "reason"),
						       json_path_str(c, "message") };
	}
}

static void judge_policy(struct job *j)
{
	char *message;
	bool counts;

	for (size_t i = 0; i < j->n; i++) {
		if (!j->all[i].failed)
			continue;
		job_pod_policy(j, &j->all[i], &counts, &message);
		if (message) {
			fail(j, "PodFailurePolicy", message);
			return;
		}
	}
}

/* With restartPolicy OnFailure the restarts of containers count. */
static bool past_restarts(struct job *j)
{
	static const char *const lists[] = { "initContainerStatuses", "containerStatuses" };
	int64_t restarts = 0;

	if (strcmp(json_path_str(j->tree, "spec.template.spec.restartPolicy"), "OnFailure"))
		return false;
	for (size_t i = 0; i < j->n; i++) {
		const char *phase = pod_phase(&j->pods, j->all[i].o);

		if (strcmp(phase, "Running") && strcmp(phase, "Pending"))
			continue;
		for (size_t l = 0; l < 2; l++)
			json_each(s, json_get(json_get(job_pod_tree(j, &j->all[i]), "status"),
					      lists[l]))
				restarts += json_path_int(s, "restartCount", 0);
	}
	return j->backoff_limit ? restarts >= j->backoff_limit : restarts > 0;
}

/* Milliseconds until activeDeadlineSeconds; false when there is none. */
static bool deadline(const struct job *j, int64_t *left_ms)
{
	int64_t allowed = json_path_int(j->tree, "spec.activeDeadlineSeconds", -1), us;

	if (allowed < 0 || j->suspended || !time_parse(json_path_str(j->status, "startTime"), &us))
		return false;
	*left_ms = allowed * 1000 - (clock_now_us() - us) / 1000;
	return true;
}

static void judge_limits(struct job *j)
{
	int64_t left_ms;

	if (j->failed > j->backoff_limit || past_restarts(j)) {
		fail(j, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
	} else if (deadline(j, &left_ms)) {
		if (left_ms <= 0)
			fail(j, "DeadlineExceeded", "Job was active longer than specified deadline");
		else if (!j->after_ms || left_ms < j->after_ms)
			j->after_ms = left_ms;
	}
}

static void judge_indexes(struct job *j)
{
	int64_t most = json_path_int(j->tree, "spec.maxFailedIndexes", -1);
	int64_t lost = indexes_total(&j->lost);

	if (most >= 0 && lost > most)
		fail(j, "MaxFailedIndexesExceeded",
		     "Job has exceeded the specified maximal number of failed indexes");
	else if (lost && lost + indexes_total(&j->done) >= j->completions)
		fail(j, "FailedIndexes", "Job has failed indexes");
}

static bool rule_met(struct job *j, const struct json *rule)
{
	int64_t count = json_path_int(rule, "succeededCount", -1);
	const struct json *text = json_get(rule, "succeededIndexes");
	struct indexes want;
	int64_t have;

	if (!text)
		return count >= 0 && indexes_total(&j->done) >= count;
	want = indexes_parse(j->t->call.a, json_str(text), j->completions);
	if (!want.n)
		return false;
	have = indexes_common(&want, &j->done);
	return have == indexes_total(&want) || (count >= 0 && have >= count);
}

static void judge_success_policy(struct job *j)
{
	int i = 0;

	if (!j->done.n)
		return;
	json_each(rule, json_path(j->tree, "spec.successPolicy.rules")) {
		if (rule_met(j, rule)) {
			j->verdict = (struct verdict){ "SuccessCriteriaMet", "SuccessPolicy",
						       arena_printf(j->t->call.a,
								    "Matched rules at index %d", i) };
			return;
		}
		i++;
	}
}

void job_judge(struct job *j)
{
	recall(j);
	if (!settled(j))
		judge_policy(j);
	if (!settled(j))
		judge_limits(j);
	if (!settled(j) && j->per_index)
		judge_indexes(j);
	if (!settled(j) && j->indexed)
		judge_success_policy(j);
}
