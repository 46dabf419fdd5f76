/*
 * Placement: the host schedules.  Selectors over pods are limited to this cluster and to the namespaces they
 * meant; what the host's admission computes itself (priority, overhead) is not sent.
 */
#include "host/kubernetes/translate.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

static void expression(struct translation *t, struct json *sel, const char *key, const char *op,
		       const struct json *values)
{
	json_append(json_ensure_array(t->a, sel, "matchExpressions"),
		    json_build(t->a, "{key:%s,operator:%s,values:%j}", key, op,
			       values ? json_copy(t->a, values) : NULL));
}

/* Namespace labels travel on pods as PFX/n.<hash>, so a namespace selector is a pod selector there. */
static void by_namespace_labels(struct translation *t, struct json *sel, const struct json *nss)
{
	json_each(l, json_get(nss, "matchLabels"))
		json_set_str(t->a, json_ensure_object(t->a, sel, "matchLabels"),
			     names_ns_label(t->a, json_name(l)), json_str(l));
	json_each(e, json_get(nss, "matchExpressions"))
		expression(t, sel, names_ns_label(t->a, json_path_str(e, "key")),
			   json_path_str(e, "operator"), json_get(e, "values"));
}

static void pod_term(struct translation *t, struct json *term)
{
	struct json *sel = json_get(term, "labelSelector");
	const struct json *namespaces = json_get(term, "namespaces");
	const struct json *nss = json_get(term, "namespaceSelector");
	bool all = nss && !json_count(nss);

	if (sel) { /* a missing selector matches nothing, and stays so */
		sel = host_selector(t->h, t->a, sel, json_count(namespaces) || nss ? NULL : t->vns);
		if (json_count(namespaces) && !all)
			expression(t, sel, LABEL_VNS, "In", namespaces);
		else if (nss && !all)
			by_namespace_labels(t, sel, nss);
		json_set(t->a, term, "labelSelector", sel);
	}
	json_del(term, "namespaces");
	json_del(term, "namespaceSelector");
}

/* A namespace list and a namespace selector mean their union, which one host term cannot say: two can, for
 * anti-affinity. */
static void pod_terms(struct translation *t, struct json *list, bool weighted)
{
	struct json *next;

	for (struct json *e = json_first(list); e; e = next) {
		struct json *term = weighted ? json_get(e, "podAffinityTerm") : e, *twin;

		next = json_next(e);
		if (json_count(json_get(term, "namespaces")) &&
		    json_count(json_get(term, "namespaceSelector"))) {
			twin = json_copy(t->a, e);
			json_del(weighted ? json_get(twin, "podAffinityTerm") : twin, "namespaces");
			json_del(term, "namespaceSelector");
			json_insert(list, next, twin);
			pod_term(t, weighted ? json_get(twin, "podAffinityTerm") : twin);
		}
		pod_term(t, term);
	}
}

static void pod_affinity(struct translation *t)
{
	static const char *const kinds[] = { "podAffinity", "podAntiAffinity" };

	for (size_t i = 0; i < 2; i++) {
		struct json *k = json_get(json_get(t->spec, "affinity"), kinds[i]);

		pod_terms(t, json_get(k, REQUIRED), false);
		pod_terms(t, json_get(k, PREFERRED), true);
	}
}

static void drop_merged_keys(struct json *constraint)
{
	struct json *keys = json_get(constraint, "matchLabelKeys"), *next;

	for (struct json *k = json_first(keys); k; k = next) {
		next = json_next(k);
		json_each(e, json_path(constraint, "labelSelector.matchExpressions")) {
			if (!strcmp(json_path_str(e, "key"), json_str(k))) {
				json_detach(keys, k);
				break;
			}
		}
	}
	if (keys && !json_count(keys))
		json_del(constraint, "matchLabelKeys");
}

static void spread(struct translation *t)
{
	json_each(c, json_get(t->spec, "topologySpreadConstraints")) {
		const struct json *sel = json_get(c, "labelSelector");

		drop_merged_keys(c);
		if (sel)
			json_set(t->a, c, "labelSelector", host_selector(t->h, t->a, sel, t->vns));
	}
}

/* A node chosen inside pins the pod through the host's scheduler, whose taints and quota still count. */
static void pin(struct translation *t, const char *node)
{
	struct json *field =
		json_build(t->a, "{key:%s,operator:%s,values:[%s]}", "metadata.name", "In", node);
	struct json *req = json_make_path(t->a, t->spec, "affinity.nodeAffinity." REQUIRED);
	struct json *terms = json_ensure_array(t->a, req, "nodeSelectorTerms");

	if (!json_count(terms))
		json_append(terms, json_object(t->a));
	json_each(term, terms)
		json_append(json_ensure_array(t->a, term, "matchFields"), json_copy(t->a, field));
}

void translate_placement(struct translation *t)
{
	static const char *const host_decides[] = { "priority",         "priorityClassName",
						    "preemptionPolicy", "overhead",
						    "runtimeClassName", "schedulingGates",
						    "nodeName" };
	const char *node = arena_strdup(t->a, json_path_str(t->spec, "nodeName"));

	for (size_t i = 0; i < sizeof host_decides / sizeof *host_decides; i++)
		json_del(t->spec, host_decides[i]);
	json_set_str(t->a, t->spec, "schedulerName", "default-scheduler");
	pod_affinity(t);
	spread(t);
	if (*node)
		pin(t, node);
}
