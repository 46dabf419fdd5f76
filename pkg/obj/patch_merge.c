/*
 * patch_merge: RFC 7386 as upstream's library (evanphx/json-patch) does it.
 *
 * Nulls vanish from whatever is new in an object, but stay inside an array that takes the place of
 * another value.  Members are found by linear search, by a map when both sides are large.
 */
#include "obj/patch.h"

#include "base/arena.h"
#include "base/map.h"
#include "obj/json.h"

#define INDEX_FROM 64 /* members from which an index pays */

/* Drop null members from every object in j, in place. */
static void prune_nulls(struct json *j)
{
	struct json *next;

	for (struct json *c = json_first(j); c; c = next) {
		next = json_next(c);
		if (json_is_null(c) && json_is_object(j))
			json_detach(j, c);
		else
			prune_nulls(c);
	}
}

static struct json *pruned_copy(struct arena *a, const struct json *j)
{
	struct json *c = json_copy(a, j);

	prune_nulls(c);
	return c;
}

/* The members of doc by name, or NULL when linear search will do. */
static struct map *index_of(const struct json *doc, const struct json *patch)
{
	struct map *m;

	if (json_count(doc) < INDEX_FROM || json_count(patch) < INDEX_FROM)
		return NULL;
	m = map_new();
	json_each(c, doc)
		map_set(m, json_name(c), c);
	return m;
}

static void merge_objects(struct arena *a, struct json *doc, const struct json *patch)
{
	struct map *index = index_of(doc, patch);

	json_each(p, patch) {
		const char *name = json_name(p);
		struct json *old = index ? map_get(index, name) : json_get(doc, name);

		if (json_is_null(p) && old)
			json_detach(doc, old);
		else if (json_is_null(p))
			continue;
		else if (!old)
			json_add(a, doc, name, pruned_copy(a, p));
		else if (json_is_object(old) && json_is_object(p))
			merge_objects(a, old, p);
		else if (json_is_object(old))
			json_replace(a, doc, old, json_copy(a, p));
		else
			json_replace(a, doc, old, pruned_copy(a, p));
	}
	map_free(&index, NULL);
}

struct json *patch_merge(struct arena *a, struct json *doc, const struct json *patch)
{
	if (!json_is_object(doc) || !json_is_object(patch))
		return pruned_copy(a, patch);
	merge_objects(a, doc, patch);
	return doc;
}
