/*
 * route: from method and path to the attributes that authorization and dispatch work with.
 * k8s: apiserver/pkg/endpoints/request/requestinfo.go
 */
#ifndef NUTSHELL_SERVER_ROUTE_H
#define NUTSHELL_SERVER_ROUTE_H

#include "api/api.h"
#include "server/query.h"

#include <stdbool.h>
#include <stddef.h>

struct route {
	struct attributes attr;  /* attr.path is NULL for resource requests */
	const char *const *segs; /* all decoded segments of the path */
	size_t nsegs;
	bool core;         /* /api/v1, as against /apis/GROUP/VERSION */
	bool watch_prefix; /* the old form /api/v1/watch/... */
	bool named;        /* the name is in the path, not from a field selector */
	size_t tail;       /* index in segs of what follows the subresource */
};

/* 400 on bad percent-encoding, a NUL or a path that names no resource where one must be. */
bool route_parse(struct arena *a, const char *method, const char *path, const struct query *q,
		 struct route *r, struct status *st);

#endif
