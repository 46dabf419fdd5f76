/*
 * dial: outgoing connections; private to net.
 */
#ifndef NUTSHELL_NET_DIAL_H
#define NUTSHELL_NET_DIAL_H

struct conn;
struct status;
struct tls_config;

struct dial {
	const char *host, *port; /* TCP, unless unix_socket is set */
	const char *unix_socket;
	struct tls_config *tls;  /* NULL: plain */
	const char *server_name; /* what the certificate must be for; NULL = host */
	int timeout_ms;          /* for connecting and the handshake, each */
};

/* Blocking.  NULL: 503 with the reason. */
struct conn *dial(const struct dial *d, struct status *st);

#endif
