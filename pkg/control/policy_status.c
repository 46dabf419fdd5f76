/*
 * validatingadmissionpolicy-status-controller: says which generation of a policy has been looked at.
 *
 * Expressions were compiled when the policy was written; the further check against the schemas of the
 * kinds a policy matches is not made, so that typeChecking never holds warnings.
 * k8s: pkg/controller/validatingadmissionpolicystatus/controller.go.
 */
#include "control/control.h"

#include "obj/json.h"
#include "obj/meta.h"

static bool observe(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct json *status = json_ensure_object(c->a, o, "status");

	(void)arg;
	(void)st;
	if (json_path_int(status, "observedGeneration", 0) == meta_generation(o))
		return false;
	json_set_int(c->a, status, "observedGeneration", meta_generation(o));
	json_set(c->a, status, "typeChecking", json_object(c->a));
	return true;
}

static bool policy_status_reconcile(struct task *t, struct key key, struct result *out,
				    struct status *st)
{
	const struct kind *k = kinds_by_api_version(api_kinds(t->call.api),
						    "admissionregistration.k8s.io/v1",
						    "ValidatingAdmissionPolicy");

	(void)out;
	return task_change(t, k, "status", "", key.name, observe, NULL, st);
}

const struct controller policy_status_controller = {
	.name = "validatingadmissionpolicy-status-controller",
	.watch = { { "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", NULL } },
	.reconcile = policy_status_reconcile,
};
