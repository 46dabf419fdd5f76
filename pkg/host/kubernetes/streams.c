/*
 * Design: a tunnel that understands heads and no bodies.  The target is built from the host pod's name, which
 * must be linked to the very pod the tenant named; of the tenant's headers only those that negotiate the
 * stream pass; the host's answer to an upgrade is passed on with 101, and rewritten into a Status otherwise.
 * After 101 both directions are opaque, so SPDY, WebSocket and whatever comes next work unseen.
 */
#include "host/kubernetes/streams.h"

#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/remote.h"
#include "host/kubernetes/scrub.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "net/client.h"
#include "obj/json.h"
#include "obj/status_json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX 65536
#define BODY_MS 10000
#define QUIET_MS 500
#define STREAMS_MAX 500
#define BEARER "base64url.bearer.authorization.k8s.io."

/* ---- the host pod ---- */

static bool pod_not_found(const struct pod_stream *p, struct status *st)
{
	static const struct subject pods = { "", "pods", "Pod" };

	return status_not_found(st, &pods, p->pod->name);
}

static bool linked_to(struct host *h, struct arena *a, const struct obj *o,
		      const struct pod_stream *p)
{
	return host_ours(h, a, o, "pods") && !strcmp(host_linked(a, o).vuid, p->pod->uid);
}

/* A mirror may be behind: what it does not have is asked for. */
static bool find_host_pod(struct host *h, struct arena *a, const struct pod_stream *p,
			  char hname[HOST_NAME_MAX], struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct obj *o;
	struct json *tree;

	names_map(h->names, "pods", p->pod->ns, p->pod->name, hname);
	o = mirror_get(h->pods, hname);
	if (o && linked_to(h, a, obj_give(a, o), p))
		return true;
	if (!remote_get(h, a, remote_path(h, a, "api/v1", "pods", hname, NULL), &tree, &err)) {
		if (err.code == 404)
			return pod_not_found(p, st);
		scrub_status(h, a, &err);
		status_move(st, &err);
		return false;
	}
	o = obj_give(a, obj_new(tree, NULL));
	return linked_to(h, a, o, p) || pod_not_found(p, st);
}

/* One tenant must not use up the host's patience. */
static bool enter(struct host *h, struct status *st)
{
	if (atomic_fetch_add(&h->open_streams, 1) < STREAMS_MAX)
		return true;
	atomic_fetch_sub(&h->open_streams, 1);
	return status_too_many(st, 1, "this cluster has %d streams open, which is the limit",
			       STREAMS_MAX);
}

static void leave(struct host *h)
{
	atomic_fetch_sub(&h->open_streams, 1);
}

/* The tenant's query, in its order, with the container that was chosen. */
static char *query_for(struct arena *a, const struct pod_stream *p)
{
	struct buf b = BUF_INIT;
	char *out;

	for (const char *q = p->query; *q;) {
		size_t n = strcspn(q, "&");

		if (n && strncmp(q, "container=", 10) && !(n == 9 && !strncmp(q, "container", 9)))
			buf_addf(&b, "%s%.*s", b.len ? "&" : "?", (int)n, q);
		q += n + (q[n] == '&');
	}
	if (*p->container)
		buf_addf(&b, "%scontainer=%s", b.len ? "&" : "?", url_encode(a, p->container));
	out = arena_dup(a, b.len ? b.p : "", b.len);
	buf_free(&b);
	return out;
}

static char *target(struct host *h, struct arena *a, const char *hname, const char *sub,
		    const struct pod_stream *p)
{
	return arena_printf(a, "%s%s", remote_path(h, a, "api/v1", "pods", hname, sub),
			    query_for(a, p));
}

/* The host's refusal, from its body. */
static void refusal(struct host *h, struct arena *a, int code, const struct buf *body,
		    struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *o = body->len ? json_parse(a, body->p, body->len, NULL, NULL) : NULL;

	if (!o || !status_from_tree(&err, o)) {
		if (code < 400)
			status_other(&err, 502, "InternalError",
				     "the host answered %d instead of switching protocols", code);
		else if (body->len && !o)
			status_other(&err, code, "", "%.*s", (int)body->len, body->p);
		else
			status_other(&err, code, "", "the host answered %d", code);
	}
	scrub_status(h, a, &err);
	status_move(st, &err);
}

/* ---- logs ---- */

struct tail {
	const struct log_sink *sink;
	int code;
	struct buf refusal;
};

static bool on_head(void *arg, int code, const char *content_type)
{
	struct tail *t = arg;

	(void)content_type;
	t->code = code;
	return true;
}

static bool on_data(void *arg, const char *p, size_t n)
{
	struct tail *t = arg;

	if (t->code == 200)
		return t->sink->write(t->sink->arg, p, n);
	buf_add(&t->refusal, p, n);
	return t->refusal.len < BODY_MAX;
}

/* While the host is silent somebody must notice that the client has left. */
struct watchdog {
	const struct log_sink *sink;
	bool stop, done;
	struct lock lock;
	struct cond wake;
};

static bool is_done(struct watchdog *w)
{
	int64_t until = clock_mono_ns() + QUIET_MS * INT64_C(1000000);
	bool done;

	lock_take(&w->lock);
	while (!w->done && cond_wait_until(&w->wake, &w->lock, until))
		;
	done = w->done;
	lock_drop(&w->lock);
	return done;
}

static void guard(void *arg)
{
	struct watchdog *w = arg;

	while (!is_done(w))
		if (!w->sink->write(w->sink->arg, NULL, 0)) {
			__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
			return;
		}
}

static bool stream_log(struct host *h, struct tail *t, const char *path, struct status *st)
{
	struct watchdog w = { .sink = t->sink };
	struct client_req q = { .method = "GET", .path = path };
	struct client_stream s = { on_head, on_data, t, &w.stop };
	struct thread *thread;
	bool ok;

	lock_init(&w.lock, "log", LOCK_HOST);
	cond_init(&w.wake);
	thread = thread_start("host-log", guard, &w);
	ok = client_stream(h->client, &q, &s, &t->code, st);
	lock_take(&w.lock);
	w.done = true;
	cond_broadcast(&w.wake);
	lock_drop(&w.lock);
	thread_join(&thread);
	cond_destroy(&w.wake);
	lock_destroy(&w.lock);
	return ok;
}

static bool follow(struct host *h, const struct pod_stream *p, const struct log_sink *sink,
		   struct status *st)
{
	struct arena *a = arena_new();
	struct tail t = { .sink = sink };
	char hname[HOST_NAME_MAX];
	bool ok = find_host_pod(h, a, p, hname, st) &&
		  stream_log(h, &t, target(h, a, hname, "log", p), st);

	if (ok && t.code && t.code != 200) {
		refusal(h, a, t.code, &t.refusal, st);
		ok = false;
	}
	buf_free(&t.refusal);
	arena_free(&a);
	return ok;
}

bool kube_log(void *host, const struct pod_stream *p, const struct log_sink *sink, struct status *st)
{
	bool ok;

	if (!enter(host, st))
		return false;
	ok = follow(host, p, sink, st);
	leave(host);
	return ok;
}

/* ---- upgrades ---- */

static const char *value_of(const char *line)
{
	const char *colon = strchr(line, ':');

	return colon ? colon + 1 + strspn(colon + 1, " \t") : "";
}

/* The offered protocols without the one that is a credential. */
static char *protocols(struct arena *a, const char *list)
{
	struct buf b = BUF_INIT;
	char *out;

	while (*list) {
		size_t n = strcspn(list, ","), end = n;

		while (end && (list[end - 1] == ' ' || list[end - 1] == '\t'))
			end--;
		if (end && strncmp(list, BEARER, sizeof BEARER - 1))
			buf_addf(&b, "%s%.*s", b.len ? ", " : "", (int)end, list);
		list += n + (list[n] == ',');
		list += strspn(list, " \t");
	}
	out = arena_dup(a, b.len ? b.p : "", b.len);
	buf_free(&b);
	return out;
}

/* Only what negotiates the stream; everything about the tenant's person stays here. */
static const char *const *headers_for(struct arena *a, const struct pod_stream *p)
{
	static const char *const kept[] = { "Connection",
					    "Upgrade",
					    "X-Stream-Protocol-Version",
					    "Sec-WebSocket-Key",
					    "Sec-WebSocket-Version",
					    "Sec-WebSocket-Extensions",
					    "Accept-Encoding",
					    "Accept" };
	size_t n = 0, max = 0;
	const char **out;

	while (p->headers && p->headers[max])
		max++;
	out = arena_alloc(a, (max + 1) * sizeof(*out));
	for (size_t i = 0; i < max; i++) {
		const char *line = p->headers[i];
		size_t len = strcspn(line, ":");

		if (len == 22 && !strncasecmp(line, "Sec-WebSocket-Protocol", len)) {
			const char *list = protocols(a, value_of(line));

			if (*list)
				out[n++] = arena_printf(a, "Sec-WebSocket-Protocol: %s", list);
			continue;
		}
		for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
			if (strlen(kept[k]) == len && !strncasecmp(line, kept[k], len))
				out[n++] = line;
	}
	out[n] = NULL;
	return out;
}

/* Value of Content-Length in a raw head; -1 without. */
static long content_length(const char *head)
{
	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
		if (!strncasecmp(line + 2, "Content-Length:", 15))
			return atol(line + 17);
	return -1;
}

static void read_refusal(struct conn *c, const char *head, struct buf *body)
{
	int64_t until = clock_mono_ns() + BODY_MS * INT64_C(1000000);
	long want = content_length(head);
	char p[4096];

	while (body->len < BODY_MAX && (want < 0 || (long)body->len < want)) {
		int64_t left = (until - clock_mono_ns()) / 1000000;
		long n = left > 0 ? conn_read(c, p, sizeof p, (int)left) : -1;

		if (n <= 0)
			return;
		buf_add(body, p, (size_t)n);
	}
}

static struct conn *open_upgrade(struct host *h, struct arena *a, const char *sub,
				 const struct pod_stream *p, struct buf *head, struct status *st)
{
	BUF_AUTO struct buf body = BUF_INIT;
	struct client_req q = { .method = p->method };
	char hname[HOST_NAME_MAX];
	struct conn *up;
	int code;

	if (!find_host_pod(h, a, p, hname, st))
		return NULL;
	q.path = target(h, a, hname, sub, p);
	q.headers = headers_for(a, p);
	up = client_upgrade(h->client, &q, head, &code, st);
	if (!up || code == 101)
		return up;
	read_refusal(up, head->p, &body);
	refusal(h, a, code, &body, st);
	conn_close(&up);
	return NULL;
}

static void tunnel(struct host *h, const char *sub, const struct pod_stream *p, struct conn *c,
		   struct status *st)
{
	BUF_AUTO struct buf head = BUF_INIT;
	struct arena *a = arena_new();
	struct conn *up = open_upgrade(h, a, sub, p, &head, st);

	if (up && conn_write(c, head.p, head.len))
		conn_splice(c, up);
	if (up)
		conn_close(&up);
	arena_free(&a);
}

void kube_duplex(void *host, const char *sub, const struct pod_stream *p, struct conn *c)
{
	STATUS_AUTO struct status st = STATUS_INIT;

	if (enter(host, &st)) {
		tunnel(host, sub, p, c, &st);
		leave(host);
	}
	if (!status_ok(&st))
		server_conn_status(c, &st);
}
