/* What objects take of quotas: the pure part; the commit is in the scenarios. */
#include "api_fixture.h"

#include "api/quota.h"
#include "base/buf.h"

static const char *taken(struct fixture *f, const char *resource, const char *object)
{
	const struct kind *k = kinds_preferred(api_kinds(f->api), "", resource);
	struct usage u = { 0 };
	struct buf b = BUF_INIT;
	char *text;

	quota_usage(f->a, k, json_parse_own(f->a, object, strlen(object)), 1000, &u);
	for (size_t i = 0; i < u.n; i++)
		buf_addf(&b, "%s%s=%s", i ? "," : "", u.v[i].name, quantity_text(f->a, &u.v[i].q));
	text = arena_strdup(f->a, b.p ? b.p : "");
	buf_free(&b);
	return text;
}

UNIT_TEST(pods_take_what_they_ask_for)
{
	FIXTURE(f);

	CHECK_STR(taken(&f, "pods", "{\"spec\":{\"containers\":[{\"name\":\"c\"}]}}"),
		  "count/pods=1,pods=1");
	CHECK_STR(taken(&f, "pods", "{\"status\":{\"phase\":\"Failed\"}}"), "count/pods=1");
	CHECK_STR(taken(&f, "pods",
			"{\"metadata\":{\"deletionTimestamp\":\"1970-01-01T00:16:00Z\",\"deletionGracePeriodSeconds\":30}}"),
		  "count/pods=1");
	/* the sidecar runs with both: 1 + 2 + 1; the first init container alone */
	CHECK_STR(
		taken(&f, "pods",
		      "{\"spec\":{\"overhead\":{\"cpu\":\"250m\"},"
		      "\"initContainers\":[{\"name\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"3\"}}},"
		      "{\"name\":\"s\",\"restartPolicy\":\"Always\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}],"
		      "\"containers\":[{\"name\":\"a\",\"resources\":{\"requests\":{\"cpu\":\"2\"}}},"
		      "{\"name\":\"b\",\"resources\":{\"requests\":{\"cpu\":\"1\",\"x.io/gpu\":\"2\"}}}]}}"),
		"count/pods=1,pods=1,cpu=4250m,requests.cpu=4250m,requests.x.io/gpu=2");
	/* being resized: the larger of what it has and wants */
	CHECK_STR(taken(&f, "pods",
			"{\"spec\":{\"containers\":[{\"name\":\"a\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]},"
			"\"status\":{\"containerStatuses\":[{\"name\":\"a\",\"resources\":{\"requests\":{\"cpu\":\"3\"}}}]}}"),
		  "count/pods=1,pods=1,cpu=3,requests.cpu=3");
}

UNIT_TEST(services_and_claims)
{
	FIXTURE(f);

	CHECK_STR(taken(&f, "services",
			"{\"spec\":{\"type\":\"LoadBalancer\",\"allocateLoadBalancerNodePorts\":false,\"ports\":[{\"nodePort\":30000},{}]}}"),
		  "count/services=1,services=1,services.loadbalancers=1,services.nodeports=1");
	CHECK_STR(taken(&f, "persistentvolumeclaims",
			"{\"spec\":{\"storageClassName\":\"g\",\"resources\":{\"requests\":{\"storage\":\"1.5\"}}}}"),
		  "count/persistentvolumeclaims=1,persistentvolumeclaims=1,g.storageclass.storage.k8s.io/persistentvolumeclaims=1,"
		  "requests.storage=2,g.storageclass.storage.k8s.io/requests.storage=2");
}

UNIT_TEST(names_are_of_kinds)
{
	FIXTURE(f);
	const struct kind *pods = kinds_preferred(api_kinds(f.api), "", "pods");
	const struct kind *sets = kinds_preferred(api_kinds(f.api), "apps", "replicasets");
	const struct kind *events = kinds_preferred(api_kinds(f.api), "", "events");

	CHECK(quota_names(pods, "count/pods") && quota_names(pods, "requests.hugepages-2Mi"));
	CHECK(quota_names(pods, "requests.x.io/gpu") && !quota_names(pods, "x.io/gpu"));
	CHECK(!quota_names(pods, "count/pods.metrics.k8s.io") && !quota_names(pods, "services"));
	CHECK(quota_names(sets, "count/replicasets.apps") && !quota_names(sets, "count/replicasets"));
	CHECK(quota_counts(pods) && !quota_counts(events));
}

UNIT_TEST(scopes_and_what_must_be_said)
{
	FIXTURE(f);
	const struct kind *pods = kinds_preferred(api_kinds(f.api), "", "pods");
	static const char text[] =
		"{\"spec\":{\"activeDeadlineSeconds\":3,\"containers\":[{\"name\":\"b\"},{\"name\":\"a\"}]}}";
	struct json *pod = json_parse_own(f.a, text, sizeof text - 1);
	struct json *hard = json_build(f.a, "{\"requests.cpu\":\"1\",\"limits.memory\":\"1\"}");

	CHECK(quota_scopes_match(
		f.a, pods, json_build(f.a, "{spec:{scopes:[\"Terminating\",\"BestEffort\"]}}"), pod));
	CHECK(!quota_scopes_match(f.a, pods,
				  json_build(f.a, "{spec:{scopes:[\"NotTerminating\"]}}"), pod));
	CHECK(quota_scopes_match(
		f.a, pods,
		json_build(f.a,
			   "{spec:{scopeSelector:{matchExpressions:[{scopeName:\"PriorityClass\",operator:\"NotIn\",values:[\"x\"]}]}}}"),
		pod));
	CHECK_STR(quota_unspecified(f.a, pod, hard), "limits.memory for: a,b; requests.cpu for: a,b");
}
