/*
 * httpd_priv: what the parts of the HTTP server know of each other; private to net.
 *
 *	front    accepts and finishes TLS handshakes, then calls httpd_adopt()
 *	httpd    libmicrohttpd's daemons, start and stop
 *	request  one request from its head to its answer
 *	crew     the worker threads for requests that may block
 *	stream   the loops that drive responses without end
 *	takeover the threads of duplex connections
 */
#ifndef NUTSHELL_NET_HTTPD_PRIV_H
#define NUTSHELL_NET_HTTPD_PRIV_H

#include "net/crew.h"
#include "net/httpd.h"
#include "net/tls.h"

#include <microhttpd.h>
#include <stdatomic.h>

struct buf;
struct front;
struct stream_loop;
struct takeovers;

enum { HTTPD_MAX_THREADS = 16, HTTPD_HEAD_BYTES = 32 * 1024 };

struct httpd {
	struct httpd_config conf; /* defaults filled in */
	int listen_fd, port;
	unsigned nthreads;
	struct MHD_Daemon *daemons[HTTPD_MAX_THREADS];
	struct front *fronts[HTTPD_MAX_THREADS];
	struct stream_loop *loops[HTTPD_MAX_THREADS];
	struct crew *crew;
	struct takeovers *takeovers;
	atomic_uint next; /* round robin over daemons and loops */
	atomic_bool stopping;
	atomic_int in_work;      /* requests whose answer is not ready yet */
	atomic_llong body_bytes; /* of requests still being received or worked on */
	atomic_llong connections, requests, streams, handshake_failures;
};

/* A connection whose handshake is done; takes s and its descriptor, whatever happens. */
void httpd_adopt(struct httpd *h, struct tls_session *s, const void *addr, unsigned addrlen);

/* ---- front ---- */
struct front *front_start(struct httpd *h, unsigned index);
void front_stop(struct front **f);

/* ---- request: libmicrohttpd's callbacks; cls is the httpd ---- */
void *request_begin(void *cls, const char *uri, struct MHD_Connection *c);
enum MHD_Result request_handle(void *cls, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **request);
void request_end(void *cls, struct MHD_Connection *c, void **request,
		 enum MHD_RequestTerminationCode why);

/* ---- stream ---- */
struct stream_loop *stream_loop_start(struct httpd *h, unsigned index);
/* Takes s and its descriptor.  head (moved) is sent first; chunked says how output is framed. */
void stream_begin(struct stream_loop *l, struct tls_session *s, struct buf *head, bool chunked,
		  const struct stream_ops *ops, void *arg);
void stream_loop_wake_group(struct stream_loop *l, const void *group);
/* End all streams, join, free. */
void stream_loop_stop(struct stream_loop **l);

/* ---- takeover ---- */
struct takeovers *takeovers_new(struct httpd *h);
/* Run fn(c, arg) on a thread of its own, then close c and count the connection off. */
void takeover_begin(struct takeovers *t, struct conn *c, void (*fn)(struct conn *c, void *arg),
		    void *arg);
/* Break all connections, join, free. */
void takeovers_free(struct takeovers **t);

#endif
