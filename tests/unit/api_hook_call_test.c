/* The transport of webhooks: URLs, services, endpoints, certificates, refusals, in upstream's words. */
#include "api_fixture.h"

#include "api/hook_call.h"
#include "base/codec.h"
#include "tests/unit/net_server.h"

#include <unistd.h>

static enum http_next hook_fast(void *arg, struct http_req *r)
{
	const char *s;

	(void)arg;
	if (strstr(r->path, "/slow"))
		return HTTP_WORK;
	if (strstr(r->path, "/teapot"))
		http_reply(r, 418, "text/plain", "short", 5, NULL, NULL);
	else if (strstr(r->path, "/broken"))
		http_reply(r, 500, "text/plain", "it broke\n", 9, NULL, NULL);
	else if (strstr(r->path, "/junk"))
		http_reply(r, 200, "application/json", "{x", 2, NULL, NULL);
	else if (strstr(r->path, "/empty"))
		http_reply(r, 200, "application/json", "", 0, NULL, NULL);
	else {
		s = arena_printf(
			r->a,
			"{\"path\":\"%s\",\"query\":\"%s\",\"host\":\"%s\",\"method\":\"%s\",\"body\":%s}",
			r->path, r->query, http_header(r, "Host"), r->method, r->body);
		http_reply(r, 200, "application/json", s, strlen(s), NULL, NULL);
	}
	return HTTP_DONE;
}

static void hook_work(void *arg, struct http_req *r)
{
	(void)arg;
	sleep(2);
	http_reply(r, 200, "application/json", "{}", 2, NULL, NULL);
}

static const struct httpd_ops hook_ops = { .fast = hook_fast, .work = hook_work };

struct hooked {
	struct fixture f;
	struct test_server t;
	const char *ca, *why;
};

static void hooked_open(struct hooked *h)
{
	static const char *const sans[] = { "hook.default.svc", "127.0.0.1", NULL };
	struct cert_request q = { .cn = "hook", .sans = sans, .server = true, .valid_s = 3600 };
	char *key, *cert;

	memset(h, 0, sizeof *h);
	fixture_open_with(&h->f, (struct api_config){ 0 });
	test_server_start(&h->t, &hook_ops, NULL);
	test_issue(&h->t, &q, &key, &cert);
	CHECK(tls_identity_swap(h->t.tls, cert, key, NULL));
	free(key);
	free(cert);
	h->ca = base64_encode(h->f.a, h->t.ca_cert, strlen(h->t.ca_cert));
}

static void hooked_close(struct hooked *h)
{
	fixture_close(&h->f);
	test_server_stop(&h->t);
}

static struct json *ask(struct hooked *h, const char *config, int timeout_s)
{
	struct json *cc = json_parse(h->f.a, config, strlen(config), NULL, NULL);

	h->why = NULL;
	json_set_str(h->f.a, cc, "caBundle", h->ca);
	return hook_call(&h->f.c, cc, json_build(h->f.a, "{ask:%d}", 1), timeout_s, &h->why);
}

static struct json *ask_url(struct hooked *h, const char *path, int timeout_s)
{
	return ask(h, arena_printf(h->f.a, "{\"url\":\"https://127.0.0.1:%s%s\"}", h->t.port, path),
		   timeout_s);
}

UNIT_TEST(a_url_is_asked)
{
	__attribute__((cleanup(hooked_close))) struct hooked h;
	struct json *o;

	hooked_open(&h);
	for (int i = 0; i < 3; i++) {
		o = ask_url(&h, "//a//b/", 10);
		CHECK_STR(h.why, NULL);
		CHECK_STR(json_path_str(o, "path"), "/a/b");
		CHECK_STR(json_path_str(o, "query"), "timeout=10s");
		CHECK_STR(json_path_str(o, "method"), "POST");
		CHECK_INT(json_path_int(o, "body.ask", 0), 1);
	}
	CHECK_STR(json_path_str(ask_url(&h, "", 0), "path"), "/");
	CHECK(!ask_url(&h, "/teapot", 1));
	CHECK_STR(h.why,
		  "the server responded with the status code 418 but did not return more information");
	CHECK(!ask_url(&h, "/broken", 1));
	CHECK_STR(h.why,
		  "an error on the server (\"it broke\") has prevented the request from succeeding");
	CHECK(!ask_url(&h, "/junk", 1));
	CHECK(strstr(h.why, "couldn't get version/kind; json parse error: invalid character 'x'"));
	CHECK(!ask_url(&h, "/empty", 1));
	CHECK_STR(h.why,
		  "0-length response with status code: 200 and content type: application/json");
}

UNIT_TEST(time_runs_out)
{
	__attribute__((cleanup(hooked_close))) struct hooked h;

	hooked_open(&h);
	CHECK(!ask_url(&h, "/slow", 1));
	CHECK_STR(h.why,
		  arena_printf(h.f.a,
			       "Post \"https://127.0.0.1:%s/slow?timeout=1s\": context deadline exceeded",
			       h.t.port));
}

UNIT_TEST(strangers_are_not_trusted)
{
	__attribute__((cleanup(hooked_close))) struct hooked h;
	struct cert_request q = { .cn = "other", .ca = true, .valid_s = 3600 };
	char *key, *cert;
	const char *own;

	hooked_open(&h);
	CHECK(ask_url(&h, "/x", 1));
	CHECK(pki_new_key(&key, NULL) && pki_issue(&q, key, NULL, NULL, &cert, NULL));
	own = h.ca;
	h.ca = base64_encode(h.f.a, cert, strlen(cert));
	free(key);
	free(cert);
	CHECK(!ask_url(&h, "/x", 1));
	CHECK(strstr(
		h.why,
		": tls: failed to verify certificate: x509: certificate signed by unknown authority"));
	h.ca = own;
	CHECK(ask_url(&h, "/x", 1));
}

static const char service[] =
	"{\"service\":{\"name\":\"hook\",\"namespace\":\"default\",\"path\":\"/p\","
	"\"port\":443}}";

static void service_make(struct hooked *h, const char *spec)
{
	CHECK(fixture_create(
		&h->f, "default",
		arena_printf(h->f.a,
			     "{\"kind\":\"Service\",\"metadata\":{\"name\":\"hook\"},\"spec\":%s}",
			     spec)));
	CHECK_STR(h->f.st.message, NULL);
}

UNIT_TEST(a_service_is_found_by_its_endpoints)
{
	__attribute__((cleanup(hooked_close))) struct hooked h;
	struct json *o;

	hooked_open(&h);
	CHECK(!ask(&h, service, 1));
	CHECK_STR(h.why,
		  "Post \"https://hook.default.svc:443/p?timeout=1s\": service \"hook\" not found");
	service_make(&h, "{\"ports\":[{\"name\":\"web\",\"port\":443,\"targetPort\":8443}]}");
	CHECK(!ask(&h, service, 1));
	CHECK_STR(h.why,
		  "Post \"https://hook.default.svc:443/p?timeout=1s\": no endpoints available for service \"hook\"");
	CHECK(fixture_create(
		&h.f, "default",
		arena_printf(
			h.f.a,
			"{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\",\"metadata\":{\"name\":\"hook-1\","
			"\"labels\":{\"kubernetes.io/service-name\":\"hook\"}},\"addressType\":\"IPv4\",\"ports\":[{\"name\":\"web\",\"port\":%s}],"
			"\"endpoints\":[{\"addresses\":[\"127.0.0.9\"],\"conditions\":{\"ready\":false}},{\"addresses\":[\"127.0.0.1\"]}]}",
			h.t.port)));
	CHECK_STR(h.f.st.message, NULL);
	o = ask(&h, service, 1);
	CHECK_STR(h.why, NULL);
	CHECK_STR(json_path_str(o, "host"), "hook.default.svc:443");
	CHECK_STR(json_path_str(o, "path"), "/p");
	CHECK(!ask(&h, "{\"service\":{\"name\":\"hook\",\"namespace\":\"default\",\"port\":80}}", 1));
	CHECK(strstr(h.why, "no service port 80 found for service \"hook\""));
}

UNIT_TEST(nobody_listens)
{
	__attribute__((cleanup(hooked_close))) struct hooked h;

	hooked_open(&h);
	CHECK(!ask(&h, "{\"url\":\"https://127.0.0.1:1/x\"}", 1));
	CHECK_STR(h.why,
		  "Post \"https://127.0.0.1:1/x?timeout=1s\": dial tcp 127.0.0.1:1: connect: connection refused");
	service_make(&h, "{\"type\":\"ExternalName\",\"externalName\":\"127.0.0.1\"}");
	CHECK(!ask(&h, service, 1));
	CHECK(strstr(h.why, "connection refused"));
	CHECK(!ask(&h, "{}", 1));
	CHECK_STR(h.why, "webhook configuration must have either service or URL");
}
