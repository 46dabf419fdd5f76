/*
 * tls_adapter: mbedTLS under the names by which libmicrohttpd calls a TLS library.
 *
 * libmicrohttpd is built unmodified in its TLS mode against third_party/gnutls-adapter.  It never
 * sees a handshake: a session is offered by the front thread when it is ready, and gnutls_init() picks
 * it up.  Reading, writing and closing are passed on; credentials, priorities and the like are
 * accepted and ignored, since our tls_config has decided all of that.
 *
 * Reading also enforces the request deadline: libmicrohttpd's own timeout restarts with each byte, so
 * a client that sends one byte a minute would stay for ever.
 */
#include "net/tls_adapter.h"

#include "base/clock.h"
#include "net/tls.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>

struct tls_adapter_unused {
	char none;
};

static _Thread_local struct tls_session *offered;

void tls_adapter_offer(struct tls_session *s)
{
	offered = s;
}

struct tls_session *tls_adapter_withdraw(void)
{
	struct tls_session *s = offered;

	offered = NULL;
	return s;
}

/* ---- sessions ---- */

int gnutls_init(gnutls_session_t *session, unsigned int flags)
{
	(void)flags;
	*session = tls_adapter_withdraw();
	return *session ? GNUTLS_E_SUCCESS : GNUTLS_E_INVALID_SESSION;
}

void gnutls_deinit(gnutls_session_t session)
{
	tls_session_unref(&session);
}

void gnutls_session_set_ptr(gnutls_session_t session, void *ptr)
{
	tls_session_user(session)->mhd = ptr;
}

void *gnutls_session_get_ptr(gnutls_session_t session)
{
	return tls_session_user(session)->mhd;
}

void gnutls_transport_set_int(gnutls_session_t session, int fd)
{
	tls_set_fd(session, fd);
}

int gnutls_handshake(gnutls_session_t session)
{
	(void)session;
	return GNUTLS_E_SUCCESS;
}

static int refused(gnutls_session_t session, long r, int fatal)
{
	tls_session_user(session)->want_write = r == TLS_WANT_WRITE;
	return r == TLS_FAILED ? fatal : GNUTLS_E_AGAIN;
}

int gnutls_bye(gnutls_session_t session, gnutls_close_request_t how)
{
	int r;

	(void)how;
	if (tls_session_user(session)->hijacked)
		return GNUTLS_E_SUCCESS;
	r = tls_close_notify(session);
	return r ? refused(session, r, GNUTLS_E_PUSH_ERROR) : GNUTLS_E_SUCCESS;
}

static bool too_slow(struct tls_user *u)
{
	int64_t now = clock_mono_ns();

	if (!u->deadline_ns)
		u->deadline_ns = now + TLS_HEAD_DEADLINE_S * INT64_C(1000000000);
	return now > u->deadline_ns;
}

ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t size)
{
	long r = tls_read(session, data, size);

	if (r < 0)
		return refused(session, r, GNUTLS_E_PREMATURE_TERMINATION);
	if (r > 0 && too_slow(tls_session_user(session)))
		return GNUTLS_E_PULL_ERROR;
	return r;
}

/* libmicrohttpd writes a reply's head and body separately, each with its record and system call.  A head
 * that is surely followed by a body (u->hold) is kept back and sent in front of it. */
static long write_joined(gnutls_session_t session, struct tls_user *u, const void *data, size_t size)
{
	size_t head = u->held.len;
	long r;

	buf_add(&u->held, data, size);
	r = tls_write(session, u->held.p, u->held.len);
	u->held.len = head;
	if (r < 0)
		return r; /* to be repeated with the same bytes, so the head stays */
	if ((size_t)r < head) {
		buf_drop(&u->held, (size_t)r);
		return TLS_WANT_WRITE;
	}
	buf_free(&u->held);
	return r - (long)head;
}

ssize_t gnutls_record_send(gnutls_session_t session, const void *data, size_t size)
{
	struct tls_user *u = tls_session_user(session);
	long r;

	if (u->hold) {
		u->hold = false;
		buf_add(&u->held, data, size);
		return (ssize_t)size;
	}
	r = u->held.len ? write_joined(session, u, data, size) : tls_write(session, data, size);
	if (r == 0)
		return GNUTLS_E_AGAIN;
	return r < 0 ? refused(session, r, GNUTLS_E_PUSH_ERROR) : r;
}

size_t gnutls_record_check_pending(gnutls_session_t session)
{
	return tls_pending(session);
}

int gnutls_record_get_direction(gnutls_session_t session)
{
	return tls_session_user(session)->want_write;
}

/* ---- what has been decided elsewhere ---- */

static struct tls_adapter_unused unused;

void *(*gnutls_malloc)(size_t size) = malloc;
void (*gnutls_free)(void *ptr) = free;

const char *gnutls_check_version(const char *required)
{
	(void)required;
	return GNUTLS_VERSION;
}

int gnutls_global_init(void)
{
	return GNUTLS_E_SUCCESS;
}

void gnutls_global_deinit(void)
{
}

const char *gnutls_strerror(int error)
{
	return error == GNUTLS_E_AGAIN ? "try again" : "TLS connection failed";
}

gnutls_cipher_algorithm_t gnutls_cipher_get(gnutls_session_t session)
{
	(void)session;
	return 0;
}

gnutls_protocol_t gnutls_protocol_get_version(gnutls_session_t session)
{
	(void)session;
	return 0;
}

int gnutls_alpn_set_protocols(gnutls_session_t session, const gnutls_datum_t *protocols,
			      unsigned int n, unsigned int flags)
{
	(void)session, (void)protocols, (void)n, (void)flags;
	return GNUTLS_E_SUCCESS;
}

int gnutls_priority_init(gnutls_priority_t *priority, const char *spec, const char **error_at)
{
	(void)spec, (void)error_at;
	*priority = &unused;
	return GNUTLS_E_SUCCESS;
}

void gnutls_priority_deinit(gnutls_priority_t priority)
{
	(void)priority;
}

int gnutls_priority_set(gnutls_session_t session, gnutls_priority_t priority)
{
	(void)session, (void)priority;
	return GNUTLS_E_SUCCESS;
}

int gnutls_set_default_priority(gnutls_session_t session)
{
	(void)session;
	return GNUTLS_E_SUCCESS;
}

int gnutls_credentials_set(gnutls_session_t session, gnutls_credentials_type_t type, void *cred)
{
	(void)session, (void)type, (void)cred;
	return GNUTLS_E_SUCCESS;
}

void gnutls_certificate_server_set_request(gnutls_session_t session,
					   gnutls_certificate_request_t request)
{
	(void)session, (void)request;
}

int gnutls_certificate_allocate_credentials(gnutls_certificate_credentials_t *cred)
{
	*cred = &unused;
	return GNUTLS_E_SUCCESS;
}

void gnutls_certificate_free_credentials(gnutls_certificate_credentials_t cred)
{
	(void)cred;
}

int gnutls_certificate_set_x509_trust_mem(gnutls_certificate_credentials_t cred,
					  const gnutls_datum_t *ca, gnutls_x509_crt_fmt_t type)
{
	(void)cred, (void)ca, (void)type;
	return GNUTLS_E_SUCCESS;
}

int gnutls_certificate_set_x509_key_mem(gnutls_certificate_credentials_t cred,
					const gnutls_datum_t *cert, const gnutls_datum_t *key,
					gnutls_x509_crt_fmt_t type)
{
	(void)cred, (void)cert, (void)key, (void)type;
	return GNUTLS_E_SUCCESS;
}

int gnutls_certificate_set_x509_key_mem2(gnutls_certificate_credentials_t cred,
					 const gnutls_datum_t *cert, const gnutls_datum_t *key,
					 gnutls_x509_crt_fmt_t type, const char *password,
					 unsigned int flags)
{
	(void)password, (void)flags;
	return gnutls_certificate_set_x509_key_mem(cred, cert, key, type);
}

void gnutls_certificate_set_retrieve_function2(gnutls_certificate_credentials_t cred,
					       gnutls_certificate_retrieve_function2 *function)
{
	(void)cred, (void)function;
}

void gnutls_certificate_set_dh_params(gnutls_certificate_credentials_t cred, gnutls_dh_params_t params)
{
	(void)cred, (void)params;
}

/* Pre-shared keys and DH parameters are refused: nothing in this house asks for them. */

int gnutls_psk_allocate_server_credentials(gnutls_psk_server_credentials_t *cred)
{
	*cred = NULL;
	return GNUTLS_E_INTERNAL_ERROR;
}

void gnutls_psk_free_server_credentials(gnutls_psk_server_credentials_t cred)
{
	(void)cred;
}

void gnutls_psk_set_server_credentials_function(gnutls_psk_server_credentials_t cred,
						gnutls_psk_server_credentials_function *function)
{
	(void)cred, (void)function;
}

int gnutls_dh_params_init(gnutls_dh_params_t *params)
{
	*params = NULL;
	return GNUTLS_E_INTERNAL_ERROR;
}

void gnutls_dh_params_deinit(gnutls_dh_params_t params)
{
	(void)params;
}

int gnutls_dh_params_import_pkcs3(gnutls_dh_params_t params, const gnutls_datum_t *pkcs3,
				  gnutls_x509_crt_fmt_t type)
{
	(void)params, (void)pkcs3, (void)type;
	return GNUTLS_E_INTERNAL_ERROR;
}
