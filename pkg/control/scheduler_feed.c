#include "control/scheduler_feed.h"

#include "control/neighbors.h"
#include "control/scheduler_volumes.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

void waiting_free(void *p)
{
	struct waiting *w = p;

	obj_unref(w->pod);
	free(w);
}

static bool wants_node(const struct json *tree)
{
	return !strcmp(json_path_str(tree, "spec.schedulerName"), SCHEDULER_NAME) &&
	       !json_count(json_path(tree, "spec.schedulingGates"));
}

static void note_waiting(struct scheduler *s, const struct obj *o, const struct json *tree,
			 bool same_spec)
{
	struct waiting *w = map_get(s->waiting, o->uid);

	if (!w) {
		w = calloc(1, sizeof *w);
		BUG_ON(!w);
		w->claims = claims_wanted(json_get(tree, "spec"));
		s->claimants += w->claims;
		map_set(s->waiting, o->uid, w);
	}
	obj_unref(w->pod);
	w->pod = obj_ref(o);
	w->priority = pod_priority(&s->pods, o);
	if (!same_spec)
		w->not_before_ns = 0;
}

void scheduler_forget(struct scheduler *s, const char *uid)
{
	struct waiting *w = map_del(s->waiting, uid);

	if (w) {
		s->claimants -= w->claims;
		waiting_free(w);
	}
	free(map_del(s->nominees, uid));
}

static void end_backoffs(struct scheduler *s)
{
	size_t it = 0;
	void *v;

	while (map_next(s->waiting, &it, NULL, &v))
		((struct waiting *)v)->not_before_ns = 0;
}

void obj_unref_value(void *p)
{
	obj_unref(p);
}

void scheduler_note_shy(struct scheduler *s, const struct obj *o)
{
	const struct obj *ref = obj_ref(o);
	void *v;

	memcpy(&v, &ref, sizeof v);
	obj_unref(map_set(s->shy, o->uid, v));
}

void scheduler_vacate(struct scheduler *s, const char *uid)
{
	placement_leave(s->place, uid);
	obj_unref(map_del(s->shy, uid));
}

static void occupy(struct scheduler *s, const struct obj *o, const struct json *tree)
{
	const struct owner *c = obj_controller(o);
	struct amounts want;

	amounts_of_pod(&want, json_get(tree, "spec"));
	placement_take(s->place, o->uid, pod_node(&s->pods, o), c ? c->uid : "", &want,
		       json_get(tree, "spec"));
	if (neighbors_shy(json_get(tree, "spec")))
		scheduler_note_shy(s, o);
}

/* A newly placed pod may be whom others want to be with. */
static bool company(struct scheduler *s)
{
	struct arena *a = NULL;
	bool work = false;
	size_t it = 0;
	void *v;

	while (map_next(s->waiting, &it, NULL, &v)) {
		struct waiting *w = v;

		if (!w->not_before_ns)
			continue;
		a = a ? a : arena_new();
		if (neighbors_matter(json_get(obj_tree(a, w->pod), "spec"))) {
			w->not_before_ns = 0;
			work = true;
		}
	}
	if (a)
		arena_free(&a);
	return work;
}

/* Returns whether a pass has something new to do. */
static bool note_pod(struct scheduler *s, const struct event *ev)
{
	const struct obj *o = ev->obj;
	bool over = ev->type == EVENT_DELETED || pod_finished(&s->pods, o), work = false;
	struct arena *a;

	if (over) {
		scheduler_forget(s, o->uid);
		scheduler_vacate(s, o->uid);
		end_backoffs(s);
		return map_count(s->waiting) > 0;
	}
	if (ev->prev && *pod_node(&s->pods, ev->prev) && *pod_node(&s->pods, o) &&
	    ev->prev->generation == o->generation)
		return false;
	if (ev->prev && !*pod_node(&s->pods, ev->prev) &&
	    placement_has(s->place, o->uid, pod_node(&s->pods, o))) {
		scheduler_forget(s, o->uid); /* our own choice, counted when it was made */
		return company(s);
	}
	a = arena_new();
	if (*pod_node(&s->pods, o)) {
		scheduler_forget(s, o->uid);
		if (ev->prev && *pod_node(&s->pods, ev->prev)) {
			scheduler_vacate(s, o->uid); /* resized in place */
			end_backoffs(s);
			work = map_count(s->waiting) > 0;
		}
		occupy(s, o, obj_tree(a, o));
	} else if (!o->deleted_s && wants_node(obj_tree(a, o))) {
		note_waiting(s, o, obj_tree(a, o), ev->prev && ev->prev->generation == o->generation);
		work = true;
	} else {
		scheduler_forget(s, o->uid);
	}
	arena_free(&a);
	return work;
}

static bool note_node(struct scheduler *s, const struct event *ev)
{
	if (ev->type == EVENT_DELETED)
		placement_node_gone(s->place, ev->obj->name);
	else
		placement_node(s->place, ev->obj);
	end_backoffs(s);
	return map_count(s->waiting) > 0;
}

/* A claim, a volume or a class changed. */
static bool note_storage(struct scheduler *s)
{
	size_t it = 0;
	void *v;

	while (s->claimants && map_next(s->waiting, &it, NULL, &v))
		if (((struct waiting *)v)->claims)
			((struct waiting *)v)->not_before_ns = 0;
	return s->claimants;
}

void scheduler_map(struct enqueue *q, void *state, const struct controller_watch *w,
		   const struct event *ev)
{
	struct scheduler *s = state;
	bool work;

	lock_take(&s->lock);
	work = !strcmp(w->kind, "Pod")  ? note_pod(s, ev) :
	       !strcmp(w->kind, "Node") ? note_node(s, ev) :
					  note_storage(s);
	lock_drop(&s->lock);
	if (work)
		enqueue_key(q, "", "pass");
}
