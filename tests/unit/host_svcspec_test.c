/* Services between the virtual cluster and its host, without either. */
#include "tests/lib/unit.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/svcspec.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static char ns[] = "team-a";

static void open_host(struct host *h)
{
	memset(h, 0, sizeof *h);
	strcpy(h->cid, "abcdefghijklmnopqrstuvwxyz");
	strcpy(h->cid_label, "abcdefghijklmnopqrst");
	h->ns = ns;
	h->names = names_new(h->cid, h->ns);
}

static struct json *parse(struct arena *a, const char *text)
{
	return json_parse_own(a, text, strlen(text));
}

UNIT_TEST(selector_is_limited_and_external_addresses_are_left_out)
{
	struct arena *a = arena_new();
	struct host h;
	struct json *o;

	open_host(&h);
	o = svc_desired(&h, a,
			parse(a, "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"u\"},"
				 "\"spec\":{\"type\":\"ClusterIP\",\"selector\":{\"app\":\"web\"},"
				 "\"externalIPs\":[\"8.8.8.8\"],\"clusterIP\":\"\","
				 "\"ports\":[{\"port\":80,\"targetPort\":\"http\"}]}}"));
	CHECK_STR(json_text(a, json_path(o, "spec.selector")),
		  "{\"app\":\"web\",\"nutshell.dev/vc\":\"abcdefghijklmnopqrst\","
		  "\"nutshell.dev/vns\":\"shop\"}");
	CHECK(!json_path(o, "spec.externalIPs"));
	CHECK(!json_path(o, "spec.clusterIP"));
	CHECK_STR(json_text(a, json_path(o, "spec.ports")),
		  "[{\"port\":80,\"targetPort\":\"http\"}]");
	names_free(&h.names);
	arena_free(&a);
}

UNIT_TEST(digest_ignores_what_the_host_chooses)
{
	struct arena *a = arena_new();
	struct host h;
	const char *x, *y;

	open_host(&h);
	x = host_applied(svc_desired(
		&h, a,
		parse(a, "{\"metadata\":{\"name\":\"web\",\"namespace\":\"d\",\"uid\":\"u\"},"
			 "\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":80}]}}")));
	y = host_applied(svc_desired(
		&h, a,
		parse(a, "{\"metadata\":{\"name\":\"web\",\"namespace\":\"d\",\"uid\":\"u\"},"
			 "\"spec\":{\"type\":\"NodePort\",\"clusterIP\":\"10.0.0.1\","
			 "\"ports\":[{\"port\":80,\"nodePort\":30001}]}}")));
	CHECK(*x);
	CHECK_STR(x, y);
	names_free(&h.names);
	arena_free(&a);
}

UNIT_TEST(merge_keeps_what_others_wrote)
{
	struct arena *a = arena_new();
	struct json *have, *want, *o;

	have = parse(
		a,
		"{\"metadata\":{\"resourceVersion\":\"7\",\"finalizers\":[\"lb\"],"
		"\"labels\":{\"tier\":\"x\",\"admin\":\"me\"},"
		"\"annotations\":{\"nutshell.dev/keys\":\"l:tier\",\"lb\":\"1\"}},"
		"\"spec\":{\"type\":\"NodePort\",\"clusterIP\":\"10.0.0.1\","
		"\"ports\":[{\"name\":\"p\",\"port\":80,\"protocol\":\"TCP\",\"nodePort\":30001}]}}");
	want = parse(a, "{\"metadata\":{\"labels\":{\"app\":\"web\"},"
			"\"annotations\":{\"nutshell.dev/keys\":\"l:app\"}},"
			"\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"name\":\"p\",\"port\":81,"
			"\"protocol\":\"TCP\"}]}}");
	o = svc_merged(a, have, want);
	CHECK_STR(json_text(a, json_path(o, "metadata.labels")),
		  "{\"admin\":\"me\",\"app\":\"web\"}");
	CHECK_STR(json_path_str(o, "metadata.annotations.lb"), "1");
	CHECK_STR(json_path_str(o, "metadata.resourceVersion"), "7");
	CHECK_STR(json_path_str(o, "metadata.finalizers.0"), "lb");
	CHECK_STR(json_path_str(o, "spec.clusterIP"), "10.0.0.1");
	CHECK_INT(json_path_int(o, "spec.ports.0.nodePort", 0), 30001);
	arena_free(&a);
}

UNIT_TEST(addresses_are_taken_once)
{
	struct arena *a = arena_new();
	struct json *v = parse(a, "{\"spec\":{\"type\":\"ClusterIP\",\"ports\":[{\"port\":80}]}}");
	struct json *theirs =
		parse(a, "{\"spec\":{\"clusterIP\":\"10.0.0.1\",\"clusterIPs\":[\"10.0.0.1\"],"
			 "\"ipFamilies\":[\"IPv4\"],\"ipFamilyPolicy\":\"SingleStack\","
			 "\"ports\":[{\"port\":80,\"nodePort\":30001}]}}");

	CHECK(svc_take(a, v, theirs));
	CHECK_STR(json_path_str(v, "spec.clusterIPs.0"), "10.0.0.1");
	CHECK(!json_path(v, "spec.ports.0.nodePort"));
	CHECK(!svc_take(a, v, theirs));
	json_set_str(a, json_get(theirs, "spec"), "clusterIP", "10.0.0.2");
	json_set(a, json_get(theirs, "spec"), "clusterIPs", parse(a, "[\"10.0.0.2\"]"));
	CHECK(!svc_take(a, v, theirs));
	CHECK_STR(json_path_str(v, "spec.clusterIP"), "10.0.0.1");
	arena_free(&a);
}

UNIT_TEST(who_is_on_the_host)
{
	struct arena *a = arena_new();

	CHECK(!svc_on_host(
		parse(a, "{\"metadata\":{\"name\":\"kubernetes\",\"namespace\":\"default\"}}")));
	CHECK(svc_on_host(parse(a, "{\"metadata\":{\"name\":\"kubernetes\",\"namespace\":\"foo\"}}")));
	CHECK(!svc_on_host(parse(a, "{\"metadata\":{\"name\":\"x\",\"namespace\":\"foo\"},"
				    "\"spec\":{\"type\":\"ExternalName\"}}")));
	arena_free(&a);
}
