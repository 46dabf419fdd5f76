/*
 * Pruning and defaulting: what a schema makes of a value.
 *
 * The path to an unknown field is rendered from a chain on the stack, and only when there is one.
 * k8s: apiextensions-apiserver/pkg/apiserver/schema/{pruning,defaulting}.
 */
#include "kind/structural.h"

#include "base/arena.h"
#include "base/buf.h"
#include "kind/clean.h"
#include "obj/json.h"

#include <string.h>

struct place {
	const struct place *up;
	const char *name; /* NULL: index */
	size_t index;
};

struct pruner {
	struct arena *a;
	struct schema_warnings *w;
};

static bool is_meta(const char *name)
{
	return !strcmp(name, "apiVersion") || !strcmp(name, "kind") || !strcmp(name, "metadata");
}

static void place_print(struct buf *b, const struct place *at)
{
	if (!at)
		return;
	place_print(b, at->up);
	if (at->name)
		buf_addf(b, "%s%s", b->len ? "." : "", at->name);
	else
		buf_addf(b, "[%zu]", at->index);
}

static void unknown(struct pruner *p, const struct place *at)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (!p->w)
		return;
	place_print(&b, at);
	clean_warn(p->a, p->w, "unknown field", b.p);
}

/* False: the value itself is to go (null where null may not be and nothing fills in). */
static bool prune(struct pruner *p, const struct structural *s, struct json *v, bool resource,
		  const struct place *at);

/* keep: the schema of the object preserves what it does not know, or there is no schema at all above it. */
static void prune_object(struct pruner *p, const struct structural *s, struct json *v,
			 bool resource, const struct place *at)
{
	const bool keep = s && s->flags & STRUCTURAL_PRESERVE;

	for (struct json *c = json_first(v), *next; c; c = next) {
		const char *name = json_name(c);
		const struct structural *sub = structural_property(s, name);
		const struct place here = { at, name, 0 };

		next = json_next(c);
		if (resource && is_meta(name))
			continue;
		if (!sub && s && (s->additional || s->flags & (STRUCTURAL_OPEN | STRUCTURAL_CLOSED))) {
			if (!prune(p, s->additional, c, false, &here))
				json_detach(v, c);
		} else if (sub) {
			if (!prune(p, sub, c, sub->flags & STRUCTURAL_EMBEDDED, &here))
				json_detach(v, c);
		} else if (!keep) {
			unknown(p, &here);
			json_detach(v, c);
		}
	}
}

/* Below a node that preserves, lists without an item schema keep their items whole. */
static void prune_array(struct pruner *p, const struct structural *s, struct json *v,
			const struct place *at)
{
	const struct structural *items = s ? s->items : NULL;
	size_t i = 0;

	if (s && !items && s->flags & STRUCTURAL_PRESERVE)
		return;
	json_each(item, v) {
		const struct place here = { at, NULL, i++ };

		prune(p, items, item, items && items->flags & STRUCTURAL_EMBEDDED, &here);
	}
}

static bool prune(struct pruner *p, const struct structural *s, struct json *v, bool resource,
		  const struct place *at)
{
	if (json_is_null(v))
		return !s || s->flags & STRUCTURAL_NULLABLE || s->dflt;
	if (json_is_object(v))
		prune_object(p, s, v, resource, at);
	else if (json_is_array(v))
		prune_array(p, s, v, at);
	return true;
}

void structural_prune(struct arena *a, const struct structural *s, struct json *v, bool root,
		      struct schema_warnings *w)
{
	struct pruner p = { a, w };

	prune(&p, s, v, root || s->flags & STRUCTURAL_EMBEDDED, NULL);
}

/* ---- defaults ---- */

/* A null that may not be and is not worth keeping. */
static bool bare_null(const struct json *v, const struct structural *s)
{
	return v && json_is_null(v) && s && !(s->flags & STRUCTURAL_NULLABLE);
}

static struct json *fill(struct arena *a, const struct structural *s)
{
	return s->dflt ? json_copy(a, s->dflt) : json_null(a);
}

static void default_object(struct arena *a, const struct structural *s, struct json *v)
{
	for (size_t i = 0; i < s->nproperties; i++) {
		const struct structural_property *p = &s->properties[i];
		const struct json *have;

		if (!p->schema->dflt)
			continue;
		have = json_get(v, p->name);
		if (!have || bare_null(have, p->schema))
			json_set(a, v, p->name, fill(a, p->schema));
	}
	for (struct json *c = json_first(v), *next; c; c = next) {
		const struct structural *sub = structural_property(s, json_name(c));

		next = json_next(c);
		if (!sub && s->additional && bare_null(c, s->additional)) {
			struct json *made = fill(a, s->additional);

			json_replace(a, v, c, made);
			c = made;
		}
		structural_default(a, sub ? sub : s->additional, c);
	}
}

void structural_default(struct arena *a, const struct structural *s, struct json *v)
{
	if (!s || !(s->flags & STRUCTURAL_DEFAULTS))
		return;
	if (json_is_object(v))
		default_object(a, s, v);
	for (struct json *c = json_is_array(v) ? json_first(v) : NULL, *next; c && s->items;
	     c = next) {
		next = json_next(c);
		if (bare_null(c, s->items)) {
			struct json *made = fill(a, s->items);

			json_replace(a, v, c, made);
			c = made;
		}
		structural_default(a, s->items, c);
	}
}
