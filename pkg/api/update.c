/*
 * update: read, change, commit if unchanged, else again (upstream's GuaranteedUpdate).
 *
 * One attempt parses the stored bytes once, lets the producer make the new tree, restores what is the
 * server's, runs the pipeline and commits against the revision that was read.  A write that changes nothing
 * is answered with the stored object: same revision, no event.  A write that leaves a deleting object
 * without finalizers and grace removes it.
 * k8s: apiserver/pkg/registry/generic/registry/store.go Update, registry/rest/update.go BeforeUpdate.
 */
#include "api/core.h"
#include "api/quota.h"
#include "api/custom.h"
#include "api/managed.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <string.h>

/* Each lost round is another writer's commit, so this bounds the writers that can meet on one object. */
#define ATTEMPTS 256

enum outcome { DONE, AGAIN };

static bool must_be_specified(struct update *u, struct status *st)
{
	/* Upstream, too, names the resource where the kind belongs. */
	struct subject s = u->k->subject;
	struct field_errors e = FIELD_ERRORS_INIT;

	s.kind = s.resource;
	field_error(&e, FIELD_INVALID, "metadata.resourceVersion", "0",
		    "must be specified for an update");
	return status_invalid(st, &s, u->name, &e);
}

static bool revision_check(struct update *u, struct status *st)
{
	const char *text = meta_rv(u->o);
	int64_t rev;

	if (!revision_parse(text, &rev)) {
		struct field_errors e = FIELD_ERRORS_INIT;

		field_error_str(&e, FIELD_INVALID, "metadata.resourceVersion", text,
				"must be a decimal revision");
		return status_invalid(st, &u->k->subject, u->name, &e);
	}
	if (!rev)
		return !u->must_carry_rv || !u->k->conditional_update || must_be_specified(u, st);
	if (rev != u->cur->rev)
		return status_modified(st, &u->k->subject, u->name);
	return true;
}

static void meta_keep(struct arena *a, struct json *meta, const struct json *old, const char *name)
{
	const struct json *v = json_get(old, name);

	if (v)
		json_set(a, meta, name, json_copy(a, v));
	else
		json_del(meta, name);
}

/* What no update can change.  A foreign uid stays, for validation to refuse. */
static void meta_restore(struct update *u)
{
	static const char *const kept[] = {
		"name",       "namespace",         "creationTimestamp",
		"generation", "deletionTimestamp", "deletionGracePeriodSeconds",
		"selfLink"
	};
	struct arena *a = u->c->a;
	struct json *meta = meta_ensure(a, u->o);
	const struct json *old = json_get(u->old, "metadata");

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		meta_keep(a, meta, old, kept[i]);
	if (!*json_str(json_get(meta, "uid")))
		meta_keep(a, meta, old, "uid");
}

static void bump_generation(struct update *u)
{
	int64_t now = meta_generation(u->old);

	if (u->k->generation && kind_spec_changed(u->k, u->o, u->old))
		json_set_int(u->c->a, json_get(u->o, "metadata"), "generation", now + 1);
}

static bool update_prepare(struct update *u, struct hook *h, struct status *st)
{
	if (!u->sub)
		kind_prepare_update(h, u->o, u->old);
	else if (!sub_fields_prepare(u, h, st))
		return false;
	if (!u->sub || strcmp(u->sub, "status"))
		bump_generation(u);
	return true;
}

static void update_hooks_validate(struct update *u, struct hook *h)
{
	kind_validate_meta(h, u->o, u->old);
	if (u->sub) {
		sub_fields_validate(u, h);
		return;
	}
	if (u->k->validate)
		u->k->validate(h, u->o);
	if (u->k->validate_update)
		u->k->validate_update(h, u->o, u->old);
	kind_warn(h, u->o, u->old);
}

static bool update_mutate(struct update *u, struct admission *ad, struct status *st)
{
	if (!admission_mutate(ad, st))
		return false;
	u->o = ad->o;
	meta_restore(u);
	return true;
}

static bool update_pipeline(struct update *u, bool *allocated, struct status *st)
{
	struct admission ad = { .c = u->c,
				.k = u->k,
				.op = ADMIT_UPDATE,
				.sub = u->sub ? u->sub : "",
				.ns = u->ns,
				.name = u->name,
				.o = u->o,
				.old = u->old,
				.cur = u->cur };
	struct hook h;

	hook_open(&h, u->c, u->k);
	if (u->k->defaults)
		u->k->defaults(&h, u->o);
	if (!u->managed)
		managed_update(u->c, u->k, u->sub, u->old, u->o);
	if (!update_mutate(u, &ad, st) || !update_prepare(u, &h, st)) {
		hook_close(&h, u->c);
		return false;
	}
	if (!u->sub && !service_ips_begin(u->c, u->k, u->o, u->old, st)) {
		hook_close(&h, u->c);
		return false;
	}
	*allocated = true;
	ad.o = u->o;
	update_hooks_validate(u, &h);
	return hook_verdict(&h, u->c, u->name, st) && admission_validate(&ad, st);
}

static struct json *managers_take(struct json *o)
{
	struct json *meta = json_get(o, "metadata"), *list = json_get(meta, "managedFields");

	if (list)
		json_detach(meta, list);
	return list;
}

static void managers_put(struct arena *a, struct json *o, struct json *list)
{
	if (list)
		json_add(a, json_get(o, "metadata"), "managedFields", list);
}

/* Nothing differs but, perhaps, how it was written and when its managers last wrote. */
static bool update_is_noop(struct update *u)
{
	struct json *now, *was;
	char rev[24];
	bool same;

	snprintf(rev, sizeof rev, "%lld", (long long)u->cur->rev);
	json_set_str(u->c->a, json_get(u->o, "metadata"), "resourceVersion", rev);
	now = managers_take(u->o);
	was = managers_take(u->old);
	same = managed_equal(now, was) && json_equal(u->o, u->old);
	managers_put(u->c->a, u->o, now);
	managers_put(u->c->a, u->old, was);
	return same;
}

/* The last finalizer of a deleting object is gone, and no grace is pending. */
static bool update_removes(struct update *u)
{
	const struct json *meta = json_get(u->o, "metadata");

	if (!u->cur->deleted_s || json_count(json_get(meta, "finalizers")))
		return false;
	if (json_path_int(u->old, "metadata.deletionGracePeriodSeconds", 0))
		return false;
	return !(u->k->subs & SUB_FINALIZE) || !json_count(json_path(u->o, "spec.finalizers"));
}

static enum outcome commit_outcome(struct update *u, enum store_result r, bool gone_is_fine,
				   struct status *st)
{
	switch (r) {
	case STORE_CONFLICT: return AGAIN;
	case STORE_MISSING:
		if (!gone_is_fine)
			status_not_found(st, &u->k->subject, u->name);
		return DONE;
	default: return DONE;
	}
}

/* The reply to such an update is the object as the client left it. */
static enum outcome update_remove(struct update *u, const struct obj **out, struct status *st)
{
	struct call *c = u->c;
	struct obj *left = convert_frozen(c->a, u->k, u->o, c->user, st);
	struct store_write w = {
		.table = api_table(c->api, u->k),
		.op = STORE_DELETE,
		.ns = u->ns,
		.name = u->name,
		.expect_rev = u->cur->rev,
	};
	enum store_result r = STORE_OK;

	if (!left)
		return DONE;
	if (!c->dry_run)
		r = store_commit(c->api->config.store, &w, 1, NULL, st);
	obj_seal(left, r == STORE_OK && w.result ? w.result->rev : u->cur->rev);
	obj_give(c->a, left);
	obj_unref(w.result);
	if (r == STORE_OK && !c->dry_run)
		custom_committed(c, u->k, u->name, true);
	if (r == STORE_OK || r == STORE_MISSING)
		*out = convert_shown(c->a, u->k, left, st);
	return commit_outcome(u, r, true, st);
}

static enum outcome update_commit(struct update *u, const struct obj **out, struct status *st)
{
	struct call *c = u->c;
	struct store_write w = {
		.table = api_table(c->api, u->k),
		.op = STORE_UPDATE,
		.obj = convert_frozen(c->a, u->k, u->o, c->user, st),
		.expect_rev = u->cur->rev,
	};
	struct charge ch = { .k = u->k,
			     .sub = u->sub ? u->sub : "",
			     .ns = u->ns,
			     .name = u->name,
			     .o = u->o,
			     .old = u->old };
	enum store_result r;

	if (!w.obj)
		return DONE;
	if (c->dry_run && !quota_allows(c, &ch, st)) {
		obj_unref(w.obj);
		return DONE;
	}
	if (c->dry_run) {
		obj_seal(w.obj, u->cur->rev);
		*out = convert_shown(c->a, u->k, obj_give(c->a, w.obj), st);
		return DONE;
	}
	r = quota_commit(c, &ch, &w, 1, NULL, st);
	if (r == STORE_OK) {
		*out = convert_shown(c->a, u->k, obj_give(c->a, w.result), st);
		custom_committed(c, u->k, u->name, false);
	}
	return commit_outcome(u, r, false, st);
}

static enum outcome update_write(struct update *u, const struct obj **out, struct status *st)
{
	enum outcome done = DONE;
	bool allocated = false;

	if (update_pipeline(u, &allocated, st)) {
		if (update_removes(u))
			return update_remove(u, out, st);
		if (update_is_noop(u))
			*out = convert_shown(u->c->a, u->k, u->cur, st);
		else
			done = update_commit(u, out, st);
	}
	if (!*out && allocated && !u->sub)
		service_ips_undo(u->c, u->k, u->o);
	return done;
}

/* One attempt.  *out NULL with DONE: st says why. */
static enum outcome update_attempt(struct update *u, const struct obj **out, struct status *st)
{
	STATUS_AUTO struct status why = STATUS_INIT;

	u->cur = store_get(api_table(u->c->api, u->k), u->ns, u->name);
	if (!u->cur) {
		status_not_found(st, &u->k->subject, u->name);
		return DONE;
	}
	obj_give(u->c->a, u->cur);
	u->old = convert_tree(u->c->a, u->k, u->cur, st);
	if (!u->old)
		return DONE;
	u->o = NULL;
	if (!u->produce(u, &why)) {
		if (status_ok(&why))
			*out = convert_shown(u->c->a, u->k, u->cur, st);
		else if (st)
			status_move(st, &why);
		return DONE;
	}
	if (!revision_check(u, st))
		return DONE;
	meta_ensure(u->c->a, u->o);
	return update_write(u, out, st);
}

const struct obj *update_run(struct update *u, struct status *st)
{
	const struct obj *out = NULL;

	u->ns = kind_ns(u->k, u->ns);
	for (u->attempt = 0; u->attempt < ATTEMPTS; u->attempt++)
		if (update_attempt(u, &out, st) == DONE)
			return out;
	status_modified(st, &u->k->subject, u->name);
	return NULL;
}
