/*
 * tls_adapter: how a finished TLS session enters libmicrohttpd; private to net.
 */
#ifndef NUTSHELL_NET_TLS_ADAPTER_H
#define NUTSHELL_NET_TLS_ADAPTER_H

struct tls_session;

/* A request's head must have arrived this long after its first byte, its body after the second. */
enum { TLS_HEAD_DEADLINE_S = 30, TLS_BODY_DEADLINE_S = 600 };

/* The next connection that this thread gives to libmicrohttpd uses session s. */
void tls_adapter_offer(struct tls_session *s);
/* The offer if libmicrohttpd has not taken it (the caller owns it again), else NULL. */
struct tls_session *tls_adapter_withdraw(void);

#endif
