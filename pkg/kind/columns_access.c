/*
 * columns_access: RBAC, certificates, leases, priorities, flow control, devices, extensions.
 * k8s: pkg/printers/internalversion/printers.go, kube-aggregator's registry/apiservice.
 */
#include "kind/columns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/selector.h"

#include <string.h>

CELL(binding_role)
{
	cell_strf(out, "%s/%s", json_path_str(tree, "roleRef.kind"),
		  json_path_str(tree, "roleRef.name"));
}

static void subjects(struct buf *out, const struct json *tree, const char *kind)
{
	bool account = !strcmp(kind, "ServiceAccount");
	BUF_AUTO struct buf b = BUF_INIT;

	json_each(s, json_get(tree, "subjects")) {
		if (strcmp(json_path_str(s, "kind"), kind) != 0)
			continue;
		buf_adds(&b, b.len ? ", " : "");
		if (account)
			buf_addf(&b, "%s/", json_path_str(s, "namespace"));
		buf_adds(&b, json_path_str(s, "name"));
	}
	cell_str(out, b.p ? b.p : "");
}

CELL(binding_users)
{
	subjects(out, tree, "User");
}

CELL(binding_groups)
{
	subjects(out, tree, "Group");
}

CELL(binding_accounts)
{
	subjects(out, tree, "ServiceAccount");
}

const struct column columns_binding[] = {
	COL_NAME,
	COL_FN("Role", "The role that is granted.", binding_role),
	COL_AGE,
	COL_WIDE_FN("Users", "Users it is granted to.", binding_users),
	COL_WIDE_FN("Groups", "Groups it is granted to.", binding_groups),
	COL_WIDE_FN("ServiceAccounts", "Accounts it is granted to.", binding_accounts),
	COL_END,
};

/* ---- certificates ---- */

CELL(csr_condition)
{
	bool approved = false, denied = false, failed = false;

	json_each(c, json_path(tree, "status.conditions")) {
		const char *type = json_path_str(c, "type");

		approved |= !strcmp(type, "Approved");
		denied |= !strcmp(type, "Denied");
		failed |= !strcmp(type, "Failed");
	}
	cell_strf(out, "%s%s%s",
		  denied   ? "Denied" :
		  approved ? "Approved" :
			     "Pending",
		  failed ? ",Failed" : "",
		  json_path_str(tree, "status.certificate")[0] ? ",Issued" : "");
}

CELL(csr_duration)
{
	const struct json *s = json_path(tree, "spec.expirationSeconds");
	int64_t n;

	cell_str(out, json_int(s, &n) ? cell_span(a, n) : "<none>");
}

CELL(csr_requestor)
{
	cell_str(out, json_path_str(tree, "spec.username"));
}

const struct column columns_csr[] = {
	COL_NAME,
	COL_AGE,
	COL("SignerName", "Who should sign.", "spec.signerName"),
	COL_FN("Requestor", "Who asks.", csr_requestor),
	COL_FN("RequestedDuration", "How long it should be valid.", csr_duration),
	COL_FN("Condition", "How the request stands.", csr_condition),
	COL_END,
};

/* ---- leases, priorities, runtimes ---- */

CELL(lease_holder)
{
	cell_str(out, json_path_str(tree, "spec.holderIdentity"));
}

const struct column columns_lease[] = {
	COL_NAME,
	COL_FN("Holder", "Who holds it.", lease_holder),
	COL_AGE,
	COL_END,
};

CELL(priority_preemption)
{
	cell_str(out, json_path_str(tree, "preemptionPolicy"));
}

const struct column columns_priorityclass[] = {
	COL_NAME,
	COL_INT("Value", "The priority of its pods.", "value"),
	COL_BOOL("Global-Default", "Pods without a class get it.", "globalDefault"),
	COL_AGE,
	COL_FN("PreemptionPolicy", "Whether its pods may displace others.", priority_preemption),
	COL_END,
};

const struct column columns_runtimeclass[] = {
	COL_NAME,
	COL("Handler", "The runtime's configuration.", "handler"),
	COL_AGE,
	COL_END,
};

/* ---- flow control ---- */

CELL(flow_dangling)
{
	json_each(c, json_path(tree, "status.conditions")) {
		if (!strcmp(json_path_str(c, "type"), "Dangling")) {
			cell_str(out, json_path_str(c, "status"));
			return;
		}
	}
	cell_str(out, "?");
}

CELL(flow_precedence)
{
	cell_int(out, tree, "spec.matchingPrecedence");
}

const struct column columns_flowschema[] = {
	COL_NAME,
	COL("PriorityLevel", "The level that requests go to.", "spec.priorityLevelConfiguration.name"),
	COL_FN("MatchingPrecedence", "Its place among the schemas.", flow_precedence),
	COL("DistinguisherMethod", "How flows are told apart.", "spec.distinguisherMethod.type"),
	COL_AGE,
	COL_FN("MissingPL", "The level does not exist.", flow_dangling),
	COL_END,
};

static void number_or_none(struct buf *out, const struct json *tree, const char *path)
{
	if (json_path(tree, path))
		cell_int(out, tree, path);
	else
		cell_str(out, "<none>");
}

CELL(level_shares)
{
	number_or_none(out, tree, "spec.limited.nominalConcurrencyShares");
}

CELL(level_queues)
{
	number_or_none(out, tree, "spec.limited.limitResponse.queuing.queues");
}

CELL(level_hand)
{
	number_or_none(out, tree, "spec.limited.limitResponse.queuing.handSize");
}

CELL(level_length)
{
	number_or_none(out, tree, "spec.limited.limitResponse.queuing.queueLengthLimit");
}

const struct column columns_prioritylevel[] = {
	COL_NAME,
	COL("Type", "Limited or Exempt.", "spec.type"),
	COL_FN("NominalConcurrencyShares", "Its share of the server.", level_shares),
	COL_FN("Queues", "How many queues it has.", level_queues),
	COL_FN("HandSize", "Queues that one flow may use.", level_hand),
	COL_FN("QueueLengthLimit", "Requests that may wait in a queue.", level_length),
	COL_AGE,
	COL_END,
};

/* ---- devices ---- */

CELL(claim_state)
{
	bool deleting = o->deleted_s != 0;
	bool allocated = json_path(tree, "status.allocation") != NULL;
	bool reserved = allocated && json_count(json_path(tree, "status.reservedFor"));

	if (allocated)
		cell_strf(out, "%sallocated%s", deleting ? "deleted," : "",
			  reserved ? ",reserved" : "");
	else
		cell_str(out, deleting ? "deleted" : "pending");
}

const struct column columns_resourceclaim[] = {
	COL_NAME,
	COL_FN("State", "Whether devices are allocated.", claim_state),
	COL_AGE,
	COL_END,
};

CELL(slice_node)
{
	cell_str(out, json_path_str(tree, "spec.nodeName"));
}

const struct column columns_resourceslice[] = {
	COL_NAME,
	COL_FN("Node", "The node that has the devices.", slice_node),
	COL("Driver", "The driver.", "spec.driver"),
	COL("Pool", "The pool of devices.", "spec.pool.name"),
	COL_AGE,
	COL_END,
};

/* ---- extensions ---- */

CELL(webhook_count)
{
	buf_addf(out, "%zu", json_count(json_get(tree, "webhooks")));
}

const struct column columns_webhook[] = {
	COL_NAME,
	COL_INT_FN("Webhooks", "How many webhooks it has.", webhook_count),
	COL_AGE,
	COL_END,
};

CELL(policy_validations)
{
	buf_addf(out, "%zu", json_count(json_path(tree, "spec.validations")));
}

CELL(policy_mutations)
{
	buf_addf(out, "%zu", json_count(json_path(tree, "spec.mutations")));
}

CELL(policy_params)
{
	const struct json *kind = json_path(tree, "spec.paramKind");

	if (kind)
		cell_strf(out, "%s/%s", json_path_str(kind, "apiVersion"),
			  json_path_str(kind, "kind"));
	else
		cell_str(out, "<unset>");
}

const struct column columns_validatingpolicy[] = {
	COL_NAME,
	COL_INT_FN("Validations", "How many rules it has.", policy_validations),
	COL_FN("ParamKind", "The kind of its parameters.", policy_params),
	COL_AGE,
	COL_END,
};

const struct column columns_mutatingpolicy[] = {
	COL_NAME,
	COL_INT_FN("Mutations", "How many rules it has.", policy_mutations),
	COL_FN("ParamKind", "The kind of its parameters.", policy_params),
	COL_AGE,
	COL_END,
};

CELL(policybinding_params)
{
	const struct json *ref = json_path(tree, "spec.paramRef");
	const char *name = json_path_str(ref, "name"), *ns = json_path_str(ref, "namespace");
	const struct json *selector = json_get(ref, "selector");

	if (name[0])
		cell_strf(out, "%s/%s", ns[0] ? ns : "*", name);
	else if (selector)
		cell_label_selector(out, a, selector);
	else
		cell_str(out, "<unset>");
}

const struct column columns_policybinding[] = {
	COL_NAME,
	COL("PolicyName", "The policy.", "spec.policyName"),
	COL_FN("ParamRef", "Its parameters.", policybinding_params),
	COL_AGE,
	COL_END,
};

CELL(apiservice_service)
{
	const struct json *s = json_path(tree, "spec.service");

	if (s)
		cell_strf(out, "%s/%s", json_path_str(s, "namespace"), json_path_str(s, "name"));
	else
		cell_str(out, "Local");
}

CELL(apiservice_available)
{
	json_each(c, json_path(tree, "status.conditions")) {
		const char *status = json_path_str(c, "status");

		if (strcmp(json_path_str(c, "type"), "Available") != 0)
			continue;
		if (!strcmp(status, "True"))
			cell_str(out, "True");
		else
			cell_strf(out, "%s (%s)", status, json_path_str(c, "reason"));
		return;
	}
	cell_str(out, "Unknown");
}

const struct column columns_apiservice[] = {
	COL_NAME,
	COL_FN("Service", "Who serves it.", apiservice_service),
	COL_FN("Available", "Whether it answers.", apiservice_available),
	COL_AGE,
	COL_END,
};
