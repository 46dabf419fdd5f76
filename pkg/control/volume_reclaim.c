/*
 * The volumes' half of the binder: which phase a volume is in, and what becomes of it when its claim is gone.
 * k8s: pkg/controller/volume/persistentvolume/pv_controller.go syncVolume, reclaimVolume.
 */
#include "control/volume_binder.h"
#include "control/volumes.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static bool failed(struct binder *b, const struct obj *volume, const char *reason,
		   const char *message, struct status *st)
{
	task_event(b->t, b->volumes, volume, "Warning", reason, "%s", message);
	return binder_volume_phase(b, volume, "Failed", reason, message, st);
}

static bool delete_volume(struct binder *b, const struct obj *volume, struct status *st)
{
	struct delete_options opts = DELETE_OPTIONS_INIT;
	STATUS_AUTO struct status err = STATUS_INIT;
	bool gone;

	opts.uid = volume->uid;
	if (volume->deleted_s ||
	    api_delete(&b->t->call, b->volumes, "", volume->name, &opts, &gone, &err) ||
	    status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}

/* By its policy.  What another provisioner made, that one deletes. */
static bool reclaim(struct binder *b, const struct obj *volume, const struct json *tree,
		    struct status *st)
{
	const char *policy = json_path_str(tree, "spec.persistentVolumeReclaimPolicy");
	const char *maker = meta_annotation(tree, PV_PROVISIONED_BY);

	if (!strcmp(policy, "Recycle"))
		return failed(b, volume, "VolumeFailedRecycle",
			      "No recycler plugin found for the volume!", st);
	if (strcmp(policy, "Delete"))
		return true;
	if (maker && !strcmp(maker, PROVISIONER_SIMULATED))
		return delete_volume(b, volume, st);
	if (maker || json_path(tree, "spec.csi"))
		return true;
	return failed(
		b, volume, "VolumeFailedDelete",
		arena_printf(b->t->call.a,
			     "error getting deleter volume plugin for volume \"%s\": no deletable volume plugin matched",
			     volume->name),
		st);
}

/* The claim is gone. */
static bool release(struct binder *b, const struct obj *volume, const struct json *tree,
		    struct status *st)
{
	const char *phase = json_path_str(tree, "status.phase");

	if (strcmp(phase, "Released") && strcmp(phase, "Failed") &&
	    !binder_volume_phase(b, volume, "Released", NULL, NULL, st))
		return false;
	return reclaim(b, volume, tree, st);
}

static bool let_go(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct json *spec = json_get(o, "spec"), *ref = json_get(spec, "claimRef");

	(void)c;
	(void)arg;
	(void)st;
	if (!ref)
		return false;
	if (meta_annotation(o, PV_BOUND_BY_CONTROLLER)) {
		json_del(spec, "claimRef");
		meta_del_annotation(o, PV_BOUND_BY_CONTROLLER);
	} else { /* a user wrote it: he keeps his wish, but the bond is off */
		json_del(ref, "uid");
		json_del(ref, "resourceVersion");
	}
	return true;
}

/* The claim has gone to another volume. */
static bool unbind(struct binder *b, const struct obj *volume, const struct json *tree,
		   struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	if (meta_annotation(tree, PV_PROVISIONED_BY) &&
	    !strcmp(json_path_str(tree, "spec.persistentVolumeReclaimPolicy"), "Delete"))
		return release(b, volume, tree, st);
	if (!api_change(&b->t->call, b->volumes, NULL, "", volume->name, let_go, NULL, &err) &&
	    !status_is(&err, "NotFound")) {
		status_move(st, &err);
		return false;
	}
	return binder_volume_phase(b, volume, "Available", NULL, NULL, st);
}

static void tell_mismatch(struct binder *b, const struct obj *volume, const struct obj *claim)
{
	task_event(b->t, b->volumes, volume, "Warning", "VolumeMismatch",
		   "Cannot bind PersistentVolume to requested PersistentVolumeClaim \"%s\" due to incompatible volumeMode.",
		   claim->name);
	task_event(b->t, b->claims, claim, "Warning", "VolumeMismatch",
		   "Cannot bind PersistentVolume \"%s\" to requested PersistentVolumeClaim due to incompatible volumeMode.",
		   volume->name);
}

bool binder_sync_volume(struct binder *b, const char *name, struct status *st)
{
	struct call *c = &b->t->call;
	const struct obj *volume = api_get(c, b->volumes, "", name, NULL), *claim;
	const struct json *tree, *ref, *ctree;
	const char *wanted, *uid;

	if (!volume)
		return true;
	tree = obj_tree(c->a, volume);
	ref = json_path(tree, "spec.claimRef");
	uid = json_path_str(ref, "uid");
	if (!*uid)
		return binder_volume_phase(b, volume, "Available", NULL, NULL, st);
	claim = api_get(c, b->claims, json_path_str(ref, "namespace"), json_path_str(ref, "name"),
			NULL);
	if (!claim || strcmp(claim->uid, uid))
		return release(b, volume, tree, st);
	ctree = obj_tree(c->a, claim);
	wanted = json_path_str(ctree, "spec.volumeName");
	if (!strcmp(wanted, name))
		return binder_volume_phase(b, volume, "Bound", NULL, NULL, st);
	if (*wanted)
		return unbind(b, volume, tree, st);
	/* The claim's turn, which its own change or this volume's has brought about. */
	if (volume_mode_differs(tree, ctree))
		tell_mismatch(b, volume, claim);
	return true;
}
