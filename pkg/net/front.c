/*
 * front: accepts connections and finishes their TLS handshakes.
 *
 * All handshakes of a front thread run interleaved, non-blocking, each with one deadline.  libmicrohttpd
 * must not do this: half a ClientHello makes its epoll loop spin.  Until its first byte arrives a
 * connection costs a hundred bytes; from then on a TLS session with its buffers, so there is a cap for
 * either kind, and at a cap the oldest goes.  Both lists are in order of age, which makes eviction
 * and deadlines trivial.
 *
 * All front threads wait on one listening socket (EPOLLEXCLUSIVE: one of them wakes).
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/httpd_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif

enum { BATCH = 128, ACCEPTS = 32, MAX_SILENT = 4096, MAX_SHAKING = 512 };
#define HANDSHAKE_NS (10 * INT64_C(1000000000))
#define SWEEP_MS 1000
#define PAUSE_NS (100 * INT64_C(1000000)) /* out of descriptors: accept again after this */

/* A connection whose handshake is not finished. */
struct half {
	int fd;
	struct tls_session *tls; /* NULL until the first byte */
	int64_t deadline_ns;
	struct half *next, *prev;
	struct sockaddr_storage addr;
	socklen_t addrlen;
};

struct halves {
	struct half *oldest, *newest;
	unsigned n;
};

struct front {
	struct httpd *h;
	int ep, wake_fd;
	struct thread *thread;
	atomic_bool stop;
	struct halves silent, shaking;
	struct half *dead;       /* freed after the batch of events that may still name them */
	int64_t paused_until_ns; /* not accepting; 0 = accepting */
	int64_t swept_ns;
};

static void halves_add(struct halves *l, struct half *x)
{
	x->next = NULL;
	x->prev = l->newest;
	*(l->newest ? &l->newest->next : &l->oldest) = x;
	l->newest = x;
	l->n++;
}

static void halves_remove(struct halves *l, struct half *x)
{
	*(x->prev ? &x->prev->next : &l->oldest) = x->next;
	*(x->next ? &x->next->prev : &l->newest) = x->prev;
	l->n--;
}

/* Forget x; what remains of its socket is the caller's business. */
static void half_retire(struct front *f, struct half *x)
{
	halves_remove(x->tls ? &f->shaking : &f->silent, x);
	epoll_ctl(f->ep, EPOLL_CTL_DEL, x->fd, NULL);
	x->fd = -1;
	x->tls = NULL;
	x->next = f->dead;
	f->dead = x;
}

static void half_drop(struct front *f, struct half *x)
{
	int fd = x->fd;
	struct tls_session *s = x->tls;

	half_retire(f, x);
	tls_session_unref(&s);
	close(fd);
	atomic_fetch_sub(&f->h->connections, 1);
}

static void listen_watch(struct front *f, bool on)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = NULL };

	epoll_ctl(f->ep, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, f->h->listen_fd, on ? &e : NULL);
}

static void set_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		/* dead peers of idle streams are noticed within two minutes */
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

static void half_new(struct front *f, int fd, const struct sockaddr_storage *addr, socklen_t len)
{
	struct half *x = calloc(1, sizeof(*x));
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = x };

	BUG_ON(!x);
	x->fd = fd;
	x->addr = *addr;
	x->addrlen = len;
	x->deadline_ns = clock_mono_ns() + HANDSHAKE_NS;
	set_options(fd);
	if (f->silent.n >= MAX_SILENT)
		half_drop(f, f->silent.oldest);
	halves_add(&f->silent, x);
	if (epoll_ctl(f->ep, EPOLL_CTL_ADD, fd, &e))
		half_drop(f, x);
}

static void accept_some(struct front *f)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage addr;
		socklen_t len = sizeof(addr);
		int fd = accept4(f->h->listen_fd, (struct sockaddr *)&addr, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
			log_warn("net", "accept: %s", strerror(errno));
			f->paused_until_ns = clock_mono_ns() + PAUSE_NS;
			listen_watch(f, false);
		}
		if (fd < 0)
			return;
		if (atomic_fetch_add(&f->h->connections, 1) >= (long long)f->h->conf.max_connections) {
			atomic_fetch_sub(&f->h->connections, 1);
			close(fd);
			continue;
		}
		half_new(f, fd, &addr, len);
	}
}

static char *address_text(const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
	char ip[INET6_ADDRSTRLEN] = "", *text = NULL;
	int n;

	if (addr->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, ip, sizeof(ip));
		n = asprintf(&text, "%s:%u", ip, ntohs(v6->sin6_port));
	} else if (addr->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof(ip));
		n = asprintf(&text, "[%s]:%u", ip, ntohs(v6->sin6_port));
	} else {
		inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof(ip));
		n = asprintf(&text, "%s:%u", ip, ntohs(v4->sin_port));
	}
	BUG_ON(n < 0);
	return text;
}

/* A client that speaks plain HTTP gets upstream's plain answer (k8s: Go's net/http server). */
static bool answer_plain_http(int fd)
{
	static const char *const methods[] = { "GET /", "HEAD ", "POST ", "PUT /",
					       "OPTIO", "PATCH", "DELET" };
	static const char answer[] = "HTTP/1.0 400 Bad Request\r\n\r\n"
				     "Client sent an HTTP request to an HTTPS server.\n";
	char head[5], rest[4096];

	if (recv(fd, head, sizeof(head), MSG_PEEK) != (ssize_t)sizeof(head))
		return false;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		if (memcmp(head, methods[i], sizeof(head)))
			continue;
		/* unread input would turn the close into a reset that overtakes the answer */
		for (int k = 0; k < 16 && recv(fd, rest, sizeof(rest), 0) > 0; k++)
			;
		send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		return true;
	}
	return false;
}

static void half_speak(struct front *f, struct half *x)
{
	struct tls_config *c;

	if (f->shaking.n >= MAX_SHAKING)
		half_drop(f, f->shaking.oldest);
	halves_remove(&f->silent, x);
	c = tls_identity_config(f->h->conf.tls);
	x->tls = tls_session_new(c, x->fd, NULL);
	tls_config_unref(&c);
	halves_add(&f->shaking, x);
}

static void half_done(struct front *f, struct half *x)
{
	struct tls_session *s = x->tls;
	int one = 1;

	/* without it a TLS 1.3 client waits for our delayed acknowledgement */
	setsockopt(x->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	tls_session_user(s)->remote = address_text(&x->addr);
	half_retire(f, x);
	httpd_adopt(f->h, s, &x->addr, x->addrlen);
}

static void half_event(struct front *f, struct half *x)
{
	struct epoll_event e = { .data.ptr = x };
	int r;

	if (!x->tls) {
		if (answer_plain_http(x->fd)) {
			half_drop(f, x);
			return;
		}
		half_speak(f, x);
	}
	r = tls_handshake(x->tls);
	if (r == 0) {
		half_done(f, x);
	} else if (r == TLS_FAILED) {
		char why[256];

		log_debug("net", "TLS handshake: %s", tls_failure(x->tls, why));
		atomic_fetch_add(&f->h->handshake_failures, 1);
		half_drop(f, x);
	} else {
		e.events = r == TLS_WANT_WRITE ? EPOLLOUT : EPOLLIN;
		epoll_ctl(f->ep, EPOLL_CTL_MOD, x->fd, &e);
	}
}

static void sweep(struct front *f)
{
	int64_t now = clock_mono_ns();

	if (f->paused_until_ns && now >= f->paused_until_ns) {
		f->paused_until_ns = 0;
		listen_watch(f, true);
	}
	if (now - f->swept_ns < SWEEP_MS * INT64_C(1000000))
		return;
	f->swept_ns = now;
	while (f->silent.oldest && f->silent.oldest->deadline_ns < now)
		half_drop(f, f->silent.oldest);
	/* in order of their first byte, so a late one may hide an early one for some seconds */
	while (f->shaking.oldest && f->shaking.oldest->deadline_ns < now) {
		atomic_fetch_add(&f->h->handshake_failures, 1);
		half_drop(f, f->shaking.oldest);
	}
}

static void bury(struct front *f)
{
	while (f->dead) {
		struct half *x = f->dead;

		f->dead = x->next;
		free(x);
	}
}

static int patience(const struct front *f)
{
	if (f->paused_until_ns)
		return 100;
	return f->silent.n || f->shaking.n ? SWEEP_MS : -1;
}

static void front_main(void *arg)
{
	struct front *f = arg;
	struct epoll_event e[BATCH];

	while (!atomic_load(&f->stop)) {
		int n = epoll_wait(f->ep, e, BATCH, patience(f));

		for (int i = 0; i < n; i++) {
			struct half *x = e[i].data.ptr;

			if (!x)
				accept_some(f);
			else if ((void *)x != (void *)f && x->fd >= 0)
				half_event(f, x);
		}
		sweep(f);
		bury(f);
	}
	while (f->silent.oldest)
		half_drop(f, f->silent.oldest);
	while (f->shaking.oldest)
		half_drop(f, f->shaking.oldest);
	bury(f);
}

struct front *front_start(struct httpd *h, unsigned index)
{
	struct front *f = calloc(1, sizeof(*f));
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = f };
	char name[16];

	BUG_ON(!f);
	f->h = h;
	f->ep = epoll_create1(EPOLL_CLOEXEC);
	f->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (f->ep < 0 || f->wake_fd < 0)
		bug("epoll: %s", strerror(errno));
	epoll_ctl(f->ep, EPOLL_CTL_ADD, f->wake_fd, &e);
	listen_watch(f, true);
	snprintf(name, sizeof(name), "tls-front-%u", index);
	f->thread = thread_start(name, front_main, f);
	return f;
}

void front_stop(struct front **fp)
{
	struct front *f = *fp;
	uint64_t one = 1;

	if (!f)
		return;
	*fp = NULL;
	atomic_store(&f->stop, true);
	if (write(f->wake_fd, &one, sizeof(one)) != sizeof(one))
		bug("eventfd: %s", strerror(errno));
	thread_join(&f->thread);
	close(f->ep);
	close(f->wake_fd);
	free(f);
}
