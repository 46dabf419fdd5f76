/*
 * client_upgrade: a request whose connection leaves HTTP (exec, attach, port-forward).
 *
 * libcurl keeps connections to itself, so this one is dialled directly with the same credentials, the
 * head is written by hand and the answer's head read until its empty line.  What came behind it is
 * put back into the connection.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "net/client_priv.h"
#include "net/conn.h"
#include "net/dial.h"
#include "net/httpd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 64 * 1024, DEFAULT_TIMEOUT_S = 30, STOP_POLL_MS = 200 };

static void write_head(struct client *c, const struct client_req *q, bool fresh_token, struct buf *b)
{
	char *auth = client_authorization(c, fresh_token);

	buf_addf(b, "%s %s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n", q->method, c->prefix,
		 q->path, c->authority, c->user_agent);
	if (auth)
		buf_addf(b, "Authorization: %s\r\n", auth);
	if (q->accept)
		buf_addf(b, "Accept: %s\r\n", q->accept);
	if (q->content_type)
		buf_addf(b, "Content-Type: %s\r\n", q->content_type);
	if (q->body || strcmp(q->method, "GET"))
		buf_addf(b, "Content-Length: %zu\r\n", q->body ? q->body_len : 0);
	for (const char *const *h = q->headers; h && *h; h++)
		buf_addf(b, "%s\r\n", *h);
	buf_adds(b, "\r\n");
	if (q->body)
		buf_add(b, q->body, q->body_len);
	free(auth);
}

/* Read up to the empty line; false when the peer ends, is silent or says too much. */
static bool read_head(struct conn *c, struct buf *head, int timeout_s, const bool *stop)
{
	int64_t until = clock_mono_ns() + timeout_s * INT64_C(1000000000);
	const char *end;
	char p[4096];

	for (;;) {
		int64_t before = clock_mono_ns(), left = (until - before) / 1000000;
		long n = left > 0 ? conn_read(c, p, sizeof(p),
					      (int)(left < STOP_POLL_MS ? left : STOP_POLL_MS)) :
				    -1;

		if (stop && __atomic_load_n(stop, __ATOMIC_RELAXED))
			return false;
		/* only the wait was over, not the time */
		if (n < 0 && left > STOP_POLL_MS &&
		    clock_mono_ns() - before >= (STOP_POLL_MS - 1) * INT64_C(1000000))
			continue;
		if (n <= 0 || head->len > HEAD_MAX)
			return false;
		buf_add(head, p, (size_t)n);
		end = memmem(head->p, head->len, "\r\n\r\n", 4);
		if (!end)
			continue;
		end += 4;
		conn_unread(c, end, head->len - (size_t)(end - head->p));
		head->len = (size_t)(end - head->p);
		head->p[head->len] = '\0';
		return true;
	}
}

static bool read_answer(struct conn *c, struct buf *head, int timeout_s, const bool *stop, int *code)
{
	do {
		buf_clear(head);
		if (!read_head(c, head, timeout_s, stop))
			return false;
		if (strncmp(head->p, "HTTP/1.", 7) || head->len < 12)
			return false;
		*code = atoi(head->p + 9);
	} while (*code == 100);
	return true;
}

static struct conn *attempt(struct client *c, const struct client_req *q, bool fresh_token,
			    struct buf *head, int *code, struct status *st)
{
	int timeout_s = q->timeout_s ? q->timeout_s : DEFAULT_TIMEOUT_S;
	struct dial d = { .host = c->host,
			  .port = c->port,
			  .unix_socket = c->unix_socket,
			  .tls = c->tls,
			  .server_name = c->server_name,
			  .timeout_ms = CLIENT_CONNECT_S * 1000 };
	BUF_AUTO struct buf request = BUF_INIT;
	struct conn *conn = dial(&d, st);

	if (!conn)
		return NULL;
	write_head(c, q, fresh_token, &request);
	if (conn_write(conn, request.p, request.len) &&
	    read_answer(conn, head, timeout_s, q->stop, code))
		return conn;
	status_unavailable(st, "%s %.*s: no answer from %s", q->method, (int)strcspn(q->path, "?"),
			   q->path, c->authority);
	conn_close(&conn);
	return NULL;
}

struct conn *client_upgrade(struct client *c, const struct client_req *q, struct buf *head,
			    int *code, struct status *st)
{
	struct conn *conn;

	*code = 0;
	client_wait_turn(c, NULL);
	conn = attempt(c, q, false, head, code, st);
	if (conn && *code == 401 && c->token_file) {
		conn_close(&conn);
		conn = attempt(c, q, true, head, code, st);
	}
	return conn;
}
