/* libmicrohttpd includes this name; all it needs is in gnutls.h. */
#include <gnutls/gnutls.h>
