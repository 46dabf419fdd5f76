/*
 * client_priv: what the parts of the HTTP client share; private to net.
 *
 *	client         configuration, credentials, rate; whole requests
 *	client_stream  responses consumed as they arrive
 *	client_upgrade connections that leave HTTP
 *	client_failure why a request got no answer
 */
#ifndef NUTSHELL_NET_CLIENT_PRIV_H
#define NUTSHELL_NET_CLIENT_PRIV_H

#include "base/thread.h"
#include "net/client.h"

#include <curl/curl.h>

struct tls_config;

enum { CLIENT_IDLE_HANDLES = 32, CLIENT_CONNECT_S = 10 };

struct client {
	/* configuration; never changes */
	char *origin;      /* "https://name:6443/prefix": what curl's URLs begin with */
	char *host, *port; /* where to connect */
	char *authority;   /* the Host header: host and port as given */
	char *prefix;      /* "/prefix" or "" */
	char *unix_socket, *ca_pem, *cert_pem, *key_pem, *token_file, *server_name, *user_agent;
	char *connect_to; /* curl's detour from the URL's host to another; NULL = none */
	bool https, insecure;
	struct tls_config *tls; /* for upgrades */
	double qps, burst;

	struct lock lock; /* for all below */
	char *token;
	int64_t token_checked_ns;
	int64_t token_mtime_ns, token_size;
	double permits; /* negative: already promised to waiting requests */
	int64_t permits_ns;
	CURL *idle[CLIENT_IDLE_HANDLES];
	unsigned nidle;
};

/* Wait for the rate limit; false when *stop (may be NULL) became true meanwhile. */
bool client_wait_turn(struct client *c, const bool *stop);
/* `Bearer <token>`, heap, or NULL when there is none; fresh: read the file again whatever its age. */
char *client_authorization(struct client *c, bool fresh);

/* One transfer's curl side.  Free with client_transfer_free(). */
struct client_transfer {
	CURL *curl;
	struct curl_slist *headers, *connect_to;
	char error[CURL_ERROR_SIZE];
};
/* Set everything but callbacks and time-outs on the handle. */
void client_transfer_set(struct client *c, struct client_transfer *t, const struct client_req *q,
			 bool fresh_token);
void client_transfer_free(struct client_transfer *t);
/* 503 `GET /path: <curl's words>`. */
bool client_failed(const struct client_req *q, const struct client_transfer *t, CURLcode r,
		   struct status *st);
/* The same in Go's words. (client_failure.c) */
void client_failure(const struct client *c, const struct client_transfer *t, CURLcode r, char *out,
		    size_t n);

#endif
