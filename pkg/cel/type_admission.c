/*
 * type_admission: types of the variables of admission, and of patches that a policy makes.
 * (k8s: apiserver/pkg/admission/plugin/cel/compile.go, apiserver/pkg/cel/mutation)
 */
#include <string.h>

#include "cel/check.h"

#define FIELDS(object, ...)                                                  \
	static const struct cel_field object##_fields[] = { __VA_ARGS__ };   \
	static const struct cel_object object = {                            \
		.fields = object##_fields,                                   \
		.nfields = sizeof object##_fields / sizeof *object##_fields, \
	}
#define F(n, t)                                    \
	{                                          \
		.name = n, .json = n, .type = &(t) \
	}
#define OBJECT(n, o)                                                              \
	{                                                                         \
		.kind = CEL_KIND_OBJECT, .name = n, .object = &(o), .min_size = 2 \
	}
#define UNBOUNDED_LIST(of)                                                                          \
	{                                                                                           \
		.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &(of) }, .max = -1 \
	}
#define UNBOUNDED_MAP(of)                                                                 \
	{                                                                                 \
		.kind = CEL_KIND_MAP, .name = "map", .nparams = 2, .max = -1, .params = { \
			&cel_type_string,                                                 \
			&(of)                                                             \
		}                                                                         \
	}

static const struct cel_type strings = UNBOUNDED_LIST(cel_type_string);
static const struct cel_type string_map = UNBOUNDED_MAP(cel_type_string);
static const struct cel_type strings_map = UNBOUNDED_MAP(strings);

/* ---- request ---- */

FIELDS(gvk, F("group", cel_type_string), F("version", cel_type_string), F("kind", cel_type_string));
FIELDS(gvr, F("group", cel_type_string), F("version", cel_type_string),
       F("resource", cel_type_string));
FIELDS(user_info, F("username", cel_type_string), F("uid", cel_type_string), F("groups", strings),
       F("extra", strings_map));

static const struct cel_type gvk_type = OBJECT("kubernetes.GroupVersionKind", gvk);
static const struct cel_type gvr_type = OBJECT("kubernetes.GroupVersionResource", gvr);
static const struct cel_type user_info_type = OBJECT("kubernetes.UserInfo", user_info);

FIELDS(request, F("kind", gvk_type), F("resource", gvr_type), F("subResource", cel_type_string),
       F("requestKind", gvk_type), F("requestResource", gvr_type),
       F("requestSubResource", cel_type_string), F("name", cel_type_string),
       F("namespace", cel_type_string), F("operation", cel_type_string),
       F("userInfo", user_info_type), F("dryRun", cel_type_bool), F("options", cel_type_dyn));

const struct cel_type cel_type_admission_request = OBJECT("kubernetes.AdmissionRequest", request);

/* ---- namespaceObject ---- */

FIELDS(ns_meta, F("name", cel_type_string), F("generateName", cel_type_string),
       F("namespace", cel_type_string), F("labels", string_map), F("annotations", string_map),
       F("UID", cel_type_string), F("creationTimestamp", cel_type_timestamp),
       F("deletionGracePeriodSeconds", cel_type_int), F("deletionTimestamp", cel_type_timestamp),
       F("generation", cel_type_int), F("resourceVersion", cel_type_string),
       F("finalizers", strings));
FIELDS(ns_spec, F("finalizers", strings));
FIELDS(ns_condition, F("status", cel_type_string), F("type", cel_type_string),
       F("lastTransitionTime", cel_type_timestamp), F("message", cel_type_string),
       F("reason", cel_type_string));

static const struct cel_type ns_condition_type =
	OBJECT("kubernetes.NamespaceCondition", ns_condition);
static const struct cel_type ns_conditions = UNBOUNDED_LIST(ns_condition_type);

FIELDS(ns_status, F("conditions", ns_conditions), F("phase", cel_type_string));

static const struct cel_type ns_meta_type = OBJECT("kubernetes.NamespaceMetadata", ns_meta);
static const struct cel_type ns_spec_type = OBJECT("kubernetes.NamespaceSpec", ns_spec);
static const struct cel_type ns_status_type = OBJECT("kubernetes.NamespaceStatus", ns_status);

FIELDS(ns, F("metadata", ns_meta_type), F("spec", ns_spec_type), F("status", ns_status_type));

const struct cel_type cel_type_namespace = OBJECT("kubernetes.Namespace", ns);

/* ---- patches ---- */

static const struct cel_field *any_find(const struct cel_object *o, const char *name)
{
	static const struct cel_field any = { .name = "", .json = "", .type = &cel_type_dyn };

	(void)o;
	(void)name;
	return &any;
}

const struct cel_object cel_object_any = { .find = any_find };

/* Upstream knows every field of a JSONPatch, but most without a type. */
static const struct cel_field *patch_find(const struct cel_object *o, const char *name)
{
	static const struct cel_type untyped = { .kind = CEL_KIND_OPAQUE, .name = "" };
	static const struct cel_field fields[] = {
		F("op", cel_type_string),
		F("path", cel_type_string),
		F("from", cel_type_string),
		F("value", cel_type_dyn),
		F("", untyped),
	};
	size_t i = 0;

	(void)o;
	while (*fields[i].name && strcmp(fields[i].name, name) != 0)
		i++;
	return &fields[i];
}

static const struct cel_object patch = { .find = patch_find };

const struct cel_type cel_type_json_patch = OBJECT("JSONPatch", patch);
