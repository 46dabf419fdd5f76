/*
 * event: what happened to an object, as a core/v1 Event.
 *
 * The same thing said again within ten minutes raises the count of the Event that said it first.  What has
 * been said is remembered by (source, object, type, reason, message); the memory is dropped as a
 * whole when it has grown large, which costs at worst a second Event.
 * An Event is never worth an error: whatever goes wrong here is dropped.
 * k8s: client-go/tools/record/{event,events_cache}.go.
 */
#include "api/core.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/map.h"
#include "obj/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 4096
#define REPEAT_S 600
#define MESSAGE_MAX 1024

struct said {
	int64_t last_s;
	char name[]; /* of the Event */
};

struct event_memory {
	struct lock lock;
	struct map *said;
	int64_t stamp_us; /* of the newest name */
};

struct report {
	struct call *c;
	const char *ns, *api_version;
	const struct kind *k;
	const struct obj *about;
	const char *type, *reason, *message;
	char now[TIME_LEN];
};

void event_memory_init(struct api *api)
{
	struct event_memory *m = arena_zalloc(api->a, sizeof *m);

	lock_init(&m->lock, "events", LOCK_API);
	m->said = map_new();
	api->events = m;
}

void event_memory_free(struct api *api)
{
	if (!api->events)
		return;
	map_free(&api->events->said, free);
	lock_destroy(&api->events->lock);
}

static char *report_key(struct report *r)
{
	const char *manager = r->c->manager ? r->c->manager : "";

	return arena_printf(r->c->a, "%s\n%s\n%s\n%s\n%s\n%s", manager, r->k->subject.kind,
			    r->about->uid, r->type, r->reason, r->message);
}

/* The name of the Event that said the same not long ago, or NULL. */
static char *said_before(struct report *r, const char *key)
{
	struct event_memory *m = r->c->api->events;
	int64_t now = clock_now_s();
	struct said *s;
	char *name = NULL;

	lock_take(&m->lock);
	s = map_get(m->said, key);
	if (s && now - s->last_s < REPEAT_S) {
		s->last_s = now;
		name = arena_strdup(r->c->a, s->name);
	}
	lock_drop(&m->lock);
	return name;
}

/* A name that no other Event has had. */
static char *new_name(struct report *r)
{
	struct event_memory *m = r->c->api->events;
	int64_t now = clock_now_us();

	lock_take(&m->lock);
	m->stamp_us = now > m->stamp_us ? now : m->stamp_us + 1;
	now = m->stamp_us;
	lock_drop(&m->lock);
	return arena_printf(r->c->a, "%.200s.%llx", r->about->name, (unsigned long long)now * 1000);
}

static void said_now(struct report *r, const char *key, const char *name)
{
	struct event_memory *m = r->c->api->events;
	struct said *s = malloc(sizeof *s + strlen(name) + 1);

	if (!s)
		abort();
	s->last_s = clock_now_s();
	strcpy(s->name, name);
	lock_take(&m->lock);
	if (map_count(m->said) >= REMEMBERED) {
		map_free(&m->said, free);
		m->said = map_new();
	}
	free(map_set(m->said, key, s));
	lock_drop(&m->lock);
}

static bool event_again(struct call *c, struct json *ev, void *arg, struct status *st)
{
	(void)st;
	json_set_int(c->a, ev, "count", json_path_int(ev, "count", 1) + 1);
	json_set_str(c->a, ev, "lastTimestamp", arg);
	return true;
}

static struct json *event_tree(struct report *r, const char *name)
{
	struct arena *a = r->c->a;
	const struct obj *o = r->about;
	const char *manager = r->c->manager ? r->c->manager : "";
	char rev[24];
	struct json *ref;

	snprintf(rev, sizeof rev, "%lld", (long long)o->rev);
	ref = json_build(a, "{apiVersion:%s,kind:%s,name:%s,namespace:%s,resourceVersion:%s,uid:%s}",
			 r->api_version, r->k->subject.kind, o->name, *o->ns ? o->ns : NULL, rev,
			 o->uid);
	return json_build(
		a,
		"{apiVersion:\"v1\",kind:\"Event\",metadata:{name:%s,namespace:%s},involvedObject:%j,"
		"reason:%s,message:%s,source:{component:%s},firstTimestamp:%s,lastTimestamp:%s,count:1,"
		"type:%s,reportingComponent:%s,reportingInstance:\"\"}",
		name, r->ns, ref, r->reason, r->message, manager, r->now, r->now, r->type, manager);
}

/* The Event to be made, or NULL when an older one could be counted up. */
static struct json *report_tree(struct report *r)
{
	const struct kind *k = r->c->api->known.event;
	char *key = report_key(r), *name = said_before(r, key);

	time_format(clock_now_s(), r->now);
	if (name && api_change(r->c, k, NULL, r->ns, name, event_again, r->now, NULL))
		return NULL;
	name = new_name(r);
	said_now(r, key, name);
	return event_tree(r, name);
}

/* Messages are cut, but not within a character. */
static int message_len(const char *s)
{
	size_t n = strnlen(s, MESSAGE_MAX + 1);

	if (n > MESSAGE_MAX)
		for (n = MESSAGE_MAX; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
			n--;
	return (int)n;
}

static struct json *report(struct call *c, const struct event_item *e, const char **ns)
{
	struct report r = { .c = c, .k = e->k, .about = e->about, .type = e->type, .reason = e->reason };
	char version[128];

	c->manager = e->source;
	r.message = arena_printf(c->a, "%.*s", message_len(e->message), e->message);
	r.ns = *ns = *e->about->ns ? e->about->ns : "default";
	r.api_version = kind_api_version(e->k, version);
	return report_tree(&r);
}

void api_event_many(struct call *c, const struct event_item *e, size_t n)
{
	const struct kind *k = c->api->known.event;
	struct create_item *x = arena_alloc(c->a, (n + 1) * sizeof(*x));
	size_t fresh = 0;

	for (size_t i = 0; i < n; i++) {
		x[fresh].o = report(c, &e[i], &x[fresh].ns);
		fresh += x[fresh].o != NULL;
	}
	if (!fresh || api_create_many(c, k, x, fresh, NULL))
		return;
	/* A namespace on its way out refuses its own Events, not those of others. */
	for (size_t i = 0; i < fresh; i++)
		api_create(c, k, x[i].ns, x[i].o, NULL);
}
