/*
 * dial: connect, try each address of the name, then the TLS handshake.
 *
 * Everything is non-blocking with poll() and one deadline per phase, so that a silent peer cannot
 * hold the caller.
 */
#include "net/dial.h"

#include "base/clock.h"
#include "base/status.h"
#include "net/conn.h"
#include "net/tls.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool wait_ready(int fd, short events, int64_t until_ns)
{
	struct pollfd p = { .fd = fd, .events = events };
	int r;

	do {
		int64_t left = (until_ns - clock_mono_ns()) / 1000000;

		r = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	return r > 0;
}

/* A connected socket, or -1 with errno set. */
static int connect_to(int family, const struct sockaddr *addr, socklen_t len, int64_t until_ns)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err = 0;
	socklen_t n = sizeof(err);

	if (fd < 0)
		return -1;
	if (!connect(fd, addr, len))
		return fd;
	err = errno;
	if (err == EINPROGRESS || err == EAGAIN) {
		err = ETIMEDOUT;
		if (wait_ready(fd, POLLOUT, until_ns))
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n);
	}
	if (!err)
		return fd;
	close(fd);
	errno = err;
	return -1;
}

static int connect_unix(const char *path, int64_t until_ns)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	return connect_to(AF_UNIX, (const struct sockaddr *)&addr, sizeof(addr), until_ns);
}

static int connect_tcp(const struct dial *d, int64_t until_ns, struct status *st)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all = NULL;
	int fd = -1, one = 1;
	int err = getaddrinfo(d->host, d->port, &hints, &all);

	if (err) {
		status_unavailable(st, "%s: %s", d->host, gai_strerror(err));
		return -1;
	}
	for (const struct addrinfo *ai = all; ai && fd < 0; ai = ai->ai_next)
		fd = connect_to(ai->ai_family, ai->ai_addr, ai->ai_addrlen, until_ns);
	freeaddrinfo(all);
	if (fd < 0)
		status_unavailable(st, "connect to %s port %s: %s", d->host, d->port,
				   strerror(errno));
	else
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static struct tls_session *start_tls(const struct dial *d, int fd, struct status *st)
{
	int64_t until = clock_mono_ns() + d->timeout_ms * INT64_C(1000000);
	const char *name = d->server_name ? d->server_name : d->host;
	struct tls_session *s = tls_session_new(d->tls, fd, name ? name : "localhost");
	char why[256];
	int r;

	while ((r = tls_handshake(s)) == TLS_WANT_READ || r == TLS_WANT_WRITE) {
		if (wait_ready(fd, r == TLS_WANT_READ ? POLLIN : POLLOUT, until))
			continue;
		status_unavailable(st, "TLS handshake with %s: timed out", name);
		tls_session_unref(&s);
		return NULL;
	}
	if (r) {
		status_unavailable(st, "TLS handshake with %s: %s", name, tls_failure(s, why));
		tls_session_unref(&s);
	}
	return s;
}

struct conn *dial(const struct dial *d, struct status *st)
{
	int64_t until = clock_mono_ns() + d->timeout_ms * INT64_C(1000000);
	struct tls_session *s = NULL;
	int fd;

	if (d->unix_socket) {
		fd = connect_unix(d->unix_socket, until);
		if (fd < 0)
			status_unavailable(st, "connect to %s: %s", d->unix_socket, strerror(errno));
	} else {
		fd = connect_tcp(d, until, st);
	}
	if (fd < 0)
		return NULL;
	if (d->tls) {
		s = start_tls(d, fd, st);
		if (!s) {
			close(fd);
			return NULL;
		}
	}
	return conn_new(fd, s);
}
