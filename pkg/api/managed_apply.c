/*
 * Server-side apply: merge, prune, conflicts.
 *
 * What the manager applied last time and does not apply now is removed, unless somebody else owns it, too.
 * What changes by that and belongs to others is a conflict.  Sets are compared in the version they were
 * written in.  k8s: structured-merge-diff/v6/merge/{update,conflict}.go,
 * managedfields/internal/{structuredmerge,conflict}.go.
 */
#include "api/core.h"
#include "api/managed.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/fieldset.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

/* ---- conflicts ---- */

struct conflict {
	const char *id, *manager, *path;
};

struct conflicts {
	struct ownership *w;
	const struct manager *of;
	struct conflict *p;
	size_t n, cap;
};

static const char *manager_text(struct arena *a, const struct manager *x)
{
	const char *text = go_quote(a, x->name, strlen(x->name));

	if (*x->sub)
		text = arena_printf(a, "%s with subresource %s", text,
				    go_quote(a, x->sub, strlen(x->sub)));
	return x->apply ? text : arena_printf(a, "%s using %s", text, x->version);
}

static void conflict_add(void *arg, const char *path)
{
	struct conflicts *c = arg;
	struct arena *a = c->w->c->a;

	if (c->n == c->cap) {
		struct conflict *grown = arena_alloc(a, (c->cap * 2 + 8) * sizeof *grown);

		if (c->n)
			memcpy(grown, c->p, c->n * sizeof *grown);
		c->p = grown;
		c->cap = c->cap * 2 + 8;
	}
	c->p[c->n++] = (struct conflict){ c->of->id, manager_text(a, c->of), arena_strdup(a, path) };
}

static int by_id(const void *x, const void *y)
{
	return strcmp((*(const struct manager *const *)x)->id,
		      (*(const struct manager *const *)y)->id);
}

/* What others own of what changed, manager by manager; allowed (may be NULL): not those. */
static void conflicts_find(struct ownership *w, const struct json *now, const char *me,
			   const struct fieldset *allowed, struct conflicts *out)
{
	const struct manager **all = arena_alloc(w->c->a, (w->managed.n + 1) * sizeof *all);
	struct arena *a = w->c->a;
	size_t n = 0;

	*out = (struct conflicts){ .w = w };
	for (size_t i = 0; i < w->managed.n; i++)
		if (strcmp(w->managed.p[i].id, me))
			all[n++] = &w->managed.p[i];
	qsort(all, n, sizeof *all, by_id);
	for (size_t i = 0; i < n; i++) {
		const struct typed_changes *ch = ownership_changes(w, now, all[i]->version);
		const struct fieldset *set;

		if (!ch)
			continue;
		set = fieldset_intersection(a, all[i]->set,
					    fieldset_union(a, ch->modified, ch->added));
		out->of = all[i];
		fieldset_each(fieldset_difference(a, set, allowed), conflict_add, out);
	}
}

static void conflicts_text(const struct conflicts *c, struct buf *b)
{
	if (c->n == 1) {
		buf_addf(b, "Apply failed with 1 conflict: conflict with %s: %s", c->p[0].manager,
			 c->p[0].path);
		return;
	}
	buf_addf(b, "Apply failed with %zu conflicts: ", c->n);
	for (size_t i = 0; i < c->n; i++) {
		if (!i || strcmp(c->p[i].id, c->p[i - 1].id))
			buf_addf(b, "%sconflicts with %s:", i ? "\n" : "", c->p[i].manager);
		buf_addf(b, "\n- %s", c->p[i].path);
	}
}

static bool conflicts_fail(const struct conflicts *c, struct status *st)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (!c->n)
		return true;
	conflicts_text(c, &b);
	status_other(st, 409, "Conflict", "%s", b.p);
	for (size_t i = 0; st && i < c->n; i++)
		status_add_cause(st, "FieldManagerConflict",
				 arena_printf(c->w->c->a, "conflict with %s", c->p[i].manager),
				 c->p[i].path);
	if (st)
		st->details = true;
	return false;
}

/* ---- client-side apply's past ---- */

/* kubectl may take from anybody what its last-applied annotation says and the object still has. */
static const struct fieldset *last_applied(struct ownership *w)
{
	static const char annotation[] = "kubectl.kubernetes.io/last-applied-configuration";
	const char *text = w->live ? meta_annotation(w->live, annotation) : NULL;
	STATUS_AUTO struct status ignored = STATUS_INIT;
	struct arena *a = w->c->a;
	struct typed_changes ch;
	struct json *last;

	if (!text || !*text)
		return NULL;
	last = json_parse(a, text, strlen(text), NULL, &ignored);
	if (!json_is_object(last) || strcmp(json_str(json_get(last, "apiVersion")), w->version) ||
	    typed_check(&w->typed, last, false))
		return NULL;
	typed_compare(&w->typed, last, w->live, false, &ch);
	return fieldset_difference(a, typed_fields(&w->typed, last),
				   fieldset_union(a, ch.removed,
						  fieldset_union(a, ch.modified, ch.added)));
}

/* ---- prune ---- */

/* What any manager owns, by version. */
static const struct fieldset *owned_at(struct ownership *w, const char *version)
{
	const struct fieldset *all = NULL;

	for (size_t i = 0; i < w->managed.n; i++)
		if (!strcmp(w->managed.p[i].version, version))
			all = fieldset_union(w->c->a, all, w->managed.p[i].set);
	return all;
}

struct pruning {
	struct ownership *w;
	const char *at; /* the version merged and pruned are in */
	const struct json *merged, *pruned;
};

static const struct fieldset *named_fields(const struct typed *t, const struct json *v)
{
	return typed_named(t, typed_fields(t, v));
}

/* Put back what is owned in a version. */
static void prune_less(struct pruning *p, const char *version)
{
	struct arena *a = p->w->c->a;
	struct typed t;

	if (!ownership_type(p->w, version, &t))
		return;
	p->merged = ownership_convert(p->w, p->merged, p->at, version);
	p->pruned = ownership_convert(p->w, p->pruned, p->at, version);
	p->at = version;
	p->pruned = typed_remove(
		&t, p->merged,
		fieldset_difference(a, named_fields(&t, p->merged),
				    fieldset_union(a, named_fields(&t, p->pruned),
						   typed_named(&t, owned_at(p->w, version)))));
}

static bool version_before(const struct ownership *w, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(w->managed.p[j].version, w->managed.p[i].version))
			return true;
	return false;
}

/* merged without what the manager had applied before (last) and nobody owns now. */
static const struct json *prune(struct ownership *w, const struct json *merged,
				const struct manager *last)
{
	struct pruning p = { .w = w, .at = last->version };
	const struct json *whole;
	const struct fieldset *had, *gone;
	struct arena *a = w->c->a;
	struct typed t;

	if (fieldset_empty(last->set) || !ownership_type(w, last->version, &t))
		return merged;
	whole = ownership_convert(w, merged, w->version, last->version);
	had = typed_named(&t, last->set);
	p.merged = whole;
	p.pruned = typed_remove(&t, whole, had);
	prune_less(&p, last->version);
	for (size_t i = 0; i < w->managed.n; i++)
		if (strcmp(w->managed.p[i].version, last->version) && !version_before(w, i))
			prune_less(&p, w->managed.p[i].version);
	p.pruned = ownership_convert(w, p.pruned, p.at, last->version);
	gone = fieldset_difference(a, named_fields(&t, whole), named_fields(&t, p.pruned));
	whole = typed_remove(&t, whole, fieldset_intersection(a, gone, had));
	return ownership_convert(w, whole, last->version, w->version);
}

/* ---- apply ---- */

static bool config_check(struct ownership *w, const struct json *config, struct status *st)
{
	const struct subject *s = &w->k->subject;
	const char *wrong = typed_check(&w->typed, config, false);

	if (!wrong)
		return true;
	return status_plain_error(st,
				  "failed to create typed patch object (%s/%s; %s%s, Kind=%s): %s",
				  meta_ns(config), meta_name(config), *s->group ? "" : "/",
				  w->version, s->kind, wrong);
}

static void stamp(struct ownership *w, struct manager *x, const struct manager *last, bool changed)
{
	char time[TIME_LEN];

	x->time = last ? last->time : NULL;
	if (!changed)
		return;
	time_format(clock_now_s(), time);
	x->time = arena_strdup(w->c->a, time);
}

/* The new owners; false: conflicts. */
static bool take(struct ownership *w, const struct json *now, struct manager *me, bool force,
		 struct status *st)
{
	bool kubectl = !strcmp(me->name, "kubectl");
	struct conflicts c;

	if (!force) {
		conflicts_find(w, now, me->id, NULL, &c);
		if (c.n && kubectl)
			conflicts_find(w, now, me->id, last_applied(w), &c);
		if (!conflicts_fail(&c, st))
			return false;
	}
	ownership_settle(w, now, me->id);
	return true;
}

struct json *managed_apply(struct ownership *w, const struct json *config, const char *name,
			   bool force, bool *changed, struct status *st)
{
	struct arena *a = w->c->a;
	struct manager me = managed_manager(a, name, w->version, w->sub, true), *mine;
	const struct manager *found;
	struct manager last;
	const struct json *live = w->live ? w->live : json_object(a), *now;

	if (!config_check(w, config, st))
		return NULL;
	for (size_t i = 0; i < w->managed.n; i++)
		ownership_read(w, &w->managed.p[i]);
	found = managed_find(&w->managed, me.id);
	last = found ? *found : me;
	me.set = ownership_filter(w, typed_fields(&w->typed, config));
	managed_add(&w->managed, &me);
	now = prune(w, typed_merge(&w->typed, live, config), &last);
	if (!take(w, now, &me, force, st))
		return NULL;
	*changed = !json_equal(live, now);
	mine = managed_find(&w->managed, me.id);
	if (mine) {
		managed_set(mine, ownership_strip(w, mine->set));
		stamp(w, mine, found ? &last : NULL, *changed);
	}
	managed_sweep(&w->managed);
	return json_copy(a, now);
}
