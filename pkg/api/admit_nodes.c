/*
 * TaintNodesByCondition: a new node may not be used until somebody has seen that it is ready.
 * PodTopologyLabels: a pod on a node carries the node's zone and region.
 * PodResizeValidator: a pod may not grow beyond its node, nor where nodes cannot resize.
 * k8s: plugin/pkg/admission/{nodetaint,podtopologylabels,podresize}.
 */
#include "api/admit.h"

#include "base/arena.h"
#include "kind/resources.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <string.h>

bool admit_node_taint(struct admission *ad, struct status *st)
{
	static const char key[] = "node.kubernetes.io/not-ready";
	struct arena *a = ad->c->a;
	struct json *taints;

	(void)st;
	if (ad->op != ADMIT_CREATE || !admit_is(ad, "", "nodes"))
		return true;
	taints = json_ensure_array(a, json_ensure_object(a, ad->o, "spec"), "taints");
	json_each(t, taints)
		if (!strcmp(json_path_str(t, "key"), key) &&
		    !strcmp(json_path_str(t, "effect"), "NoSchedule"))
			return true;
	json_append(taints, json_build(a, "{key:%s,effect:\"NoSchedule\"}", key));
	return true;
}

void topology_labels(struct call *c, struct json *pod, const char *node)
{
	static const char *const keys[] = { "topology.kubernetes.io/zone",
					    "topology.kubernetes.io/region" };
	const struct obj *o = *node ? store_get(api_table(c->api, c->api->known.node), "", node) :
				      NULL;

	for (size_t i = 0; o && i < sizeof keys / sizeof *keys; i++)
		if (obj_label(o, keys[i]))
			meta_set_label(c->a, pod, keys[i], obj_label(o, keys[i]));
	obj_unref(o);
}

bool admit_topology_labels(struct admission *ad, struct status *st)
{
	(void)st;
	if (admit_is_pod(ad, ADMIT_CREATE))
		topology_labels(ad->c, ad->o, json_path_str(ad->o, "spec.nodeName"));
	return true;
}

static bool resize_refused(struct admission *ad, struct status *st, const char *cause,
			   const char *text)
{
	status_forbidden(st, &ad->k->subject, ad->name, "%s", text);
	if (st)
		status_add_cause(st, cause, NULL, NULL);
	return false;
}

/* "cpu, requested: 2000, allocatable: 1000" when it does not fit, else NULL. */
static char *excess(struct arena *a, const struct json *pod, const struct json *node, bool cpu)
{
	const char *name = cpu ? "cpu" : "memory";
	struct quantity asked, room = { 0 };
	const struct json *own = json_get(json_path(pod, "spec.resources.requests"), name);

	quantity_parse(json_str(json_get(json_path(node, "status.allocatable"), name)), &room);
	if (!resources_containers(json_get(pod, "spec"), "requests", name, &asked))
		asked = (struct quantity){ 0 };
	if (own)
		quantity_parse(json_str(own), &asked);
	if (quantity_cmp(&asked, &room) <= 0)
		return NULL;
	return arena_printf(a, "%s, requested: %lld, allocatable: %lld", name,
			    (long long)(cpu ? quantity_milli(&asked) : quantity_value(&asked)),
			    (long long)(cpu ? quantity_milli(&room) : quantity_value(&room)));
}

bool admit_pod_resize(struct admission *ad, struct status *st)
{
	struct arena *a = ad->c->a;
	const char *name = json_path_str(ad->o, "spec.nodeName"), *os;
	const struct json *tree;
	const struct obj *node;
	char *cpu, *memory;

	if (ad->op != ADMIT_UPDATE || ad->k != ad->c->api->known.pod ||
	    strcmp(ad->sub, "resize") != 0 || !*name ||
	    json_equal(json_get(ad->o, "spec"), json_get(ad->old, "spec")))
		return true;
	node = store_get(api_table(ad->c->api, ad->c->api->known.node), "", name);
	if (!node)
		return status_forbidden(st, &ad->k->subject, ad->name, "node \"%s\" not found", name);
	tree = obj_tree(a, obj_give(a, node));
	os = obj_label(node, "kubernetes.io/os");
	if (os && strcmp(os, "linux") != 0)
		return resize_refused(
			ad, st, "UnsupportedPlatform",
			arena_printf(a, "pod resize is only supported on linux nodes, node \"%s\" is \"%s\"",
				     name, os));
	cpu = excess(a, ad->o, tree, true);
	memory = excess(a, ad->o, tree, false);
	if (!cpu && !memory)
		return true;
	return resize_refused(
		ad, st, "NodeCapacity",
		arena_printf(a, "node didn't have enough allocatable resources: %s%s%s",
			     cpu ? cpu : "", cpu && memory ? "; " : "", memory ? memory : ""));
}
