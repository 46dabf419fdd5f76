/*
 * Ownership after a write that sends the whole object: who writes owns what changed, everybody else loses it.
 *
 * The comparison is made once per version that some manager speaks.  A write that changes nothing leaves
 * the list as it is, unread: the usual end of a controller's status update.
 * k8s: managedfields/internal/{fieldmanager,skipnonapplied,managedfieldsupdater,stripmeta}.go,
 * structured-merge-diff/v6/merge/update.go.
 */
#include "api/core.h"
#include "api/managed.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/fieldset.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct version {
	const struct version *next;
	const char *text;
	struct typed_changes changes;
};

void ownership_open(struct ownership *w, struct call *c, const struct kind *k, const char *sub,
		    const struct json *live)
{
	char version[128];

	kind_api_version(k, version);
	*w = (struct ownership){
		.c = c,
		.k = k,
		.sub = sub ? sub : "",
		.version = arena_strdup(c->a, version),
		.live = live,
		.managed = { .a = c->a },
	};
	kind_typed(c->a, k, &w->typed);
}

/* ---- what the write cannot own ---- */

#define MEMBER(text)                                                       \
	{                                                                  \
		.at = { .kind = PATH_FIELD, .name = text }, .member = true \
	}
#define SET(nodes_)                                                     \
	{                                                               \
		.n = sizeof(nodes_) / sizeof *(nodes_), .nodes = nodes_ \
	}

/* Sorted, as every set. */
static const struct field_node never_meta_nodes[] = {
	MEMBER("clusterName"),
	MEMBER("creationTimestamp"),
	MEMBER("generation"),
	MEMBER("managedFields"),
	MEMBER("name"),
	MEMBER("namespace"),
	MEMBER("resourceVersion"),
	MEMBER("selfLink"),
	MEMBER("uid"),
};
static const struct fieldset never_meta = SET(never_meta_nodes);
static const struct field_node never_nodes[] = {
	MEMBER("apiVersion"),
	MEMBER("kind"),
	{ .at = { .kind = PATH_FIELD, .name = "metadata" }, .member = true, .kids = &never_meta },
};
static const struct fieldset never = SET(never_nodes);
static const struct field_node list_nodes[] = { MEMBER("managedFields") };
static const struct fieldset list_set = SET(list_nodes);
static const struct field_node list_path_nodes[] = {
	{ .at = { .kind = PATH_FIELD, .name = "metadata" }, .kids = &list_set },
};
static const struct fieldset list_path = SET(list_path_nodes);
static const struct field_node status_nodes[] = { MEMBER("status") };
static const struct fieldset status_set = SET(status_nodes);
static const struct field_node spec_nodes[] = { MEMBER("spec") };
static const struct fieldset spec_set = SET(spec_nodes);
static const struct field_node custom_nodes[] = { MEMBER("metadata"), MEMBER("spec") };
static const struct fieldset custom_set = SET(custom_nodes);

static const struct fieldset *paths_set(struct arena *a, const char *paths)
{
	const struct fieldset *s = NULL;

	while (*paths) {
		size_t n = strcspn(paths, " ");

		s = fieldset_union(a, s, fieldset_path(a, arena_dup(a, paths, n)));
		paths += n + (paths[n] == ' ');
	}
	return s;
}

static const struct kind_unowned *unowned_row(const struct ownership *w)
{
	for (const struct kind_unowned *r = w->k->unowned; r && r->paths; r++)
		if (!strcmp(r->sub, w->sub))
			return r;
	return NULL;
}

const struct fieldset *ownership_filter(struct ownership *w, const struct fieldset *set)
{
	const struct kind_unowned *r = unowned_row(w);
	struct arena *a = w->c->a;

	if (fieldset_empty(set))
		return set;
	if (r && r->only)
		return fieldset_select(a, set, paths_set(a, r->paths));
	if (r)
		return fieldset_prune(a, set, paths_set(a, r->paths));
	if (!strcmp(w->sub, "status"))
		return fieldset_prune(a, set, w->k->custom ? &custom_set : &spec_set);
	return w->k->subs & SUB_STATUS ? fieldset_prune(a, set, &status_set) : set;
}

const struct fieldset *ownership_strip(struct ownership *w, const struct fieldset *set)
{
	return fieldset_difference(w->c->a, set, &never);
}

/* ---- versions ---- */

static const struct kind *version_row(struct ownership *w, const char *text)
{
	if (!strcmp(text, w->version))
		return w->k;
	return kinds_by_api_version(w->c->api->config.kinds, text, w->k->subject.kind);
}

bool ownership_type(struct ownership *w, const char *text, struct typed *out)
{
	const struct kind *k = version_row(w, text);

	if (!k || strcmp(k->subject.group, w->k->subject.group) ||
	    strcmp(k->subject.resource, w->k->subject.resource))
		return false;
	if (k == w->k)
		*out = w->typed;
	else
		kind_typed(w->c->a, k, out);
	return true;
}

const struct json *ownership_convert(struct ownership *w, const struct json *o, const char *from,
				     const char *to)
{
	const struct kind *x = version_row(w, from), *y = version_row(w, to);

	return x == y ? o : convert_between(w->c->a, x, y, o);
}

static void version_compare(struct ownership *w, const struct typed *t, struct version *v,
			    const struct json *now)
{
	const struct json *live = w->live;

	if (live)
		live = ownership_convert(w, live, w->version, v->text);
	now = ownership_convert(w, now, w->version, v->text);
	typed_compare(t, live, now, w->k->type != NULL, &v->changes);
	v->changes.removed =
		fieldset_difference(w->c->a, ownership_filter(w, v->changes.removed), &list_path);
	v->changes.modified = ownership_filter(w, v->changes.modified);
	v->changes.added = ownership_filter(w, v->changes.added);
}

const struct typed_changes *ownership_changes(struct ownership *w, const struct json *now,
					      const char *text)
{
	struct version *v;
	struct typed t;

	for (const struct version *have = w->versions; have; have = have->next)
		if (!strcmp(have->text, text))
			return &have->changes;
	if (!ownership_type(w, text, &t))
		return NULL;
	v = arena_alloc(w->c->a, sizeof *v);
	*v = (struct version){ .next = w->versions, .text = text };
	w->versions = v;
	version_compare(w, &t, v, now);
	return &v->changes;
}

/* ---- the algorithm ---- */

static bool among(const struct fieldset *s, const char *field)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (s->nodes[i].at.kind == PATH_FIELD && !strcmp(s->nodes[i].at.name, field))
			return true;
	return false;
}

/* Most writers of status meet owners of spec, whose sets need not be read: they differ from the first step. */
static bool concerns(const struct typed_changes *ch, const struct json *fields)
{
	json_each(m, fields) {
		const char *field = json_name(m)[0] == 'f' ? json_name(m) + 2 : "";

		if (among(ch->modified, field) || among(ch->added, field) ||
		    among(ch->removed, field))
			return true;
	}
	return false;
}

void ownership_read(struct ownership *w, struct manager *x)
{
	struct typed t;

	managed_read(&w->managed, x);
	if (ownership_type(w, x->version, &t))
		managed_set(x, typed_reconcile(&t, x->set));
}

static void settle_one(struct ownership *w, struct manager *x, const struct typed_changes *ch)
{
	struct arena *a = w->c->a;
	const struct fieldset *now = fieldset_union(a, ch->modified, ch->added);
	const struct fieldset *lost = fieldset_intersection(a, x->set, now);
	const struct fieldset *gone = fieldset_intersection(a, x->set, ch->removed);

	if (!fieldset_empty(lost))
		managed_set(x, fieldset_difference(a, x->set, lost));
	if (!fieldset_empty(gone))
		managed_set(x, fieldset_difference(a, x->set, gone));
}

void ownership_settle(struct ownership *w, const struct json *now, const char *except)
{
	for (size_t i = w->managed.n; i-- > 0;) {
		struct manager *x = &w->managed.p[i];
		const struct typed_changes *ch;

		if (except && !strcmp(x->id, except))
			continue;
		ch = ownership_changes(w, now, x->version);
		if (!ch) {
			managed_remove(&w->managed, x);
			continue;
		}
		if (x->unread && !concerns(ch, x->fields))
			continue;
		ownership_read(w, x);
		settle_one(w, x, ch);
	}
	managed_sweep(&w->managed);
}

void ownership_claim(struct ownership *w, const struct json *now, const char *name)
{
	struct arena *a = w->c->a;
	struct manager me = managed_manager(a, *name ? name : "unknown", w->version, w->sub, false);
	const struct typed_changes *ch;
	struct manager *before;
	char time[TIME_LEN];

	ownership_settle(w, now, NULL);
	ch = ownership_changes(w, now, w->version);
	me.set = ownership_strip(w, fieldset_union(a, ch->modified, ch->added));
	if (!fieldset_empty(me.set)) {
		before = managed_find(&w->managed, me.id);
		if (before)
			ownership_read(w, before);
		if (before)
			me.set = fieldset_union(a, me.set, before->set);
		time_format(clock_now_s(), time);
		me.time = arena_strdup(a, time);
		managed_add(&w->managed, &me);
	}
	managed_cap(&w->managed);
}

/* ---- a write ---- */

/* The list that counts: what was sent, where it is one, else what the object has. */
static void managed_start(struct ownership *w, const struct json *sent, const struct json *have)
{
	bool main = !*w->sub;

	if (main && managed_is_reset(sent))
		return;
	if (main && json_first(sent) && !managed_parse(w->c->a, sent, &w->managed))
		return;
	if (managed_skim(w->c->a, have, &w->managed))
		w->managed.n = 0;
}

static bool nothing_changed(const struct typed_changes *ch)
{
	return fieldset_empty(ch->removed) && fieldset_empty(ch->modified) &&
	       fieldset_empty(ch->added);
}

/* Nothing to read when nothing happened: the list stays what it was. */
static struct json *list_next(struct ownership *w, struct json *o, const struct json *sent,
			      const struct json *have)
{
	bool same = !sent || *w->sub || json_equal(sent, have);

	if (w->live && same && (!have || nothing_changed(ownership_changes(w, o, w->version))))
		return have ? json_alias(w->c->a, have) : NULL;
	managed_start(w, sent, have);
	if (!w->managed.n && w->live)
		return NULL;
	ownership_claim(w, o, w->c->manager);
	return managed_tree(&w->managed);
}

void managed_update(struct call *c, const struct kind *k, const char *sub, const struct json *live,
		    struct json *o)
{
	const struct json *have = json_path(live, "metadata.managedFields");
	struct json *meta = meta_ensure(c->a, o), *sent = json_get(meta, "managedFields"), *list;
	struct ownership w;

	if (sent)
		json_detach(meta, sent); /* comparisons are of everything else */
	ownership_open(&w, c, k, sub, live);
	if (c->manager)
		list = list_next(&w, o, sent, have);
	else
		list = have ? json_copy(c->a, have) : NULL;
	if (list)
		json_set(c->a, meta, "managedFields", list);
}

void managed_guard(struct call *c, struct json *o, const struct json *before)
{
	struct json *meta = json_get(o, "metadata"), *list = json_get(meta, "managedFields");
	struct managed ignored;
	const char *wrong;

	if (list == before)
		return;
	wrong = managed_parse(c->a, list, &ignored);
	if (!wrong)
		return;
	call_warn(c,
		  ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: %s",
		  wrong);
	if (before)
		json_set(c->a, meta, "managedFields", json_copy(c->a, before));
	else
		json_del(meta, "managedFields");
}
