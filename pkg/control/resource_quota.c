/*
 * resourcequota-controller: a ResourceQuota's status says what is limited and what is in use.
 *
 * Admission books what is created; here everything is counted again when something goes, ends or changes its
 * size, and every five minutes.  The quota is read first, and the write is for that revision only: whoever
 * booked in between makes us count again.  A limit that admission did not see yet while we counted is
 * counted twice.  k8s: pkg/controller/resourcequota/resource_quota_controller.go.
 */
#include "control/control.h"

#include "api/quota.h"
#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/obj.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESYNC_S 300

struct counting {
	struct task *t;
	const struct json *quota;
	const struct json *hard;
	struct usage used;
};

/* The hard limits that are about k start at nothing; false when there are none. */
static bool begin(struct counting *cn, const struct kind *k)
{
	struct quantity zero = { 0 };
	bool any = false;

	json_each(v, cn->hard) {
		if (!quota_names(k, json_name(v)))
			continue;
		usage_add(cn->t->call.a, &cn->used, json_name(v), &zero);
		any = true;
	}
	return any;
}

static bool count_kind(struct counting *cn, const struct kind *k, const char *ns, struct status *st)
{
	struct list_options every = { .label_selector = NULL };
	struct arena *a = cn->t->call.a;
	int64_t now = clock_now_s();
	struct list_result l;

	if (!begin(cn, k))
		return true;
	if (!api_list(&cn->t->call, k, ns, &every, &l, st))
		return false;
	for (size_t i = 0; i < l.n; i++) {
		struct json *o = obj_tree(a, l.items[i]);
		struct usage u = { 0 };

		if (!quota_scopes_match(a, k, cn->quota, o))
			continue;
		quota_usage(a, k, o, now, &u);
		for (size_t n = 0; n < u.n; n++)
			if (usage_find(&cn->used, u.v[n].name))
				usage_add(a, &cn->used, u.v[n].name, &u.v[n].q);
	}
	return true;
}

static bool count_all(struct counting *cn, const char *ns, struct status *st)
{
	struct kinds *ks = api_kinds(cn->t->call.api);
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(ks, &it));)
		if (!k->storage && quota_counts(k) && !count_kind(cn, k, ns, st))
			return false;
	return true;
}

static bool same_amounts(const struct json *x, const struct json *y)
{
	if (json_count(x) != json_count(y))
		return false;
	json_each(v, x) {
		struct quantity p, q;

		if (!quantity_parse(json_str(v), &p) ||
		    !quantity_parse(json_str(json_get(y, json_name(v))), &q) || quantity_cmp(&p, &q))
			return false;
	}
	return true;
}

struct finding {
	const char *rv;
	const struct json *hard, *used;
};

static bool put_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct finding *f = arg;
	struct json *status;

	if (strcmp(meta_rv(o), f->rv) != 0) {
		static const struct subject quotas = { "", "resourcequotas", "ResourceQuota" };

		return status_modified(st, &quotas, meta_name(o));
	}
	status = json_set(c->a, o, "status", json_object(c->a));
	json_set(c->a, status, "hard", json_copy(c->a, f->hard));
	json_set(c->a, status, "used", json_copy(c->a, f->used));
	return true;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct usage_item *)x)->name, ((const struct usage_item *)y)->name);
}

/* What was found; what nobody counts keeps its old value. */
static struct json *used_tree(struct counting *cn)
{
	struct arena *a = cn->t->call.a;
	struct json *out = json_object(a);

	json_each(v, json_path(cn->quota, "status.used")) {
		struct quantity q;

		if (json_get(cn->hard, json_name(v)) && !usage_find(&cn->used, json_name(v)) &&
		    quantity_parse(json_str(v), &q))
			usage_add(a, &cn->used, json_name(v), &q);
	}
	if (cn->used.n)
		qsort(cn->used.v, cn->used.n, sizeof *cn->used.v, by_name);
	for (size_t i = 0; i < cn->used.n; i++)
		json_set_str(a, out, cn->used.v[i].name, quantity_text(a, &cn->used.v[i].q));
	return out;
}

static bool quota_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct kind *k = kinds_preferred(api_kinds(t->call.api), "", "resourcequotas");
	const struct obj *o = api_get(&t->call, k, key.ns, key.name, NULL);
	struct counting cn = { .t = t };
	const struct json *status;
	struct finding f;

	if (!o)
		return true;
	cn.quota = obj_tree(t->call.a, o);
	cn.hard = json_path(cn.quota, "spec.hard");
	if (!count_all(&cn, key.ns, st))
		return false;
	f = (struct finding){ meta_rv(cn.quota), cn.hard ? cn.hard : json_object(t->call.a),
			      used_tree(&cn) };
	status = json_get(cn.quota, "status");
	if (json_get(status, "hard") && json_get(status, "used") &&
	    same_amounts(json_get(status, "hard"), f.hard) &&
	    same_amounts(json_get(status, "used"), f.used))
		return true;
	if (!same_amounts(json_get(status, "hard"), f.hard))
		out->after_ms = 1;
	return api_change(&t->call, k, "status", key.ns, key.name, put_status, &f, st);
}

/* ---- what makes usage less ---- */

static bool has_ended(const char *phase)
{
	return !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
}

static const char *phase_of(const struct kind *k, const struct obj *o)
{
	for (size_t i = 0; k->fields && k->fields[i] && i < o->nfields; i++)
		if (!strcmp(k->fields[i], "status.phase"))
			return o->fields[i];
	return "";
}

/* A pod whose spec was changed may be waiting for its new size. */
static bool may_take_less(const struct kind *k, const struct event *ev)
{
	const char *name = k->subject.resource;

	if (ev->type != EVENT_MODIFIED)
		return ev->type == EVENT_DELETED;
	if (!strcmp(name, "pods") && !*k->subject.group)
		return ev->obj->generation > 1 ||
		       (has_ended(phase_of(k, ev->obj)) && !has_ended(phase_of(k, ev->prev)));
	return (!*k->subject.group &&
		(!strcmp(name, "services") || !strcmp(name, "persistentvolumeclaims"))) ||
	       !strcmp(name, "resourceclaims");
}

static void map_usage(struct enqueue *q, void *state, const struct kind *k, const struct event *ev)
{
	struct api *api = state;
	struct table *t = api_table(api, kinds_preferred(api_kinds(api), "", "resourcequotas"));
	struct store_list l;

	if (!may_take_less(k, ev) || !table_count(t) || !quota_counts(k))
		return;
	store_list(t, ev->obj->ns, NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		enqueue_key(q, l.items[i]->ns, l.items[i]->name);
	store_list_free(&l);
}

/* Bookings change the status only, and need no counting. */
static void map_quota(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct arena *a;
	bool same;

	(void)api;
	if (ev->type == EVENT_DELETED)
		return;
	a = arena_new();
	same = ev->prev && json_equal(json_get(obj_tree(a, ev->obj), "spec"),
				      json_get(obj_tree(a, ev->prev), "spec"));
	arena_free(&a);
	if (!same)
		enqueue_key(q, ev->obj->ns, ev->obj->name);
}

static void *start(struct runtime *rt, void *arg)
{
	(void)arg;
	return runtime_api(rt);
}

const struct controller resource_quota_controller = {
	.name = "resourcequota",
	.source = "resourcequota-controller",
	.watch = { { "v1", "ResourceQuota", map_quota } },
	.map_all = map_usage,
	.reconcile = quota_reconcile,
	.start = start,
	.workers = 2,
	.resync_s = RESYNC_S,
};
