/*
 * meta_check: validation of metadata, the same for every kind.
 * k8s: apimachinery/pkg/api/validation/objectmeta.go, apis/meta/v1/validation.
 */
#include "kind/kind.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "kind/check.h"
#include "obj/json.h"

#include <string.h>

#define MANAGER_MAX_BYTES 128

static const enum text_format name_formats[] = {
	[NAME_SUBDOMAIN] = TEXT_DNS_SUBDOMAIN,
	[NAME_LABEL] = TEXT_DNS_LABEL,
	[NAME_LABEL_1035] = TEXT_DNS_LABEL_1035,
	[NAME_PATH_SEGMENT] = TEXT_PATH_SEGMENT,
};

/* A generateName may end in dashes because something follows (upstream's odd masking included: the
 * last two characters become one 'a'). */
static char *mask_dash(struct hook *h, const char *s)
{
	size_t n = strlen(s);
	char *t = arena_strdup(h->a, s);

	if (n > 1 && t[n - 1] == '-') {
		t[n - 2] = 'a';
		t[n - 1] = '\0';
	}
	return t;
}

static void check_name(struct hook *h, const struct at *meta, const struct json *m)
{
	enum text_format f = name_formats[h->kind->name_rule];
	const char *name = json_str(json_get(m, "name"));
	const char *generate = json_str(json_get(m, "generateName"));

	if (generate[0] && !text_ok(f, mask_dash(h, generate)))
		check_text(h, AT(meta, "generateName"), f, generate);
	if (!name[0])
		err_required(h, AT(meta, "name"), "name or generateName is required");
	else
		check_text(h, AT(meta, "name"), f, name);
}

static void check_namespace(struct hook *h, const struct at *meta, const struct json *m)
{
	const char *ns = json_str(json_get(m, "namespace"));

	if (!h->kind->namespaced) {
		if (ns[0])
			err_forbidden(h, AT(meta, "namespace"), "not allowed on this type");
	} else if (!ns[0]) {
		err_required(h, AT(meta, "namespace"), NULL);
	} else {
		check_text(h, AT(meta, "namespace"), TEXT_DNS_LABEL, ns);
	}
}

static void check_owner(struct hook *h, const struct at *at, const struct json *r)
{
	static const char *const required[] = { "kind", "name", "uid", NULL };
	const char *api_version = json_str(json_get(r, "apiVersion"));
	const char *slash = strchr(api_version, '/');

	if (!(slash ? slash + 1 : api_version)[0])
		err_invalid(h, AT(at, "apiVersion"), api_version, "version must not be empty");
	for (size_t i = 0; required[i]; i++)
		if (!json_str(json_get(r, required[i]))[0])
			err_invalid(h, AT(at, required[i]), "", "must not be empty");
	if (!strcmp(api_version, "v1") && !strcmp(json_str(json_get(r, "kind")), "Event"))
		err_invalid_json(h, at, r, "/v1, Kind=Event is disallowed from being an owner");
}

static void check_owners(struct hook *h, const struct at *at, const struct json *owners)
{
	const struct json *first = NULL;

	json_each(r, owners) {
		check_owner(h, at, r);
		if (!json_is_true(json_get(r, "controller")))
			continue;
		if (first)
			err_invalid_json(h, at, owners,
					 "Only one reference can have Controller set to true. Found "
					 "\"true\" in references for %s/%s and %s/%s",
					 json_str(json_get(first, "kind")),
					 json_str(json_get(first, "name")),
					 json_str(json_get(r, "kind")),
					 json_str(json_get(r, "name")));
		else
			first = r;
	}
}

static bool has_item(const struct json *list, const char *s)
{
	json_each(item, list)
		if (!strcmp(json_str(item), s))
			return true;
	return false;
}

static void check_finalizers(struct hook *h, const struct at *at, const struct json *list)
{
	json_each(f, list)
		check_text(h, at, TEXT_LABEL_KEY, json_str(f));
	if (has_item(list, "orphan") && has_item(list, "foregroundDeletion"))
		err_invalid_json(h, at, list,
				 "finalizer orphan and foregroundDeletion cannot be both set");
}

/* None may be added once deletion has begun. */
static void check_new_finalizers(struct hook *h, const struct at *at, const struct json *now,
				 const struct json *old)
{
	BUF_AUTO struct buf b = BUF_INIT;

	json_each(f, now) {
		const char *s = json_str(f);

		if (!has_item(old, s))
			buf_addf(&b, "%s%s", b.len ? ", " : "", go_quote(h->a, s, strlen(s)));
	}
	if (b.len)
		err_forbidden(h, at,
			      "no new finalizers can be added if the object is being deleted, "
			      "found new finalizers []string{%s}",
			      b.p);
}

static void check_managed_fields(struct hook *h, const struct at *at, const struct json *list)
{
	size_t i = 0;

	json_each(f, list) {
		const char *op = json_str(json_get(f, "operation"));
		const char *type = json_str(json_get(f, "fieldsType"));

		if (strcmp(op, "Apply") && strcmp(op, "Update"))
			err_invalid(h, AT(AT_ITEM(at, i), "operation"), op,
				    "must be `Apply` or `Update`");
		if (type[0] && strcmp(type, "FieldsV1"))
			err_invalid(h, AT(AT_ITEM(at, i), "fieldsType"), type, "must be `FieldsV1`");
		if (strlen(json_str(json_get(f, "manager"))) > MANAGER_MAX_BYTES)
			err_too_long(h, AT(AT_ITEM(at, i), "manager"), MANAGER_MAX_BYTES);
		i++;
	}
}

static void check_common(struct hook *h, const struct at *meta, const struct json *m)
{
	check_labels(h, AT(meta, "labels"), json_get(m, "labels"));
	check_annotations(h, AT(meta, "annotations"), json_get(m, "annotations"));
	check_owners(h, AT(meta, "ownerReferences"), json_get(m, "ownerReferences"));
}

static void check_update(struct hook *h, const struct at *meta, const struct json *m,
			 const struct json *was)
{
	static const char *const immutable[] = { "name",
						 "namespace",
						 "uid",
						 "creationTimestamp",
						 "deletionTimestamp",
						 "deletionGracePeriodSeconds",
						 NULL };

	if (json_get(was, "deletionTimestamp"))
		check_new_finalizers(h, AT(meta, "finalizers"), json_get(m, "finalizers"),
				     json_get(was, "finalizers"));
	for (size_t i = 0; immutable[i]; i++)
		check_immutable(h, AT(meta, immutable[i]), json_get(m, immutable[i]),
				json_get(was, immutable[i]));
}

void kind_validate_meta(struct hook *h, const struct json *o, const struct json *old)
{
	const struct at *meta = AT_ROOT("metadata");
	const struct json *m = json_get(o, "metadata");

	h->old = old;
	if (old) {
		check_update(h, meta, m, json_get(old, "metadata"));
		check_common(h, meta, m);
		check_finalizers(h, AT(meta, "finalizers"), json_get(m, "finalizers"));
	} else {
		check_name(h, meta, m);
		check_namespace(h, meta, m);
		check_common(h, meta, m);
		check_finalizers(h, AT(meta, "finalizers"), json_get(m, "finalizers"));
	}
	check_managed_fields(h, AT(meta, "managedFields"), json_get(m, "managedFields"));
}
