/*
 * Rows of admissionregistration.k8s.io.
 * k8s: pkg/registry/{admissionregistration} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_admission[] = {
	{
		.subject = { "admissionregistration.k8s.io", "mutatingadmissionpolicies",
			     "MutatingAdmissionPolicy" },
		.version = "v1",
		.singular = "mutatingadmissionpolicy",
		.categories = NAMES("api-extensions"),
		.verbs = VERBS_ALL,
		.type = &type_admissionregistration_v1_MutatingAdmissionPolicy,
		.columns = columns_mutatingpolicy,
		.generation = true,
		.conditional_update = true,
		.defaults = admissionpolicy_defaults,
		.validate = mutatingpolicy_validate,
	},
	{
		.subject = { "admissionregistration.k8s.io", "mutatingadmissionpolicybindings",
			     "MutatingAdmissionPolicyBinding" },
		.version = "v1",
		.singular = "mutatingadmissionpolicybinding",
		.categories = NAMES("api-extensions"),
		.verbs = VERBS_ALL,
		.type = &type_admissionregistration_v1_MutatingAdmissionPolicyBinding,
		.columns = columns_policybinding,
		.generation = true,
		.conditional_update = true,
		.defaults = admissionpolicybinding_defaults,
		.validate = mutatingbinding_validate,
	},
	{
		.subject = { "admissionregistration.k8s.io", "mutatingwebhookconfigurations",
			     "MutatingWebhookConfiguration" },
		.version = "v1",
		.singular = "mutatingwebhookconfiguration",
		.categories = NAMES("api-extensions"),
		.verbs = VERBS_ALL,
		.type = &type_admissionregistration_v1_MutatingWebhookConfiguration,
		.columns = columns_webhook,
		.generation = true,
		.conditional_update = true,
		.defaults = mutatingwebhook_defaults,
		.validate = webhooks_validate,
	},
	{
		.subject = { "admissionregistration.k8s.io", "validatingadmissionpolicies",
			     "ValidatingAdmissionPolicy" },
		.version = "v1",
		.singular = "validatingadmissionpolicy",
		.categories = NAMES("api-extensions"),
		.unowned = UNOWNED({ "status", false, "spec metadata" }),
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_admissionregistration_v1_ValidatingAdmissionPolicy,
		.columns = columns_validatingpolicy,
		.generation = true,
		.conditional_update = true,
		.defaults = admissionpolicy_defaults,
		.validate = validatingpolicy_validate,
	},
	{
		.subject = { "admissionregistration.k8s.io", "validatingadmissionpolicybindings",
			     "ValidatingAdmissionPolicyBinding" },
		.version = "v1",
		.singular = "validatingadmissionpolicybinding",
		.categories = NAMES("api-extensions"),
		.verbs = VERBS_ALL,
		.type = &type_admissionregistration_v1_ValidatingAdmissionPolicyBinding,
		.columns = columns_policybinding,
		.generation = true,
		.conditional_update = true,
		.defaults = admissionpolicybinding_defaults,
		.validate = validatingbinding_validate,
	},
	{
		.subject = { "admissionregistration.k8s.io", "validatingwebhookconfigurations",
			     "ValidatingWebhookConfiguration" },
		.version = "v1",
		.singular = "validatingwebhookconfiguration",
		.categories = NAMES("api-extensions"),
		.verbs = VERBS_ALL,
		.type = &type_admissionregistration_v1_ValidatingWebhookConfiguration,
		.columns = columns_webhook,
		.generation = true,
		.conditional_update = true,
		.defaults = validatingwebhook_defaults,
		.validate = webhooks_validate,
	},
};

const size_t kinds_admission_n = sizeof kinds_admission / sizeof *kinds_admission;
