/*
 * ephemeral_volume: the claims of a pod's ephemeral volumes, which live as long as the pod.
 * k8s: pkg/controller/volume/ephemeral.
 */
#include "control/control.h"
#include "control/pods.h"
#include "control/volumes.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static struct json *new_claim(struct arena *a, const char *name, const struct json *volume)
{
	static const char *const kept[] = { "labels", "annotations" };
	const struct json *template = json_path(volume, "ephemeral.volumeClaimTemplate");
	struct json *o = json_build(a, "{kind:%s,apiVersion:%s,metadata:{name:%s},spec:%j}",
				    "PersistentVolumeClaim", "v1", name,
				    json_copy(a, json_get(template, "spec")));

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		const struct json *v = json_get(json_get(template, "metadata"), kept[i]);

		if (v)
			json_set(a, json_get(o, "metadata"), kept[i], json_copy(a, v));
	}
	return o;
}

static bool make(struct task *t, const struct pods *pods, const struct obj *pod,
		 const struct json *volume, struct status *st)
{
	struct call *c = &t->call;
	const struct kind *k =
		kinds_by_resource(api_kinds(c->api), "", "v1", "persistentvolumeclaims");
	const char *name = ephemeral_claim_name(c->a, pod->name, volume);
	const struct obj *there = api_get(c, k, pod->ns, name, NULL);
	const struct owner *owner = there ? obj_controller(there) : NULL;
	STATUS_AUTO struct status err = STATUS_INIT;

	if (there && (!owner || strcmp(owner->uid, pod->uid))) {
		status_internal(&err, "PVC %s/%s was not created for pod %s/%s (pod is not owner)",
				pod->ns, name, pod->ns, pod->name);
	} else if (there || child_create(t, k, pods->kind, pod, new_claim(c->a, name, volume), &err)) {
		return true;
	}
	task_event(t, pods->kind, pod, "Warning", "FailedBinding", "ephemeral volume %s: %s",
		   json_path_str(volume, "name"), err.message);
	status_move(st, &err);
	return false;
}

static bool ephemeral_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct pods pods = pods_of(t->call.api);
	const struct obj *pod = api_get(&t->call, pods.kind, key.ns, key.name, NULL);

	(void)out;
	if (!pod || pod->deleted_s || pod_finished(&pods, pod))
		return true;
	json_each(v, json_path(obj_tree(t->call.a, pod), "spec.volumes"))
		if (json_get(v, "ephemeral") && !make(t, &pods, pod, v, st))
			return false;
	return true;
}

static void map_pod(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (ev->type != EVENT_DELETED && !ev->obj->deleted_s &&
	    strstr(ev->obj->json, "\"ephemeral\":"))
		enqueue_key(q, ev->obj->ns, ev->obj->name);
}

/* A claim that vanished is made again. */
static void map_claim(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)api;
	if (ev->type == EVENT_DELETED)
		enqueue_owner(q, ev, "Pod");
}

const struct controller ephemeral_volume_controller = {
	.name = "ephemeral-volume",
	.source = "ephemeral_volume",
	.watch = { { "v1", "Pod", map_pod }, { "v1", "PersistentVolumeClaim", map_claim } },
	.reconcile = ephemeral_reconcile,
};
