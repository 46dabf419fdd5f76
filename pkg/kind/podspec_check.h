/*
 * podspec_check: validation of pod specs, shared by pods and templates (private to the package).
 * k8s: pkg/apis/core/validation/validation.go.
 */
#ifndef NUTSHELL_KIND_PODSPEC_CHECK_H
#define NUTSHELL_KIND_PODSPEC_CHECK_H

#include "kind/check.h"

#include <stdbool.h>

struct hook;
struct json;

/* is_pod: the spec of a pod itself, not of a template. */
void check_pod_spec(struct hook *h, const struct at *at, const struct json *spec, bool is_pod);
/* metadata and spec of a template. */
void check_pod_template(struct hook *h, const struct at *at, const struct json *template);
/* A workload's selector (an empty one is invalid for `what`) and its template, which must match it,
 * restart always and have no deadline (`kind` names it in the message). */
void check_selected_template(struct hook *h, const struct at *spec_at, const struct json *spec,
			     const char *what, const char *kind);
/* volumes, and the three lists of containers with their names. */
void check_volumes(struct hook *h, const struct at *at, const struct json *volumes);
void check_containers(struct hook *h, const struct at *at, const struct json *spec);
/* requests and limits. */
void check_resources(struct hook *h, const struct at *at, const struct json *resources);
/* Taint-like lists. */
void check_tolerations(struct hook *h, const struct at *at, const struct json *tolerations);
bool check_taint_effect(struct hook *h, const struct at *at, const char *effect, bool needed);

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
