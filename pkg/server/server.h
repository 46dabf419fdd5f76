/*
 * server: a request's steps: route, authenticate, authorize, decode, verb, encode.
 *
 * Only the last step replies.  Discovery, OpenAPI, health, metrics and the streaming subresources are here;
 * where pods' streams really come from is the host's business, handed down as stream_ops.
 */
#ifndef NUTSHELL_SERVER_SERVER_H
#define NUTSHELL_SERVER_SERVER_H

#include "api/api.h"
#include "net/httpd.h"

struct server;

/* What a host can do for pod subresources.  pod is the live virtual pod; container has been chosen and
 * checked.  Each may be NULL: 501 NotImplemented-like Status naming the host. */
struct pod_stream {
	const struct obj *pod;
	const char *container;      /* "" where it does not apply */
	const char *query;          /* the request's raw query */
	const char *const *headers; /* "Name: value" lines of the request, NULL-terminated */
	const char *method;
};

struct log_sink {
	/* Append log bytes; blocks while the client is slow; false when it is gone or the server stops.
	 * n = 0 writes nothing and only asks that: call it now and then while a followed log is quiet. */
	bool (*write)(void *arg, const void *p, size_t n);
	void *arg;
};

struct stream_ops_host {
	/* Feed log text into the sink until the end or until write() is false.  Blocking, on its own thread.
	 * False with st filled before anything was written: becomes the HTTP error. */
	bool (*log)(void *host, const struct pod_stream *p, const struct log_sink *sink,
		    struct status *st);
	/* exec, attach, portforward: sub names which.  Owns conn until it returns: must answer the HTTP
	 * upgrade itself (101 or an error).  Blocking, on its own thread. */
	void (*duplex)(void *host, const char *sub, const struct pod_stream *p, struct conn *c);
	void *host;
};

/* How a front proxy says who is calling.  Lists are NULL-terminated. */
struct front_proxy {
	const char *const *names; /* common names it may have; none = any */
	const char *const *user_headers;
	const char *const *uid_headers;
	const char *const *group_headers;
	const char *const *extra_prefixes;
};

struct server_config {
	struct api *api;
	const struct stream_ops_host *streams;
	const char *version;        /* "v1.36.0+nutshell-..." */
	const char *server_address; /* "10.0.0.1:6443" for discovery; port 0: the one httpd gets */
	/* /readyz: NULL or false = not ready yet; name of the failing check in *what */
	bool (*ready)(void *arg, const char **what);
	void *ready_arg;
	struct json *(*jwks)(void *arg, struct arena *a);
	void *jwks_arg;
	const struct front_proxy *front_proxy; /* NULL = there is none */
	const char *audit_log;                 /* file, "-": standard output, NULL: none */
	const char *audit_policy;              /* text of a Policy, NULL: metadata of everything */
	bool anonymous;                        /* anonymous requests to health and version only */
	/* A fresh certificate of the front proxy (heap), for aggregated servers; NULL: none can be had. */
	bool (*front_identity)(void *arg, char **cert_pem, char **key_pem, struct status *st);
	void *front_identity_arg;
	bool pods_reachable; /* their addresses lead somewhere from here */
};

struct server *server_new(const struct server_config *c, struct status *st);
/* The ops and arg to start net's httpd with; then tell the server its httpd so that it can wake watches. */
const struct httpd_ops *server_ops(void);
void server_attach(struct server *s, struct httpd *h);
/* The audit log's file was moved away: open it again. */
void server_reopen(struct server *s);
/* Before httpd_stop(): end watches and streams. */
void server_stop(struct server *s);
void server_free(struct server **s);

/* Whether another server is registered for a group and version. */
bool server_has_peer(struct server *s, const char *group, const char *version);
/* GET path of that server as a ServiceAccount of kube-system: its JSON answer in the arena.  NULL: 404 when there is
 * no such server, 503 when it is not available, else its message without a reason.  Blocks, up to 10 s. */
struct json *server_ask_peer(struct server *s, struct arena *a, const char *account,
			     const char *group, const char *version, const char *path,
			     struct status *st);

/* The Status object of st as a complete answer on a connection that was taken over and not answered yet (a
 * host's duplex()).  Blocking. */
void server_conn_status(struct conn *c, const struct status *st);

#endif
