/*
 * httpd: the HTTPS server: mbedTLS handshakes on our own front thread, then libmicrohttpd's
 * epoll pool; long-lived responses leave libmicrohttpd for our own stream loop.
 *
 * A request is first offered to ops->fast on an event thread, which must not block.  It
 * replies there or answers HTTP_WORK, and ops->work then runs on a worker thread, may block, and must
 * reply before it returns.  A struct http_req and its arena live until the reply is sent.
 */
#ifndef NUTSHELL_NET_HTTPD_H
#define NUTSHELL_NET_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct status;
struct httpd;
struct tls_identity;

struct http_req {
	struct arena *a;
	const char *method; /* "GET" */
	const char *path;   /* as sent, still percent-encoded, without query */
	const char *query;  /* without '?', "" when none */
	const char *body;   /* complete; "" when none */
	size_t body_len;
	const char *remote; /* "127.0.0.1:4711" */
	/* verified client certificate; cn NULL when there is none */
	const char *cert_cn;
	const char *const *cert_orgs; /* NULL-terminated */
	const char *cert_sha256;      /* lower-case hex of the DER */
	bool cert_client, cert_proxy; /* whose authority answers for it: the clients', the proxies' */
	bool cert_bad;                /* a certificate was presented but does not verify */
	void *user;                   /* the handler's own, from fast to work */
};

/* First value of a header (name case-insensitive), or NULL. */
const char *http_header(const struct http_req *r, const char *name);
/* All values of a header, NULL-terminated, in the request's arena. */
const char *const *http_headers(const struct http_req *r, const char *name);
/* All header names and values: calls fn for each. */
void http_headers_each(const struct http_req *r,
		       void (*fn)(void *arg, const char *name, const char *value), void *arg);

enum http_next { HTTP_DONE, HTTP_WORK };

struct httpd_ops {
	/* The body of the request exceeds max_body, or its head cannot be parsed, etc. are answered by
	 * net itself; too_large (may be NULL) lets the handler word the 413. */
	enum http_next (*fast)(void *arg, struct http_req *r);
	void (*work)(void *arg, struct http_req *r);
	/* After HTTP_WORK, before work (may be NULL): true when r has to wait; http_work() is then called for it,
	 * by anyone, even before this returns.  Must not block. */
	bool (*hold)(void *arg, struct http_req *r);
	void (*too_large)(void *arg, struct http_req *r, size_t limit);
};

struct httpd_config {
	const char *listen;       /* "ADDR:PORT", "[v6]:PORT"; port 0 = any free */
	struct tls_identity *tls; /* borrowed, must outlive the server */
	const struct httpd_ops *ops;
	void *arg;
	size_t max_body;          /* bytes; larger bodies get 413 */
	unsigned event_threads;   /* 0 = number of processors */
	unsigned worker_threads;  /* upper bound; started on demand; 0 = 64 */
	unsigned max_connections; /* 0 = derived from RLIMIT_NOFILE */
	int idle_timeout_s;       /* keep-alive and slow clients; 0 = 120 */
};

/* Bind, start all threads.  NULL: 500 with the reason (`listen on 0.0.0.0:6443: address in use; ...`). */
struct httpd *httpd_start(const struct httpd_config *c, struct status *st);
/* The bound port. */
int httpd_port(const struct httpd *h);
/* Stop accepting; let requests in work finish (up to grace_s), end streams, join, free, null. */
void httpd_stop(struct httpd **h, int grace_s);
/* Connections open, requests served and so on, for /metrics. */
struct httpd_stats {
	int64_t connections, requests, streams, handshake_failures;
};
void httpd_stats(const struct httpd *h, struct httpd_stats *out);

/* Let a held request go to a worker; from any thread, once. */
void http_work(struct http_req *r);

/* ---- replying: exactly one of these per request ---- */

/* Add a response header before replying; copies. */
void http_add_header(struct http_req *r, const char *name, const char *value);

/* Reply with n bytes that stay valid until release(arg) is called (NULL: they live in r->a). */
void http_reply(struct http_req *r, int code, const char *content_type, const void *p, size_t n,
		void (*release)(void *arg), void *arg);

/* As http_reply() for a body in several parts (lists: thousands of objects): parts stay valid until
 * release.  The parts array itself lives in r->a. */
struct http_part {
	const void *p;
	size_t n;
};
void http_reply_parts(struct http_req *r, int code, const char *content_type,
		      const struct http_part *parts, size_t nparts, void (*release)(void *arg),
		      void *arg);

/* ---- streams: a response without end (watch, log -f), driven by the stream loop ---- */

struct stream;

struct stream_ops {
	/* Called on a stream thread when everything written before is with the kernel and the stream was
	 * woken, its deadline passed, or it has just begun.  Appends output with stream_write().
	 * Must not block.  Returning false ends the response cleanly (last chunk sent). */
	bool (*pump)(struct stream *s, void *arg);
	/* The stream is over (client gone, ended, server stopping): release arg.  Called once. */
	void (*closed)(void *arg);
};

/* Begin a chunked 200 response with r's added headers, flushed at once, and hand the connection to
 * the stream loop.  r and its arena end; arg must not live in it. */
void http_stream(struct http_req *r, const char *content_type, const struct stream_ops *ops,
		 void *arg);
/* As http_stream() behind a WebSocket's 101: the output is frames of the caller's making, see
 * websocket_head(); what the client sends is read and dropped. */
struct websocket_offer;
void http_stream_websocket(struct http_req *r, const struct websocket_offer *o,
			   const struct stream_ops *ops, void *arg);
/* Only from pump(): append bytes; one chunk per pump is made of all of them. */
void stream_write(struct stream *s, const void *p, size_t n);
/* Bytes appended in this pump. */
size_t stream_pending(const struct stream *s);
/* Only from pump(): call pump again no later than this (clock_mono_ns time); 0 = never. */
void stream_deadline(struct stream *s, int64_t mono_ns);
/* From any thread: pump soon.  Legal until closed() has been called for it. */
void stream_wake(struct stream *s);
/* Streams are found for waking through groups: waking a group wakes all its members; O(members).
 * Groups are named by pointer (for instance a struct table *).  A stream joins at most one, in pump().
 * httpd_wake_group() is legal from any thread until httpd_stop() is called. */
void stream_join(struct stream *s, const void *group);
void httpd_wake_group(struct httpd *h, const void *group);

/* ---- duplex connections: exec, attach, port-forward, proxied upgrades ---- */

struct conn;

/* Take the connection over after the request head; nothing has been answered yet.  fn(conn, arg) runs on
 * its own thread and owns the conn until it returns; then it is closed.  r ends. */
void http_takeover(struct http_req *r, void (*fn)(struct conn *c, void *arg), void *arg);

/* Blocking, until at least one byte; 0 = end of stream, -1 = error or timeout (timeout_ms < 0: none). */
long conn_read(struct conn *c, void *p, size_t n, int timeout_ms);
/* Blocking, all bytes; false when the peer is gone. */
bool conn_write(struct conn *c, const void *p, size_t n);
/* Tell the peer that no more will be written. */
void conn_shutdown(struct conn *c);
void conn_close(struct conn **c);
/* Copy both ways until both are at their end (one side ended: flush the other, 5 s linger). Blocking. */
void conn_splice(struct conn *x, struct conn *y);

#endif
