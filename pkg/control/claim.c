#include "control/claim.h"
#include "control/workload.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

struct want {
	const struct selector *sel;
	const char *uid;
	bool (*fits)(const struct obj *o, void *arg); /* NULL = all do */
	void *arg;
};

static bool wanted(const struct want *w, const struct obj *o)
{
	return selector_matches_obj(w->sel, o) && (!w->fits || w->fits(o, w->arg));
}

/* Ours by reference, or an orphan that matches. */
static bool candidate(const struct obj *o, void *arg)
{
	const struct want *w = arg;
	const struct owner *c = obj_controller(o);

	return c ? !strcmp(c->uid, w->uid) : !o->deleted_s && wanted(w, o);
}

struct adoption {
	const char *api_version, *kind;
	const struct kind *owner_kind;
	const struct obj *owner;
};

/* The owner at hand may be a memory: a dead or dying one must not adopt, or the garbage collector would take
 * what was just orphaned. */
static bool owner_lives(struct call *c, const struct adoption *ad)
{
	const struct obj *o = api_get(c, ad->owner_kind, ad->owner->ns, ad->owner->name, NULL);

	return o && !strcmp(o->uid, ad->owner->uid) && !o->deleted_s;
}

static bool adopt(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct adoption *ad = arg;

	(void)st;
	if (meta_deleting(o) || !owner_lives(c, ad))
		return false;
	json_each(ref, json_path(o, "metadata.ownerReferences"))
		if (json_path_bool(ref, "controller", false))
			return false;
	meta_add_controller_ref(c->a, o, ad->api_version, ad->kind, ad->owner);
	return true;
}

static bool release(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct adoption *ad = arg;
	struct json *refs = json_path(o, "metadata.ownerReferences");

	(void)c;
	(void)st;
	json_each(ref, refs) {
		if (strcmp(json_path_str(ref, "uid"), ad->owner->uid))
			continue;
		json_detach(refs, ref);
		if (!json_count(refs))
			json_del(json_get(o, "metadata"), "ownerReferences");
		return true;
	}
	return false;
}

/* Adopt or release one candidate; *mine is what it now is, NULL when not ours. */
static bool settle(struct task *t, const struct kind *k, struct adoption *ad, const struct want *w,
		   const struct obj *o, const struct obj **mine, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	bool ours = obj_controller(o), match = wanted(w, o);
	const struct obj *now = o;

	*mine = NULL;
	if (ours == match) {
		*mine = match ? o : NULL;
		return true;
	}
	if (ad->owner->deleted_s)
		return true;
	now = api_change(&t->call, k, NULL, o->ns, o->name, ours ? release : adopt, ad, &err);
	if (!now && !status_is(&err, "NotFound")) {
		status_move(st, &err);
		return false;
	}
	if (now && !ours && obj_controller(now) && !strcmp(obj_controller(now)->uid, ad->owner->uid))
		*mine = now;
	return true;
}

bool claim_where(struct task *t, const struct kind *k, const struct kind *owner_kind,
		 const struct obj *owner, const struct selector *sel,
		 bool (*fits)(const struct obj *o, void *arg), void *arg, const struct obj ***out,
		 size_t *n, struct status *st)
{
	char api_version[128];
	struct want w = { sel, owner->uid, fits, arg };
	struct adoption ad = { kind_api_version(owner_kind, api_version), owner_kind->subject.kind,
			       owner_kind, owner };
	struct store_list l;
	const struct obj **mine;
	bool ok = true;

	store_list(api_table(t->call.api, k), owner->ns, NULL, NULL, 0, candidate, &w, &l);
	mine = arena_alloc(t->call.a, (l.n + 1) * sizeof(*mine));
	*n = 0;
	for (size_t i = 0; ok && i < l.n; i++) {
		const struct obj *o = obj_hold(t->call.a, l.items[i]);

		ok = settle(t, k, &ad, &w, o, &mine[*n], st);
		*n += ok && mine[*n];
	}
	store_list_free(&l);
	*out = mine;
	return ok;
}

bool claim(struct task *t, const struct kind *k, const struct kind *owner_kind,
	   const struct obj *owner, const struct selector *sel, const struct obj ***out, size_t *n,
	   struct status *st)
{
	return claim_where(t, k, owner_kind, owner, sel, NULL, NULL, out, n, st);
}

/* ---- orphans ---- */

struct orphan {
	struct enqueue *q;
	struct arena *a;
	const struct obj *o;
};

static bool offer(const struct obj *owner, void *arg)
{
	struct orphan * or = arg;
	const struct json *tree = obj_tree(or->a, owner);
	struct selector *sel = workload_selector(or->a, json_path(tree, "spec.selector"), NULL);

	if (sel && selector_matches_obj(sel, or->o))
		enqueue_key(or->q, owner->ns, owner->name);
	return false;
}

void claim_offer(struct enqueue *q, struct api *api, const struct event *ev,
		 const struct kind *owner_kind)
{
	struct orphan or = { .q = q, .o = ev->obj };
	struct store_list l;

	enqueue_owner(q, ev, owner_kind->subject.kind);
	if (obj_controller(ev->obj) || ev->obj->deleted_s || ev->type == EVENT_DELETED)
		return;
	if (ev->prev && !obj_controller(ev->prev) && obj_same_labels(ev->obj, ev->prev))
		return;
	or.a = arena_new();
	store_list(api_table(api, owner_kind), ev->obj->ns, NULL, NULL, 0, offer, & or, &l);
	store_list_free(&l);
	arena_free(& or.a);
}
