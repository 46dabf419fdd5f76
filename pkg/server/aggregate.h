/*
 * aggregate: APIServices: those of what is served here, and other servers' whose groups appear as ours.
 * Private to the package.
 *
 * A thread keeps an APIService for each group and version of the registry, checks those that name a Service
 * (at each change of what they depend on, and every 30 s), writes their Available condition, and keeps
 * what they say of their resources for discovery.  Without any of the latter it sleeps.
 * k8s: kube-aggregator/pkg/controllers/{autoregister,status}, pkg/apiserver
 */
#ifndef NUTSHELL_SERVER_AGGREGATE_H
#define NUTSHELL_SERVER_AGGREGATE_H

#include <stdbool.h>
#include <stdint.h>

struct aggregate;
struct arena;
struct json;
struct req;
struct server;
struct status;
struct table;

struct aggregate *aggregate_new(struct server *s);
/* Start the thread. */
void aggregate_start(struct aggregate *g);
/* End it; after this aggregate_published() does nothing. */
void aggregate_stop(struct aggregate *g);
void aggregate_free(struct aggregate **g);
/* A table was published to; on the store's writer thread. */
void aggregate_published(struct aggregate *g, const struct table *t);

/* The request is for a group and version (group NULL: the attributes') that another server serves: *found, and the
 * reply is that server's, or 503.  query: false leaves it out. */
bool aggregate_run(struct req *r, const char *group, const char *version, bool query, bool *found);
/* Some version of the group is another server's. */
bool aggregate_has_group(struct aggregate *g, const char *group);
/* Changes with what discovery says of other servers. */
uint64_t aggregate_serial(struct aggregate *g);
/* [{group, version, priority, available, resources: the server's own APIResourceList or absent}], in order. */
struct json *aggregate_versions(struct aggregate *g, struct arena *a);
/* The front proxy's certificate and key, in the arena. */
bool aggregate_identity(struct aggregate *g, struct arena *a, const char **cert, const char **key,
			struct status *st);

#endif
