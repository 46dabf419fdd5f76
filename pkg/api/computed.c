/*
 * computed: reads of what is made on the spot.  Trees become objects so that everything above treats them as
 * any others; selectors are answered here.
 */
#include "api/core.h"
#include "api/computed.h"

#include "base/arena.h"
#include "obj/json.h"

static const struct obj *freeze(struct call *c, const struct json *tree)
{
	static const struct obj_fields none = { 0 };

	return obj_give(c->a, obj_new(tree, &none));
}

const struct obj *computed_get(struct call *c, const struct kind *k, const char *ns,
			       const char *name, struct status *st)
{
	const struct computed_ops *ops = c->api->config.computed;
	struct json *tree;

	if (!ops) {
		status_not_found(st, &k->subject, name);
		return NULL;
	}
	tree = ops->get(ops->arg, c, k, ns, name, st);
	return tree ? freeze(c, tree) : NULL;
}

bool computed_list(struct call *c, const struct kind *k, const char *ns,
		   const struct list_options *o, struct list_result *out, struct status *st)
{
	const struct computed_ops *ops = c->api->config.computed;
	const struct json *all = ops ? ops->list(ops->arg, c, k, kind_ns(k, ns)) : NULL;
	struct pick pick;

	if (!pick_parse(c->a, k, o ? o->label_selector : NULL, o ? o->field_selector : NULL, &pick,
			st))
		return false;
	*out = (struct list_result){ .cont = "", .remaining = -1 };
	out->items = arena_alloc(c->a, (json_count(all) + 1) * sizeof *out->items);
	json_each(tree, all) {
		const struct obj *x = freeze(c, tree);

		if (pick_matches(&pick, x))
			out->items[out->n++] = x;
	}
	return true;
}
