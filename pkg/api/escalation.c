/*
 * Escalation: nobody grants what he does not hold.
 *
 * Writing a role demands to hold every rule of it, or the verb escalate on it; writing a binding demands to
 * hold the rules of its role, or the verb bind on that role.  Rules are broken down to one verb, group,
 * resource and name each; what no rule of the caller covers is told, compacted per resource and sorted.
 * k8s: pkg/registry/rbac/{escalation_check.go,validation,x/policybased},
 * component-helpers/auth/rbac/validation/policy_comparator.go.
 */
#include "api/core.h"
#include "api/rbac.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/vec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

static const char rbac_group[] = "rbac.authorization.k8s.io";

/* ---- what the caller holds ---- */

struct holdings {
	struct arena *a;
	VEC(struct rbac_rule) rules;
	VEC(const char *) errors;
};

static bool holdings_visit(void *arg, const struct rbac_grant *g, const struct rbac_rule *r)
{
	struct holdings *h = arg;

	if (r)
		vec_push(&h->rules, *r);
	else
		vec_push(&h->errors, rbac_missing(h->a, g));
	return true;
}

/* ---- covering ---- */

/* One grain of a rule: names and urls may be NULL. */
struct grain {
	const char *verb, *group, *resource, *name, *url;
};

static bool star_or(const char *const *list, const char *s)
{
	return rbac_list_has(list, "*") || rbac_list_has(list, s);
}

static bool resource_covers(const char *const *list, const char *resource)
{
	const char *slash = strchr(resource, '/');

	if (star_or(list, resource))
		return true;
	if (!slash)
		return false;
	for (; *list; list++)
		if (!strncmp(*list, "*/", 2) && !strcmp(*list + 2, slash + 1))
			return true;
	return false;
}

static bool url_covers(const char *const *list, const char *url)
{
	for (; *list; list++) {
		size_t n = strlen(*list);

		if (!strcmp(*list, "*") || !strcmp(*list, url))
			return true;
		if (n && (*list)[n - 1] == '*' && !strncmp(*list, url, n - 1))
			return true;
	}
	return false;
}

static bool rule_covers(const struct rbac_rule *r, const struct grain *g)
{
	if (!star_or(r->verbs, g->verb))
		return false;
	if (g->url)
		return url_covers(r->urls, g->url);
	return star_or(r->groups, g->group) && resource_covers(r->resources, g->resource) &&
	       (!*r->names || (g->name && rbac_list_has(r->names, g->name)));
}

static bool held(const struct holdings *h, const struct grain *g)
{
	for (size_t i = 0; i < h->rules.n; i++)
		if (rule_covers(&h->rules.p[i], g))
			return true;
	return false;
}

/* ---- what is missing ---- */

struct missing {
	struct grain key; /* without the verb */
	struct buf verbs; /* `"get" "list"` */
};

struct verdict {
	struct arena *a;
	const struct holdings *h;
	VEC(struct missing) missing;
};

static bool text_equal(const char *x, const char *y)
{
	return x == y || (x && y && !strcmp(x, y));
}

static bool same_key(const struct grain *x, const struct grain *y)
{
	return !x->url && !y->url && text_equal(x->group, y->group) &&
	       text_equal(x->resource, y->resource) && text_equal(x->name, y->name);
}

static void weigh(struct verdict *v, const struct grain *g)
{
	struct missing *m = NULL;

	if (held(v->h, g))
		return;
	for (size_t i = 0; i < v->missing.n; i++)
		if (same_key(&v->missing.p[i].key, g))
			m = &v->missing.p[i];
	if (!m) {
		struct missing fresh = { .key = *g };

		vec_push(&v->missing, fresh);
		m = &v->missing.p[v->missing.n - 1];
	}
	buf_addf(&m->verbs, "%s%s", m->verbs.len ? " " : "",
		 go_quote(v->a, g->verb, strlen(g->verb)));
}

static void weigh_resource(struct verdict *v, const struct rbac_rule *r, struct grain g)
{
	for (const char *const *verb = r->verbs; *verb; verb++) {
		g.verb = *verb;
		g.name = NULL;
		if (!*r->names)
			weigh(v, &g);
		for (const char *const *name = r->names; *name; name++) {
			g.name = *name;
			weigh(v, &g);
		}
	}
}

static void weigh_rule(struct verdict *v, const struct rbac_rule *r)
{
	for (const char *const *group = r->groups; *group; group++)
		for (const char *const *res = r->resources; *res; res++)
			weigh_resource(v, r, (struct grain){ .group = *group, .resource = *res });
	for (const char *const *url = r->urls; *url; url++)
		for (const char *const *verb = r->verbs; *verb; verb++)
			weigh(v, &(struct grain){ .url = *url, .verb = *verb });
}

static void part_add(struct buf *b, struct arena *a, const char *label, const char *value)
{
	if (value)
		buf_addf(b, "%s:[%s], ", label, go_quote(a, value, strlen(value)));
}

static char *missing_text(struct arena *a, const struct missing *m)
{
	struct buf b = BUF_INIT;
	char *out;

	buf_addc(&b, '{');
	part_add(&b, a, "APIGroups", m->key.group);
	part_add(&b, a, "Resources", m->key.resource);
	part_add(&b, a, "NonResourceURLs", m->key.url);
	part_add(&b, a, "ResourceNames", m->key.name);
	buf_addf(&b, "Verbs:[%s]}", m->verbs.p);
	out = arena_dup(a, b.p, b.len);
	buf_free(&b);
	return out;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static void groups_add(struct buf *b, struct arena *a, const struct user *u)
{
	buf_addc(b, '[');
	for (size_t i = 0; u->groups[i]; i++)
		buf_addf(b, "%s%s", i ? " " : "", go_quote(a, u->groups[i], strlen(u->groups[i])));
	buf_addc(b, ']');
}

static char *verdict_text(struct verdict *v, const struct user *u)
{
	struct arena *a = v->a;
	const char **lines = arena_alloc(a, v->missing.n * sizeof *lines);
	struct buf b = BUF_INIT;
	char *out;

	for (size_t i = 0; i < v->missing.n; i++)
		lines[i] = missing_text(a, &v->missing.p[i]);
	qsort(lines, v->missing.n, sizeof *lines, by_text);
	buf_addf(&b, "user %s (groups=", go_quote(a, u->name, strlen(u->name)));
	groups_add(&b, a, u);
	buf_adds(&b, ") is attempting to grant RBAC permissions not currently held:\n");
	for (size_t i = 0; i < v->missing.n; i++)
		buf_addf(&b, "%s%s", i ? "\n" : "", lines[i]);
	for (size_t i = 0; i < v->h->errors.n; i++)
		buf_addf(&b, "%s%s", i ? " " : "; resolution errors: [", v->h->errors.p[i]);
	if (v->h->errors.n)
		buf_addc(&b, ']');
	out = arena_dup(a, b.p, b.len);
	buf_free(&b);
	return out;
}

/* NULL: the caller holds all rules; else what he lacks. */
static char *lacking(struct call *c, const char *ns, const struct rbac_role *wanted)
{
	struct holdings h = { .a = c->a };
	struct verdict v = { .a = c->a, .h = &h };
	char *text = NULL;

	rbac_visit(c->api, c->a, c->user, ns, holdings_visit, &h);
	for (size_t i = 0; i < wanted->n; i++)
		weigh_rule(&v, &wanted->rules[i]);
	if (v.missing.n)
		text = verdict_text(&v, c->user);
	for (size_t i = 0; i < v.missing.n; i++)
		buf_free(&v.missing.p[i].verbs);
	vec_free(&v.missing);
	vec_free(&h.rules);
	vec_free(&h.errors);
	return text;
}

/* ---- the check ---- */

static bool may(struct admission *ad, const char *verb, const char *resource, const char *name)
{
	struct attributes attr = { .verb = verb,
				   .group = rbac_group,
				   .version = "*",
				   .resource = resource,
				   .subresource = "",
				   .name = name,
				   .ns = ad->ns };

	return api_authorize(ad->c->api, ad->c->a, ad->c->user, &attr, NULL);
}

static bool hold_rules(struct admission *ad, const struct rbac_role *wanted, struct status *st)
{
	char *text = lacking(ad->c, ad->ns, wanted);

	return !text || status_forbidden(st, &ad->k->subject, ad->name, "%s", text);
}

static bool aggregates(const struct json *role)
{
	return json_count(json_path(role, "aggregationRule.clusterRoleSelectors")) > 0;
}

/* Aggregation can gather anything. */
static bool hold_everything(struct admission *ad, struct status *st)
{
	static const char *const star[] = { "*", NULL };
	static const char *const none[] = { NULL };
	static const struct rbac_rule all[] = { { star, star, star, none, none },
						{ star, none, none, none, star } };
	const struct rbac_role everything = { all, 2 };

	if (!aggregates(ad->o) && !aggregates(ad->old))
		return true;
	return !lacking(ad->c, ad->ns, &everything) ||
	       status_forbidden(st, &ad->k->subject, ad->name,
				"must have cluster-admin privileges to use the aggregationRule");
}

static bool role_check(struct admission *ad, struct status *st)
{
	/* a role that is being created is not there to be named by a rule */
	const char *name = ad->op == ADMIT_CREATE ? "" : ad->name;
	struct rbac_role wanted;

	if (may(ad, "escalate", ad->k->subject.resource, name))
		return true;
	wanted = rbac_compile(ad->c->a, json_get(ad->o, "rules"));
	return hold_rules(ad, &wanted, st) && hold_everything(ad, st);
}

static bool binding_check(struct admission *ad, struct status *st)
{
	const struct known *n = &ad->c->api->known;
	const char *kind = json_path_str(ad->o, "roleRef.kind");
	const char *name = json_path_str(ad->o, "roleRef.name");
	bool local = !strcmp(kind, "Role");
	const struct kind *k = local ? n->role : n->cluster_role;
	struct rbac_role wanted;
	const struct obj *role;

	if (may(ad, "bind", k->subject.resource, name))
		return true;
	role = api_get(ad->c, k, local ? ad->ns : "", name, st);
	if (!role)
		return false;
	wanted = rbac_compile(ad->c->a, json_get(obj_tree(ad->c->a, role), "rules"));
	return hold_rules(ad, &wanted, st);
}

/* Owner references and finalizers may be touched by who could not write the rest (the garbage collector). */
static bool only_gc_fields(struct admission *ad)
{
	static const char *const fields[] = { "ownerReferences", "finalizers", "managedFields",
					      "resourceVersion" };
	struct json *x = json_copy(ad->c->a, ad->o), *y = json_copy(ad->c->a, ad->old);

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		json_del(json_get(x, "metadata"), fields[i]);
		json_del(json_get(y, "metadata"), fields[i]);
	}
	return json_equal(x, y);
}

bool escalation_check(struct admission *ad, struct status *st)
{
	const struct known *n = &ad->c->api->known;
	const struct kind *k = kind_stored(ad->k);
	bool role = k == n->role || k == n->cluster_role;

	if (!role && k != n->role_binding && k != n->cluster_role_binding)
		return true;
	if (rbac_superuser(ad->c->user) || ad->op == ADMIT_DELETE)
		return true;
	if (ad->op == ADMIT_UPDATE && only_gc_fields(ad))
		return true;
	return role ? role_check(ad, st) : binding_check(ad, st);
}
