/*
 * rows: the built-in rows, one table per API group (private to the package).
 */
#ifndef NUTSHELL_KIND_ROWS_H
#define NUTSHELL_KIND_ROWS_H

#include "kind/kind.h"

/* A constant NULL-terminated list of strings. */
#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Rows of struct kind.unowned. */
#define UNOWNED(...) ((const struct kind_unowned[]){ __VA_ARGS__, { NULL, false, NULL } })

/* Position in kinds_core of the row that stores events.k8s.io too. */
#define KIND_CORE_EVENT 4
/* Position in kinds_autoscaling of autoscaling/v2, which stores v1 too. */
#define KIND_AUTOSCALING_V2 0

#define KIND_TABLE(group)                         \
	extern const struct kind kinds_##group[]; \
	extern const size_t kinds_##group##_n

KIND_TABLE(core);
KIND_TABLE(apiregistration);
KIND_TABLE(apps);
KIND_TABLE(events);
KIND_TABLE(auth);
KIND_TABLE(autoscaling);
KIND_TABLE(batch);
KIND_TABLE(certificates);
KIND_TABLE(networking);
KIND_TABLE(policy);
KIND_TABLE(rbac);
KIND_TABLE(storage);
KIND_TABLE(admission);
KIND_TABLE(apiextensions);
KIND_TABLE(scheduling);
KIND_TABLE(coordination);
KIND_TABLE(node);
KIND_TABLE(discovery);
KIND_TABLE(resource);
KIND_TABLE(flowcontrol);
KIND_TABLE(metrics);

#endif
