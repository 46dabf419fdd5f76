/*
 * podsecurity: the Pod Security Standards as one pure function, used by namespace labels and by the
 * syncer's policy gate.  k8s: staging/src/k8s.io/pod-security-admission/policy.
 */
#ifndef NUTSHELL_KIND_PODSECURITY_H
#define NUTSHELL_KIND_PODSECURITY_H

#include <stdbool.h>

struct arena;
struct json;

enum pod_security_level { POD_SECURITY_PRIVILEGED, POD_SECURITY_BASELINE, POD_SECURITY_RESTRICTED };

/* "privileged", "baseline", "restricted"; false on any other text. */
bool pod_security_level_parse(const char *s, enum pod_security_level *out);

/* NULL when the pod (metadata for annotations, and spec) is allowed; else upstream's joined detail text,
 * e.g. `allowPrivilegeEscalation != false (container "c" must set ...), ...`, in the arena. */
char *pod_security_check(struct arena *a, enum pod_security_level level,
			 const struct json *metadata, const struct json *spec);

#endif
