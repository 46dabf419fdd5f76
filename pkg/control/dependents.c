#include "control/dependents.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "base/thread.h"

#include <stdlib.h>
#include <string.h>

struct dependents {
	struct lock lock;
	struct map *owners; /* owner uid -> struct map of dependent uid -> struct dependent */
};

struct dependents *dependents_new(void)
{
	struct dependents *d = calloc(1, sizeof *d);

	BUG_ON(!d);
	lock_init(&d->lock, "dependents", LOCK_CONTROL);
	d->owners = map_new();
	return d;
}

static void set_free(void *p)
{
	struct map *m = p;

	map_free(&m, free);
}

void dependents_free(struct dependents **d)
{
	if (!*d)
		return;
	map_free(&(*d)->owners, set_free);
	lock_destroy(&(*d)->lock);
	free(*d);
	*d = NULL;
}

/* One block: the struct and its strings. */
static struct dependent *dependent_new(const struct kind *k, const struct obj *o, bool block)
{
	size_t ns = strlen(o->ns) + 1, name = strlen(o->name) + 1, uid = strlen(o->uid) + 1;
	struct dependent *d = malloc(sizeof *d + ns + name + uid);
	char *p;

	BUG_ON(!d);
	p = (char *)(d + 1);
	*d = (struct dependent){ k, memcpy(p, o->ns, ns), memcpy(p + ns, o->name, name),
				 memcpy(p + ns + name, o->uid, uid), block };
	return d;
}

static void link_owners(struct dependents *d, const struct kind *k, const struct obj *o)
{
	for (uint32_t i = 0; i < o->nowners; i++) {
		struct map *set = map_get(d->owners, o->owners[i].uid);

		if (!set) {
			set = map_new();
			map_set(d->owners, o->owners[i].uid, set);
		}
		free(map_set(set, o->uid, dependent_new(k, o, o->owners[i].block)));
	}
}

static void unlink_owners(struct dependents *d, const struct obj *o)
{
	for (uint32_t i = 0; i < o->nowners; i++) {
		struct map *set = map_get(d->owners, o->owners[i].uid);

		if (!set)
			continue;
		free(map_del(set, o->uid));
		if (!map_count(set))
			set_free(map_del(d->owners, o->owners[i].uid));
	}
}

static bool same_owners(const struct obj *x, const struct obj *y)
{
	if (x->nowners != y->nowners)
		return false;
	for (uint32_t i = 0; i < x->nowners; i++)
		if (strcmp(x->owners[i].uid, y->owners[i].uid) ||
		    x->owners[i].block != y->owners[i].block)
			return false;
	return true;
}

void dependents_note(struct dependents *d, const struct kind *k, const struct event *ev)
{
	if (ev->prev && ev->type == EVENT_MODIFIED && same_owners(ev->prev, ev->obj))
		return;
	if (!ev->obj->nowners && !(ev->prev && ev->prev->nowners))
		return;
	lock_take(&d->lock);
	if (ev->prev)
		unlink_owners(d, ev->prev);
	if (ev->type == EVENT_DELETED)
		unlink_owners(d, ev->obj);
	else
		link_owners(d, k, ev->obj);
	lock_drop(&d->lock);
}

struct dependent *dependents_of(struct dependents *d, struct arena *a, const char *owner_uid,
				size_t *n)
{
	struct dependent *out;
	struct map *set;
	size_t it = 0;
	void *v;

	lock_take(&d->lock);
	set = map_get(d->owners, owner_uid);
	out = arena_alloc(a, ((set ? map_count(set) : 0) + 1) * sizeof(*out));
	*n = 0;
	while (set && map_next(set, &it, NULL, &v)) {
		const struct dependent *x = v;

		out[(*n)++] = (struct dependent){ x->kind, arena_strdup(a, x->ns),
						  arena_strdup(a, x->name), arena_strdup(a, x->uid),
						  x->block };
	}
	lock_drop(&d->lock);
	return out;
}

size_t dependents_count(struct dependents *d, const char *owner_uid)
{
	struct map *set;
	size_t n;

	lock_take(&d->lock);
	set = map_get(d->owners, owner_uid);
	n = set ? map_count(set) : 0;
	lock_drop(&d->lock);
	return n;
}

void dependents_each(struct dependents *d, const char *owner_uid,
		     void (*fn)(void *arg, const struct dependent *x), void *arg)
{
	struct map *set;
	size_t it = 0;
	void *v;

	lock_take(&d->lock);
	set = map_get(d->owners, owner_uid);
	while (set && map_next(set, &it, NULL, &v))
		fn(arg, v);
	lock_drop(&d->lock);
}
