/*
 * Design: a unit is a controller with its queue and workers.  The feed maps changes to names, workers take
 * names and reconcile.  An error is logged once per streak of failures at warning level and retried with
 * exponential back-off; a Conflict only says that the world moved, so it is retried soon and quietly.
 * Workers start when the feed has delivered what exists: an index that is half full after a restart must not
 * let anyone conclude that something is not there.
 */
#include "work/work.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/vec.h"
#include "work/feed.h"
#include "work/queue.h"
#include "work/recorder.h"

#include <stdlib.h>
#include <string.h>

#define BACKOFF_MIN_MS 5
#define BACKOFF_MAX_MS 60000
#define CONFLICT_MAX_MS 250
#define QUIET_FAILURES 3 /* races with other controllers resolve within a few tries */

struct enqueue {
	struct queue *queue;
};

struct unit {
	struct runtime *rt;
	const struct controller *ctl;
	void *state;
	struct enqueue enqueue;
	bool started; /* ctl->start() was called */
};

struct runtime {
	struct api *api;
	struct feed *feed;
	struct recorder *recorder;
	VEC(struct unit *) units;
};

void enqueue_key(struct enqueue *q, const char *ns, const char *name)
{
	queue_add(q->queue, ns, name, 0);
}

void enqueue_after(struct enqueue *q, const char *ns, const char *name, int64_t after_ms)
{
	queue_add(q->queue, ns, name, after_ms);
}

void enqueue_owner(struct enqueue *q, const struct event *ev, const char *kind)
{
	const struct owner *now = obj_controller(ev->obj);
	const struct owner *before = ev->prev ? obj_controller(ev->prev) : NULL;

	if (now && !strcmp(now->kind, kind))
		enqueue_key(q, ev->obj->ns, now->name);
	if (before && !strcmp(before->kind, kind) && (!now || strcmp(before->uid, now->uid)))
		enqueue_key(q, ev->prev->ns, before->name);
}

void map_live(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (ev->type != EVENT_DELETED && !ev->obj->deleted_s)
		enqueue_key(q, ev->obj->ns, ev->obj->name);
}

static void on_event(void *arg, const struct controller_watch *w, const struct kind *k,
		     const struct event *ev)
{
	struct unit *u = arg;

	if (!w)
		u->ctl->map_all(&u->enqueue, u->state, k, ev);
	else if (w->map)
		w->map(&u->enqueue, u->rt->api, ev);
	else if (u->ctl->map_state)
		u->ctl->map_state(&u->enqueue, u->state, w, ev);
	else
		enqueue_key(&u->enqueue, ev->obj->ns, ev->obj->name);
}

static int64_t backoff_ms(int failures, int64_t max)
{
	int64_t ms = BACKOFF_MIN_MS;

	for (int i = 0; i < failures && ms < max; i++)
		ms *= 2;
	return ms < max ? ms : max;
}

/* The world moved, or a namespace is taking its content away: nobody needs to hear of it. */
static bool expected(const struct status *st)
{
	for (size_t i = 0; i < st->ncauses; i++)
		if (st->causes[i].reason && !strcmp(st->causes[i].reason, "NamespaceTerminating"))
			return true;
	return status_is(st, "Conflict");
}

static void failed(struct unit *u, struct queue_item *item, const struct status *st)
{
	int64_t max = status_is(st, "Conflict") ? CONFLICT_MAX_MS : BACKOFF_MAX_MS;

	if (!expected(st) && item->failures == QUIET_FAILURES)
		log_warn(u->ctl->name, "%s%s%s: %s; trying again with back-off", item->ns,
			 *item->ns ? "/" : "", item->name, st->message);
	queue_done(u->enqueue.queue, item, true, backoff_ms(item->failures, max), false);
}

/* The subject's kind is the first watched one; a subject that is gone needs no further look. */
static int64_t resync_ms(struct unit *u, const struct queue_item *item)
{
	const struct controller_watch *w = &u->ctl->watch[0];
	const struct kind *k;
	const struct obj *o;

	if (!u->ctl->resync_s)
		return -1;
	k = kinds_by_api_version(api_kinds(u->rt->api), w->api_version, w->kind);
	o = store_get(api_table(u->rt->api, k), item->ns, item->name);
	obj_unref(o);
	return o ? u->ctl->resync_s * 1000L : -1;
}

static void reconcile_one(struct unit *u, struct arena *a, struct queue_item *item)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct result r = { 0 };
	struct task t = { .rt = u->rt, .ctl = u->ctl, .state = u->state };

	call_init(&t.call, u->rt->api, a,
		  u->ctl->manager ? u->ctl->manager : "kube-controller-manager");
	if (!u->ctl->reconcile(&t, (struct key){ item->ns, item->name }, &r, &st)) {
		failed(u, item, &st);
		return;
	}
	queue_done(u->enqueue.queue, item, false, r.after_ms ? r.after_ms : resync_ms(u, item),
		   !u->ctl->restless);
}

static void work(void *arg)
{
	struct unit *u = arg;
	struct arena *a = arena_new();
	struct queue_item *item;

	while ((item = queue_take(u->enqueue.queue))) {
		reconcile_one(u, a, item);
		arena_reset(a);
	}
	arena_free(&a);
}

void task_event(struct task *t, const struct kind *k, const struct obj *about, const char *type,
		const char *reason, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	recorder_add(t->rt->recorder, t->ctl->source ? t->ctl->source : t->ctl->name, k, about,
		     type, reason, buf_detach(&b));
}

/* ---- which controllers run ---- */

/* Does the comma-separated list contain word? */
static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		if (strcspn(p, ",") == n && !strncmp(p, word, n))
			return true;
	}
	return false;
}

static bool selected(const char *list, const char *name)
{
	char minus[80] = "-";

	strncat(minus, name, sizeof minus - 2);
	if (listed(list, minus) || listed(list, "none"))
		return false;
	return listed(list, "*") || listed(list, name);
}

static bool known(const struct runtime_config *c, const char *word, size_t n)
{
	if (n && *word == '-')
		word++, n--;
	if ((n == 1 && *word == '*') || (n == 4 && !strncmp(word, "none", 4)))
		return true;
	for (size_t i = 0; c->controllers[i]; i++)
		if (strlen(c->controllers[i]->name) == n && !strncmp(c->controllers[i]->name, word, n))
			return true;
	return false;
}

static bool check_selection(const struct runtime_config *c, struct status *st)
{
	for (const char *p = c->select; *p;) {
		size_t n = strcspn(p, ",");

		if (!known(c, p, n))
			return status_bad_request(
				st, "--controllers: there is no controller \"%.*s\"", (int)n, p);
		p += n + (p[n] == ',');
	}
	return true;
}

/* ---- life ---- */

static bool unit_add(struct runtime *rt, const struct controller *ctl, void *arg, struct status *st)
{
	struct unit *u = calloc(1, sizeof *u);

	BUG_ON(!u);
	u->rt = rt;
	u->ctl = ctl;
	u->enqueue.queue = queue_new(ctl->name);
	u->state = arg;
	vec_push(&rt->units, u);
	if (ctl->map_all)
		feed_add_all(rt->feed, on_event, u);
	for (int i = 0; i < CONTROLLER_WATCHES && ctl->watch[i].kind; i++)
		if (!feed_add(rt->feed, &ctl->watch[i], on_event, u, st))
			return false;
	return true;
}

static void unit_start(struct unit *u)
{
	if (u->ctl->start)
		u->state = u->ctl->start(u->rt, u->state);
	u->started = true;
}

/* On the feed's thread, which runtime_stop() joins before it looks at the workers. */
static void on_synced(void *arg)
{
	struct runtime *rt = arg;

	for (size_t i = 0; i < rt->units.n; i++) {
		struct unit *u = rt->units.p[i];

		if (u->ctl->synced)
			u->ctl->synced(&u->enqueue, u->state);
		queue_staff(u->enqueue.queue, u->ctl->workers ? (size_t)u->ctl->workers : 1, work, u);
	}
}

static void unit_stop(struct unit *u)
{
	queue_join(u->enqueue.queue);
	if (u->ctl->stop && u->started)
		u->ctl->stop(u->state);
}

static void unit_free(struct unit *u)
{
	queue_free(&u->enqueue.queue);
	free(u);
}

struct runtime *runtime_start(const struct runtime_config *c, struct status *st)
{
	struct runtime *rt;

	if (!check_selection(c, st))
		return NULL;
	rt = calloc(1, sizeof *rt);
	BUG_ON(!rt);
	rt->api = c->api;
	rt->feed = feed_new(c->api);
	rt->recorder = recorder_start(c->api);
	for (size_t i = 0; c->controllers[i]; i++) {
		void *arg = c->args ? c->args[i] : NULL;

		if (!selected(c->select, c->controllers[i]->name))
			continue;
		if (!unit_add(rt, c->controllers[i], arg, st)) {
			runtime_stop(&rt);
			return NULL;
		}
	}
	/* Only now: what start() sets going may enqueue into any of them at once. */
	for (size_t i = 0; i < rt->units.n; i++)
		unit_start(rt->units.p[i]);
	feed_start(rt->feed, on_synced, rt);
	return rt;
}

void runtime_stop(struct runtime **rtp)
{
	struct runtime *rt = *rtp;

	if (!rt)
		return;
	feed_stop(&rt->feed);
	for (size_t i = 0; i < rt->units.n; i++)
		queue_stop(rt->units.p[i]->enqueue.queue);
	for (size_t i = 0; i < rt->units.n; i++)
		unit_stop(rt->units.p[i]);
	/* Until all have stopped, somebody outside may still enqueue. */
	for (size_t i = 0; i < rt->units.n; i++)
		unit_free(rt->units.p[i]);
	vec_free(&rt->units);
	recorder_stop(&rt->recorder);
	free(rt);
	*rtp = NULL;
}

void runtime_enqueue(struct runtime *rt, const struct controller *c, const char *ns,
		     const char *name, int64_t after_ms)
{
	for (size_t i = 0; i < rt->units.n; i++)
		if (rt->units.p[i]->ctl == c)
			queue_add(rt->units.p[i]->enqueue.queue, ns, name, after_ms);
}

struct api *runtime_api(struct runtime *rt)
{
	return rt->api;
}

int64_t runtime_seen(struct runtime *rt)
{
	return feed_rev(rt->feed);
}
