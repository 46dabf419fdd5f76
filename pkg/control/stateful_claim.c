/*
 * The claims of a StatefulSet's pods: one per template and ordinal, made before the pod and kept after it,
 * unless the retention policy hands them to the garbage collector by an ownerReference on the set (goes
 * with the set) or on the pod (goes with a pod that was scaled away).
 */
#include "control/stateful.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static const char *claim_name(struct stateful *s, const struct json *template, int64_t ordinal)
{
	return arena_printf(s->t->call.a, "%s-%s-%lld", meta_name(template), s->obj->name,
			    (long long)ordinal);
}

static const struct json *templates(const struct stateful *s)
{
	return json_path(s->tree, "spec.volumeClaimTemplates");
}

static const struct obj *claim_get(struct stateful *s, const struct json *template, int64_t ordinal)
{
	return api_get(&s->t->call, s->claim_kind, s->obj->ns, claim_name(s, template, ordinal),
		       NULL);
}

static bool is_claimed(const struct stateful *s, const char *volume)
{
	json_each(t, templates(s))
		if (!strcmp(meta_name(t), volume))
			return true;
	return false;
}

void claims_mount(struct stateful *s, int64_t ordinal, struct json *pod)
{
	struct arena *a = s->t->call.a;
	struct json *spec = json_get(pod, "spec"), *volumes = json_array(a);

	if (!json_count(templates(s)))
		return;
	json_each(t, templates(s))
		json_append(volumes, json_build(a, "{name:%s,persistentVolumeClaim:{claimName:%s}}",
						meta_name(t), claim_name(s, t, ordinal)));
	json_each(v, json_get(spec, "volumes"))
		if (!is_claimed(s, json_path_str(v, "name")))
			json_append(volumes, json_copy(a, v));
	json_set(a, spec, "volumes", volumes);
}

static struct json *new_claim(struct stateful *s, const struct json *template, int64_t ordinal)
{
	struct arena *a = s->t->call.a;
	struct json *o = json_copy(a, template);

	json_set_str(a, o, "kind", "PersistentVolumeClaim");
	json_set_str(a, o, "apiVersion", "v1");
	json_set_str(a, meta_ensure(a, o), "name", claim_name(s, template, ordinal));
	json_set_str(a, meta_ensure(a, o), "namespace", s->obj->ns);
	json_del(o, "status");
	json_each(l, json_path(s->tree, "spec.selector.matchLabels"))
		meta_set_label(a, o, json_name(l), json_str(l));
	return o;
}

static bool claim_create(struct stateful *s, const struct json *template, int64_t ordinal,
			 struct status *st)
{
	struct call *c = &s->t->call;
	STATUS_AUTO struct status err = STATUS_INIT;
	const char *name = claim_name(s, template, ordinal);
	const struct obj *o = claim_get(s, template, ordinal);

	if (o)
		return !o->deleted_s || status_internal(st, "pvc %s is being deleted", name);
	if (api_create(c, s->claim_kind, s->obj->ns, new_claim(s, template, ordinal), &err)) {
		task_event(s->t, s->kind, s->obj, "Normal", "SuccessfulCreate",
			   "Create Claim %s Pod %s-%lld in StatefulSet %s success", name,
			   s->obj->name, (long long)ordinal, s->obj->name);
		return true;
	}
	if (!status_is(&err, "AlreadyExists"))
		task_event(s->t, s->kind, s->obj, "Warning", "FailedCreate",
			   "Create Claim %s for Pod %s-%lld in StatefulSet %s failed error: %s",
			   name, s->obj->name, (long long)ordinal, s->obj->name, err.message);
	status_move(st, &err);
	return false;
}

bool claims_create(struct stateful *s, int64_t ordinal, struct status *st)
{
	json_each(t, templates(s))
		if (!claim_create(s, t, ordinal, st))
			return false;
	return true;
}

/* ---- who owns them ---- */

struct policy {
	bool on_delete, on_scale; /* delete the claims then */
};

static struct policy policy_of(const struct stateful *s)
{
	const struct json *p = json_path(s->tree, "spec.persistentVolumeClaimRetentionPolicy");

	return (struct policy){ .on_delete = !strcmp(json_path_str(p, "whenDeleted"), "Delete"),
				.on_scale = !strcmp(json_path_str(p, "whenScaled"), "Delete") };
}

static bool names(const struct owner *r, const char *api_version, const char *kind, const char *name)
{
	return !strcmp(r->api_version, api_version) && !strcmp(r->kind, kind) &&
	       !strcmp(r->name, name);
}

static bool names_set(const struct stateful *s, const struct owner *r)
{
	return names(r, "apps/v1", "StatefulSet", s->obj->name);
}

/* A reference to the set or to the pod by name, but of one that is no more. */
static bool is_stale(const struct stateful *s, const struct owner *r, const char *pod_name,
		     const char *pod_uid)
{
	if (names_set(s, r))
		return strcmp(r->uid, s->obj->uid);
	return names(r, "v1", "Pod", pod_name) && strcmp(r->uid, pod_uid);
}

bool claims_stale(struct stateful *s, int64_t ordinal)
{
	const char *pod = arena_printf(s->t->call.a, "%s-%lld", s->obj->name, (long long)ordinal);

	if (!policy_of(s).on_scale)
		return false;
	json_each(t, templates(s)) {
		const struct obj *o = claim_get(s, t, ordinal);

		for (uint32_t i = 0; o && i < o->nowners; i++)
			if (names(&o->owners[i], "v1", "Pod", pod))
				return true;
	}
	return false;
}

struct ownership {
	struct stateful *s;
	const struct obj *pod;
	bool by_set, by_pod; /* what there is to be */
};

/* Somebody else controls the claim; ours is then no business but to step back. */
static bool foreign(const struct ownership *w, const struct obj *claim)
{
	for (uint32_t i = 0; i < claim->nowners; i++) {
		const struct owner *r = &claim->owners[i];

		if (strcmp(r->uid, w->s->obj->uid) && strcmp(r->uid, w->pod->uid) && r->controller)
			return true;
	}
	return false;
}

static bool owned_right(const struct ownership *w, const struct obj *claim)
{
	bool by_set = false, by_pod = false, rank = true;

	for (uint32_t i = 0; i < claim->nowners; i++) {
		const struct owner *r = &claim->owners[i];

		if (is_stale(w->s, r, w->pod->name, w->pod->uid))
			return true; /* of an earlier life: the garbage collector's */
		if (!strcmp(r->uid, w->s->obj->uid))
			by_set = true, rank = rank && r->controller;
		if (!strcmp(r->uid, w->pod->uid))
			by_pod = true, rank = rank && r->controller;
	}
	return by_set == w->by_set && by_pod == w->by_pod && rank;
}

static bool set_owners(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct ownership *w = arg;
	struct json *refs = json_path(o, "metadata.ownerReferences"), *next;

	(void)st;
	for (struct json *r = json_first(refs); r; r = next) {
		const char *uid = json_path_str(r, "uid");

		next = json_next(r);
		if (!strcmp(uid, w->s->obj->uid) || !strcmp(uid, w->pod->uid))
			json_detach(refs, r);
	}
	if (refs && !json_count(refs))
		json_del(json_get(o, "metadata"), "ownerReferences");
	if (w->by_set)
		meta_add_controller_ref(c->a, o, "apps/v1", "StatefulSet", w->s->obj);
	if (w->by_pod)
		meta_add_controller_ref(c->a, o, "v1", "Pod", w->pod);
	return true;
}

static bool claim_own(struct ownership *w, const struct json *template, int64_t ordinal,
		      struct status *st)
{
	struct stateful *s = w->s;
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct obj *o = claim_get(s, template, ordinal);
	struct ownership now = *w;

	if (!o)
		return true;
	if ((w->by_set || w->by_pod) && foreign(w, o)) {
		task_event(s->t, s->kind, s->obj, "Warning", "ConflictingController",
			   "PersistentVolumeClaim %s has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim",
			   o->name);
		now.by_set = now.by_pod = false;
	}
	if (owned_right(&now, o) ||
	    api_change(&s->t->call, s->claim_kind, NULL, o->ns, o->name, set_owners, &now, &err) ||
	    status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}

bool claims_own(struct stateful *s, const struct obj *pod, struct status *st)
{
	int64_t ordinal = stateful_ordinal(s->obj, pod->name);
	bool condemned = !stateful_in_range(s, ordinal);
	struct policy p = policy_of(s);
	struct ownership w = { .s = s,
			       .pod = pod,
			       .by_set = p.on_delete && !(p.on_scale && condemned),
			       .by_pod = p.on_scale && condemned };

	json_each(t, templates(s))
		if (!claim_own(&w, t, ordinal, st))
			return false;
	return true;
}
