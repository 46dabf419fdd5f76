/*
 * Design: an event keeps its name, with the object's name in it replaced, so that the same event of the host is
 * the same event inside after any number of restarts: it is created once, and follows count and time.  Events
 * about objects that are not ours, auxiliary ones, objects the tenant does not have any more, and old ones are
 * passed over.
 */
#include "host/kubernetes/events.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define AGE_MAX_S 3600
#define AGAIN_MS 500

/* What an event may be about, and how it is found. */
struct about {
	const char *kind, *resource;
	size_t mirror; /* offset in struct host; 0 = none */
};

static const struct about abouts[] = {
	{ "Pod", "pods", offsetof(struct host, pods) },
	{ "Service", "services", offsetof(struct host, services) },
	{ "ConfigMap", "configmaps", offsetof(struct host, configmaps) },
	{ "Secret", "secrets", offsetof(struct host, secrets) },
	{ "PersistentVolumeClaim", "persistentvolumeclaims", 0 },
};

struct report {
	struct host *h;
	struct call *c;
	const struct about *about;
	const struct json *ev; /* the host's */
	const char *hname;
	struct linked v;
	const struct obj *obj; /* the virtual object */
};

static bool find_about(struct report *r)
{
	const char *kind = json_path_str(r->ev, "involvedObject.kind");

	for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++)
		if (!strcmp(abouts[i].kind, kind))
			r->about = &abouts[i];
	r->hname = json_path_str(r->ev, "involvedObject.name");
	return r->about && *r->hname;
}

/* The host object may be gone when its last event comes: names remember it. */
static bool find_virtual(struct report *r)
{
	char hname[HOST_NAME_MAX];
	const struct obj *o = NULL;

	if (r->about->mirror) {
		struct mirror *m;

		memcpy(&m, (const char *)r->h + r->about->mirror, sizeof m);
		o = mirror_get(m, r->hname);
	}
	if (o) {
		obj_give(r->c->a, o);
		r->v = host_linked(r->c->a, o);
		return host_ours(r->h, r->c->a, o, r->about->resource) &&
		       !strcmp(o->uid, json_path_str(r->ev, "involvedObject.uid"));
	}
	return names_back(r->h->names, r->c->a, r->hname, &r->v.vns, &r->v.vname) &&
	       !strcmp(names_map(r->h->names, r->about->resource, r->v.vns, r->v.vname, hname),
		       r->hname);
}

static int64_t seconds(const struct json *ev, const char *path)
{
	int64_t us;

	return time_parse(json_path_str(ev, path), &us) ? us / 1000000 : 0;
}

static int64_t last_seen(const struct json *ev)
{
	static const char *const paths[] = { "series.lastObservedTime", "lastTimestamp", "eventTime",
					     "firstTimestamp", "metadata.creationTimestamp" };
	int64_t last = 0;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		int64_t s = seconds(ev, paths[i]);

		last = s > last ? s : last;
	}
	return last;
}

static bool wanted(struct report *r)
{
	struct api *api = r->h->api;
	const struct kind *k = kinds_by_resource(api_kinds(api), "", "v1", r->about->resource);
	const struct kind *ns = kinds_by_resource(api_kinds(api), "", "v1", "namespaces");
	const struct obj *space = api_get(r->c, ns, "", r->v.vns, NULL);
	int64_t at = last_seen(r->ev);

	r->obj = api_get(r->c, k, r->v.vns, r->v.vname, NULL);
	if (!space || space->deleted_s || !r->obj)
		return false;
	if (r->v.vuid && *r->v.vuid && strcmp(r->v.vuid, r->obj->uid))
		return false;
	return at >= r->obj->created_s && at >= clock_now_s() - AGE_MAX_S;
}

/* ---- the virtual event ---- */

static char *event_name(struct report *r)
{
	const char *name = meta_name(r->ev);
	size_t n = strlen(r->hname);

	if (!strncmp(name, r->hname, n) && (name[n] == '.' || !name[n]))
		return arena_printf(r->c->a, "%s%s", r->v.vname, name + n);
	return names_scrub(r->h->names, r->c->a, name);
}

static void copy(struct arena *a, struct json *to, const struct json *from, const char *name)
{
	const struct json *m = json_get(from, name);

	if (m && !json_is_null(m))
		json_set(a, to, name, json_copy(a, m));
}

static struct json *event_tree(struct report *r, const char *name)
{
	static const char *const kept[] = { "reason",           "source",
					    "firstTimestamp",   "lastTimestamp",
					    "eventTime",        "count",
					    "series",           "type",
					    "action",           "reportingComponent",
					    "reportingInstance" };
	struct arena *a = r->c->a;
	struct json *ref = json_build(a, "{apiVersion:%s,kind:%s,namespace:%s,name:%s,uid:%s}",
				      "v1", r->about->kind, r->v.vns, r->v.vname, r->obj->uid);
	struct json *o;

	copy(a, ref, json_get(r->ev, "involvedObject"), "fieldPath");
	o = json_build(a,
		       "{apiVersion:%s,kind:%s,metadata:{name:%s,namespace:%s},"
		       "involvedObject:%j,message:%s}",
		       "v1", "Event", name, r->v.vns, ref,
		       names_scrub(r->h->names, a, json_path_str(r->ev, "message")));
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		copy(a, o, r->ev, kept[i]);
	return o;
}

static bool follow(struct call *c, struct json *o, void *arg, struct status *st)
{
	static const char *const moving[] = { "count", "lastTimestamp", "series", "message" };
	const struct json *want = arg;
	bool changed = false;

	(void)st;
	for (size_t i = 0; i < sizeof moving / sizeof *moving; i++) {
		if (!json_get(want, moving[i]) ||
		    json_equal(json_get(o, moving[i]), json_get(want, moving[i])))
			continue;
		copy(c->a, o, want, moving[i]);
		changed = true;
	}
	return changed;
}

static bool events_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct host *h = t->state;
	const struct kind *k = kinds_by_resource(api_kinds(h->api), "", "v1", "events");
	struct report r = { .h = h, .c = &t->call };
	const struct obj *o;
	struct json *want;
	char *name;

	if (!inbound_synced(h)) {
		out->after_ms = AGAIN_MS;
		return true;
	}
	o = mirror_get(h->events, key.name);
	if (!o)
		return true;
	r.ev = obj_tree(t->call.a, obj_give(t->call.a, o));
	if (!find_about(&r) || !find_virtual(&r) || !wanted(&r))
		return true;
	name = event_name(&r);
	want = event_tree(&r, name);
	if (api_get(&t->call, k, r.v.vns, name, NULL) ?
		    !!api_change(&t->call, k, NULL, r.v.vns, name, follow, want, &err) :
		    !!api_create(&t->call, k, r.v.vns, want, &err))
		return true;
	/* An event that cannot be told is not worth trying again, unless two of us tried at once. */
	if (!status_is(&err, "Conflict"))
		return true;
	status_move(st, &err);
	return false;
}

const struct controller kube_events = {
	.name = "host-events",
	.manager = "host-events",
	.reconcile = events_reconcile,
	.start = kube_start,
	.stop = kube_stop,
	.synced = kube_live,
};
