/*
 * Defaults that depend on other objects or on the cluster: tolerations of a node's absence, the default
 * storage class of a claim, the default class of an ingress.
 * k8s: plugin/pkg/admission/{defaulttolerationseconds,storage/storageclass/setdefault,network/defaultingressclass}.
 */
#include "api/admit.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

/* ---- DefaultTolerationSeconds ---- */

static bool tolerates(const struct json *list, const char *taint)
{
	json_each(t, list) {
		const char *key = json_str(json_get(t, "key"));
		const char *effect = json_str(json_get(t, "effect"));

		if ((!*key || !strcmp(key, taint)) && (!*effect || !strcmp(effect, "NoExecute")))
			return true;
	}
	return false;
}

bool admit_toleration_seconds(struct admission *ad, struct status *st)
{
	static const char *const taints[] = { "node.kubernetes.io/not-ready",
					      "node.kubernetes.io/unreachable" };
	struct arena *a = ad->c->a;
	struct json *spec;

	(void)st;
	if (!admit_is_pod(ad, ADMIT_CREATE) && !admit_is_pod(ad, ADMIT_UPDATE))
		return true;
	spec = json_get(ad->o, "spec");
	for (size_t i = 0; spec && i < 2; i++)
		if (!tolerates(json_get(spec, "tolerations"), taints[i]))
			json_append(json_ensure_array(a, spec, "tolerations"),
				    json_build(a, "{key:%s,operator:\"Exists\",effect:\"NoExecute\",tolerationSeconds:300}",
					       taints[i]));
	return true;
}

/* ---- default classes ---- */

/* The newest object of group/resource that carries the annotation "true"; ties go to the first name. */
static const struct obj *class_default(struct admission *ad, const char *group,
				       const char *resource, const char *annotation)
{
	const struct kind *k = kinds_preferred(ad->c->api->config.kinds, group, resource);
	const struct obj *best = NULL;
	struct arena *a = ad->c->a;
	struct store_list l;

	if (!k)
		return NULL;
	store_list(api_table(ad->c->api, k), "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++) {
		const char *mark = meta_annotation(obj_tree(a, l.items[i]), annotation);

		if (mark && !strcmp(mark, "true") &&
		    (!best || l.items[i]->created_s > best->created_s))
			best = l.items[i];
	}
	if (best)
		obj_hold(a, best);
	store_list_free(&l);
	return best;
}

bool admit_storage_class(struct admission *ad, struct status *st)
{
	const struct obj *class;
	struct json *spec;

	(void)st;
	if (ad->op != ADMIT_CREATE || !admit_is(ad, "", "persistentvolumeclaims"))
		return true;
	spec = json_ensure_object(ad->c->a, ad->o, "spec");
	if (json_get(spec, "storageClassName") ||
	    meta_annotation(ad->o, "volume.beta.kubernetes.io/storage-class"))
		return true;
	class = class_default(ad, "storage.k8s.io", "storageclasses",
			      "storageclass.kubernetes.io/is-default-class");
	if (class)
		json_set_str(ad->c->a, spec, "storageClassName", class->name);
	return true;
}

bool admit_ingress_class(struct admission *ad, struct status *st)
{
	const struct obj *class;
	struct json *spec;

	(void)st;
	if (ad->op != ADMIT_CREATE || !admit_is(ad, "networking.k8s.io", "ingresses"))
		return true;
	spec = json_ensure_object(ad->c->a, ad->o, "spec");
	if (json_get(spec, "ingressClassName") ||
	    meta_annotation(ad->o, "kubernetes.io/ingress.class"))
		return true;
	class = class_default(ad, "networking.k8s.io", "ingressclasses",
			      "ingressclass.kubernetes.io/is-default-class");
	if (class)
		json_set_str(ad->c->a, spec, "ingressClassName", class->name);
	return true;
}
