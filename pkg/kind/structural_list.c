/*
 * Lists that are sets or maps: no value, no key twice.  And the items of maps across an update.
 *
 * Values are told apart by their text with keys in order; a map from text to count finds the second of each, of
 * however many items, and only the second is told, as upstream does.
 */
#include "kind/structural_fault.h"

#include "base/arena.h"
#include "base/map.h"
#include "kind/check.h"
#include "kind/kind.h"
#include "kind/types.h"
#include "obj/json.h"

#include <string.h>

struct walk {
	struct hook *h; /* NULL: only ask */
	struct arena *a;
	bool bad;
};

static void duplicate(struct walk *w, const struct at *at, const struct json *value)
{
	w->bad = true;
	if (w->h)
		field_error(w->h->errors, FIELD_DUPLICATE, at_text(w->h, at),
			    structural_show(w->a, value), NULL);
}

/* The keys of an item of a map, as an object. */
static struct json *keys_of(struct arena *a, const struct structural *s, const struct json *item)
{
	struct json *keys = json_object(a);

	for (const char *const *k = s->map_keys; k && *k; k++) {
		const struct json *v = json_get(item, *k);

		if (v)
			json_add(a, keys, *k, json_copy(a, v));
	}
	return keys;
}

static void check_unique(struct walk *w, const struct structural *s, const struct json *list,
			 const struct at *at)
{
	const bool by_keys = s->flags & STRUCTURAL_LIST_MAP;
	struct map *seen = map_new();
	size_t i = 0;

	json_each(item, list) {
		const struct json *value = by_keys ? keys_of(w->a, s, item) : item;
		const char *text = structural_show(w->a, value);
		uintptr_t times = (uintptr_t)map_get(seen, text) + 1;

		map_set(seen, text, (void *)times);
		if (times == 2)
			duplicate(w, AT_ITEM(at, i), value);
		i++;
	}
	map_free(&seen, NULL);
}

/* All items of a map must be objects (or null). */
static bool check_items(struct walk *w, const struct json *list, const struct at *at)
{
	size_t i = 0;

	json_each(item, list) {
		if (!json_is_object(item) && !json_is_null(item)) {
			w->bad = true;
			if (w->h)
				err_invalid_json(w->h, AT_ITEM(at, i), item,
						 "must be an object for an array of list-type map");
			return false;
		}
		i++;
	}
	return true;
}

static void walk(struct walk *w, const struct structural *s, const struct json *v, const struct at *at)
{
	size_t i = 0;

	if (!s || !(s->flags & STRUCTURAL_LISTS))
		return;
	if (json_is_object(v)) {
		json_each(m, v) {
			const struct structural *sub = structural_property(s, json_name(m));

			if (sub)
				walk(w, sub, m, AT(at, json_name(m)));
			else
				walk(w, s->additional, m, AT_KEY(at, json_name(m)));
		}
		return;
	}
	if (!json_is_array(v))
		return;
	if (s->flags & STRUCTURAL_LIST_SET ||
	    (s->flags & STRUCTURAL_LIST_MAP && check_items(w, v, at)))
		check_unique(w, s, v, at);
	json_each(item, v)
		walk(w, s->items, item, AT_ITEM(at, i++));
}

bool structural_validate_lists(struct hook *h, const struct structural *s, const struct json *v)
{
	struct walk w = { .h = h, .a = arena_new() };

	walk(&w, s, v, NULL);
	arena_free(&w.a);
	return !w.bad;
}

const struct json *structural_counterpart(const struct structural *s, const struct json *item,
					  const struct json *old)
{
	if (!(s->flags & STRUCTURAL_LIST_MAP) || !json_is_array(old) || !json_is_object(item))
		return NULL;
	json_each(was, old) {
		const char *const *k = s->map_keys;

		while (k && *k && json_is_object(was) &&
		       (json_get(item, *k) ? json_equal(json_get(item, *k), json_get(was, *k)) :
					     !json_get(was, *k)))
			k++;
		if (k && !*k)
			return was;
	}
	return NULL;
}
