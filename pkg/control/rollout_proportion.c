/*
 * Sharing a Deployment's size out among its sets while more than one is alive, in proportion to their
 * sizes, so that a rollout that is scaled midway keeps its progress.
 * k8s: pkg/controller/deployment/sync.go (scale), deployment_util.go (GetReplicaSetProportion).
 */
#include "control/rollout.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t alive(const struct rollout *r, struct rollset **out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nall; i++)
		if (r->all[i].spec > 0)
			out[n++] = &r->all[i];
	return n;
}

/* Desired size and reality of the fresh set agree. */
static bool saturated(const struct rollout *r)
{
	const struct rollset *s = r->fresh;

	return s && s->spec == r->want && s->available == r->want &&
	       rollset_annotation(s, ANNOTATION_DESIRED, -1) == r->want;
}

static int64_t fraction(const struct rollout *r, const struct rollset *s)
{
	int64_t before, max = r->want + r->surge;

	if (!r->want)
		return -s->spec;
	before = rollset_annotation(s, ANNOTATION_MAX, 0);
	if (!before)
		before = json_path_int(r->tree, "status.replicas", 0);
	if (!before)
		return 0;
	return llround((double)(s->spec * max) / (double)before) - s->spec;
}

static int64_t share(const struct rollout *r, const struct rollset *s, int64_t to_add, int64_t added)
{
	int64_t f, allowed = to_add - added;

	if (!s->spec || !to_add || !allowed)
		return 0;
	f = fraction(r, s);
	if (to_add > 0)
		return f < allowed ? f : allowed;
	return f > allowed ? f : allowed;
}

static int larger_newer(const void *x, const void *y)
{
	const struct rollset *a = *(struct rollset *const *)x, *b = *(struct rollset *const *)y;

	if (a->spec != b->spec)
		return a->spec > b->spec ? -1 : 1;
	return a->obj->created_s > b->obj->created_s ? -1 : a->obj->created_s < b->obj->created_s;
}

static int larger_older(const void *x, const void *y)
{
	const struct rollset *a = *(struct rollset *const *)x, *b = *(struct rollset *const *)y;

	if (a->spec != b->spec)
		return a->spec > b->spec ? -1 : 1;
	return a->obj->created_s < b->obj->created_s ? -1 : a->obj->created_s > b->obj->created_s;
}

static bool distribute(struct rollout *r, struct rollset **sets, size_t n, struct status *st)
{
	int64_t allowed = r->want > 0 ? r->want + r->surge : 0, added = 0;
	int64_t to_add = allowed - rollout_sum_spec(r, false);
	int64_t *size = arena_alloc(r->t->call.a, (n + 1) * sizeof(*size));

	qsort(sets, n, sizeof(*sets), to_add > 0 ? larger_newer : larger_older);
	for (size_t i = 0; i < n; i++) {
		int64_t d = share(r, sets[i], to_add, added);

		size[i] = sets[i]->spec + d;
		added += d;
	}
	/* Rounding leaves a rest, which the largest set takes. */
	if (n && to_add) {
		size[0] += to_add - added;
		if (size[0] < 0)
			size[0] = 0;
	}
	for (size_t i = 0; i < n; i++)
		if (!rollout_scale(r, sets[i], size[i], NULL, st))
			return false;
	return true;
}

bool rollout_proportion(struct rollout *r, struct status *st)
{
	struct rollset **sets = arena_alloc(r->t->call.a, (r->nall + 1) * sizeof(*sets));
	size_t n = alive(r, sets);
	struct rollset *only = n == 1   ? sets[0] :
			       r->fresh ? r->fresh :
			       r->nall  ? &r->all[r->nall - 1] :
					  NULL;

	if (n <= 1)
		return !only || rollout_scale(r, only, r->want, NULL, st);
	if (saturated(r)) {
		for (size_t i = 0; i < n; i++)
			if (sets[i] != r->fresh && !rollout_scale(r, sets[i], 0, NULL, st))
				return false;
		return true;
	}
	return r->recreate || distribute(r, sets, n, st);
}

/* ---- history ---- */

static int by_revision(const void *x, const void *y)
{
	const struct rollset *a = *(struct rollset *const *)x, *b = *(struct rollset *const *)y;
	int64_t d = rollset_annotation(a, ANNOTATION_REVISION, 0) -
		    rollset_annotation(b, ANNOTATION_REVISION, 0);

	return d < 0 ? -1 : d > 0;
}

static bool unused(const struct rollset *s)
{
	return !s->spec && !s->replicas && !s->obj->deleted_s &&
	       json_path_int(s->tree, "status.observedGeneration", 0) >= s->obj->generation;
}

bool rollout_cleanup(struct rollout *r, struct status *st)
{
	int64_t limit = json_path_int(r->tree, "spec.revisionHistoryLimit", 10);
	struct rollset **old = arena_alloc(r->t->call.a, (r->nall + 1) * sizeof(*old));
	size_t n = 0;

	for (size_t i = 0; i < r->nall; i++)
		if (&r->all[i] != r->fresh && !r->all[i].obj->deleted_s)
			old[n++] = &r->all[i];
	qsort(old, n, sizeof(*old), by_revision);
	for (size_t i = 0; (int64_t)(n - i) > limit; i++) {
		STATUS_AUTO struct status err = STATUS_INIT;
		struct delete_options opts = DELETE_OPTIONS_INIT;
		bool gone;

		if (!unused(old[i]))
			continue;
		opts.uid = old[i]->obj->uid;
		if (!api_delete(&r->t->call, r->rs_kind, old[i]->obj->ns, old[i]->obj->name, &opts,
				&gone, &err) &&
		    !status_is(&err, "NotFound")) {
			status_move(st, &err);
			return false;
		}
	}
	return true;
}
