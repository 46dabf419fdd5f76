/*
 * conn: making the duplex connections of httpd.h; private to net.
 */
#ifndef NUTSHELL_NET_CONN_H
#define NUTSHELL_NET_CONN_H

#include <stddef.h>

struct conn;
struct tls_session;

/* Takes over fd (made non-blocking) and the session (NULL: plain TCP or unix socket). */
struct conn *conn_new(int fd, struct tls_session *s);
/* Put n bytes back: they are read (again) before anything else. */
void conn_unread(struct conn *c, const void *p, size_t n);
/* Make every blocked or later call on c fail; from any thread while c lives. */
void conn_abort(struct conn *c);

#endif
