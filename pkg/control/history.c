#include "control/history.h"

#include "control/claim.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX_MAX 223
#define NAME_TRIES 16

static int by_number(const void *x, const void *y)
{
	const struct revision *a = x, *b = y;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	if (a->obj->created_s != b->obj->created_s)
		return a->obj->created_s < b->obj->created_s ? -1 : 1;
	return strcmp(a->obj->name, b->obj->name);
}

static void revision_read(struct history *h, struct revision *r, const struct obj *o)
{
	struct json *tree = obj_tree(h->t->call.a, o);
	struct json *template = json_path(tree, "data.spec.template");

	json_del(template, "$patch");
	r->obj = o;
	r->template = template;
	r->number = json_path_int(tree, "revision", 0);
}

bool history_read(struct history *h, struct task *t, const struct kind *owner_kind,
		  const struct obj *owner, const struct selector *sel, struct status *st)
{
	const struct obj **objs;
	struct claim c;

	h->t = t;
	h->kind = kinds_by_resource(api_kinds(t->call.api), "apps", "v1", "controllerrevisions");
	h->owner_kind = owner_kind;
	h->owner = owner;
	c = (struct claim){
		.t = t, .kind = h->kind, .owner_kind = owner_kind, .owner = owner, .sel = sel
	};
	if (!claim(&c, &objs, &h->n, st))
		return false;
	/* One more, should history_settle() make it. */
	h->all = arena_zalloc(t->call.a, (h->n + 1) * sizeof(*h->all));
	for (size_t i = 0; i < h->n; i++)
		revision_read(h, &h->all[i], objs[i]);
	qsort(h->all, h->n, sizeof(*h->all), by_number);
	return true;
}

const struct revision *history_find(const struct history *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (!strcmp(h->all[i].obj->name, name))
			return &h->all[i];
	return NULL;
}

static bool set_number(struct call *c, struct json *o, void *arg, struct status *st)
{
	const int64_t *number = arg;

	(void)st;
	if (json_path_int(o, "revision", 0) == *number)
		return false;
	json_set_int(c->a, o, "revision", *number);
	return true;
}

/* An old template is back: its revision becomes the newest. */
static const struct revision *renumber(struct history *h, struct revision *r, struct status *st)
{
	struct revision back;
	int64_t number = h->all[h->n - 1].number + 1;
	const struct obj *o = api_change(&h->t->call, h->kind, NULL, r->obj->ns, r->obj->name,
					 set_number, &number, st);

	if (!o)
		return NULL;
	revision_read(h, &back, o);
	memmove(r, r + 1, (size_t)(&h->all[h->n] - (r + 1)) * sizeof(*r));
	h->all[h->n - 1] = back;
	return &h->all[h->n - 1];
}

static struct json *patch_of(struct arena *a, const struct json *owner_tree)
{
	struct json *template = json_copy(a, json_path(owner_tree, "spec.template"));

	json_set_str(a, template, "$patch", "replace");
	return json_build(a, "{spec:{template:%j}}", template);
}

static struct json *new_revision(struct history *h, const struct json *owner_tree, int64_t number,
				 int64_t collisions)
{
	struct arena *a = h->t->call.a;
	const struct json *labels = json_path(owner_tree, "spec.template.metadata.labels");
	const struct json *notes = json_path(owner_tree, "metadata.annotations");
	struct json *data = patch_of(a, owner_tree), *o;
	struct buf b = BUF_INIT;
	char hash[16];

	json_print(&b, data);
	buf_addf(&b, "%lld", (long long)collisions);
	safe_encode(fnv32a(b.p, b.len), hash);
	buf_free(&b);
	o = json_build(a,
		       "{kind:%s,apiVersion:%s,metadata:{name:%s,labels:%j,annotations:%j},data:%j}",
		       "ControllerRevision", "apps/v1",
		       arena_printf(a, "%.*s-%s", PREFIX_MAX, h->owner->name, hash),
		       labels ? json_copy(a, labels) : json_object(a),
		       notes ? json_copy(a, notes) : NULL, data);
	meta_set_label(a, o, h->hash_label, hash);
	json_set_int(a, o, "revision", number);
	return o;
}

/* Ours already, from an attempt that did not come to its end? */
static bool is_ours(struct history *h, const struct obj *o, const struct json *owner_tree)
{
	struct revision r;

	revision_read(h, &r, o);
	return obj_controller(o) && !strcmp(obj_controller(o)->uid, h->owner->uid) &&
	       json_equal(r.template, json_path(owner_tree, "spec.template"));
}

static const struct revision *create(struct history *h, const struct json *owner_tree,
				     int64_t *collisions, struct status *st)
{
	int64_t number = h->n ? h->all[h->n - 1].number + 1 : 1;
	STATUS_AUTO struct status err = STATUS_INIT;

	for (int i = 0; i < NAME_TRIES; i++, ++*collisions) {
		struct json *tree = new_revision(h, owner_tree, number, *collisions);
		const struct obj *o;

		status_clear(&err);
		o = child_create(h->t, h->kind, h->owner_kind, h->owner, tree, &err);
		if (o && is_ours(h, o, owner_tree)) {
			revision_read(h, &h->all[h->n], o);
			return &h->all[h->n++];
		}
		if (!o && !status_is(&err, "AlreadyExists"))
			break;
	}
	if (err.code)
		status_move(st, &err);
	else
		status_internal(st, "no free name for a revision of %s", h->owner->name);
	return NULL;
}

const struct revision *history_settle(struct history *h, const struct json *owner_tree,
				      int64_t *collisions, struct status *st)
{
	const struct json *template = json_path(owner_tree, "spec.template");

	for (size_t i = h->n; i > 0; i--) {
		if (!json_equal(h->all[i - 1].template, template))
			continue;
		return i == h->n ? &h->all[i - 1] : renumber(h, &h->all[i - 1], st);
	}
	return create(h, owner_tree, collisions, st);
}

bool history_truncate(struct history *h, int64_t limit, bool (*live)(const char *name, void *arg),
		      void *arg, struct status *st)
{
	struct delete_options opts = DELETE_OPTIONS_INIT;
	int64_t dead = 0;

	for (size_t i = 0; i < h->n; i++)
		dead += !live(h->all[i].obj->name, arg);
	for (size_t i = 0; limit >= 0 && i < h->n && dead > limit; i++) {
		STATUS_AUTO struct status err = STATUS_INIT;
		const struct obj *o = h->all[i].obj;
		bool gone;

		if (live(o->name, arg))
			continue;
		opts.uid = o->uid;
		if (!api_delete(&h->t->call, h->kind, o->ns, o->name, &opts, &gone, &err) &&
		    !status_is(&err, "NotFound") && !status_is(&err, "Conflict")) {
			status_move(st, &err);
			return false;
		}
		dead--;
	}
	return true;
}
