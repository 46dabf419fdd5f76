/*
 * statefulset: keeps pods of fixed names and claims alive, one after the other.
 *
 * One pass in upstream's order: every ordinal that is asked for exists and lives; then those beyond go,
 * highest first; then pods of an old revision are deleted, highest first, to come back as new ones.  With
 * OrderedReady each step waits for the pods before it to be available; Parallel does not wait.  What was left
 * undone is found again by the next reconcile.
 * k8s: pkg/controller/statefulset/stateful_set_control.go.
 */
#include "control/claim.h"
#include "control/control.h"
#include "control/stateful.h"
#include "control/workload.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <stdlib.h>
#include <string.h>

#define BURST 500 /* pods made in one reconcile */

/* How a step ended: go on with the next one, or wait for the world, or fail with the status. */
enum step { ON, WAIT, FAILED };

static int64_t ordinal_of(const struct stateful *s, const struct obj *pod)
{
	return stateful_ordinal(s->obj, pod->name);
}

static bool is_available(struct stateful *s, const struct obj *pod)
{
	return pod_available(&s->pods, s->t->call.a, pod, s->min_ready, &s->after_ms);
}

static bool is_unavailable(struct stateful *s, const struct obj *pod)
{
	return pod->deleted_s || !is_available(s, pod);
}

static bool runs_ready(struct stateful *s, const struct obj *pod)
{
	return !strcmp(pod_phase(&s->pods, pod), "Running") && pod_ready(&s->pods, pod);
}

/* ---- reading ---- */

static void read_spec(struct stateful *s)
{
	const struct json *strategy = json_path(s->tree, "spec.updateStrategy");
	const struct json *max = json_path(strategy, "rollingUpdate.maxUnavailable");

	s->want = json_path_int(s->tree, "spec.replicas", 1);
	s->first = json_path_int(s->tree, "spec.ordinals.start", 0);
	s->min_ready = json_path_int(s->tree, "spec.minReadySeconds", 0);
	s->partition = json_path_int(strategy, "rollingUpdate.partition", 0);
	s->burst = !strcmp(json_path_str(s->tree, "spec.podManagementPolicy"), "Parallel");
	s->on_delete = !strcmp(json_path_str(strategy, "type"), "OnDelete");
	s->collisions = json_path_int(s->tree, "status.collisionCount", 0);
	if (max)
		s->unavailable = int_or_percent(max, s->want, false);
	if (max && s->unavailable < 1)
		s->unavailable = 1;
}

static bool is_member(const struct obj *pod, const struct obj *set)
{
	return stateful_ordinal(set, pod->name) >= 0;
}

struct ranked {
	int64_t ordinal;
	const struct obj *pod;
};

static int by_ordinal(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

/* The claimed pods in the order of their ordinals. */
static bool read_pods(struct stateful *s, struct status *st)
{
	struct claim c = { .t = s->t,
			   .kind = s->pods.kind,
			   .owner_kind = s->kind,
			   .owner = s->obj,
			   .sel = s->sel,
			   .fits = is_member };
	struct ranked *r;

	if (!claim(&c, &s->mine, &s->nmine, st))
		return false;
	r = arena_alloc(s->t->call.a, (s->nmine + 1) * sizeof(*r));
	for (size_t i = 0; i < s->nmine; i++)
		r[i] = (struct ranked){ ordinal_of(s, s->mine[i]), s->mine[i] };
	qsort(r, s->nmine, sizeof *r, by_ordinal);
	for (size_t i = 0; i < s->nmine; i++)
		s->mine[i] = r[i].pod;
	return true;
}

static bool read_history(struct stateful *s, struct status *st)
{
	s->history.hash_label = "controller.kubernetes.io/hash";
	if (!history_read(&s->history, s->t, s->kind, s->obj, s->sel, st))
		return false;
	s->update = history_settle(&s->history, s->tree, &s->collisions, st);
	if (!s->update)
		return false;
	s->current = history_find(&s->history, json_path_str(s->tree, "status.currentRevision"));
	if (!s->current)
		s->current = s->update;
	return true;
}

/* ---- the steps ---- */

/* An ordinal whose pod is there. */
static enum step keep(struct stateful *s, const struct obj *pod, struct status *st)
{
	if (pod_finished(&s->pods, pod))
		return pod->deleted_s || stateful_delete(s, pod, st) ? WAIT : FAILED;
	if (!stateful_mend(s, pod, st))
		return FAILED;
	if (s->burst)
		return ON;
	return pod->deleted_s || !runs_ready(s, pod) || !is_available(s, pod) ? WAIT : ON;
}

static enum step make(struct stateful *s, int64_t ordinal, int64_t *made, struct status *st)
{
	bool waits;

	if (!stateful_create(s, ordinal, &waits, st))
		return FAILED;
	++*made;
	return s->burst && !waits ? ON : WAIT;
}

/* Every ordinal that is asked for. */
static enum step populate(struct stateful *s, struct status *st)
{
	int64_t made = 0;
	enum step now = ON;
	size_t i = 0;

	for (int64_t n = 0; n < s->want && (now == ON || (now == WAIT && s->burst)); n++) {
		int64_t ordinal = s->first + n;

		while (i < s->nmine && ordinal_of(s, s->mine[i]) < ordinal)
			i++;
		if (i < s->nmine && ordinal_of(s, s->mine[i]) == ordinal)
			now = keep(s, s->mine[i], st);
		else
			now = make(s, ordinal, &made, st);
		if (made == BURST) {
			s->after_ms = 1;
			return WAIT;
		}
	}
	return now == WAIT && s->burst ? ON : now;
}

/* The lowest pod that is not available: a condemned one may go although it is unwell when it is the first. */
static const struct obj *first_unavailable(struct stateful *s)
{
	const struct obj *condemned = NULL;
	int64_t seen = 0;

	for (size_t i = 0; i < s->nmine; i++) {
		bool in_range = stateful_in_range(s, ordinal_of(s, s->mine[i]));

		seen += in_range;
		if (!is_unavailable(s, s->mine[i]))
			continue;
		if (in_range)
			return s->mine[i];
		if (!condemned)
			condemned = s->mine[i];
	}
	return seen < s->want ? NULL : condemned;
}

/* Those beyond the range, highest first. */
static enum step condemn(struct stateful *s, struct status *st)
{
	const struct obj *unwell = first_unavailable(s);

	for (size_t i = s->nmine; i > 0; i--) {
		const struct obj *pod = s->mine[i - 1];

		if (stateful_in_range(s, ordinal_of(s, pod)))
			continue;
		if (!claims_own(s, pod, st))
			return FAILED;
		if (pod->deleted_s && !s->burst)
			return WAIT;
		if (pod->deleted_s)
			continue;
		if (!s->burst && pod != unwell && (!runs_ready(s, pod) || !is_available(s, pod)))
			return WAIT;
		if (!stateful_delete(s, pod, st))
			return FAILED;
		if (!s->burst)
			return WAIT;
	}
	return ON;
}

static bool is_old(const struct stateful *s, const struct obj *pod)
{
	return strcmp(stateful_revision(pod), s->update->obj->name) && !pod->deleted_s;
}

static bool rolls(const struct stateful *s, int64_t ordinal)
{
	return stateful_in_range(s, ordinal) && ordinal >= s->first + s->partition;
}

/* Without maxUnavailable: one at a time, and the next only when those above are available. */
static bool roll_one(struct stateful *s, struct status *st)
{
	for (size_t i = s->nmine; i > 0; i--) {
		const struct obj *pod = s->mine[i - 1];

		if (!rolls(s, ordinal_of(s, pod)))
			continue;
		if (is_old(s, pod))
			return stateful_delete(s, pod, st);
		if (is_unavailable(s, pod))
			return true;
	}
	return true;
}

static bool roll_many(struct stateful *s, struct status *st)
{
	int64_t may = s->unavailable;

	for (size_t i = 0; i < s->nmine; i++)
		may -= stateful_in_range(s, ordinal_of(s, s->mine[i])) &&
		       is_unavailable(s, s->mine[i]);
	for (size_t i = s->nmine; i > 0 && may > 0; i--) {
		const struct obj *pod = s->mine[i - 1];

		if (!rolls(s, ordinal_of(s, pod)) || !is_old(s, pod))
			continue;
		if (!stateful_delete(s, pod, st))
			return false;
		may--;
	}
	return true;
}

static bool act(struct stateful *s, struct status *st)
{
	enum step now = populate(s, st);

	if (now == ON)
		now = condemn(s, st);
	if (now != ON)
		return now == WAIT;
	if (s->on_delete)
		return true;
	return s->unavailable ? roll_many(s, st) : roll_one(s, st);
}

/* ---- telling ---- */

struct tally {
	int64_t replicas, ready, available, current, updated;
};

static struct tally count(struct stateful *s)
{
	struct tally n = { 0 };

	for (size_t i = 0; i < s->nmine; i++) {
		const struct obj *pod = s->mine[i];
		const char *revision = stateful_revision(pod);

		n.replicas++;
		if (runs_ready(s, pod)) {
			n.ready++;
			n.available += is_available(s, pod);
		}
		if (pod->deleted_s)
			continue;
		n.current += !strcmp(revision, s->current->obj->name);
		n.updated += !strcmp(revision, s->update->obj->name);
	}
	return n;
}

static bool change_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct stateful *s = arg;
	struct json *status = json_ensure_object(c->a, o, "status");
	const struct json *before = json_copy(c->a, status);
	struct tally n = count(s);
	const char *current = s->current->obj->name;

	(void)st;
	if (strcmp(meta_uid(o), s->obj->uid))
		return false;
	/* The roll-out is complete: the update revision is the current one. */
	if (!s->on_delete && n.updated == s->want && n.ready == s->want && n.replicas == s->want) {
		n.current = n.updated;
		current = s->update->obj->name;
	}
	json_set_int(c->a, status, "observedGeneration", s->obj->generation);
	status_count(c->a, status, "replicas", n.replicas, true);
	status_count(c->a, status, "readyReplicas", n.ready, false);
	status_count(c->a, status, "currentReplicas", n.current, false);
	status_count(c->a, status, "updatedReplicas", n.updated, false);
	status_count(c->a, status, "availableReplicas", n.available, true);
	json_set_str(c->a, status, "currentRevision", current);
	json_set_str(c->a, status, "updateRevision", s->update->obj->name);
	json_set_int(c->a, status, "collisionCount", s->collisions);
	return !json_equal(before, status);
}

static bool write_status(struct stateful *s, struct status *st)
{
	return task_change(s->t, s->kind, "status", s->obj->ns, s->obj->name, change_status, s, st);
}

static bool is_live(const char *name, void *arg)
{
	const struct stateful *s = arg;

	if (!strcmp(name, s->current->obj->name) || !strcmp(name, s->update->obj->name))
		return true;
	for (size_t i = 0; i < s->nmine; i++)
		if (!strcmp(name, stateful_revision(s->mine[i])))
			return true;
	return false;
}

static bool sync(struct stateful *s, struct status *st)
{
	STATUS_AUTO struct status failure = STATUS_INIT;
	bool ok = s->obj->deleted_s || act(s, &failure);

	if (!read_pods(s, st) || !write_status(s, st))
		return false;
	if (!ok) {
		status_move(st, &failure);
		return false;
	}
	return history_truncate(&s->history, json_path_int(s->tree, "spec.revisionHistoryLimit", 10),
				is_live, s, st);
}

static bool statefulset_reconcile(struct task *t, struct key key, struct result *out,
				  struct status *st)
{
	struct kinds *ks = api_kinds(t->call.api);
	struct stateful s = { .t = t,
			      .kind = kinds_by_resource(ks, "apps", "v1", "statefulsets"),
			      .claim_kind = kinds_by_resource(ks, "", "v1", "persistentvolumeclaims"),
			      .pods = pods_of(t->call.api) };
	bool ok;

	s.obj = api_get(&t->call, s.kind, key.ns, key.name, NULL);
	if (!s.obj)
		return true;
	s.tree = obj_tree(t->call.a, s.obj);
	read_spec(&s);
	s.sel = selector_from_label_selector(t->call.a, json_path(s.tree, "spec.selector"), st);
	ok = s.sel && read_pods(&s, st) && read_history(&s, st) && sync(&s, st);
	out->after_ms = s.after_ms;
	return ok;
}

static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	claim_offer(q, api, ev, kinds_by_resource(api_kinds(api), "apps", "v1", "statefulsets"));
}

const struct controller statefulset_controller = {
	.name = "statefulset",
	.source = "statefulset-controller",
	.watch = { { "apps/v1", "StatefulSet", NULL }, { "v1", "Pod", map_pod } },
	.reconcile = statefulset_reconcile,
	.workers = 2,
};
