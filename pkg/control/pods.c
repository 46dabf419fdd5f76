#include "control/pods.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

static int field_index(const struct kind *k, const char *path)
{
	for (int i = 0; k->fields && k->fields[i]; i++)
		if (!strcmp(k->fields[i], path))
			return i;
	bug("kind %s keeps no header field %s", k->subject.kind, path);
}

struct pods pods_of(struct api *api)
{
	const struct kind *k = kinds_by_resource(api_kinds(api), "", "v1", "pods");

	return (struct pods){ .kind = k,
			      .phase = field_index(k, "status.phase"),
			      .ready = field_index(k, "conditions:Ready"),
			      .node = field_index(k, "spec.nodeName"),
			      .priority = field_index(k, "spec.priority") };
}

const char *pod_phase(const struct pods *p, const struct obj *o)
{
	return o->fields[p->phase];
}

const char *pod_node(const struct pods *p, const struct obj *o)
{
	return o->fields[p->node];
}

int64_t pod_priority(const struct pods *p, const struct obj *o)
{
	return strtoll(o->fields[p->priority], NULL, 10);
}

bool pod_finished(const struct pods *p, const struct obj *o)
{
	const char *phase = pod_phase(p, o);

	return !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
}

bool pod_active(const struct pods *p, const struct obj *o)
{
	return !o->deleted_s && !pod_finished(p, o);
}

bool pod_ready(const struct pods *p, const struct obj *o)
{
	return !strcmp(o->fields[p->ready], "True");
}

bool pod_available(const struct pods *p, struct arena *a, const struct obj *o, int64_t min_ready_s,
		   int64_t *after_ms)
{
	const struct json *ready;
	int64_t since_us, left_ms;

	if (!pod_ready(p, o))
		return false;
	if (min_ready_s <= 0)
		return true;
	ready = meta_condition(obj_tree(a, o), "Ready");
	if (!time_parse(json_str(json_get(ready, "lastTransitionTime")), &since_us))
		return false;
	left_ms = (since_us - clock_now_us()) / 1000 + min_ready_s * 1000;
	if (left_ms <= 0)
		return true;
	if (!*after_ms || left_ms < *after_ms)
		*after_ms = left_ms;
	return false;
}

struct json *pod_from_template(struct arena *a, const struct json *template, const char *owner)
{
	static const char *const kept[] = { "labels", "annotations", "finalizers" };
	struct json *pod = json_object(a), *meta;

	json_set_str(a, pod, "kind", "Pod");
	json_set_str(a, pod, "apiVersion", "v1");
	meta = json_set(a, pod, "metadata", json_object(a));
	json_set_str(a, meta, "generateName", arena_printf(a, "%s-", owner));
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		const struct json *v = json_get(json_get(template, "metadata"), kept[i]);

		if (v)
			json_set(a, meta, kept[i], json_copy(a, v));
	}
	json_set(a, pod, "spec", json_copy(a, json_get(template, "spec")));
	return pod;
}
