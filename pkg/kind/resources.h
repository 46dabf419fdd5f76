/*
 * resources: arithmetic over the resources of a pod spec.
 * k8s: component-helpers/resource, pkg/apis/core/helper/qos, pkg/apis/core/helper/helpers.go.
 */
#ifndef NUTSHELL_KIND_RESOURCES_H
#define NUTSHELL_KIND_RESOURCES_H

#include <stdbool.h>

struct json;
struct quantity;

/* The amount of `name` that the containers of a pod spec together need: the sum of the running ones or
 * the largest init container, whichever is more.  which: "requests" or "limits".  False when no
 * container names it. */
bool resources_containers(const struct json *spec, const char *which, const char *name,
			  struct quantity *out);
/* "Guaranteed", "Burstable" or "BestEffort". */
const char *resources_qos(const struct json *spec);
/* May be set in a pod's own resources: cpu, memory, hugepages-*. */
bool resource_is_pod_level(const char *name);
bool resource_is_huge_page(const char *name);
/* An extended resource such as vendor.example/gpu. */
bool resource_is_extended(const char *name);
/* Requests may be less than limits. */
bool resource_overcommits(const char *name);

#endif
