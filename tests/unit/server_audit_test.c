/* Audit policies: which rule a request meets, and what is no policy. */
#include "api/access.h"
#include "base/arena.h"
#include "base/status.h"
#include "obj/json.h"
#include "server/audit.h"
#include "unit.h"

static const char policy_text[] =
	"apiVersion: audit.k8s.io/v1\n"
	"kind: Policy\n"
	"omitStages: [RequestReceived]\n"
	"omitManagedFields: true\n"
	"rules:\n"
	"- {level: None, users: [quiet]}\n"
	"- {level: None, userGroups: [silent], verbs: [watch]}\n"
	"- {level: None, nonResourceURLs: [/healthz*, /version]}\n"
	"- level: RequestResponse\n"
	"  omitStages: [ResponseStarted]\n"
	"  omitManagedFields: false\n"
	"  resources: [{group: '', resources: [pods, pods/log, '*/scale']}, {group: apps}]\n"
	"  namespaces: [default, '']\n"
	"- level: Request\n"
	"  resources: [{group: '*', resources: [secrets], resourceNames: [s]}, {group: '', resources: ['nodes/*']}]\n"
	"- {level: Metadata, userGroups: [known]}\n";

static const char *const known[] = { "known", NULL };
static const char *const silent[] = { "known", "silent", NULL };

static struct audit_rule rule(struct arena *a, const char *user, const char *const *groups,
			      struct attributes attr)
{
	struct user u = { .name = user, .uid = "", .groups = groups };
	struct status st = STATUS_INIT;
	struct json *p = audit_policy_parse(a, policy_text, &st);
	const char **texts[] = { &attr.verb,        &attr.group, &attr.version, &attr.resource,
				 &attr.subresource, &attr.name,  &attr.ns };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = *texts[i] ? *texts[i] : "";
	CHECK_STR(st.message, NULL);
	return audit_policy_rule(p, &u, &attr);
}

#define LEVEL(user, groups, ...) rule(a, user, groups, (struct attributes){ __VA_ARGS__ }).level

UNIT_TEST(audit_levels)
{
	struct arena *a = arena_new();

	CHECK_INT(LEVEL("quiet", known, .resource = "pods", .verb = "get"), AUDIT_NONE);
	CHECK_INT(LEVEL("x", silent, .resource = "pods", .verb = "watch"), AUDIT_NONE);
	CHECK_INT(LEVEL("x", silent, .resource = "pods", .verb = "get"), AUDIT_REQUEST_RESPONSE);
	CHECK_INT(LEVEL("x", known, .path = "/healthz/ping"), AUDIT_NONE);
	CHECK_INT(LEVEL("x", known, .path = "/version/x"), AUDIT_METADATA);
	CHECK_INT(LEVEL("x", known, .resource = "pods", .ns = "default"), AUDIT_REQUEST_RESPONSE);
	CHECK_INT(LEVEL("x", known, .resource = "pods", .ns = "other"), AUDIT_METADATA);
	CHECK_INT(LEVEL("x", known, .resource = "pods", .subresource = "log"),
		  AUDIT_REQUEST_RESPONSE);
	CHECK_INT(LEVEL("x", known, .resource = "pods", .subresource = "exec"), AUDIT_METADATA);
	CHECK_INT(LEVEL("x", known, .resource = "rc", .subresource = "scale"),
		  AUDIT_REQUEST_RESPONSE);
	CHECK_INT(LEVEL("x", known, .group = "apps", .resource = "anything"), AUDIT_REQUEST_RESPONSE);
	CHECK_INT(LEVEL("x", known, .group = "g", .resource = "secrets", .name = "s"), AUDIT_REQUEST);
	CHECK_INT(LEVEL("x", known, .group = "g", .resource = "secrets", .name = "t"),
		  AUDIT_METADATA);
	CHECK_INT(LEVEL("x", known, .resource = "nodes", .subresource = "proxy"), AUDIT_REQUEST);
	CHECK_INT(LEVEL("x", known, .resource = "nodes"), AUDIT_REQUEST); /* as upstream */
	CHECK_INT(LEVEL("x", known + 1, .resource = "configmaps"), AUDIT_NONE);
	arena_free(&a);
}

UNIT_TEST(audit_stages)
{
	struct arena *a = arena_new();
	struct audit_rule x = rule(a, "x", known, (struct attributes){ .resource = "pods" });

	CHECK_INT(x.omit_stages, 1 << AUDIT_RECEIVED | 1 << AUDIT_STARTED);
	CHECK(!x.omit_managed_fields);
	x = rule(a, "x", known, (struct attributes){ .path = "/x" });
	CHECK_INT(x.omit_stages, 1 << AUDIT_RECEIVED);
	CHECK(x.omit_managed_fields);
	x = audit_policy_rule(NULL, NULL, &(struct attributes){ .path = "/x" });
	CHECK_INT(x.level, AUDIT_METADATA);
	arena_free(&a);
}

UNIT_TEST(audit_policies_refused)
{
	static const char *const bad[][2] = {
		{ "kind: Policy", "audit policy: not an audit.k8s.io/v1 Policy" },
		{ "{apiVersion: audit.k8s.io/v1, kind: Policy}", "audit policy: no rules" },
		{ "{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Loud}]}",
		  "audit policy: unknown level \"Loud\"" },
		{ "{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, omitStages: [X]}]}",
		  "audit policy: unknown stage \"X\"" },
		{ "{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, nonResourceURLs: [/x], "
		  "namespaces: [a]}]}",
		  "audit policy: rules cannot apply to both regular resources and non-resource URLs" },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct status st = STATUS_INIT;

		CHECK(!audit_policy_parse(a, bad[i][0], &st));
		CHECK_STR(st.message, bad[i][1]);
		status_clear(&st);
	}
	arena_free(&a);
}
