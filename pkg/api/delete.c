/*
 * delete: at once, or by marking: grace for pods, finalizers for everybody.
 *
 * An attempt looks at the stored object and decides: already pending (answer it as it is), mark (write
 * deletionTimestamp, grace, garbage collection finalizers) or remove.  Grace 0 of a pod that was still
 * waiting is written before it is removed, so that watchers see MODIFIED, then DELETED, as upstream.
 * Namespaces (kinds with /finalize) are only marked as long as spec.finalizers has an entry.
 * k8s: apiserver/pkg/registry/{rest/delete.go,generic/registry/store.go}, registry/core/namespace/storage.
 */
#include "api/core.h"
#include "api/custom.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <string.h>

#define ATTEMPTS 64

static const char finalizer_orphan[] = "orphan";
static const char finalizer_foreground[] = "foregroundDeletion";

struct deletion {
	struct call *c;
	const struct kind *k;
	const char *ns, *name;
	const struct delete_options *o;
	const struct obj *cur;
	struct json *tree; /* of the storage version */
	int64_t grace;     /* what it comes to */
	bool graceful;     /* a grace period was written into the tree */
	bool pending;      /* graceful deletion is under way, nothing to do */
};

/* ---- options ---- */

static bool propagation_parse(const struct json *v, struct delete_options *o, struct field_errors *e)
{
	const char *text = json_str(v);

	if (!strcmp(text, "Background"))
		o->propagation = PROPAGATE_BACKGROUND;
	else if (!strcmp(text, "Foreground"))
		o->propagation = PROPAGATE_FOREGROUND;
	else if (!strcmp(text, "Orphan"))
		o->propagation = PROPAGATE_ORPHAN;
	else
		field_error_str(
			e, FIELD_NOT_SUPPORTED, "propagationPolicy", text,
			"supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
	return true;
}

static const char *text_or_null(const struct json *v)
{
	return json_is_string(v) ? json_str(v) : NULL;
}

bool delete_options_from(struct delete_options *o, const struct json *tree, struct status *st)
{
	static const struct subject options = { "meta.k8s.io", "deleteoptions", "DeleteOptions" };
	const struct json *policy = json_get(tree, "propagationPolicy");
	const struct json *orphan = json_get(tree, "orphanDependents");
	struct field_errors e = FIELD_ERRORS_INIT;

	*o = (struct delete_options)DELETE_OPTIONS_INIT;
	o->grace_s = json_path_int(tree, "gracePeriodSeconds", -1);
	if (o->grace_s < -1 || (o->grace_s == -1 && json_get(tree, "gracePeriodSeconds")))
		o->grace_s = 1; /* negative values mean one second on the delete path */
	o->uid = text_or_null(json_path(tree, "preconditions.uid"));
	o->rv = text_or_null(json_path(tree, "preconditions.resourceVersion"));
	if (!json_is_null(policy) && !json_is_null(orphan))
		field_error_str(&e, FIELD_INVALID, "propagationPolicy", json_str(policy),
				"orphanDependents and deletionPropagation cannot be both set");
	else if (!json_is_null(policy))
		propagation_parse(policy, o, &e);
	else if (!json_is_null(orphan))
		o->propagation = json_is_true(orphan) ? PROPAGATE_ORPHAN : PROPAGATE_BACKGROUND;
	return status_invalid(st, &options, "", &e);
}

/* ---- one attempt ---- */

static bool preconditions_hold(struct deletion *d, struct status *st)
{
	/* Upstream puts the Kind where the resource belongs. */
	struct subject s = d->k->subject;
	char rev[24];

	s.resource = s.kind;
	if (d->o->uid && strcmp(d->o->uid, d->cur->uid))
		return status_conflict(
			st, &s, d->name,
			"the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted and then recreated",
			d->o->uid, d->cur->uid);
	snprintf(rev, sizeof rev, "%lld", (long long)d->cur->rev);
	if (d->o->rv && strcmp(d->o->rv, rev))
		return status_conflict(
			st, &s, d->name,
			"the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The object might have been modified",
			d->o->rv, rev);
	return true;
}

static void mark(struct deletion *d, int64_t at, int64_t grace)
{
	struct arena *a = d->c->a;
	struct json *meta = json_get(d->tree, "metadata");
	int64_t generation = meta_generation(d->tree);
	char text[TIME_LEN];

	if (!d->cur->deleted_s && generation > 0)
		json_set_int(a, meta, "generation", generation + 1);
	time_format(at, text);
	json_set_str(a, meta, "deletionTimestamp", text);
	json_set_int(a, meta, "deletionGracePeriodSeconds", grace);
}

/* A pod: how long until it must be gone (k8s: registry/core/pod/strategy.go CheckGracefulDelete). */
static int64_t grace_of(struct deletion *d)
{
	const char *phase = json_path_str(d->tree, "status.phase");
	int64_t grace = d->o->grace_s;

	if (grace < 0)
		grace = json_path_int(d->tree, "spec.terminationGracePeriodSeconds", 0);
	if (!*json_path_str(d->tree, "spec.nodeName") || !strcmp(phase, "Failed") ||
	    !strcmp(phase, "Succeeded"))
		return 0;
	return grace < 0 ? 1 : grace;
}

static bool has_finalizers(const struct json *tree)
{
	return json_count(json_path(tree, "metadata.finalizers")) > 0;
}

/* A graceful deletion under way may only be shortened. */
static void grace_shorten(struct deletion *d)
{
	const struct json *now = json_path(d->tree, "metadata.deletionGracePeriodSeconds");
	int64_t running;

	/* Grace 0 that is still here without finalizers was cut off between mark and removal: go on. */
	if (!json_int(now, &running) || (!running && !has_finalizers(d->tree)))
		return;
	if (d->o->grace_s < 0 || d->o->grace_s >= running) {
		d->pending = true;
		d->grace = running;
		return;
	}
	d->grace = d->o->grace_s;
	d->graceful = true;
	mark(d, d->cur->deleted_s - running + d->grace, d->grace);
}

static void grace_begin(struct deletion *d)
{
	if (!d->k->graceful_delete)
		return;
	if (d->cur->deleted_s) {
		grace_shorten(d);
		return;
	}
	d->grace = grace_of(d);
	d->graceful = true;
	mark(d, clock_now_s() + d->grace, d->grace);
}

static enum propagation propagation_of(struct deletion *d)
{
	if (d->o->propagation != PROPAGATE_DEFAULT)
		return d->o->propagation;
	if (meta_has_finalizer(d->tree, finalizer_orphan))
		return PROPAGATE_ORPHAN;
	if (meta_has_finalizer(d->tree, finalizer_foreground))
		return PROPAGATE_FOREGROUND;
	return d->k->orphan_by_default ? PROPAGATE_ORPHAN : PROPAGATE_BACKGROUND;
}

/* The garbage collector's finalizers as the propagation wants them. */
static void finalizers_set(struct deletion *d)
{
	struct arena *a = d->c->a;

	switch (propagation_of(d)) {
	case PROPAGATE_ORPHAN:
		meta_del_finalizer(a, d->tree, finalizer_foreground);
		meta_add_finalizer(a, d->tree, finalizer_orphan);
		break;
	case PROPAGATE_FOREGROUND:
		meta_del_finalizer(a, d->tree, finalizer_orphan);
		meta_add_finalizer(a, d->tree, finalizer_foreground);
		break;
	default:
		meta_del_finalizer(a, d->tree, finalizer_orphan);
		meta_del_finalizer(a, d->tree, finalizer_foreground);
		break;
	}
}

/* Marked for the finalizers' sake: now, without grace. */
static void mark_now(struct deletion *d)
{
	int64_t now = clock_now_s();

	mark(d, d->cur->deleted_s && d->cur->deleted_s <= now ? d->cur->deleted_s : now, 0);
}

enum outcome { DONE, AGAIN, FAILED };

static enum outcome deletion_outcome(struct deletion *d, enum store_result r, struct status *st)
{
	switch (r) {
	case STORE_OK: return DONE;
	case STORE_CONFLICT: return AGAIN;
	case STORE_MISSING: status_not_found(st, &d->k->subject, d->name); return FAILED;
	default: return FAILED;
	}
}

/* Write the marked tree; *out becomes it. */
static enum outcome deletion_write(struct deletion *d, const struct obj **out, struct status *st)
{
	struct call *c = d->c;
	const struct kind *stored = kind_stored(d->k);
	struct store_write w = {
		.table = api_table(c->api, stored),
		.op = STORE_UPDATE,
		.expect_rev = d->cur->rev,
	};
	enum store_result r;

	if (json_equal(d->tree, obj_tree(c->a, d->cur))) {
		*out = d->cur;
		return DONE;
	}
	w.obj = convert_frozen(c->a, stored, d->tree, c->user, st);
	if (!w.obj)
		return FAILED;
	if (c->dry_run) {
		obj_seal(w.obj, d->cur->rev);
		*out = obj_give(c->a, w.obj);
		return DONE;
	}
	r = store_commit(c->api->config.store, &w, 1, NULL, st);
	if (r == STORE_OK) {
		*out = obj_give(c->a, w.result);
		custom_committed(c, stored, d->name, false);
	}
	return deletion_outcome(d, r, st);
}

static enum outcome deletion_remove(struct deletion *d, int64_t rev, const struct obj **out,
				    struct status *st)
{
	struct call *c = d->c;
	struct store_write w = {
		.table = api_table(c->api, d->k),
		.op = STORE_DELETE,
		.ns = d->ns,
		.name = d->name,
		.expect_rev = rev,
	};
	enum store_result r;

	if (c->dry_run) {
		*out = *out ? *out : d->cur;
		return DONE;
	}
	r = store_commit(c->api->config.store, &w, 1, NULL, st);
	if (r == STORE_OK) {
		*out = obj_give(c->a, w.result);
		custom_committed(c, d->k, d->name, true);
	}
	/* somebody else finished the same deletion after we had marked it */
	if (r == STORE_MISSING && *out)
		return DONE;
	return deletion_outcome(d, r, st);
}

/* A namespace waits for its controller to empty spec.finalizers. */
static enum outcome namespace_delete(struct deletion *d, const struct obj **out, bool *gone,
				     struct status *st)
{
	struct arena *a = d->c->a;
	enum propagation asked = d->o->propagation;

	if (d->cur->deleted_s) {
		*out = d->cur;
		if (json_count(json_path(d->tree, "spec.finalizers")) || has_finalizers(d->tree))
			return DONE;
		*gone = true;
		return deletion_remove(d, d->cur->rev, out, st);
	}
	if (asked != PROPAGATE_DEFAULT)
		finalizers_set(d);
	mark(d, clock_now_s(), 0);
	/* upstream's namespaces carry no grace period */
	json_del(json_get(d->tree, "metadata"), "deletionGracePeriodSeconds");
	json_set_str(a, json_ensure_object(a, d->tree, "status"), "phase", "Terminating");
	return deletion_write(d, out, st);
}

static void delete_prepare(struct deletion *d)
{
	struct hook h;

	hook_open(&h, d->c, d->k);
	d->k->prepare_delete(&h, d->tree);
	hook_close(&h, d->c);
}

static enum outcome object_delete(struct deletion *d, const struct obj **out, bool *gone,
				  struct status *st)
{
	enum outcome r;
	bool waits;

	grace_begin(d);
	if (d->pending) {
		*out = d->cur;
		return DONE;
	}
	if (d->k->prepare_delete && !d->cur->deleted_s)
		delete_prepare(d);
	finalizers_set(d);
	waits = has_finalizers(d->tree);
	if (!waits && !d->graceful) {
		*gone = true;
		return deletion_remove(d, d->cur->rev, out, st);
	}
	if (!d->graceful)
		mark_now(d);
	r = deletion_write(d, out, st);
	if (r != DONE || waits || d->grace > 0)
		return r;
	*gone = true;
	return deletion_remove(d, d->c->dry_run ? d->cur->rev : (*out)->rev, out, st);
}

static enum outcome deletion_attempt(struct deletion *d, const struct obj **out, bool *gone,
				     struct status *st)
{
	struct admission ad = {
		.c = d->c,
		.k = d->k,
		.op = ADMIT_DELETE,
		.sub = "",
		.ns = d->ns,
		.name = d->name,
		.delete = d->o,
	};

	d->cur = store_get(api_table(d->c->api, d->k), d->ns, d->name);
	if (!d->cur) {
		status_not_found(st, &d->k->subject, d->name);
		return FAILED;
	}
	obj_give(d->c->a, d->cur);
	ad.cur = d->cur;
	if (!preconditions_hold(d, st) || !admission_run(&ad, st))
		return FAILED;
	d->tree = obj_tree(d->c->a, d->cur);
	d->graceful = d->pending = *gone = false;
	d->grace = 0;
	*out = NULL;
	if (d->k->subs & SUB_FINALIZE)
		return namespace_delete(d, out, gone, st);
	return object_delete(d, out, gone, st);
}

static void warn_orphans(struct deletion *d)
{
	/* only batch/v1 jobs say so upstream; they are the orphaning kind with a group */
	if (d->k->orphan_by_default && *d->k->subject.group && d->o->propagation == PROPAGATE_DEFAULT)
		call_warn(d->c,
			  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning");
}

const struct obj *api_delete(struct call *c, const struct kind *k, const char *ns, const char *name,
			     const struct delete_options *o, bool *gone, struct status *st)
{
	static const struct delete_options plain = DELETE_OPTIONS_INIT;
	struct deletion d = { .c = c, .k = k, .ns = kind_ns(k, ns), .name = name, .o = o ? o : &plain };
	const struct obj *out = NULL;
	bool away = false;

	gone = gone ? gone : &away;
	warn_orphans(&d);
	for (int i = 0; i < ATTEMPTS; i++) {
		switch (deletion_attempt(&d, &out, gone, st)) {
		case DONE: return convert_shown(c->a, k, out, st);
		case FAILED: *gone = false; return NULL;
		case AGAIN: break;
		}
	}
	*gone = false;
	status_modified(st, &k->subject, name);
	return NULL;
}
