/*
 * The names under which libmicrohttpd, built unmodified in its TLS mode, calls a TLS library.
 * Declarations only: pkg/net/tls_adapter.c implements them on mbedTLS and the final link joins
 * both. Exactly what libmicrohttpd 1.0.x uses is here; error numbers are those of the protocol
 * between the two (libmicrohttpd only compares them), the version is the oldest that makes it
 * choose the calls we want (no early data, no SIGPIPE tricks, no third retrieve function).
 *
 * A session is pkg/net's own object. libmicrohttpd hands it back in MHD_CONNECTION_INFO_GNUTLS_SESSION.
 * Credentials, priorities, DH parameters and PSK are never looked at: the handshake is over before
 * libmicrohttpd sees a connection.
 */
#ifndef NUTSHELL_GNUTLS_ADAPTER_H
#define NUTSHELL_GNUTLS_ADAPTER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GNUTLS_VERSION "3.4.5"
#define GNUTLS_VERSION_MAJOR 3
#define GNUTLS_VERSION_MINOR 4
#define GNUTLS_VERSION_PATCH 5
#define GNUTLS_VERSION_NUMBER 0x030405

struct tls_session;
struct tls_adapter_unused;

typedef struct tls_session *gnutls_session_t;
typedef struct tls_adapter_unused *gnutls_certificate_credentials_t;
typedef struct tls_adapter_unused *gnutls_psk_server_credentials_t;
typedef struct tls_adapter_unused *gnutls_priority_t;
typedef struct tls_adapter_unused *gnutls_dh_params_t;
typedef struct tls_adapter_unused *gnutls_x509_crt_t;
typedef struct tls_adapter_unused *gnutls_privkey_t;
typedef struct tls_adapter_unused *gnutls_pcert_st;
typedef void *gnutls_transport_ptr_t;
typedef int gnutls_cipher_algorithm_t;
typedef int gnutls_protocol_t;
typedef int gnutls_pk_algorithm_t;

typedef struct {
	unsigned char *data;
	unsigned int size;
} gnutls_datum_t;

typedef enum {
	GNUTLS_CRD_CERTIFICATE = 1,
	GNUTLS_CRD_ANON,
	GNUTLS_CRD_SRP,
	GNUTLS_CRD_PSK,
	GNUTLS_CRD_IA
} gnutls_credentials_type_t;

typedef enum {
	GNUTLS_CERT_IGNORE,
	GNUTLS_CERT_REQUEST,
	GNUTLS_CERT_REQUIRE
} gnutls_certificate_request_t;

typedef enum {
	GNUTLS_X509_FMT_DER,
	GNUTLS_X509_FMT_PEM
} gnutls_x509_crt_fmt_t;

typedef enum {
	GNUTLS_SHUT_RDWR,
	GNUTLS_SHUT_WR
} gnutls_close_request_t;

/* flags of gnutls_init() */
#define GNUTLS_SERVER 1
#define GNUTLS_CLIENT 2
#define GNUTLS_NONBLOCK 4
#define GNUTLS_NO_SIGNAL (1 << 6)

#define GNUTLS_E_SUCCESS 0
#define GNUTLS_E_UNSUPPORTED_VERSION_PACKET (-8)
#define GNUTLS_E_UNEXPECTED_PACKET_LENGTH (-9)
#define GNUTLS_E_INVALID_SESSION (-10)
#define GNUTLS_E_UNEXPECTED_PACKET (-15)
#define GNUTLS_E_UNEXPECTED_HANDSHAKE_PACKET (-19)
#define GNUTLS_E_DECRYPTION_FAILED (-24)
#define GNUTLS_E_MEMORY_ERROR (-25)
#define GNUTLS_E_DECOMPRESSION_FAILED (-26)
#define GNUTLS_E_COMPRESSION_FAILED (-27)
#define GNUTLS_E_AGAIN (-28)
#define GNUTLS_E_EXPIRED (-29)
#define GNUTLS_E_HASH_FAILED (-33)
#define GNUTLS_E_REHANDSHAKE (-37)
#define GNUTLS_E_ENCRYPTION_FAILED (-40)
#define GNUTLS_E_INTERRUPTED (-52)
#define GNUTLS_E_PUSH_ERROR (-53)
#define GNUTLS_E_PULL_ERROR (-54)
#define GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER (-55)
#define GNUTLS_E_INTERNAL_ERROR (-59)
#define GNUTLS_E_PREMATURE_TERMINATION (-110)
#define GNUTLS_E_CRYPTODEV_IOCTL_ERROR (-211)
#define GNUTLS_E_CRYPTODEV_DEVICE_ERROR (-212)

typedef int gnutls_psk_server_credentials_function(gnutls_session_t session, const char *username,
						   gnutls_datum_t *key);
typedef int gnutls_certificate_retrieve_function2(void);

/* library */
extern void *(*gnutls_malloc)(size_t size);
extern void (*gnutls_free)(void *ptr);
const char *gnutls_check_version(const char *required);
int gnutls_global_init(void);
void gnutls_global_deinit(void);
const char *gnutls_strerror(int error);

/* session */
int gnutls_init(gnutls_session_t *session, unsigned int flags);
void gnutls_deinit(gnutls_session_t session);
void gnutls_session_set_ptr(gnutls_session_t session, void *ptr);
void *gnutls_session_get_ptr(gnutls_session_t session);
void gnutls_transport_set_int(gnutls_session_t session, int fd);
int gnutls_alpn_set_protocols(gnutls_session_t session, const gnutls_datum_t *protocols,
			      unsigned int n, unsigned int flags);
int gnutls_handshake(gnutls_session_t session);
int gnutls_bye(gnutls_session_t session, gnutls_close_request_t how);
ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t size);
ssize_t gnutls_record_send(gnutls_session_t session, const void *data, size_t size);
size_t gnutls_record_check_pending(gnutls_session_t session);
int gnutls_record_get_direction(gnutls_session_t session);
gnutls_cipher_algorithm_t gnutls_cipher_get(gnutls_session_t session);
gnutls_protocol_t gnutls_protocol_get_version(gnutls_session_t session);

/* configuration that libmicrohttpd insists on and the adapter ignores */
int gnutls_priority_init(gnutls_priority_t *priority, const char *spec, const char **error_at);
void gnutls_priority_deinit(gnutls_priority_t priority);
int gnutls_priority_set(gnutls_session_t session, gnutls_priority_t priority);
int gnutls_set_default_priority(gnutls_session_t session);
int gnutls_credentials_set(gnutls_session_t session, gnutls_credentials_type_t type, void *cred);
void gnutls_certificate_server_set_request(gnutls_session_t session,
					   gnutls_certificate_request_t request);
int gnutls_certificate_allocate_credentials(gnutls_certificate_credentials_t *cred);
void gnutls_certificate_free_credentials(gnutls_certificate_credentials_t cred);
int gnutls_certificate_set_x509_trust_mem(gnutls_certificate_credentials_t cred,
					  const gnutls_datum_t *ca, gnutls_x509_crt_fmt_t type);
int gnutls_certificate_set_x509_key_mem(gnutls_certificate_credentials_t cred,
					const gnutls_datum_t *cert, const gnutls_datum_t *key,
					gnutls_x509_crt_fmt_t type);
int gnutls_certificate_set_x509_key_mem2(gnutls_certificate_credentials_t cred,
					 const gnutls_datum_t *cert, const gnutls_datum_t *key,
					 gnutls_x509_crt_fmt_t type, const char *password,
					 unsigned int flags);
void gnutls_certificate_set_retrieve_function2(gnutls_certificate_credentials_t cred,
					       gnutls_certificate_retrieve_function2 *function);
void gnutls_certificate_set_dh_params(gnutls_certificate_credentials_t cred,
				      gnutls_dh_params_t params);
int gnutls_psk_allocate_server_credentials(gnutls_psk_server_credentials_t *cred);
void gnutls_psk_free_server_credentials(gnutls_psk_server_credentials_t cred);
void gnutls_psk_set_server_credentials_function(gnutls_psk_server_credentials_t cred,
						gnutls_psk_server_credentials_function *function);
int gnutls_dh_params_init(gnutls_dh_params_t *params);
void gnutls_dh_params_deinit(gnutls_dh_params_t params);
int gnutls_dh_params_import_pkcs3(gnutls_dh_params_t params, const gnutls_datum_t *pkcs3,
				  gnutls_x509_crt_fmt_t type);

#endif
