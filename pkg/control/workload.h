/*
 * workload: small things that all controllers of pods need.
 */
#ifndef NUTSHELL_CONTROL_WORKLOAD_H
#define NUTSHELL_CONTROL_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct json;
struct selector;
struct status;

/* The selector of a workload, be it a LabelSelector or, as in v1, a plain map of labels. */
struct selector *workload_selector(struct arena *a, const struct json *selector, struct status *st);
/* An absolute number or a percentage of total, rounded up or down (k8s: intstr.GetScaledValueFromIntOrPercent).
 * Absent is 0. */
int64_t int_or_percent(const struct json *v, int64_t total, bool up);
/* A count of a status: zero is absent unless always. */
void status_count(struct arena *a, struct json *status, const char *name, int64_t n, bool always);
/* A creation was refused because its namespace is on its way out and takes the workload with it: nothing to
 * tell, nothing to retry. */
bool namespace_ending(const struct status *st);

#endif
