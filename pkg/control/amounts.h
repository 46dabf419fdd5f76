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
		char name[64];
		int64_t value;
	} item[AMOUNTS_MAX];
};

/* The value of a resource, 0 when absent. */
int64_t amounts_get(const struct amounts *x, const char *name);
void amounts_add(struct amounts *x, const struct amounts *y, int sign);
/* A resource map such as status.allocatable. */
void amounts_read(struct amounts *x, const struct json *map);
/* Effective requests of a pod: sum of containers and sidecars against the largest init container, pod-level
 * requests, overhead; and "pods": 1. */
void amounts_of_pod(struct amounts *x, const struct json *spec);

#endif
