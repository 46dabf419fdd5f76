/*
 * meta: shortcuts to the members of metadata and to status.conditions.
 *
 * Times written here come from base/clock, so that tests can hold them still.
 */
#include "obj/meta.h"

#include "base/clock.h"
#include "obj/json.h"
#include "obj/obj.h"

#include <string.h>

static const struct json *meta_of(const struct json *o)
{
	return json_get(o, "metadata");
}

static const char *meta_str(const struct json *o, const char *name)
{
	return json_str(json_get(meta_of(o), name));
}

struct json *meta_ensure(struct arena *a, struct json *o)
{
	return json_ensure_object(a, o, "metadata");
}

const char *meta_name(const struct json *o)
{
	return meta_str(o, "name");
}

const char *meta_ns(const struct json *o)
{
	return meta_str(o, "namespace");
}

const char *meta_uid(const struct json *o)
{
	return meta_str(o, "uid");
}

const char *meta_rv(const struct json *o)
{
	return meta_str(o, "resourceVersion");
}

int64_t meta_generation(const struct json *o)
{
	return json_path_int(meta_of(o), "generation", 0);
}

static const char *map_value(const struct json *o, const char *map, const char *key)
{
	const struct json *v = json_get(json_get(meta_of(o), map), key);

	return v ? json_str(v) : NULL;
}

const char *meta_label(const struct json *o, const char *key)
{
	return map_value(o, "labels", key);
}

const char *meta_annotation(const struct json *o, const char *key)
{
	return map_value(o, "annotations", key);
}

void meta_set_label(struct arena *a, struct json *o, const char *key, const char *value)
{
	json_set_str(a, json_ensure_object(a, meta_ensure(a, o), "labels"), key, value);
}

void meta_set_annotation(struct arena *a, struct json *o, const char *key, const char *value)
{
	json_set_str(a, json_ensure_object(a, meta_ensure(a, o), "annotations"), key, value);
}

/* Go omits empty maps and lists, so do we. */
static void drop_if_empty(struct json *meta, const char *name)
{
	const struct json *v = json_get(meta, name);

	if (v && !json_first(v))
		json_del(meta, name);
}

void meta_del_annotation(struct json *o, const char *key)
{
	struct json *meta = json_get(o, "metadata"), *annotations = json_get(meta, "annotations");

	if (!json_get(annotations, key))
		return;
	json_del(annotations, key);
	drop_if_empty(meta, "annotations");
}

bool meta_deleting(const struct json *o)
{
	return *meta_str(o, "deletionTimestamp");
}

static struct json *find_finalizer(const struct json *o, const char *f)
{
	json_each(c, json_get(meta_of(o), "finalizers"))
		if (strcmp(json_str(c), f) == 0)
			return c;
	return NULL;
}

bool meta_has_finalizer(const struct json *o, const char *f)
{
	return find_finalizer(o, f);
}

void meta_add_finalizer(struct arena *a, struct json *o, const char *f)
{
	if (!find_finalizer(o, f))
		json_append(json_ensure_array(a, meta_ensure(a, o), "finalizers"), json_string(a, f));
}

void meta_del_finalizer(struct arena *a, struct json *o, const char *f)
{
	struct json *c, *meta = json_get(o, "metadata");

	(void)a;
	while ((c = find_finalizer(o, f)))
		json_detach(json_get(meta, "finalizers"), c);
	drop_if_empty(meta, "finalizers");
}

void meta_add_controller_ref(struct arena *a, struct json *o, const char *api_version,
			     const char *kind, const struct obj *owner)
{
	struct json *refs = json_ensure_array(a, meta_ensure(a, o), "ownerReferences");

	json_append(refs, json_build(a,
				     "{apiVersion:%s,kind:%s,name:%s,uid:%s,controller:true,"
				     "blockOwnerDeletion:true}",
				     api_version, kind, owner->name, owner->uid));
}

struct json *meta_condition(const struct json *o, const char *type)
{
	json_each(c, json_get(json_get(o, "status"), "conditions"))
		if (strcmp(json_path_str(c, "type"), type) == 0)
			return c;
	return NULL;
}

/* Set or, with NULL, remove a text member; true if that changed anything. */
static bool change_text(struct arena *a, struct json *o, const char *name, const char *value)
{
	const struct json *old = json_get(o, name);

	if (!value) {
		json_del(o, name);
		return old;
	}
	if (json_is_string(old) && strcmp(json_str(old), value) == 0)
		return false;
	json_set_str(a, o, name, value);
	return true;
}

bool meta_set_condition(struct arena *a, struct json *o, const char *type, const char *status,
			const char *reason, const char *message, bool with_update)
{
	struct json *c = meta_condition(o, type);
	char now[TIME_LEN];
	bool changed = false;

	time_format(clock_now_s(), now);
	if (!c) {
		/* Members in upstream's order. */
		c = json_build(a, "{type:%s,status:%s,lastUpdateTime:%s,lastTransitionTime:%s}",
			       type, status, with_update ? now : NULL, now);
		json_append(json_ensure_array(a, json_ensure_object(a, o, "status"), "conditions"),
			    c);
		changed = true;
	} else if (change_text(a, c, "status", status)) {
		json_set_str(a, c, "lastTransitionTime", now);
		changed = true;
	}
	changed |= change_text(a, c, "reason", reason);
	changed |= change_text(a, c, "message", message);
	if (changed && with_update)
		json_set_str(a, c, "lastUpdateTime", now);
	return changed;
}
