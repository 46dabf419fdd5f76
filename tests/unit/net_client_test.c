/* The HTTP client against our own server: requests, tokens, streams, upgrades, unix sockets. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/thread.h"
#include "net/client.h"
#include "tests/unit/net_server.h"

#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void nap(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static bool tick(struct stream *s, void *arg)
{
	int *n = arg;

	stream_write(s, "tick\n", 5);
	stream_deadline(s, clock_mono_ns() + 20 * 1000000);
	return ++*n < 1000;
}

static const struct stream_ops tick_ops = { .pump = tick, .closed = free };

static void echo(struct conn *c, void *arg)
{
	static const char head[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nearly ";
	char p[1000];
	long n;

	(void)arg;
	conn_write(c, head, sizeof(head) - 1);
	while ((n = conn_read(c, p, sizeof(p), 5000)) > 0)
		conn_write(c, p, (size_t)n);
}

static enum http_next fast(void *arg, struct http_req *r)
{
	const char *auth = http_header(r, "Authorization");
	const char *agent = http_header(r, "User-Agent");
	char *s;

	if (auth && !strcmp(auth, "Bearer stale")) {
		http_add_header(r, "Retry-After", "7");
		http_reply(r, 401, "application/json", "{}", 2, NULL, NULL);
	} else if (strstr(r->path, "/ticks")) {
		http_stream(r, "application/json;stream=watch", &tick_ops, calloc(1, sizeof(int)));
	} else if (strstr(r->path, "/upgrade")) {
		http_takeover(r, echo, arg);
	} else {
		s = arena_printf(
			r->a, "%s %s?%s auth=%s cn=%s agent=%s type=%s body=%s", r->method, r->path,
			r->query, auth ? auth : "-", r->cert_cn ? r->cert_cn : "-", agent,
			http_header(r, "Content-Type") ? http_header(r, "Content-Type") : "-",
			r->body_len > 100 ? "(long)" : r->body);
		http_reply(r, 200, "text/x-test", s, strlen(s), NULL, NULL);
	}
	return HTTP_DONE;
}

static const struct httpd_ops ops = { .fast = fast };

static struct client_config config_of(const struct test_server *t, char url[64])
{
	struct client_config c = { .url = url, .ca_pem = t->ca_cert, .user_agent = "test/1" };

	snprintf(url, 64, "https://127.0.0.1:%s/base/", t->port);
	return c;
}

UNIT_TEST(client_requests)
{
	static const char *const extra[] = { "X-Extra: 1", NULL };
	struct client_req q = { .method = "GET", .path = "/a/../b%2Fc?x=1" };
	struct client_config conf;
	struct client_resp r;
	struct test_server t;
	struct client *c;
	char url[64], *big;

	test_server_start(&t, &ops, NULL);
	conf = config_of(&t, url);
	conf.cert_pem = t.client_cert;
	conf.key_pem = t.client_key;
	conf.token = "tok";
	c = client_new(&conf, NULL);
	CHECK(c);
	for (int i = 0; i < 3; i++) {
		CHECK(client_do(c, &q, &r, NULL));
		CHECK_INT(r.code, 200);
		CHECK_STR(r.content_type, "text/x-test");
		CHECK_STR(r.body.p, "GET /base/a/../b%2Fc?x=1 auth=Bearer tok cn=admin agent=test/1 "
				    "type=- body=");
		client_resp_free(&r);
	}
	q = (struct client_req){ .method = "PATCH",
				 .path = "/p",
				 .body = "{}",
				 .body_len = 2,
				 .content_type = "application/json",
				 .headers = extra };
	CHECK(client_do(c, &q, &r, NULL));
	CHECK(strstr(r.body.p, "PATCH /base/p? ") &&
	      strstr(r.body.p, "type=application/json body={}"));
	client_resp_free(&r);
	big = calloc(1, 2 << 20);
	q = (struct client_req){ .method = "PUT", .path = "/p", .body = big, .body_len = 2 << 20 };
	CHECK(client_do(c, &q, &r, NULL));
	CHECK_INT(r.code, 200);
	client_resp_free(&r);
	free(big);
	q = (struct client_req){ .method = "HEAD", .path = "/p" };
	CHECK(client_do(c, &q, &r, NULL));
	CHECK_INT(r.body.len, 0);
	client_resp_free(&r);
	client_free(&c);
	test_server_stop(&t);
}

UNIT_TEST(client_failures_are_503)
{
	STATUS_AUTO struct status st = STATUS_INIT, st2 = STATUS_INIT, st3 = STATUS_INIT;
	struct client_req q = { .method = "GET", .path = "/x?token=secret" };
	struct test_server t, other;
	struct client_config conf;
	struct client_resp r;
	struct client *c;
	char url[64];

	test_server_start(&t, &ops, NULL);
	test_server_pki(&other);
	conf = config_of(&t, url);
	conf.ca_pem = other.ca_cert;
	c = client_new(&conf, NULL);
	CHECK(!client_do(c, &q, &r, &st));
	CHECK_INT(st.code, 503);
	CHECK(strstr(st.message, "GET /x: ") && !strstr(st.message, "secret"));
	client_free(&c);
	conf.ca_pem = t.ca_cert;
	conf.server_name = "other.example";
	c = client_new(&conf, NULL);
	CHECK(!client_do(c, &q, &r, &st2));
	CHECK_INT(st2.code, 503);
	client_free(&c);
	conf.server_name = "localhost";
	c = client_new(&conf, NULL);
	CHECK(client_do(c, &q, &r, NULL));
	client_resp_free(&r);
	client_free(&c);
	conf.ca_pem = NULL;
	conf.server_name = NULL;
	conf.insecure = true;
	c = client_new(&conf, NULL);
	CHECK(client_do(c, &q, &r, NULL));
	client_resp_free(&r);
	client_free(&c);
	conf.cert_pem = "rubbish";
	conf.key_pem = "rubbish";
	CHECK(!client_new(&conf, &st3));
	CHECK_INT(st3.code, 500);
	test_server_stop(&t);
	test_server_stop(&other);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static bool nothing(void *arg, const char *p, size_t n)
{
	(void)p;
	*(size_t *)arg += n;
	return true;
}

UNIT_TEST(client_rereads_its_token)
{
	char path[] = "/tmp/nutshell-token-XXXXXX", url[64];
	struct client_req q = { .method = "GET", .path = "/x" };
	size_t got = 0;
	struct client_stream s = { .data = nothing, .arg = &got };
	BUF_AUTO struct buf head = BUF_INIT;
	struct client_config conf;
	struct client_resp r;
	struct test_server t;
	struct client *c;
	struct conn *conn;
	int fd = mkstemp(path), code;

	close(fd);
	test_server_start(&t, &ops, NULL);
	conf = config_of(&t, url);
	conf.token_file = path;
	conf.token = "ignored";
	c = client_new(&conf, NULL);
	write_file(path, "stale\n");
	CHECK(client_do(c, &q, &r, NULL));
	CHECK_INT(r.code, 401);
	CHECK_INT(r.retry_after_s, 7);
	client_resp_free(&r);
	write_file(path, "fresh\n");
	CHECK(client_do(c, &q, &r, NULL));
	CHECK_INT(r.code, 200);
	CHECK(strstr(r.body.p, "auth=Bearer fresh "));
	client_resp_free(&r);
	client_free(&c);

	write_file(path, "stale");
	c = client_new(&conf, NULL);
	CHECK(client_do(c, &q, &r, NULL));
	CHECK_INT(r.code, 401);
	client_resp_free(&r);
	write_file(path, "fresh");
	CHECK(client_stream(c, &q, &s, &code, NULL));
	CHECK_INT(code, 200);
	CHECK(got > 10);
	client_free(&c);

	write_file(path, "stale");
	c = client_new(&conf, NULL);
	CHECK(client_do(c, &q, &r, NULL));
	client_resp_free(&r);
	write_file(path, "fresh");
	q.path = "/upgrade";
	conn = client_upgrade(c, &q, &head, &code, NULL);
	CHECK(conn);
	CHECK_INT(code, 101);
	conn_close(&conn);
	client_free(&c);
	test_server_stop(&t);
	unlink(path);
}

struct ticks {
	int n, code, limit;
	bool stop;
};

static bool ticks_head(void *arg, int code, const char *type)
{
	((struct ticks *)arg)->code = strstr(type, "stream=watch") ? code : -1;
	return true;
}

static bool ticks_data(void *arg, const char *p, size_t n)
{
	struct ticks *t = arg;

	for (size_t i = 0; i < n; i++)
		t->n += p[i] == '\n';
	return t->n < t->limit;
}

static void stop_soon(void *arg)
{
	nap(100);
	__atomic_store_n((bool *)arg, true, __ATOMIC_RELAXED);
}

UNIT_TEST(client_streams)
{
	struct client_req q = { .method = "GET", .path = "/ticks" };
	struct ticks ticks = { .limit = 5 };
	struct client_stream s = { .head = ticks_head, .data = ticks_data, .arg = &ticks };
	struct client_config conf;
	struct test_server t;
	struct thread *th;
	struct client *c;
	char url[64];
	int64_t from;
	int code;

	test_server_start(&t, &ops, NULL);
	conf = config_of(&t, url);
	c = client_new(&conf, NULL);
	CHECK(client_stream(c, &q, &s, &code, NULL));
	CHECK_INT(code, 200);
	CHECK_INT(ticks.code, 200);
	CHECK(ticks.n >= 5);
	ticks = (struct ticks){ .limit = 1000000 };
	s.stop = &ticks.stop;
	from = clock_mono_ns();
	th = thread_start("stopper", stop_soon, &ticks.stop);
	CHECK(client_stream(c, &q, &s, &code, NULL));
	CHECK(clock_mono_ns() - from < 1000000000);
	thread_join(&th);
	client_free(&c);
	test_server_stop(&t);
}

UNIT_TEST(client_upgrades)
{
	static const char *const headers[] = { "Connection: Upgrade", "Upgrade: x", NULL };
	struct client_req q = { .method = "POST", .path = "/upgrade?c=1", .headers = headers };
	BUF_AUTO struct buf head = BUF_INIT, b = BUF_INIT;
	struct client_config conf;
	struct test_server t;
	struct client *c;
	struct conn *conn;
	char url[64];
	int code;

	test_server_start(&t, &ops, NULL);
	conf = config_of(&t, url);
	conf.cert_pem = t.client_cert;
	conf.key_pem = t.client_key;
	c = client_new(&conf, NULL);
	conn = client_upgrade(c, &q, &head, &code, NULL);
	CHECK(conn);
	CHECK_INT(code, 101);
	CHECK_STR(head.p, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
	CHECK(test_send(conn, "late"));
	CHECK(test_expect(conn, &b, "early late"));
	conn_close(&conn);
	q.path = "/other";
	conn = client_upgrade(c, &q, &head, &code, NULL);
	CHECK_INT(code, 200);
	conn_close(&conn);
	client_free(&c);
	test_server_stop(&t);
}

UNIT_TEST(client_keeps_its_rate)
{
	struct client_req q = { .method = "GET", .path = "/x" };
	struct client_config conf;
	struct client_resp r;
	struct test_server t;
	struct client *c;
	char url[64];
	int64_t from;

	test_server_start(&t, &ops, NULL);
	conf = config_of(&t, url);
	conf.qps = 50;
	conf.burst = 5;
	c = client_new(&conf, NULL);
	from = clock_mono_ns();
	for (int i = 0; i < 15; i++) {
		CHECK(client_do(c, &q, &r, NULL));
		client_resp_free(&r);
	}
	CHECK(clock_mono_ns() - from > 180 * 1000000);
	client_free(&c);
	test_server_stop(&t);
}

static void unix_server(void *arg)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
	char p[4096];

	for (int i = 0; i < 2; i++) {
		int fd = accept(*(int *)arg, NULL, NULL);

		if (read(fd, p, sizeof(p)) > 0 && write(fd, answer, sizeof(answer) - 1) < 0)
			abort();
		close(fd);
	}
}

UNIT_TEST(client_unix_socket)
{
	struct client_req q = { .method = "GET", .path = "/version" };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct client_config conf = { .url = "http://docker", .unix_socket = addr.sun_path };
	BUF_AUTO struct buf head = BUF_INIT, b = BUF_INIT;
	char dir[] = "/tmp/nutshell-unix-XXXXXX";
	struct client_resp r;
	struct thread *th;
	struct client *c;
	struct conn *conn;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), code;

	CHECK(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
	CHECK(!bind(fd, (struct sockaddr *)&addr, sizeof(addr)) && !listen(fd, 5));
	th = thread_start("unix", unix_server, &fd);
	c = client_new(&conf, NULL);
	CHECK(client_do(c, &q, &r, NULL));
	CHECK_STR(r.body.p, "ok");
	client_resp_free(&r);
	conn = client_upgrade(c, &q, &head, &code, NULL);
	CHECK(conn);
	CHECK_INT(code, 200);
	CHECK(test_expect(conn, &b, "ok"));
	conn_close(&conn);
	thread_join(&th);
	client_free(&c);
	close(fd);
	unlink(addr.sun_path);
	rmdir(dir);
}
