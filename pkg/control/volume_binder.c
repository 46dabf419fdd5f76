/*
 * volume_binder: claims get volumes.
 *
 * Two kinds of subjects in one queue, told apart by the namespace, and one step each at a time, so that a
 * process killed in the middle of a binding finds the half that is done: first the volume names the claim, then
 * the claim names the volume, then both say so in their status.  A volume whose claim is gone is reclaimed.
 * Volumes of the class that simulated nodes bring along are made and deleted here; others are their
 * provisioner's.
 * k8s: pkg/controller/volume/persistentvolume/pv_controller.go.
 */
#include "control/control.h"
#include "control/volume_binder.h"
#include "control/volumes.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define PROVISIONER "volume.kubernetes.io/storage-provisioner"
#define PROVISIONER_BETA "volume.beta.kubernetes.io/storage-provisioner"

/* ---- binding ---- */

struct bond {
	const struct obj *claim, *volume;
	const struct kind *claims;
};

static bool point_at_claim(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct bond *bond = arg;
	const struct obj *claim = bond->claim;
	const char *uid = json_path_str(o, "spec.claimRef.uid");

	if (*uid && strcmp(uid, claim->uid))
		return status_modified(st, &bond->claims->subject, claim->name);
	return volume_point_at(c->a, o, claim);
}

static bool point_at_volume(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct bond *bond = arg;
	const char *name = json_path_str(o, "spec.volumeName");

	(void)st;
	if (strcmp(meta_uid(o), bond->claim->uid))
		return false;
	if (!strcmp(name, bond->volume->name) && meta_annotation(o, PV_BIND_COMPLETED))
		return false;
	if (strcmp(name, bond->volume->name)) {
		json_set_str(c->a, json_get(o, "spec"), "volumeName", bond->volume->name);
		meta_set_annotation(c->a, o, PV_BOUND_BY_CONTROLLER, "yes");
	}
	meta_set_annotation(c->a, o, PV_BIND_COMPLETED, "yes");
	return true;
}

static bool bind(struct binder *b, const struct obj *volume, const struct obj *claim,
		 struct status *st)
{
	struct bond bond = { claim, volume, b->claims };

	return binder_write(b, b->volumes, NULL, volume, point_at_claim, &bond, st) &&
	       binder_volume_phase(b, volume, "Bound", NULL, NULL, st) &&
	       binder_write(b, b->claims, NULL, claim, point_at_volume, &bond, st) &&
	       binder_claim_phase(b, claim, "Bound", obj_tree(b->t->call.a, volume), st);
}

static bool lost(struct binder *b, const struct obj *claim, const struct json *tree,
		 const char *reason, const char *message, struct status *st)
{
	if (strcmp(json_path_str(tree, "status.phase"), "Lost"))
		task_event(b->t, b->claims, claim, "Warning", reason, "%s", message);
	return binder_claim_phase(b, claim, "Lost", NULL, st);
}

/* ---- volumes to be made ---- */

static bool note_provisioner(struct call *c, struct json *o, void *arg, struct status *st)
{
	const char *have = meta_annotation(o, PROVISIONER), *name = arg;

	(void)st;
	if (have && !strcmp(have, name))
		return false;
	meta_set_annotation(c->a, o, PROVISIONER_BETA, name);
	meta_set_annotation(c->a, o, PROVISIONER, name);
	return true;
}

static struct json *new_volume(struct binder *b, const char *name, const struct obj *claim,
			       const struct json *tree, const struct json *class)
{
	struct arena *a = b->t->call.a;
	const struct json *spec = json_get(tree, "spec"), *options = json_get(class, "mountOptions");
	const char *reclaim = json_path_str(class, "reclaimPolicy");
	struct json *o = json_build(
		a,
		"{kind:%s,apiVersion:%s,metadata:{name:%s},spec:{capacity:{storage:%s},"
		"hostPath:{path:%s,type:%s},accessModes:%j,persistentVolumeReclaimPolicy:%s,"
		"storageClassName:%s,mountOptions:%j,volumeMode:%s}}",
		"PersistentVolume", "v1", name, json_path_str(spec, "resources.requests.storage"),
		arena_printf(a, "/var/lib/nutshell/volumes/%s", name), "DirectoryOrCreate",
		json_copy(a, json_get(spec, "accessModes")), *reclaim ? reclaim : "Delete",
		claim_class(tree), options ? json_copy(a, options) : NULL,
		json_path_str(spec, "volumeMode"));
	struct bond bond = { claim, NULL, b->claims };

	meta_set_annotation(a, o, PV_PROVISIONED_BY, PROVISIONER_SIMULATED);
	point_at_claim(&b->t->call, o, &bond, NULL);
	return o;
}

static bool make_volume(struct binder *b, const struct obj *claim, const struct json *tree,
			const struct json *class, struct status *st)
{
	const char *name = arena_printf(b->t->call.a, "pvc-%s", claim->uid);
	STATUS_AUTO struct status err = STATUS_INIT;

	if (!api_create(&b->t->call, b->volumes, "", new_volume(b, name, claim, tree, class), &err)) {
		if (status_is(&err, "AlreadyExists"))
			return true;
		task_event(b->t, b->claims, claim, "Warning", "ProvisioningFailed",
			   "Error creating provisioned PV object for claim %s/%s: %s. Deleting the volume.",
			   claim->ns, claim->name, err.message);
		status_move(st, &err);
		return false;
	}
	task_event(b->t, b->claims, claim, "Normal", "ProvisioningSucceeded",
		   "Successfully provisioned volume %s using %s", name, PROVISIONER_SIMULATED);
	return true;
}

static bool provision(struct binder *b, const struct obj *claim, const struct json *tree,
		      struct status *st)
{
	struct call *c = &b->t->call;
	const struct kind *k =
		kinds_by_resource(api_kinds(c->api), "storage.k8s.io", "v1", "storageclasses");
	const struct obj *o = api_get(c, k, "", claim_class(tree), NULL);
	const struct json *class;
	char *name;

	if (!o) {
		task_event(b->t, b->claims, claim, "Warning", "ProvisioningFailed",
			   "storageclass.storage.k8s.io \"%s\" not found", claim_class(tree));
		return true;
	}
	class = obj_tree(c->a, o);
	name = arena_strdup(c->a, json_path_str(class, "provisioner"));
	if (!strcmp(name, "kubernetes.io/no-provisioner"))
		return true;
	if (!binder_write(b, b->claims, NULL, claim, note_provisioner, name, st))
		return false;
	if (!strcmp(name, PROVISIONER_SIMULATED))
		return make_volume(b, claim, tree, class, st);
	task_event(b->t, b->claims, claim, "Normal", "ExternalProvisioning",
		   "Waiting for a volume to be created either by the external provisioner '%s' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
		   name);
	return true;
}

/* ---- claims ---- */

static bool bind_any(struct binder *b, const struct obj *claim, const struct json *tree,
		     struct status *st)
{
	struct api *api = b->t->call.api;
	struct arena *a = b->t->call.a;
	const char *class = claim_class(tree);
	bool waits = class_waits(api, a, class) && !meta_annotation(tree, PVC_SELECTED_NODE);
	const struct obj *volume = volume_match(api, a, tree, NULL, waits);

	if (volume)
		return bind(b, volume, claim, st);
	if (waits)
		task_event(b->t, b->claims, claim, "Normal", "WaitForFirstConsumer",
			   "waiting for first consumer to be created before binding");
	else if (*class)
		return provision(b, claim, tree, st) &&
		       binder_claim_phase(b, claim, "Pending", NULL, st);
	else
		task_event(
			b->t, b->claims, claim, "Normal", "FailedBinding",
			"no persistent volumes available for this claim and no storage class is set");
	return binder_claim_phase(b, claim, "Pending", NULL, st);
}

/* The claim asks for a volume by name. */
static bool bind_named(struct binder *b, const struct obj *claim, const struct json *tree,
		       const char *name, struct status *st)
{
	struct call *c = &b->t->call;
	const struct obj *volume = api_get(c, b->volumes, "", name, NULL);
	const struct json *vtree = volume ? obj_tree(c->a, volume) : NULL;
	const char *why;

	if (!volume)
		return binder_claim_phase(b, claim, "Pending", NULL, st);
	if (volume_is_for(vtree, tree))
		return bind(b, volume, claim, st);
	if (json_path(vtree, "spec.claimRef")) {
		task_event(b->t, b->claims, claim, "Warning", "FailedBinding",
			   "volume \"%s\" already bound to a different claim.", name);
		return binder_claim_phase(b, claim, "Pending", NULL, st);
	}
	why = volume_unsuited(c->a, vtree, tree);
	if (!why)
		return bind(b, volume, claim, st);
	task_event(b->t, b->claims, claim, "Warning", "VolumeMismatch",
		   "Cannot bind to requested volume \"%s\": %s", name, why);
	return binder_claim_phase(b, claim, "Pending", NULL, st);
}

/* It was bound once: never to another volume again. */
static bool keep_bound(struct binder *b, const struct obj *claim, const struct json *tree,
		       const char *name, struct status *st)
{
	struct call *c = &b->t->call;
	const struct obj *volume = *name ? api_get(c, b->volumes, "", name, NULL) : NULL;
	const struct json *ref;

	if (!*name)
		return lost(b, claim, tree, "ClaimLost",
			    "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
			    st);
	if (!volume)
		return lost(b, claim, tree, "ClaimLost",
			    "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
			    st);
	ref = json_path(obj_tree(c->a, volume), "spec.claimRef");
	if (!ref || volume_is_for(obj_tree(c->a, volume), tree))
		return bind(b, volume, claim, st);
	return lost(b, claim, tree, "ClaimMisbound",
		    "Two claims are bound to the same volume, this one is bound incorrectly", st);
}

static bool sync_claim(struct binder *b, struct key key, struct status *st)
{
	const struct obj *claim = api_get(&b->t->call, b->claims, key.ns, key.name, NULL);
	const struct json *tree;
	const char *name;

	if (!claim)
		return true;
	tree = obj_tree(b->t->call.a, claim);
	name = json_path_str(tree, "spec.volumeName");
	if (meta_annotation(tree, PV_BIND_COMPLETED))
		return keep_bound(b, claim, tree, name, st);
	if (claim->deleted_s)
		return true;
	return *name ? bind_named(b, claim, tree, name, st) : bind_any(b, claim, tree, st);
}

static bool binder_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct binder b;

	(void)out;
	binder_open(&b, t);
	return *key.ns ? sync_claim(&b, key, st) : binder_sync_volume(&b, key.name, st);
}

/* ---- what concerns whom ---- */

/* The first header field of a claim is its phase. */
static bool is_unbound(const struct obj *claim, void *arg)
{
	(void)arg;
	return strcmp(claim->fields[0], "Bound");
}

static void offer_to_claims(struct enqueue *q, struct api *api)
{
	const struct kind *k = kinds_by_resource(api_kinds(api), "", "v1", "persistentvolumeclaims");
	struct store_list l;

	store_list(api_table(api, k), NULL, NULL, NULL, 0, is_unbound, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		enqueue_key(q, l.items[i]->ns, l.items[i]->name);
	store_list_free(&l);
}

/* A volume is a subject of its own; one that is free or gone concerns claims, too. */
static void map_volume(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct arena *a = arena_new();
	const struct json *ref = json_path(obj_tree(a, ev->obj), "spec.claimRef");

	enqueue_key(q, "", ev->obj->name);
	if (ref)
		enqueue_key(q, json_path_str(ref, "namespace"), json_path_str(ref, "name"));
	else
		offer_to_claims(q, api);
	arena_free(&a);
}

static void map_claim(struct enqueue *q, struct api *api, const struct event *ev)
{
	struct arena *a = arena_new();
	const char *volume = json_path_str(obj_tree(a, ev->obj), "spec.volumeName");

	(void)api;
	enqueue_key(q, ev->obj->ns, ev->obj->name);
	if (*volume)
		enqueue_key(q, "", volume);
	arena_free(&a);
}

static void map_class(struct enqueue *q, struct api *api, const struct event *ev)
{
	(void)ev;
	offer_to_claims(q, api);
}

const struct controller volume_binder_controller = {
	.name = "persistentvolume-binder",
	.source = "persistentvolume-controller",
	.watch = { { "v1", "PersistentVolumeClaim", map_claim },
		   { "v1", "PersistentVolume", map_volume },
		   { "storage.k8s.io/v1", "StorageClass", map_class } },
	.reconcile = binder_reconcile,
};
