/*
 * amounts: sums of resources: what a pod asks for, what a node has.
 * Values are milli-units for cpu, plain units (bytes, counts) otherwise.
 * k8s: component-helpers/resource/helpers.go (PodRequests).
 */
#ifndef NUTSHELL_CONTROL_AMOUNTS_H
#define NUTSHELL_CONTROL_AMOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct json;

#define AMOUNTS_MAX \
	12 /* kinds of resources one pod or node may count; more are ignored with a log line */

struct amounts {
	size_t n;
	struct amount {
		const char *name; /* one address for each name, as amount_name() gives it */
		int64_t value;
	} item[AMOUNTS_MAX];
};

/* The names that every pod and node knows. */
extern const char amount_cpu[], amount_memory[], amount_pods[];
/* The one address of a name, for the process's life; NULL when there are too many. */
const char *amount_name(const char *name);

/* The value of a resource by amount_name(), 0 when absent. */
int64_t amounts_get(const struct amounts *x, const char *name);
/* A copy on the heap as small as it can be; not to be added to. */
struct amounts *amounts_keep(const struct amounts *x);
void amounts_add(struct amounts *x, const struct amounts *y, int sign);
/* A resource map such as status.allocatable. */
void amounts_read(struct amounts *x, const struct json *map);
/* Effective requests of a pod: sum of containers and sidecars against the largest init container, pod-level
 * requests, overhead; and "pods": 1. */
void amounts_of_pod(struct amounts *x, const struct json *spec);

#endif
