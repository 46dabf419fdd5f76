/*
 * Definitions: names, versions, subresources, columns, conversion.
 *
 * Upstream validates an internal form in which what all versions agree on is said once, at the top; the paths of
 * errors follow it: `spec.validation...` rather than `spec.versions[0].schema...` when every version has the same.
 */
#include "kind/crd_check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "kind/check.h"
#include "kind/crd.h"
#include "kind/hooks.h"
#include "kind/structural.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define FIELDS_MAX 8
#define WARNING_MAX 256

static const char *text(const struct json *o, const char *name)
{
	return json_str(json_get(o, name));
}

/* All faults of a text in one error. */
static void check_label(struct hook *h, const struct at *at, const char *s, const char *shown,
			const char *intro)
{
	const char *faults[TEXT_FAULTS_MAX];
	size_t n = *s ? text_faults(TEXT_DNS_LABEL_1035, s, faults) : 0;
	BUF_AUTO struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", faults[i]);
	if (n)
		err_invalid(h, at, shown, "%s%s", intro, b.p);
}

static char *lower(struct hook *h, const char *s)
{
	char *t = arena_strdup(h->a, s);

	for (char *p = t; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return t;
}

/* ---- names ---- */

static void check_names(struct hook *h, const struct at *at, const struct json *names)
{
	static const char *const plain[] = { "plural", "singular" };
	static const char *const kinds[] = { "kind", "listKind" };
	static const char *const lists[] = { "shortNames", "categories" };
	const char *kind = text(names, "kind");

	for (size_t i = 0; i < 2; i++)
		check_label(h, AT(at, plain[i]), text(names, plain[i]), text(names, plain[i]), "");
	for (size_t i = 0; i < 2; i++)
		check_label(h, AT(at, kinds[i]), lower(h, text(names, kinds[i])),
			    text(names, kinds[i]),
			    "may have mixed case, but should otherwise match: ");
	for (size_t i = 0; i < 2; i++) {
		size_t n = 0;

		if (i && *kind && !strcmp(kind, text(names, "listKind")))
			err_invalid(h, AT(at, "listKind"), kind,
				    "kind and listKind may not be the same");
		json_each(s, json_get(names, lists[i]))
			check_label(h, AT_ITEM(AT(at, lists[i]), n++), json_str(s), json_str(s), "");
	}
}

static void require_names(struct hook *h, const struct at *at, const struct json *names)
{
	static const char *const required[] = { "plural", "singular", "kind", "listKind" };

	for (size_t i = 0; i < 4; i++)
		if (!*text(names, required[i]))
			err_required(h, AT(at, required[i]), NULL);
}

/* ---- subresources and columns ---- */

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static void check_scale_path(struct hook *h, const struct at *at, const char *path, const char *in,
			     const char *or_in, const char *detail)
{
	if (path[0] != '.')
		err_invalid(h, at, path, "must be a simple json path starting with .");
	else if (!starts(path, in) && !(or_in && starts(path, or_in)))
		err_invalid(h, at, path, "%s", detail);
}

static void check_subresources(struct hook *h, const struct at *at, const struct json *subs)
{
	const struct json *scale = json_get(subs, "scale");
	const char *spec = text(scale, "specReplicasPath"),
		   *status = text(scale, "statusReplicasPath");

	if (!scale)
		return;
	if (!*spec)
		err_required(h, AT(at, "scale.specReplicasPath"), NULL);
	else
		check_scale_path(h, AT(at, "scale.specReplicasPath"), spec, ".spec.", NULL,
				 "should be a json path under .spec");
	if (!*status)
		err_required(h, AT(at, "scale.statusReplicasPath"), NULL);
	else
		check_scale_path(h, AT(at, "scale.statusReplicasPath"), status, ".status.", NULL,
				 "should be a json path under .status");
	if (*text(scale, "labelSelectorPath"))
		check_scale_path(h, AT(at, "scale.labelSelectorPath"),
				 text(scale, "labelSelectorPath"), ".spec.", ".status.",
				 "should be a json path under either .spec or .status");
}

static void check_column(struct hook *h, const struct at *at, const struct json *c)
{
	static const char *const types[] = { "boolean", "date", "integer", "number", "string", NULL };
	static const char *const formats[] = { "byte",  "date",  "date-time", "double", "float",
					       "int32", "int64", "password",  NULL };
	static const char must_type[] = "must be one of boolean,date,integer,number,string";
	const char *type = text(c, "type"), *format = text(c, "format"), *path = text(c, "jsonPath");

	if (!*text(c, "name"))
		err_required(h, AT(at, "name"), NULL);
	if (!*type)
		err_required(h, AT(at, "type"), must_type);
	else if (!one_of(type, types))
		err_invalid(h, AT(at, "type"), type, "%s", must_type);
	if (*format && !one_of(format, formats))
		err_invalid(h, AT(at, "format"), format,
			    "must be one of byte,date,date-time,double,float,int32,int64,password");
	if (!*path)
		err_required(h, AT(at, "JSONPath"), NULL);
	else if (*path != '.')
		err_invalid(h, AT(at, "JSONPath"), path,
			    "must be a simple json path starting with .");
}

static void check_columns(struct hook *h, const struct at *at, const struct json *list)
{
	size_t i = 0;

	json_each(c, list)
		check_column(h, AT_ITEM(at, i++), c);
}

static bool seen_before(const struct json *list, const struct json *f)
{
	json_each(x, list) {
		if (x == f)
			return false;
		if (!strcmp(text(x, "jsonPath"), text(f, "jsonPath")))
			return true;
	}
	return false;
}

static bool check_field(struct hook *h, const struct at *at, const char *path,
			const struct structural *s)
{
	const struct structural *found = NULL;
	const char *fault = crd_field_path(h, path, s, false, &found);

	if (fault) {
		err_invalid(h, at, path, "is an invalid path: %s", fault);
		return false;
	}
	if (starts(path, ".metadata"))
		err_invalid(h, at, path, "must not point to fields in metadata");
	if (!found || (found->type != TYPE_STRING && found->type != TYPE_BOOLEAN &&
		       found->type != TYPE_INTEGER))
		err_invalid(h, at, path,
			    "must point to a field of type string, boolean or integer. Enum string "
			    "fields and strings with formats are allowed.");
	return true;
}

static void check_fields(struct hook *h, const struct at *at, const struct json *list,
			 const struct json *schema)
{
	const struct structural *s = json_count(list) ? structural_compile(h->a, schema) : NULL;
	size_t i = 0, n = 0;

	json_each(f, list) {
		const struct at *here = AT(AT_ITEM(at, i++), "jsonPath");
		const char *path = text(f, "jsonPath");

		if (!*path) {
			err_required(h, here, NULL);
			continue;
		}
		if (!check_field(h, here, path, s))
			continue;
		if (seen_before(list, f))
			err_duplicate(h, here, path);
		else
			n++;
	}
	if (n > FIELDS_MAX)
		err_too_many(h, at, n, FIELDS_MAX);
}

/* ---- versions ---- */

/* Where a part of all versions is validated: once at the top when they agree. */
struct agreement {
	const char *member;
	bool same;
};

enum { AGREE_SUBRESOURCES, AGREE_SCHEMA, AGREE_COLUMNS, AGREE_FIELDS, AGREEMENTS };

static void agree(const struct json *versions, struct agreement out[AGREEMENTS])
{
	static const char *const members[AGREEMENTS] = { "subresources", "schema",
							 "additionalPrinterColumns",
							 "selectableFields" };
	const struct json *first = json_first(versions);

	for (size_t i = 0; i < AGREEMENTS; i++) {
		out[i] = (struct agreement){ members[i], first };
		json_each(v, versions)
			out[i].same &=
				json_equal(json_get(v, members[i]), json_get(first, members[i]));
	}
}

static void check_deprecation(struct hook *h, const struct at *at, const struct json *v)
{
	const struct json *warning = json_get(v, "deprecationWarning");
	const char *s = json_str(warning);
	size_t i = 0;

	if (!warning)
		return;
	if (!json_is_true(json_get(v, "deprecated"))) {
		err_invalid(h, at, s, "can only be set for deprecated versions");
		return;
	}
	if (strlen(s) > WARNING_MAX)
		err_invalid(h, at, s, "must be <= 256 characters long");
	if (!*s)
		err_invalid(h, at, s, "must not be an empty string");
	while (s[i] && (unsigned char)s[i] >= ' ' && s[i] != 0x7f)
		i++;
	if (s[i])
		err_invalid(h, at, s,
			    "must only contain printable UTF-8 characters; non-printable character "
			    "found at index %zu",
			    i);
}

static const struct json *old_schema(struct hook *h, const char *version)
{
	json_each(v, json_path(h->old, "spec.versions"))
		if (!strcmp(text(v, "name"), version))
			return json_path(v, "schema.openAPIV3Schema");
	return NULL;
}

static void check_schema_of(struct hook *h, const struct at *at, const struct json *v, bool status)
{
	const struct json *schema = json_path(v, "schema.openAPIV3Schema");

	if (schema)
		crd_check_schema(h, AT(at, "openAPIV3Schema"), schema, status,
				 json_equal(schema, old_schema(h, text(v, "name"))));
}

static void check_version(struct hook *h, const struct at *at, const struct json *v,
			  const struct agreement *same)
{
	check_label(h, AT(at, "name"), text(v, "name"), text(v, "name"), "");
	check_deprecation(h, AT(at, "deprecationWarning"), v);
	if (!same[AGREE_SCHEMA].same)
		check_schema_of(h, AT(at, "schema"), v, json_path(v, "subresources.status"));
	if (!same[AGREE_SUBRESOURCES].same)
		check_subresources(h, AT(at, "subresources"), json_get(v, "subresources"));
	if (!same[AGREE_COLUMNS].same)
		check_columns(h, AT(at, "additionalPrinterColumns"),
			      json_get(v, "additionalPrinterColumns"));
	if (!same[AGREE_FIELDS].same)
		check_fields(h, AT(at, "selectableFields"), json_get(v, "selectableFields"),
			     json_path(v, "schema.openAPIV3Schema"));
}

static bool name_is_new(const struct json *versions, const struct json *v)
{
	json_each(x, versions) {
		if (x == v)
			return true;
		if (!strcmp(text(x, "name"), text(v, "name")))
			return false;
	}
	return true;
}

static void check_versions(struct hook *h, const struct at *at, const struct json *versions,
			   const struct agreement *same)
{
	size_t i = 0, storage = 0;
	bool unique = true;

	json_each(v, versions) {
		if (!json_path(v, "schema.openAPIV3Schema"))
			err_required(h, AT(AT(AT_ITEM(at, i), "schema"), "openAPIV3Schema"), NULL);
		i++;
	}
	i = 0;
	json_each(v, versions) {
		check_version(h, AT_ITEM(at, i++), v, same);
		storage += json_is_true(json_get(v, "storage"));
		unique &= name_is_new(versions, v);
	}
	if (!unique)
		err_invalid_json(h, at, versions, "must contain unique version names");
	if (storage != 1)
		err_invalid_json(h, at, versions,
				 "must have exactly one version marked as storage version");
}

/* What all versions agree on. */
static void check_agreed(struct hook *h, const struct at *spec, const struct json *versions,
			 const struct agreement *same)
{
	const struct json *v = json_first(versions);
	bool status = false;

	json_each(x, versions)
		status |= json_path(x, "subresources.status") != NULL;
	if (same[AGREE_SCHEMA].same)
		check_schema_of(h, AT(spec, "validation"), v, status);
	if (same[AGREE_SUBRESOURCES].same)
		check_subresources(h, AT(spec, "subresources"), json_get(v, "subresources"));
	if (same[AGREE_COLUMNS].same)
		check_columns(h, AT(spec, "additionalPrinterColumns"),
			      json_get(v, "additionalPrinterColumns"));
	if (same[AGREE_FIELDS].same)
		check_fields(h, AT(spec, "selectableFields"), json_get(v, "selectableFields"),
			     json_path(v, "schema.openAPIV3Schema"));
}

/* ---- conversion ---- */

static void check_review_versions(struct hook *h, const struct at *at, const struct json *list)
{
	static const char *const known[] = { "v1", "v1beta1", NULL };
	bool accepted = false;
	size_t i = 0;

	if (!json_count(list))
		err_required(h, at, NULL);
	json_each(v, list) {
		const char *faults[TEXT_FAULTS_MAX];
		size_t n = text_faults(TEXT_DNS_LABEL_1035, json_str(v), faults);
		bool again = false;

		for (const struct json *x = json_first(list); x != v; x = json_next(x))
			again |= !strcmp(json_str(x), json_str(v));
		if (again)
			err_invalid(h, AT_ITEM(at, i), json_str(v), "duplicate version");
		for (size_t f = 0; f < n && !again; f++)
			err_invalid(h, AT_ITEM(at, i), json_str(v), "%s", faults[f]);
		accepted |= one_of(json_str(v), known);
		i++;
	}
	if (json_count(list) && !accepted)
		err_invalid_json(h, at, list, "must include at least one of v1, v1beta1");
}

static void check_service_path(struct hook *h, const struct at *at, const char *path)
{
	const char *faults[TEXT_FAULTS_MAX];
	const char *p = path + 1;
	size_t i = 0;

	if (!*path || !strcmp(path, "/"))
		return;
	if (*path != '/')
		err_invalid(h, at, path, "must start with a '/'");
	do {
		size_t n = strcspn(p, "/"), nfaults;

		if (!n)
			err_invalid(h, at, path, "segment[%zu] may not be empty", i);
		nfaults = n ? text_faults(TEXT_DNS_SUBDOMAIN, arena_dup(h->a, p, n), faults) : 0;
		for (size_t f = 0; f < nfaults; f++)
			err_invalid(h, at, path, "segment[%zu]: %s", i, faults[f]);
		p += n;
		i++;
	} while (*p && *++p);
}

static void check_service(struct hook *h, const struct at *at, const struct json *s)
{
	int64_t port;

	/* Upstream takes the one for the other here. */
	if (!*text(s, "namespace"))
		err_required(h, AT(at, "name"), NULL);
	if (!*text(s, "name"))
		err_required(h, AT(at, "namespace"), NULL);
	if (json_int(json_get(s, "port"), &port) && (port < 1 || port > 65535))
		err_invalid_int(h, AT(at, "port"), port,
				"port is not valid: must be between 1 and 65535, inclusive");
	check_service_path(h, AT(at, "path"), text(s, "path"));
}

static void check_url(struct hook *h, const struct at *at, const char *url)
{
	static const char form[] = "; desired format: https://host[/path]";

	if (!starts(url, "https://")) {
		const char *colon = strstr(url, "://");

		err_invalid(h, at, colon ? arena_dup(h->a, url, (size_t)(colon - url)) : "",
			    "'https' is the only allowed URL scheme%s", form);
		return;
	}
	if (!url[8] || strchr("/?#", url[8]))
		err_invalid(h, at, "", "host must be specified%s", form);
	if (strchr(url, '@'))
		err_invalid(h, at, arena_dup(h->a, url + 8, strcspn(url + 8, "@")),
			    "user information is not permitted in the URL");
	if (strchr(url, '#'))
		err_invalid(h, at, strchr(url, '#') + 1, "fragments are not permitted in the URL");
	if (strchr(url, '?'))
		err_invalid(h, at, strchr(url, '?') + 1,
			    "query parameters are not permitted in the URL");
}

static void check_client(struct hook *h, const struct at *at, const struct json *c)
{
	const struct json *url = json_get(c, "url"), *service = json_get(c, "service");

	if (!c)
		err_required(h, at, "required when strategy is set to Webhook");
	else if (!url == !service)
		err_required(h, at, "exactly one of url or service is required");
	else if (url)
		check_url(h, AT(at, "url"), json_str(url));
	else
		check_service(h, AT(at, "service"), service);
}

static void check_conversion(struct hook *h, const struct at *at, const struct json *c)
{
	static const char *const strategies[] = { "None", "Webhook", NULL };
	const struct json *hook = json_get(c, "webhook");
	const struct json *client = json_get(hook, "clientConfig");
	const struct json *versions = json_get(hook, "conversionReviewVersions");

	if (!c)
		return;
	check_enum(h, AT(at, "strategy"), text(c, "strategy"), strategies, true);
	if (!strcmp(text(c, "strategy"), "Webhook")) {
		check_client(h, AT(at, "webhookClientConfig"), client);
		check_review_versions(h, AT(at, "conversionReviewVersions"), versions);
		return;
	}
	if (client)
		err_forbidden(h, AT(at, "webhookClientConfig"),
			      "should not be set when strategy is not set to Webhook");
	if (json_count(versions))
		err_forbidden(h, AT(at, "conversionReviewVersions"),
			      "should not be set when strategy is not set to Webhook");
}

/* ---- status ---- */

static bool has_version(const struct json *versions, const char *name)
{
	json_each(v, versions)
		if (!strcmp(text(v, "name"), name))
			return true;
	return false;
}

static bool has_string(const struct json *list, const char *s)
{
	json_each(x, list)
		if (!strcmp(json_str(x), s))
			return true;
	return false;
}

static void check_stored(struct hook *h, const struct json *stored, const struct json *versions)
{
	const struct at *at = AT(AT_ROOT("status"), "storedVersions");
	size_t i = 0;

	if (!json_count(stored)) {
		err_invalid_json(h, at, NULL, "must have at least one stored version");
		return;
	}
	json_each(v, versions)
		if (json_is_true(json_get(v, "storage")) && !has_string(stored, text(v, "name")))
			err_invalid_json(h, at, stored, "must have the storage version %s",
					 text(v, "name"));
	json_each(s, stored) {
		const char *name = json_str(s);

		if (!has_version(versions, name))
			err_invalid(h, AT_ITEM(at, i), name,
				    "missing from spec.versions; %s was previously a storage version, "
				    "and must remain in spec.versions until a storage migration ensures "
				    "no data remains persisted in %s and removes %s from "
				    "status.storedVersions",
				    name, name, name);
		i++;
	}
}

/* ---- all ---- */

static void check_approval(struct hook *h, const struct json *o)
{
	static const char annotation[] = "api-approved.kubernetes.io";
	const struct at *at = AT_KEY(AT(AT_ROOT("metadata"), "annotations"), annotation);
	const char *reason, *ignored;
	enum crd_approval now = crd_approval(h->a, o, &reason);

	if (h->old && crd_approval(h->a, h->old, &ignored) == now)
		return;
	if (now == CRD_INVALID)
		err_invalid(h, at, meta_annotation(o, annotation), "%s", reason);
	else if (now == CRD_MISSING)
		err_required(h, at, reason);
}

static void check_group(struct hook *h, const struct at *at, const char *group)
{
	const char *faults[TEXT_FAULTS_MAX];
	size_t n = *group ? text_faults(TEXT_DNS_SUBDOMAIN, group, faults) : 0;

	if (!*group)
		err_required(h, at, NULL);
	else if (n)
		err_invalid(h, at, group, "%s", faults[0]);
	else if (!strchr(group, '.'))
		err_invalid(h, at, group, "should be a domain with at least one dot");
}

static void check_spec(struct hook *h, const struct json *spec)
{
	static const char *const scopes[] = { "Cluster", "Namespaced", NULL };
	const struct json *versions = json_get(spec, "versions"), *names = json_get(spec, "names");
	const struct at *at = AT_ROOT("spec");
	struct agreement same[AGREEMENTS];
	const char *first = text(json_first(versions), "name");

	agree(versions, same);
	check_group(h, AT(at, "group"), text(spec, "group"));
	check_enum(h, AT(at, "scope"), text(spec, "scope"), scopes, true);
	check_versions(h, AT(at, "versions"), versions, same);
	check_label(h, AT(at, "version"), first, first, "");
	require_names(h, AT(at, "names"), names);
	check_names(h, AT(at, "names"), names);
	check_agreed(h, at, versions, same);
	if (json_is_true(json_get(spec, "preserveUnknownFields")) &&
	    strcmp(json_path_str(spec, "conversion.strategy"), "None"))
		err_invalid(h, AT(AT(at, "conversion"), "strategy"),
			    json_path_str(spec, "conversion.strategy"),
			    "must be None if spec.preserveUnknownFields is true");
	check_conversion(h, AT(at, "conversion"), json_get(spec, "conversion"));
}

static void check_name(struct hook *h, const struct json *o)
{
	const char *name = meta_name(o), *plural = json_path_str(o, "spec.names.plural");
	const char *want = arena_printf(h->a, "%s.%s", plural, json_path_str(o, "spec.group"));

	if (*name && strcmp(name, want))
		err_invalid(h, AT(AT_ROOT("metadata"), "name"), name,
			    "must be spec.names.plural+\".\"+spec.group");
}

static void check_immutables(struct hook *h, const struct json *o, const struct json *old)
{
	static const char *const paths[] = { "scope", "names.kind", "group", "names.plural" };
	bool established = crd_is(old, "Established");

	for (size_t i = established ? 0 : 2; i < 4; i++) {
		const char *path = arena_printf(h->a, "spec.%s", paths[i]);

		check_immutable(h, AT_ROOT(path), json_path(o, path), json_path(old, path));
	}
}

HOOK_CHECK(crd_validate)
{
	const struct json *spec = json_get(o, "spec"), *old = h->old;
	const struct json *preserve = json_get(spec, "preserveUnknownFields");

	if (!old)
		check_name(h, o);
	check_spec(h, spec);
	if (old)
		check_immutables(h, o, old);
	check_names(h, AT(AT_ROOT("status"), "acceptedNames"), json_path(o, "status.acceptedNames"));
	check_stored(h, json_path(o, "status.storedVersions"), json_get(spec, "versions"));
	check_approval(h, o);
	if (json_is_true(preserve) && !json_is_true(json_path(old, "spec.preserveUnknownFields")))
		err_invalid_json(h, AT(AT_ROOT("spec"), "preserveUnknownFields"), preserve,
				 "cannot set to true, set x-kubernetes-preserve-unknown-fields to true "
				 "in spec.versions[*].schema instead");
}

HOOK_CHECK_OLD(crd_validate_status)
{
	(void)old;
	check_names(h, AT(AT_ROOT("status"), "acceptedNames"), json_path(o, "status.acceptedNames"));
}

HOOK_CHECK_OLD(crd_warn)
{
	(void)old;
	json_each(v, json_path(o, "spec.versions"))
		crd_warn_formats(h, json_path(v, "schema.openAPIV3Schema"),
				 old_schema(h, text(v, "name")));
}
