/*
 * tls_session: one mbedTLS connection on a non-blocking socket.
 *
 * Reading takes up to a whole record from the kernel at once and keeps what mbedTLS did not ask for
 * (it reads header and body separately); only after the handshake, because libmicrohttpd waits
 * for edges on a socket that must hold everything not yet looked at.
 *
 * Parking: between two operations an idle session gives both record buffers to its config's pool.
 * mbedTLS has no call for it, so the pointers into the buffers are kept as offsets here; the read
 * counter, which lives inside the input buffer, is saved too.  That is private to mbedTLS 3.6, hence the
 * version check.  A session with part of a record in either buffer keeps them.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* parking */
#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "net/hash.h"
#include "net/mbed.h"
#include "net/tls_priv.h"

#include <errno.h>
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#if MBEDTLS_VERSION_NUMBER < 0x03060000 || MBEDTLS_VERSION_NUMBER >= 0x03070000
#error "parking knows the inside of mbedTLS 3.6 only"
#endif

enum { READ_AHEAD = 16384 + 512, CTR_LEN = 8, NPOINTERS = 5 };

struct parked {
	uint16_t in[NPOINTERS], out[NPOINTERS];
	unsigned char in_ctr[CTR_LEN];
};

struct tls_session {
	mbedtls_ssl_context ssl;
	atomic_int refs;
	struct tls_config *config;
	int fd;
	int failure; /* mbedTLS's error of a failed handshake */
	bool ready, parked;
	size_t unwritten;     /* length a refused mbedtls_ssl_write() must be repeated with */
	unsigned char *ahead; /* read from the kernel, not yet asked for */
	unsigned int ahead_off, ahead_len;
	struct parked park;
	struct tls_peer *peer;
	struct tls_user user;
};

/* ---- the socket ---- */

static int bio_send(void *arg, const unsigned char *p, size_t n)
{
	struct tls_session *s = arg;
	ssize_t r = send(s->fd, p, n, MSG_NOSIGNAL);

	if (r >= 0)
		return (int)r;
	if (errno == EAGAIN || errno == EINTR)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	return MBEDTLS_ERR_SSL_CONN_EOF;
}

static int take_ahead(struct tls_session *s, unsigned char *p, size_t n)
{
	if (n > s->ahead_len)
		n = s->ahead_len;
	memcpy(p, s->ahead + s->ahead_off, n);
	s->ahead_off += (unsigned int)n;
	s->ahead_len -= (unsigned int)n;
	if (!s->ahead_len) {
		free(s->ahead);
		s->ahead = NULL;
	}
	return (int)n;
}

static int received(ssize_t r)
{
	if (r >= 0)
		return (int)r; /* 0: mbedTLS turns it into CONN_EOF */
	if (errno == EAGAIN || errno == EINTR)
		return MBEDTLS_ERR_SSL_WANT_READ;
	return MBEDTLS_ERR_SSL_CONN_EOF;
}

static int bio_recv(void *arg, unsigned char *p, size_t n)
{
	struct tls_session *s = arg;
	unsigned char more[READ_AHEAD];
	ssize_t r;

	if (s->ahead_len)
		return take_ahead(s, p, n);
	if (!s->ready || n >= sizeof(more))
		return received(recv(s->fd, p, n, 0));
	r = recv(s->fd, more, sizeof(more), 0);
	if (r <= 0)
		return received(r);
	if ((size_t)r <= n) {
		memcpy(p, more, (size_t)r);
		return (int)r;
	}
	memcpy(p, more, n);
	s->ahead_off = 0;
	s->ahead_len = (unsigned int)((size_t)r - n);
	s->ahead = malloc(s->ahead_len);
	BUG_ON(!s->ahead);
	memcpy(s->ahead, more + n, s->ahead_len);
	return (int)n;
}

/* ---- parking ---- */

static void *pool_take(_Atomic(void *) *pool, size_t n)
{
	void *p;

	for (size_t i = 0; i < TLS_POOL; i++) {
		if (!atomic_load_explicit(&pool[i], memory_order_relaxed))
			continue;
		p = atomic_exchange(&pool[i], NULL);
		if (p)
			return p;
	}
	p = malloc(n);
	BUG_ON(!p);
	return p;
}

static void pool_give(_Atomic(void *) *pool, void *p)
{
	for (size_t i = 0; i < TLS_POOL; i++) {
		void *none = NULL;

		if (!atomic_load_explicit(&pool[i], memory_order_relaxed) &&
		    atomic_compare_exchange_strong(&pool[i], &none, p))
			return;
	}
	free(p);
}

static bool buffers_in_use(const mbedtls_ssl_context *c)
{
	/* clients may negotiate smaller ones, which do not fit the pool and need no lending */
	if (c->in_buf_len < MBEDTLS_SSL_IN_CONTENT_LEN || c->out_buf_len < MBEDTLS_SSL_OUT_CONTENT_LEN)
		return true;
	/* part of a record, of a handshake message, or of a record with several of those */
	return c->in_left || c->in_offt || c->out_left || c->badmac_seen_or_in_hsfraglen ||
	       (c->in_hslen && c->in_hslen < c->in_msglen);
}

static void in_pointers(mbedtls_ssl_context *c, unsigned char **at[NPOINTERS])
{
	at[0] = &c->in_ctr;
	at[1] = &c->in_hdr;
	at[2] = &c->in_len;
	at[3] = &c->in_iv;
	at[4] = &c->in_msg;
}

static void out_pointers(mbedtls_ssl_context *c, unsigned char **at[NPOINTERS])
{
	at[0] = &c->out_ctr;
	at[1] = &c->out_hdr;
	at[2] = &c->out_len;
	at[3] = &c->out_iv;
	at[4] = &c->out_msg;
}

static void park(struct tls_session *s)
{
	mbedtls_ssl_context *c = &s->ssl;
	unsigned char **in[NPOINTERS], **out[NPOINTERS];

	if (s->parked || !s->ready || s->unwritten || buffers_in_use(c))
		return;
	memcpy(s->park.in_ctr, c->in_ctr, CTR_LEN);
	in_pointers(c, in);
	out_pointers(c, out);
	for (size_t i = 0; i < NPOINTERS; i++) {
		s->park.in[i] = (uint16_t)(*in[i] - c->in_buf);
		s->park.out[i] = (uint16_t)(*out[i] - c->out_buf);
		*in[i] = *out[i] = NULL;
	}
	pool_give(s->config->in_pool, c->in_buf);
	pool_give(s->config->out_pool, c->out_buf);
	c->in_buf = c->out_buf = NULL;
	s->parked = true;
}

static void unpark(struct tls_session *s)
{
	mbedtls_ssl_context *c = &s->ssl;
	unsigned char **in[NPOINTERS], **out[NPOINTERS];

	if (!s->parked)
		return;
	c->in_buf = pool_take(s->config->in_pool, c->in_buf_len);
	c->out_buf = pool_take(s->config->out_pool, c->out_buf_len);
	in_pointers(c, in);
	out_pointers(c, out);
	for (size_t i = 0; i < NPOINTERS; i++) {
		*in[i] = c->in_buf + s->park.in[i];
		*out[i] = c->out_buf + s->park.out[i];
	}
	memcpy(c->in_ctr, s->park.in_ctr, CTR_LEN);
	s->parked = false;
}

/* ---- life ---- */

struct tls_session *tls_session_new(struct tls_config *config, int fd, const char *hostname)
{
	struct tls_session *s = calloc(1, sizeof(*s));

	BUG_ON(!s);
	atomic_init(&s->refs, 1);
	s->config = tls_config_ref(config);
	s->fd = fd;
	mbedtls_ssl_init(&s->ssl);
	if (mbedtls_ssl_setup(&s->ssl, &config->conf) ||
	    (hostname && mbedtls_ssl_set_hostname(&s->ssl, hostname)))
		bug("TLS session: out of memory");
	mbedtls_ssl_set_bio(&s->ssl, s, bio_send, bio_recv, NULL);
	return s;
}

static void peer_free(struct tls_peer *p)
{
	if (!p)
		return;
	for (char **o = p->orgs; o && *o; o++)
		free(*o);
	free(p->orgs);
	free(p->cn);
	free(p);
}

struct tls_session *tls_session_ref(struct tls_session *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void tls_session_unref(struct tls_session **sp)
{
	struct tls_session *s = *sp;

	*sp = NULL;
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	mbedtls_ssl_free(&s->ssl);
	tls_config_unref(&s->config);
	peer_free(s->peer);
	free(s->ahead);
	free(s->user.remote);
	buf_free(&s->user.held);
	free(s);
}

/* ---- the peer's certificate ---- */

/* A copy of an attribute's value; NULL when it holds a NUL, which only an attacker would put there. */
static char *attribute(const mbedtls_x509_name *n)
{
	if (memchr(n->val.p, 0, n->val.len))
		return NULL;
	return strndup((const char *)n->val.p, n->val.len);
}

static bool read_subject(struct tls_peer *p, const mbedtls_x509_crt *crt)
{
	size_t norgs = 0, max = 1;

	for (const mbedtls_x509_name *n = &crt->subject; n; n = n->next)
		max++;
	p->orgs = calloc(max, sizeof(*p->orgs));
	for (const mbedtls_x509_name *n = &crt->subject; n; n = n->next) {
		bool is_cn = !MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid);
		char *v;

		if (!is_cn && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_ORGANIZATION, &n->oid))
			continue;
		v = attribute(n);
		if (!v)
			return false;
		if (is_cn) {
			free(p->cn);
			p->cn = v;
		} else {
			p->orgs[norgs++] = v;
		}
	}
	return true;
}

static void drop_certificate(mbedtls_ssl_session *session)
{
	if (!session || !session->peer_cert)
		return;
	mbedtls_x509_crt_free(session->peer_cert);
	free(session->peer_cert);
	session->peer_cert = NULL;
}

/* Verifying takes the chain as non-const although it leaves it as it is. */
static bool answers_for(mbedtls_x509_crt *ca, const mbedtls_x509_crt *crt)
{
	union {
		const mbedtls_x509_crt *in;
		mbedtls_x509_crt *out;
	} u = { crt };
	uint32_t flags;

	return !mbedtls_x509_crt_verify(u.out, ca, NULL, NULL, &flags, NULL, NULL);
}

static struct tls_peer *read_peer(struct tls_session *s)
{
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&s->ssl);
	struct tls_peer *p;
	unsigned char digest[32];
	struct arena *a;

	if (!crt)
		return NULL;
	p = calloc(1, sizeof(*p));
	p->bad = mbedtls_ssl_get_verify_result(&s->ssl) != 0 || !read_subject(p, crt);
	p->client = !p->bad;
	if (!p->bad && s->config->told_apart) {
		p->client = answers_for(&s->config->clients, crt);
		p->proxy = answers_for(&s->config->proxies, crt);
	}
	if (!p->bad) {
		a = arena_new();
		sha256(crt->raw.p, crt->raw.len, digest);
		memcpy(p->sha256, hex_encode(a, digest, sizeof(digest)), sizeof(p->sha256));
		arena_free(&a);
	}
	return p;
}

/* ---- operations ---- */

static int wants(int r)
{
	switch (r) {
	case MBEDTLS_ERR_SSL_WANT_READ: return TLS_WANT_READ;
	case MBEDTLS_ERR_SSL_WANT_WRITE: return TLS_WANT_WRITE;
	default: return TLS_FAILED;
	}
}

int tls_handshake(struct tls_session *s)
{
	int r = mbedtls_ssl_handshake(&s->ssl);

	if (r) {
		s->failure = r;
		return wants(r);
	}
	if (mbedtls_ssl_conf_get_endpoint(&s->config->conf) == MBEDTLS_SSL_IS_SERVER)
		s->peer = read_peer(s);
	drop_certificate(s->ssl.session);
	s->ready = true;
	park(s);
	return 0;
}

const char *tls_failure(const struct tls_session *s, char out[256])
{
	uint32_t flags = mbedtls_ssl_get_verify_result(&s->ssl);

	if (s->failure == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED && flags != (uint32_t)-1 &&
	    mbedtls_x509_crt_verify_info(out, 256, "", flags) > 0)
		out[strcspn(out, "\n")] = '\0';
	else if (s->failure == MBEDTLS_ERR_SSL_CONN_EOF)
		snprintf(out, 256, "connection closed");
	else
		mbedtls_strerror(s->failure, out, 256);
	return out;
}

long tls_read(struct tls_session *s, void *p, size_t n)
{
	int r;

	unpark(s);
	do
		r = mbedtls_ssl_read(&s->ssl, p, n);
	while (r == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
	park(s);
	if (r >= 0)
		return r;
	if (r == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || r == MBEDTLS_ERR_SSL_CONN_EOF)
		return 0;
	return wants(r);
}

long tls_write(struct tls_session *s, const void *p, size_t n)
{
	size_t done = 0;
	int r = 0;

	unpark(s);
	while (done < n) {
		size_t len = s->unwritten ? s->unwritten : n - done;

		BUG_ON(len > n - done);
		r = mbedtls_ssl_write(&s->ssl, (const unsigned char *)p + done, len);
		if (r <= 0)
			break;
		s->unwritten = 0;
		done += (size_t)r;
	}
	if (r == MBEDTLS_ERR_SSL_WANT_WRITE) {
		int max = mbedtls_ssl_get_max_out_record_payload(&s->ssl);
		size_t len = s->unwritten ? s->unwritten : n - done;

		s->unwritten = max > 0 && len > (size_t)max ? (size_t)max : len;
	}
	park(s);
	if (done)
		return (long)done;
	return n ? wants(r) : 0;
}

int tls_close_notify(struct tls_session *s)
{
	int r;

	if (s->unwritten)
		return TLS_FAILED; /* it would land inside a record */
	unpark(s);
	r = mbedtls_ssl_close_notify(&s->ssl);
	park(s);
	return r ? wants(r) : 0;
}

size_t tls_pending(const struct tls_session *s)
{
	return s->ahead_len + (s->parked ? 0 : mbedtls_ssl_get_bytes_avail(&s->ssl));
}

int tls_fd(const struct tls_session *s)
{
	return s->fd;
}

void tls_set_fd(struct tls_session *s, int fd)
{
	s->fd = fd;
}

const struct tls_peer *tls_session_peer(const struct tls_session *s)
{
	return s->peer;
}

struct tls_user *tls_session_user(struct tls_session *s)
{
	return &s->user;
}
