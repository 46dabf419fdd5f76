/*
 * One pod of a StatefulSet: its name is the set's and an ordinal, its labels say so, its claims are made
 * first, and what became of it is told in an Event.
 * k8s: pkg/controller/statefulset/stateful_pod_control.go.
 */
#include "control/stateful.h"
#include "control/workload.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define LABEL_POD_NAME "statefulset.kubernetes.io/pod-name"
#define LABEL_POD_INDEX "apps.kubernetes.io/pod-index"

/* What is done to a pod, and how its Events say so. */
struct deed {
	const char *verb, *done, *failed;
};
static const struct deed create_deed = { "Create", "SuccessfulCreate", "FailedCreate" };
static const struct deed update_deed = { "Update", "SuccessfulUpdate", "FailedUpdate" };
static const struct deed delete_deed = { "Delete", "SuccessfulDelete", "FailedDelete" };

static void tell(struct stateful *s, const struct deed *d, const char *pod, const struct status *err)
{
	if (err)
		task_event(s->t, s->kind, s->obj, "Warning", d->failed,
			   "%s Pod %s in StatefulSet %s failed error: %s", d->verb, pod,
			   s->obj->name, err->message);
	else
		task_event(s->t, s->kind, s->obj, "Normal", d->done,
			   "%s Pod %s in StatefulSet %s successful", d->verb, pod, s->obj->name);
}

/* Ordinals below the partition stay at the current revision. */
static const struct revision *revision_for(const struct stateful *s, int64_t ordinal)
{
	return !s->on_delete && ordinal < s->first + s->partition ? s->current : s->update;
}

static struct json *new_pod(struct stateful *s, const char *name, int64_t ordinal)
{
	struct arena *a = s->t->call.a;
	const struct revision *r = revision_for(s, ordinal);
	struct json *pod = pod_from_template(a, r->template, s->obj->name);
	struct json *spec = json_get(pod, "spec");
	const char *service = json_path_str(s->tree, "spec.serviceName");

	json_del(json_get(pod, "metadata"), "generateName");
	json_set_str(a, json_get(pod, "metadata"), "name", name);
	meta_set_label(a, pod, LABEL_POD_NAME, name);
	meta_set_label(a, pod, LABEL_POD_INDEX, arena_printf(a, "%lld", (long long)ordinal));
	meta_set_label(a, pod, STATEFUL_REVISION, r->obj->name);
	json_set_str(a, spec, "hostname", name);
	if (*service)
		json_set_str(a, spec, "subdomain", service);
	else
		json_del(spec, "subdomain");
	claims_mount(s, ordinal, pod);
	return pod;
}

bool stateful_create(struct stateful *s, int64_t ordinal, bool *waits, struct status *st)
{
	struct arena *a = s->t->call.a;
	const char *name = arena_printf(a, "%s-%lld", s->obj->name, (long long)ordinal);
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct obj *pod = NULL;

	*waits = claims_stale(s, ordinal);
	if (*waits)
		return true;
	if (claims_create(s, ordinal, &err))
		pod = child_create(s->t, s->pods.kind, s->kind, s->obj, new_pod(s, name, ordinal),
				   &err);
	if (pod && claims_own(s, pod, &err)) {
		tell(s, &create_deed, name, NULL);
		return true;
	}
	if (namespace_ending(&err)) {
		*waits = true;
		return true;
	}
	if (!status_is(&err, "AlreadyExists"))
		tell(s, &create_deed, name, &err);
	status_move(st, &err);
	return false;
}

bool stateful_delete(struct stateful *s, const struct obj *pod, struct status *st)
{
	struct delete_options opts = DELETE_OPTIONS_INIT;
	STATUS_AUTO struct status err = STATUS_INIT;
	bool gone;

	opts.uid = pod->uid;
	if (api_delete(&s->t->call, s->pods.kind, pod->ns, pod->name, &opts, &gone, &err) ||
	    status_is(&err, "NotFound") || status_is(&err, "Conflict")) {
		tell(s, &delete_deed, pod->name, NULL);
		return true;
	}
	tell(s, &delete_deed, pod->name, &err);
	status_move(st, &err);
	return false;
}

static bool identify(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct obj *pod = *(const struct obj *const *)arg;
	const char *ordinal = strrchr(pod->name, '-') + 1;

	(void)st;
	meta_set_label(c->a, o, LABEL_POD_NAME, pod->name);
	meta_set_label(c->a, o, LABEL_POD_INDEX, ordinal);
	return true;
}

static bool has_identity(const struct obj *pod)
{
	const char *name = obj_label(pod, LABEL_POD_NAME);

	return name && !strcmp(name, pod->name);
}

bool stateful_mend(struct stateful *s, const struct obj *pod, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	if (!strcmp(pod_phase(&s->pods, pod), "Pending") &&
	    !claims_create(s, stateful_ordinal(s->obj, pod->name), st))
		return false;
	if (!claims_own(s, pod, st))
		return false;
	if (has_identity(pod))
		return true;
	if (!api_change(&s->t->call, s->pods.kind, NULL, pod->ns, pod->name, identify, &pod, &err) &&
	    !status_is(&err, "NotFound")) {
		tell(s, &update_deed, pod->name, &err);
		status_move(st, &err);
		return false;
	}
	tell(s, &update_deed, pod->name, NULL);
	return true;
}
