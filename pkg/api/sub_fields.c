/*
 * Subresources that write a few fields of their object: status, approval, finalize, ephemeralcontainers,
 * resize.  Each keeps what it may write from the new tree and restores everything else from the old one.
 * k8s: the strategies beside each kind's main strategy in pkg/registry.
 */
#include "api/core.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <string.h>

struct sub_field {
	const char *name;
	unsigned bit;
	void (*prepare)(struct update *u, struct hook *h);
	void (*validate)(struct update *u, struct hook *h);
};

static void member_take(struct arena *a, struct json *to, const struct json *from, const char *name)
{
	const struct json *v = json_get(from, name);

	if (v)
		json_set(a, to, name, json_copy(a, v));
	else
		json_del(to, name);
}

/* What the object is to become: the old one, and then the few fields that may differ. */
static struct json *old_copy(struct update *u)
{
	return json_copy(u->c->a, u->old);
}

/* In place, because admission and validation hold the same tree. */
static void become(struct update *u, struct json *base)
{
	struct arena *a = u->c->a;
	const struct json *managers = json_path(u->o, "metadata.managedFields");

	json_del(json_get(base, "metadata"), "managedFields");
	if (managers)
		json_set(a, meta_ensure(a, base), "managedFields", json_copy(a, managers));

	while (json_first(u->o))
		json_detach(u->o, json_first(u->o));
	json_each(m, base)
		json_set(a, u->o, json_name(m), json_copy(a, m));
}

static void status_prepare(struct update *u, struct hook *h)
{
	kind_prepare_status(h, u->o, u->old);
}

static void status_validate(struct update *u, struct hook *h)
{
	if (u->k->validate_status)
		u->k->validate_status(h, u->o, u->old);
}

static bool decides(const struct json *condition)
{
	const char *type = json_str(json_get(condition, "type"));

	return !strcmp(type, "Approved") || !strcmp(type, "Denied");
}

/* Only Approved and Denied conditions come from the new object, stamped. */
static void approval_prepare(struct update *u, struct hook *h)
{
	struct json *base = old_copy(u);
	struct json *status = json_ensure_object(h->a, base, "status");
	struct json *conditions = json_array(h->a);
	char now[TIME_LEN];

	time_format(h->now_s, now);
	json_each(c, json_path(u->o, "status.conditions")) {
		if (decides(c)) {
			struct json *copy = json_copy(h->a, c);

			if (!json_get(copy, "lastUpdateTime"))
				json_set_str(h->a, copy, "lastUpdateTime", now);
			if (!json_get(copy, "lastTransitionTime"))
				json_set_str(h->a, copy, "lastTransitionTime", now);
			json_append(conditions, copy);
		}
	}
	json_each(c, json_path(u->old, "status.conditions"))
		if (!decides(c))
			json_append(conditions, json_copy(h->a, c));
	if (json_count(conditions))
		json_set(h->a, status, "conditions", conditions);
	member_take(h->a, base, u->o, "metadata");
	become(u, base);
}

static void approval_validate(struct update *u, struct hook *h)
{
	const struct json *conditions = json_path(u->o, "status.conditions");
	bool approved = false, denied = false;
	size_t i = 0;

	json_each(c, conditions) {
		const char *type = json_str(json_get(c, "type"));
		char path[64];

		approved |= !strcmp(type, "Approved");
		denied |= !strcmp(type, "Denied");
		snprintf(path, sizeof path, "status.conditions[%zu].status", i++);
		if (decides(c) && strcmp(json_str(json_get(c, "status")), "True"))
			field_error_str(h->errors, FIELD_NOT_SUPPORTED, path,
					json_str(json_get(c, "status")),
					"supported values: \"True\"");
	}
	if (approved && denied)
		field_error(h->errors, FIELD_INVALID, "status.conditions", "\"Approved,Denied\"",
			    "Approved and Denied conditions are mutually exclusive");
}

/* Namespaces: spec.finalizers. */
static void finalize_prepare(struct update *u, struct hook *h)
{
	struct json *base = old_copy(u);
	struct json *spec = json_ensure_object(h->a, base, "spec");

	member_take(h->a, spec, json_get(u->o, "spec"), "finalizers");
	member_take(h->a, base, u->o, "metadata");
	become(u, base);
}

static void ephemeral_prepare(struct update *u, struct hook *h)
{
	struct json *base = old_copy(u);
	struct json *spec = json_ensure_object(h->a, base, "spec");

	member_take(h->a, spec, json_get(u->o, "spec"), "ephemeralContainers");
	become(u, base);
}

static const struct json *by_name(const struct json *list, const char *name)
{
	json_each(c, list)
		if (!strcmp(json_str(json_get(c, "name")), name))
			return c;
	return NULL;
}

/* They can be added, never changed or taken away. */
static void ephemeral_validate(struct update *u, struct hook *h)
{
	static const char field[] = "spec.ephemeralContainers";
	const struct json *list = json_path(u->o, field);
	size_t i = 0;

	if (u->k->validate)
		u->k->validate(h, u->o);
	json_each(c, list) {
		const char *name = json_str(json_get(c, "name"));
		const struct json *was = by_name(json_path(u->old, field), name);
		char path[64];

		snprintf(path, sizeof path, "%s[%zu]", field, i++);
		if (was && !json_equal(was, c))
			field_errorf(h->errors, FIELD_FORBIDDEN, path, NULL,
				     "existing ephemeral containers \"%s\" may not be changed", name);
	}
	json_each(c, json_path(u->old, field))
		if (!by_name(list, json_str(json_get(c, "name"))))
			field_errorf(h->errors, FIELD_FORBIDDEN, field, NULL,
				     "existing ephemeral containers \"%s\" may not be removed",
				     json_str(json_get(c, "name")));
}

static void resize_list(struct update *u, struct hook *h, struct json *spec, const char *field)
{
	const struct json *wanted = json_get(json_get(u->o, "spec"), field);

	json_each(c, json_get(spec, field)) {
		const struct json *w = by_name(wanted, json_str(json_get(c, "name")));

		if (!w)
			continue;
		member_take(h->a, c, w, "resources");
		member_take(h->a, c, w, "resizePolicy");
	}
}

/* Pods: resources of containers. */
static void resize_prepare(struct update *u, struct hook *h)
{
	struct json *base = old_copy(u);
	struct json *spec = json_ensure_object(h->a, base, "spec");

	resize_list(u, h, spec, "containers");
	resize_list(u, h, spec, "initContainers");
	become(u, base);
}

static void resize_validate(struct update *u, struct hook *h)
{
	if (u->k->validate)
		u->k->validate(h, u->o);
	if (strcmp(json_path_str(u->o, "status.qosClass"), "") && meta_deleting(u->old))
		field_error(h->errors, FIELD_FORBIDDEN, "metadata.deletionTimestamp", NULL,
			    "pods that are being deleted may not be resized");
}

static const struct sub_field sub_fields[] = {
	{ "status", SUB_STATUS, status_prepare, status_validate },
	{ "approval", SUB_APPROVAL, approval_prepare, approval_validate },
	{ "finalize", SUB_FINALIZE, finalize_prepare, NULL },
	{ "ephemeralcontainers", SUB_EPHEMERALCONTAINERS, ephemeral_prepare, ephemeral_validate },
	{ "resize", SUB_RESIZE, resize_prepare, resize_validate },
};

static const struct sub_field *sub_field_find(const struct update *u)
{
	for (size_t i = 0; i < sizeof sub_fields / sizeof *sub_fields; i++)
		if (!strcmp(sub_fields[i].name, u->sub) && (u->k->subs & sub_fields[i].bit))
			return &sub_fields[i];
	return NULL;
}

bool sub_fields_prepare(struct update *u, struct hook *h, struct status *st)
{
	const struct sub_field *f = sub_field_find(u);

	if (!f)
		return status_no_route(st);
	f->prepare(u, h);
	return true;
}

void sub_fields_validate(struct update *u, struct hook *h)
{
	const struct sub_field *f = sub_field_find(u);

	if (f && f->validate)
		f->validate(u, h);
}
