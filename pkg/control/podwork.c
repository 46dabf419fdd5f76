#include "control/podwork.h"
#include "control/workload.h"

#include "base/arena.h"

#define BATCH 128

static void tell_created(const struct podwork *w, const struct obj *pod)
{
	task_event(w->t, w->kind, w->owner, "Normal", "SuccessfulCreate", "Created pod: %s",
		   pod->name);
}

/* Several in one commit; false (none made) where one of them is refused. */
static bool create_batch(const struct podwork *w, size_t from, size_t n)
{
	struct create_item *x = arena_zalloc(w->t->call.a, n * sizeof(*x));

	for (size_t i = 0; i < n; i++)
		x[i].o = w->build(w->arg, from + i);
	if (!children_create(w->t, w->pod_kind, w->kind, w->owner, x, n, NULL))
		return false;
	for (size_t i = 0; i < n; i++)
		tell_created(w, x[i].made);
	return true;
}

static bool create_one(const struct podwork *w, size_t i, struct status *failure)
{
	const struct obj *o =
		child_create(w->t, w->pod_kind, w->kind, w->owner, w->build(w->arg, i), failure);

	if (o)
		tell_created(w, o);
	return o;
}

static void tell_refused(const struct podwork *w, struct status *failure)
{
	if (namespace_ending(failure))
		status_clear(failure);
	else
		task_event(w->t, w->kind, w->owner, "Warning", "FailedCreate", "Error creating: %s",
			   failure->message);
}

size_t podwork_create(const struct podwork *w, size_t n, struct status *failure)
{
	for (size_t i = 0, size = 1; i < n;) {
		size_t m = size < n - i ? size : n - i;

		if (m > 1 && create_batch(w, i, m)) {
			i += m;
			size = size < BATCH ? size * 2 : BATCH;
		} else if (create_one(w, i, failure)) {
			i++;
			size = 2;
		} else {
			tell_refused(w, failure);
			return i;
		}
	}
	return n;
}

bool podwork_delete(const struct podwork *w, const struct obj *pod, struct status *failure)
{
	struct delete_options opts = DELETE_OPTIONS_INIT;
	STATUS_AUTO struct status err = STATUS_INIT;
	bool gone;

	opts.uid = pod->uid;
	if (api_delete(&w->t->call, w->pod_kind, pod->ns, pod->name, &opts, &gone, &err)) {
		task_event(w->t, w->kind, w->owner, "Normal", "SuccessfulDelete", "Deleted pod: %s",
			   pod->name);
		return true;
	}
	if (status_is(&err, "NotFound") || status_is(&err, "Conflict"))
		return true;
	task_event(w->t, w->kind, w->owner, "Warning", "FailedDelete", "Error deleting: %s",
		   err.message);
	status_move(failure, &err);
	return false;
}
