/*
 * The StorageClass that simulated nodes bring along: the default one, whose volumes are made at once and hold
 * nothing, so that what claims storage comes to rest.  One who deletes it has it back at the next start; one who
 * changes it keeps the change.
 */
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

bool simulated_storage(struct host *h, struct status *st)
{
	const struct kind *k =
		kinds_by_resource(api_kinds(h->api), "storage.k8s.io", "v1", "storageclasses");
	STATUS_AUTO struct status err = STATUS_INIT;
	struct arena *a = arena_new();
	struct json *o;
	struct call c;
	bool ok;

	call_init(&c, h->api, a, "simulated");
	o = json_build(a,
		       "{kind:%s,apiVersion:%s,metadata:{name:%s},provisioner:%s,"
		       "reclaimPolicy:%s,volumeBindingMode:%s,allowVolumeExpansion:%b}",
		       "StorageClass", "storage.k8s.io/v1", "standard", LABEL_SIMULATED, "Delete",
		       "Immediate", true);
	meta_set_annotation(a, o, "storageclass.kubernetes.io/is-default-class", "true");
	ok = api_create(&c, k, "", o, &err) || status_is(&err, "AlreadyExists");
	if (!ok)
		status_move(st, &err);
	arena_free(&a);
	return ok;
}
