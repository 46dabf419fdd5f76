/*
 * url: URLs as Go's net/url reads and writes them.
 */
#ifndef NUTSHELL_CEL_URL_H
#define NUTSHELL_CEL_URL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct cel_url {
	const char *scheme, *opaque, *user, *host; /* user as it is printed; NULL: none */
	const char *path, *raw_path;               /* decoded; as written, "" when the same */
	const char *query, *fragment;              /* as written; decoded */
	const char *raw_fragment;
	bool force_query, omit_host;
};

/* NULL, or Go's error text in a.  request: as ParseRequestURI, else as Parse. */
const char *cel_url_parse(struct arena *a, const char *s, bool request, struct cel_url *out);
const char *cel_url_text(struct arena *a, const struct cel_url *u);
const char *cel_url_escaped_path(struct arena *a, const struct cel_url *u);
const char *cel_url_hostname(struct arena *a, const struct cel_url *u);
const char *cel_url_port(struct arena *a, const struct cel_url *u);
/* One part of a query, decoded; NULL when it is malformed. */
const char *cel_url_query_part(struct arena *a, const char *s, size_t n);

#endif
