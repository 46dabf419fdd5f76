/*
 * work: what all controllers and the syncers share: queue, workers, back-off.
 *
 * A controller is a descriptor: what it watches, how an object's change maps to names, and a
 * reconcile function.  The runtime owns the rest: one queue per controller with one entry per name,
 * never two workers on one name, exponential back-off (5 ms to 60 s) on errors, quick retry on Conflict,
 * delayed requeue, resync.  Workers begin once every existing object has been mapped.  Level-triggered: a reconcile reads the present (api_get from memory),
 * computes what should be, writes the difference, remembers nothing.
 */
#ifndef NUTSHELL_WORK_WORK_H
#define NUTSHELL_WORK_WORK_H

#include "api/api.h"

#include <stdbool.h>
#include <stdint.h>

struct runtime;
struct controller;

/* The subject of a reconcile. */
struct key {
	const char *ns, *name; /* ns "" for cluster scope; controllers may put other texts into name */
};

/* One reconcile: call.a lives until it returns. */
struct task {
	struct call call; /* system user of the controller */
	struct runtime *rt;
	const struct controller *ctl;
	void *state; /* controller->state(): see below */
};

struct result {
	int64_t after_ms; /* requeue after; 0 = not */
};

/* Put a name into the mapping controller's queue. */
struct enqueue;
void enqueue_key(struct enqueue *q, const char *ns, const char *name);
/* Later: after ms milliseconds. */
void enqueue_after(struct enqueue *q, const char *ns, const char *name, int64_t after_ms);
/* The controller owner of the changed object (before and after the change) if it is of this kind. */
void enqueue_owner(struct enqueue *q, const struct event *ev, const char *kind);

struct controller_watch {
	const char *api_version, *kind;
	/* Map a change to names to reconcile; NULL = the object itself.  Runs on the runtime's event
	 * thread: must be quick and must not write. ev->obj, ev->prev as in store.h. */
	void (*map)(struct enqueue *q, struct api *api, const struct event *ev);
};

/* A map for those who make things for an object: itself, unless it is gone or going. */
void map_live(struct enqueue *q, struct api *api, const struct event *ev);

#define CONTROLLER_WATCHES 6

struct controller {
	const char *name;    /* as in --controllers: "deployment" */
	const char *source;  /* who its Events come from: "deployment-controller"; NULL = name */
	const char *manager; /* the field manager of its writes; NULL = "kube-controller-manager" */
	struct controller_watch watch[CONTROLLER_WATCHES]; /* ends with kind NULL */
	/* Besides: changes of every stored kind that can be deleted.  k is the kind of ev->obj.  NULL = none. */
	void (*map_all)(struct enqueue *q, void *state, const struct kind *k, const struct event *ev);
	/* As watch[].map but with the controller's state; used where map is NULL and this is not. */
	void (*map_state)(struct enqueue *q, void *state, const struct controller_watch *w,
			  const struct event *ev);
	/* True: done.  False with st filled: retried with back-off (Conflict: within 250 ms); logged once. */
	bool (*reconcile)(struct task *t, struct key key, struct result *out, struct status *st);
	bool restless; /* one name stands for many subjects: it is not to rest between two reconciles */
	int workers;  /* 0 = 1 */
	int resync_s; /* requeue every existing subject (watch[0]) this often; 0 = never */
	/* A controller that must keep state between reconciles (host connection, index) makes it here once per
	 * runtime from config->args and frees it in stop; NULL = none.  It may call runtime_enqueue() from now
	 * on, from threads of its own too, until stop returns. */
	void *(*start)(struct runtime *rt, void *arg);
	void (*stop)(void *state);
	/* Subjects after the initial lists were mapped: called once, from the event thread. NULL = none. */
	void (*synced)(struct enqueue *q, void *state);
};

struct runtime_config {
	struct api *api;
	const struct controller *const *controllers; /* NULL-terminated */
	void *const *args;  /* parallel to controllers, or NULL: handed to start() */
	const char *select; /* --controllers: "*", "-name", names, "none" */
};

/* Start event and worker threads; 500 when select names an unknown controller. */
struct runtime *runtime_start(const struct runtime_config *c, struct status *st);
/* Stop workers after their present reconcile, join, free, null. */
void runtime_stop(struct runtime **rt);
/* Enqueue from outside (a host watch, a timer). Thread-safe. */
void runtime_enqueue(struct runtime *rt, const struct controller *c, const char *ns,
		     const char *name, int64_t after_ms);
struct api *runtime_api(struct runtime *rt);
/* Every change up to and including this revision has been mapped.  What a controller keeps in map_all() or
 * map_state() may be older than the objects it reads: who needs both alike waits until this reaches the
 * object's revision. */
int64_t runtime_seen(struct runtime *rt);

/* ---- events ---- */

/* Record an Event about an object, later, on the runtime's recorder thread: never blocks, drops when the
 * writer cannot follow.  Per object a burst of 25, then one every 5 minutes, as upstream's spam filter. */
void task_event(struct task *t, const struct kind *k, const struct obj *about, const char *type,
		const char *reason, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* ---- writes ---- */

/* api_change() for which an object that is gone is as good as changed. */
bool task_change(struct task *t, const struct kind *k, const char *sub, const char *ns,
		 const char *name, change_fn fn, void *arg, struct status *st);

/* ---- children: what most workload controllers do ---- */

/* Objects of kind k in ns whose controller owner has this uid, from memory, held by the arena. */
size_t children_list(struct task *t, const struct kind *k, const char *ns, const char *owner_uid,
		     const struct obj ***out);
/* Set controller reference and create; AlreadyExists of our own child is success. */
const struct obj *child_create(struct task *t, const struct kind *k, const struct kind *owner_kind,
			       const struct obj *owner, struct json *child, struct status *st);
/* Many in one commit, all or none: api_create_many() with ns and the controller reference set. */
bool children_create(struct task *t, const struct kind *k, const struct kind *owner_kind,
		     const struct obj *owner, struct create_item *items, size_t n, struct status *st);

#endif
