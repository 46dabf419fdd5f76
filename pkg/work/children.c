/*
 * Children: what a workload owns, found by the uid of its controller reference in the frozen headers, so
 * that a thousand pods are looked through without parsing one.
 */
#include "work/work.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static bool owned_by(const struct obj *o, void *uid)
{
	const struct owner *c = obj_controller(o);

	return c && !strcmp(c->uid, uid);
}

size_t children_list(struct task *t, const struct kind *k, const char *ns, const char *owner_uid,
		     const struct obj ***out)
{
	struct store_list l;
	size_t n;

	store_list(api_table(t->call.api, k), ns, NULL, NULL, 0, owned_by,
		   arena_strdup(t->call.a, owner_uid), &l);
	n = l.n;
	*out = arena_alloc(t->call.a, (n + 1) * sizeof **out);
	for (size_t i = 0; i < n; i++)
		(*out)[i] = obj_hold(t->call.a, l.items[i]);
	store_list_free(&l);
	return n;
}

const struct obj *child_create(struct task *t, const struct kind *k, const struct kind *owner_kind,
			       const struct obj *owner, struct json *child, struct status *st)
{
	STATUS_AUTO struct status mine = STATUS_INIT;
	const struct obj *o, *there;
	const struct owner *c;
	char api_version[128];
	const char *name = meta_name(child);

	meta_add_controller_ref(t->call.a, child, kind_api_version(owner_kind, api_version),
				owner_kind->subject.kind, owner);
	o = api_create(&t->call, k, owner->ns, child, &mine);
	if (o)
		return o;
	/* A fixed name that our own earlier, interrupted attempt already created is success. */
	if (*name && status_is(&mine, "AlreadyExists")) {
		there = api_get(&t->call, k, owner->ns, name, NULL);
		c = there ? obj_controller(there) : NULL;
		if (c && !strcmp(c->uid, owner->uid))
			return there;
	}
	status_move(st, &mine);
	return NULL;
}

bool children_create(struct task *t, const struct kind *k, const struct kind *owner_kind,
		     const struct obj *owner, struct create_item *items, size_t n, struct status *st)
{
	char api_version[128];

	kind_api_version(owner_kind, api_version);
	for (size_t i = 0; i < n; i++) {
		items[i].ns = owner->ns;
		meta_add_controller_ref(t->call.a, items[i].o, api_version,
					owner_kind->subject.kind, owner);
	}
	return api_create_many(&t->call, k, items, n, st);
}

bool task_change(struct task *t, const struct kind *k, const char *sub, const char *ns,
		 const char *name, change_fn fn, void *arg, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	if (api_change(&t->call, k, sub, ns, name, fn, arg, &err) || status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}
