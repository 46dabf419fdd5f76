/*
 * What every cluster starts with: namespaces, RBAC, priority classes, the aggregation ConfigMap, and the
 * Service of the API itself.  What is missing is made in one transaction, past admission and validation,
 * because the rows are ours; a second start finds everything and writes nothing, or what
 * RBAC objects lack.
 * k8s: pkg/controlplane, plugin/pkg/auth/authorizer/rbac/bootstrappolicy, pkg/registry/scheduling/rest.
 */
#include "api/bootstrap.h"
#include "api/core.h"
#include "api/managed.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/vec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

static const char rbac_version[] = "rbac.authorization.k8s.io/v1";
static const char rbac_group[] = "rbac.authorization.k8s.io";
static const char controller_prefix[] = "system:controller:";

struct boot {
	struct api *api;
	struct call c;
	struct arena *a, *scratch; /* of all, of one object */
	char now[TIME_LEN];
	VEC(struct store_write) writes;
};

/* Frozen with its owner, whose many small things do not stay. */
static struct obj *boot_freeze(struct boot *b, const struct kind *k, struct json *o)
{
	struct call c = b->c;
	struct obj *frozen;

	c.a = b->scratch;
	managed_update(&c, k, NULL, NULL, o);
	frozen = convert_frozen(b->scratch, k, o, b->c.user, NULL);
	json_del(json_get(o, "metadata"), "managedFields");
	arena_reset(b->scratch);
	return frozen;
}

static void boot_create(struct boot *b, const struct kind *k, struct json *o)
{
	struct store_write w = { .table = api_table(b->api, k), .op = STORE_CREATE };
	struct json *meta = meta_ensure(b->a, o);
	struct hook h;
	char uid[37];

	uuid_new(uid);
	json_set_str(b->a, meta, "uid", uid);
	json_set_str(b->a, meta, "creationTimestamp", b->now);
	if (k->generation)
		json_set_int(b->a, meta, "generation", 1);
	hook_open(&h, &b->c, k);
	if (k->defaults)
		k->defaults(&h, o);
	hook_close(&h, &b->c);
	w.obj = boot_freeze(b, k, o);
	vec_push(&b->writes, w);
}

static void boot_add(struct boot *b, const struct kind *k, struct json *o)
{
	const struct obj *present = store_get(api_table(b->api, k), meta_ns(o), meta_name(o));

	obj_unref(present);
	if (!present)
		boot_create(b, k, o);
}

/* ---- namespaces, priority classes ---- */

static void add_namespaces(struct boot *b)
{
	static const char *const names[] = { "default", "kube-node-lease", "kube-public",
					     "kube-system" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		boot_add(b, b->api->known.namespace,
			 json_build(b->a,
				    "{apiVersion:\"v1\",kind:\"Namespace\",metadata:{name:%s,labels:"
				    "{\"kubernetes.io/metadata.name\":%s}},spec:{finalizers:[\"kubernetes\"]},"
				    "status:{phase:\"Active\"}}",
				    names[i], names[i]));
}

static void add_priority_class(struct boot *b, const char *name, int64_t value, const char *text)
{
	boot_add(b, b->api->known.priority_class,
		 json_build(b->a,
			    "{apiVersion:\"scheduling.k8s.io/v1\",kind:\"PriorityClass\",metadata:{name:%s},"
			    "value:%l,description:%s,preemptionPolicy:\"PreemptLowerPriority\"}",
			    name, value, text));
}

static void add_priority_classes(struct boot *b)
{
	add_priority_class(
		b, "system-cluster-critical", 2000000000,
		"Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.");
	add_priority_class(
		b, "system-node-critical", 2000001000,
		"Used for system critical pods that must not be moved from their current node.");
}

/* ---- RBAC ---- */

/* A binding to another role than ours: roles of bindings cannot change, so it is made anew. */
static void boot_replace(struct boot *b, const struct kind *k, const struct obj *present,
			 struct json *o)
{
	struct store_write w = { .table = api_table(b->api, k),
				 .op = STORE_DELETE,
				 .ns = arena_strdup(b->a, present->ns),
				 .name = arena_strdup(b->a, present->name),
				 .expect_rev = present->rev };

	vec_push(&b->writes, w);
	boot_create(b, k, o);
}

/* With a stored one of the same name.  a is for what is not kept. */
static void boot_adapt(struct boot *b, struct arena *a, const struct kind *k,
		       const struct obj *present, struct json *o)
{
	struct json *tree = obj_tree(a, present), *old;
	struct call c = b->c;
	struct store_write w = { .table = api_table(b->api, k),
				 .op = STORE_UPDATE,
				 .expect_rev = present->rev };

	if (bootstrap_is_fixed(tree))
		return;
	if (!json_equal(json_get(tree, "roleRef"), json_get(o, "roleRef"))) {
		boot_replace(b, k, present, o);
		return;
	}
	old = json_copy(a, tree);
	if (!bootstrap_reconcile(a, tree, o))
		return;
	c.a = a;
	managed_update(&c, k, NULL, old, tree);
	w.obj = convert_frozen(a, k, tree, b->c.user, NULL);
	vec_push(&b->writes, w);
}

static void boot_rbac(struct boot *b, const struct kind *k, struct json *o)
{
	const struct obj *present = store_get(api_table(b->api, k), meta_ns(o), meta_name(o));
	struct arena *a;

	if (!present) {
		boot_create(b, k, o);
		return;
	}
	a = arena_new();
	boot_adapt(b, a, k, present, o);
	arena_free(&a);
	obj_unref(present);
}

static struct json *rbac_object(struct boot *b, const char *kind, const char *ns, const char *name)
{
	return json_build(b->a,
			  "{apiVersion:%s,kind:%s,metadata:{name:%s,namespace:%s,labels:"
			  "{\"kubernetes.io/bootstrapping\":\"rbac-defaults\"},annotations:"
			  "{\"rbac.authorization.kubernetes.io/autoupdate\":\"true\"}}}",
			  rbac_version, kind, name, *ns ? ns : NULL);
}

/* "a,-,b" as a list; "-" is the empty name. */
static struct json *names_list(struct arena *a, const char *text, size_t n)
{
	struct json *list = json_array(a);
	const char *end = text + n;

	while (text < end) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		size_t len = (size_t)((comma ? comma : end) - text);

		json_append(list, len == 1 && *text == '-' ? json_string(a, "") :
							     json_stringn(a, text, len));
		text += len + 1;
	}
	return list;
}

static struct json *rule_tree(struct arena *a, const char *line, size_t n)
{
	static const char *const fields[] = { "apiGroups", "resources", "resourceNames" };
	const char *end = line + n, *bar = memchr(line, '|', n);
	struct json *rule = json_object(a);

	json_set(a, rule, "verbs", names_list(a, line, (size_t)(bar - line)));
	line = bar + 1;
	if (*line == '@') {
		json_set(a, rule, "nonResourceURLs",
			 names_list(a, line + 1, (size_t)(end - line - 1)));
		return rule;
	}
	for (size_t i = 0; i < 3 && line < end; i++) {
		bar = memchr(line, '|', (size_t)(end - line));
		bar = bar ? bar : end;
		json_set(a, rule, fields[i], names_list(a, line, (size_t)(bar - line)));
		line = bar + 1;
	}
	return rule;
}

static void rules_add(struct arena *a, struct json *list, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		json_append(list, rule_tree(a, text, n));
		text += n + 1;
	}
}

/* An aggregated role's rules: of all rows that are part of it, and of theirs. */
static void rules_gather(struct arena *a, struct json *list, const struct bootstrap_role *row)
{
	if (!row->aggregate) {
		rules_add(a, list, row->rules);
		return;
	}
	for (const struct bootstrap_role *r = bootstrap_roles; r->name; r++)
		if (r->part_of && !strcmp(r->part_of, row->name))
			rules_gather(a, list, r);
}

static void add_role(struct boot *b, const struct bootstrap_role *row)
{
	const struct kind *k = row->ns ? b->api->known.role : b->api->known.cluster_role;
	struct json *o =
		rbac_object(b, row->ns ? "Role" : "ClusterRole", row->ns ? row->ns : "", row->name);
	struct json *selector;

	if (row->part_of)
		meta_set_label(b->a, o,
			       arena_printf(b->a, "rbac.authorization.k8s.io/aggregate-to-%s",
					    row->part_of),
			       "true");
	if (row->aggregate) {
		selector = json_object(b->a);
		json_set_str(b->a, selector,
			     arena_printf(b->a, "rbac.authorization.k8s.io/aggregate-to-%s",
					  row->name),
			     "true");
		json_set(b->a, o, "aggregationRule",
			 json_build(b->a, "{clusterRoleSelectors:[{matchLabels:%j}]}", selector));
	}
	rules_gather(b->a, json_ensure_array(b->a, o, "rules"), row);
	boot_rbac(b, k, o);
}

static struct json *subject_tree(struct arena *a, const char *text, size_t n)
{
	char *name = arena_dup(a, text + 2, n - 2);
	char *slash = strchr(name, '/');

	if (*text == 'S') {
		*slash = '\0';
		return json_build(a, "{kind:\"ServiceAccount\",name:%s,namespace:%s}", slash + 1,
				  name);
	}
	return json_build(a, "{kind:%s,apiGroup:%s,name:%s}", *text == 'U' ? "User" : "Group",
			  rbac_group, name);
}

static void add_binding(struct boot *b, const struct bootstrap_binding *row)
{
	const struct known *n = &b->api->known;
	const char *text = row->subjects;
	struct json *o =
		rbac_object(b, *row->ns ? "RoleBinding" : "ClusterRoleBinding", row->ns, row->name);

	json_set(b->a, o, "roleRef",
		 json_build(b->a, "{apiGroup:%s,kind:%s,name:%s}", rbac_group,
			    *row->ns ? "Role" : "ClusterRole", row->role ? row->role : row->name));
	while (*text) {
		size_t len = strcspn(text, ";");

		json_append(json_ensure_array(b->a, o, "subjects"), subject_tree(b->a, text, len));
		text += len + (text[len] == ';');
	}
	boot_rbac(b, *row->ns ? n->role_binding : n->cluster_role_binding, o);
}

/* Each controller's account has its role. */
static void add_controller(struct boot *b, const struct bootstrap_role *row)
{
	const char *account = row->name + sizeof controller_prefix - 1;
	struct bootstrap_binding binding = {
		.ns = "",
		.name = row->name,
		.subjects = arena_printf(b->a, "S:kube-system/%s", account),
	};

	add_role(b, row);
	add_binding(b, &binding);
}

static void add_rbac(struct boot *b)
{
	for (const struct bootstrap_role *r = bootstrap_roles; r->name; r++)
		add_role(b, r);
	for (const struct bootstrap_role *r = bootstrap_controllers; r->name; r++)
		add_controller(b, r);
	for (const struct bootstrap_binding *r = bootstrap_bindings; r->name; r++)
		add_binding(b, r);
}

/* ---- the API itself ---- */

/* Read by aggregated servers, kube-controller-manager and kube-scheduler. */
static struct json *authentication_data(struct boot *b)
{
	const struct api_config *cfg = &b->api->config;
	const char *ca = cfg->ca_pem, *clients = cfg->client_ca_pem ? cfg->client_ca_pem : ca;

	return json_build(b->a,
			  "{\"client-ca-file\":%s,\"requestheader-client-ca-file\":%s,"
			  "\"requestheader-allowed-names\":%s,\"requestheader-username-headers\":%s,"
			  "\"requestheader-uid-headers\":%s,\"requestheader-group-headers\":%s,"
			  "\"requestheader-extra-headers-prefix\":%s}",
			  clients, ca, "[\"front-proxy\"]", "[\"X-Remote-User\"]",
			  "[\"X-Remote-Uid\"]", "[\"X-Remote-Group\"]", "[\"X-Remote-Extra-\"]");
}

static const char authentication_name[] = "extension-apiserver-authentication";

static void add_authentication(struct boot *b)
{
	boot_add(b, b->api->known.config_map,
		 json_build(b->a,
			    "{apiVersion:\"v1\",kind:\"ConfigMap\",metadata:{name:%s,namespace:\"kube-system\"},data:%j}",
			    authentication_name, authentication_data(b)));
}

/* Since when the use of tokens that Secrets hold is noted. */
static void add_token_tracking(struct boot *b)
{
	boot_add(b, b->api->known.config_map,
		 json_build(b->a,
			    "{apiVersion:\"v1\",kind:\"ConfigMap\",metadata:{name:%s,namespace:\"kube-system\"},data:{since:%s}}",
			    "kube-apiserver-legacy-service-account-token-tracking",
			    arena_dup(b->a, b->now, 10)));
}

/* Where the host owns the addresses, it also says what this Service's is. */
static void add_service(struct boot *b)
{
	char *ip = service_ips_first(b->api, b->a);

	if (b->api->config.service_ips)
		return;
	boot_add(b, b->api->known.service,
		 json_build(b->a,
			    "{apiVersion:\"v1\",kind:\"Service\",metadata:{name:\"kubernetes\",namespace:\"default\","
			    "labels:{component:\"apiserver\",provider:\"kubernetes\"}},spec:{clusterIP:%s,clusterIPs:[%s],"
			    "internalTrafficPolicy:\"Cluster\",ipFamilies:[\"IPv4\"],ipFamilyPolicy:\"SingleStack\","
			    "ports:[{name:\"https\",protocol:\"TCP\",port:443,targetPort:6443}],"
			    "sessionAffinity:\"None\",type:\"ClusterIP\"},status:{loadBalancer:{}}}",
			    ip, ip));
}

static bool authentication_set(struct call *c, struct json *o, void *arg, struct status *st)
{
	(void)st;
	json_set(c->a, o, "data", json_copy(c->a, arg));
	return true;
}

/* A later start with another CA. */
static bool authentication_follow(struct boot *b, struct status *st)
{
	return api_change(&b->c, b->api->known.config_map, NULL, "kube-system", authentication_name,
			  authentication_set, authentication_data(b), st);
}

static void add_flows(struct boot *b)
{
	struct json *o;

	for (size_t i = 0; (o = bootstrap_flow(b->a, i, b->now)); i++)
		boot_add(b,
			 kinds_by_api_version(b->api->config.kinds, json_path_str(o, "apiVersion"),
					      json_path_str(o, "kind")),
			 o);
}

bool bootstrap_commit(struct api *api, struct status *st)
{
	struct boot b = { .api = api, .a = arena_new(), .scratch = arena_new() };
	bool ok = true;

	call_init(&b.c, api, b.a, "kube-apiserver");
	time_format(clock_now_s(), b.now);
	add_namespaces(&b);
	add_priority_classes(&b);
	add_rbac(&b);
	add_authentication(&b);
	add_token_tracking(&b);
	add_service(&b);
	add_flows(&b);
	if (b.writes.n)
		ok = store_commit(api->config.store, b.writes.p, b.writes.n, NULL, st) == STORE_OK;
	for (size_t i = 0; i < b.writes.n; i++)
		obj_unref(b.writes.p[i].result);
	vec_free(&b.writes);
	ok = ok && authentication_follow(&b, st);
	arena_free(&b.scratch);
	arena_free(&b.a);
	return ok;
}
