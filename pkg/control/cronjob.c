/*
 * cronjob: makes a Job at each moment of a schedule.
 *
 * The name of a Job holds its minute, so that no moment is served twice.  Of moments that were missed only the
 * latest is made up for.  What runs is kept in status.active, which is put right from the Jobs that are there.
 * k8s: pkg/controller/cronjob/{cronjob_controllerv2,utils}.go.
 */
#include "control/control.h"
#include "control/workload.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cron.h"
#include "base/zone.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELAY_MS 100 /* behind the moment, for clocks that differ */
#define MANY_MISSED 100
#define NOTE_MOMENT "batch.kubernetes.io/cronjob-scheduled-timestamp"

struct cronjob {
	struct task *t;
	const struct kind *kind, *job_kind;
	const struct obj *obj;
	struct json *tree, *status; /* the latter to be written: a copy */
	const struct obj **jobs;
	size_t njobs;
	struct cron cron;
	const struct zone *zone;
	int64_t now_s;
	int64_t after_ms;
};

#define tell(cj, type, reason, ...) \
	task_event((cj)->t, (cj)->kind, (cj)->obj, type, reason, __VA_ARGS__)

static int64_t time_at(const struct json *o, const char *path)
{
	int64_t us;

	return time_parse(json_path_str(o, path), &us) ? us / 1000000 : 0;
}

static void set_time(struct cronjob *cj, const char *name, int64_t s)
{
	char text[TIME_LEN];

	time_format(s, text);
	json_set_str(cj->t->call.a, cj->status, name, text);
}

/* ---- what runs ---- */

/* "Complete", "Failed" or "" while it runs. */
static const char *ending(const struct json *job)
{
	json_each(c, json_path(job, "status.conditions")) {
		const char *type = json_path_str(c, "type");

		if (!strcmp(json_path_str(c, "status"), "True") &&
		    (!strcmp(type, "Complete") || !strcmp(type, "Failed")))
			return type;
	}
	return "";
}

static struct json *active_list(const struct cronjob *cj)
{
	return json_get(cj->status, "active");
}

static struct json *active_ref(const struct cronjob *cj, const char *member, const char *value)
{
	json_each(r, active_list(cj))
		if (!strcmp(json_path_str(r, member), value))
			return r;
	return NULL;
}

static void drop_active(struct cronjob *cj, struct json *ref)
{
	json_detach(active_list(cj), ref);
	if (!json_count(active_list(cj)))
		json_del(cj->status, "active");
}

static void note_success(struct cronjob *cj, const struct json *job)
{
	int64_t at = time_at(job, "status.completionTime");

	if (at && at > time_at(cj->status, "lastSuccessfulTime"))
		set_time(cj, "lastSuccessfulTime", at);
}

static void see_job(struct cronjob *cj, const struct obj *o)
{
	const struct json *job = obj_tree(cj->t->call.a, o);
	struct json *ref = active_ref(cj, "uid", o->uid);
	const char *end = ending(job);

	if (!*end) {
		if (!ref)
			tell(cj, "Warning", "UnexpectedJob",
			     "Saw a job that the controller did not create or forgot: %s", o->name);
		return;
	}
	if (ref) {
		drop_active(cj, ref);
		tell(cj, "Normal", "SawCompletedJob", "Saw completed job: %s, condition: %s",
		     o->name, end);
	}
	if (!strcmp(end, "Complete"))
		note_success(cj, job);
}

static void see_missing(struct cronjob *cj)
{
	struct json *next;

	for (struct json *r = json_first(active_list(cj)); r; r = next) {
		bool there = false;

		next = json_next(r);
		for (size_t i = 0; i < cj->njobs && !there; i++)
			there = !strcmp(cj->jobs[i]->uid, json_path_str(r, "uid"));
		if (there ||
		    api_get(&cj->t->call, cj->job_kind, cj->obj->ns, json_path_str(r, "name"), NULL))
			continue;
		tell(cj, "Normal", "MissingJob", "Active job went missing: %s",
		     json_path_str(r, "name"));
		drop_active(cj, r);
	}
}

/* ---- the schedule ---- */

enum missed { NONE_MISSED, FEW_MISSED, MANY };

struct moments {
	int64_t earliest, latest; /* latest: the most recent one that is due; 0 = none */
	enum missed missed;
	bool bad; /* a schedule that never comes */
};

static struct moments moments(const struct cronjob *cj, bool with_deadline)
{
	int64_t deadline = json_path_int(cj->tree, "spec.startingDeadlineSeconds", -1);
	struct moments m = { .earliest = time_at(cj->status, "lastScheduleTime") };
	int64_t first, second, every, count, t;

	if (!m.earliest)
		m.earliest = cj->obj->created_s;
	if (with_deadline && deadline >= 0 && cj->now_s - deadline > m.earliest)
		m.earliest = cj->now_s - deadline;
	first = cron_next(&cj->cron, cj->zone, m.earliest);
	second = first ? cron_next(&cj->cron, cj->zone, first) : 0;
	if (!first || !second) {
		m.bad = true;
		return m;
	}
	if (cj->now_s < first)
		return m;
	if (cj->now_s < second) {
		m.latest = first;
		return m;
	}
	/* Near the end first: there may be millions in between. */
	every = second - first;
	count = (cj->now_s - first) / every + 1;
	m.missed = count > MANY_MISSED ? MANY : FEW_MISSED;
	for (t = cron_next(&cj->cron, cj->zone, first + (count - 2) * every); t && t <= cj->now_s;
	     t = cron_next(&cj->cron, cj->zone, t))
		m.latest = t;
	return m;
}

static void wait_for_next(struct cronjob *cj)
{
	struct moments m = moments(cj, false);
	int64_t from = m.latest, next;

	if (m.bad || (!from && m.missed != NONE_MISSED))
		from = cj->now_s;
	else if (!from)
		from = m.earliest;
	next = cron_next(&cj->cron, cj->zone, from);
	if (!next)
		return;
	cj->after_ms = next * 1000 - clock_now_us() / 1000 + DELAY_MS;
	if (cj->after_ms < 1)
		cj->after_ms = 1;
}

/* The moment that is to be served now; 0 = none. */
static int64_t due(struct cronjob *cj)
{
	struct moments m = moments(cj, true);
	int64_t deadline = json_path_int(cj->tree, "spec.startingDeadlineSeconds", -1);
	char text[64];
	struct civil c;

	if (m.bad)
		tell(cj, "Warning", "InvalidSchedule",
		     "invalid schedule: %s : time difference between two schedules is less than 1 second",
		     json_path_str(cj->tree, "spec.schedule"));
	if (!m.latest)
		return 0;
	if (m.missed == MANY)
		tell(cj, "Warning", "TooManyMissedTimes",
		     "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
	if (deadline < 0 || m.latest + deadline >= cj->now_s)
		return m.latest;
	civil_from_s(m.latest, &c);
	snprintf(text, sizeof text, "%.3s, %02d %.3s %04lld %02d:%02d:%02d +0000",
		 &"SunMonTueWedThuFriSat"[c.weekday * 3], c.day,
		 &"JanFebMarAprMayJunJulAugSepOctNovDec"[(c.month - 1) * 3], (long long)c.year,
		 c.hour, c.minute, c.second);
	tell(cj, "Warning", "MissSchedule", "Missed scheduled time to start a job: %s", text);
	return 0;
}

/* ---- Jobs ---- */

static const char *job_name(struct cronjob *cj, int64_t moment)
{
	return arena_printf(cj->t->call.a, "%s-%lld", cj->obj->name, (long long)(moment / 60));
}

static bool delete_job(struct cronjob *cj, const struct obj *job)
{
	struct delete_options opts = { .grace_s = -1, .propagation = PROPAGATE_BACKGROUND };
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *ref;
	bool gone;

	if (!api_delete(&cj->t->call, cj->job_kind, job->ns, job->name, &opts, &gone, &err)) {
		tell(cj, "Warning", "FailedDelete", "Deleted job: %s", err.message);
		return false;
	}
	ref = active_ref(cj, "uid", job->uid);
	if (ref)
		drop_active(cj, ref);
	tell(cj, "Normal", "SuccessfulDelete", "Deleted job %s", job->name);
	return true;
}

/* With Replace, what still runs makes way. */
static bool make_way(struct cronjob *cj, struct status *st)
{
	struct json *next;

	for (struct json *r = json_first(active_list(cj)); r; r = next) {
		const char *name = json_path_str(r, "name");
		const struct obj *job = api_get(&cj->t->call, cj->job_kind, cj->obj->ns, name, NULL);

		next = json_next(r);
		if (job && !delete_job(cj, job))
			return status_internal(st, "could not replace job %s/%s", cj->obj->ns, name);
	}
	return true;
}

/* The moment on the schedule's own clocks, RFC 3339. */
static const char *moment_text(struct cronjob *cj, int64_t moment)
{
	int offset = zone_offset(cj->zone, moment), minutes = abs(offset) / 60;
	struct civil c;

	civil_from_s(moment + offset, &c);
	return arena_printf(cj->t->call.a, "%04lld-%02d-%02dT%02d:%02d:%02d%s", (long long)c.year,
			    c.month, c.day, c.hour, c.minute, c.second,
			    !offset ? "Z" :
				      arena_printf(cj->t->call.a, "%c%02d:%02d",
						   offset < 0 ? '-' : '+', minutes / 60,
						   minutes % 60));
}

static struct json *new_job(struct cronjob *cj, int64_t moment)
{
	struct arena *a = cj->t->call.a;
	const struct json *template = json_path(cj->tree, "spec.jobTemplate");
	const struct json *labels = json_path(template, "metadata.labels");
	const struct json *notes = json_path(template, "metadata.annotations");
	struct json *o = json_build(
		a, "{kind:%s,apiVersion:%s,metadata:{name:%s,labels:%j,annotations:%j},spec:%j}",
		"Job", "batch/v1", job_name(cj, moment), labels ? json_copy(a, labels) : NULL,
		notes ? json_copy(a, notes) : NULL, json_copy(a, json_get(template, "spec")));

	meta_set_annotation(a, o, NOTE_MOMENT, moment_text(cj, moment));
	return o;
}

static void add_active(struct cronjob *cj, const struct obj *job)
{
	struct arena *a = cj->t->call.a;
	char rev[24];

	snprintf(rev, sizeof rev, "%lld", (long long)job->rev);
	json_append(json_ensure_array(a, cj->status, "active"),
		    json_build(a, "{kind:%s,namespace:%s,name:%s,uid:%s,apiVersion:%s,resourceVersion:%s}",
			       "Job", job->ns, job->name, job->uid, "batch/v1", rev));
}

/* Make the Job of a moment, or find that it is made. */
static bool serve(struct cronjob *cj, int64_t moment, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct obj *there =
		api_get(&cj->t->call, cj->job_kind, cj->obj->ns, job_name(cj, moment), NULL);
	const struct obj *job =
		child_create(cj->t, cj->job_kind, cj->kind, cj->obj, new_job(cj, moment), &err);

	if (!job && (namespace_ending(&err) || status_is(&err, "AlreadyExists")))
		return true; /* another's Job by that name: its maker's business */
	if (!job) {
		tell(cj, "Warning", "FailedCreate", "Error creating job: %s", err.message);
		status_move(st, &err);
		return false;
	}
	if (!there)
		tell(cj, "Normal", "SuccessfulCreate", "Created job %s", job->name);
	if (!active_ref(cj, "uid", job->uid))
		add_active(cj, job);
	set_time(cj, "lastScheduleTime", moment);
	return true;
}

static bool start_due(struct cronjob *cj, struct status *st)
{
	const char *policy = json_path_str(cj->tree, "spec.concurrencyPolicy");
	int64_t moment = due(cj);

	if (!moment || active_ref(cj, "name", job_name(cj, moment)) ||
	    moment == time_at(cj->status, "lastScheduleTime"))
		return true;
	if (!strcmp(policy, "Forbid") && json_count(active_list(cj))) {
		tell(cj, "Normal", "JobAlreadyActive",
		     "Not starting job because prior execution is running and concurrency policy is Forbid");
		return true;
	}
	if (!strcmp(policy, "Replace") && !make_way(cj, st))
		return false;
	return serve(cj, moment, st);
}

/* ---- history ---- */

struct finished {
	const struct obj *job;
	int64_t started;
};

/* Those that never started last. */
static int by_start(const void *x, const void *y)
{
	const struct finished *a = x, *b = y;

	if (a->started != b->started)
		return !a->started ? 1 : !b->started ? -1 : a->started < b->started ? -1 : 1;
	return strcmp(a->job->name, b->job->name);
}

static void trim(struct cronjob *cj, const char *end, const char *limit)
{
	int64_t keep = json_path_int(cj->tree, limit, -1);
	struct finished *f = arena_alloc(cj->t->call.a, (cj->njobs + 1) * sizeof(*f));
	size_t n = 0;

	if (keep < 0)
		return;
	for (size_t i = 0; i < cj->njobs; i++) {
		const struct json *job = obj_tree(cj->t->call.a, cj->jobs[i]);

		if (!cj->jobs[i]->deleted_s && !strcmp(ending(job), end))
			f[n++] = (struct finished){ cj->jobs[i], time_at(job, "status.startTime") };
	}
	qsort(f, n, sizeof *f, by_start);
	for (size_t i = 0; i + (size_t)keep < n; i++)
		delete_job(cj, f[i].job);
}

/* ---- a reconcile ---- */

/* The zone and the schedule; false when there is nothing to go by. */
static bool read_schedule(struct cronjob *cj)
{
	const char *zone = json_path_str(cj->tree, "spec.timeZone");
	const char *text = json_path_str(cj->tree, "spec.schedule"), *why;

	cj->zone = zone_find(cj->t->call.a, zone);
	if (!cj->zone) {
		tell(cj, "Warning", "UnknownTimeZone",
		     "invalid timeZone: \"%s\": unknown time zone %s", zone, zone);
		return false;
	}
	if (json_path_bool(cj->tree, "spec.suspend", false))
		return false;
	if (cron_parse(cj->t->call.a, text, &cj->cron, &why))
		return true;
	tell(cj, "Warning", "UnparseableSchedule", "unparseable schedule: \"%s\" : %s", text, why);
	return false;
}

static bool put_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct cronjob *cj = arg;

	(void)st;
	if (strcmp(meta_uid(o), cj->obj->uid) || json_equal(json_get(o, "status"), cj->status))
		return false;
	json_set(c->a, o, "status", json_copy(c->a, cj->status));
	return true;
}

static bool write_status(struct cronjob *cj, struct status *st)
{
	return task_change(cj->t, cj->kind, "status", cj->obj->ns, cj->obj->name, put_status, cj, st);
}

static bool sync(struct cronjob *cj, struct status *st)
{
	STATUS_AUTO struct status failure = STATUS_INIT;
	bool ok = true;

	for (size_t i = 0; i < cj->njobs; i++)
		see_job(cj, cj->jobs[i]);
	see_missing(cj);
	if (!cj->obj->deleted_s && read_schedule(cj)) {
		ok = start_due(cj, &failure);
		wait_for_next(cj);
	}
	trim(cj, "Complete", "spec.successfulJobsHistoryLimit");
	trim(cj, "Failed", "spec.failedJobsHistoryLimit");
	if (!write_status(cj, st))
		return false;
	if (ok)
		return true;
	status_move(st, &failure);
	return false;
}

static bool cronjob_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct kinds *ks = api_kinds(t->call.api);
	struct cronjob cj = { .t = t,
			      .kind = kinds_by_resource(ks, "batch", "v1", "cronjobs"),
			      .job_kind = kinds_by_resource(ks, "batch", "v1", "jobs"),
			      .now_s = clock_now_s() };
	const struct json *status;
	bool ok;

	cj.obj = api_get(&t->call, cj.kind, key.ns, key.name, NULL);
	if (!cj.obj)
		return true;
	cj.tree = obj_tree(t->call.a, cj.obj);
	status = json_get(cj.tree, "status");
	cj.status = status ? json_copy(t->call.a, status) : json_object(t->call.a);
	cj.njobs = children_list(t, cj.job_kind, cj.obj->ns, cj.obj->uid, &cj.jobs);
	ok = sync(&cj, st);
	out->after_ms = cj.after_ms;
	return ok;
}

static void map_job(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	enqueue_owner(q, ev, "CronJob");
}

const struct controller cronjob_controller = {
	.name = "cronjob",
	.source = "cronjob-controller",
	.watch = { { "batch/v1", "CronJob", NULL }, { "batch/v1", "Job", map_job } },
	.reconcile = cronjob_reconcile,
};
