/*
 * net_server: a loopback HTTPS server with its PKI, and a bare client, for the tests of pkg/net.
 */
#ifndef NUTSHELL_TESTS_NET_SERVER_H
#define NUTSHELL_TESTS_NET_SERVER_H

#include "base/buf.h"
#include "net/conn.h"
#include "net/dial.h"
#include "net/httpd.h"
#include "net/pki.h"
#include "net/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_server {
	char *ca_key, *ca_cert, *key, *cert, *client_key, *client_cert;
	struct tls_identity *tls;
	struct httpd *httpd;
	char port[8];
};

static inline void test_issue(const struct test_server *t, const struct cert_request *q, char **key,
			      char **cert)
{
	if (!pki_new_key(key, NULL) || !pki_issue(q, *key, t->ca_cert, t->ca_key, cert, NULL))
		abort();
}

static inline void test_server_pki(struct test_server *t)
{
	static const char *const sans[] = { "localhost", "127.0.0.1", NULL };
	static const char *const orgs[] = { "system:masters", "devs", NULL };
	struct cert_request ca = { .cn = "test-ca", .ca = true, .valid_s = 3600 };
	struct cert_request server = { .cn = "server", .sans = sans, .server = true, .valid_s = 3600 };
	struct cert_request client = { .cn = "admin", .orgs = orgs, .client = true, .valid_s = 3600 };

	memset(t, 0, sizeof(*t));
	if (!pki_new_key(&t->ca_key, NULL) ||
	    !pki_issue(&ca, t->ca_key, NULL, NULL, &t->ca_cert, NULL))
		abort();
	test_issue(t, &server, &t->key, &t->cert);
	test_issue(t, &client, &t->client_key, &t->client_cert);
	t->tls = tls_identity_new(t->cert, t->key, t->ca_cert, NULL);
}

static inline void test_server_start(struct test_server *t, const struct httpd_ops *ops, void *arg)
{
	struct httpd_config c = {
		.listen = "127.0.0.1:0", .ops = ops, .arg = arg, .max_body = 3 << 20, .event_threads = 2
	};

	test_server_pki(t);
	c.tls = t->tls;
	t->httpd = httpd_start(&c, NULL);
	if (!t->httpd)
		abort();
	snprintf(t->port, sizeof(t->port), "%d", httpd_port(t->httpd));
}

static inline void test_server_stop(struct test_server *t)
{
	httpd_stop(&t->httpd, 5);
	tls_identity_free(&t->tls);
	free(t->ca_key);
	free(t->ca_cert);
	free(t->key);
	free(t->cert);
	free(t->client_key);
	free(t->client_cert);
}

/* TLS to the server, with or without the client certificate. */
static inline struct conn *test_connect(const struct test_server *t, bool with_cert)
{
	struct tls_config *c = tls_config_client(t->ca_cert, with_cert ? t->client_cert : NULL,
						 with_cert ? t->client_key : NULL, false, NULL);
	struct dial d = { .host = "127.0.0.1", .port = t->port, .tls = c, .timeout_ms = 10000 };
	struct conn *conn = dial(&d, NULL);

	tls_config_unref(&c);
	return conn;
}

static inline struct conn *test_connect_plain(const struct test_server *t)
{
	struct dial d = { .host = "127.0.0.1", .port = t->port, .timeout_ms = 10000 };

	return dial(&d, NULL);
}

static inline bool test_send(struct conn *c, const char *text)
{
	return conn_write(c, text, strlen(text));
}

/* Read until b contains text; false when the stream ends before. */
static inline bool test_expect(struct conn *c, struct buf *b, const char *text)
{
	char p[4096];

	while (!b->p || !memmem(b->p, b->len, text, strlen(text))) {
		long n = conn_read(c, p, sizeof(p), 10000);

		if (n <= 0)
			return false;
		buf_add(b, p, (size_t)n);
	}
	return true;
}

/* Read a whole answer with Content-Length; head and body stay in b.  Returns its code, 0 = none. */
static inline int test_answer(struct conn *c, struct buf *b)
{
	const char *end, *length;
	size_t want;
	char p[16384];

	buf_clear(b);
	if (!test_expect(c, b, "\r\n\r\n"))
		return 0;
	end = strstr(b->p, "\r\n\r\n") + 4;
	length = strcasestr(b->p, "\r\ncontent-length:");
	want = (size_t)(end - b->p) + (length ? strtoul(length + 17, NULL, 10) : 0);
	while (b->len < want) {
		long n = conn_read(c, p, sizeof(p), 10000);

		if (n <= 0)
			return 0;
		buf_add(b, p, (size_t)n);
	}
	return atoi(b->p + 9);
}

static inline const char *test_body(const struct buf *b)
{
	return strstr(b->p, "\r\n\r\n") + 4;
}

#endif
