/*
 * websocket: the server side of RFC 6455 over a taken-over connection (exec, attach, port-forward
 * and logs of hosts that have no stream of their own to pass through).
 */
#ifndef NUTSHELL_NET_WEBSOCKET_H
#define NUTSHELL_NET_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct conn;
struct http_req;
struct websocket;

/* What of a request must outlive it for websocket_accept(). */
struct websocket_offer {
	char key[64];       /* Sec-WebSocket-Key */
	char protocol[128]; /* the one chosen, "" = none */
};

/* True when r asks for a WebSocket (Upgrade, Connection, version 13, a key).  protocols: what the
 * server speaks, in its order of preference, NULL-terminated, may be NULL; o->protocol is the first of
 * them that the client offers, "" when it offers none at all.  False as well when it offers only others:
 * then *wanted (may be NULL) is true, answer 403 as upstream does. */
bool websocket_offered(const struct http_req *r, const char *const *protocols,
		       struct websocket_offer *o, bool *wanted);

/* The head of the one frame of a message, or (type WEBSOCKET_CLOSE) of a close, of n bytes: into out, returns
 * its length. */
enum { WEBSOCKET_HEAD_MAX = 10, WEBSOCKET_CLOSE = 8 };
size_t websocket_head(unsigned char out[WEBSOCKET_HEAD_MAX], int type, size_t n);
/* The complete head of a 101 answer. */
void websocket_answer(struct buf *b, const struct websocket_offer *o);

/* Answer 101 on c, which stays the caller's and must outlive the result.  NULL: the peer is gone.
 * Messages longer than max_message bytes end the connection with 1009. */
struct websocket *websocket_accept(struct conn *c, const struct websocket_offer *o,
				   size_t max_message);
void websocket_free(struct websocket **w);

enum websocket_type { WEBSOCKET_TEXT = 1, WEBSOCKET_BINARY = 2 };

/* The next whole message; pings are answered on the way.  1: in *out (its contents are replaced), 0: the
 * peer closed (the close has been answered), -1: error or timeout (timeout_ms < 0: none).  Blocking. */
int websocket_read(struct websocket *w, enum websocket_type *type, struct buf *out, int timeout_ms);
/* One message of n bytes as one frame.  Blocking; from any thread, also while another reads. */
bool websocket_write(struct websocket *w, enum websocket_type type, const void *p, size_t n);
/* As websocket_write() with one byte in front: the channel of Kubernetes' protocols. */
bool websocket_write_channel(struct websocket *w, unsigned char channel, const void *p, size_t n);
/* Say goodbye with a code (1000 = normal) and a reason (may be ""); nothing may be written after. */
void websocket_close(struct websocket *w, int code, const char *reason);

#endif
