/*
 * websocket: handshake and frames of RFC 6455, server side.
 *
 * Client frames must be masked, ours are not.  Messages are assembled from fragments, control frames
 * may come between them.  Every violation ends the connection with 1002, a message beyond the limit
 * with 1009, text that is not UTF-8 with 1007.  A frame is one conn_write(), and one writer waits for
 * another, so that the answer to a ping cannot land inside another thread's message.
 */
#include "net/websocket.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/hash.h"
#include "net/httpd.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OP_MORE = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
enum {
	CONTROL_MAX = 125,
	HEAD_MAX = 10,
	WS_PROTOCOL_ERROR = 1002,
	WS_BAD_TEXT = 1007,
	WS_TOO_BIG = 1009
};

struct websocket {
	struct conn *c;
	size_t max;
	struct buf in; /* received, not yet consumed */
	struct lock lock;
	struct cond turn;
	bool writing; /* somebody is; under the lock */
	bool closed;  /* we have said goodbye; under the lock */
};

struct frame {
	bool last;
	int op;
	size_t n;
	unsigned char mask[4];
};

/* ---- handshake ---- */

/* A comma-separated list contains word, whatever its case. */
static bool has_token(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (list && *list) {
		list += strspn(list, " \t,");
		if (!strncasecmp(list, word, n) && strcspn(list, " \t,") == n)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

static bool any_has_token(const struct http_req *r, const char *header, const char *word)
{
	for (const char *const *v = http_headers(r, header); *v; v++)
		if (has_token(*v, word))
			return true;
	return false;
}

static bool choose_protocol(const struct http_req *r, const char *const *protocols, char out[128])
{
	*out = '\0';
	if (!http_header(r, "Sec-WebSocket-Protocol"))
		return true;
	for (; protocols && *protocols; protocols++) {
		if (!any_has_token(r, "Sec-WebSocket-Protocol", *protocols))
			continue;
		snprintf(out, 128, "%s", *protocols);
		return true;
	}
	return false;
}

bool websocket_offered(const struct http_req *r, const char *const *protocols,
		       struct websocket_offer *o, bool *wanted)
{
	const char *key = http_header(r, "Sec-WebSocket-Key");
	const char *version = http_header(r, "Sec-WebSocket-Version");
	bool asks = any_has_token(r, "Upgrade", "websocket") &&
		    any_has_token(r, "Connection", "upgrade") && key &&
		    strlen(key) < sizeof(o->key) && version && !strcmp(version, "13");

	if (wanted)
		*wanted = asks;
	if (!asks)
		return false;
	strcpy(o->key, key);
	return choose_protocol(r, protocols, o->protocol);
}

void websocket_answer(struct buf *b, const struct websocket_offer *o)
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	struct arena *a = arena_new();
	char *joined = arena_printf(a, "%s%s", o->key, magic);
	unsigned char digest[20];

	sha1(joined, strlen(joined), digest);
	buf_addf(b,
		 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		 base64_encode(a, digest, sizeof(digest)));
	if (*o->protocol)
		buf_addf(b, "Sec-WebSocket-Protocol: %s\r\n", o->protocol);
	buf_adds(b, "\r\n");
	arena_free(&a);
}

size_t websocket_head(unsigned char out[WEBSOCKET_HEAD_MAX], int type, size_t n)
{
	size_t bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;

	out[0] = (unsigned char)(0x80 | type);
	out[1] = (unsigned char)(bytes == 0 ? n : bytes == 2 ? 126 : 127);
	for (size_t i = 0; i < bytes; i++)
		out[2 + i] = (unsigned char)(n >> 8 * (bytes - 1 - i));
	return 2 + bytes;
}

struct websocket *websocket_accept(struct conn *c, const struct websocket_offer *o, size_t max_message)
{
	BUF_AUTO struct buf head = BUF_INIT;
	struct websocket *w;

	websocket_answer(&head, o);
	if (!conn_write(c, head.p, head.len))
		return NULL;
	w = calloc(1, sizeof(*w));
	BUG_ON(!w);
	w->c = c;
	w->max = max_message;
	lock_init(&w->lock, "websocket", LOCK_NET);
	cond_init(&w->turn);
	return w;
}

void websocket_free(struct websocket **wp)
{
	struct websocket *w = *wp;

	if (!w)
		return;
	*wp = NULL;
	buf_free(&w->in);
	cond_destroy(&w->turn);
	lock_destroy(&w->lock);
	free(w);
}

/* ---- writing ---- */

static size_t frame_head(unsigned char out[HEAD_MAX], int op, size_t n)
{
	size_t len = 2;

	out[0] = (unsigned char)(0x80 | op);
	if (n < 126) {
		out[1] = (unsigned char)n;
		return len;
	}
	len = n < 65536 ? 4 : 10;
	out[1] = n < 65536 ? 126 : 127;
	for (size_t i = len - 1; i >= 2; i--, n >>= 8)
		out[i] = (unsigned char)n;
	return len;
}

/* Wait until no one else writes; false when the connection has been closed. */
static bool begin_writing(struct websocket *w)
{
	bool open;

	lock_take(&w->lock);
	while (w->writing)
		cond_wait(&w->turn, &w->lock);
	w->writing = true;
	open = !w->closed;
	lock_drop(&w->lock);
	return open;
}

static void end_writing(struct websocket *w, bool closed)
{
	lock_take(&w->lock);
	w->writing = false;
	w->closed |= closed;
	cond_signal(&w->turn);
	lock_drop(&w->lock);
}

static bool send_frame(struct websocket *w, int op, const void *first, size_t nfirst, const void *p,
		       size_t n)
{
	BUF_AUTO struct buf b = BUF_INIT;
	unsigned char head[HEAD_MAX];
	bool ok;

	buf_add(&b, head, frame_head(head, op, nfirst + n));
	if (nfirst)
		buf_add(&b, first, nfirst);
	if (n)
		buf_add(&b, p, n);
	ok = begin_writing(w) && conn_write(w->c, b.p, b.len);
	end_writing(w, op == OP_CLOSE || !ok);
	return ok;
}

bool websocket_write(struct websocket *w, enum websocket_type type, const void *p, size_t n)
{
	return send_frame(w, (int)type, NULL, 0, p, n);
}

bool websocket_write_channel(struct websocket *w, unsigned char channel, const void *p, size_t n)
{
	return send_frame(w, OP_BINARY, &channel, 1, p, n);
}

void websocket_close(struct websocket *w, int code, const char *reason)
{
	unsigned char both[2] = { (unsigned char)(code >> 8), (unsigned char)code };
	size_t n = strlen(reason);

	send_frame(w, OP_CLOSE, both, 2, reason, n > CONTROL_MAX - 2 ? CONTROL_MAX - 2 : n);
}

/* ---- reading ---- */

static bool fill(struct websocket *w, size_t n, int timeout_ms)
{
	char p[8192];

	while (w->in.len < n) {
		long r = conn_read(w->c, p, sizeof(p), timeout_ms);

		if (r <= 0)
			return false;
		buf_add(&w->in, p, (size_t)r);
	}
	return true;
}

static int violated(struct websocket *w, int code)
{
	websocket_close(w, code, "");
	return -1;
}

static bool sound_head(const struct frame *f, const unsigned char *p, bool in_message)
{
	if ((p[0] & 0x70) || !(p[1] & 0x80))
		return false; /* reserved bits, or not masked */
	if (f->op >= OP_CLOSE)
		return f->op <= OP_PONG && f->last && (p[1] & 0x7f) <= CONTROL_MAX;
	if (f->op > OP_BINARY)
		return false;
	return in_message == (f->op == OP_MORE);
}

/* The next frame's head; 1, or what websocket_read() returns. */
static int read_head(struct websocket *w, struct frame *f, bool in_message, size_t room,
		     int timeout_ms)
{
	const unsigned char *p;
	uint64_t n;
	size_t extra;

	if (!fill(w, 2, timeout_ms))
		return -1;
	p = (const unsigned char *)w->in.p;
	f->last = p[0] & 0x80;
	f->op = p[0] & 0x0f;
	if (!sound_head(f, p, in_message))
		return violated(w, WS_PROTOCOL_ERROR);
	n = p[1] & 0x7f;
	extra = n == 126 ? 2 : n == 127 ? 8 : 0;
	if (!fill(w, 2 + extra + 4, timeout_ms))
		return -1;
	p = (const unsigned char *)w->in.p;
	if (extra)
		n = 0;
	for (size_t i = 0; i < extra; i++)
		n = n << 8 | p[2 + i];
	if (f->op < OP_CLOSE && n > room)
		return violated(w, WS_TOO_BIG);
	f->n = (size_t)n;
	memcpy(f->mask, p + 2 + extra, 4);
	buf_drop(&w->in, 2 + extra + 4);
	return 1;
}

static bool read_payload(struct websocket *w, const struct frame *f, struct buf *out, int timeout_ms)
{
	char *at;

	if (!fill(w, f->n, timeout_ms))
		return false;
	at = buf_reserve(out, f->n + 1);
	for (size_t i = 0; i < f->n; i++)
		at[i] = (char)((unsigned char)w->in.p[i] ^ f->mask[i % 4]);
	out->len += f->n;
	out->p[out->len] = '\0';
	if (f->n)
		buf_drop(&w->in, f->n);
	return true;
}

static int control(struct websocket *w, const struct frame *f, int timeout_ms)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (!read_payload(w, f, &b, timeout_ms))
		return -1;
	if (f->op == OP_PING)
		return send_frame(w, OP_PONG, NULL, 0, b.p, b.len) ? 1 : -1;
	if (f->op == OP_PONG)
		return 1;
	if (b.len == 1)
		return violated(w, WS_PROTOCOL_ERROR);
	/* its own code back, as RFC 6455 5.5.1 wants */
	send_frame(w, OP_CLOSE, NULL, 0, b.p, b.len < 2 ? 0 : 2);
	return 0;
}

int websocket_read(struct websocket *w, enum websocket_type *type, struct buf *out, int timeout_ms)
{
	bool in_message = false;
	struct frame f;
	int r;

	buf_clear(out);
	for (;;) {
		r = read_head(w, &f, in_message, w->max - out->len, timeout_ms);
		if (r > 0 && f.op >= OP_CLOSE) {
			r = control(w, &f, timeout_ms);
			if (r > 0)
				continue;
		}
		if (r <= 0)
			return r;
		if (f.op != OP_MORE)
			*type = f.op == OP_TEXT ? WEBSOCKET_TEXT : WEBSOCKET_BINARY;
		if (!read_payload(w, &f, out, timeout_ms))
			return -1;
		in_message = true;
		if (!f.last)
			continue;
		if (*type == WEBSOCKET_TEXT && !utf8_valid(out->p, out->len))
			return violated(w, WS_BAD_TEXT);
		return 1;
	}
}
