/*
 * RBAC: is it allowed?
 *
 * Roles and bindings are compiled into a view: per subject and namespace the grants it has, each with its
 * role's rules.  The view is valid as long as the four tables have the revisions it was made at; the first
 * question after a change makes a new one.  A question then costs one map lookup for the user, one for each
 * group, twice when there is a namespace.
 * k8s: plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac/validation, pkg/apis/rbac/v1/evaluation_helpers.go.
 */
#include "api/core.h"
#include "api/rbac.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/map.h"
#include "obj/json.h"

#include <stdio.h>
#include <string.h>

enum { TABLE_ROLES, TABLE_BINDINGS, TABLE_CLUSTER_ROLES, TABLE_CLUSTER_BINDINGS, TABLES };

struct view {
	struct arena *a;
	struct map *roles;  /* "ns/name", cluster roles "/name" -> struct rbac_role */
	struct map *grants; /* subject_key() -> first struct rbac_grant */
	int64_t revs[TABLES];
};

struct rbac {
	struct rwlock lock;
	struct table *tables[TABLES];
	struct view view;
};

/* ---- compiling ---- */

static const char *const *strings(struct arena *a, const struct json *list)
{
	const char **out = arena_alloc(a, (json_count(list) + 1) * sizeof *out);
	size_t n = 0;

	json_each(s, list)
		out[n++] = json_str(s);
	out[n] = NULL;
	return out;
}

struct rbac_role rbac_compile(struct arena *a, const struct json *rules)
{
	struct rbac_rule *out = arena_alloc(a, (json_count(rules) + 1) * sizeof *out);
	size_t n = 0;

	json_each(r, rules)
		out[n++] = (struct rbac_rule){
			.verbs = strings(a, json_get(r, "verbs")),
			.groups = strings(a, json_get(r, "apiGroups")),
			.resources = strings(a, json_get(r, "resources")),
			.names = strings(a, json_get(r, "resourceNames")),
			.urls = strings(a, json_get(r, "nonResourceURLs")),
		};
	return (struct rbac_role){ out, n };
}

static void roles_compile(struct view *v, struct table *t)
{
	struct store_list l;

	store_list(t, "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++) {
		struct rbac_role *role = arena_alloc(v->a, sizeof *role);
		const struct obj *o = l.items[i];

		*role = rbac_compile(v->a, json_get(obj_tree(v->a, o), "rules"));
		map_set(v->roles, arena_printf(v->a, "%s/%s", o->ns, o->name), role);
	}
	store_list_free(&l);
}

/* A ServiceAccount is the user its tokens speak for. */
static char *subject_key(struct arena *a, const char *ns, char type, const char *name)
{
	size_t nns = strlen(ns), nname = strlen(name);
	char *key = arena_alloc(a, nns + nname + 3);

	/* by hand: every question makes several of these */
	memcpy(key, ns, nns);
	key[nns] = '/';
	key[nns + 1] = type;
	memcpy(key + nns + 2, name, nname + 1);
	return key;
}

static char *grant_key(struct view *v, const char *ns, const struct json *subject, char **described)
{
	const char *kind = json_str(json_get(subject, "kind"));
	const char *name = json_str(json_get(subject, "name"));
	const char *sa_ns = json_str(json_get(subject, "namespace"));

	sa_ns = *sa_ns ? sa_ns : ns;
	*described = arena_printf(v->a, "%s %s", kind, go_quote(v->a, name, strlen(name)));
	if (!strcmp(kind, "User"))
		return subject_key(v->a, ns, 'u', name);
	if (!strcmp(kind, "Group"))
		return subject_key(v->a, ns, 'g', name);
	if (strcmp(kind, "ServiceAccount") || !*sa_ns)
		return NULL;
	*described = arena_printf(v->a, "%s \"%s/%s\"", kind, name, sa_ns);
	name = arena_printf(v->a, "system:serviceaccount:%s:%s", sa_ns, name);
	return subject_key(v->a, ns, 'u', name);
}

static void grant_add(struct view *v, const char *key, const struct rbac_grant *grant)
{
	struct rbac_grant *g = arena_alloc(v->a, sizeof *g);
	struct rbac_grant *first = map_get(v->grants, key);

	*g = *grant;
	if (!first) {
		map_set(v->grants, key, g);
		return;
	}
	/* behind the first, so that a binding that names a subject first stays first */
	g->next = first->next;
	first->next = g;
}

static const struct rbac_role *role_find(struct view *v, const struct rbac_grant *g)
{
	const char *ns = strcmp(g->role_kind, "Role") ? "" : g->ns;

	return map_get(v->roles, arena_printf(v->a, "%s/%s", ns, g->role_name));
}

static void binding_compile(struct view *v, const struct obj *o)
{
	const struct json *tree = obj_tree(v->a, o);
	struct rbac_grant g = {
		.ns = arena_strdup(v->a, o->ns),
		.binding = arena_strdup(v->a, o->name),
		.role_kind = json_path_str(tree, "roleRef.kind"),
		.role_name = json_path_str(tree, "roleRef.name"),
	};

	g.role = role_find(v, &g);
	json_each(s, json_get(tree, "subjects")) {
		char *described;
		char *key = grant_key(v, g.ns, s, &described);

		g.subject = described;
		if (key)
			grant_add(v, key, &g);
	}
}

static void bindings_compile(struct view *v, struct table *t)
{
	struct store_list l;

	store_list(t, "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		binding_compile(v, l.items[i]);
	store_list_free(&l);
}

static void view_make(struct rbac *r)
{
	struct view *v = &r->view;

	map_free(&v->roles, NULL);
	map_free(&v->grants, NULL);
	arena_reset(v->a);
	v->roles = map_new();
	v->grants = map_new();
	/* Revisions first: what changes while we read makes the view stale, not wrong for good. */
	for (int i = 0; i < TABLES; i++)
		v->revs[i] = table_rev(r->tables[i]);
	roles_compile(v, r->tables[TABLE_CLUSTER_ROLES]);
	roles_compile(v, r->tables[TABLE_ROLES]);
	bindings_compile(v, r->tables[TABLE_CLUSTER_BINDINGS]);
	bindings_compile(v, r->tables[TABLE_BINDINGS]);
}

static bool view_fresh(struct rbac *r)
{
	for (int i = 0; i < TABLES; i++)
		if (r->view.revs[i] != table_rev(r->tables[i]))
			return false;
	return true;
}

/* Takes the read lock with a view that was fresh a moment ago. */
static const struct view *view_take(struct rbac *r)
{
	bool made = false;

	for (;;) {
		rwlock_read(&r->lock);
		if (made || view_fresh(r))
			return &r->view;
		rwlock_drop(&r->lock);
		rwlock_write(&r->lock);
		if (!view_fresh(r))
			view_make(r);
		rwlock_drop(&r->lock);
		made = true;
	}
}

void rbac_init(struct api *api)
{
	const struct known *n = &api->known;
	struct rbac *r = arena_zalloc(api->a, sizeof *r);

	rwlock_init(&r->lock, "rbac", LOCK_API);
	r->tables[TABLE_ROLES] = api_table(api, n->role);
	r->tables[TABLE_BINDINGS] = api_table(api, n->role_binding);
	r->tables[TABLE_CLUSTER_ROLES] = api_table(api, n->cluster_role);
	r->tables[TABLE_CLUSTER_BINDINGS] = api_table(api, n->cluster_role_binding);
	r->view.a = arena_new();
	for (int i = 0; i < TABLES; i++)
		r->view.revs[i] = -1;
	api->rbac = r;
}

void rbac_free(struct api *api)
{
	struct rbac *r = api->rbac;

	map_free(&r->view.roles, NULL);
	map_free(&r->view.grants, NULL);
	arena_free(&r->view.a);
	rwlock_destroy(&r->lock);
}

/* ---- asking ---- */

bool rbac_list_has(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (!strcmp(*list, s))
			return true;
	return false;
}

bool rbac_superuser(const struct user *u)
{
	return rbac_list_has(u->groups, "system:masters");
}

const char *rbac_missing(struct arena *a, const struct rbac_grant *g)
{
	return arena_printf(a, "%s.rbac.authorization.k8s.io \"%s\" not found",
			    strcmp(g->role_kind, "Role") ? "clusterrole" : "role", g->role_name);
}

struct visiting {
	const struct view *v;
	struct arena *a;
	bool (*visit)(void *arg, const struct rbac_grant *g, const struct rbac_rule *r);
	void *arg;
};

static bool visit_subject(struct visiting *w, const char *ns, char type, const char *name)
{
	const struct rbac_grant *g = map_get(w->v->grants, subject_key(w->a, ns, type, name));

	for (; g; g = g->next) {
		if (!g->role && !w->visit(w->arg, g, NULL))
			return false;
		for (size_t i = 0; g->role && i < g->role->n; i++)
			if (!w->visit(w->arg, g, &g->role->rules[i]))
				return false;
	}
	return true;
}

static bool visit_scope(struct visiting *w, const struct user *u, const char *ns)
{
	if (!visit_subject(w, ns, 'u', u->name))
		return false;
	for (const char *const *g = u->groups; *g; g++)
		if (!visit_subject(w, ns, 'g', *g))
			return false;
	return true;
}

void rbac_visit(struct api *api, struct arena *a, const struct user *u, const char *ns,
		bool (*visit)(void *arg, const struct rbac_grant *g, const struct rbac_rule *r),
		void *arg)
{
	struct visiting w = { view_take(api->rbac), a, visit, arg };

	if (visit_scope(&w, u, "") && *ns)
		visit_scope(&w, u, ns);
	rwlock_drop(&api->rbac->lock);
}

static bool has_or_all(const char *const *list, const char *s)
{
	return rbac_list_has(list, s) || rbac_list_has(list, "*");
}

static bool resource_matches(const struct rbac_rule *r, const struct attributes *attr)
{
	size_t n = strlen(attr->resource);

	for (const char *const *p = r->resources; *p; p++) {
		if (!strcmp(*p, "*"))
			return true;
		if (!*attr->subresource) {
			if (!strcmp(*p, attr->resource))
				return true;
			continue;
		}
		if (!strncmp(*p, "*/", 2) && !strcmp(*p + 2, attr->subresource))
			return true;
		if (!strncmp(*p, attr->resource, n) && (*p)[n] == '/' &&
		    !strcmp(*p + n + 1, attr->subresource))
			return true;
	}
	return false;
}

static bool url_matches(const struct rbac_rule *r, const char *path)
{
	for (const char *const *p = r->urls; *p; p++) {
		size_t n = strlen(*p);

		if (!strcmp(*p, "*") || !strcmp(*p, path))
			return true;
		if (n && (*p)[n - 1] == '*' && !strncmp(*p, path, n - 1))
			return true;
	}
	return false;
}

static bool rule_allows(const struct rbac_rule *r, const struct attributes *attr)
{
	if (!has_or_all(r->verbs, attr->verb))
		return false;
	if (attr->path)
		return url_matches(r, attr->path);
	return has_or_all(r->groups, attr->group) && resource_matches(r, attr) &&
	       (!*r->names || rbac_list_has(r->names, attr->name));
}

struct asking {
	struct arena *a;
	const struct attributes *attr;
	const char *allowed; /* why */
	bool yes;
	bool explain;
	struct buf missing;
	size_t nmissing;
};

static void missing_note(struct asking *q, const struct rbac_grant *g)
{
	const char *text = rbac_missing(q->a, g);

	if (!q->explain || (q->nmissing && strstr(q->missing.p, text)))
		return;
	buf_addf(&q->missing, "%s%s", q->nmissing ? ", " : "", text);
	q->nmissing++;
}

static bool asking_visit(void *arg, const struct rbac_grant *g, const struct rbac_rule *r)
{
	struct asking *q = arg;

	if (!r) {
		missing_note(q, g);
		return true;
	}
	if (!rule_allows(r, q->attr))
		return true;
	q->yes = true;
	if (q->explain)
		q->allowed = arena_printf(q->a, "RBAC: allowed by %s \"%s%s%s\" of %s \"%s\" to %s",
					  *g->ns ? "RoleBinding" : "ClusterRoleBinding", g->binding,
					  *g->ns ? "/" : "", g->ns, g->role_kind, g->role_name,
					  g->subject);
	return false;
}

bool api_authorize(struct api *api, struct arena *a, const struct user *u,
		   const struct attributes *attr, const char **reason)
{
	struct asking q = { .a = a, .attr = attr, .allowed = "", .explain = reason != NULL };

	if (reason)
		*reason = "";
	if (rbac_superuser(u))
		return true;
	rbac_visit(api, a, u, attr->path ? "" : attr->ns, asking_visit, &q);
	if (reason && q.yes)
		*reason = q.allowed;
	else if (reason && q.nmissing)
		*reason = arena_printf(a, q.nmissing > 1 ? "RBAC: [%s]" : "RBAC: %s", q.missing.p);
	buf_free(&q.missing);
	return q.yes;
}

/* Errors must not look like HTML. */
static char *sanitized(struct arena *a, const char *s)
{
	struct buf b = BUF_INIT;
	char *out;

	for (; *s; s++) {
		if (*s == '&')
			buf_adds(&b, "&amp;");
		else if (*s == '<')
			buf_adds(&b, "&lt;");
		else if (*s == '>')
			buf_adds(&b, "&gt;");
		else
			buf_addc(&b, *s);
	}
	out = arena_dup(a, b.p ? b.p : "", b.len);
	buf_free(&b);
	return out;
}

static char *denial_text(struct arena *a, const struct user *u, const struct attributes *attr)
{
	char *user = go_quote(a, u->name, strlen(u->name));
	const char *sub = attr->subresource;

	if (attr->path)
		return arena_printf(a, "User %s cannot %s path %s", user, attr->verb,
				    go_quote(a, attr->path, strlen(attr->path)));
	return arena_printf(a, "User %s cannot %s resource \"%s%s%s\" in API group \"%s\" %s%s%s",
			    user, attr->verb, attr->resource, *sub ? "/" : "", sub, attr->group,
			    *attr->ns ? "in the namespace \"" : "at the cluster scope", attr->ns,
			    *attr->ns ? "\"" : "");
}

bool status_denied(struct status *st, struct arena *a, const struct user *u,
		   const struct attributes *attr, const char *reason)
{
	struct subject s = { attr->group ? attr->group : "", attr->resource ? attr->resource : "",
			     "" };
	const char *text = sanitized(a, denial_text(a, u, attr));

	if (reason && *reason)
		text = arena_printf(a, "%s: %s", text, reason);
	if (attr->path)
		return status_forbidden_plain(st, "forbidden: %s", text);
	return status_forbidden(st, &s, attr->name ? attr->name : "", "%s", text);
}
