/* Streams and takeovers: framing, waking, deadlines, back-pressure, ends. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/thread.h"
#include "tests/unit/net_server.h"

#include <sched.h>
#include <stdatomic.h>
#include <time.h>

struct source {
	atomic_int events, pumps, closed, begun, made;
	_Atomic(struct stream *) last;
};

struct watcher {
	struct source *src;
	int seen;
	bool joined, clock, flood;
};

static void nap(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static bool pump(struct stream *s, void *arg)
{
	struct watcher *w = arg;
	int now = atomic_load(&w->src->events);
	char text[64];

	atomic_fetch_add(&w->src->pumps, 1);
	if (!w->joined) {
		stream_join(s, w->src);
		w->joined = true;
		atomic_store(&w->src->last, s);
		atomic_fetch_add(&w->src->begun, 1);
	}
	if (w->flood) {
		static const char zeros[65536];

		stream_write(s, zeros, sizeof(zeros));
		stream_wake(s);
		return true;
	}
	if (w->clock) {
		stream_write(s, "tick\n", 5);
		stream_deadline(s, clock_mono_ns() + 30 * 1000000);
		return ++w->seen < 5;
	}
	for (; w->seen < now; w->seen++) {
		snprintf(text, sizeof(text), "event %d\n", w->seen + 1);
		stream_write(s, text, strlen(text));
	}
	return now < 1000;
}

static void closed(void *arg)
{
	struct watcher *w = arg;

	atomic_fetch_add(&w->src->closed, 1);
	free(w);
}

static const struct stream_ops stream_ops = { .pump = pump, .closed = closed };

static void echo(struct conn *c, void *arg)
{
	char p[5000];
	long n;
	size_t total = 0;
	char text[64];

	conn_write(c, arg, strlen(arg));
	while ((n = conn_read(c, p, sizeof(p), 10000)) > 0) {
		total += (size_t)n;
		if (!conn_write(c, p, (size_t)n))
			return;
	}
	snprintf(text, sizeof(text), "total %zu", total);
	conn_write(c, text, strlen(text));
	conn_shutdown(c);
}

static void begin(void *arg, struct http_req *r)
{
	struct watcher *w = calloc(1, sizeof(*w));
	static char hello[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

	if (strstr(r->path, "echo")) {
		free(w);
		http_takeover(r, echo, hello);
		return;
	}
	w->src = arg;
	atomic_fetch_add(&w->src->made, 1);
	w->clock = strstr(r->path, "clock");
	w->flood = strstr(r->path, "flood");
	http_add_header(r, "Cache-Control", "no-cache, private");
	http_stream(r, "application/json", &stream_ops, w);
}

static enum http_next fast(void *arg, struct http_req *r)
{
	if (strstr(r->path, "work"))
		return HTTP_WORK;
	begin(arg, r);
	return HTTP_DONE;
}

static const struct httpd_ops ops = { .fast = fast, .work = begin };

static void wait_for(atomic_int *v, int n)
{
	for (int i = 0; i < 5000 && atomic_load(v) < n; i++)
		nap(1);
}

UNIT_TEST(stream_wake_group_reaches_all)
{
	struct source src = { 0 };
	struct test_server t;
	struct conn *c[20];
	struct buf b[20] = { 0 };
	struct httpd_stats stats;

	test_server_start(&t, &ops, &src);
	for (size_t i = 0; i < 20; i++) {
		c[i] = test_connect(&t, false);
		CHECK(test_send(c[i], i % 2 ? "GET /watch HTTP/1.1\r\nHost: x\r\n\r\n" :
					      "GET /slow/watch HTTP/1.1\r\nHost: x\r\n\r\n"));
		CHECK(test_expect(c[i], &b[i], "\r\n\r\n"));
		CHECK(strstr(b[i].p, "Transfer-Encoding: chunked\r\n"));
		CHECK(strstr(b[i].p, "Cache-Control: no-cache, private\r\n"));
	}
	wait_for(&src.begun, 20);
	for (int k = 1; k <= 3; k++) {
		atomic_store(&src.events, k);
		httpd_wake_group(t.httpd, &src);
		nap(5);
	}
	httpd_wake_group(t.httpd, &t);
	for (size_t i = 0; i < 20; i++)
		CHECK(test_expect(c[i], &b[i], "event 3\n\r\n"));
	httpd_stats(t.httpd, &stats);
	CHECK_INT(stats.streams, 20);
	/* the end: last chunk, then end of stream */
	atomic_store(&src.events, 1000);
	httpd_wake_group(t.httpd, &src);
	for (size_t i = 0; i < 20; i++) {
		CHECK(!test_expect(c[i], &b[i], "\001"));
		CHECK_STR(b[i].p + b[i].len - 5, "0\r\n\r\n");
		CHECK(strstr(b[i].p, "\r\n\r\n8\r\nevent 1\n\r\n"));
		conn_close(&c[i]);
		buf_free(&b[i]);
	}
	wait_for(&src.closed, 20);
	CHECK_INT(src.closed, 20);
	test_server_stop(&t);
}

UNIT_TEST(stream_wakes_one_and_keeps_time)
{
	BUF_AUTO struct buf b = BUF_INIT, b2 = BUF_INIT;
	struct source src = { 0 };
	struct test_server t;
	struct conn *c;
	int64_t from;

	test_server_start(&t, &ops, &src);
	c = test_connect(&t, false);
	CHECK(test_send(c, "GET /watch HTTP/1.1\r\nHost: x\r\n\r\n"));
	wait_for(&src.begun, 1);
	atomic_store(&src.events, 1);
	stream_wake(atomic_load(&src.last));
	CHECK(test_expect(c, &b, "event 1\n"));
	conn_close(&c);
	wait_for(&src.closed, 1);
	CHECK_INT(src.closed, 1);

	c = test_connect(&t, false);
	from = clock_mono_ns();
	CHECK(test_send(c, "GET /clock HTTP/1.0\r\nConnection: close\r\n\r\n"));
	CHECK(!test_expect(c, &b2, "\001"));
	CHECK(clock_mono_ns() - from >= 4 * 30 * 1000000);
	CHECK_STR(test_body(&b2), "tick\ntick\ntick\ntick\ntick\n");
	conn_close(&c);
	test_server_stop(&t);
	CHECK_INT(src.closed, 2);
}

UNIT_TEST(stream_back_pressure)
{
	struct source src = { 0 };
	struct test_server t;
	struct conn *c;
	char p[16384];
	int pumps;
	size_t got = 0;

	test_server_start(&t, &ops, &src);
	c = test_connect(&t, false);
	CHECK(test_send(c, "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n"));
	wait_for(&src.pumps, 2);
	do {
		pumps = atomic_load(&src.pumps);
		nap(300);
	} while (atomic_load(&src.pumps) != pumps && pumps < 1000);
	CHECK(pumps > 1 && pumps < 1000);
	while (got < 20 << 20) {
		long n = conn_read(c, p, sizeof(p), 5000);

		CHECK(n > 0);
		got += (size_t)n;
	}
	CHECK(atomic_load(&src.pumps) > pumps);
	conn_close(&c);
	wait_for(&src.closed, 1);
	CHECK_INT(src.closed, 1);
	test_server_stop(&t);
}

struct storm {
	struct test_server *t;
	struct source *src;
	atomic_bool stop;
};

static void wake_all_the_time(void *arg)
{
	struct storm *x = arg;

	while (!atomic_load(&x->stop)) {
		httpd_wake_group(x->t->httpd, x->src);
		sched_yield();
	}
}

static void come_and_go(void *arg)
{
	static const char *const paths[] = { "/watch", "/slow/watch", "/clock", "/echo", "/flood" };
	struct storm *x = arg;
	unsigned i = (unsigned)(uintptr_t)&i / 64;

	while (!atomic_load(&x->stop)) {
		struct conn *c = test_connect(x->t, i++ % 3 == 0);
		char head[64], p[256];

		if (!c)
			continue;
		snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i % 5]);
		test_send(c, head);
		if (i % 4)
			conn_read(c, p, sizeof(p), 1000);
		conn_close(&c);
	}
}

UNIT_TEST(stream_wakes_while_clients_come_and_go)
{
	struct source src = { 0 };
	struct test_server t;
	struct storm storm = { .t = &t, .src = &src };
	struct thread *wakers[2], *clients[3];
	struct conn *left[5];

	test_server_start(&t, &ops, &src);
	for (size_t i = 0; i < 2; i++)
		wakers[i] = thread_start("waker", wake_all_the_time, &storm);
	for (size_t i = 0; i < 3; i++)
		clients[i] = thread_start("client", come_and_go, &storm);
	for (int i = 1; i <= 100; i++) {
		atomic_store(&src.events, i);
		nap(10);
	}
	for (size_t i = 0; i < 5; i++) {
		left[i] = test_connect(&t, false);
		test_send(left[i], i % 2 ? "GET /slow/watch HTTP/1.1\r\nHost: x\r\n\r\n" :
					   "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	atomic_store(&storm.stop, true);
	for (size_t i = 0; i < 3; i++)
		thread_join(&clients[i]);
	for (size_t i = 0; i < 2; i++)
		thread_join(&wakers[i]);
	test_server_stop(&t);
	CHECK_INT(src.closed, src.made);
	for (size_t i = 0; i < 5; i++)
		conn_close(&left[i]);
}

UNIT_TEST(stream_server_stops)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct source src = { 0 };
	struct test_server t;
	struct conn *c, *x;

	test_server_start(&t, &ops, &src);
	c = test_connect(&t, true);
	x = test_connect(&t, true);
	CHECK(test_send(c, "GET /slow/watch HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK(test_send(x, "POST /slow/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
	wait_for(&src.begun, 1);
	CHECK(test_expect(x, &b, "101 Switching"));
	test_server_stop(&t);
	CHECK_INT(src.closed, 1);
	conn_close(&c);
	conn_close(&x);
}

UNIT_TEST(takeover_echo_with_half_close)
{
	BUF_AUTO struct buf b = BUF_INIT, big = BUF_INIT;
	struct source src = { 0 };
	struct test_server t;
	struct conn *c;

	for (int i = 0; i < 100000; i++)
		buf_addf(&big, "%d,", i);
	test_server_start(&t, &ops, &src);
	for (int k = 0; k < 3; k++) {
		char want[32];

		buf_clear(&b);
		c = test_connect(&t, false);
		CHECK(test_send(c, k ? "POST /slow/echo HTTP/1.1\r\nHost: x\r\n"
				       "Content-Length: 0\r\nUpgrade: x\r\n\r\n" :
				       "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
		CHECK(test_expect(c, &b, "\r\n\r\n"));
		CHECK(test_send(c, "ping"));
		CHECK(test_expect(c, &b, "ping"));
		/* small enough for the socket buffers both ways */
		CHECK(conn_write(c, big.p, 30000));
		conn_shutdown(c);
		snprintf(want, sizeof(want), "total %d", 30004);
		CHECK(test_expect(c, &b, want));
		CHECK(!memcmp(strstr(b.p, "ping") + 4, big.p, 30000));
		CHECK(!test_expect(c, &b, "\001"));
		conn_close(&c);
	}
	test_server_stop(&t);
}

static void splice_back(struct conn *c, void *arg)
{
	struct test_server *t = arg;
	struct conn *y = test_connect(t, true);

	if (!y)
		return;
	test_send(y, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
	conn_splice(c, y);
	conn_close(&y);
}

static enum http_next splice_fast(void *arg, struct http_req *r)
{
	http_takeover(r, splice_back, arg);
	return HTTP_DONE;
}

UNIT_TEST(splice_through_two_servers)
{
	static const struct httpd_ops splice_ops = { .fast = splice_fast };
	BUF_AUTO struct buf b = BUF_INIT, big = BUF_INIT;
	struct source src = { 0 };
	struct test_server back, front;
	struct conn *c;
	char want[32];

	for (int i = 0; i < 5000; i++)
		buf_addf(&big, "%d,", i);
	test_server_start(&back, &ops, &src);
	test_server_start(&front, &splice_ops, &back);
	c = test_connect(&front, false);
	CHECK(test_send(c, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK(test_expect(c, &b, "101 Switching Protocols\r\n\r\n"));
	CHECK(conn_write(c, big.p, big.len));
	conn_shutdown(c);
	snprintf(want, sizeof(want), "total %zu", big.len);
	CHECK(test_expect(c, &b, want));
	CHECK(!test_expect(c, &b, "\001"));
	conn_close(&c);
	test_server_stop(&front);
	test_server_stop(&back);
}
