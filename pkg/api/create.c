/*
 * create: defaults, mutating admission, system metadata, prepare, validation, validating admission, commit.
 *
 * A generated name is checked against the live objects before the work is done (8 tries, as upstream), so
 * that the race which remains, a name taken between check and commit, is the only one that reports a
 * generated name's conflict.  Many creations may share one commit, which costs what one costs alone.
 * k8s: apiserver/pkg/registry/generic/registry/store.go Create, registry/rest/create.go BeforeCreate.
 */
#include "api/core.h"
#include "api/quota.h"
#include "api/custom.h"
#include "api/managed.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_TRIES 8
#define NAME_BASE_MAX 58

struct creation {
	struct call *c;
	const struct kind *k;
	const char *ns, *name;
	struct json *o;
	bool generated;
	bool managed;              /* metadata.managedFields are final */
	struct store_write *later; /* one of many: the write is put here instead of committed */
};

static bool generated_name_conflict(struct creation *cr, struct status *st)
{
	status_other(
		st, 409, "AlreadyExists",
		"%s%s%s \"%s\" already exists, the server was not able to generate a unique name for the object",
		cr->k->subject.resource, *cr->k->subject.group ? "." : "", cr->k->subject.group,
		cr->name);
	if (st) {
		st->details = true;
		st->name = strdup(cr->name);
		st->kind = strdup(cr->k->subject.resource);
		st->group = *cr->k->subject.group ? strdup(cr->k->subject.group) : NULL;
		st->retry_after_s = 1;
	}
	return false;
}

static bool name_generate(struct creation *cr, const char *base, struct status *st)
{
	struct table *t = api_table(cr->c->api, cr->k);
	char suffix[6];

	cr->generated = true;
	for (int i = 0; i < NAME_TRIES; i++) {
		const struct obj *taken;

		random_name(suffix, 5);
		cr->name = arena_printf(cr->c->a, "%.*s%s", NAME_BASE_MAX, base, suffix);
		taken = store_get(t, cr->ns, cr->name);
		obj_unref(taken);
		if (!taken) {
			json_set_str(cr->c->a, json_get(cr->o, "metadata"), "name", cr->name);
			return true;
		}
	}
	return generated_name_conflict(cr, st);
}

/* What only the server says about a new object: not the client... */
static void system_metadata_wipe(struct creation *cr)
{
	static const char *const wiped[] = { "uid",        "creationTimestamp",
					     "selfLink",   "deletionTimestamp",
					     "generation", "deletionGracePeriodSeconds" };
	struct json *meta = json_get(cr->o, "metadata");

	for (size_t i = 0; i < sizeof wiped / sizeof *wiped; i++)
		json_del(meta, wiped[i]);
}

/* ...and, after mutation, which may still change the name, we. */
static bool system_metadata(struct creation *cr, struct status *st)
{
	struct arena *a = cr->c->a;
	struct json *meta = json_get(cr->o, "metadata");
	const char *base = json_str(json_get(meta, "generateName"));
	char uid[37], now[TIME_LEN];

	cr->name = json_str(json_get(meta, "name"));
	if (!*cr->name && *base && !name_generate(cr, base, st))
		return false;
	uuid_new(uid);
	json_set_str(a, meta, "uid", uid);
	if (cr->k->generation)
		json_set_int(a, meta, "generation", 1);
	time_format(clock_now_s(), now);
	json_set_str(a, meta, "creationTimestamp", now);
	return true;
}

static void create_prepare(struct creation *cr)
{
	struct hook h;

	hook_open(&h, cr->c, cr->k);
	kind_prepare_create(&h, cr->o);
	hook_close(&h, cr->c);
	certificate_requester(cr->c, cr->k, cr->o);
}

static bool create_validate(struct creation *cr, struct status *st)
{
	struct hook h;

	hook_open(&h, cr->c, cr->k);
	kind_validate_meta(&h, cr->o, NULL);
	if (cr->k->validate)
		cr->k->validate(&h, cr->o);
	kind_warn(&h, cr->o, NULL);
	return hook_verdict(&h, cr->c, cr->name, st);
}

static void create_default(struct creation *cr)
{
	struct hook h;

	if (!cr->k->defaults)
		return;
	hook_open(&h, cr->c, cr->k);
	cr->k->defaults(&h, cr->o);
	hook_close(&h, cr->c);
}

static bool already_exists(struct creation *cr, struct status *st)
{
	const struct obj *taken;
	char *text;

	if (cr->generated)
		return generated_name_conflict(cr, st);
	status_already_exists(st, &cr->k->subject, cr->name);
	taken = store_get(api_table(cr->c->api, cr->k), cr->ns, cr->name);
	if (taken && taken->deleted_s && st) {
		if (asprintf(&text, "object is being deleted: %s", st->message) >= 0) {
			free(st->message);
			st->message = text;
		}
	}
	obj_unref(taken);
	return false;
}

static const struct obj *create_dry(struct creation *cr, const struct charge *ch, struct obj *o,
				    struct status *st)
{
	const struct obj *taken = store_get(api_table(cr->c->api, cr->k), cr->ns, cr->name);

	obj_give(cr->c->a, o);
	if (!quota_allows(cr->c, ch, st)) {
		obj_unref(taken);
		return NULL;
	}
	if (taken) {
		obj_unref(taken);
		already_exists(cr, st);
		return NULL;
	}
	return convert_shown(cr->c->a, cr->k, o, st);
}

/* The log's own rule, hence after validation and never in a dry run, which does not reach it. */
static bool version_unset(const struct creation *cr, struct status *st)
{
	const char *rv = meta_rv(cr->o);

	if (cr->c->dry_run || !*rv || !strcmp(rv, "0"))
		return true;
	return status_plain_error(st, "resourceVersion should not be set on objects to be created");
}

static const struct obj *create_commit(struct creation *cr, struct status *st)
{
	struct call *c = cr->c;
	struct store_write w = {
		.table = api_table(c->api, cr->k),
		.op = STORE_CREATE,
		.obj = convert_frozen(c->a, cr->k, cr->o, c->user, st),
	};
	struct charge ch = { .k = cr->k, .sub = "", .ns = cr->ns, .name = cr->name, .o = cr->o };

	if (!w.obj)
		return NULL;
	if (c->dry_run)
		return create_dry(cr, &ch, w.obj, st);
	if (cr->later) {
		*cr->later = w;
		return w.obj;
	}
	switch (quota_commit(c, &ch, &w, 1, NULL, st)) {
	case STORE_OK:
		obj_give(c->a, w.result);
		custom_committed(c, cr->k, w.result->name, false);
		return convert_shown(c->a, cr->k, w.result, st);
	case STORE_EXISTS: already_exists(cr, st); return NULL;
	default: return NULL;
	}
}

/* From the named object to the log, with the addresses it may have been given along the way. */
static const struct obj *create_finish(struct creation *cr, struct admission *ad, struct status *st)
{
	const struct obj *made = NULL;

	create_prepare(cr);
	if (!service_ips_begin(cr->c, cr->k, cr->o, NULL, st))
		return NULL;
	if (create_validate(cr, st) && admission_validate(ad, st) && version_unset(cr, st))
		made = create_commit(cr, st);
	if (!made)
		service_ips_undo(cr->c, cr->k, cr->o);
	return made;
}

/* From the clean tree. */
static const struct obj *create_run(struct creation *cr, struct status *st)
{
	struct call *c = cr->c;
	struct json *o = cr->o;
	struct admission ad = {
		.c = c, .k = cr->k, .op = ADMIT_CREATE, .sub = "", .ns = cr->ns, .o = o
	};

	if (!body_place(cr->k, cr->ns, o, st))
		return NULL;
	if (cr->k->namespaced)
		json_set_str(c->a, json_get(o, "metadata"), "namespace", cr->ns);
	ad.name = *meta_name(o) ? meta_name(o) : json_path_str(o, "metadata.generateName");
	create_default(cr);
	system_metadata_wipe(cr);
	if (!cr->managed)
		managed_update(c, cr->k, NULL, NULL, o);
	if (!admission_mutate(&ad, st))
		return NULL;
	cr->o = ad.o;
	if (!body_place(cr->k, cr->ns, cr->o, st) || !system_metadata(cr, st))
		return NULL;
	ad.name = cr->name;
	return create_finish(cr, &ad, st);
}

const struct obj *create_clean(struct call *c, const struct kind *k, const char *ns, struct json *o,
			       struct status *st)
{
	struct creation cr = { .c = c, .k = k, .ns = kind_ns(k, ns), .o = o };

	return create_run(&cr, st);
}

const struct obj *create_managed(struct call *c, const struct kind *k, const char *ns,
				 struct json *o, struct status *st)
{
	struct creation cr = { .c = c, .k = k, .ns = kind_ns(k, ns), .o = o, .managed = true };

	return create_run(&cr, st);
}

bool create_allowed(struct call *c, const struct kind *k, const char *ns, const char *name,
		    struct status *st)
{
	struct attributes attr = { .verb = "create",
				   .group = k->subject.group,
				   .version = k->version,
				   .resource = k->subject.resource,
				   .subresource = "",
				   .name = name,
				   .ns = ns };
	const char *reason = NULL;

	return api_authorize(c->api, c->a, c->user, &attr, &reason) ||
	       status_denied(st, c->a, c->user, &attr, reason ? reason : "");
}

static bool creatable(const struct kind *k, struct status *st)
{
	return ((k->verbs & VERB_CREATE) && !k->virtual_only) || status_method_not_allowed(st);
}

const struct obj *api_create(struct call *c, const struct kind *k, const char *ns, struct json *o,
			     struct status *st)
{
	if (!creatable(k, st) || !custom_creatable(c, k, meta_name(o), st) ||
	    !body_clean(c, k, o, NULL, st))
		return NULL;
	return create_clean(c, k, ns, o, st);
}

/* ---- many at once ---- */

static bool many_prepare(struct call *c, const struct kind *k, struct create_item *x,
			 struct store_write *w, struct status *st)
{
	struct creation cr = { .c = c, .k = k, .ns = kind_ns(k, x->ns), .o = x->o, .later = w };

	return body_clean(c, k, x->o, NULL, st) && create_run(&cr, st);
}

static bool many_commit(struct call *c, const struct kind *k, struct create_item *x,
			struct store_write *w, size_t n, struct status *st)
{
	struct charge *ch = arena_alloc(c->a, (n + 1) * sizeof *ch);
	size_t failed;

	for (size_t i = 0; i < n; i++)
		ch[i] = (struct charge){ .k = k,
					 .sub = "",
					 .ns = kind_ns(k, x[i].ns),
					 .name = meta_name(x[i].o),
					 .o = x[i].o };
	switch (quota_commit(c, ch, w, n, &failed, st)) {
	case STORE_OK:
		for (size_t i = 0; i < n; i++)
			x[i].made = convert_shown(c->a, k, obj_give(c->a, w[i].result), st);
		for (size_t i = 0; i < n; i++)
			custom_committed(c, k, w[i].result->name, false);
		return true;
	case STORE_EXISTS: return status_already_exists(st, &k->subject, meta_name(x[failed].o));
	default: return false;
	}
}

bool api_create_many(struct call *c, const struct kind *k, struct create_item *x, size_t n,
		     struct status *st)
{
	struct store_write *w = arena_alloc(c->a, (n + 1) * sizeof(*w));
	size_t ready = 0;
	bool ok;

	BUG_ON(c->dry_run);
	if (!creatable(k, st))
		return false;
	while (ready < n && many_prepare(c, k, &x[ready], &w[ready], st))
		ready++;
	ok = ready == n && many_commit(c, k, x, w, n, st);
	for (size_t i = 0; i < ready && !ok; i++) {
		service_ips_undo(c, k, x[i].o);
		if (ready < n)
			obj_unref(w[i].obj);
	}
	return ok;
}
