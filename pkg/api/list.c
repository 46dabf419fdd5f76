/*
 * list: a snapshot of a table, filtered and paged.
 *
 * Everything but Exact and continuations is answered from the latest state.  A continuation must show the
 * state of its first page: as long as the table has not been touched since, that is the latest state, too;
 * afterwards the log is asked for the past, and says 410 when it has been compacted.
 * k8s: apiserver/pkg/storage/etcd3/{store,errors}.go, apimachinery ListOptions validation.
 */
#include "api/core.h"

#include "api/computed.h"
#include "api/cont.h"
#include "base/arena.h"
#include "kind/custom.h"
#include "obj/json.h"

#include <string.h>

static const char continue_expired[] =
	"The provided continue parameter is too old "
	"to display a consistent list result. You can start a new list without "
	"the continue parameter, or use the continue token in this response to "
	"retrieve the remainder of the results. Continuing with the provided "
	"token results in an inconsistent list - objects that were created, "
	"modified, or deleted between the time the first chunk was returned "
	"and now may show up in the list.";

static const char *text(const char *s)
{
	return s ? s : "";
}

static bool options_check(const struct list_options *o, struct status *st)
{
	static const struct subject options = { "meta.k8s.io", "listoptions", "ListOptions" };
	static const char field[] = "resourceVersionMatch";
	struct field_errors e = FIELD_ERRORS_INIT;
	const char *match = text(o->match);

	if (*match) {
		bool exact = !strcmp(match, "Exact");

		if (!*text(o->resource_version))
			field_error(
				&e, FIELD_FORBIDDEN, field, NULL,
				"resourceVersionMatch is forbidden unless resourceVersion is provided");
		if (*text(o->cont))
			field_error(&e, FIELD_FORBIDDEN, field, NULL,
				    "resourceVersionMatch is forbidden when continue is provided");
		if (!exact && strcmp(match, "NotOlderThan"))
			field_error_str(&e, FIELD_NOT_SUPPORTED, field, match,
					"supported values: \"Exact\", \"NotOlderThan\", \"\"");
		if (exact && !strcmp(text(o->resource_version), "0"))
			field_error(
				&e, FIELD_FORBIDDEN, field, NULL,
				"resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
	}
	if (o->initial_events_set)
		field_error(&e, FIELD_FORBIDDEN, "sendInitialEvents", NULL,
			    "sendInitialEvents is forbidden for list");
	return status_invalid(st, &options, "", &e);
}

struct listing {
	struct call *c;
	const struct kind *k;
	struct table *table;
	const struct list_options *o;
	const char *ns;
	struct pick pick;
	struct cont from; /* where a continuation goes on */
	int64_t want;     /* resourceVersion */
};

static bool listing_pick(const struct obj *o, void *arg)
{
	const struct pick *p = arg;

	return pick_matches(p, o);
}

/* Exactly the state at rev, from memory if nothing happened since. */
static bool snapshot_at(struct listing *l, int64_t rev, struct store_list *out, struct status *st)
{
	bool (*pick)(const struct obj *, void *) = pick_everything(&l->pick) ? NULL : listing_pick;
	size_t limit = l->o->limit > 0 ? (size_t)l->o->limit : 0;

	store_list(l->table, l->ns, l->from.ns, l->from.name, limit, pick, &l->pick, out);
	if (rev <= 0)
		return true;
	if (table_rev(l->table) <= rev && rev <= out->rev) {
		out->rev = rev;
		return true;
	}
	store_list_free(out);
	return store_list_at(l->table, rev, l->ns, l->from.ns, l->from.name, limit, pick, &l->pick,
			     out, st);
}

/* metadata.name=x needs no walk over the table. */
static void snapshot_one(struct listing *l, struct store_list *out)
{
	const struct obj *o;

	*out = (struct store_list){ 0 };
	o = store_get_at(l->table, l->ns, l->pick.name, &out->rev);
	if (o && pick_matches(&l->pick, o)) {
		out->items = arena_alloc(l->c->a, sizeof *out->items);
		out->items[0] = o;
		out->n = 1;
		return;
	}
	obj_unref(o);
}

static bool list_expired(struct listing *l, struct status *found, struct status *st)
{
	if (!status_is(found, "Expired")) {
		if (st)
			status_move(st, found);
		return false;
	}
	if (!l->from.set)
		return status_expired(st, "The resourceVersion for the provided list is too old.");
	status_expired(st, "%s", continue_expired);
	if (st) {
		struct cont again = l->from;

		again.rev = -1;
		st->list_continue = strdup(cont_encode(l->c->a, &again));
	}
	return false;
}

static bool result_fill(struct listing *l, struct store_list *found, struct list_result *out,
			struct status *st)
{
	struct arena *a = l->c->a;

	out->items = arena_alloc(a, (found->n + 1) * sizeof *out->items);
	out->n = found->n;
	out->rev = found->rev;
	out->cont = "";
	out->remaining = -1;
	for (size_t i = 0; i < found->n; i++)
		out->items[i] = obj_hold(a, found->items[i]);
	if (!convert_list(a, l->k, out->items, out->n, st))
		return false;
	if (found->more && found->n) {
		const struct obj *last = found->items[found->n - 1];
		struct cont next = { true, found->rev, last->ns, last->name };

		out->cont = cont_encode(a, &next);
		if (pick_everything(&l->pick))
			out->remaining = (int64_t)found->remaining;
	}
	return true;
}

/* The revision that the snapshot must show; 0 = the latest. */
static int64_t exact_revision(const struct listing *l)
{
	if (l->from.set)
		return l->from.rev;
	if (l->want &&
	    (!strcmp(text(l->o->match), "Exact") || (!*text(l->o->match) && l->o->limit > 0)))
		return l->want;
	return 0;
}

static bool listing_open(struct listing *l, struct status *st)
{
	const struct list_options *o = l->o;

	if (!options_check(o, st) ||
	    !pick_parse(l->c->a, l->k, o->label_selector, o->field_selector, &l->pick, st))
		return false;
	if (*text(o->cont)) {
		if (*text(o->resource_version) && strcmp(o->resource_version, "0"))
			return status_bad_request(
				st, "specifying resource version is not allowed when using continue");
		return cont_decode(l->c->a, o->cont, &l->from, st);
	}
	if (!revision_parse(o->resource_version, &l->want))
		return status_bad_request(
			st,
			"invalid resource version: resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax",
			o->resource_version, o->resource_version);
	return api_await_revision(l->c->api, o->resource_version, st);
}

bool api_list(struct call *c, const struct kind *k, const char *ns, const struct list_options *o,
	      struct list_result *out, struct status *st)
{
	static const struct list_options all;
	struct listing l = { .c = c, .k = k, .o = o ? o : &all, .ns = kind_ns(k, ns) };
	struct store_list found = { 0 };
	STATUS_AUTO struct status bad = STATUS_INIT;
	int64_t exact;
	bool filled;

	if (kind_is_computed(k))
		return computed_list(c, k, ns, o, out, st);
	l.table = api_table(c->api, k);
	if (!listing_open(&l, st))
		return false;
	if (l.pick.ns && k->namespaced && !*l.ns)
		l.ns = l.pick.ns;
	exact = exact_revision(&l);
	if (l.pick.name && (*l.ns || !k->namespaced) && !exact && !l.from.set) {
		snapshot_one(&l, &found);
		filled = result_fill(&l, &found, out, st);
		if (found.n)
			obj_unref(found.items[0]);
		return filled;
	}
	if (!snapshot_at(&l, exact, &found, &bad))
		return list_expired(&l, &bad, st);
	filled = result_fill(&l, &found, out, st);
	store_list_free(&found);
	return filled;
}

bool api_list_blocks(struct api *api, const struct kind *k, const struct list_options *o)
{
	int64_t rev;

	if (kind_is_computed(k))
		return false;
	if (k->custom && custom_converts(k))
		return true;
	if (*text(o->cont) || !strcmp(text(o->match), "Exact"))
		return true;
	if (!revision_parse(o->resource_version, &rev) || !rev)
		return false;
	return o->limit > 0 || rev > store_rev(api->config.store);
}
