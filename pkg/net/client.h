/*
 * client: HTTP(S) requests to other servers (host API, webhooks, engine) with libcurl.
 * A client is one server with one identity; thread-safe, connections are pooled.
 */
#ifndef NUTSHELL_NET_CLIENT_H
#define NUTSHELL_NET_CLIENT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct client;
struct conn;
struct status;

struct client_config {
	const char *url;         /* "https://10.0.0.1:6443[/prefix]" or "http://..." */
	const char *unix_socket; /* NULL = TCP */
	const char *ca_pem; /* NULL = do not verify only if insecure, else system-less failure */
	const char *cert_pem, *key_pem;
	const char *token;       /* bearer; NULL = none */
	const char *token_file;  /* re-read when it changes and after 401; overrides token */
	const char *server_name; /* TLS name to verify; NULL = from the URL */
	const char *address; /* "10.1.2.3:8443": connect there, whatever host the URL names; NULL = the URL's */
	bool insecure;
	const char *user_agent;
	double qps; /* token bucket; 0 = unlimited */
	int burst;
};

/* Copies the configuration.  NULL with st filled when a certificate or key cannot be parsed. */
struct client *client_new(const struct client_config *c, struct status *st);
void client_free(struct client **c);

struct client_req {
	const char *method; /* "GET" */
	const char *path;   /* "/api/v1/..." with query */
	const char *content_type, *accept;
	const void *body;
	size_t body_len;
	int timeout_s;              /* whole request; 0 = 30 */
	size_t max_response;        /* bytes; a longer answer is a failure; 0 = 256 MiB */
	const char *const *headers; /* extra "Name: value" lines, NULL-terminated; may be NULL */
	const bool *stop; /* client_upgrade() only: polled while waiting for the answer; may be NULL */
};

struct client_resp {
	int code;
	struct buf body;
	int retry_after_s; /* from the header, 0 = none */
	char content_type[96];
	/* Set by a client_do() that failed: why, in the words of Go's net/http, which callers who
	 * speak upstream's texts show: `dial tcp 10.0.0.1:443: connect: connection refused`. */
	char failure[256];
};

/* Blocking.  True whenever an HTTP answer arrived, whatever its code.  False: 503 with curl's words.
 * A worker of httpd that sits in here does not count against its worker_threads, so that a server
 * which calls us back meanwhile is answered.  A 401 with token_file set is retried once with a fresh token. */
bool client_do(struct client *c, const struct client_req *q, struct client_resp *r,
	       struct status *st);
void client_resp_free(struct client_resp *r);

/* A response consumed as it arrives (watch, log -f): fn gets each piece, returning false ends the
 * transfer.  head (may be NULL) is called once with the code before any data.  Blocking until the end;
 * stop (may be NULL; set it with an atomic store) is polled at least every 200 ms and ends it when true. */
struct client_stream {
	bool (*head)(void *arg, int code, const char *content_type);
	bool (*data)(void *arg, const char *p, size_t n);
	void *arg;
	const bool *stop;
};
bool client_stream(struct client *c, const struct client_req *q, const struct client_stream *s,
		   int *code, struct status *st);

/* Open a connection, send the request head (with the client's credentials added to the given headers)
 * and read the answer's head: for upgrades.  *head gets the raw head including the empty line, *code its
 * status.  The conn (bytes behind the head are read first) belongs to the caller. */
struct conn *client_upgrade(struct client *c, const struct client_req *q, struct buf *head,
			    int *code, struct status *st);

#endif
