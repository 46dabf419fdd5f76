/* What schema_clean() leaves, refuses and warns about; the lookups; strategic merge's questions. */
#include "base/arena.h"
#include "base/status.h"
#include "kind/docs.h"
#include "kind/schema.h"
#include "kind/types.h"
#include "obj/json.h"
#include "obj/patch.h"
#include "unit.h"

#include <string.h>

struct cleaned {
	struct arena *a;
	char *text;  /* NULL: refused */
	char *error; /* the message behind "handled as a K: " */
	struct schema_warnings w;
};

static struct cleaned clean(const struct schema_type *t, const char *in)
{
	static const char mark[] = "cannot be handled as a ";
	struct cleaned c = { .a = arena_new() };
	struct status st = STATUS_INIT;
	struct json_dups dups = { 0 };
	struct json *o = json_parse(c.a, in, strlen(in), &dups, &st);

	if (o && schema_clean(c.a, t, "K", "v1", o, &dups, &c.w, &st))
		c.text = json_text(c.a, o);
	else
		c.error = arena_strdup(c.a, strstr(st.message, mark) ?
						    strstr(st.message, mark) + strlen(mark) + 3 :
						    st.message);
	status_clear(&st);
	return c;
}

static void check_text(const struct schema_type *t, const char *in, const char *out)
{
	struct cleaned c = clean(t, in);

	unit_check_str(c.text, out, __FILE__, __LINE__, in);
	arena_free(&c.a);
}

static void check_error(const struct schema_type *t, const char *in, const char *error)
{
	struct cleaned c = clean(t, in);

	unit_check_str(c.error, error, __FILE__, __LINE__, in);
	arena_free(&c.a);
}

UNIT_TEST(schema_lookup)
{
	const struct schema_type *t = schema_find("io.k8s.api.apps.v1.DeploymentList"), *prev = NULL;
	size_t it = 0, n = 0;

	CHECK(t && schema_field(t, "items")->type == &type_apps_v1_Deployment);
	CHECK(!schema_find("io.k8s.api.apps.v1.Nothing"));
	CHECK(!schema_field(t, "item"));
	for (prev = NULL; (t = schema_next(&it)); prev = t, n++) {
		CHECK(!prev || strcmp(prev->name, t->name) < 0);
		CHECK(schema_find(t->name) == t);
		for (size_t i = 0; i < t->nfields; i++)
			CHECK(schema_field(t, t->fields[i].name) == &t->fields[i]);
	}
	CHECK(n > 500);
}

UNIT_TEST(schema_patch_facts)
{
	struct patch_field f;

	CHECK(schema_patch.field(&type_core_v1_PodSpec, "volumes", &f));
	CHECK_STR(f.merge_key, "name");
	CHECK(f.merge && f.retain_keys && !f.is_map);
	CHECK(schema_patch.field(&type_core_v1_PodSpec, "tolerations", &f));
	CHECK(!f.merge && !f.merge_key);
	CHECK(schema_patch.field(&type_core_v1_PodSpec, "nodeSelector", &f) && f.is_map);
	CHECK(!schema_patch.field(&type_core_v1_PodSpec, "nothing", &f));
	CHECK(!schema_patch.field(NULL, "spec", &f));
}

UNIT_TEST(clean_zero_values)
{
	check_text(
		&type_apps_v1_Deployment,
		"{\"metadata\":{\"name\":\"a\",\"creationTimestamp\":null,\"labels\":{}},"
		"\"spec\":{\"replicas\":0,\"paused\":false,\"minReadySeconds\":0,\"revisionHistoryLimit\":null}}",
		"{\"metadata\":{\"name\":\"a\"},\"spec\":{\"replicas\":0,\"template\":{\"metadata\":{},"
		"\"spec\":{}},\"strategy\":{}},\"status\":{}}");
	check_text(&type_core_v1_ConfigMap, "{}", "{\"metadata\":{}}");
	check_text(&type_rbac_v1_Role, "{\"rules\":null}", "{\"metadata\":{}}");
	check_text(&type_rbac_v1_Role, "{\"rules\":[]}", "{\"metadata\":{},\"rules\":[]}");
	check_text(&type_core_v1_ServiceAccount, "{\"automountServiceAccountToken\":false}",
		   "{\"metadata\":{},\"automountServiceAccountToken\":false}");
	check_text(&type_core_v1_ConfigMap, "{\"data\":{\"b\":null,\"a\":\"\"}}",
		   "{\"metadata\":{},\"data\":{\"a\":\"\",\"b\":\"\"}}");
	check_text(&type_core_v1_PodSpec, "{\"containers\":[null]}",
		   "{\"containers\":[{\"name\":\"\",\"resources\":{}}]}");
}

UNIT_TEST(clean_order)
{
	check_text(&type_core_v1_Namespace,
		   "{\"status\":{\"phase\":\"Active\"},\"spec\":{\"finalizers\":[\"kubernetes\"]},"
		   "\"metadata\":{\"uid\":\"u\",\"labels\":{\"b\":\"1\",\"a\":\"2\"},\"name\":\"n\"},"
		   "\"apiVersion\":\"v1\",\"kind\":\"Namespace\"}",
		   "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",\"uid\":\"u\","
		   "\"labels\":{\"a\":\"2\",\"b\":\"1\"}},\"spec\":{\"finalizers\":[\"kubernetes\"]},"
		   "\"status\":{\"phase\":\"Active\"}}");
}

UNIT_TEST(clean_canonical)
{
	check_text(&type_core_v1_PodSpec,
		   "{\"overhead\":{\"cpu\":\"1000m\",\"memory\":\"1024Mi\",\"x\":0.25,\"y\":\"1e3\"}}",
		   "{\"overhead\":{\"cpu\":\"1\",\"memory\":\"1Gi\",\"x\":\"250m\",\"y\":\"1e3\"}}");
	check_text(&type_coordination_v1_Lease,
		   "{\"metadata\":{\"creationTimestamp\":\"2020-01-02T03:04:05.9+01:00\"},"
		   "\"spec\":{\"renewTime\":\"2020-01-02T03:04:05.000001Z\"}}",
		   "{\"metadata\":{\"creationTimestamp\":\"2020-01-02T02:04:05Z\"},"
		   "\"spec\":{\"renewTime\":\"2020-01-02T03:04:05.000001Z\"}}");
	check_text(&type_core_v1_Secret, "{\"data\":{\"a\":\"aGk=\\n\"}}",
		   "{\"metadata\":{},\"data\":{\"a\":\"aGk=\"}}");
	check_text(&type_apps_v1_ControllerRevision,
		   "{\"data\":{\"z\":null,\"a\":[]},\"revision\":9007199254740993}",
		   "{\"metadata\":{},\"data\":{\"z\":null,\"a\":[]},\"revision\":9007199254740993}");
	check_text(&type_core_v1_PodSpec,
		   "{\"volumes\":[{\"emptyDir\":{},\"name\":\"v\"}],\"nodeName\":\"\"}",
		   "{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}");
}

UNIT_TEST(clean_mismatches)
{
#define GO "json: cannot unmarshal "
	check_error(&type_apps_v1_Deployment, "{\"spec\":{\"replicas\":\"x\",\"paused\":1}}",
		    GO "string into Go struct field DeploymentSpec.spec.replicas of type int32");
	check_error(&type_apps_v1_Deployment, "{\"spec\":{\"replicas\":1.0}}",
		    GO "number 1.0 into Go struct field DeploymentSpec.spec.replicas of type int32");
	check_error(
		&type_apps_v1_Deployment, "{\"spec\":{\"replicas\":2147483648}}",
		GO
		"number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32");
	check_error(
		&type_apps_v1_Deployment,
		"{\"spec\":{\"template\":{\"spec\":{\"containers\":\"x\"}}}}",
		GO
		"string into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container");
	check_error(&type_core_v1_Pod, "{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":7}]}}",
		    GO "number into Go struct field Container.spec.containers.name of type string");
	check_error(&type_core_v1_Pod, "{\"spec\":{\"volumes\":[{\"hostPath\":true}]}}",
		    GO "bool into Go struct field Volume.spec.volumes.VolumeSource.hostPath of type "
		       "v1.HostPathVolumeSource");
	check_error(&type_core_v1_ConfigMap, "{\"data\":{\"a\":1}}",
		    GO "number into Go struct field ConfigMap.data of type string");
	check_error(&type_core_v1_Pod, "{\"spec\":{\"restartPolicy\":{}}}",
		    GO
		    "object into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy");
	check_error(&type_core_v1_Pod, "{\"spec\":[]}",
		    GO "array into Go struct field Pod.spec of type v1.PodSpec");
	check_error(
		&type_core_v1_Pod, "{\"metadata\":{\"creationTimestamp\":5}}",
		GO
		"number into Go struct field ObjectMeta.metadata.creationTimestamp of type string");
	check_error(&type_core_v1_Service, "{\"spec\":{\"ports\":[{\"targetPort\":true}]}}",
		    GO "bool into Go struct field ServicePort.spec.ports.targetPort of type int32");
}

UNIT_TEST(clean_own_decoders)
{
#define LAYOUT "\"2006-01-02T15:04:05Z07:00\""
	const struct schema_type *t = &type_core_v1_Pod;

	check_error(t, "{\"metadata\":{\"creationTimestamp\":\"abc\"}}",
		    "parsing time \"abc\" as " LAYOUT ": cannot parse \"abc\" as \"2006\"");
	check_error(t, "{\"metadata\":{\"creationTimestamp\":\"2020-01-02 03:04:05Z\"}}",
		    "parsing time \"2020-01-02 03:04:05Z\" as " LAYOUT
		    ": cannot parse \" 03:04:05Z\" as \"T\"");
	check_error(t, "{\"metadata\":{\"creationTimestamp\":\"2020-13-02T03:04:05Z\"}}",
		    "parsing time \"2020-13-02T03:04:05Z\": month out of range");
	check_error(&type_coordination_v1_Lease,
		    "{\"spec\":{\"renewTime\":\"2020-01-02T03:04:05Z\"}}",
		    "parsing time \"2020-01-02T03:04:05Z\" as \"2006-01-02T15:04:05.000000Z07:00\": "
		    "cannot parse \"Z\" as \".000000\"");
	check_error(&type_core_v1_PodSpec, "{\"priority\":true,\"overhead\":{\"cpu\":\"abc\"}}",
		    "quantities must match the regular expression "
		    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	check_error(&type_core_v1_PodSpec, "{\"overhead\":{\"cpu\":\"1ii\"}}",
		    "unable to parse quantity's suffix");
	check_error(&type_core_v1_Secret, "{\"data\":{\"a\":\"a$==\"}}",
		    "illegal base64 data at input byte 1");
	check_error(&type_core_v1_Secret, "{\"data\":{\"a\":\"abc\"}}",
		    "illegal base64 data at input byte 0");
	check_error(&type_apiextensions_v1_CustomResourceDefinition,
		    "{\"spec\":{\"versions\":[{\"schema\":{\"openAPIV3Schema\":{\"additionalProperties\":1}}}]}}",
		    "boolean or JSON schema expected");
}

UNIT_TEST(clean_warnings)
{
	struct cleaned c = clean(&type_core_v1_Pod,
				 "{\"foo\":1,\"metadata\":{\"labels\":{\"a\":\"1\",\"a\":\"2\"}},"
				 "\"spec\":{\"containers\":[{\"name\":\"x\"},{\"imag\\\"e\":{}}]}}");

	CHECK(c.text);
	CHECK_INT(c.w.n, 3);
	CHECK_STR(c.w.texts[0], "unknown field \"foo\"");
	CHECK_STR(c.w.texts[1], "unknown field \"spec.containers[1].imag\\\"e\"");
	CHECK_STR(c.w.texts[2], "duplicate field \"metadata.labels.a\"");
	arena_free(&c.a);
}

UNIT_TEST(clean_json_schema)
{
	check_text(&type_apiextensions_v1_CustomResourceDefinition,
		   "{\"spec\":{\"versions\":[{\"schema\":{\"openAPIV3Schema\":{\"items\":{\"type\":\"string\"},"
		   "\"additionalProperties\":false,\"enum\":[1,null,\"x\"],\"minimum\":1.50,"
		   "\"dependencies\":{\"b\":[\"x\"],\"a\":{\"type\":\"object\",\"nope\":1}}}}}]}}",
		   "{\"metadata\":{},\"spec\":{\"group\":\"\",\"names\":{\"plural\":\"\",\"kind\":\"\"},\"scope\":\"\","
		   "\"versions\":[{\"name\":\"\",\"served\":false,\"storage\":false,\"schema\":{"
		   "\"openAPIV3Schema\":{\"minimum\":1.50,\"enum\":[1,null,\"x\"],"
		   "\"items\":{\"type\":\"string\"},\"additionalProperties\":false,\"dependencies\":{"
		   "\"a\":{\"type\":\"object\"},\"b\":[\"x\"]}}}}]},"
		   "\"status\":{\"acceptedNames\":{\"plural\":\"\",\"kind\":\"\"}}}");
}

UNIT_TEST(clean_deep)
{
	/* as deep as the parser lets through: recursion must stand it */
	struct arena *a = arena_new();
	char *in = arena_strdup(a, "{\"spec\":{\"versions\":[{\"schema\":{\"openAPIV3Schema\":"), *p;
	char *text = arena_alloc(a, 64 * 1024);
	struct cleaned c;

	p = text + strlen(strcpy(text, in));
	for (int i = 0; i < 250; i++)
		p += strlen(strcpy(p, "{\"properties\":{\"p\":"));
	p += strlen(strcpy(p, "{}"));
	for (int i = 0; i < 250; i++)
		p += strlen(strcpy(p, "}}"));
	strcpy(p, "}}]}}");
	c = clean(&type_apiextensions_v1_CustomResourceDefinition, text);
	CHECK(c.text);
	arena_free(&c.a);
	arena_free(&a);
}

UNIT_TEST(docs_are_found)
{
	static const char blob[] = "a.B\tType.\0a.B f\tField\tone.\0a.B ff\tTwo\nlines.\0a.BC\tLast.";

	CHECK_STR(docs_find(blob, sizeof blob, "a.B", NULL), "Type.");
	CHECK_STR(docs_find(blob, sizeof blob, "a.B", "f"), "Field\tone.");
	CHECK_STR(docs_find(blob, sizeof blob, "a.B", "ff"), "Two\nlines.");
	CHECK_STR(docs_find(blob, sizeof blob, "a.BC", NULL), "Last.");
	CHECK(!docs_find(blob, sizeof blob, "a.BC", "f"));
	CHECK(!docs_find(blob, sizeof blob, "a.BB", NULL));
	CHECK(!docs_find(blob, 0, "a.B", NULL));
}
