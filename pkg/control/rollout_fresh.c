/*
 * The fresh set: the ReplicaSet of the Deployment's present template, its name with the template's hash,
 * its revision number and the annotations that kubectl's rollout history reads.
 * k8s: pkg/controller/deployment/sync.go (getNewReplicaSet), deployment_util.go (SetNewReplicaSetAnnotations).
 */
#include "control/rollout.h"
#include "control/workload.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define HISTORY_MAX 2000

/* The Deployment's annotations that are about it alone and do not go to its sets. */
static bool copied(const char *key)
{
	static const char *const own[] = { "kubectl.kubernetes.io/last-applied-configuration",
					   ANNOTATION_REVISION,
					   ANNOTATION_HISTORY,
					   ANNOTATION_DESIRED,
					   ANNOTATION_MAX,
					   "deprecated.deployment.rollback.to" };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (!strcmp(key, own[i]))
			return false;
	return true;
}

static int64_t next_revision(const struct rollout *r)
{
	int64_t max = 0;

	for (size_t i = 0; i < r->nall; i++) {
		int64_t v = rollset_annotation(&r->all[i], ANNOTATION_REVISION, 0);

		if (&r->all[i] != r->fresh && v > max)
			max = v;
	}
	return max + 1;
}

/* Remember the revision a set had before it became current again (a rollback); the oldest are forgotten when
 * the text gets long. */
static void add_history(struct arena *a, struct json *o, const char *old)
{
	const char *h = meta_annotation(o, ANNOTATION_HISTORY);

	if (!old || !*old)
		return;
	while (h && *h && strlen(h) + 1 + strlen(old) > HISTORY_MAX) {
		h += strcspn(h, ",");
		h += *h == ',';
	}
	meta_set_annotation(a, o, ANNOTATION_HISTORY,
			    h && *h ? arena_printf(a, "%s,%s", h, old) : old);
}

/* Bring a fresh set's annotations up to date; true when something changed. */
static bool annotate(struct rollout *r, struct arena *a, struct json *o, bool exists)
{
	const char *old = meta_annotation(o, ANNOTATION_REVISION);
	int64_t revision = next_revision(r);
	bool changed = false;

	json_each(an, json_path(r->tree, "metadata.annotations")) {
		const char *key = json_name(an), *have = meta_annotation(o, key);

		if (!copied(key) || (have && !strcmp(have, json_str(an))))
			continue;
		meta_set_annotation(a, o, key, json_str(an));
		changed = true;
	}
	if (!old || strtoll(old, NULL, 10) < revision) {
		old = old ? arena_strdup(a, old) : NULL;
		meta_set_annotation(a, o, ANNOTATION_REVISION,
				    arena_printf(a, "%lld", (long long)revision));
		if (exists)
			add_history(a, o, old);
		changed = true;
	}
	return changed;
}

static bool refresh(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct rollout *r = arg;
	int64_t min_ready = json_path_int(r->tree, "spec.minReadySeconds", 0);
	bool changed = annotate(r, c->a, o, true);

	(void)st;
	if (json_path_int(o, "spec.minReadySeconds", 0) != min_ready) {
		json_set_int(c->a, json_get(o, "spec"), "minReadySeconds", min_ready);
		changed = true;
	}
	return changed;
}

static bool set_revision(struct call *c, struct json *o, void *arg, struct status *st)
{
	const char *revision = arg, *have = meta_annotation(o, ANNOTATION_REVISION);

	(void)st;
	if (have && !strcmp(have, revision))
		return false;
	meta_set_annotation(c->a, o, ANNOTATION_REVISION, revision);
	return true;
}

/* The Deployment carries the revision of its fresh set. */
static bool publish_revision(struct rollout *r, struct status *st)
{
	const char *v = meta_annotation(r->fresh->tree, ANNOTATION_REVISION);
	const char *have = meta_annotation(r->tree, ANNOTATION_REVISION);
	const struct obj *o;

	if (!v || (have && !strcmp(have, v)))
		return true;
	o = api_change(&r->t->call, r->kind, "status", r->obj->ns, r->obj->name, set_revision,
		       arena_strdup(r->t->call.a, v), st);
	if (!o)
		return false;
	r->obj = o;
	r->tree = obj_tree(r->t->call.a, o);
	return true;
}

static void template_hash(struct rollout *r, char out[16])
{
	struct buf b = BUF_INIT;
	int64_t collisions = json_path_int(r->tree, "status.collisionCount", -1);

	json_print(&b, json_path(r->tree, "spec.template"));
	if (collisions >= 0)
		buf_addf(&b, "%lld", (long long)collisions);
	safe_encode(fnv32a(b.p, b.len), out);
	buf_free(&b);
}

static void add_hash_label(struct arena *a, struct json *labels, const char *hash)
{
	json_set_str(a, labels, LABEL_HASH, hash);
}

static struct json *new_set(struct rollout *r, const char *name, const char *hash)
{
	struct arena *a = r->t->call.a;
	struct json *template = json_copy(a, json_path(r->tree, "spec.template"));
	struct json *selector = json_copy(a, json_path(r->tree, "spec.selector"));
	struct json *tm = json_ensure_object(a, template, "metadata"), *o;

	add_hash_label(a, json_ensure_object(a, tm, "labels"), hash);
	add_hash_label(a, json_ensure_object(a, selector, "matchLabels"), hash);
	o = json_build(a,
		       "{kind:%s,apiVersion:%s,metadata:{name:%s,namespace:%s,labels:%j},"
		       "spec:{replicas:%l,minReadySeconds:%l,selector:%j,template:%j}}",
		       "ReplicaSet", "apps/v1", name, r->obj->ns,
		       json_copy(a, json_get(tm, "labels")), rollout_fresh_size(r),
		       json_path_int(r->tree, "spec.minReadySeconds", 0), selector, template);
	annotate(r, a, o, false);
	meta_set_annotation(a, o, ANNOTATION_DESIRED, arena_printf(a, "%lld", (long long)r->want));
	meta_set_annotation(a, o, ANNOTATION_MAX,
			    arena_printf(a, "%lld", (long long)(r->want + r->surge)));
	return o;
}

static bool bump_collisions(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct json *s = json_ensure_object(c->a, o, "status");

	(void)arg;
	(void)st;
	json_set_int(c->a, s, "collisionCount", json_path_int(s, "collisionCount", 0) + 1);
	return true;
}

struct news {
	const char *status, *reason, *message;
};

static bool set_progressing(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct news *n = arg;

	(void)st;
	if (!rollout_deadline(o))
		return false;
	return meta_set_condition(c->a, o, "Progressing", n->status, n->reason, n->message, true);
}

/* Tell in the Progressing condition what became of the fresh set. */
static bool tell(struct rollout *r, const char *reason, const char *verb, struct status *st)
{
	struct news n = { "True", reason,
			  arena_printf(r->t->call.a, "%s replica set \"%s\"", verb,
				       r->fresh->obj->name) };
	const struct obj *o = api_change(&r->t->call, r->kind, "status", r->obj->ns, r->obj->name,
					 set_progressing, &n, st);

	if (!o)
		return false;
	r->obj = o;
	r->tree = obj_tree(r->t->call.a, o);
	return true;
}

/* The set could not be made; *st comes from err. */
static bool no_set(struct rollout *r, const char *name, struct status *err, struct status *st)
{
	struct news n = { "False", "ReplicaSetCreateError",
			  arena_printf(r->t->call.a, "Failed to create new replica set \"%s\": %s",
				       name, err->message) };

	if (status_is(err, "AlreadyExists")) {
		/* Another set has this name: count the collision, which changes the hash. */
		api_change(&r->t->call, r->kind, "status", r->obj->ns, r->obj->name,
			   bump_collisions, NULL, NULL);
	} else if (!namespace_ending(err)) {
		api_change(&r->t->call, r->kind, "status", r->obj->ns, r->obj->name,
			   set_progressing, &n, NULL);
		task_event(r->t, r->kind, r->obj, "Warning", n.reason, "%s", n.message);
	}
	status_move(st, err);
	return false;
}

static bool create(struct rollout *r, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct rollset made;
	char hash[16];
	const char *name;
	const struct obj *o;

	template_hash(r, hash);
	name = arena_printf(r->t->call.a, "%s-%s", r->obj->name, hash);
	o = child_create(r->t, r->rs_kind, r->kind, r->obj, new_set(r, name, hash), &err);
	if (o)
		rollset_read(r, &made, o);
	/* A set of our own by this name may yet have another template: edited, or a true collision. */
	if (o && !rollout_same_template(r, &made)) {
		status_already_exists(&err, &r->rs_kind->subject, name);
		o = NULL;
	}
	if (!o)
		return no_set(r, name, &err, st);
	r->fresh = &r->all[r->nall++];
	*r->fresh = made;
	r->new_revision = true;
	if (r->fresh->spec > 0)
		task_event(r->t, r->kind, r->obj, "Normal", "ScalingReplicaSet",
			   "Scaled up replica set %s from 0 to %lld", o->name,
			   (long long)r->fresh->spec);
	return publish_revision(r, st) && tell(r, "NewReplicaSetCreated", "Created new", st);
}

bool rollout_ensure_fresh(struct rollout *r, bool may_create, struct status *st)
{
	const struct obj *o;
	struct json *probe;

	if (!r->fresh)
		return !may_create || create(r, st);
	probe = json_copy(r->t->call.a, r->fresh->tree);
	if (refresh(&r->t->call, probe, r, st)) {
		o = api_change(&r->t->call, r->rs_kind, NULL, r->fresh->obj->ns,
			       r->fresh->obj->name, refresh, r, st);
		if (!o)
			return false;
		rollset_read(r, r->fresh, o);
	}
	if (!publish_revision(r, st))
		return false;
	if (!meta_condition(r->tree, "Progressing") && rollout_deadline(r->tree))
		return tell(r, "FoundNewReplicaSet", "Found new", st);
	return true;
}
