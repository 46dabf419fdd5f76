/*
 * client_failure: why a request got no answer, as Go's net/http would have put it.
 *
 * The texts reach users inside messages of webhooks and aggregated servers, and scripts look for them
 * ("connection refused", "context deadline exceeded", "x509: certificate signed by unknown authority").
 * curl says less than Go about names in certificates, so those texts end where our knowledge does.
 */
#include "net/client_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *errno_text(int error)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ ECONNREFUSED, "connection refused" },     { EHOSTUNREACH, "no route to host" },
		{ ENETUNREACH, "network is unreachable" },  { ETIMEDOUT, "connection timed out" },
		{ ECONNRESET, "connection reset by peer" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return NULL;
}

static void dial_failure(const struct client *c, const struct client_transfer *t, char *out, size_t n)
{
	const char *ip = NULL, *text;
	long error = 0;

	curl_easy_getinfo(t->curl, CURLINFO_PRIMARY_IP, &ip);
	curl_easy_getinfo(t->curl, CURLINFO_OS_ERRNO, &error);
	if (!ip || !*ip)
		ip = c->host;
	text = errno_text((int)error);
	snprintf(out, n,
		 strchr(ip, ':') ? "dial tcp [%s]:%s: connect: %s" : "dial tcp %s:%s: connect: %s",
		 ip, c->port, text ? text : "connection refused");
}

static void trust_failure(const struct client *c, const struct client_transfer *t, char *out, size_t n)
{
	static const char verify[] = "tls: failed to verify certificate: x509: certificate";
	int len = (int)strcspn(c->authority, ":");

	if (strstr(t->error, "BADCERT_EXPIRED") || strstr(t->error, "BADCERT_FUTURE"))
		snprintf(out, n, "%s has expired or is not yet valid", verify);
	else if (strstr(t->error, "CN_MISMATCH") && c->server_name)
		snprintf(out, n, "%s is not valid for %s", verify, c->server_name);
	else if (strstr(t->error, "CN_MISMATCH"))
		snprintf(out, n, "%s is not valid for %.*s", verify, len, c->authority);
	else
		snprintf(out, n, "%s signed by unknown authority", verify);
}

void client_failure(const struct client *c, const struct client_transfer *t, CURLcode r, char *out,
		    size_t n)
{
	switch (r) {
	case CURLE_OPERATION_TIMEDOUT: snprintf(out, n, "context deadline exceeded"); break;
	case CURLE_COULDNT_RESOLVE_HOST:
		snprintf(out, n, "dial tcp: lookup %s: no such host", c->host);
		break;
	case CURLE_COULDNT_CONNECT: dial_failure(c, t, out, n); break;
	case CURLE_PEER_FAILED_VERIFICATION: trust_failure(c, t, out, n); break;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE: snprintf(out, n, "EOF"); break;
	case CURLE_WRITE_ERROR: snprintf(out, n, "the response is too large"); break;
	default: snprintf(out, n, "%s", *t->error ? t->error : curl_easy_strerror(r)); break;
	}
}
