/*
 * watch: a cursor over a table seen through selectors.
 *
 * It owns an arena for its selectors, and a snapshot while it still delivers the initial state.  A selector
 * turns one stored event into what this watcher must believe: MODIFIED of an object that begins to match is
 * ADDED, of one that ceases to match is DELETED with the last content that matched and the new revision.
 * An expired start is told in-band by watch_next(), as upstream does.
 * k8s: apiserver/pkg/storage/cacher, apimachinery ListOptions validation (watch part).
 */
#include "api/core.h"

#include "base/arena.h"

#include <string.h>

#define FETCH 16

struct watch {
	struct arena *a;
	struct api *api;
	const struct kind *k;
	const char *ns;
	struct pick pick;
	struct cursor cursor;
	int64_t start;           /* deliver only what is newer */
	struct store_list state; /* initial objects still to be delivered */
	size_t next_initial;
	bool initial_mark; /* a bookmark ends them */
	bool over;
	struct event fetched[FETCH];
	size_t nfetched, next_fetched;
	int64_t delivered;   /* revision of the last fetched event that was looked at */
	struct status fault; /* of a conversion: the watch ends with it */
};

static const char *text(const char *s)
{
	return s ? s : "";
}

static bool options_check(const struct watch_options *o, struct status *st)
{
	static const struct subject options = { "meta.k8s.io", "listoptions", "ListOptions" };
	static const char field[] = "resourceVersionMatch";
	struct field_errors e = FIELD_ERRORS_INIT;
	const char *match = text(o->match);
	bool set = o->initial_events_set || o->initial_events;
	bool not_older = !strcmp(match, "NotOlderThan");

	if (set && !not_older)
		field_error(&e, FIELD_FORBIDDEN, field, NULL,
			    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
	if (*match && !set)
		field_error(
			&e, FIELD_FORBIDDEN, field, NULL,
			"resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
	if (*match && !not_older)
		field_error_str(&e, FIELD_NOT_SUPPORTED, field, match,
				"supported values: \"NotOlderThan\"");
	return status_invalid(st, &options, "", &e);
}

static bool watch_pick(const struct obj *o, void *arg)
{
	const struct pick *p = arg;

	return pick_matches(p, o);
}

/* Begin with the present state; the cursor follows from its revision. */
static void start_from_state(struct watch *w, const struct watch_options *o)
{
	store_list(w->cursor.table, w->ns, NULL, NULL, 0,
		   pick_everything(&w->pick) ? NULL : watch_pick, &w->pick, &w->state);
	w->cursor.rev = w->start = w->state.rev;
	w->initial_mark = o->initial_events && o->bookmarks;
}

static bool watch_start(struct watch *w, const struct watch_options *o, struct status *st)
{
	int64_t rev;

	if (!revision_parse(o->resource_version, &rev))
		return status_bad_request(
			st,
			"resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax",
			o->resource_version, o->resource_version);
	if (o->initial_events || (!rev && !o->initial_events_set)) {
		/* the state must be at least as new as asked for, and a watch does not wait */
		if (!revision_reached(w->api, rev, st))
			return false;
		start_from_state(w, o);
		return true;
	}
	/* sendInitialEvents=false without a revision: from now on */
	w->start = rev ? rev : store_rev(w->api->config.store);
	w->cursor.rev = w->start;
	return true;
}

struct watch *watch_open(struct api *api, const struct kind *k, const char *ns,
			 const struct watch_options *o, struct status *st)
{
	static const struct watch_options plain;
	struct arena *a = arena_new();
	struct watch *w = arena_zalloc(a, sizeof *w);

	o = o ? o : &plain;
	w->a = a;
	w->api = api;
	w->k = k;
	w->ns = arena_strdup(a, kind_ns(k, ns));
	w->cursor.table = api_table(api, k);
	if (!options_check(o, st) ||
	    !pick_parse(a, k, o->label_selector, o->field_selector, &w->pick, st)) {
		watch_close(&w);
		return NULL;
	}
	if (w->pick.ns && k->namespaced && !*w->ns)
		w->ns = w->pick.ns;
	if (!watch_start(w, o, st))
		watch_close(&w);
	return w;
}

void watch_close(struct watch **w)
{
	struct arena *a;

	if (!*w)
		return;
	for (size_t i = (*w)->next_fetched; i < (*w)->nfetched; i++)
		event_clear(&(*w)->fetched[i]);
	store_list_free(&(*w)->state);
	status_clear(&(*w)->fault);
	a = (*w)->a;
	arena_free(&a);
	*w = NULL;
}

/* A reference of its own to the object as the watcher's version shows it; NULL when a webhook failed. */
static const struct obj *shown_ref(struct watch *w, const struct obj *o)
{
	struct arena *scratch;
	const struct obj *shown;

	if (!w->k->custom && kind_stored(w->k) == w->k)
		return obj_ref(o);
	scratch = arena_new();
	shown = convert_shown(scratch, w->k, o, &w->fault);
	if (shown)
		obj_ref(shown);
	arena_free(&scratch);
	return shown;
}

static bool next_initial(struct watch *w, struct watch_event *out)
{
	const struct obj *o = w->state.items[w->next_initial++];

	*out = (struct watch_event){ .type = WATCH_ADDED, .obj = shown_ref(w, o), .rev = o->rev };
	if (w->next_initial == w->state.n) {
		store_list_free(&w->state);
		w->state = (struct store_list){ 0 };
		w->next_initial = 0;
	}
	return true;
}

/* What the stored event means to this watcher; false when nothing. */
static bool event_seen(struct watch *w, const struct event *ev, struct watch_event *out)
{
	bool is = ev->type != EVENT_DELETED && pick_matches(&w->pick, ev->obj);
	bool was = ev->prev && pick_matches(&w->pick, ev->prev);

	if (ev->rev <= w->start || (*w->ns && strcmp(w->ns, ev->obj->ns)))
		return false;
	if (ev->type == EVENT_DELETED && !ev->prev)
		was = pick_matches(&w->pick, ev->obj);
	if (!is && !was)
		return false;
	out->rev = ev->rev;
	if (is) {
		out->type = was ? WATCH_MODIFIED : WATCH_ADDED;
		out->obj = shown_ref(w, ev->obj);
		return true;
	}
	out->type = WATCH_DELETED;
	if (ev->type == EVENT_DELETED) {
		out->obj = shown_ref(w, ev->obj);
	} else {
		const struct obj *last = obj_reseal(ev->prev, ev->rev);

		out->obj = shown_ref(w, last);
		obj_unref(last);
	}
	return true;
}

static bool fetch(struct watch *w, struct watch_event *out, struct status *st)
{
	STATUS_AUTO struct status why = STATUS_INIT;

	w->next_fetched = w->nfetched = 0;
	if (w->cursor.rev > store_rev(w->api->config.store))
		return true; /* a revision of the future: silence until it has come */
	if (cursor_next(&w->cursor, w->fetched, FETCH, &w->nfetched, &why))
		return true;
	w->over = true;
	*out = (struct watch_event){ .type = WATCH_ERROR };
	if (status_is(&why, "Expired"))
		status_expired(st, "too old resource version: %lld (%lld)", (long long)w->cursor.rev,
			       (long long)store_floor(w->api->config.store));
	else if (st)
		status_move(st, &why);
	return false;
}

static bool next_live(struct watch *w, struct watch_event *out, struct status *st)
{
	for (;;) {
		while (w->next_fetched < w->nfetched) {
			struct event *ev = &w->fetched[w->next_fetched++];
			bool seen = event_seen(w, ev, out);

			w->delivered = ev->rev;
			event_clear(ev);
			if (seen)
				return true;
		}
		if (!fetch(w, out, st))
			return true;
		if (!w->nfetched)
			return false;
	}
}

static bool next(struct watch *w, struct watch_event *out, struct status *st)
{
	*out = (struct watch_event){ 0 };
	if (w->over)
		return false;
	if (w->state.n)
		return next_initial(w, out);
	if (w->initial_mark) {
		w->initial_mark = false;
		*out = (struct watch_event){ .type = WATCH_BOOKMARK,
					     .rev = w->start,
					     .initial_end = true };
		return true;
	}
	return next_live(w, out, st);
}

bool watch_next(struct watch *w, struct watch_event *out, struct status *st)
{
	bool any = next(w, out, st);

	if (!any || out->obj || status_ok(&w->fault))
		return any;
	w->over = true;
	*out = (struct watch_event){ .type = WATCH_ERROR };
	if (st)
		status_move(st, &w->fault);
	return true;
}

void watch_event_clear(struct watch_event *e)
{
	obj_unref(e->obj);
	e->obj = NULL;
}

int64_t watch_rev(const struct watch *w)
{
	if (w->next_fetched < w->nfetched)
		return w->delivered;
	return w->cursor.rev;
}
