/*
 * Priority: a pod's priority and preemption policy are those of its class; without a class those of the
 * default class, or 0.  k8s: plugin/pkg/admission/priority.
 */
#include "api/admit.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct priority {
	const char *name; /* "" = no class */
	int64_t value;
	const char *policy;
};

static void class_read(struct arena *a, const struct obj *o, struct priority *p)
{
	const struct json *class = obj_tree(a, o);
	const char *policy = json_str(json_get(class, "preemptionPolicy"));

	p->name = o->name;
	p->value = json_path_int(class, "value", 0);
	p->policy = *policy ? policy : "PreemptLowerPriority";
}

/* The default class with the lowest value. */
static void class_default(struct admission *ad, struct priority *p)
{
	struct arena *a = ad->c->a;
	struct store_list l;

	*p = (struct priority){ "", 0, "PreemptLowerPriority" };
	store_list(api_table(ad->c->api, ad->c->api->known.priority_class), "", NULL, NULL, 0, NULL,
		   NULL, &l);
	for (size_t i = 0; i < l.n; i++) {
		struct priority one;

		/* the bytes first: this is asked for every pod, and parsing all classes would show */
		if (!strstr(l.items[i]->json, "\"globalDefault\":true") ||
		    !json_path_bool(obj_tree(a, l.items[i]), "globalDefault", false))
			continue;
		class_read(a, obj_hold(a, l.items[i]), &one);
		if (!*p->name || one.value < p->value)
			*p = one;
	}
	store_list_free(&l);
}

static bool class_of(struct admission *ad, const char *name, struct priority *p, struct status *st)
{
	const struct obj *o;

	if (!*name) {
		class_default(ad, p);
		return true;
	}
	o = store_get(api_table(ad->c->api, ad->c->api->known.priority_class), "", name);
	if (!o)
		return status_forbidden(st, &ad->k->subject, ad->name,
					"no PriorityClass with name %s was found", name);
	class_read(ad->c->a, obj_give(ad->c->a, o), p);
	return true;
}

static bool pod_create(struct admission *ad, struct status *st)
{
	struct arena *a = ad->c->a;
	struct json *spec = json_ensure_object(a, ad->o, "spec");
	const char *policy = json_str(json_get(spec, "preemptionPolicy"));
	struct priority p;
	int64_t given;

	if (!class_of(ad, json_str(json_get(spec, "priorityClassName")), &p, st))
		return false;
	if (json_int(json_get(spec, "priority"), &given) && given != p.value)
		return status_forbidden(
			st, &ad->k->subject, ad->name,
			"the integer value of priority (%lld) must not be provided in pod spec; priority admission controller computed %lld from the given PriorityClass name",
			(long long)given, (long long)p.value);
	if (*policy && strcmp(policy, p.policy))
		return status_forbidden(
			st, &ad->k->subject, ad->name,
			"the string value of PreemptionPolicy (%s) must not be provided in pod spec; priority admission controller computed %s from the given PriorityClass name",
			policy, p.policy);
	if (*p.name)
		json_set_str(a, spec, "priorityClassName", p.name);
	json_set_int(a, spec, "priority", p.value);
	json_set_str(a, spec, "preemptionPolicy", p.policy);
	return true;
}

/* What a client leaves out when it puts a pod back. */
static void pod_update(struct admission *ad)
{
	static const char *const kept[] = { "priority", "preemptionPolicy" };
	struct json *spec = json_get(ad->o, "spec");
	const struct json *old = json_get(ad->old, "spec");

	for (size_t i = 0; spec && i < 2; i++)
		if (!json_get(spec, kept[i]) && json_get(old, kept[i]))
			json_set(ad->c->a, spec, kept[i],
				 json_copy(ad->c->a, json_get(old, kept[i])));
}

bool admit_priority(struct admission *ad, struct status *st)
{
	if (admit_is_pod(ad, ADMIT_UPDATE))
		pod_update(ad);
	return !admit_is_pod(ad, ADMIT_CREATE) || pod_create(ad, st);
}

/* There can be one default class. */
bool admit_priority_class(struct admission *ad, struct status *st)
{
	struct priority p;

	if (!admit_is(ad, "scheduling.k8s.io", "priorityclasses") || ad->op == ADMIT_DELETE ||
	    !json_path_bool(ad->o, "globalDefault", false))
		return true;
	class_default(ad, &p);
	if (!*p.name || !strcmp(p.name, ad->name))
		return true;
	return status_forbidden(
		st, &ad->k->subject, ad->name,
		"PriorityClass %s is already marked as default. Only one default can exist", p.name);
}
