/* The HTTPS server over loopback: requests, identities, bodies, limits, abuse. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "tests/unit/net_server.h"

#include <time.h>
#include <unistd.h>

static void nap(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static void collect_headers(void *arg, const char *name, const char *value)
{
	buf_addf(arg, "%s=%s;", name, value);
}

static void reply_who(struct http_req *r)
{
	char *s = arena_printf(r->a, "cn=%s o=%s bad=%d", r->cert_cn ? r->cert_cn : "-",
			       r->cert_cn && r->cert_orgs[0] ? r->cert_orgs[0] : "-", r->cert_bad);

	http_reply(r, 200, "text/plain", s, strlen(s), NULL, NULL);
}

static void reply_parts(struct http_req *r)
{
	size_t n = 5000;
	struct http_part *p = arena_alloc(r->a, n * sizeof(*p));

	for (size_t i = 0; i < n; i++) {
		p[i].p = arena_printf(r->a, "part-%04zu,", i);
		p[i].n = i % 7 == 3 ? 0 : 10;
	}
	http_reply_parts(r, 200, "application/json", p, n, NULL, NULL);
}

static enum http_next fast(void *arg, struct http_req *r)
{
	static const char hello[] = "hello";

	if (!strncmp(r->path, "/slow", 5))
		return HTTP_WORK;
	if (!strcmp(r->path, "/who")) {
		reply_who(r);
	} else if (!strcmp(r->path, "/parts")) {
		reply_parts(r);
	} else if (!strcmp(r->path, "/headers")) {
		BUF_AUTO struct buf b = BUF_INIT;
		const char *const *all = http_headers(r, "x-two");

		http_headers_each(r, collect_headers, &b);
		buf_addf(&b, "|%s,%s,%d", all[0], all[1], all[2] == NULL);
		http_add_header(r, "X-Answer", "42");
		http_reply(r, 201, "text/plain", arena_strdup(r->a, b.p), b.len, NULL, NULL);
	} else if (!strcmp(r->path, "/echo")) {
		http_reply(r, 200, "application/octet-stream", r->body, r->body_len, NULL, NULL);
	} else if (!strcmp(r->path, "/count")) {
		http_reply(r, 200, "text/plain", hello, 5, count, arg);
	} else {
		char *s = arena_printf(r->a, "%s %s?%s", r->method, r->path, r->query);

		http_reply(r, 200, "text/plain", s, strlen(s), NULL, NULL);
	}
	return HTTP_DONE;
}

static void work(void *arg, struct http_req *r)
{
	(void)arg;
	nap(20);
	if (!strcmp(r->path, "/slow/echo"))
		http_reply(r, 200, "text/plain", r->body, r->body_len, NULL, NULL);
	else
		http_reply(r, 202, "text/plain", "worked", 6, NULL, NULL);
}

static const struct httpd_ops ops = { .fast = fast, .work = work };

UNIT_TEST(httpd_answers_on_one_connection)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t;
	struct conn *c;
	int released = 0;

	test_server_start(&t, &ops, &released);
	c = test_connect(&t, false);
	CHECK(c);
	CHECK(test_send(c, "GET /a%20b/c?x=%2F&y HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK_STR(test_body(&b), "GET /a%20b/c?x=%2F&y");
	CHECK(test_send(c, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 202);
	CHECK_STR(test_body(&b), "worked");
	CHECK(test_send(c, "GET /headers HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nX-Two: 2\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 201);
	CHECK_STR(test_body(&b), "Host=x;X-Two=1;X-Two=2;|1,2,1");
	CHECK(strstr(b.p, "X-Answer: 42\r\n"));
	CHECK(test_send(c, "GET /count HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK(test_send(c, "GET /parts HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK_INT(strlen(test_body(&b)), 10 * (5000 - 5000 / 7 - 1) + 10 * (5000 % 7 <= 3));
	conn_close(&c);
	test_server_stop(&t);
	CHECK_INT(released, 1);
}

UNIT_TEST(httpd_pipelined_requests)
{
	BUF_AUTO struct buf b = BUF_INIT, all = BUF_INIT;
	struct test_server t;
	struct conn *c;

	test_server_start(&t, &ops, NULL);
	c = test_connect(&t, false);
	for (int i = 0; i < 50; i++)
		buf_addf(&all, "GET /%s?n=%d. HTTP/1.1\r\nHost: x\r\n\r\n", i % 5 ? "p" : "work", i);
	CHECK(conn_write(c, all.p, all.len));
	CHECK(test_expect(c, &b, "GET /p?n=49."));
	for (int i = 0; i < 50; i++) {
		char want[32];

		snprintf(want, sizeof(want), "GET /p?n=%d.", i);
		CHECK(i % 5 == 0 || strstr(b.p, want));
	}
	conn_close(&c);
	test_server_stop(&t);
}

UNIT_TEST(httpd_client_certificates)
{
	static const char *const sans[] = { "x", NULL };
	struct cert_request q = { .cn = "evil", .sans = sans, .client = true, .valid_s = 3600 };
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t, other;
	struct conn *c;

	test_server_start(&t, &ops, NULL);
	test_server_pki(&other);
	c = test_connect(&t, true);
	CHECK(test_send(c, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK_STR(test_body(&b), "cn=admin o=system:masters bad=0");
	conn_close(&c);

	c = test_connect(&t, false);
	CHECK(test_send(c, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK_STR(test_body(&b), "cn=- o=- bad=0");
	conn_close(&c);

	/* signed by another authority; then ours but expired */
	free(t.client_key);
	free(t.client_cert);
	test_issue(&other, &q, &t.client_key, &t.client_cert);
	c = test_connect(&t, true);
	CHECK(test_send(c, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK_STR(test_body(&b), "cn=- o=- bad=1");
	conn_close(&c);
	free(t.client_key);
	free(t.client_cert);
	q.valid_s = -60;
	test_issue(&t, &q, &t.client_key, &t.client_cert);
	c = test_connect(&t, true);
	CHECK(test_send(c, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK_STR(test_body(&b), "cn=- o=- bad=1");
	conn_close(&c);
	test_server_stop(&t);
	test_server_stop(&other);
}

UNIT_TEST(httpd_client_rejects_wrong_authority)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct test_server t, other;
	struct tls_config *c;
	struct dial d = { .host = "127.0.0.1", .port = t.port, .timeout_ms = 5000 };

	test_server_start(&t, &ops, NULL);
	test_server_pki(&other);
	d.tls = c = tls_config_client(other.ca_cert, NULL, NULL, false, NULL);
	CHECK(!dial(&d, &st));
	CHECK_INT(st.code, 503);
	CHECK(strstr(st.message, "not correctly signed"));
	tls_config_unref(&c);
	test_server_stop(&t);
	test_server_stop(&other);
}

UNIT_TEST(httpd_bodies_both_ways)
{
	BUF_AUTO struct buf b = BUF_INIT, big = BUF_INIT;
	struct test_server t;
	struct conn *c;
	size_t n = 3 << 20;

	for (size_t i = 0; i < n; i++)
		buf_addc(&big, (char)('a' + i * 7 % 23));
	test_server_start(&t, &ops, NULL);
	c = test_connect(&t, false);
	for (int i = 0; i < 2; i++) {
		BUF_AUTO struct buf head = BUF_INIT;

		buf_addf(&head, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
			 i ? "/slow/echo" : "/echo", n);
		CHECK(conn_write(c, head.p, head.len));
		CHECK(conn_write(c, big.p, big.len));
		CHECK_INT(test_answer(c, &b), 200);
		CHECK(!memcmp(test_body(&b), big.p, n));
	}
	/* chunked */
	CHECK(test_send(c, "PUT /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "5\r\nhello\r\n1;ext=1\r\n,\r\n6\r\n world\r\n0\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK_STR(test_body(&b), "hello, world");
	conn_close(&c);
	test_server_stop(&t);
}

UNIT_TEST(httpd_expect_continue)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t;
	struct conn *c;

	test_server_start(&t, &ops, NULL);
	c = test_connect(&t, false);
	CHECK(test_send(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
			   "Expect: 100-continue\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 100);
	CHECK(test_send(c, "body"));
	CHECK_INT(test_answer(c, &b), 200);
	CHECK_STR(test_body(&b), "body");
	conn_close(&c);
	test_server_stop(&t);
}

UNIT_TEST(httpd_too_large)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t;
	struct conn *c;
	char *junk = calloc(1, 1 << 20);

	test_server_start(&t, &ops, NULL);
	c = test_connect(&t, false);
	CHECK(test_send(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5242880\r\n\r\n"));
	for (int i = 0; i < 5; i++)
		CHECK(conn_write(c, junk, 1 << 20));
	CHECK_INT(test_answer(c, &b), 413);
	/* the connection lives on */
	CHECK(test_send(c, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
	for (int i = 0; i < 4; i++)
		CHECK(test_send(c, "100000\r\n") && conn_write(c, junk, 1 << 20) &&
		      test_send(c, "\r\n"));
	CHECK(test_send(c, "0\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 413);
	CHECK(test_send(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5242880\r\n"
			   "Expect: 100-continue\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 413);
	conn_close(&c);
	c = test_connect(&t, false);
	CHECK(test_send(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 413);
	conn_close(&c);
	test_server_stop(&t);
	free(junk);
}

UNIT_TEST(httpd_plain_http_is_told)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t;
	struct conn *c;

	test_server_start(&t, &ops, NULL);
	c = test_connect_plain(&t);
	CHECK(test_send(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK(!test_expect(c, &b, "\001"));
	CHECK_STR(b.p, "HTTP/1.0 400 Bad Request\r\n\r\n"
		       "Client sent an HTTP request to an HTTPS server.\n");
	conn_close(&c);
	test_server_stop(&t);
}

UNIT_TEST(httpd_survives_rubbish)
{
	static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
	BUF_AUTO struct buf b = BUF_INIT;
	struct httpd_stats stats;
	struct test_server t;
	struct conn *half[20], *idle[100], *c;

	test_server_start(&t, &ops, NULL);
	for (size_t i = 0; i < 100; i++) {
		idle[i] = test_connect_plain(&t);
		CHECK(idle[i]);
	}
	for (size_t i = 0; i < 20; i++) {
		half[i] = test_connect_plain(&t);
		CHECK(conn_write(half[i], i % 2 ? hello : "\0\0garbage that is no TLS\r\n",
				 i % 2 ? sizeof(hello) - 1 : 24));
	}
	/* half a request, and a head that never ends */
	c = test_connect(&t, false);
	CHECK(test_send(c, "GET /x HTTP/1.1\r\nHost"));
	conn_close(&c);
	c = test_connect(&t, false);
	for (int i = 0; i < 5000 && test_send(c, "X-Filler: 0123456789\r\n"); i++)
		;
	conn_close(&c);
	c = test_connect(&t, false);
	CHECK(test_send(c, "\r\n\x01\x02rubbish\r\n\r\n"));
	test_expect(c, &b, "\003never");
	conn_close(&c);
	/* body announced and not sent */
	c = test_connect(&t, false);
	CHECK(test_send(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"));
	conn_close(&c);
	/* client leaves while its request is being worked on */
	c = test_connect(&t, false);
	CHECK(test_send(c, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
	conn_close(&c);

	c = test_connect(&t, true);
	CHECK(test_send(c, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 200);
	conn_close(&c);
	for (size_t i = 0; i < 20; i++)
		conn_close(&half[i]);
	for (size_t i = 0; i < 100; i++)
		conn_close(&idle[i]);
	nap(200);
	httpd_stats(t.httpd, &stats);
	CHECK_INT(stats.connections, 0);
	CHECK(stats.handshake_failures >= 10);
	test_server_stop(&t);
}

UNIT_TEST(httpd_certificate_swap)
{
	static const char *const sans[] = { "127.0.0.1", NULL };
	struct cert_request q = { .cn = "renewed", .sans = sans, .server = true, .valid_s = 60 };
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t;
	struct conn *before, *after;
	char *key, *cert;

	test_server_start(&t, &ops, NULL);
	before = test_connect(&t, false);
	test_issue(&t, &q, &key, &cert);
	CHECK(tls_identity_swap(t.tls, cert, key, NULL));
	CHECK(!tls_identity_swap(t.tls, cert, t.key, NULL));
	after = test_connect(&t, false);
	CHECK(test_send(before, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(before, &b), 200);
	CHECK(test_send(after, "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(after, &b), 200);
	conn_close(&before);
	conn_close(&after);
	test_server_stop(&t);
	free(key);
	free(cert);
}

UNIT_TEST(httpd_listen_errors)
{
	static const char *const bad[] = { "nonsense", "127.0.0.1:99999999", "256.0.0.1:0", "" };
	struct httpd_config c = { .ops = &ops, .max_body = 1000 };
	struct test_server t;
	char taken[32];

	test_server_start(&t, &ops, NULL);
	c.tls = t.tls;
	for (size_t i = 0; i < 4; i++) {
		STATUS_AUTO struct status st = STATUS_INIT;

		c.listen = bad[i];
		CHECK(!httpd_start(&c, &st));
		CHECK_INT(st.code, 500);
	}
	STATUS_AUTO struct status st = STATUS_INIT;
	snprintf(taken, sizeof(taken), "127.0.0.1:%s", t.port);
	c.listen = taken;
	CHECK(!httpd_start(&c, &st));
	CHECK(strstr(st.message, taken));
	test_server_stop(&t);
}
