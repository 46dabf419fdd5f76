/*
 * conn: blocking duplex connections over TLS or plain sockets.
 *
 * The socket is non-blocking, waiting is poll().  A short lock surrounds each TLS operation and is
 * never held while waiting, so one thread may read while another writes.  A peer that takes no byte
 * for WRITE_STALL_MS is gone.
 *
 * conn_splice() moves bytes both ways on the calling thread with one buffer for each direction: a
 * direction reads only when its buffer is empty, which is the back-pressure.
 */
#include "net/conn.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/httpd.h"
#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WRITE_STALL_MS = 180000, SPLICE_BYTES = 32768, SPLICE_LINGER_MS = 5000 };

struct conn {
	int fd;
	struct tls_session *tls;
	struct buf early; /* put back: read before the socket */
	struct lock lock;
};

struct conn *conn_new(int fd, struct tls_session *s)
{
	struct conn *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	c->fd = fd;
	c->tls = s;
	lock_init(&c->lock, "conn", LOCK_NET);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return c;
}

void conn_unread(struct conn *c, const void *p, size_t n)
{
	struct buf old = c->early;

	if (!n)
		return;
	c->early = (struct buf)BUF_INIT;
	buf_add(&c->early, p, n);
	if (old.len)
		buf_add(&c->early, old.p, old.len);
	buf_free(&old);
}

void conn_abort(struct conn *c)
{
	shutdown(c->fd, SHUT_RDWR);
}

/* ---- one attempt, in the terms of tls_read() and tls_write() ---- */

static long plain(ssize_t r, int again)
{
	if (r >= 0)
		return r;
	return errno == EAGAIN || errno == EINTR ? again : TLS_FAILED;
}

static long try_read(struct conn *c, void *p, size_t n)
{
	long r;

	if (c->early.len) {
		n = n < c->early.len ? n : c->early.len;
		memcpy(p, c->early.p, n);
		buf_drop(&c->early, n);
		return (long)n;
	}
	if (!c->tls)
		return plain(recv(c->fd, p, n, 0), TLS_WANT_READ);
	lock_take(&c->lock);
	r = tls_read(c->tls, p, n);
	lock_drop(&c->lock);
	return r;
}

static long try_write(struct conn *c, const void *p, size_t n)
{
	long r;

	if (!c->tls)
		return plain(send(c->fd, p, n, MSG_NOSIGNAL), TLS_WANT_WRITE);
	lock_take(&c->lock);
	r = tls_write(c->tls, p, n);
	lock_drop(&c->lock);
	return r;
}

/* False on timeout.  Hang-ups count as ready: the next attempt reports them. */
static bool wait_for(const struct conn *c, long want, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = want == TLS_WANT_WRITE ? POLLOUT : POLLIN };
	int r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

long conn_read(struct conn *c, void *p, size_t n, int timeout_ms)
{
	int64_t until = clock_mono_ns() + timeout_ms * INT64_C(1000000);
	long r;

	while ((r = try_read(c, p, n)) < 0) {
		int64_t left = timeout_ms < 0 ? -1 : (until - clock_mono_ns()) / 1000000;

		if (r == TLS_FAILED || (timeout_ms >= 0 && left < 0))
			return -1;
		if (!wait_for(c, r, (int)left))
			return -1;
	}
	return r;
}

bool conn_write(struct conn *c, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		long r = try_write(c, at, n);

		if (r == TLS_FAILED)
			return false;
		if (r < 0) {
			if (!wait_for(c, r, WRITE_STALL_MS))
				return false;
			continue;
		}
		at += r;
		n -= (size_t)r;
	}
	return true;
}

void conn_shutdown(struct conn *c)
{
	int r = 0;

	while (c->tls) {
		lock_take(&c->lock);
		r = tls_close_notify(c->tls);
		lock_drop(&c->lock);
		if (r != TLS_WANT_WRITE || !wait_for(c, r, WRITE_STALL_MS))
			break;
	}
	shutdown(c->fd, SHUT_WR);
}

void conn_close(struct conn **cp)
{
	struct conn *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	if (c->tls)
		tls_close_notify(c->tls);
	tls_session_unref(&c->tls);
	close(c->fd);
	buf_free(&c->early);
	lock_destroy(&c->lock);
	free(c);
}

/* ---- splice ---- */

struct flow {
	struct conn *from, *to;
	char *p;
	size_t off, len;
	long blocked; /* TLS_WANT_* of the last refusal, 0 = none */
	bool eof;     /* from has ended and to has been told */
};

/* Move what can be moved now.  False when either side failed; *progress when bytes moved. */
static bool flow_step(struct flow *f, bool *progress)
{
	long r;

	f->blocked = 0;
	while (!f->eof) {
		if (f->off < f->len) {
			r = try_write(f->to, f->p + f->off, f->len - f->off);
			if (r > 0)
				f->off += (size_t)r;
		} else {
			r = try_read(f->from, f->p, SPLICE_BYTES);
			f->off = 0;
			f->len = r > 0 ? (size_t)r : 0;
			if (r == 0) {
				conn_shutdown(f->to);
				f->eof = true;
			}
		}
		if (r == TLS_FAILED)
			return false;
		if (r < 0) {
			f->blocked = r;
			return true;
		}
		*progress = true;
		/* the other direction gets its turn after each refill */
		if (f->off == f->len)
			return true;
	}
	return true;
}

static void flow_poll(const struct flow *f, struct pollfd *from, struct pollfd *to)
{
	if (f->eof)
		return;
	if (f->off < f->len)
		to->events |= POLLOUT;
	else
		from->events |= POLLIN;
}

static bool flows_wait(const struct flow f[2], bool lingering)
{
	struct pollfd p[2] = { { .fd = f[0].from->fd }, { .fd = f[0].to->fd } };
	int r;

	flow_poll(&f[0], &p[0], &p[1]);
	flow_poll(&f[1], &p[1], &p[0]);
	for (int i = 0; i < 2; i++)
		if (!p[i].events)
			p[i].fd = -1; /* a hang-up nobody waits for would make poll() spin */
	do
		r = poll(p, 2, lingering ? SPLICE_LINGER_MS : -1);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

void conn_splice(struct conn *x, struct conn *y)
{
	struct flow f[2] = { { .from = x, .to = y }, { .from = y, .to = x } };

	f[0].p = malloc(SPLICE_BYTES);
	f[1].p = malloc(SPLICE_BYTES);
	BUG_ON(!f[0].p || !f[1].p);
	while (!f[0].eof || !f[1].eof) {
		bool progress = false;

		if (!flow_step(&f[0], &progress) || !flow_step(&f[1], &progress))
			break;
		if (!progress && !flows_wait(f, f[0].eof || f[1].eof))
			break;
	}
	free(f[0].p);
	free(f[1].p);
}
