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
/* The volumes that are well-formed: mounts of the others count as mounts of nothing. */
const struct json *check_volumes(struct hook *h, const struct at *at, const struct json *volumes);
/* One source of a pod's volume or of a persistent volume (pv); volume is the path of its owner. */
void check_volume_source(struct hook *h, const struct at *volume, const char *type,
			 const struct json *s, bool pv);
void check_file_mode(struct hook *h, const struct at *at, const struct json *mode);
/* The spec of a claim or of a template of one. (claim_check.c) */
void check_claim_spec(struct hook *h, const struct at *at, const struct json *spec);
/* The three lists of containers with their names. */
void check_containers(struct hook *h, const struct at *at, const struct json *spec,
		      const struct json *volumes);
/* An item of list has this name. */
bool has_named(const struct json *list, const char *name);
/* ---- env_check.c ---- */
void check_env(struct hook *h, const struct at *at, const struct json *list);
void check_env_from(struct hook *h, const struct at *at, const struct json *list);
/* allowed: the paths that may be named here, besides single labels and annotations. */
void check_field_ref(struct hook *h, const struct at *at, const struct json *ref,
		     const char *const *allowed);
void check_resource_ref(struct hook *h, const struct at *at, const struct json *ref, bool volume);
/* ---- security_check.c: security contexts, and what depends on the operating system ---- */
void check_container_security(struct hook *h, const struct at *at, const struct json *context,
			      bool host_users);
void check_pod_security(struct hook *h, const struct at *at, const struct json *spec);
void check_windows_hosts(struct hook *h, const struct at *at, const struct json *spec);
void check_host_users(struct hook *h, const struct at *at, const struct json *spec);
void check_os(struct hook *h, const struct at *at, const struct json *spec);
/* Call visit for each init, main and ephemeral container, in this order. */
void each_container(struct hook *h, const struct at *at, const struct json *spec,
		    void (*visit)(struct hook *h, const struct at *at, const struct json *spec,
				  const struct json *c));
/* ---- scheduling_check.c ---- */
void check_spec_affinity(struct hook *h, const struct at *at, const struct json *affinity);
void check_node_selector(struct hook *h, const struct at *at, const struct json *selector);
void check_spread(struct hook *h, const struct at *at, const struct json *constraints);
/* ---- probe_check.c ---- */
/* Probes and lifecycle of a container that keeps running, and none of them. */
void check_running(struct hook *h, const struct at *at, const struct json *c,
		   const struct json *spec);
void forbid_running(struct hook *h, const struct at *at, const struct json *c);
/* ---- resources_check.c ---- */
/* Requests and limits; claims: the pod's resource claims; pod: these are the pod's own resources. */
void check_resources(struct hook *h, const struct at *at, const struct json *resources,
		     const struct json *claims, bool pod);
void check_pod_resources(struct hook *h, const struct at *at, const struct json *spec);
/* A standard name or one with a domain.  True when it is. */
bool check_resource_name(struct hook *h, const struct at *at, const char *name);
/* Not negative, and whole where it counts things. */
void check_resource_amount(struct hook *h, const struct at *at, const char *name, const char *text);
bool resource_is_integer(const char *name);
/* Taint-like lists. */
void check_tolerations(struct hook *h, const struct at *at, const struct json *tolerations);
bool check_taint_effect(struct hook *h, const struct at *at, const char *effect, bool needed);

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
