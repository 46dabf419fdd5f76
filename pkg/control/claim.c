#include "control/claim.h"
#include "control/workload.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

static bool wanted(const struct claim *c, const struct obj *o)
{
	return selector_matches_obj(c->sel, o) && (!c->fits || c->fits(o, c->owner));
}

/* Ours by reference, or an orphan that matches. */
static bool candidate(const struct obj *o, void *arg)
{
	const struct claim *c = arg;
	const struct owner *owner = obj_controller(o);

	return owner ? !strcmp(owner->uid, c->owner->uid) : !o->deleted_s && wanted(c, o);
}

/* The owner at hand may be a memory: a dead or dying one must not adopt, or the garbage collector would take
 * what was just orphaned. */
static bool owner_lives(const struct claim *c)
{
	const struct obj *o = api_get(&c->t->call, c->owner_kind, c->owner->ns, c->owner->name, NULL);

	return o && !strcmp(o->uid, c->owner->uid) && !o->deleted_s;
}

static bool adopt(struct call *call, struct json *o, void *arg, struct status *st)
{
	const struct claim *c = arg;
	char api_version[128];

	(void)st;
	if (meta_deleting(o) || !owner_lives(c))
		return false;
	json_each(ref, json_path(o, "metadata.ownerReferences"))
		if (json_path_bool(ref, "controller", false))
			return false;
	meta_add_controller_ref(call->a, o, kind_api_version(c->owner_kind, api_version),
				c->owner_kind->subject.kind, c->owner);
	if (c->finalizer)
		meta_add_finalizer(call->a, o, c->finalizer);
	return true;
}

static bool release(struct call *call, struct json *o, void *arg, struct status *st)
{
	const struct claim *c = arg;
	struct json *refs = json_path(o, "metadata.ownerReferences");

	(void)st;
	json_each(ref, refs) {
		if (strcmp(json_path_str(ref, "uid"), c->owner->uid))
			continue;
		json_detach(refs, ref);
		if (!json_count(refs))
			json_del(json_get(o, "metadata"), "ownerReferences");
		if (c->finalizer)
			meta_del_finalizer(call->a, o, c->finalizer);
		return true;
	}
	return false;
}

/* Adopt or release one candidate; *mine is what it now is, NULL when not ours. */
static bool settle(struct claim *c, const struct obj *o, const struct obj **mine, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	bool ours = obj_controller(o), match = wanted(c, o);
	const struct obj *now = o;

	*mine = NULL;
	if (ours == match) {
		*mine = match ? o : NULL;
		return true;
	}
	if (c->owner->deleted_s)
		return true;
	now = api_change(&c->t->call, c->kind, NULL, o->ns, o->name, ours ? release : adopt, c, &err);
	if (!now && !status_is(&err, "NotFound")) {
		status_move(st, &err);
		return false;
	}
	if (now && !ours && obj_controller(now) && !strcmp(obj_controller(now)->uid, c->owner->uid))
		*mine = now;
	return true;
}

bool claim(const struct claim *want, const struct obj ***out, size_t *n, struct status *st)
{
	struct claim c = *want;
	struct arena *a = c.t->call.a;
	struct store_list l;
	const struct obj **mine;
	bool ok = true;

	store_list(api_table(c.t->call.api, c.kind), c.owner->ns, NULL, NULL, 0, candidate, &c, &l);
	mine = arena_alloc(a, (l.n + 1) * sizeof(*mine));
	*n = 0;
	for (size_t i = 0; ok && i < l.n; i++) {
		ok = settle(&c, obj_hold(a, l.items[i]), &mine[*n], st);
		*n += ok && mine[*n];
	}
	store_list_free(&l);
	*out = mine;
	return ok;
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
