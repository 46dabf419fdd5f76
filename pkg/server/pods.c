/*
 * log, exec, attach and port-forward of pods.
 *
 * Everything that can be refused is refused here with a Status, while the request is still an ordinary
 * one: no such pod, no node yet, no such container, bad options, a container that has not started.  Then the
 * connection leaves the HTTP server for a thread of its own, and the host feeds it.  A log is
 * written as chunks straight to the connection, so that a slow reader slows the host down and
 * nothing is queued; its head is sent with the first bytes, so that a host's refusal before that is still a
 * proper error.
 * k8s: pkg/registry/core/pod/strategy.go, pkg/kubelet/kubelet_pods.go (validateContainerLogStatus)
 */
#include "server/request.h"

#include "base/arena.h"
#include "api/subresource.h"
#include "base/codec.h"
#include "obj/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What outlives the request. */
struct session {
	struct server *server;
	struct arena *a;
	const char *sub;
	struct audit_rest *audit;
	struct pod_stream pod;
	/* log only */
	struct conn *conn;
	const char *audit_id;
	bool head_sent, gone;
};

/* ---- choosing the container ---- */

static const char *const container_lists[] = {
	"spec.initContainers",
	"spec.containers",
	"spec.ephemeralContainers",
};

static bool has_container(const struct json *pod, const char *name)
{
	for (size_t i = 0; i < sizeof container_lists / sizeof *container_lists; i++)
		json_each(c, json_path(pod, container_lists[i]))
			if (strcmp(json_path_str(c, "name"), name) == 0)
				return true;
	return false;
}

static const char *all_names(struct arena *a, const struct json *pod)
{
	BUF_AUTO struct buf b = BUF_INIT;

	for (size_t i = 0; i < sizeof container_lists / sizeof *container_lists; i++)
		json_each(c, json_path(pod, container_lists[i]))
			buf_addf(&b, "%s%s", b.len ? " " : "", json_path_str(c, "name"));
	return arena_dup(a, b.p ? b.p : "", b.len);
}

/* The container the request means: given, the only one, or the annotated default.  NULL: 400. */
static const char *choose_container(struct req *r, const struct json *pod)
{
	const char *given = query_str(&r->query, "container");
	const struct json *list = json_path(pod, "spec.containers");
	const char *dflt = meta_annotation(pod, "kubectl.kubernetes.io/default-container");

	if (*given) {
		if (has_container(pod, given))
			return given;
		status_bad_request(&r->st, "container %s is not valid for pod %s", given,
				   meta_name(pod));
		return NULL;
	}
	if (json_count(list) == 1)
		return json_path_str(json_first(list), "name");
	if (dflt && has_container(pod, dflt))
		return arena_strdup(r->a, dflt);
	if (json_count(list) == 0)
		status_bad_request(&r->st, "a container name must be specified for pod %s",
				   meta_name(pod));
	else
		status_bad_request(
			&r->st, "a container name must be specified for pod %s, choose one of: [%s]",
			meta_name(pod), all_names(r->a, pod));
	return NULL;
}

/* ---- the session ---- */

struct header_list {
	struct arena *a;
	const char **lines;
	size_t n, cap;
};

static void add_header(void *arg, const char *name, const char *value)
{
	struct header_list *l = arg;

	if (l->n + 1 >= l->cap) {
		const char **more = arena_alloc(l->a, 2 * l->cap * sizeof *more);

		memcpy(more, l->lines, l->n * sizeof *more);
		l->lines = more;
		l->cap *= 2;
	}
	l->lines[l->n++] = arena_printf(l->a, "%s: %s", name, value);
}

static const char *const *copy_headers(struct arena *a, const struct http_req *http)
{
	struct header_list l = { .a = a, .cap = 16 };

	l.lines = arena_alloc(a, l.cap * sizeof *l.lines);
	http_headers_each(http, add_header, &l);
	l.lines[l.n] = NULL;
	return l.lines;
}

static struct session *session_new(struct req *r, const struct obj *pod, const char *container)
{
	struct arena *a = arena_new();
	struct session *s = arena_zalloc(a, sizeof *s);

	s->server = r->server;
	s->a = a;
	s->sub = arena_strdup(a, r->route.attr.subresource);
	s->pod = (struct pod_stream){
		.pod = obj_hold(a, pod),
		.container = arena_strdup(a, container),
		.query = arena_strdup(a, r->http->query),
		.headers = copy_headers(a, r->http),
		.method = arena_strdup(a, r->http->method),
	};
	return s;
}

static bool hand_over(struct req *r, struct session *s, void (*fn)(struct conn *c, void *arg))
{
	s->audit = audit_rest_new(r);
	r->reply.type = REPLY_TAKEOVER;
	r->reply.takeover = fn;
	r->reply.arg = s;
	return true;
}

static bool unsupported(struct req *r, const char *what)
{
	return status_other(&r->st, 501, "NotImplemented",
			    "the host of this cluster's pods does not support %s", what);
}

/* ---- answers outside of the HTTP server ---- */

static const char *reason_phrase(int code)
{
	switch (code) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 500: return "Internal Server Error";
	case 503: return "Service Unavailable";
	default: return "Status";
	}
}

void server_conn_status(struct conn *c, const struct status *st)
{
	BUF_AUTO struct buf body = BUF_INIT;
	BUF_AUTO struct buf b = BUF_INIT;

	status_print(&body, st);
	buf_addf(&b,
		 "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nCache-Control: no-cache, "
		 "private\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		 st->code, reason_phrase(st->code), body.len);
	buf_add(&b, body.p, body.len);
	conn_write(c, b.p, b.len);
	conn_shutdown(c);
}

/* ---- logs ---- */

static bool send_head(struct session *s)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (s->head_sent)
		return true;
	s->head_sent = true;
	buf_addf(&b,
		 "HTTP/1.1 200 OK\r\nAudit-Id: %s\r\nCache-Control: no-cache, private\r\n"
		 "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
		 s->audit_id);
	return conn_write(s->conn, b.p, b.len);
}

/* n = 0 only asks whether the client is still there. */
static bool log_write(void *arg, const void *p, size_t n)
{
	struct session *s = arg;
	BUF_AUTO struct buf b = BUF_INIT;
	char ignored[64];

	if (s->gone || __atomic_load_n(&s->server->stopping, __ATOMIC_ACQUIRE))
		return false;
	if (n == 0)
		return conn_read(s->conn, ignored, sizeof ignored, 0) != 0;
	if (!send_head(s)) {
		s->gone = true;
		return false;
	}
	buf_addf(&b, "%zx\r\n", n);
	buf_add(&b, p, n);
	buf_adds(&b, "\r\n");
	s->gone = !conn_write(s->conn, b.p, b.len);
	return !s->gone;
}

static void run_log(struct conn *c, void *arg)
{
	struct session *s = arg;
	const struct stream_ops_host *h = s->server->c.streams;
	STATUS_AUTO struct status st = STATUS_INIT;
	struct log_sink sink = { log_write, s };
	struct arena *a = s->a;

	s->conn = c;
	atomic_fetch_add_explicit(&s->server->metrics.logs, 1, memory_order_relaxed);
	bool ok = h->log(h->host, &s->pod, &sink, &st);
	if (!ok && !s->head_sent && st.code)
		server_conn_status(c, &st);
	else if (!s->gone && send_head(s) && conn_write(c, "0\r\n\r\n", 5))
		conn_shutdown(c);
	atomic_fetch_sub_explicit(&s->server->metrics.logs, 1, memory_order_relaxed);
	audit_rest_end(s->audit, !ok && st.code ? st.code : 200);
	arena_free(&a);
}

static void at_least(struct field_errors *errs, const struct query *q, const char *name, int64_t v,
		     int64_t min)
{
	char text[32];

	if (!query_get(q, name) || v >= min)
		return;
	snprintf(text, sizeof text, "%lld", (long long)v);
	field_error(errs, FIELD_INVALID, name, text,
		    min ? "must be greater than 0" : "must be greater than or equal to 0");
}

static bool check_log_options(struct req *r)
{
	static const struct subject subject = { "", "", "PodLogOptions" };
	const struct query *q = &r->query;
	struct field_errors errs = FIELD_ERRORS_INIT;
	int64_t tail = 0, limit = 1, since = 1;

	if (!query_int(q, "tailLines", &tail, &r->st) || !query_int(q, "limitBytes", &limit, &r->st) ||
	    !query_int(q, "sinceSeconds", &since, &r->st))
		return false;
	at_least(&errs, q, "tailLines", tail, 0);
	at_least(&errs, q, "limitBytes", limit, 1);
	if (query_get(q, "sinceSeconds") && query_get(q, "sinceTime"))
		field_error(&errs, FIELD_FORBIDDEN, "", NULL,
			    "at most one of `sinceTime` or `sinceSeconds` may be specified");
	else
		at_least(&errs, q, "sinceSeconds", since, 1);
	return status_invalid(&r->st, &subject, r->route.attr.name, &errs);
}

static const struct json *container_status(const struct json *pod, const char *name)
{
	static const char *const lists[] = {
		"status.initContainerStatuses",
		"status.containerStatuses",
		"status.ephemeralContainerStatuses",
	};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		json_each(c, json_path(pod, lists[i]))
			if (strcmp(json_path_str(c, "name"), name) == 0)
				return c;
	return NULL;
}

/* A container that never ran has no log; the texts are the kubelet's. */
static bool has_log(struct req *r, const struct json *pod, const char *container)
{
	const struct json *cs = container_status(pod, container);
	const char *reason = json_path_str(cs, "state.waiting.reason");
	bool ran_before = json_is_object(json_path(cs, "lastState.terminated"));

	if (!cs)
		return true;
	if (query_flag(&r->query, "previous")) {
		if (ran_before)
			return true;
		return status_bad_request(
			&r->st, "previous terminated container \"%s\" in pod \"%s\" not found",
			container, meta_name(pod));
	}
	if (ran_before || !json_is_object(json_path(cs, "state.waiting")))
		return true;
	if (strcmp(reason, "ErrImagePull") == 0)
		reason = "image can't be pulled";
	else if (strcmp(reason, "ImagePullBackOff") == 0)
		reason = "trying and failing to pull image";
	return status_bad_request(&r->st, "container \"%s\" in pod \"%s\" is waiting to start: %s",
				  container, meta_name(pod), reason);
}

bool pod_log_run(struct req *r)
{
	const struct stream_ops_host *h = r->server->c.streams;
	const struct obj *o = api_get(&r->call, r->kind, r->ns, r->route.attr.name, &r->st);
	const struct json *pod = o ? obj_tree(r->a, o) : NULL;
	const char *container = o ? choose_container(r, pod) : NULL;

	if (!container || !check_log_options(r))
		return false;
	if (!*json_path_str(pod, "spec.nodeName")) {
		reply_text(r, 200, "");
		r->reply.content_type = "text/plain";
		return true;
	}
	if (!has_log(r, pod, container))
		return false;
	if (!h || !h->log)
		return unsupported(r, "logs");
	struct session *s = session_new(r, o, container);
	s->audit_id = arena_strdup(s->a, audit_id(r));
	return hand_over(r, s, run_log);
}

/* ---- exec, attach, portforward ---- */

static void run_duplex(struct conn *c, void *arg)
{
	struct session *s = arg;
	const struct stream_ops_host *h = s->server->c.streams;
	struct arena *a = s->a;

	atomic_fetch_add_explicit(&s->server->metrics.duplexes, 1, memory_order_relaxed);
	h->duplex(h->host, s->sub, &s->pod, c);
	atomic_fetch_sub_explicit(&s->server->metrics.duplexes, 1, memory_order_relaxed);
	audit_rest_end(s->audit, 101);
	arena_free(&a);
}

static bool wants_upgrade(const struct http_req *http)
{
	const char *v = http_header(http, "Upgrade");

	return v && *v;
}

static void flag_take(struct req *r, struct json *o, const char *name)
{
	if (query_flag(&r->query, name))
		json_set_bool(r->a, o, name, true);
}

/* What the parameters say, as the object that webhooks and policies see. */
static bool admit_connect(struct req *r)
{
	const char *sub = r->route.attr.subresource;
	bool exec = !strcmp(sub, "exec"), forward = !strcmp(sub, "portforward");
	struct json *o = json_object(r->a);

	for (size_t i = 0; i < r->query.n; i++) {
		const struct query_pair *p = &r->query.pairs[i];

		if (exec && !strcmp(p->name, "command"))
			json_append(json_ensure_array(r->a, o, "command"),
				    json_string(r->a, p->value));
		if (forward && !strcmp(p->name, "ports"))
			json_append(json_ensure_array(r->a, o, "ports"),
				    json_integer(r->a, atoi(p->value)));
	}
	for (size_t i = 0; i < 4 && !forward; i++)
		flag_take(r, o, (const char *const[]){ "stdin", "stdout", "stderr", "tty" }[i]);
	if (!forward && *query_str(&r->query, "container"))
		json_set_str(r->a, o, "container", query_str(&r->query, "container"));
	return api_admit_connect(&r->call, r->kind, sub, r->ns, r->route.attr.name,
				 forward ? "PodPortForwardOptions" :
				 exec    ? "PodExecOptions" :
					   "PodAttachOptions",
				 o, &r->st);
}

bool pod_duplex_run(struct req *r)
{
	const struct stream_ops_host *h = r->server->c.streams;
	const struct obj *o = NULL;
	const struct json *pod;
	const char *container = "";

	if (admit_connect(r))
		o = api_get(&r->call, r->kind, r->ns, r->route.attr.name, &r->st);
	if (!o)
		return false;
	pod = obj_tree(r->a, o);
	if (strcmp(r->route.attr.subresource, "portforward") != 0)
		container = choose_container(r, pod);
	if (!container)
		return false;
	if (!*json_path_str(pod, "spec.nodeName"))
		return status_bad_request(&r->st, "pod %s does not have a host assigned", o->name);
	if (!wants_upgrade(r->http))
		return status_bad_request(&r->st, "Upgrade request required");
	if (!h || !h->duplex)
		return unsupported(r, r->route.attr.subresource);
	return hand_over(r, session_new(r, o, container), run_duplex);
}
