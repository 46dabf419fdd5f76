/*
 * httpd: configuration, start and stop of the HTTP server.
 *
 * One libmicrohttpd daemon with one epoll thread for each event thread (its own thread pool needs a
 * listening socket, which we keep to ourselves), as many front threads and stream loops beside them.
 * Nothing listens in libmicrohttpd: connections come through httpd_adopt() with TLS established.
 *
 * Stopping goes from the outside in: no new connections, no new work (503), wait for the work that
 * runs, then event threads, streams and duplex connections end.  libmicrohttpd must not be stopped while
 * a connection is suspended, hence the waiting has no hard limit; what runs in workers has its own
 * time-outs.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "net/httpd_priv.h"
#include "net/pki.h"
#include "net/tls_adapter.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 4096, SPARE_FDS = 256, STACK_BYTES = 512 * 1024 };

/* ---- listening ---- */

/* "ADDR:PORT", "[v6]:PORT", ":PORT" into its halves; false when it has no such form. */
static bool split_address(const char *text, char host[256], char port[32])
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (!colon || n >= 256 || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	if (strlen(colon + 1) > 5 || atoi(colon + 1) > 65535)
		return false;
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	memcpy(host, text, n);
	host[n] = '\0';
	strcpy(port, colon + 1);
	return true;
}

static int listen_on(const struct addrinfo *ai)
{
	int one = 1, err;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, BACKLOG))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static const char *listen_hint(int err)
{
	switch (err) {
	case EADDRINUSE:
		return "; another process listens there, choose another port or 0 for any free one";
	case EACCES: return "; ports below 1024 need privileges";
	case EADDRNOTAVAIL: return "; no interface of this machine has that address";
	default: return "";
	}
}

static bool open_listener(struct httpd *h, struct status *st)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *ai = NULL;
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	char host[256], port[32];
	int err;

	if (!split_address(h->conf.listen, host, port))
		return status_plain_error(st, "listen on %s: not of the form ADDRESS:PORT",
					  h->conf.listen);
	err = getaddrinfo(*host ? host : NULL, port, &hints, &ai);
	if (err)
		return status_plain_error(st, "listen on %s: %s", h->conf.listen, gai_strerror(err));
	h->listen_fd = listen_on(ai);
	err = errno;
	freeaddrinfo(ai);
	if (h->listen_fd < 0)
		return status_plain_error(st, "listen on %s: %s%s", h->conf.listen, strerror(err),
					  listen_hint(err));
	getsockname(h->listen_fd, (struct sockaddr *)&bound, &len);
	getnameinfo((struct sockaddr *)&bound, len, NULL, 0, port, sizeof(port), NI_NUMERICSERV);
	h->port = atoi(port);
	return true;
}

/* ---- libmicrohttpd ---- */

static size_t keep_escaped(void *cls, struct MHD_Connection *c, char *s)
{
	(void)cls, (void)c;
	return strlen(s);
}

static void connection_event(void *cls, struct MHD_Connection *c, void **ctx,
			     enum MHD_ConnectionNotificationCode what)
{
	struct httpd *h = cls;

	(void)c, (void)ctx;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED)
		atomic_fetch_sub(&h->connections, 1);
}

static bool start_daemon(struct httpd *h, unsigned i, struct status *st)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_NO_LISTEN_SOCKET |
			 MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;

	h->daemons[i] = MHD_start_daemon(
		flags, 0, NULL, NULL, request_handle, h, MHD_OPTION_HTTPS_MEM_KEY, "ours",
		MHD_OPTION_HTTPS_MEM_CERT, "ours", MHD_OPTION_CONNECTION_LIMIT,
		h->conf.max_connections + SPARE_FDS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)h->conf.idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTPD_HEAD_BYTES, MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
		MHD_OPTION_URI_LOG_CALLBACK, request_begin, h, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_end, h,
		MHD_OPTION_NOTIFY_CONNECTION, connection_event, h, MHD_OPTION_END);
	return h->daemons[i] || status_plain_error(st, "the HTTP library does not start");
}

void httpd_adopt(struct httpd *h, struct tls_session *s, const void *addr, unsigned addrlen)
{
	unsigned i = atomic_fetch_add(&h->next, 1) % h->nthreads;
	struct tls_session *left;

	tls_adapter_offer(s);
	if (MHD_add_connection(h->daemons[i], tls_fd(s), addr, (socklen_t)addrlen) != MHD_YES)
		atomic_fetch_sub(&h->connections, 1); /* the descriptor has been closed */
	left = tls_adapter_withdraw();
	tls_session_unref(&left);
}

/* ---- start and stop ---- */

static unsigned limit_connections(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return 512;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	getrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > 100000)
		return 100000;
	return r.rlim_cur > 2 * SPARE_FDS ? (unsigned)r.rlim_cur - SPARE_FDS : SPARE_FDS;
}

static void fill_defaults(struct httpd *h)
{
	struct httpd_config *c = &h->conf;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (!c->event_threads)
		c->event_threads = cpus > 0 ? (unsigned)cpus : 1;
	if (c->event_threads > HTTPD_MAX_THREADS)
		c->event_threads = HTTPD_MAX_THREADS;
	h->nthreads = c->event_threads;
	if (!c->worker_threads)
		c->worker_threads = 64;
	if (!c->max_connections)
		c->max_connections = limit_connections();
	if (!c->idle_timeout_s)
		c->idle_timeout_s = 120;
}

struct httpd *httpd_start(const struct httpd_config *c, struct status *st)
{
	struct httpd *h = calloc(1, sizeof(*h));
	bool ok;

	BUG_ON(!h);
	h->conf = *c;
	h->listen_fd = -1;
	fill_defaults(h);
	ok = open_listener(h, st);
	for (unsigned i = 0; ok && i < h->nthreads; i++)
		ok = start_daemon(h, i, st);
	if (!ok) {
		httpd_stop(&h, 0);
		return NULL;
	}
	h->crew = crew_new(h->conf.worker_threads);
	h->takeovers = takeovers_new(h);
	for (unsigned i = 0; i < h->nthreads; i++)
		h->loops[i] = stream_loop_start(h, i);
	for (unsigned i = 0; i < h->nthreads; i++)
		h->fronts[i] = front_start(h, i);
	return h;
}

int httpd_port(const struct httpd *h)
{
	return h->port;
}

static void wait_for_work(struct httpd *h, int grace_s)
{
	int64_t until = clock_mono_ns() + grace_s * INT64_C(1000000000);
	struct timespec ms = { 0, 1000000 };
	bool warned = false;

	while (atomic_load(&h->in_work) > 0) {
		if (!warned && clock_mono_ns() > until) {
			log_warn("net", "still waiting for %d requests", atomic_load(&h->in_work));
			warned = true;
			crew_cut(h->crew);
		}
		nanosleep(&ms, NULL);
	}
}

void httpd_stop(struct httpd **hp, int grace_s)
{
	struct httpd *h = *hp;

	if (!h)
		return;
	*hp = NULL;
	atomic_store(&h->stopping, true);
	for (unsigned i = 0; i < h->nthreads; i++)
		front_stop(&h->fronts[i]);
	if (h->listen_fd >= 0)
		close(h->listen_fd);
	wait_for_work(h, grace_s);
	for (unsigned i = 0; i < h->nthreads; i++)
		if (h->daemons[i])
			MHD_stop_daemon(h->daemons[i]);
	for (unsigned i = 0; i < h->nthreads; i++)
		stream_loop_stop(&h->loops[i]);
	takeovers_free(&h->takeovers);
	crew_free(&h->crew);
	free(h);
}

void httpd_stats(const struct httpd *h, struct httpd_stats *out)
{
	out->connections = atomic_load(&h->connections);
	out->requests = atomic_load(&h->requests);
	out->streams = atomic_load(&h->streams);
	out->handshake_failures = atomic_load(&h->handshake_failures);
}
