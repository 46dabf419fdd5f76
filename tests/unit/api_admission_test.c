/* Admission plugins, Service addresses, bootstrap objects, events. */
#include "api_fixture.h"

static const char pod[] =
	"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"initContainers\":[{\"name\":\"i\",\"image\":\"i\"}],"
	"\"containers\":[{\"name\":\"c\",\"image\":\"i\"},{\"name\":\"d\",\"image\":\"i\",\"volumeMounts\":[{\"name\":\"v\","
	"\"mountPath\":\"/var/run/secrets/kubernetes.io/serviceaccount\"}]}],\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}}";

UNIT_TEST(service_accounts_are_mounted)
{
	__attribute__((cleanup(fixture_close))) struct fixture f;
	const struct obj *o;
	struct json *spec;

	fixture_open_with(&f, (struct api_config){ .admit_service_accounts = true });
	CHECK(!fixture_create(
		&f, "default",
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"q\"},\"spec\":{\"serviceAccountName\":\"x\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}"));
	CHECK_INT(f.st.code, 403);
	CHECK_STR(f.st.message,
		  "pods \"q\" is forbidden: error looking up service account default/x: serviceaccount \"x\" not found");
	CHECK(fixture_create(&f, "default",
			     "{\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"default\"},"
			     "\"imagePullSecrets\":[{\"name\":\"pull\"}]}"));
	o = fixture_create(&f, "default", pod);
	CHECK_STR(f.st.message, NULL);
	spec = json_get(obj_tree(f.a, o), "spec");
	CHECK_STR(json_path_str(spec, "serviceAccountName"), "default");
	CHECK_STR(json_path_str(spec, "serviceAccount"), "default");
	CHECK_STR(json_path_str(spec, "imagePullSecrets.0.name"), "pull");
	CHECK_INT(json_count(json_get(spec, "volumes")), 2);
	CHECK(!strncmp(json_path_str(spec, "volumes.1.name"), "kube-api-access-", 16));
	CHECK_INT(json_path_int(spec,
				"volumes.1.projected.sources.0.serviceAccountToken.expirationSeconds",
				0),
		  3607);
	CHECK_INT(json_path_int(spec, "volumes.1.projected.defaultMode", 0), 420);
	CHECK_STR(json_path_str(spec, "containers.0.volumeMounts.0.mountPath"),
		  "/var/run/secrets/kubernetes.io/serviceaccount");
	CHECK(json_path_bool(spec, "containers.0.volumeMounts.0.readOnly", false));
	CHECK_INT(json_count(json_path(spec, "containers.1.volumeMounts")), 1);
	CHECK_INT(json_count(json_path(spec, "initContainers.0.volumeMounts")), 1);
	o = fixture_create(
		&f, "default",
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"r\"},\"spec\":{\"automountServiceAccountToken\":false,\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
	CHECK(o);
	CHECK_INT(json_count(json_path(obj_tree(f.a, o), "spec.volumes")), 0);
}

UNIT_TEST(priority_comes_from_the_class)
{
	FIXTURE(f);
	static const char text[] =
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\"},\"spec\":{%s\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";
	const struct obj *o;

	o = fixture_create(&f, "default", arena_printf(f.a, text, "a", ""));
	CHECK(o);
	CHECK_INT(json_path_int(obj_tree(f.a, o), "spec.priority", -1), 0);
	CHECK_STR(fixture_text(&f, o, "spec.preemptionPolicy"), "PreemptLowerPriority");
	o = fixture_create(&f, "default",
			   arena_printf(f.a, text, "b",
					"\"priorityClassName\":\"system-node-critical\","));
	CHECK_INT(json_path_int(obj_tree(f.a, o), "spec.priority", -1), 2000001000);
	CHECK(!fixture_create(&f, "default",
			      arena_printf(f.a, text, "c", "\"priorityClassName\":\"nope\",")));
	CHECK_INT(f.st.code, 403);
	CHECK_STR(f.st.message, "pods \"c\" is forbidden: no PriorityClass with name nope was found");
	CHECK(!fixture_create(&f, "default", arena_printf(f.a, text, "c", "\"priority\":7,")));
	CHECK_INT(f.st.code, 403);
	CHECK(fixture_create(
		&f, "",
		"{\"apiVersion\":\"scheduling.k8s.io/v1\",\"kind\":\"PriorityClass\",\"metadata\":{\"name\":\"low\"},\"value\":5,\"globalDefault\":true,\"preemptionPolicy\":\"Never\"}"));
	o = fixture_create(&f, "default", arena_printf(f.a, text, "d", ""));
	CHECK_INT(json_path_int(obj_tree(f.a, o), "spec.priority", -1), 5);
	CHECK_STR(fixture_text(&f, o, "spec.priorityClassName"), "low");
	CHECK(!fixture_create(
		&f, "",
		"{\"apiVersion\":\"scheduling.k8s.io/v1\",\"kind\":\"PriorityClass\",\"metadata\":{\"name\":\"two\"},\"value\":6,\"globalDefault\":true}"));
	CHECK(strstr(f.st.message, "PriorityClass low is already marked as default"));
}

UNIT_TEST(pods_tolerate_absent_nodes_for_a_while)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(
		&f, "default",
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"tolerations\":[{\"key\":\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\"}],\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
	const struct json *t;

	CHECK(o);
	t = json_path(obj_tree(f.a, o), "spec.tolerations");
	CHECK_INT(json_count(t), 2);
	CHECK_STR(json_path_str(t, "1.key"), "node.kubernetes.io/unreachable");
	CHECK_INT(json_path_int(t, "1.tolerationSeconds", 0), 300);
}

UNIT_TEST(default_classes)
{
	FIXTURE(f);
	const struct obj *o;

	CHECK(fixture_create(
		&f, "",
		"{\"apiVersion\":\"storage.k8s.io/v1\",\"kind\":\"StorageClass\",\"metadata\":{\"name\":\"std\",\"annotations\":"
		"{\"storageclass.kubernetes.io/is-default-class\":\"true\"}},\"provisioner\":\"x.io/y\"}"));
	o = fixture_create(
		&f, "default",
		"{\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"name\":\"c\"},\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],"
		"\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}");
	CHECK_STR(f.st.message, NULL);
	CHECK_STR(fixture_text(&f, o, "spec.storageClassName"), "std");
}

static const struct obj *service(struct fixture *f, const char *name, const char *spec)
{
	return fixture_create(
		f, "default",
		arena_printf(f->a,
			     "{\"kind\":\"Service\",\"metadata\":{\"name\":\"%s\"},\"spec\":{%s\"ports\":[{\"port\":80}]}}",
			     name, spec));
}

UNIT_TEST(services_get_addresses)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "Service");
	const struct obj *o, *p;

	o = fixture_get(&f, k, "default", "kubernetes");
	CHECK_STR(fixture_text(&f, o, "spec.clusterIP"), "10.43.0.1");
	o = service(&f, "a", "");
	CHECK_STR(f.st.message, NULL);
	CHECK(!strncmp(fixture_text(&f, o, "spec.clusterIP"), "10.43.", 6));
	CHECK_STR(fixture_text(&f, o, "spec.clusterIPs.0"), fixture_text(&f, o, "spec.clusterIP"));
	CHECK_STR(fixture_text(&f, o, "spec.ipFamilies.0"), "IPv4");
	CHECK_STR(fixture_text(&f, o, "spec.ipFamilyPolicy"), "SingleStack");
	p = service(&f, "b",
		    arena_printf(f.a, "\"clusterIP\":\"%s\",", fixture_text(&f, o, "spec.clusterIP")));
	CHECK(!p);
	CHECK_INT(f.st.code, 422);
	CHECK(strstr(f.st.message, "provided IP is already allocated"));
	CHECK(!service(&f, "b", "\"clusterIP\":\"1.2.3.4\","));
	CHECK(strstr(f.st.message,
		     "is not in the valid range. The range of valid IPs is 10.43.0.0/16"));
	CHECK(service(&f, "b", "\"clusterIP\":\"10.43.0.10\","));
	CHECK(api_delete(&f.c, k, "default", "b", NULL, NULL, &f.st));
	CHECK(service(&f, "b", "\"clusterIP\":\"10.43.0.10\","));
	o = service(&f, "h", "\"clusterIP\":\"None\",");
	CHECK_STR(fixture_text(&f, o, "spec.clusterIP"), "None");
	o = service(&f, "e", "\"type\":\"ExternalName\",\"externalName\":\"x.io\",");
	CHECK_STR(fixture_text(&f, o, "spec.clusterIP"), "");
}

UNIT_TEST(services_get_node_ports)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "Service");
	const struct obj *o;
	int64_t port;

	o = service(&f, "a", "\"type\":\"NodePort\",");
	CHECK_STR(f.st.message, NULL);
	port = json_path_int(obj_tree(f.a, o), "spec.ports.0.nodePort", 0);
	CHECK(port >= 30000 && port <= 32767);
	CHECK(!fixture_create(
		&f, "default",
		arena_printf(f.a,
			     "{\"kind\":\"Service\",\"metadata\":{\"name\":\"b\"},\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":%lld}]}}",
			     (long long)port)));
	CHECK_STR(f.st.message,
		  arena_printf(f.a,
			       "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: %lld: provided port is already allocated",
			       (long long)port));
	/* the refused create must not keep its address */
	o = fixture_patch(&f, k, NULL, "default", "a", PATCH_MERGE,
			  "{\"spec\":{\"type\":\"ClusterIP\"}}");
	CHECK_STR(f.st.message, NULL);
	CHECK_INT(json_path_int(obj_tree(f.a, o), "spec.ports.0.nodePort", 0), 0);
	CHECK(fixture_create(
		&f, "default",
		arena_printf(f.a,
			     "{\"kind\":\"Service\",\"metadata\":{\"name\":\"b\"},\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":%lld}]}}",
			     (long long)port)));
	o = fixture_patch(&f, k, NULL, "default", "b", PATCH_MERGE,
			  "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}");
	CHECK_INT(json_path_int(obj_tree(f.a, o), "spec.ports.0.nodePort", 0), port);
}

UNIT_TEST(a_small_range_fills_up_and_frees)
{
	__attribute__((cleanup(fixture_close))) struct fixture f;
	const struct kind *k;
	int n = 0;

	fixture_open_with(&f, (struct api_config){ .service_cidr = "10.9.0.0/28" });
	k = fixture_kind(&f, "v1", "Service");
	while (service(&f, arena_printf(f.a, "s%d", n), "")) {
		CHECK(n < 20);
		n++;
	}
	CHECK_INT(f.st.code, 500);
	CHECK_INT(n, 13); /* 16, less network, broadcast and the API's own */
	CHECK(api_delete(&f.c, k, "default", "s3", NULL, NULL, &f.st));
	CHECK(service(&f, "again", ""));
}

UNIT_TEST(a_bad_range_is_refused)
{
	struct status st = STATUS_INIT;
	struct store *store = store_open(":memory:", &st);
	struct kinds *kinds = kinds_new();
	struct api_config c = { .store = store, .kinds = kinds, .service_cidr = "fd00::/64" };
	struct api *api = api_new(&c, &st);

	CHECK(!api);
	CHECK_INT(st.code, 500);
	status_clear(&st);
	kinds_free(&kinds);
	store_close(&store);
}

UNIT_TEST(bootstrap_happens_once)
{
	FIXTURE(f);
	struct api_config c = *api_settings(f.api);
	int64_t rev = store_rev(f.store), before;
	struct api *again;

	before = clock_mono_ns();
	again = api_new(&c, &f.st);
	CHECK(again);
	CHECK(clock_mono_ns() - before < 1000000000);
	CHECK_INT(store_rev(f.store), rev);
	CHECK_STR(fixture_text(&f,
			       fixture_get(&f, fixture_kind(&f, "v1", "ConfigMap"), "kube-system",
					   "extension-apiserver-authentication"),
			       "data.client-ca-file"),
		  "CA");
	api_free(&again);
	c.ca_pem = "CA2";
	again = api_new(&c, &f.st);
	CHECK_INT(store_rev(f.store), rev + 1);
	api_free(&again);
}

static void say(struct fixture *f, const struct obj *o, const char *message)
{
	struct event_item e = {
		fixture_kind(f, "v1", "ConfigMap"), o, "test", "Normal", "Tested", message
	};

	api_event_many(&f->c, &e, 1);
}

UNIT_TEST(long_messages_are_cut_between_characters)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(
		&f, "default", "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}");
	struct list_result r;
	char text[1100];

	memset(text, 'x', sizeof text);
	memcpy(text + 1022, "\xe2\x82\xac", 4);
	say(&f, o, text);
	CHECK(api_list(&f.c, fixture_kind(&f, "v1", "Event"), "default", NULL, &r, &f.st));
	CHECK_INT(r.n, 1);
	CHECK_INT(strlen(fixture_text(&f, r.items[0], "message")), 1022);
}

UNIT_TEST(events_are_counted)
{
	FIXTURE(f);
	const struct kind *ev = fixture_kind(&f, "v1", "Event");
	const struct obj *o = fixture_create(
		&f, "default", "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}");
	struct list_result r;

	for (int i = 0; i < 3; i++)
		say(&f, o, "said so");
	say(&f, o, "said otherwise");
	CHECK(api_list(&f.c, ev, "default",
		       &(struct list_options){ .field_selector =
						       "involvedObject.name=a,reason=Tested" },
		       &r, &f.st));
	CHECK_INT(r.n, 2);
	CHECK_INT(json_path_int(obj_tree(f.a, r.items[0]), "count", 0) +
			  json_path_int(obj_tree(f.a, r.items[1]), "count", 0),
		  4);
	CHECK_STR(fixture_text(&f, r.items[0], "source.component"), "test");
}

UNIT_TEST(pod_security_follows_the_namespace)
{
	FIXTURE(f);
	static const char plain[] =
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\"},\"spec\":{%s\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";

	CHECK(fixture_create(
		&f, "",
		"{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n\",\"labels\":{\"pod-security.kubernetes.io/enforce\":\"baseline\","
		"\"pod-security.kubernetes.io/warn\":\"restricted\",\"pod-security.kubernetes.io/warn-version\":\"v1.30\"}}}"));
	CHECK(!fixture_create(&f, "n", arena_printf(f.a, plain, "a", "\"hostNetwork\":true,")));
	CHECK_INT(f.st.code, 403);
	CHECK_STR(f.st.message,
		  "pods \"a\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true)");
	CHECK_INT(f.c.nwarnings, 0);
	CHECK(fixture_create(&f, "n", arena_printf(f.a, plain, "a", "")));
	CHECK_INT(f.c.nwarnings, 1);
	CHECK(!strncmp(f.c.warnings[0], "would violate PodSecurity \"restricted:v1.30\": ", 46));
	f.c.nwarnings = 0;
	CHECK(fixture_create(
		&f, "n",
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"r\"},\"spec\":{\"selector\":"
		"{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":"
		"{\"hostNetwork\":true,\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}"));
	CHECK_INT(f.c.nwarnings, 1);
}

UNIT_TEST(limit_ranges_default_and_refuse)
{
	FIXTURE(f);
	static const char pod_of[] =
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\","
		"\"resources\":%s}]}}";
	const struct obj *o;

	CHECK(fixture_create(
		&f, "default",
		"{\"kind\":\"LimitRange\",\"metadata\":{\"name\":\"l\"},\"spec\":{\"limits\":[{\"type\":\"Container\","
		"\"default\":{\"cpu\":\"200m\",\"memory\":\"64Mi\"},\"defaultRequest\":{\"cpu\":\"100m\",\"memory\":\"64Mi\"},"
		"\"max\":{\"cpu\":\"500m\"}},{\"type\":\"Pod\",\"max\":{\"memory\":\"1Gi\"}},"
		"{\"type\":\"PersistentVolumeClaim\",\"min\":{\"storage\":\"1Gi\"},\"max\":{\"storage\":\"2Gi\"}}]}}"));
	o = fixture_create(&f, "default", arena_printf(f.a, pod_of, "a", "{}"));
	CHECK_STR(f.st.message, NULL);
	CHECK_STR(fixture_text(&f, o, "spec.containers.0.resources.limits.cpu"), "200m");
	CHECK_STR(fixture_text(&f, o, "spec.containers.0.resources.requests.cpu"), "100m");
	CHECK_STR(meta_annotation(obj_tree(f.a, o), "kubernetes.io/limit-ranger"),
		  "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c");
	CHECK(!fixture_create(&f, "default",
			      arena_printf(f.a, pod_of, "b", "{\"limits\":{\"cpu\":\"1\"}}")));
	CHECK_INT(f.st.code, 403);
	CHECK_STR(f.st.message,
		  "pods \"b\" is forbidden: maximum cpu usage per Container is 500m, but limit is 1");
	CHECK(!fixture_create(&f, "default",
			      arena_printf(f.a, pod_of, "b",
					   "{\"limits\":{\"cpu\":\"1\",\"memory\":\"2Gi\"}}")));
	CHECK_STR(f.st.message,
		  "pods \"b\" is forbidden: [maximum cpu usage per Container is 500m, but limit is 1, maximum memory usage per Pod is 1Gi, but limit is 2Gi]");
	CHECK(!fixture_create(
		&f, "default",
		"{\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"name\":\"c\"},\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],"
		"\"resources\":{\"requests\":{\"storage\":\"3Gi\"}}}}"));
	CHECK_STR(f.st.message,
		  "persistentvolumeclaims \"c\" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi");
}
