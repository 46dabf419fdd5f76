/*
 * Streams of simulated pods: a log that tells the container's life, exec with the commands of shell.c over
 * Kubernetes' WebSocket protocols (v5 and v4), attach as a container that reads its input and says nothing.
 * Port-forward has nothing to lead to, and SPDY clients are told to use a newer kubectl.
 */
#include "host/simulated/query.h"
#include "host/simulated/shell.h"
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/thread.h"
#include "net/websocket.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PROBE_MS 500
#define MESSAGE_MAX (1 << 20)

enum channel { CHANNEL_STDIN, CHANNEL_STDOUT, CHANNEL_STDERR, CHANNEL_ERROR, CHANNEL_CLOSE = 255 };

/* ---- logs ---- */

struct log_line {
	int64_t at_us;
	char *text;
};

static const struct json *status_of(const struct json *pod, const char *container)
{
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses",
					     "ephemeralContainerStatuses" };

	for (size_t i = 0; i < 3; i++)
		json_each(s, json_get(json_get(pod, "status"), lists[i]))
			if (!strcmp(json_path_str(s, "name"), container))
				return s;
	return NULL;
}

/* The story of a container as its log: started, ended. */
static size_t story(struct arena *a, const struct json *pod, const char *container, bool previous,
		    struct log_line out[2])
{
	const struct json *s = status_of(pod, container);
	const struct json *state = json_get(s, previous ? "lastState" : "state");
	const struct json *end = json_get(state, "terminated");
	const struct json *now = end ? end : json_get(state, "running");
	size_t n = 0;

	if (!now)
		return 0;
	if (time_parse(json_path_str(now, "startedAt"), &out[n].at_us))
		out[n++].text = arena_printf(
			a, "container %s of pod %s/%s started on simulated node %s (image %s)",
			container, meta_ns(pod), meta_name(pod),
			json_path_str(pod, "spec.nodeName"), json_path_str(s, "image"));
	if (end && time_parse(json_path_str(end, "finishedAt"), &out[n].at_us))
		out[n++].text = arena_printf(a, "container %s exited with code %lld", container,
					     (long long)json_path_int(end, "exitCode", 0));
	return n;
}

struct log_request {
	struct arena *a;
	const struct pod_stream *p;
	int64_t tail, limit, since_us;
	bool timestamps, follow, previous;
};

static int64_t number(struct arena *a, const char *query, const char *name, int64_t dflt)
{
	const char *v = query_first(a, query, name);

	return v && *v ? strtoll(v, NULL, 10) : dflt;
}

static void read_request(struct log_request *r)
{
	const char *q = r->p->query, *since = query_first(r->a, q, "sinceTime");
	int64_t ago = number(r->a, q, "sinceSeconds", 0);

	r->tail = number(r->a, q, "tailLines", -1);
	r->limit = number(r->a, q, "limitBytes", INT64_MAX);
	r->timestamps = query_true(r->a, q, "timestamps");
	r->follow = query_true(r->a, q, "follow");
	r->previous = query_true(r->a, q, "previous");
	if (ago > 0)
		r->since_us = clock_now_us() - ago * 1000000;
	if (since)
		time_parse(since, &r->since_us);
}

static bool emit(struct log_request *r, const struct log_sink *sink, const struct log_line *l)
{
	char at[TIME_LEN];
	const char *text = arena_printf(r->a, "%s\n", l->text);
	size_t n;

	time_format_us(l->at_us, at);
	if (r->timestamps)
		text = arena_printf(r->a, "%s %s", at, text);
	n = strlen(text);
	if ((int64_t)n > r->limit)
		n = (size_t)r->limit;
	r->limit -= (int64_t)n;
	return !n || sink->write(sink->arg, text, n);
}

static const struct obj *fresh(struct host *h, const struct obj *pod)
{
	const struct kind *k = kinds_by_resource(api_kinds(h->api), "", "v1", "pods");
	const struct obj *o = store_get(api_table(h->api, k), pod->ns, pod->name);

	if (o && !strcmp(o->uid, pod->uid))
		return o;
	obj_unref(o);
	return NULL;
}

/* Until the container's log grows, the pod is gone (NULL) or the client is. */
static const struct obj *wait_for_more(struct host *h, const struct pod_stream *p,
				       const struct log_sink *sink, int64_t rev)
{
	const struct obj *o;
	struct lock l;
	struct cond c;

	lock_init(&l, "log-follow", LOCK_HOST);
	cond_init(&c);
	for (;;) {
		if (!sink->write(sink->arg, "", 0)) {
			o = NULL;
			break;
		}
		o = fresh(h, p->pod);
		if (!o || o->rev != rev)
			break;
		obj_unref(o);
		lock_take(&l);
		cond_wait_until(&c, &l, clock_mono_ns() + PROBE_MS * 1000000LL);
		lock_drop(&l);
	}
	cond_destroy(&c);
	lock_destroy(&l);
	return o;
}

static bool over(const struct json *pod, const char *container)
{
	return json_path(status_of(pod, container), "state.terminated");
}

bool simulated_log(void *host, const struct pod_stream *p, const struct log_sink *sink,
		   struct status *st)
{
	struct arena *a = arena_new();
	struct log_request r = { .a = a, .p = p };
	const struct obj *o = obj_ref(p->pod);
	size_t told = 0, n;
	struct log_line lines[2];
	bool go = true;

	read_request(&r);
	if (r.previous && !story(a, obj_tree(a, o), p->container, true, lines)) {
		status_bad_request(st, "previous terminated container \"%s\" in pod \"%s\" not found",
				   p->container, o->name);
		obj_unref(o);
		arena_free(&a);
		return false;
	}
	while (o && go) {
		const struct json *pod = obj_tree(a, o);
		int64_t rev = o->rev;

		n = story(a, pod, p->container, r.previous, lines);
		if (r.tail >= 0 && (int64_t)(n - told) > r.tail)
			told = n - (size_t)r.tail;
		for (; go && told < n; told++)
			if (lines[told].at_us >= r.since_us)
				go = emit(&r, sink, &lines[told]);
		r.tail = -1;
		if (!go || !r.follow || r.previous || over(pod, p->container))
			break;
		obj_unref(o);
		o = wait_for_more(host, p, sink, rev);
	}
	obj_unref(o);
	arena_free(&a);
	return true;
}

/* ---- exec and attach ---- */

struct session {
	struct websocket *ws;
	struct buf in; /* bytes of stdin not read yet */
	bool closed, stdin_open;
	bool v5;
};

static bool session_write(void *arg, int fd, const void *p, size_t n)
{
	struct session *s = arg;

	return !n || websocket_write_channel(s->ws, fd == 2 ? CHANNEL_STDERR : CHANNEL_STDOUT, p, n);
}

/* Take one message in; false when the session is over or the time is up: a read that fails before its time
 * was over found the connection broken. */
static bool take_message(struct session *s, int timeout_ms)
{
	BUF_AUTO struct buf b = BUF_INIT;
	enum websocket_type type;
	int64_t until = clock_mono_ns() + timeout_ms * 1000000LL;
	int r = websocket_read(s->ws, &type, &b, timeout_ms);

	if (r <= 0) {
		s->closed = r == 0 || timeout_ms < 0 || clock_mono_ns() < until;
		return false;
	}
	if (!b.len)
		return true;
	if ((unsigned char)b.p[0] == CHANNEL_STDIN)
		buf_add(&s->in, b.p + 1, b.len - 1);
	else if ((unsigned char)b.p[0] == CHANNEL_CLOSE && b.len > 1 && b.p[1] == CHANNEL_STDIN)
		s->stdin_open = false;
	return true;
}

static long session_read(void *arg, void *p, size_t n)
{
	struct session *s = arg;

	while (!s->in.len && s->stdin_open && !s->closed)
		take_message(s, -1);
	if (n > s->in.len)
		n = s->in.len;
	if (n) {
		memcpy(p, s->in.p, n);
		buf_drop(&s->in, n);
	}
	return (long)n;
}

static bool session_wait(void *arg, long long ms)
{
	struct session *s = arg;
	int64_t until = clock_mono_ns() + ms * 1000000;
	int64_t left;

	while ((left = (until - clock_mono_ns()) / 1000000) > 0 && !s->closed)
		take_message(s, left > PROBE_MS ? PROBE_MS : (int)left);
	return !s->closed;
}

static const char *header(const struct pod_stream *p, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *h = p->headers; h && *h; h++)
		if (!strncasecmp(*h, name, n) && (*h)[n] == ':')
			return *h + n + 1 + strspn(*h + n + 1, " ");
	return "";
}

static bool offers(const char *list, const char *protocol)
{
	size_t n = strlen(protocol);

	for (; *list; list += strcspn(list, ","), list += strspn(list, ", "))
		if (!strncmp(list, protocol, n) && (!list[n] || strchr(", ", list[n])))
			return true;
	return false;
}

/* The newest protocol both sides speak; false with st when there is none. */
static bool negotiate(const struct pod_stream *p, struct websocket_offer *o, struct status *st)
{
	static const char *const spoken[] = { "v5.channel.k8s.io", "v4.channel.k8s.io" };
	const char *key = header(p, "Sec-WebSocket-Key");
	const char *list = header(p, "Sec-WebSocket-Protocol");

	if (strcasecmp(header(p, "Upgrade"), "websocket") || !*key)
		return status_bad_request(st, "simulated pods speak WebSocket only; use kubectl "
					      "1.30 or newer");
	snprintf(o->key, sizeof o->key, "%s", key);
	for (size_t i = 0; i < 2; i++) {
		if (!offers(list, spoken[i]))
			continue;
		snprintf(o->protocol, sizeof o->protocol, "%s", spoken[i]);
		return true;
	}
	return status_bad_request(st, "simulated pods speak %s and %s", spoken[0], spoken[1]);
}

static void finish(struct arena *a, struct session *s, int code, const char *missing)
{
	struct json *status = json_build(a, "{metadata:{},status:%s}", code ? "Failure" : "Success");
	const char *text;

	if (code < 0) {
		json_set_str(a, status, "message",
			     arena_printf(a,
					  "exec failed: \"%s\": executable file not found in "
					  "$PATH",
					  missing));
		json_set_str(a, status, "reason", "InternalError");
	} else if (code) {
		json_set_str(a, status, "message",
			     arena_printf(a,
					  "command terminated with non-zero exit code: exit "
					  "status %d",
					  code));
		json_set_str(a, status, "reason", "NonZeroExitCode");
		json_set(a, status, "details",
			 json_build(a, "{causes:[{reason:%s,message:%s}]}", "ExitCode",
				    arena_printf(a, "%d", code)));
	}
	text = json_text(a, status);
	websocket_write_channel(s->ws, CHANNEL_ERROR, text, strlen(text));
	websocket_close(s->ws, 1000, "");
}

static void run_session(struct arena *a, const char *sub, const struct pod_stream *p,
			struct session *s)
{
	struct shell_io io = { session_write, session_read, session_wait, s };
	const char *missing = "", **argv = (const char *[]){ "cat", NULL };
	size_t argc = 1;
	char sink[4096];
	int code;

	s->stdin_open = query_true(a, p->query, "stdin");
	if (!strcmp(sub, "attach")) {
		if (s->stdin_open)
			while (session_read(s, sink, sizeof sink) > 0)
				;
		else
			session_wait(s, INT32_MAX);
		finish(a, s, 0, "");
		return;
	}
	argv = query_all(a, p->query, "command", &argc);
	code = shell_run(a, obj_tree(a, p->pod), p->container, argv, argc, &io, &missing);
	finish(a, s, code, missing);
}

void simulated_duplex(void *host, const char *sub, const struct pod_stream *p, struct conn *c)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct websocket_offer offer = { "", "" };
	struct session s = { 0 };
	struct arena *a;

	(void)host;
	if (!strcmp(sub, "portforward")) {
		status_bad_request(&st, "simulated pods have no network to forward to");
		server_conn_status(c, &st);
		return;
	}
	if (!negotiate(p, &offer, &st)) {
		server_conn_status(c, &st);
		return;
	}
	s.ws = websocket_accept(c, &offer, MESSAGE_MAX);
	if (!s.ws)
		return;
	a = arena_new();
	run_session(a, sub, p, &s);
	arena_free(&a);
	buf_free(&s.in);
	websocket_free(&s.ws);
}
