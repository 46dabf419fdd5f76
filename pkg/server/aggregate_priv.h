/*
 * aggregate_priv: what aggregate.c and aggregate_check.c share; nobody else includes it.
 */
#ifndef NUTSHELL_SERVER_AGGREGATE_PRIV_H
#define NUTSHELL_SERVER_AGGREGATE_PRIV_H

#include "server/aggregate.h"

#include "base/thread.h"

#include <stddef.h>

struct arena;
struct buf;
struct call;
struct forward;
struct kind;

enum { REMOTES_MAX = 128, YIELDED_MAX = 8 };

/* An APIService that names a Service. */
struct remote {
	struct arena *a;                                                /* of all texts */
	const char *name, *group, *version, *service_ns, *service, *ca; /* ca: base64, "" when none */
	const char *resources; /* the last APIResourceList it answered with; NULL: none yet */
	int port;
	int64_t group_priority, version_priority;
	bool insecure, available;
};

struct aggregate {
	struct server *server;
	const struct kind *kind, *services, *slices, *definitions;
	struct lock lock;
	struct cond wake;
	struct thread *thread;
	bool changed, again, stopping;
	struct remote remotes[REMOTES_MAX]; /* in the order of discovery */
	size_t nremotes;
	const struct kind *yielded[YIELDED_MAX]; /* computed rows that a remote serves; the thread's own */
	size_t nyielded;
	uint64_t serial;
	char *cert, *key; /* the front proxy's; NULL: not needed so far */
	int64_t issued_ns;
};

/* Under the lock; version NULL: any. */
struct remote *aggregate_find(struct aggregate *g, const char *group, const char *version);
/* A copy whose texts live in the arena; false when there is none.  Takes the lock. */
bool aggregate_copy(struct aggregate *g, struct arena *a, const char *group, const char *version,
		    struct remote *out);
/* GET path as the caller that the header lines name; the answer's code and body.  Blocks up to timeout_s, or until
 * the server stops. */
bool aggregate_ask(struct aggregate *g, struct arena *a, const struct forward *f, const char *path,
		   const char *const *who, int timeout_s, int *code, struct buf *body,
		   struct status *st);
/* Where it is and how to talk to it; path is the caller's.  False: *why. */
bool aggregate_target(struct call *c, const struct remote *x, struct forward *f, const char **why);

#endif
