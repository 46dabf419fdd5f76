/*
 * The commit that charges for what it stores.
 *
 * The quotas of the namespaces concerned are read into a ledger, each write is booked into it or refused,
 * and the changed pages go into the transaction before the writes: whoever was slower finds a page changed,
 * is rolled back before anything of his was sealed, and books again into a fresh ledger.  Where there are no
 * quotas at all this is store_commit().
 * k8s: apiserver/pkg/admission/plugin/resourcequota/controller.go.
 */
#include "api/core.h"
#include "api/quota.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

/* Each lost round is another writer's success. */
#define ATTEMPTS 4096

struct page {
	const struct obj *o;
	struct json *tree; /* with what has been booked */
	bool changed;
};

struct ledger {
	struct call *c;
	struct page *v;
	size_t n;
};

static struct table *quota_table(struct api *api)
{
	return api_table(api, api->known.resource_quota);
}

static void ledger_open(struct ledger *l, const char *ns)
{
	struct arena *a = l->c->a;
	struct store_list list;
	struct page *v;

	store_list(quota_table(l->c->api), ns, NULL, NULL, 0, NULL, NULL, &list);
	v = arena_zalloc(a, (l->n + list.n + 1) * sizeof *v);
	if (l->n)
		memcpy(v, l->v, l->n * sizeof *v);
	for (size_t i = 0; i < list.n; i++)
		v[l->n + i] = (struct page){ obj_hold(a, list.items[i]), obj_tree(a, list.items[i]),
					     false };
	l->v = v;
	l->n += list.n;
	store_list_free(&list);
}

/* ---- one write against one page ---- */

/* Only those whose change can change what they take. */
static bool is_charged(const struct charge *ch)
{
	const char *resource = ch->k->subject.resource;
	bool pod = !strcmp(resource, "pods") && !*ch->k->subject.group;
	bool claim = !strcmp(resource, "persistentvolumeclaims") && !*ch->k->subject.group;

	if (!quota_counts(ch->k))
		return false;
	if (!ch->old)
		return !*ch->sub;
	if (pod && !strcmp(ch->sub, "resize"))
		return true;
	if (claim && !strcmp(ch->sub, "status"))
		return true;
	if (*ch->sub)
		return false;
	if (pod)
		return (json_path_int(ch->o, "spec.activeDeadlineSeconds", -1) >= 0) !=
		       (json_path_int(ch->old, "spec.activeDeadlineSeconds", -1) >= 0);
	return claim || !strcmp(resource, "resourceclaims") ||
	       (!strcmp(resource, "services") && !*ch->k->subject.group);
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Names of hard that are about this kind, sorted. */
static const char **names_of(struct arena *a, const struct kind *k, const struct json *hard)
{
	const char **names = arena_zalloc(a, (json_count(hard) + 1) * sizeof *names);
	size_t n = 0;

	json_each(v, hard)
		if (quota_names(k, json_name(v)))
			names[n++] = json_name(v);
	qsort(names, n, sizeof *names, by_text);
	return names;
}

static bool refuse(const struct charge *ch, struct status *st, const char *text)
{
	return status_forbidden(st, &ch->k->subject, ch->name, "%s", text);
}

static bool usage_known(struct arena *a, const struct charge *ch, const struct page *p,
			const char **names, struct status *st)
{
	const struct json *used = json_path(p->tree, "status.used");
	char *list = NULL;
	bool known = true;

	for (; *names; names++) {
		known &= json_get(used, *names) != NULL;
		list = list ? arena_printf(a, "%s,%s", list, *names) : arena_strdup(a, *names);
	}
	return known || refuse(ch, st,
			       arena_printf(a, "status unknown for quota: %s, resources: %s",
					    p->o->name, list));
}

static void usage_reduce(struct usage *u, const struct usage *by)
{
	for (size_t i = 0; i < u->n; i++) {
		const struct quantity *q = usage_find(by, u->v[i].name);

		if (q)
			quantity_sub(&u->v[i].q, q);
		if (u->v[i].q.nano < 0)
			u->v[i].q.nano = 0;
	}
}

struct overdraft {
	struct buf requested, used, limited;
};

static void overdraft_add(struct arena *a, struct overdraft *d, const char *name,
			  const struct quantity *requested, const struct quantity *used,
			  const struct quantity *limit)
{
	const char *comma = d->requested.len ? "," : "";

	buf_addf(&d->requested, "%s%s=%s", comma, name, quantity_text(a, requested));
	buf_addf(&d->used, "%s%s=%s", comma, name, quantity_text(a, used));
	buf_addf(&d->limited, "%s%s=%s", comma, name, quantity_text(a, limit));
}

static void amount(const struct json *list, const char *name, struct quantity *q)
{
	const struct json *v = json_get(list, name);

	if (!v || !quantity_parse(json_str(v), q))
		*q = (struct quantity){ 0 };
}

/* Add the delta to the page's usage; names (sorted) are all that the page has of this kind. */
static bool page_book(struct arena *a, const struct charge *ch, struct page *p, const char **names,
		      const struct usage *delta, struct status *st)
{
	struct json *used = json_make_path(a, p->tree, "status.used");
	const struct json *hard = json_path(p->tree, "status.hard");
	struct overdraft d = { BUF_INIT, BUF_INIT, BUF_INIT };
	bool ok = true;

	for (; *names; names++) {
		const struct quantity *q = usage_find(delta, *names);
		struct quantity now, limit, next;

		if (!q || !q->nano)
			continue;
		amount(used, *names, &now);
		amount(hard, *names, &limit);
		next = now;
		if (!next.nano)
			next.format = q->format;
		quantity_add(&next, q);
		if (quantity_cmp(&next, &limit) > 0 && strcmp(ch->sub, "status") != 0)
			overdraft_add(a, &d, *names, q, &now, &limit);
		json_set_str(a, used, *names, quantity_text(a, &next));
		p->changed = true;
	}
	if (d.requested.len)
		ok = refuse(ch, st,
			    arena_printf(a, "exceeded quota: %s, requested: %s, used: %s, limited: %s",
					 p->o->name, d.requested.p, d.used.p, d.limited.p));
	buf_free(&d.requested);
	buf_free(&d.used);
	buf_free(&d.limited);
	return ok;
}

static bool page_charge(struct arena *a, const struct charge *ch, struct page *p,
			const struct usage *takes, const struct usage *took, struct status *st)
{
	const struct json *hard = json_path(p->tree, "status.hard");
	const char **names = names_of(a, ch->k, hard);
	struct usage delta = { 0 };
	char *missing;

	if (!*names || !quota_scopes_match(a, ch->k, p->tree, ch->o))
		return true;
	missing = !strcmp(ch->k->subject.resource, "pods") && !*ch->k->subject.group ?
			  quota_unspecified(a, ch->o, hard) :
			  NULL;
	if (missing)
		return refuse(ch, st,
			      arena_printf(a, "failed quota: %s: must specify %s", p->o->name,
					   missing));
	if (!usage_known(a, ch, p, names, st))
		return false;
	usage_add_all(a, &delta, takes);
	if (ch->old && quota_scopes_match(a, ch->k, p->tree, ch->old))
		usage_reduce(&delta, took);
	return page_book(a, ch, p, names, &delta, st);
}

/* ---- the ledger ---- */

static bool ledger_charge(struct ledger *l, const struct charge *ch, struct status *st)
{
	struct arena *a = l->c->a;
	int64_t now = clock_now_s();
	struct usage takes = { 0 }, took = { 0 };

	quota_usage(a, ch->k, ch->o, now, &takes);
	if (ch->old)
		quota_usage(a, ch->k, ch->old, now, &took);
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].o->ns, ch->ns) && !page_charge(a, ch, &l->v[i], &takes, &took, st))
			return false;
	return true;
}

static bool ledger_knows(const struct charge *ch, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_charged(&ch[k]) && !strcmp(ch[k].ns, ch[i].ns))
			return true;
	return false;
}

static bool ledger_book(struct ledger *l, const struct charge *ch, size_t n, size_t *failed,
			struct status *st)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_charged(&ch[i]))
			continue;
		if (!ledger_knows(ch, i))
			ledger_open(l, ch[i].ns);
		if (ledger_charge(l, &ch[i], st))
			continue;
		if (failed)
			*failed = i;
		return false;
	}
	return true;
}

/* The changed pages as writes; how many. */
static size_t ledger_writes(struct ledger *l, struct store_write *w)
{
	const struct kind *k = l->c->api->known.resource_quota;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].changed)
			w[n++] = (struct store_write){
				.table = quota_table(l->c->api),
				.op = STORE_UPDATE,
				.obj = convert_frozen(l->c->a, k, l->v[i].tree, &api_system_user,
						      NULL),
				.expect_rev = l->v[i].o->rev,
			};
	return n;
}

/* True: *r is the outcome.  False: a page was not as read; nothing happened to w. */
static bool ledger_commit(struct ledger *l, struct store_write *w, size_t n, enum store_result *r,
			  size_t *failed, struct status *st)
{
	struct store_write *all = arena_zalloc(l->c->a, (l->n + n) * sizeof *all);
	size_t pages = ledger_writes(l, all), at = 0;
	bool lost;

	memcpy(all + pages, w, n * sizeof *w);
	for (size_t i = 0; i < n; i++)
		if (w[i].op != STORE_DELETE)
			obj_ref(w[i].obj);
	*r = store_commit(l->c->api->config.store, all, pages + n, &at, st);
	lost = (*r == STORE_CONFLICT || *r == STORE_MISSING) && at < pages;
	for (size_t i = 0; i < pages; i++)
		obj_unref(all[i].result);
	for (size_t i = 0; i < n && !lost; i++) {
		w[i].result = all[pages + i].result;
		if (w[i].op != STORE_DELETE)
			obj_unref(w[i].obj);
		w[i].obj = NULL;
	}
	if (failed && *r != STORE_OK)
		*failed = at < pages ? 0 : at - pages;
	return !lost;
}

static bool none_charged(struct api *api, const struct charge *ch, size_t n)
{
	if (!table_count(quota_table(api)))
		return true;
	for (size_t i = 0; i < n; i++)
		if (is_charged(&ch[i]))
			return false;
	return true;
}

bool quota_allows(struct call *c, const struct charge *ch, struct status *st)
{
	struct ledger l = { .c = c };

	return none_charged(c->api, ch, 1) || ledger_book(&l, ch, 1, NULL, st);
}

static enum store_result give_up(struct store_write *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (w[i].op != STORE_DELETE)
			obj_unref(w[i].obj);
		w[i].obj = NULL;
		w[i].result = NULL;
	}
	return STORE_FAILED;
}

enum store_result quota_commit(struct call *c, const struct charge *ch, struct store_write *w,
			       size_t n, size_t *failed, struct status *st)
{
	enum store_result r = STORE_FAILED;

	if (none_charged(c->api, ch, n))
		return store_commit(c->api->config.store, w, n, failed, st);
	for (int i = 0; i < ATTEMPTS; i++) {
		struct ledger l = { .c = c };

		if (!ledger_book(&l, ch, n, failed, st))
			return give_up(w, n);
		if (ledger_commit(&l, w, n, &r, failed, st))
			return r;
	}
	status_modified(st, &ch[0].k->subject, ch[0].name);
	return give_up(w, n);
}
