/*
 * Handing requests on.
 *
 * The client's connection leaves the HTTP server; a thread opens one to the other side, writes the same request
 * with its hop-by-hop headers replaced, passes the answer's head on and then copies bytes both ways until either
 * ends.  So chunks, watches and upgrades pass as they are, and what is slow holds up nobody else.  Each
 * connection serves one request: both sides are told so.
 * k8s: apiserver/pkg/util/proxy, apimachinery/pkg/util/proxy/upgradeaware.go, client-go/transport
 * (auth proxy headers).
 */
#include "server/forward.h"

#include "server/aggregate.h"
#include "server/request.h"

#include "base/arena.h"
#include "base/codec.h"
#include "net/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_S = 60 };

struct forwarding {
	struct arena *a; /* its own: the request is over by then */
	struct server *server;
	struct audit_rest *audit;
	struct client_config config;
	struct client_req request;
	bool aggregated, upgrade;
};

/* ---- the request's head ---- */

struct lines {
	struct arena *a;
	bool upgrade, aggregated;
	const char **p;
	size_t n, cap;
	const char *forwarded; /* X-Forwarded-For as it came; NULL: none */
};

static void add_line(struct lines *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add_line(struct lines *l, const char *fmt, ...)
{
	va_list ap;

	if (l->n + 1 >= l->cap) {
		const char **more = arena_alloc(l->a, 2 * l->cap * sizeof *more);

		memcpy(more, l->p, l->n * sizeof *more);
		l->p = more;
		l->cap *= 2;
	}
	va_start(ap, fmt);
	l->p[l->n++] = arena_vprintf(l->a, fmt, ap);
	va_end(ap);
	l->p[l->n] = NULL;
}

static bool begins(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (strncasecmp(name, *prefixes, strlen(*prefixes)) == 0)
			return true;
	return false;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcasecmp(name, *names) == 0)
			return true;
	return false;
}

/* Whose connection it is, who is asking: that is said anew. */
static void copy_header(void *arg, const char *name, const char *value)
{
	static const char *const hop[] = { "Connection",
					   "Keep-Alive",
					   "Proxy-Connection",
					   "Proxy-Authenticate",
					   "Proxy-Authorization",
					   "TE",
					   "Trailer",
					   "Transfer-Encoding",
					   "Upgrade",
					   "Host",
					   "Content-Length",
					   "Authorization",
					   "X-Forwarded-For",
					   "Expect",
					   "Audit-Id",
					   "User-Agent",
					   NULL };
	static const char *const own[] = { "Impersonate-", "X-Remote-", NULL };
	struct lines *l = arg;

	if (strcasecmp(name, "X-Forwarded-For") == 0)
		l->forwarded = arena_strdup(l->a, value);
	if (!is_one_of(name, hop) && !begins(name, own) && !strpbrk(value, "\r\n"))
		add_line(l, "%s: %s", name, value);
}

/* As Go's transport escapes the key of an extra value for a header's name. */
static const char *extra_name(struct arena *a, const char *key)
{
	static const char token[] =
		"!#$&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	BUF_AUTO struct buf b = BUF_INIT;

	for (; *key; key++) {
		if (strchr(token, *key))
			buf_addc(&b, *key);
		else
			buf_addf(&b, "%%%02X", (unsigned char)*key);
	}
	return arena_dup(a, b.p ? b.p : "", b.len);
}

static bool is_clean(const char *v)
{
	return !strpbrk(v, "\r\n");
}

static void add_identity(struct lines *l, const struct user *u)
{
	if (is_clean(u->name))
		add_line(l, "X-Remote-User: %s", u->name);
	if (u->uid && *u->uid && is_clean(u->uid))
		add_line(l, "X-Remote-Uid: %s", u->uid);
	for (size_t i = 0; u->groups[i]; i++)
		if (is_clean(u->groups[i]))
			add_line(l, "X-Remote-Group: %s", u->groups[i]);
	for (size_t i = 0; i < u->nextra; i++)
		for (size_t j = 0; u->extra[i].values[j]; j++)
			if (is_clean(u->extra[i].values[j]))
				add_line(l, "X-Remote-Extra-%s: %s",
					 extra_name(l->a, u->extra[i].key), u->extra[i].values[j]);
}

/* The address without its port. */
static const char *address_of(struct arena *a, const char *remote)
{
	const char *colon = strrchr(remote, ':');
	bool v6 = *remote == '[';

	return colon ? arena_dup(a, remote + v6, (size_t)(colon - remote) - 2 * v6) : remote;
}

static const char *const *head_lines(struct req *r, struct forwarding *f)
{
	struct lines l = { .a = f->a, .upgrade = f->upgrade, .cap = 32 };
	const char *host = http_header(r->http, "Host"), *up = http_header(r->http, "Upgrade");
	const char *from = address_of(f->a, r->http->remote ? r->http->remote : "");

	l.p = arena_alloc(f->a, l.cap * sizeof *l.p);
	http_headers_each(r->http, copy_header, &l);
	if (f->upgrade)
		add_line(&l, "Upgrade: %s", up);
	add_line(&l, "Connection: %s", f->upgrade ? "Upgrade" : "close");
	if (l.forwarded)
		add_line(&l, "X-Forwarded-For: %s, %s", l.forwarded, from);
	else
		add_line(&l, "X-Forwarded-For: %s", from);
	if (host && is_clean(host))
		add_line(&l, "X-Forwarded-Host: %s", host);
	add_line(&l, "X-Forwarded-Proto: https");
	if (!f->aggregated)
		add_line(&l, "X-Forwarded-Uri: %s", r->http->path);
	add_line(&l, "Audit-Id: %s", audit_id(r));
	if (f->aggregated)
		add_identity(&l, r->user);
	return l.p;
}

/* ---- on the thread ---- */

/* The answer's head with our own word about the connection. */
static bool send_head(struct conn *c, const struct buf *head, int code)
{
	static const char *const dropped[] = { "Connection", "Keep-Alive", "Proxy-Connection", NULL };
	BUF_AUTO struct buf out = BUF_INIT;
	const char *p = head->p, *end = head->p + head->len;

	if (code == 101)
		return conn_write(c, head->p, head->len);
	while (p < end) {
		const char *eol = memmem(p, (size_t)(end - p), "\r\n", 2);
		size_t n = eol ? (size_t)(eol - p) : (size_t)(end - p);
		const char *colon = memchr(p, ':', n);
		char name[64] = "";

		if (n == 0)
			break;
		if (colon && (size_t)(colon - p) < sizeof name)
			memcpy(name, p, (size_t)(colon - p));
		if (!is_one_of(name, dropped)) {
			buf_add(&out, p, n);
			buf_adds(&out, "\r\n");
		}
		p += n + 2;
	}
	buf_adds(&out, "Connection: close\r\n\r\n");
	return conn_write(c, out.p, out.len);
}

static void refuse(struct conn *c, const struct forwarding *f, const struct status *why)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	BUF_AUTO struct buf b = BUF_INIT, body = BUF_INIT;

	if (!f->aggregated) {
		status_unavailable(&st, "error trying to reach service: %s", why->message);
		server_conn_status(c, &st);
		return;
	}
	buf_addf(&body, "error trying to reach service: %s\n", why->message);
	buf_addf(&b,
		 "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
		 "X-Content-Type-Options: nosniff\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		 body.len);
	buf_add(&b, body.p, body.len);
	conn_write(c, b.p, b.len);
	conn_shutdown(c);
}

/* Returns the code that was answered. */
static int exchange(struct conn *c, struct forwarding *f)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	BUF_AUTO struct buf head = BUF_INIT;
	struct client *client = client_new(&f->config, &st);
	struct conn *other = NULL;
	int code = 503;

	if (client)
		other = client_upgrade(client, &f->request, &head, &code, &st);
	if (!other)
		refuse(c, f, &st);
	else if (send_head(c, &head, code))
		conn_splice(c, other);
	code = other ? code : 503;
	conn_close(&other);
	client_free(&client);
	return code;
}

static void run(struct conn *c, void *arg)
{
	struct forwarding *f = arg;
	struct arena *a = f->a;
	int code;

	atomic_fetch_add_explicit(&f->server->metrics.duplexes, 1, memory_order_relaxed);
	code = exchange(c, f);
	atomic_fetch_sub_explicit(&f->server->metrics.duplexes, 1, memory_order_relaxed);
	audit_rest_end(f->audit, code);
	arena_free(&a);
}

static const char *dup_or_null(struct arena *a, const char *s)
{
	return s ? arena_strdup(a, s) : NULL;
}

static bool set_config(struct req *r, struct forwarding *to, const struct forward *f)
{
	struct client_config *c = &to->config;
	const char *agent = http_header(r->http, "User-Agent");

	*c = (struct client_config){
		.url = arena_strdup(to->a, f->origin),
		.address = dup_or_null(to->a, f->address),
		.server_name = dup_or_null(to->a, f->server_name),
		.ca_pem = dup_or_null(to->a, f->ca_pem),
		.insecure = f->insecure,
		.user_agent = dup_or_null(to->a, agent),
	};
	return !f->aggregated ||
	       aggregate_identity(r->server->aggregate, to->a, &c->cert_pem, &c->key_pem, &r->st);
}

bool forward_run(struct req *r, const struct forward *f)
{
	const char *up = http_header(r->http, "Upgrade");
	struct arena *a = arena_new();
	struct forwarding *to = arena_zalloc(a, sizeof *to);

	to->a = a;
	to->server = r->server;
	to->aggregated = f->aggregated;
	to->upgrade = up && *up && is_clean(up);
	if (!set_config(r, to, f)) {
		arena_free(&a);
		return false;
	}
	to->request = (struct client_req){
		.method = arena_strdup(a, r->http->method),
		.path = arena_strdup(a, f->path),
		.body = r->http->body_len ? arena_dup(a, r->http->body, r->http->body_len) : NULL,
		.body_len = r->http->body_len,
		.timeout_s = ANSWER_S,
		.headers = head_lines(r, to),
		.stop = &r->server->stopping,
	};
	to->audit = audit_rest_new(r);
	r->reply.type = REPLY_TAKEOVER;
	r->reply.takeover = run;
	r->reply.arg = to;
	return true;
}
