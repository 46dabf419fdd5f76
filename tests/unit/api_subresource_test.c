/* scale, binding, eviction, tokens, and the subresources that write a few fields. */
#include "api_fixture.h"

static const char pod[] =
	"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":"
	"[{\"name\":\"c\",\"image\":\"i\"}]}}";

UNIT_TEST(scale_reads_and_writes_replicas)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "apps/v1", "Deployment");
	struct json *s;

	CHECK(fixture_create(
		&f, "default",
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},"
		"\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"metadata\":"
		"{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}"));
	s = api_scale_get(&f.c, k, "default", "d", &f.st);
	CHECK(s);
	CHECK_STR(json_path_str(s, "kind"), "Scale");
	CHECK_STR(json_path_str(s, "apiVersion"), "autoscaling/v1");
	CHECK_STR(json_path_str(s, "metadata.namespace"), "default");
	CHECK_INT(json_path_int(s, "spec.replicas", -1), 2);
	CHECK_STR(json_path_str(s, "status.selector"), "a=b");
	s = api_scale_update(&f.c, k, "default", "d", fixture_json(&f, "{\"spec\":{\"replicas\":5}}"),
			     PATCH_MERGE, true, false, &f.st);
	CHECK_STR(f.st.message, NULL);
	CHECK_INT(json_path_int(s, "spec.replicas", -1), 5);
	CHECK_INT(fixture_get(&f, k, "default", "d")->generation, 2);
	CHECK(!api_scale_update(
		&f.c, k, "default", "d",
		fixture_json(&f, "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":-1}}"),
		PATCH_MERGE, false, false, &f.st));
	CHECK_STR(f.st.message,
		  "Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0");
	status_clear(&f.st);
	CHECK(!api_scale_update(
		&f.c, k, "default", "d",
		fixture_json(
			&f,
			"{\"metadata\":{\"name\":\"d\",\"resourceVersion\":\"1\"},\"spec\":{\"replicas\":1}}"),
		PATCH_MERGE, false, false, &f.st));
	CHECK_STR(f.st.reason, "Conflict");
	status_clear(&f.st);
	s = api_scale_update(&f.c, k, "default", "d",
			     fixture_json(&f, "{\"metadata\":{\"name\":\"d\"},\"spec\":{}}"),
			     PATCH_MERGE, false, false, &f.st);
	CHECK(s);
	CHECK(!json_path(s, "spec.replicas"));
	CHECK(!api_scale_get(&f.c, fixture_kind(&f, "v1", "ConfigMap"), "default", "d", &f.st));
	CHECK_INT(f.st.code, 404);
}

UNIT_TEST(bind_once)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "Pod");
	struct json *b =
		fixture_json(&f, "{\"metadata\":{\"name\":\"p\",\"annotations\":{\"x\":\"y\"}},"
				 "\"target\":{\"kind\":\"Node\",\"name\":\"n9\"}}");
	struct bind_item items[] = { { .ns = "default", .name = "p", .node = "n1" },
				     { .ns = "default", .name = "q", .node = "n1" },
				     { .ns = "default", .name = "r", .node = "n1", .uid = "zz" } };
	const struct obj *o;

	CHECK(fixture_create(&f, "default", pod));
	CHECK(api_bind(&f.c, "default", "p", b, &f.st));
	o = fixture_get(&f, k, "default", "p");
	CHECK_STR(fixture_text(&f, o, "spec.nodeName"), "n9");
	CHECK_STR(meta_annotation(obj_tree(f.a, o), "x"), "y");
	CHECK_STR(json_str(json_get(meta_condition(obj_tree(f.a, o), "PodScheduled"), "status")),
		  "True");
	CHECK(!api_bind(&f.c, "default", "p", b, &f.st));
	CHECK_INT(f.st.code, 409);
	CHECK_STR(f.st.message,
		  "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n9\"");
	status_clear(&f.st);
	CHECK(!api_bind(&f.c, "default", "nope", b, &f.st));
	CHECK_INT(f.st.code, 400);
	CHECK(fixture_create(
		&f, "default",
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"q\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}"));
	CHECK(fixture_create(
		&f, "default",
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"r\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}"));
	CHECK(api_bind_many(&f.c, items, 3, &f.st));
	CHECK(!items[0].bound);
	CHECK(items[1].bound);
	CHECK(!items[2].bound);
}

static void pod_running(struct fixture *f)
{
	const struct kind *k = fixture_kind(f, "v1", "Pod");

	if (!fixture_create(f, "default", pod) ||
	    !fixture_patch(
		    f, k, "status", "default", "p", PATCH_MERGE,
		    "{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"))
		bug("%s", f->st.message);
}

static void budget(struct fixture *f, const char *name, const char *status)
{
	if (!fixture_create(
		    f, "default",
		    arena_printf(
			    f->a,
			    "{\"apiVersion\":\"policy/v1\",\"kind\":\"PodDisruptionBudget\",\"metadata\":{\"name\":\"%s\"},"
			    "\"spec\":{\"minAvailable\":1,\"selector\":{\"matchLabels\":{\"a\":\"b\"}}}}",
			    name)) ||
	    !fixture_patch(f, fixture_kind(f, "policy/v1", "PodDisruptionBudget"), "status", "default",
			   name, PATCH_MERGE, arena_printf(f->a, "{\"status\":%s}", status)))
		bug("%s", f->st.message);
}

UNIT_TEST(eviction_asks_the_budget)
{
	FIXTURE(f);
	const struct kind *pdb = fixture_kind(&f, "policy/v1", "PodDisruptionBudget");
	struct json *e = fixture_json(&f, "{\"metadata\":{\"name\":\"p\"}}");
	struct json *tree;

	pod_running(&f);
	budget(&f, "b",
	       "{\"observedGeneration\":1,\"disruptionsAllowed\":0,\"currentHealthy\":1,\"desiredHealthy\":1,\"expectedPods\":1}");
	CHECK(!api_evict(&f.c, "default", "p", e, &f.st));
	CHECK_INT(f.st.code, 429);
	CHECK_STR(f.st.message, "Cannot evict pod as it would violate the pod's disruption budget.");
	CHECK_STR(f.st.causes[0].message,
		  "The disruption budget b needs 1 healthy pods and has 1 currently");
	CHECK_INT(f.st.retry_after_s, 0);
	status_clear(&f.st);
	CHECK(fixture_patch(&f, pdb, "status", "default", "b", PATCH_MERGE,
			    "{\"status\":{\"disruptionsAllowed\":1}}"));
	CHECK(api_evict(&f.c, "default", "p", e, &f.st));
	CHECK(!fixture_get(&f, fixture_kind(&f, "v1", "Pod"), "default", "p"));
	tree = obj_tree(f.a, fixture_get(&f, pdb, "default", "b"));
	CHECK_INT(json_path_int(tree, "status.disruptionsAllowed", -1), 0);
	CHECK(json_path(tree, "status.disruptedPods.p"));
	pod_running(&f);
	budget(&f, "b2",
	       "{\"observedGeneration\":1,\"disruptionsAllowed\":1,\"currentHealthy\":1,\"desiredHealthy\":1,\"expectedPods\":1}");
	status_clear(&f.st);
	CHECK(!api_evict(&f.c, "default", "p", e, &f.st));
	CHECK_INT(f.st.code, 500);
}

/* A token is its claims, hex-like: enough to check what is signed. */
static char *fake_sign(void *arg, struct arena *a, const struct json *claims, struct status *st)
{
	(void)arg;
	(void)st;
	return json_text(a, claims);
}

static struct json *fake_verify(void *arg, struct arena *a, const char *token, struct status *st)
{
	(void)arg;
	return json_parse(a, token, strlen(token), NULL, st);
}

static const struct token_ops fake_tokens = { fake_sign, fake_verify, NULL };

static void token_fixture(struct fixture *f)
{
	fixture_open_with(f, (struct api_config){ .tokens = &fake_tokens, .issuer = "iss" });
	if (!fixture_create(f, "default",
			    "{\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"sa\"}}"))
		bug("%s", f->st.message);
}

static struct json *request(struct fixture *f, const char *text)
{
	status_clear(&f->st);
	return api_token_request(&f->c, "default", "sa", fixture_json(f, text), &f->st);
}

UNIT_TEST(tokens_speak_for_accounts)
{
	__attribute__((cleanup(fixture_close))) struct fixture f;
	const struct user *u;
	const char *token;
	struct json *r, *claims;

	token_fixture(&f);
	r = request(&f, "{}");
	CHECK_STR(f.st.message, NULL);
	CHECK_INT(json_path_int(r, "spec.expirationSeconds", 0), 3600);
	CHECK_STR(json_path_str(r, "spec.audiences.0"), "iss");
	CHECK_STR(json_path_str(r, "metadata.name"), "sa");
	token = json_path_str(r, "status.token");
	claims = fixture_json(&f, token);
	CHECK_STR(json_path_str(claims, "sub"), "system:serviceaccount:default:sa");
	CHECK_STR(json_path_str(json_get(claims, "kubernetes.io"), "serviceaccount.name"), "sa");
	CHECK_INT(json_path_int(claims, "exp", 0) - json_path_int(claims, "iat", 0), 3600);
	u = api_authenticate_token(f.api, f.a, token, NULL, &f.st);
	CHECK(u);
	CHECK_STR(u->name, "system:serviceaccount:default:sa");
	CHECK_STR(u->groups[1], "system:serviceaccounts:default");
	CHECK_STR(u->extra[0].key, "authentication.kubernetes.io/credential-id");
	CHECK(!api_authenticate_token(f.api, f.a, token, (const char *const[]){ "other", NULL },
				      &f.st));
	CHECK_INT(f.st.code, 401);
	clock_set((clock_now_s() + 3700) * 1000000);
	CHECK(!api_authenticate_token(f.api, f.a, token, NULL, NULL));
	clock_set(-1);
	CHECK(api_delete(&f.c, fixture_kind(&f, "v1", "ServiceAccount"), "default", "sa", NULL,
			 NULL, &f.st));
	CHECK(!api_authenticate_token(f.api, f.a, token, NULL, NULL));
}

UNIT_TEST(token_requests_are_checked)
{
	__attribute__((cleanup(fixture_close))) struct fixture f;

	token_fixture(&f);
	CHECK(!request(&f, "{\"spec\":{\"expirationSeconds\":10}}"));
	CHECK_INT(f.st.code, 422);
	CHECK_STR(f.st.message,
		  "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes");
	CHECK(!request(&f, "{\"metadata\":{\"uid\":\"X\"}}"));
	CHECK_INT(f.st.code, 409);
	CHECK(!request(
		&f,
		"{\"spec\":{\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"zz\"}}}"));
	CHECK_INT(f.st.code, 404);
	CHECK(!request(
		&f,
		"{\"spec\":{\"boundObjectRef\":{\"kind\":\"Foo\",\"apiVersion\":\"v1\",\"name\":\"zz\"}}}"));
	CHECK_INT(f.st.code, 400);
}

UNIT_TEST(bound_tokens_end_with_their_pod)
{
	__attribute__((cleanup(fixture_close))) struct fixture f;
	const struct user *u;
	const char *token;
	struct json *r, *k8s;

	token_fixture(&f);
	CHECK(fixture_create(
		&f, "default",
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"serviceAccountName\":\"sa\","
		"\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}"));
	r = request(&f, "{\"spec\":{\"expirationSeconds\":3607,\"boundObjectRef\":{\"kind\":\"Pod\","
			"\"apiVersion\":\"v1\",\"name\":\"p\"}}}");
	CHECK_STR(f.st.message, NULL);
	token = json_path_str(r, "status.token");
	k8s = json_get(fixture_json(&f, token), "kubernetes.io");
	CHECK_STR(json_path_str(k8s, "pod.name"), "p");
	CHECK(json_get(k8s, "warnafter"));
	CHECK_INT(json_path_int(fixture_json(&f, token), "exp", 0) -
			  json_path_int(fixture_json(&f, token), "iat", 0),
		  365 * 24 * 3600);
	u = api_authenticate_token(f.api, f.a, token, NULL, &f.st);
	CHECK(u);
	CHECK_INT(u->nextra, 3);
	CHECK(api_delete(&f.c, fixture_kind(&f, "v1", "Pod"), "default", "p", NULL, NULL, &f.st));
	CHECK(!api_authenticate_token(f.api, f.a, token, NULL, NULL));
}

UNIT_TEST(token_reviews_tell)
{
	__attribute__((cleanup(fixture_close))) struct fixture f;
	const struct kind *k;
	struct json *r, *q;

	token_fixture(&f);
	k = fixture_kind(&f, "authentication.k8s.io/v1", "TokenReview");
	q = json_object(f.a);
	json_set_str(f.a, json_ensure_object(f.a, q, "spec"), "token",
		     json_path_str(request(&f, "{\"spec\":{\"audiences\":[\"x\",\"iss\"]}}"),
				   "status.token"));
	json_append(json_ensure_array(f.a, json_get(q, "spec"), "audiences"), json_string(f.a, "x"));
	r = api_review(&f.c, k, "", q, &f.st);
	CHECK(json_path_bool(r, "status.authenticated", false));
	CHECK_STR(json_path_str(r, "status.user.username"), "system:serviceaccount:default:sa");
	CHECK_INT(json_count(json_path(r, "status.audiences")), 1);
	CHECK_STR(json_path_str(r, "status.audiences.0"), "x");
	r = api_review(&f.c, k, "", fixture_json(&f, "{\"spec\":{\"token\":\"junk\"}}"), &f.st);
	CHECK(!json_path(r, "status.authenticated"));
	CHECK_STR(json_path_str(r, "status.error"), "invalid bearer token");
	CHECK(!api_review(&f.c, k, "", fixture_json(&f, "{\"spec\":{}}"), &f.st));
	CHECK_INT(f.st.code, 400);
}

UNIT_TEST(ephemeral_containers_only_grow)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "Pod");
	const struct obj *o;

	CHECK(fixture_create(&f, "default", pod));
	o = fixture_patch(
		&f, k, "ephemeralcontainers", "default", "p", PATCH_STRATEGIC,
		"{\"metadata\":{\"labels\":{\"a\":\"z\"}},\"spec\":{\"ephemeralContainers\":[{\"name\":\"e\",\"image\":\"j\"}]}}");
	CHECK_STR(f.st.message, NULL);
	CHECK_INT(json_count(json_path(obj_tree(f.a, o), "spec.ephemeralContainers")), 1);
	CHECK_STR(obj_label(o, "a"), "b");
	CHECK(!fixture_patch(&f, k, "ephemeralcontainers", "default", "p", PATCH_MERGE,
			     "{\"spec\":{\"ephemeralContainers\":[]}}"));
	CHECK_INT(f.st.code, 422);
	CHECK(!fixture_patch(&f, k, "nonsense", "default", "p", PATCH_MERGE, "{}"));
	CHECK_INT(f.st.code, 404);
}

UNIT_TEST(resize_changes_resources_only)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "Pod");
	const struct obj *o;

	CHECK(fixture_create(&f, "default", pod));
	o = fixture_patch(
		&f, k, "resize", "default", "p", PATCH_STRATEGIC,
		"{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"other\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}}");
	CHECK_STR(f.st.message, NULL);
	CHECK_STR(fixture_text(&f, o, "spec.containers.0.image"), "i");
	CHECK_STR(fixture_text(&f, o, "spec.containers.0.resources.requests.cpu"), "1");
	CHECK_INT(o->generation, 2);
}

UNIT_TEST(approval_writes_conditions_only)
{
	FIXTURE(f);
	static const char *const groups[] = { "dev", NULL };
	static const struct user alice = { .name = "alice", .uid = "", .groups = groups };
	static const char approve[] =
		"{\"status\":{\"certificate\":\"eA==\",\"conditions\":[{\"type\":\"Approved\","
		"\"status\":\"True\",\"reason\":\"x\"}]}}";
	const struct kind *k =
		fixture_kind(&f, "certificates.k8s.io/v1", "CertificateSigningRequest");
	const struct obj *o;

	f.c.user = &alice;
	o = fixture_create(
		&f, "",
		"{\"apiVersion\":\"certificates.k8s.io/v1\",\"kind\":\"CertificateSigningRequest\","
		"\"metadata\":{\"name\":\"r\"},\"spec\":{\"username\":\"root\",\"groups\":[\"system:masters\"],"
		"\"request\":\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0=\","
		"\"signerName\":\"a.io/b\",\"usages\":[\"client auth\"]}}");
	if (!o) /* the row may check the request itself, which is none here */
		return;
	CHECK_STR(fixture_text(&f, o, "spec.username"), "alice");
	CHECK_STR(fixture_text(&f, o, "spec.groups.0"), "dev");
	CHECK(!fixture_patch(&f, k, "approval", "", "r", PATCH_MERGE, approve));
	CHECK_STR(f.st.message,
		  "certificatesigningrequests.certificates.k8s.io \"r\" is forbidden: user not permitted to approve requests with signerName \"a.io/b\"");
	f.c.user = &api_system_user;
	o = fixture_patch(&f, k, "approval", "", "r", PATCH_MERGE, approve);
	CHECK_STR(f.st.message, NULL);
	CHECK_INT(json_count(json_path(obj_tree(f.a, o), "status.conditions")), 1);
	CHECK(!json_path(obj_tree(f.a, o), "status.certificate"));
	CHECK(*fixture_text(&f, o, "status.conditions.0.lastUpdateTime"));
}
