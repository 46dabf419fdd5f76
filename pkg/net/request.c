/*
 * request: one request from its head to its answer, as libmicrohttpd's callbacks.
 *
 * libmicrohttpd calls request_begin() with the raw target, request_handle() once for the head, for each
 * piece of the body and at its end, and request_end() when the answer is with the kernel or the client
 * has gone.  A request is dispatched only when its body is complete.  The handler's answer is noted
 * in the request and carried out by the event thread (act()), for a worker after its connection has
 * been resumed; so libmicrohttpd is only ever entered from its own threads.
 *
 * An oversized body is read to its end and dropped before the 413 goes out, up to SWALLOW_BYTES:
 * closing on a client that still sends would reset the connection and lose the answer.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/vec.h"
#include "net/conn.h"
#include "net/httpd_priv.h"
#include "net/tls_adapter.h"
#include "net/websocket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
	SWALLOW_BYTES = 64 << 20,
	BODIES_BYTES = 256 << 20, /* of all requests together; more is turned away, except small ones */
	BODY_SMALL = 64 * 1024,
	PART_BLOCK = 64 * 1024,
	BODY_GUESS = 1 << 20,
	ONE_RECORD = 12 * 1024
};

enum phase { PHASE_HEAD, PHASE_BODY, PHASE_WORK, PHASE_ANSWERED };
enum action { ACT_NONE, ACT_REPLY, ACT_STREAM, ACT_TAKEOVER };

struct header {
	const char *name, *value;
	struct header *next;
};

struct request {
	struct http_req pub; /* first: handlers hold this */
	struct httpd *h;
	struct MHD_Connection *c;
	struct tls_session *tls;
	enum phase phase;
	enum action action;
	struct buf body;
	size_t body_seen; /* bytes received, kept or not */
	size_t booked;    /* of it, in httpd's body_bytes */
	bool too_large, busy;
	bool http10;
	bool one_record;                        /* head and body of the answer go out together */
	struct header *headers, **headers_tail; /* to be added to the answer */
	int code;
	struct MHD_Response *response;
	const char *content_type;
	const struct stream_ops *stream_ops;
	const struct websocket_offer *websocket; /* of a stream; NULL: it is chunked */
	void (*takeover)(struct conn *c, void *arg);
	void *arg; /* of stream_ops or takeover */
};

static struct request *request_of(struct http_req *r)
{
	return (struct request *)r;
}

/* ---- request headers ---- */

const char *http_header(const struct http_req *r, const char *name)
{
	return MHD_lookup_connection_value(((const struct request *)r)->c, MHD_HEADER_KIND, name);
}

struct values {
	struct arena *a;
	const char *name;
	VEC(const char *) found;
};

static enum MHD_Result collect_value(void *arg, enum MHD_ValueKind kind, const char *name,
				     const char *value)
{
	struct values *v = arg;

	(void)kind;
	if (!strcasecmp(name, v->name))
		vec_push(&v->found, value ? value : "");
	return MHD_YES;
}

const char *const *http_headers(const struct http_req *r, const char *name)
{
	struct values v = { .name = name };
	const char **all;

	MHD_get_connection_values(((const struct request *)r)->c, MHD_HEADER_KIND, collect_value, &v);
	all = arena_zalloc(r->a, (v.found.n + 1) * sizeof(*all));
	if (v.found.n)
		memcpy(all, v.found.p, v.found.n * sizeof(*all));
	vec_free(&v.found);
	return all;
}

struct visitor {
	void (*fn)(void *arg, const char *name, const char *value);
	void *arg;
};

static enum MHD_Result visit(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct visitor *v = arg;

	(void)kind;
	v->fn(v->arg, name, value ? value : "");
	return MHD_YES;
}

void http_headers_each(const struct http_req *r,
		       void (*fn)(void *arg, const char *name, const char *value), void *arg)
{
	struct visitor v = { fn, arg };

	MHD_get_connection_values(((const struct request *)r)->c, MHD_HEADER_KIND, visit, &v);
}

/* ---- answers: noted here, carried out by act() ---- */

static void answered(struct request *q, enum action action)
{
	if (q->action != ACT_NONE)
		bug("%s %s answered twice", q->pub.method, q->pub.path);
	q->action = action;
}

void http_add_header(struct http_req *r, const char *name, const char *value)
{
	struct request *q = request_of(r);
	struct header *x = arena_alloc(r->a, sizeof(*x));

	*x = (struct header){ arena_strdup(r->a, name), arena_strdup(r->a, value), NULL };
	*q->headers_tail = x;
	q->headers_tail = &x->next;
}

static void set_response(struct request *q, int code, const char *content_type,
			 struct MHD_Response *resp)
{
	if (!resp)
		bug("out of memory for an HTTP response");
	q->code = code;
	q->response = resp;
	if (content_type)
		MHD_add_response_header(resp, "Content-Type", content_type);
	for (const struct header *x = q->headers; x; x = x->next)
		MHD_add_response_header(resp, x->name, x->value);
}

/* The arena ends when libmicrohttpd has done with the answer, so whatever the body needs joins it. */
static void keep_until_sent(struct http_req *r, void (*release)(void *arg), void *arg)
{
	if (release)
		arena_defer(r->a, release, arg);
}

void http_reply(struct http_req *r, int code, const char *content_type, const void *p, size_t n,
		void (*release)(void *arg), void *arg)
{
	struct request *q = request_of(r);

	answered(q, ACT_REPLY);
	keep_until_sent(r, release, arg);
	q->one_record = n && n <= ONE_RECORD && code >= 200 && code != 204 && code != 304;
	set_response(q, code, content_type, MHD_create_response_from_buffer_static(n, n ? p : ""));
}

struct parts {
	const struct http_part *parts;
	size_t i, n;
	size_t off; /* in parts[i] */
};

static ssize_t read_parts(void *arg, uint64_t pos, char *p, size_t max)
{
	struct parts *x = arg;
	size_t done = 0;

	(void)pos; /* always where the last call ended */
	while (done < max && x->i < x->n) {
		const struct http_part *part = &x->parts[x->i];
		size_t len = part->n - x->off;

		if (len > max - done)
			len = max - done;
		if (len)
			memcpy(p + done, (const char *)part->p + x->off, len);
		done += len;
		x->off += len;
		if (x->off == part->n) {
			x->i++;
			x->off = 0;
		}
	}
	return done ? (ssize_t)done : MHD_CONTENT_READER_END_OF_STREAM;
}

void http_reply_parts(struct http_req *r, int code, const char *content_type,
		      const struct http_part *parts, size_t nparts, void (*release)(void *arg),
		      void *arg)
{
	struct parts *x = arena_zalloc(r->a, sizeof(*x));
	uint64_t total = 0;

	answered(request_of(r), ACT_REPLY);
	keep_until_sent(r, release, arg);
	x->parts = parts;
	x->n = nparts;
	for (size_t i = 0; i < nparts; i++)
		total += parts[i].n;
	/* libmicrohttpd's own vector response sends each part as a TLS record of its own */
	set_response(request_of(r), code, content_type,
		     total ? MHD_create_response_from_callback(
				     total, total < PART_BLOCK ? total : PART_BLOCK, read_parts, x,
				     NULL) :
			     MHD_create_response_from_buffer_static(0, ""));
}

void http_stream(struct http_req *r, const char *content_type, const struct stream_ops *ops, void *arg)
{
	struct request *q = request_of(r);

	answered(q, ACT_STREAM);
	q->content_type = arena_strdup(r->a, content_type);
	q->stream_ops = ops;
	q->arg = arg;
}

void http_stream_websocket(struct http_req *r, const struct websocket_offer *o,
			   const struct stream_ops *ops, void *arg)
{
	struct request *q = request_of(r);

	http_stream(r, "", ops, arg);
	q->websocket = memcpy(arena_alloc(r->a, sizeof(*o)), o, sizeof(*o));
}

void http_takeover(struct http_req *r, void (*fn)(struct conn *c, void *arg), void *arg)
{
	struct request *q = request_of(r);

	answered(q, ACT_TAKEOVER);
	q->takeover = fn;
	q->arg = arg;
}

/* ---- carrying out ---- */

/* Take the session away from libmicrohttpd, which closes only its own descriptor. */
static struct tls_session *hijack(struct request *q)
{
	struct tls_session *s = q->tls;
	int fd = fcntl(tls_fd(s), F_DUPFD_CLOEXEC, 0);

	if (fd < 0) {
		log_warn("net", "no descriptor for a long-lived connection: %s", strerror(errno));
		return NULL;
	}
	tls_set_fd(s, fd);
	tls_session_user(s)->hijacked = true;
	atomic_fetch_add(&q->h->connections, 1); /* libmicrohttpd's end will take one off */
	return tls_session_ref(s);
}

static void stream_head(struct request *q, struct buf *b)
{
	char date[40];
	time_t now = (time_t)clock_now_s();
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	buf_addf(b, "HTTP/1.1 200 OK\r\n");
	for (const struct header *x = q->headers; x; x = x->next)
		buf_addf(b, "%s: %s\r\n", x->name, x->value);
	buf_addf(b, "Content-Type: %s\r\nDate: %s\r\nConnection: close\r\n", q->content_type, date);
	buf_adds(b, q->http10 ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
}

static enum MHD_Result begin_stream(struct request *q)
{
	struct tls_session *s = hijack(q);
	struct buf head = BUF_INIT;
	unsigned loop = atomic_fetch_add(&q->h->next, 1) % q->h->nthreads;

	if (!s) {
		q->stream_ops->closed(q->arg);
		return MHD_NO;
	}
	if (q->websocket)
		websocket_answer(&head, q->websocket);
	else
		stream_head(q, &head);
	stream_begin(q->h->loops[loop], s, &head, !q->http10 && !q->websocket, q->stream_ops, q->arg);
	return MHD_NO; /* libmicrohttpd forgets the connection */
}

/* fn owns arg and must run even without a connection: give it one that is already dead. */
static struct conn *dead_conn(struct request *q)
{
	atomic_fetch_add(&q->h->connections, 1);
	return conn_new(open("/dev/null", O_RDWR | O_CLOEXEC), NULL);
}

static enum MHD_Result begin_takeover(struct request *q)
{
	struct tls_session *s = hijack(q);

	takeover_begin(q->h->takeovers, s ? conn_new(tls_fd(s), s) : dead_conn(q), q->takeover,
		       q->arg);
	return MHD_NO;
}

/* The client went away while a worker prepared a long-lived answer. */
static void abandon(struct request *q)
{
	if (q->action == ACT_STREAM)
		q->stream_ops->closed(q->arg);
	if (q->action == ACT_TAKEOVER)
		takeover_begin(q->h->takeovers, dead_conn(q), q->takeover, q->arg);
}

static enum MHD_Result reply_plain(struct request *q, int code, const char *text, bool close_after)
{
	struct MHD_Response *resp = MHD_create_response_from_buffer_static(strlen(text), text);
	enum MHD_Result ok;

	q->phase = PHASE_ANSWERED;
	MHD_add_response_header(resp, "Content-Type", "text/plain; charset=utf-8");
	if (close_after)
		MHD_add_response_header(resp, "Connection", "close");
	ok = MHD_queue_response(q->c, (unsigned)code, resp);
	MHD_destroy_response(resp);
	return ok;
}

static enum MHD_Result act(struct request *q)
{
	enum MHD_Result ok;

	q->phase = PHASE_ANSWERED;
	switch (q->action) {
	case ACT_REPLY:
		tls_session_user(q->tls)->hold = q->one_record && strcmp(q->pub.method, "HEAD");
		ok = MHD_queue_response(q->c, (unsigned)q->code, q->response);
		MHD_destroy_response(q->response);
		q->response = NULL;
		return ok;
	case ACT_STREAM: return begin_stream(q);
	case ACT_TAKEOVER: return begin_takeover(q);
	case ACT_NONE: break;
	}
	log_error("net", "no answer to %s %s", q->pub.method, q->pub.path);
	return reply_plain(q, 500, "no answer\n", true);
}

static void work(void *arg)
{
	struct request *q = arg;

	q->h->conf.ops->work(q->h->conf.arg, &q->pub);
	MHD_resume_connection(q->c);
}

void http_work(struct http_req *r)
{
	struct request *q = request_of(r);

	crew_run(q->h->crew, work, q);
}

static enum MHD_Result dispatch_work(struct request *q)
{
	/* first counted, then looked: httpd_stop() does it the other way round */
	atomic_fetch_add(&q->h->in_work, 1);
	if (atomic_load(&q->h->stopping)) {
		atomic_fetch_sub(&q->h->in_work, 1);
		return reply_plain(q, 503, "the server is shutting down\n", true);
	}
	q->phase = PHASE_WORK;
	MHD_suspend_connection(q->c);
	if (!q->h->conf.ops->hold || !q->h->conf.ops->hold(q->h->conf.arg, &q->pub))
		http_work(&q->pub);
	return MHD_YES;
}

/* More bodies than memory is meant for: this one was not kept. */
static enum MHD_Result reply_busy(struct request *q)
{
	static const char text[] = "Too many requests, please try again later.\n";

	http_add_header(&q->pub, "Retry-After", "1");
	http_reply(&q->pub, 429, "text/plain; charset=utf-8", text, sizeof text - 1, NULL, NULL);
	return act(q);
}

static enum MHD_Result dispatch(struct request *q)
{
	const struct httpd_ops *ops = q->h->conf.ops;

	tls_session_user(q->tls)->deadline_ns = 0;
	atomic_fetch_add_explicit(&q->h->requests, 1, memory_order_relaxed);
	if (q->busy)
		return reply_busy(q);
	if (q->too_large) {
		if (!ops->too_large)
			return reply_plain(q, 413, "request body too large\n", false);
		ops->too_large(q->h->conf.arg, &q->pub, q->h->conf.max_body);
		return act(q);
	}
	q->pub.body = q->body.len ? q->body.p : "";
	q->pub.body_len = q->body.len;
	if (ops->fast(q->h->conf.arg, &q->pub) == HTTP_WORK)
		return dispatch_work(q);
	return act(q);
}

/* ---- libmicrohttpd's callbacks ---- */

static void split_target(struct http_req *r, const char *uri)
{
	const char *path = uri, *mark;

	/* absolute form, as sent to proxies: https://host/path */
	if (*path != '/' && (mark = strstr(path, "://"))) {
		path = strchr(mark + 3, '/');
		path = path ? path : "/";
	}
	mark = strchr(path, '?');
	r->path = mark ? arena_dup(r->a, path, (size_t)(mark - path)) : arena_strdup(r->a, path);
	r->query = mark ? arena_strdup(r->a, mark + 1) : "";
}

static void set_identity(struct request *q)
{
	const struct tls_peer *p = tls_session_peer(q->tls);

	q->pub.remote = tls_session_user(q->tls)->remote;
	if (!p)
		return;
	q->pub.cert_bad = p->bad;
	if (!p->cn)
		return;
	q->pub.cert_cn = p->cn;
	q->pub.cert_client = p->client;
	q->pub.cert_proxy = p->proxy;
	q->pub.cert_orgs = (const char *const *)p->orgs;
	q->pub.cert_sha256 = p->sha256;
}

void *request_begin(void *cls, const char *uri, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	struct arena *a = arena_new();
	struct request *q = arena_zalloc(a, sizeof(*q));

	q->pub.a = a;
	q->pub.method = "";
	q->pub.body = "";
	q->h = cls;
	q->c = c;
	q->tls = info->tls_session;
	q->headers_tail = &q->headers;
	split_target(&q->pub, uri);
	set_identity(q);
	return q;
}

void request_end(void *cls, struct MHD_Connection *c, void **request,
		 enum MHD_RequestTerminationCode why)
{
	struct request *q = *request;
	struct arena *a;

	(void)cls, (void)c, (void)why;
	if (!q)
		return;
	*request = NULL;
	if (q->phase == PHASE_WORK) {
		atomic_fetch_sub(&q->h->in_work, 1);
		abandon(q);
	}
	atomic_fetch_sub_explicit(&q->h->body_bytes, (long long)q->booked, memory_order_relaxed);
	if (q->response)
		MHD_destroy_response(q->response);
	buf_free(&q->body);
	a = q->pub.a;
	arena_free(&a);
}

static enum MHD_Result head(struct request *q, const char *method, const char *version)
{
	const char *length = MHD_lookup_connection_value(q->c, MHD_HEADER_KIND, "Content-Length");
	unsigned long long n = length ? strtoull(length, NULL, 10) : 0;

	q->pub.method = arena_strdup(q->pub.a, method);
	q->http10 = !strcmp(version, "HTTP/1.0");
	q->phase = PHASE_BODY;
	tls_session_user(q->tls)->deadline_ns =
		clock_mono_ns() + TLS_BODY_DEADLINE_S * INT64_C(1000000000);
	q->too_large = n > q->h->conf.max_body;
	if (q->too_large && (n > SWALLOW_BYTES || http_header(&q->pub, "Expect")))
		return dispatch(q); /* without waiting for the body */
	if (n && !q->too_large)
		buf_reserve(&q->body, n < BODY_GUESS ? n : BODY_GUESS);
	return MHD_YES;
}

static enum MHD_Result body(struct request *q, const char *data, size_t n)
{
	q->body_seen += n;
	if (!q->busy) {
		long long all = atomic_fetch_add_explicit(&q->h->body_bytes, (long long)n,
							  memory_order_relaxed);

		q->booked += n;
		q->busy = all > BODIES_BYTES && q->body_seen > BODY_SMALL;
	}
	if (q->body_seen > SWALLOW_BYTES && q->body_seen > q->h->conf.max_body)
		return MHD_NO;
	if (q->busy || q->body_seen > q->h->conf.max_body) {
		q->too_large = !q->busy;
		buf_free(&q->body);
	} else if (!q->too_large) {
		buf_add(&q->body, data, n);
	}
	return MHD_YES;
}

enum MHD_Result request_handle(void *cls, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **request)
{
	struct request *q = *request;
	size_t n = *size;

	(void)cls, (void)c, (void)url;
	*size = 0; /* whatever there is, it is taken */
	switch (q->phase) {
	case PHASE_HEAD: *size = n; return head(q, method, version);
	case PHASE_BODY: return n ? body(q, data, n) : dispatch(q);
	case PHASE_WORK: atomic_fetch_sub(&q->h->in_work, 1); return act(q);
	case PHASE_ANSWERED: break;
	}
	return MHD_YES;
}
