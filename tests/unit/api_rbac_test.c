/* RBAC: who may do what, why, and who may grant it; the bootstrap roles; reviews. */
#include "api_fixture.h"

static const char *const nobody_groups[] = { "dev", "system:authenticated", NULL };
static const char *const masters_groups[] = { "system:masters", NULL };
static const char *const sa_groups[] = { "system:serviceaccounts", "system:serviceaccounts:default",
					 "system:authenticated", NULL };
static const struct user alice = { .name = "alice", .uid = "", .groups = nobody_groups };
static const struct user root = { .name = "root", .uid = "", .groups = masters_groups };
static const struct user robot = { .name = "system:serviceaccount:default:robot",
				   .uid = "",
				   .groups = sa_groups };

static void role(struct fixture *f, const char *ns, const char *name, const char *rules)
{
	if (!fixture_create(
		    f, ns,
		    arena_printf(f->a,
				 "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\"},\"rules\":[%s]}",
				 *ns ? "Role" : "ClusterRole", name, rules)))
		bug("%s", f->st.message);
}

static void binding(struct fixture *f, const char *ns, const char *name, const char *kind,
		    const char *ref, const char *subject)
{
	if (!fixture_create(
		    f, ns,
		    arena_printf(
			    f->a,
			    "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\"},"
			    "\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"%s\",\"name\":\"%s\"},\"subjects\":[%s]}",
			    *ns ? "RoleBinding" : "ClusterRoleBinding", name, kind, ref, subject)))
		bug("%s", f->st.message);
}

static const char user_alice[] = "{\"kind\":\"User\",\"name\":\"alice\"}";

static bool may(struct fixture *f, const struct user *u, const char *ns, const char *verb,
		const char *resource, const char *sub, const char *name)
{
	struct attributes attr = { .verb = verb,
				   .group = "",
				   .version = "v1",
				   .resource = resource,
				   .subresource = sub,
				   .name = name,
				   .ns = ns };

	return api_authorize(f->api, f->a, u, &attr, NULL);
}

UNIT_TEST(rules_match)
{
	FIXTURE(f);

	role(&f, "default", "r",
	     "{\"verbs\":[\"get\",\"list\"],\"apiGroups\":[\"\"],\"resources\":[\"pods\",\"*/scale\"]},"
	     "{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],\"resourceNames\":[\"s1\"]}");
	binding(&f, "default", "rr", "Role", "r", user_alice);
	CHECK(may(&f, &alice, "default", "get", "pods", "", "p"));
	CHECK(!may(&f, &alice, "default", "get", "pods", "log", "p"));
	CHECK(may(&f, &alice, "default", "get", "foos", "scale", "p"));
	CHECK(!may(&f, &alice, "default", "create", "pods", "", ""));
	CHECK(!may(&f, &alice, "kube-system", "get", "pods", "", "p"));
	CHECK(!may(&f, &alice, "", "list", "pods", "", ""));
	CHECK(may(&f, &alice, "default", "get", "secrets", "", "s1"));
	CHECK(!may(&f, &alice, "default", "get", "secrets", "", "s2"));
	CHECK(!may(&f, &alice, "default", "list", "secrets", "", ""));
	CHECK(may(&f, &root, "kube-system", "delete", "nodes", "", "x"));
}

UNIT_TEST(accounts_and_groups_are_subjects)
{
	FIXTURE(f);

	role(&f, "", "cr",
	     "{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"configmaps\"]}");
	binding(&f, "default", "b", "ClusterRole", "cr",
		"{\"kind\":\"ServiceAccount\",\"name\":\"robot\",\"namespace\":\"default\"}");
	binding(&f, "", "g", "ClusterRole", "cr", "{\"kind\":\"Group\",\"name\":\"dev\"}");
	CHECK(may(&f, &robot, "default", "delete", "configmaps", "", "x"));
	CHECK(!may(&f, &robot, "kube-system", "delete", "configmaps", "", "x"));
	CHECK(may(&f, &alice, "kube-system", "delete", "configmaps", "", "x"));
}

UNIT_TEST(changes_take_effect_at_once)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding");

	role(&f, "", "cr", "{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"pods\"]}");
	CHECK(!may(&f, &alice, "default", "get", "pods", "", "x"));
	binding(&f, "", "b", "ClusterRole", "cr", user_alice);
	CHECK(may(&f, &alice, "default", "get", "pods", "", "x"));
	CHECK(api_delete(&f.c, k, "", "b", NULL, NULL, &f.st));
	CHECK(!may(&f, &alice, "default", "get", "pods", "", "x"));
}

UNIT_TEST(reasons_and_denials_are_upstreams)
{
	FIXTURE(f);
	struct attributes attr = { .verb = "get",
				   .group = "",
				   .version = "v1",
				   .resource = "pods",
				   .subresource = "log",
				   .name = "p",
				   .ns = "default" };
	const char *reason;

	role(&f, "default", "r",
	     "{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"pods/log\"]}");
	binding(&f, "default", "rr", "Role", "r", user_alice);
	CHECK(api_authorize(f.api, f.a, &alice, &attr, &reason));
	CHECK_STR(reason,
		  "RBAC: allowed by RoleBinding \"rr/default\" of Role \"r\" to User \"alice\"");
	binding(&f, "", "lost", "ClusterRole", "x", user_alice);
	attr.verb = "create";
	CHECK(!api_authorize(f.api, f.a, &alice, &attr, &reason));
	CHECK_STR(reason, "RBAC: clusterrole.rbac.authorization.k8s.io \"x\" not found");
	CHECK(!status_denied(&f.st, f.a, &alice, &attr, reason));
	CHECK_STR(f.st.message,
		  "pods \"p\" is forbidden: User \"alice\" cannot create resource \"pods/log\" in API group \"\" in the namespace \"default\": RBAC: clusterrole.rbac.authorization.k8s.io \"x\" not found");
	CHECK_STR(f.st.kind, "pods");
	status_clear(&f.st);
	attr = (struct attributes){ .verb = "list",
				    .group = "apps",
				    .version = "v1",
				    .resource = "deployments",
				    .subresource = "",
				    .name = "",
				    .ns = "" };
	status_denied(&f.st, f.a, &alice, &attr, "");
	CHECK_STR(f.st.message,
		  "deployments.apps is forbidden: User \"alice\" cannot list resource \"deployments\" in API group \"apps\" at the cluster scope");
	status_clear(&f.st);
	attr = (struct attributes){ .verb = "get", .path = "/metrics" };
	status_denied(&f.st, f.a, &alice, &attr, "");
	CHECK_STR(f.st.message, "forbidden: User \"alice\" cannot get path \"/metrics\"");
}

UNIT_TEST(bootstrap_roles_serve_everybody)
{
	FIXTURE(f);
	struct attributes attr = { .verb = "get", .path = "/apis/apps" };
	const struct kind *k = fixture_kind(&f, "rbac.authorization.k8s.io/v1", "ClusterRole");
	const struct obj *admin = fixture_get(&f, k, "", "admin");
	struct list_result r;

	CHECK(api_authorize(f.api, f.a, &alice, &attr, NULL));
	attr.path = "/metrics";
	CHECK(!api_authorize(f.api, f.a, &alice, &attr, NULL));
	CHECK(api_list(&f.c, k, "", NULL, &r, &f.st));
	CHECK_INT(r.n, 69);
	CHECK_INT(json_count(json_get(obj_tree(f.a, admin), "rules")), 29);
	CHECK_STR(fixture_text(&f, fixture_get(&f, k, "", "cluster-admin"),
			       "rules.1.nonResourceURLs.0"),
		  "*");
	CHECK_STR(obj_label(fixture_get(&f, k, "", "view"),
			    "rbac.authorization.k8s.io/aggregate-to-edit"),
		  "true");
	k = fixture_kind(&f, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding");
	CHECK(api_list(&f.c, k, "", NULL, &r, &f.st));
	CHECK_INT(r.n, 50);
	k = fixture_kind(&f, "rbac.authorization.k8s.io/v1", "RoleBinding");
	CHECK(api_list(&f.c, k, "", NULL, &r, &f.st));
	CHECK_INT(r.n, 7);
}

UNIT_TEST(nobody_grants_what_he_does_not_hold)
{
	FIXTURE(f);
	static const char grab[] =
		"{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\"metadata\":{\"name\":\"x\"},"
		"\"rules\":[{\"verbs\":[\"get\",\"list\"],\"apiGroups\":[\"\"],\"resources\":[\"secrets\",\"pods\"]}]}";
	static const char bind[] =
		"{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"RoleBinding\",\"metadata\":{\"name\":\"x\"},"
		"\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\",\"name\":\"%s\"},"
		"\"subjects\":[{\"kind\":\"User\",\"name\":\"alice\"}]}";
	struct json *o;

	role(&f, "default", "some",
	     "{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"*\"]}");
	binding(&f, "default", "b", "Role", "some", user_alice);
	f.c.user = &alice;
	CHECK(!fixture_create(&f, "default", grab));
	CHECK_INT(f.st.code, 403);
	CHECK_STR(f.st.message,
		  "roles.rbac.authorization.k8s.io \"x\" is forbidden: user \"alice\" (groups=[\"dev\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n"
		  "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}\n"
		  "{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"list\"]}");
	o = fixture_json(&f, arena_printf(f.a, bind, "cluster-admin"));
	status_clear(&f.st);
	CHECK(!api_create(&f.c, fixture_kind_of(&f, o), "default", o, &f.st));
	CHECK_INT(f.st.code, 403);
	CHECK(strstr(f.st.message, "{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}\n"
				   "{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}"));
	status_clear(&f.st);
	o = fixture_json(&f, arena_printf(f.a, bind, "missing"));
	CHECK(!api_create(&f.c, fixture_kind_of(&f, o), "default", o, &f.st));
	CHECK_INT(f.st.code, 404);
	f.c.user = &api_system_user;
	role(&f, "default", "more",
	     "{\"verbs\":[\"escalate\"],\"apiGroups\":[\"rbac.authorization.k8s.io\"],\"resources\":[\"roles\"]},"
	     "{\"verbs\":[\"bind\"],\"apiGroups\":[\"rbac.authorization.k8s.io\"],\"resources\":[\"clusterroles\"],\"resourceNames\":[\"view\"]}");
	binding(&f, "default", "b2", "Role", "more", user_alice);
	f.c.user = &alice;
	CHECK(fixture_create(&f, "default", grab));
	o = fixture_json(&f, arena_printf(f.a, bind, "view"));
	CHECK(api_create(&f.c, fixture_kind_of(&f, o), "default", o, &f.st));
}

static struct json *review(struct fixture *f, const char *gv, const char *kind, const char *ns,
			   const char *spec)
{
	struct json *o = fixture_json(f, arena_printf(f->a, "{\"spec\":%s}", spec));

	status_clear(&f->st);
	return api_review(&f->c, fixture_kind(f, gv, kind), ns, o, &f->st);
}

UNIT_TEST(reviews_answer)
{
	FIXTURE(f);
	static const char gv[] = "authorization.k8s.io/v1";
	struct json *r;

	role(&f, "default", "r",
	     "{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"pods\"]}");
	binding(&f, "default", "rr", "Role", "r", user_alice);
	f.c.user = &alice;
	r = review(
		&f, gv, "SelfSubjectAccessReview", "",
		"{\"resourceAttributes\":{\"namespace\":\"default\",\"verb\":\"get\",\"resource\":\"pods\"}}");
	CHECK_STR(f.st.message, NULL);
	CHECK(json_path_bool(r, "status.allowed", false));
	CHECK_STR(json_path_str(r, "status.reason"),
		  "RBAC: allowed by RoleBinding \"rr/default\" of Role \"r\" to User \"alice\"");
	r = review(&f, gv, "SelfSubjectAccessReview", "",
		   "{\"nonResourceAttributes\":{\"path\":\"/metrics\",\"verb\":\"get\"}}");
	CHECK(!json_path_bool(r, "status.allowed", true));
	CHECK(!review(&f, gv, "SelfSubjectAccessReview", "", "{}"));
	CHECK_INT(f.st.code, 422);
	CHECK(!review(&f, gv, "SubjectAccessReview", "",
		      "{\"resourceAttributes\":{\"verb\":\"get\"}}"));
	CHECK_INT(f.st.code, 422);
	r = review(
		&f, gv, "SubjectAccessReview", "",
		"{\"user\":\"bob\",\"groups\":[\"system:masters\"],\"resourceAttributes\":{\"verb\":\"get\",\"resource\":\"x\"}}");
	CHECK(json_path_bool(r, "status.allowed", false));
	CHECK(!review(
		&f, gv, "LocalSubjectAccessReview", "default",
		"{\"user\":\"alice\",\"resourceAttributes\":{\"verb\":\"get\",\"resource\":\"pods\",\"namespace\":\"other\"}}"));
	CHECK_INT(f.st.code, 422);
	r = review(
		&f, gv, "LocalSubjectAccessReview", "default",
		"{\"user\":\"alice\",\"resourceAttributes\":{\"verb\":\"get\",\"resource\":\"pods\",\"namespace\":\"default\"}}");
	CHECK(json_path_bool(r, "status.allowed", false));
	CHECK(!review(&f, gv, "SelfSubjectRulesReview", "", "{}"));
	CHECK_STR(f.st.message, "no namespace on request");
	r = review(&f, gv, "SelfSubjectRulesReview", "", "{\"namespace\":\"default\"}");
	CHECK(!json_path_bool(r, "status.incomplete", true));
	CHECK(json_count(json_path(r, "status.resourceRules")) >= 3);
	CHECK(json_count(json_path(r, "status.nonResourceRules")) >= 1);
	r = review(&f, "authentication.k8s.io/v1", "SelfSubjectReview", "", "{}");
	CHECK_STR(json_path_str(r, "status.userInfo.username"), "alice");
	CHECK_STR(json_path_str(r, "status.userInfo.groups.0"), "dev");
}
