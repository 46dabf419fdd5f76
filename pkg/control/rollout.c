#include "control/rollout.h"
#include "control/workload.h"

#include "base/arena.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

void rollout_init(struct rollout *r, struct task *t, const struct obj *deployment)
{
	struct kinds *ks = api_kinds(t->call.api);
	const struct json *strategy;

	memset(r, 0, sizeof *r);
	r->t = t;
	r->kind = kinds_by_resource(ks, "apps", "v1", "deployments");
	r->rs_kind = kinds_by_resource(ks, "apps", "v1", "replicasets");
	r->obj = deployment;
	r->tree = obj_tree(t->call.a, deployment);
	r->want = json_path_int(r->tree, "spec.replicas", 1);
	r->paused = json_path_bool(r->tree, "spec.paused", false);
	strategy = json_path(r->tree, "spec.strategy");
	r->recreate = !strcmp(json_path_str(strategy, "type"), "Recreate");
	if (r->recreate)
		return;
	r->surge = int_or_percent(json_path(strategy, "rollingUpdate.maxSurge"), r->want, true);
	r->unavailable =
		int_or_percent(json_path(strategy, "rollingUpdate.maxUnavailable"), r->want, false);
	/* Validation forbids 0 and 0, but percentages may round to it. */
	if (!r->surge && !r->unavailable)
		r->unavailable = 1;
	if (r->unavailable > r->want)
		r->unavailable = r->want;
}

void rollset_read(struct rollout *r, struct rollset *s, const struct obj *o)
{
	s->obj = o;
	s->tree = obj_tree(r->t->call.a, o);
	s->spec = json_path_int(s->tree, "spec.replicas", 1);
	s->replicas = json_path_int(s->tree, "status.replicas", 0);
	s->ready = json_path_int(s->tree, "status.readyReplicas", 0);
	s->available = json_path_int(s->tree, "status.availableReplicas", 0);
}

static int by_age(const void *x, const void *y)
{
	const struct rollset *a = x, *b = y;

	if (a->obj->created_s != b->obj->created_s)
		return a->obj->created_s < b->obj->created_s ? -1 : 1;
	return strcmp(a->obj->name, b->obj->name);
}

bool rollout_same_template(struct rollout *r, const struct rollset *s)
{
	struct json *mine = json_path(r->tree, "spec.template");
	struct json *theirs = json_copy(r->t->call.a, json_path(s->tree, "spec.template"));
	struct json *labels = json_path(theirs, "metadata.labels");

	json_del(labels, LABEL_HASH);
	if (!json_count(labels) && !json_path(mine, "metadata.labels"))
		json_del(json_get(theirs, "metadata"), "labels");
	return json_equal(mine, theirs);
}

void rollout_sets(struct rollout *r, const struct obj **sets, size_t n)
{
	/* One more, for a set that rollout_ensure_fresh() may make. */
	r->all = arena_zalloc(r->t->call.a, (n + 1) * sizeof(*r->all));
	r->nall = n;
	for (size_t i = 0; i < n; i++)
		rollset_read(r, &r->all[i], sets[i]);
	qsort(r->all, n, sizeof(*r->all), by_age);
	for (size_t i = 0; i < n && !r->fresh; i++)
		if (rollout_same_template(r, &r->all[i]))
			r->fresh = &r->all[i];
}

int64_t rollout_sum_spec(const struct rollout *r, bool old_only)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->nall; i++)
		if (!old_only || &r->all[i] != r->fresh)
			n += r->all[i].spec;
	return n;
}

int64_t rollout_sum_status(const struct rollout *r)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->nall; i++)
		n += r->all[i].replicas;
	return n;
}

int64_t rollout_sum_ready(const struct rollout *r)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->nall; i++)
		n += r->all[i].ready;
	return n;
}

int64_t rollout_sum_available(const struct rollout *r)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->nall; i++)
		n += r->all[i].available;
	return n;
}

int64_t rollset_annotation(const struct rollset *s, const char *key, int64_t dflt)
{
	const char *v = meta_annotation(s->tree, key);
	char *end;
	long long n;

	if (!v || !*v)
		return dflt;
	n = strtoll(v, &end, 10);
	return *end ? dflt : n;
}

int64_t rollout_fresh_size(const struct rollout *r)
{
	int64_t total = rollout_sum_spec(r, false), have = r->fresh ? r->fresh->spec : 0;
	int64_t room;

	if (r->recreate)
		return r->want;
	if (total >= r->want + r->surge)
		return have;
	room = r->want + r->surge - total;
	if (room > r->want - have)
		room = r->want - have;
	return have + room;
}

/* ---- writing a set's size ---- */

struct resize {
	struct rollout *r;
	int64_t to;
};

static void set_number(struct arena *a, struct json *o, const char *key, int64_t n, bool *changed)
{
	const char *text = arena_printf(a, "%lld", (long long)n), *old = meta_annotation(o, key);

	if (old && !strcmp(old, text))
		return;
	meta_set_annotation(a, o, key, text);
	*changed = true;
}

static bool resize(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct resize *z = arg;
	bool changed = false;

	(void)st;
	set_number(c->a, o, ANNOTATION_DESIRED, z->r->want, &changed);
	set_number(c->a, o, ANNOTATION_MAX, z->r->want + z->r->surge, &changed);
	if (json_path_int(o, "spec.replicas", 1) != z->to) {
		json_set_int(c->a, json_get(o, "spec"), "replicas", z->to);
		changed = true;
	}
	return changed;
}

bool rollout_scale(struct rollout *r, struct rollset *s, int64_t to, bool *scaled, struct status *st)
{
	struct resize z = { r, to };
	int64_t from = s->spec;
	const struct obj *o;

	if (from == to && rollset_annotation(s, ANNOTATION_DESIRED, -1) == r->want &&
	    rollset_annotation(s, ANNOTATION_MAX, -1) == r->want + r->surge)
		return true;
	o = api_change(&r->t->call, r->rs_kind, NULL, s->obj->ns, s->obj->name, resize, &z, st);
	if (!o)
		return false;
	rollset_read(r, s, o);
	if (from == to)
		return true;
	if (scaled)
		*scaled = true;
	task_event(r->t, r->kind, r->obj, "Normal", "ScalingReplicaSet",
		   "Scaled %s replica set %s from %lld to %lld", to > from ? "up" : "down",
		   s->obj->name, (long long)from, (long long)to);
	return true;
}
