/*
 * forward: a request handed on to another server, and its answer handed back untouched.  Private to the
 * package; used for aggregated APIs and for the proxy subresources.
 */
#ifndef NUTSHELL_SERVER_FORWARD_H
#define NUTSHELL_SERVER_FORWARD_H

#include <stdbool.h>

struct req;

struct forward {
	const char *origin;      /* "https://metrics.kube-system.svc:443" */
	const char *address;     /* "10.1.2.3:8443": where to connect; NULL = the origin's host */
	const char *server_name; /* to verify; NULL = the origin's host */
	const char *ca_pem;      /* NULL: `insecure` decides */
	bool insecure;
	const char *path; /* with query */
	/* An aggregated server: identity by X-Remote-... headers under the front proxy's certificate, errors as
	 * plain text.  Otherwise the user stays unknown to the other side and errors are Statuses. */
	bool aggregated;
};

/* Reply by taking the connection over: one thread until the answer ends.  The answer says Connection: close. */
bool forward_run(struct req *r, const struct forward *f);

#endif
