/*
 * tls: TLS connections over non-blocking sockets (mbedTLS); private to net.
 *
 * A tls_config says who we are and whom we trust; it is shared, counted and never changes.  A
 * tls_session is one connection.  It belongs to one thread at a time and never blocks.  An idle
 * session lends its record buffers (32 KiB) back to its config's pool, so that thousands of idle
 * connections cost a few KiB each.
 */
#ifndef NUTSHELL_NET_TLS_H
#define NUTSHELL_NET_TLS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct status;
struct tls_config;
struct tls_identity;
struct tls_session;

/* Server side: client_ca_pem may be NULL (no client certificates are asked for); proxy_ca_pem, which may be
 * NULL, is a second authority whose certificates are told apart. */
struct tls_config *tls_config_server(const char *cert_pem, const char *key_pem,
				     const char *client_ca_pem, const char *proxy_ca_pem,
				     struct status *st);
/* Client side: ca_pem NULL verifies against nothing and so fails, unless insecure; cert and key may
 * be NULL. */
struct tls_config *tls_config_client(const char *ca_pem, const char *cert_pem, const char *key_pem,
				     bool insecure, struct status *st);
struct tls_config *tls_config_ref(struct tls_config *c);
void tls_config_unref(struct tls_config **c);
/* The identity's present configuration, counted for the caller. */
struct tls_config *tls_identity_config(struct tls_identity *t);

/* Who the client is, from its certificate. */
struct tls_peer {
	bool bad;    /* presented a certificate that does not verify; nothing else is set */
	bool client; /* the client CA answers for it */
	bool proxy;  /* the proxy CA answers for it */
	char *cn;    /* NULL: none presented, or it has no common name */
	char **orgs; /* NULL-terminated when cn is set */
	char sha256[65];
};

/* Results of the calls below that are not byte counts. */
enum { TLS_WANT_READ = -1, TLS_WANT_WRITE = -2, TLS_FAILED = -3 };

/* fd must be non-blocking and stays the caller's; hostname (clients only) is what to verify. */
struct tls_session *tls_session_new(struct tls_config *c, int fd, const char *hostname);
/* A session is counted because libmicrohttpd still holds the pointer of one that has left it. */
struct tls_session *tls_session_ref(struct tls_session *s);
/* The last holder frees everything but the descriptor; nulls *s. */
void tls_session_unref(struct tls_session **s);

/* 0 when done, else TLS_*. */
int tls_handshake(struct tls_session *s);
/* Why the handshake failed, in words; static or in out. */
const char *tls_failure(const struct tls_session *s, char out[256]);
/* Bytes, 0 at the peer's end of stream, or TLS_*. */
long tls_read(struct tls_session *s, void *p, size_t n);
/* Bytes taken (perhaps fewer than n), or TLS_*.  After a short or refused write the next call must
 * start with the same bytes: a record of them may be on its way. */
long tls_write(struct tls_session *s, const void *p, size_t n);
/* Tell the peer that we write no more: 0 or TLS_*. */
int tls_close_notify(struct tls_session *s);
/* Bytes received that tls_read() can deliver without the socket becoming readable. */
size_t tls_pending(const struct tls_session *s);

int tls_fd(const struct tls_session *s);
void tls_set_fd(struct tls_session *s, int fd);
const struct tls_peer *tls_session_peer(const struct tls_session *s);

/* What the server keeps with a session. */
struct tls_user {
	char *remote;    /* "127.0.0.1:4711"; owned, freed with the session */
	void *mhd;       /* libmicrohttpd's own pointer */
	bool hijacked;   /* left libmicrohttpd: its closing must not touch the connection */
	bool want_write; /* direction of the last refusal */
	bool hold;       /* the next write is a head whose body follows: send both as one record */
	struct buf held; /* that head; owned, freed with the session */
	int64_t deadline_ns; /* the request being received must be complete by then; 0 = none */
};
struct tls_user *tls_session_user(struct tls_session *s);

#endif
