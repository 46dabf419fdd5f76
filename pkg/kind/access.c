/*
 * access: RBAC bindings, certificate signing requests, priority classes, flow control: defaults.
 * k8s: pkg/apis/{rbac,certificates,scheduling,flowcontrol}/v1/defaults.go.
 */
#include "kind/defaults.h"
#include "kind/hooks.h"

#include <string.h>

#define RBAC_GROUP "rbac.authorization.k8s.io"

HOOK(binding_defaults)
{
	default_str(h, default_obj(h, o, "roleRef"), "apiGroup", RBAC_GROUP);
	json_each(subject, json_get(o, "subjects")) {
		const char *kind = json_path_str(subject, "kind");

		if (!strcmp(kind, "User") || !strcmp(kind, "Group"))
			default_str(h, subject, "apiGroup", RBAC_GROUP);
	}
}

/* Who asks is what the server knows, never what the body says. */
HOOK(csr_prepare_create)
{
	static const char *const identity[] = { "username", "uid", "groups", "extra" };
	struct json *spec = default_obj(h, o, "spec");

	for (size_t i = 0; i < sizeof identity / sizeof *identity; i++)
		json_del(spec, identity[i]);
	if (h->user && h->user[0])
		json_set_str(h->a, spec, "username", h->user);
	kind_status_reset(h, o);
}

HOOK_OLD(csr_prepare_update)
{
	const struct json *spec = json_get(old, "spec");

	if (spec)
		json_set(h->a, o, "spec", json_copy(h->a, spec));
	kind_status_keep(h, o, old);
}

HOOK(priorityclass_defaults)
{
	if (is_unset(o, "preemptionPolicy"))
		json_set_str(h->a, o, "preemptionPolicy", "PreemptLowerPriority");
}

HOOK(flowschema_defaults)
{
	default_nonzero(h, default_obj(h, o, "spec"), "matchingPrecedence", 1000);
}

HOOK(prioritylevel_defaults)
{
	struct json *exempt = json_path(o, "spec.exempt");
	struct json *limited = json_path(o, "spec.limited");
	struct json *queuing = json_path(o, "spec.limited.limitResponse.queuing");

	if (exempt) {
		default_int(h, exempt, "nominalConcurrencyShares", 0);
		default_int(h, exempt, "lendablePercent", 0);
	}
	if (limited) {
		default_int(h, limited, "nominalConcurrencyShares", 30);
		default_int(h, limited, "lendablePercent", 0);
	}
	if (queuing) {
		default_nonzero(h, queuing, "queues", 64);
		default_nonzero(h, queuing, "handSize", 8);
		default_nonzero(h, queuing, "queueLengthLimit", 50);
	}
}
