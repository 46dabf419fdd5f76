/*
 * certificates: what the controllers of certificate requests share.  Private to control.
 */
#ifndef NUTSHELL_CONTROL_CERTIFICATES_H
#define NUTSHELL_CONTROL_CERTIFICATES_H

#include <stdbool.h>

struct arena;
struct csr_info;
struct json;

/* The request (PKCS #10, PEM) of a CertificateSigningRequest's spec; NULL when it is no base64. */
char *certificate_pem(struct arena *a, const struct json *spec);
/* It asks for what a kubelet shows to the API. */
bool certificate_is_kubelet_client(const struct csr_info *csr, const struct json *spec);

#endif
