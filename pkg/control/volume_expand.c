/*
 * volume_expand: bound claims that ask for more than they have.
 *
 * Volumes that simulated nodes offer grow at once: first the volume, then what the claim says it has.  Others are
 * for their driver's resizer, and an Event says so.
 * k8s: pkg/controller/volume/expand/expand_controller.go.
 */
#include "control/control.h"
#include "control/volume_binder.h"
#include "control/volumes.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

static bool less(const char *x, const char *y)
{
	struct quantity a, b;

	return quantity_parse(x, &a) && quantity_parse(y, &b) && quantity_cmp(&a, &b) < 0;
}

/* Grow the quantity at object.storage to the text in arg. */
static bool grow(struct call *c, struct json *object, const char *to)
{
	if (!less(json_path_str(object, "storage"), to))
		return false;
	json_set_str(c->a, object, "storage", to);
	return true;
}

static bool grow_volume(struct call *c, struct json *o, void *to, struct status *st)
{
	(void)st;
	return grow(c, json_path(o, "spec.capacity"), to);
}

static bool grow_claim(struct call *c, struct json *o, void *to, struct status *st)
{
	(void)st;
	return grow(c, json_path(o, "status.capacity"), to);
}

static bool expand(struct binder *b, const struct obj *claim, const char *volume, const char *to,
		   struct status *st)
{
	const struct obj *o = api_get(&b->t->call, b->volumes, "", volume, NULL);
	const char *maker = o ? meta_annotation(obj_tree(b->t->call.a, o), PV_PROVISIONED_BY) : NULL;
	char *size = arena_strdup(b->t->call.a, to);

	if (!o)
		return true;
	if (!maker || strcmp(maker, PROVISIONER_SIMULATED)) {
		task_event(b->t, b->claims, claim, "Normal", "ExternalExpanding",
			   "waiting for an external controller to expand this PVC");
		return true;
	}
	return task_change(b->t, b->volumes, NULL, "", volume, grow_volume, size, st) &&
	       task_change(b->t, b->claims, "status", claim->ns, claim->name, grow_claim, size, st);
}

static bool expand_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	const struct obj *claim;
	const struct json *tree;
	const char *want, *have;
	struct binder b;

	(void)out;
	binder_open(&b, t);
	claim = api_get(&t->call, b.claims, key.ns, key.name, NULL);
	if (!claim || claim->deleted_s)
		return true;
	tree = obj_tree(t->call.a, claim);
	want = json_path_str(tree, "spec.resources.requests.storage");
	have = json_path_str(tree, "status.capacity.storage");
	if (strcmp(json_path_str(tree, "status.phase"), "Bound") || !less(have, want))
		return true;
	return expand(&b, claim, json_path_str(tree, "spec.volumeName"), want, st);
}

const struct controller volume_expand_controller = {
	.name = "persistentvolume-expander",
	.source = "volume_expand",
	.watch = { { "v1", "PersistentVolumeClaim", map_live } },
	.reconcile = expand_reconcile,
};
