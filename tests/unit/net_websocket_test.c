/* WebSocket server side: handshake, messages, fragments, pings, violations. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "net/websocket.h"
#include "tests/unit/net_server.h"

#include <stdatomic.h>

static atomic_int last_result;

static void serve(struct conn *c, void *arg)
{
	struct websocket_offer *o = arg;
	struct websocket *w = websocket_accept(c, o, 100000);
	BUF_AUTO struct buf m = BUF_INIT;
	enum websocket_type type;
	int r;

	free(o);
	if (!w)
		return;
	while ((r = websocket_read(w, &type, &m, 5000)) > 0) {
		if (m.len && m.p[0] == 1)
			websocket_write_channel(w, 2, m.p + 1, m.len - 1);
		else
			websocket_write(w, type, m.p, m.len);
	}
	atomic_store(&last_result, r);
	websocket_free(&w);
}

static enum http_next fast(void *arg, struct http_req *r)
{
	static const char *const protocols[] = { "v5.channel.k8s.io", "v4.channel.k8s.io", NULL };
	struct websocket_offer *o = calloc(1, sizeof(*o));
	bool wanted;

	(void)arg;
	if (websocket_offered(r, protocols, o, &wanted)) {
		http_takeover(r, serve, o);
		return HTTP_DONE;
	}
	free(o);
	http_reply(r, wanted ? 403 : 400, "text/plain", "no", 2, NULL, NULL);
	return HTTP_DONE;
}

static const struct httpd_ops ops = { .fast = fast };

#define UPGRADE                                                                                    \
	"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static struct conn *open_socket(const struct test_server *t, struct buf *b)
{
	struct conn *c = test_connect(t, false);

	buf_clear(b);
	if (test_send(c, UPGRADE
		      "Sec-WebSocket-Protocol: v9.channel.k8s.io, v4.channel.k8s.io\r\n\r\n"))
		test_expect(c, b, "\r\n\r\n");
	return c;
}

/* One masked frame. */
static bool send_frame(struct conn *c, unsigned first, const void *p, size_t n)
{
	static const unsigned char mask[4] = { 1, 2, 3, 250 };
	BUF_AUTO struct buf b = BUF_INIT;

	buf_addc(&b, (char)first);
	if (n < 126) {
		buf_addc(&b, (char)(0x80 | n));
	} else if (n < 65536) {
		buf_addc(&b, (char)(0x80 | 126));
		buf_addc(&b, (char)(n >> 8));
		buf_addc(&b, (char)n);
	} else {
		buf_addc(&b, (char)(0x80 | 127));
		for (int i = 56; i >= 0; i -= 8)
			buf_addc(&b, (char)((uint64_t)n >> i));
	}
	buf_add(&b, mask, 4);
	for (size_t i = 0; i < n; i++)
		buf_addc(&b, (char)(((const unsigned char *)p)[i] ^ mask[i % 4]));
	return conn_write(c, b.p, b.len);
}

static bool expect_bytes(struct conn *c, const void *want, size_t n)
{
	BUF_AUTO struct buf b = BUF_INIT;
	char p[4096];

	while (b.len < n) {
		long r = conn_read(c, p, n - b.len < sizeof(p) ? n - b.len : sizeof(p), 5000);

		if (r <= 0)
			return false;
		buf_add(&b, p, (size_t)r);
	}
	return !memcmp(b.p, want, n);
}

UNIT_TEST(websocket_handshake)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t;
	struct conn *c;

	test_server_start(&t, &ops, NULL);
	c = open_socket(&t, &b);
	CHECK(strstr(b.p, "HTTP/1.1 101 "));
	CHECK(strstr(b.p, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	CHECK(strstr(b.p, "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n"));
	conn_close(&c);
	c = test_connect(&t, false);
	CHECK(test_send(c, UPGRADE "Sec-WebSocket-Protocol: other\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 403);
	CHECK(test_send(c, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_INT(test_answer(c, &b), 400);
	CHECK(test_send(c, UPGRADE "\r\n"));
	CHECK(test_expect(c, &b, "101 "));
	CHECK(!strstr(b.p, "Protocol:"));
	conn_close(&c);
	test_server_stop(&t);
}

UNIT_TEST(websocket_messages)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t;
	struct conn *c;
	char *big = malloc(70000);

	memset(big, 'z', 70000);
	test_server_start(&t, &ops, NULL);
	c = open_socket(&t, &b);
	CHECK(send_frame(c, 0x82, "\0hi", 3));
	CHECK(expect_bytes(c, "\x82\x03\0hi", 5));
	CHECK(send_frame(c, 0x82, "\1err", 4));
	CHECK(expect_bytes(c, "\x82\x04\2err", 6));
	CHECK(send_frame(c, 0x01, "te", 2));
	CHECK(send_frame(c, 0x89, "ping", 4));
	CHECK(send_frame(c, 0x80, "xt", 2));
	CHECK(expect_bytes(c, "\x8a\x04ping\x81\x04text", 12));
	CHECK(send_frame(c, 0x82, big, 300));
	CHECK(expect_bytes(c, "\x82\x7e\x01\x2c", 4));
	CHECK(expect_bytes(c, big, 300));
	CHECK(send_frame(c, 0x82, big, 70000));
	CHECK(expect_bytes(c, "\x82\x7f\0\0\0\0\0\x01\x11\x70", 10));
	CHECK(expect_bytes(c, big, 70000));
	CHECK(send_frame(c, 0x88,
			 "\x03\xe8"
			 "bye",
			 5));
	CHECK(expect_bytes(c, "\x88\x02\x03\xe8", 4));
	CHECK(!expect_bytes(c, "x", 1));
	conn_close(&c);
	test_server_stop(&t);
	CHECK_INT(last_result, 0);
	free(big);
}

UNIT_TEST(websocket_violations)
{
	static const struct {
		unsigned first;
		size_t n;
		const char *close;
	} cases[] = {
		{ 0xc2, 1, "\x03\xea" },      /* reserved bit */
		{ 0x80, 1, "\x03\xea" },      /* continues nothing */
		{ 0x83, 1, "\x03\xea" },      /* unknown */
		{ 0x09, 1, "\x03\xea" },      /* fragmented ping */
		{ 0x89, 126, "\x03\xea" },    /* long ping */
		{ 0x82, 100001, "\x03\xf1" }, /* too big */
		{ 0x81, 2, "\x03\xef" },      /* not UTF-8 */
	};
	BUF_AUTO struct buf b = BUF_INIT;
	struct test_server t;
	struct conn *c;
	char *p = malloc(100001);

	memset(p, 0xff, 100001);
	test_server_start(&t, &ops, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		c = open_socket(&t, &b);
		CHECK(send_frame(c, cases[i].first, p, cases[i].n < 1000 ? cases[i].n : 100001));
		CHECK(expect_bytes(c, "\x88\x02", 2));
		CHECK(expect_bytes(c, cases[i].close, 2));
		conn_close(&c);
	}
	/* not masked */
	c = open_socket(&t, &b);
	CHECK(conn_write(c, "\x82\x01x", 3));
	CHECK(expect_bytes(c, "\x88\x02\x03\xea", 4));
	conn_close(&c);
	test_server_stop(&t);
	CHECK_INT(last_result, -1);
	free(p);
}
