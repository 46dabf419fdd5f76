/*
 * StorageObjectInUseProtection: claims, volumes and volume attribute classes are born with the finalizer that
 * keeps them while they are in use.  PersistentVolumeClaimResize: a claim grows only when it is bound and its
 * class allows it.
 * k8s: plugin/pkg/admission/storage/{storageobjectinuseprotection,persistentvolume/resize}.
 */
#include "api/admit.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

bool admit_storage_protection(struct admission *ad, struct status *st)
{
	static const struct {
		const char *group, *resource, *finalizer;
	} kept[] = {
		{ "", "persistentvolumes", "kubernetes.io/pv-protection" },
		{ "", "persistentvolumeclaims", "kubernetes.io/pvc-protection" },
		{ "storage.k8s.io", "volumeattributesclasses", "kubernetes.io/vac-protection" },
	};

	(void)st;
	for (size_t i = 0; i < sizeof kept / sizeof *kept && ad->op == ADMIT_CREATE; i++)
		if (admit_is(ad, kept[i].group, kept[i].resource))
			meta_add_finalizer(ad->c->a, ad->o, kept[i].finalizer);
	return true;
}

static const char *class_of(const struct json *claim)
{
	const char *old = meta_annotation(claim, "volume.beta.kubernetes.io/storage-class");

	return old ? old : json_path_str(claim, "spec.storageClassName");
}

static bool may_grow(struct admission *ad)
{
	const struct kind *k =
		kinds_preferred(ad->c->api->config.kinds, "storage.k8s.io", "storageclasses");
	const char *name = class_of(ad->o);
	const struct obj *class;

	if (!*name || strcmp(name, class_of(ad->old)) != 0)
		return false;
	class = store_get(api_table(ad->c->api, k), "", name);
	if (!class)
		return false;
	return json_path_bool(obj_tree(ad->c->a, obj_give(ad->c->a, class)), "allowVolumeExpansion",
			      false);
}

static void size_of(const struct json *claim, struct quantity *q)
{
	*q = (struct quantity){ 0 };
	quantity_parse(json_path_str(claim, "spec.resources.requests.storage"), q);
}

bool admit_claim_resize(struct admission *ad, struct status *st)
{
	struct quantity size, before;

	if (ad->op != ADMIT_UPDATE || !admit_is(ad, "", "persistentvolumeclaims"))
		return true;
	size_of(ad->o, &size);
	size_of(ad->old, &before);
	if (quantity_cmp(&size, &before) <= 0)
		return true;
	if (strcmp(json_path_str(ad->old, "status.phase"), "Bound") != 0)
		return status_forbidden(st, &ad->k->subject, ad->name,
					"Only bound persistent volume claims can be expanded");
	return may_grow(ad) ||
	       status_forbidden(
		       st, &ad->k->subject, ad->name,
		       "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
}
