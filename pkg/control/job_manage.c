/*
 * How many pods of a Job run: never more than parallelism nor than completions are missing; none while it is
 * suspended; after failures only with growing pauses, which are computed from the failed pods themselves, so
 * that a restart forgets nothing.
 */
#include "control/jobs.h"
#include "control/podwork.h"
#include "control/victims.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define BURST 500
#define BACKOFF_FIRST_S 10
#define BACKOFF_LAST_S 600
#define GENERATED_MAX 58
#define NOTE_FAILURES "batch.kubernetes.io/job-index-failure-count"
#define NOTE_IGNORED "batch.kubernetes.io/job-index-ignored-failure-count"
#define ENV_INDEX "JOB_COMPLETION_INDEX"

/* ---- making ---- */

struct making {
	struct job *j;
	const int64_t *indexes; /* NULL: not indexed */
};

static void add_env(struct arena *a, struct json *containers)
{
	json_each(c, containers) {
		struct json *env = json_ensure_array(a, c, "env");
		bool there = false;

		json_each(e, env)
			there = there || !strcmp(json_path_str(e, "name"), ENV_INDEX);
		if (!there)
			json_append(env, json_build(a, "{name:%s,valueFrom:{fieldRef:{fieldPath:%s}}}",
						    ENV_INDEX, "metadata.labels['" JOB_INDEX "']"));
	}
}

/* The pod of an index says how often that failed before. */
static void note_failures(struct job *j, struct json *pod, int64_t index)
{
	struct arena *a = j->t->call.a;
	struct jobpod *last = job_index_last_failed(j, index);
	int64_t failures = 0, ignored = 0;
	char *message;
	bool counts;

	if (last) {
		job_pod_policy(j, last, &counts, &message);
		failures = job_pod_note(j, last, NOTE_FAILURES) + counts;
		ignored = job_pod_note(j, last, NOTE_IGNORED) + !counts;
	}
	meta_set_annotation(a, pod, NOTE_FAILURES, arena_printf(a, "%lld", (long long)failures));
	if (ignored)
		meta_set_annotation(a, pod, NOTE_IGNORED,
				    arena_printf(a, "%lld", (long long)ignored));
}

static void give_index(struct job *j, struct json *pod, int64_t index)
{
	struct arena *a = j->t->call.a;
	struct json *spec = json_get(pod, "spec"), *meta = json_get(pod, "metadata");
	const char *name = j->obj->name, *text = arena_printf(a, "%lld", (long long)index);
	int room = GENERATED_MAX - (int)strlen(text) - 2;

	meta_set_annotation(a, pod, JOB_INDEX, text);
	meta_set_label(a, pod, JOB_INDEX, text);
	json_set_str(a, spec, "hostname", arena_printf(a, "%s-%s", name, text));
	json_set_str(a, meta, "generateName", arena_printf(a, "%.*s-%s-", room, name, text));
	add_env(a, json_get(spec, "initContainers"));
	add_env(a, json_get(spec, "containers"));
	if (j->per_index)
		note_failures(j, pod, index);
}

static struct json *build(void *arg, size_t i)
{
	struct making *m = arg;
	struct job *j = m->j;
	struct json *pod =
		pod_from_template(j->t->call.a, json_path(j->tree, "spec.template"), j->obj->name);

	meta_add_finalizer(j->t->call.a, pod, JOB_FINALIZER);
	if (m->indexes)
		give_index(j, pod, m->indexes[i]);
	return pod;
}

static struct podwork work_of(struct job *j, struct making *m)
{
	return (struct podwork){ .t = j->t,
				 .pod_kind = j->pods.kind,
				 .kind = j->kind,
				 .owner = j->obj,
				 .build = build,
				 .arg = m };
}

/* ---- pauses ---- */

static int64_t pause_ms(int64_t failures, int64_t last_s)
{
	int64_t pause_s = BACKOFF_FIRST_S, left;

	if (!failures)
		return 0;
	for (int64_t i = 1; i < failures && pause_s < BACKOFF_LAST_S; i++)
		pause_s *= 2;
	if (pause_s > BACKOFF_LAST_S)
		pause_s = BACKOFF_LAST_S;
	left = (last_s + pause_s) * 1000 - clock_now_us() / 1000;
	return left > 0 ? left : 0;
}

/* When the last success was; 0 = never. */
static int64_t last_success_s(struct job *j)
{
	int64_t last = 0;

	for (size_t i = 0; i < j->n; i++)
		if (j->all[i].succeeded && job_pod_finished_s(j, &j->all[i]) > last)
			last = job_pod_finished_s(j, &j->all[i]);
	return last;
}

/* The pause after the failures since the last success. */
static int64_t job_pause_ms(struct job *j)
{
	int64_t last = 0, count = 0, since;
	bool any = false;

	for (size_t i = 0; i < j->n; i++)
		any = any || j->all[i].failed;
	if (!any)
		return 0;
	since = last_success_s(j);
	for (size_t i = 0; i < j->n; i++) {
		int64_t at;

		if (!j->all[i].failed)
			continue;
		at = job_pod_finished_s(j, &j->all[i]);
		count += at > since || !since;
		if (at > last)
			last = at;
	}
	return pause_ms(count, last);
}

static int64_t index_pause_ms(struct job *j, int64_t index)
{
	struct jobpod *last = job_index_last_failed(j, index);

	if (!last)
		return 0;
	return pause_ms(job_pod_note(j, last, NOTE_FAILURES) + job_pod_note(j, last, NOTE_IGNORED) + 1,
			job_pod_finished_s(j, last));
}

static void wait_for(struct job *j, int64_t ms)
{
	if (ms && (!j->after_ms || ms < j->after_ms))
		j->after_ms = ms;
}

/* ---- who is next ---- */

/* Indexes that neither run nor are decided. */
static size_t pending_indexes(struct job *j, size_t count, int64_t *out)
{
	struct arena *a = j->t->call.a;
	int64_t *busy = arena_alloc(a, (j->n + 1) * sizeof(*busy));
	struct indexes taken, now;
	size_t n = 0, m, ready = 0;
	int64_t pause = 0;

	for (size_t i = 0; i < j->n; i++)
		if (j->all[i].index >= 0 &&
		    (j->all[i].active || (j->only_failed && j->all[i].terminating)))
			busy[n++] = j->all[i].index;
	now = indexes_of(a, busy, n);
	taken = indexes_union(a, &j->done, &now);
	taken = indexes_union(a, &taken, &j->lost);
	m = indexes_missing(&taken, j->completions, count, out);
	for (size_t i = 0; i < m; i++) {
		int64_t left = j->per_index ? index_pause_ms(j, out[i]) : 0;

		if (!left)
			out[ready++] = out[i];
		else if (!pause || left < pause)
			pause = left;
	}
	wait_for(j, pause);
	return ready;
}

static bool make_pods(struct job *j, int64_t n, struct status *st)
{
	int64_t *indexes = NULL, pause = j->per_index ? 0 : job_pause_ms(j);
	struct making m = { .j = j };
	struct podwork w = work_of(j, &m);
	STATUS_AUTO struct status failure = STATUS_INIT;

	if (pause) {
		wait_for(j, pause);
		return true;
	}
	if (n > BURST) {
		n = BURST;
		j->after_ms = 1;
	}
	if (j->indexed) {
		indexes = arena_alloc(j->t->call.a, ((size_t)n + 1) * sizeof(*indexes));
		n = (int64_t)pending_indexes(j, (size_t)n, indexes);
		m.indexes = indexes;
	}
	podwork_create(&w, (size_t)n, &failure);
	if (status_ok(&failure))
		return true;
	status_move(st, &failure);
	return false;
}

/* ---- deleting ---- */

static bool delete_pod(struct job *j, const struct obj *pod, bool counted, struct status *st)
{
	struct making m = { .j = j };
	struct podwork w = work_of(j, &m);

	return (!counted || job_release_pod(j->t, pod, st)) && podwork_delete(&w, pod, st);
}

bool job_stop_pods(struct job *j, struct status *st)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->all[i].active && !delete_pod(j, j->all[i].o, false, st))
			return false;
	return true;
}

static int by_index(const void *x, const void *y)
{
	const struct jobpod *const *a = x, *const *b = y;

	if ((*a)->index != (*b)->index)
		return (*a)->index < (*b)->index ? -1 : 1;
	return strcmp((*a)->o->name, (*b)->o->name);
}

/* Active pods, first those whose index is no good or doubled (*bad of them). */
static const struct obj **candidates(struct job *j, size_t *bad)
{
	struct arena *a = j->t->call.a;
	struct jobpod **live = arena_alloc(a, (j->n + 1) * sizeof(*live));
	const struct obj **out = arena_alloc(a, (j->n + 1) * sizeof(*out)), **good;
	size_t n = 0, m = 0, ngood = 0;

	*bad = 0;
	good = arena_alloc(a, (j->n + 1) * sizeof(*good));
	for (size_t i = 0; i < j->n; i++)
		if (j->all[i].active)
			live[n++] = &j->all[i];
	if (j->indexed)
		qsort(live, n, sizeof(struct jobpod *), by_index);
	for (size_t i = 0; i < n; i++) {
		bool twin = i && live[i]->index == live[i - 1]->index;

		if (j->indexed && (live[i]->index < 0 || twin))
			out[m++] = live[i]->o;
		else
			good[ngood++] = live[i]->o;
	}
	*bad = m;
	victims_sort(a, &j->pods, good, ngood, NULL, 0);
	memcpy(out + m, good, ngood * sizeof(*good));
	return out;
}

/* Those that are not wanted are gone for good: they do not count. */
static bool drop_pods(struct job *j, int64_t at_least, bool *any, struct status *st)
{
	size_t bad, n;
	const struct obj **v = candidates(j, &bad);

	n = (int64_t)bad > at_least ? bad : (size_t)at_least;
	if (n > BURST) {
		n = BURST;
		j->after_ms = 1;
	}
	*any = n;
	for (size_t i = 0; i < n; i++)
		if (!delete_pod(j, v[i], true, st))
			return false;
	return true;
}

/* ---- the number ---- */

static int64_t wanted(const struct job *j)
{
	int64_t want;

	if (j->any)
		return j->succeeded ? j->active : j->parallelism;
	want = j->completions - j->succeeded;
	if (want > j->parallelism)
		want = j->parallelism;
	return want < 0 ? 0 : want;
}

bool job_manage(struct job *j, struct status *st)
{
	int64_t want = j->suspended ? 0 : wanted(j), more;
	bool any;

	if (!drop_pods(j, j->active > want ? j->active - want : 0, &any, st))
		return false;
	if (any || j->suspended)
		return true;
	more = want - j->active - (j->only_failed ? j->terminating : 0);
	return more <= 0 || make_pods(j, more, st);
}
