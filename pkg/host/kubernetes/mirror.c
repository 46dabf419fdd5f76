#include "host/kubernetes/mirror.h"

#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/remote.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/map.h"
#include "net/client.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 500
#define WATCH_MIN_S 300
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 30000
#define LINE_MAX (8 << 20)

struct mirror {
	struct host *h;
	const char *prefix, *resource, *kind;
	bool all;
	mirror_fn fn;
	void *arg;
	struct lock lock; /* guards objects, stop */
	struct cond wake;
	struct map *objects;
	char rv[32];
	bool stop;
	atomic_bool synced;
	struct thread *thread;
	/* one watch */
	struct buf line;
	bool expired;
	bool told; /* that the host does not answer */
};

static void unref(void *o)
{
	obj_unref(o);
}

/* ---- taking changes in ---- */

/* Does the object say anything newer than what we have? */
static bool newer(const struct obj *now, const struct obj *before)
{
	return !before || strcmp(now->uid, before->uid) || now->rev == 0 ||
	       now->len != before->len || memcmp(now->json, before->json, now->len);
}

static void *swap(struct mirror *m, const char *name, const struct obj *o)
{
	void *before, *v;

	memcpy(&v, &o, sizeof v);
	lock_take(&m->lock);
	before = o ? map_set(m->objects, name, v) : map_del(m->objects, name);
	lock_drop(&m->lock);
	return before;
}

static void take(struct mirror *m, const struct json *tree)
{
	const struct obj *o = obj_new(tree, NULL), *before;

	obj_ref(o); /* one for the map, one for the call below */
	before = swap(m, o->name, o);
	if (newer(o, before))
		m->fn(m->arg, o, before);
	obj_unref(before);
	obj_unref(o);
}

static void answers(struct mirror *m)
{
	if (m->told)
		log_info("host", "%s: the host answers again", m->resource);
	m->told = false;
}

static void drop(struct mirror *m, const char *name)
{
	const struct obj *before = swap(m, name, NULL);

	if (before)
		m->fn(m->arg, NULL, before);
	obj_unref(before);
}

/* ---- list ---- */

static char *selector(struct mirror *m, struct arena *a)
{
	if (m->all)
		return arena_strdup(a, "");
	return arena_printf(a, "&labelSelector=%s",
			    url_encode(a, arena_printf(a, LABEL_VC "=%s", m->h->cid_label)));
}

static bool list_page(struct mirror *m, struct arena *a, const char *cont, struct map *seen,
		      const char **next, struct status *st)
{
	struct json *list;
	char *path = arena_printf(a, "%s?limit=%d%s%s%s",
				  remote_path(m->h, a, m->prefix, m->resource, NULL, NULL), PAGE,
				  selector(m, a), *cont ? "&continue=" : "",
				  *cont ? url_encode(a, cont) : "");

	if (!remote_get(m->h, a, path, &list, st))
		return false;
	json_each(item, json_get(list, "items")) {
		map_set(seen, meta_name(item), m);
		take(m, item);
	}
	*next = json_path_str(list, "metadata.continue");
	strncpy(m->rv, json_path_str(list, "metadata.resourceVersion"), sizeof m->rv - 1);
	return true;
}

/* Names that the list did not have. */
static size_t vanished(struct mirror *m, struct arena *a, const struct map *seen, const char ***names)
{
	size_t it = 0, n = 0;
	const char *name;

	lock_take(&m->lock);
	*names = arena_alloc(a, (map_count(m->objects) + 1) * sizeof(**names));
	while (map_next(m->objects, &it, &name, NULL))
		if (!map_get(seen, name))
			(*names)[n++] = arena_strdup(a, name);
	lock_drop(&m->lock);
	return n;
}

static bool list_all(struct mirror *m, struct status *st)
{
	struct arena *a = arena_new();
	struct map *seen = map_new();
	const char *cont = "", **gone;
	bool ok;

	do {
		ok = list_page(m, a, cont, seen, &cont, st);
	} while (ok && *cont);
	if (ok) {
		size_t n = vanished(m, a, seen, &gone);

		for (size_t i = 0; i < n; i++)
			drop(m, gone[i]);
		atomic_store(&m->synced, true);
	}
	map_free(&seen, NULL);
	arena_free(&a);
	return ok;
}

/* ---- watch ---- */

static void on_line(struct mirror *m, const char *p, size_t n)
{
	struct arena *a = arena_new();
	const struct json *ev = json_parse(a, p, n, NULL, NULL);
	struct json *o = json_get(ev, "object");
	const char *type = json_path_str(ev, "type");

	if (!o || !strcmp(type, "ERROR")) {
		m->expired = true;
	} else {
		if (*meta_rv(o))
			strncpy(m->rv, meta_rv(o), sizeof m->rv - 1);
		if (!strcmp(type, "DELETED"))
			drop(m, meta_name(o));
		else if (strcmp(type, "BOOKMARK") != 0)
			take(m, o);
	}
	arena_free(&a);
}

static bool on_data(void *arg, const char *p, size_t n)
{
	struct mirror *m = arg;
	char *end;

	buf_add(&m->line, p, n);
	while (m->line.len && (end = memchr(m->line.p, '\n', m->line.len))) {
		size_t len = (size_t)(end - m->line.p);

		on_line(m, m->line.p, len);
		buf_drop(&m->line, len + 1);
	}
	return !m->expired && m->line.len < LINE_MAX;
}

static bool on_head(void *arg, int code, const char *content_type)
{
	struct mirror *m = arg;

	(void)content_type;
	if (code == 200)
		answers(m);
	else
		m->expired = true;
	return code == 200;
}

/* Until the stream ends; false when the next step is a new list. */
static bool watch_once(struct mirror *m, struct status *st)
{
	struct arena *a = arena_new();
	unsigned char r;
	int code = 0;
	bool ok;
	struct client_stream s = { on_head, on_data, m, &m->stop };
	struct client_req q = { .method = "GET", .accept = "application/json" };

	random_bytes(&r, 1);
	q.timeout_s = WATCH_MIN_S + r + 30;
	q.path = arena_printf(a,
			      "%s?watch=true&allowWatchBookmarks=true&resourceVersion=%s"
			      "&timeoutSeconds=%d%s",
			      remote_path(m->h, a, m->prefix, m->resource, NULL, NULL), m->rv,
			      WATCH_MIN_S + r, selector(m, a));
	m->expired = false;
	buf_clear(&m->line);
	ok = client_stream(m->h->client, &q, &s, &code, st);
	arena_free(&a);
	return ok && !m->expired;
}

static bool stopping(struct mirror *m)
{
	bool stop;

	lock_take(&m->lock);
	stop = m->stop;
	lock_drop(&m->lock);
	return stop;
}

static void pause_ms(struct mirror *m, int64_t ms)
{
	int64_t until = clock_mono_ns() + ms * 1000000;

	lock_take(&m->lock);
	while (!m->stop && cond_wait_until(&m->wake, &m->lock, until))
		;
	lock_drop(&m->lock);
}

static void run(void *arg)
{
	struct mirror *m = arg;
	int64_t wait = BACKOFF_MIN_MS;
	bool listed = false;

	while (!stopping(m)) {
		STATUS_AUTO struct status st = STATUS_INIT;

		if (!listed && list_all(m, &st)) {
			listed = true;
			wait = BACKOFF_MIN_MS;
			answers(m);
		}
		if (listed && watch_once(m, &st))
			continue;
		listed = listed && !m->expired;
		if (!st.code || stopping(m))
			continue;
		if (!m->told)
			log_warn("host", "%s: %s; trying again", m->resource, st.message);
		m->told = true;
		pause_ms(m, wait);
		wait = wait * 2 < BACKOFF_MAX_MS ? wait * 2 : BACKOFF_MAX_MS;
	}
}

struct mirror *mirror_start(struct host *h, const char *prefix, const char *resource,
			    const char *kind, bool all, mirror_fn fn, void *arg)
{
	struct mirror *m = calloc(1, sizeof *m);

	BUG_ON(!m);
	m->h = h;
	m->prefix = prefix;
	m->resource = resource;
	m->kind = kind;
	m->all = all;
	m->fn = fn;
	m->arg = arg;
	lock_init(&m->lock, "mirror", LOCK_HOST);
	cond_init(&m->wake);
	m->objects = map_new();
	m->thread = thread_start(resource, run, m);
	return m;
}

void mirror_stop(struct mirror **mp)
{
	struct mirror *m = *mp;

	if (!m)
		return;
	lock_take(&m->lock);
	/* the client looks at it without our lock */
	__atomic_store_n(&m->stop, true, __ATOMIC_RELAXED);
	cond_broadcast(&m->wake);
	lock_drop(&m->lock);
	thread_join(&m->thread);
	map_free(&m->objects, unref);
	buf_free(&m->line);
	cond_destroy(&m->wake);
	lock_destroy(&m->lock);
	free(m);
	*mp = NULL;
}

bool mirror_synced(struct mirror *m)
{
	return atomic_load(&m->synced);
}

const struct obj *mirror_get(struct mirror *m, const char *name)
{
	const struct obj *o;

	lock_take(&m->lock);
	o = map_get(m->objects, name);
	if (o)
		obj_ref(o);
	lock_drop(&m->lock);
	return o;
}

void mirror_each(struct mirror *m, void (*fn)(void *arg, const struct obj *o), void *arg)
{
	size_t it = 0;
	void *o;

	lock_take(&m->lock);
	while (map_next(m->objects, &it, NULL, &o))
		fn(arg, o);
	lock_drop(&m->lock);
}
