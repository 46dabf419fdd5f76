/*
 * Bootstrap roles and bindings that are there already: what a later version of us, or somebody's edit, left out
 * is added; what was added is left alone; who sets the annotation autoupdate to "false" is left alone
 * altogether.  Rules are compared by what they grant, not by how they are written.
 * k8s: pkg/registry/rbac/reconciliation/{reconcile_role.go,reconcile_rolebindings.go}.
 */
#include "api/bootstrap.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static bool has(const struct json *list, const char *s)
{
	json_each(v, list)
		if (!strcmp(json_str(v), s))
			return true;
	return false;
}

static bool has_or_star(const struct json *list, const char *s)
{
	return has(list, "*") || has(list, s);
}

/* One verb on one thing. */
struct grain {
	const char *verb, *group, *resource, *name, *url; /* resource or url; name may be NULL */
};

static bool resource_covered(const struct json *list, const char *resource)
{
	const char *slash = strchr(resource, '/');

	if (has_or_star(list, resource))
		return true;
	json_each(v, list)
		if (slash && !strncmp(json_str(v), "*/", 2) && !strcmp(json_str(v) + 1, slash))
			return true;
	return false;
}

static bool url_covered(const struct json *list, const char *url)
{
	json_each(v, list) {
		const char *s = json_str(v);
		size_t n = strlen(s);

		if (!strcmp(s, url) || (n && s[n - 1] == '*' && !strncmp(s, url, n - 1)))
			return true;
	}
	return false;
}

static bool covered(const struct json *rules, const struct grain *g)
{
	json_each(r, rules) {
		const struct json *names = json_get(r, "resourceNames");

		if (!has_or_star(json_get(r, "verbs"), g->verb))
			continue;
		if (g->url ? url_covered(json_get(r, "nonResourceURLs"), g->url) :
			     has_or_star(json_get(r, "apiGroups"), g->group) &&
				     resource_covered(json_get(r, "resources"), g->resource) &&
				     (!json_count(names) || (g->name && has(names, g->name))))
			return true;
	}
	return false;
}

static bool add_grain(struct arena *a, struct json *rules, const struct grain *g)
{
	if (covered(rules, g))
		return false;
	json_append(rules,
		    g->url ? json_build(a, "{verbs:[%s],nonResourceURLs:[%s]}", g->verb, g->url) :
		    g->name ? json_build(a, "{verbs:[%s],apiGroups:[%s],resources:[%s],resourceNames:[%s]}",
					 g->verb, g->group, g->resource, g->name) :
			      json_build(a, "{verbs:[%s],apiGroups:[%s],resources:[%s]}", g->verb,
					 g->group, g->resource));
	return true;
}

static bool add_names(struct arena *a, struct json *rules, const struct json *rule, struct grain g)
{
	const struct json *names = json_get(rule, "resourceNames");
	bool any = false;

	if (!json_count(names))
		return add_grain(a, rules, &g);
	json_each(n, names) {
		g.name = json_str(n);
		any |= add_grain(a, rules, &g);
	}
	return any;
}

static bool add_rule(struct arena *a, struct json *rules, const struct json *rule)
{
	bool any = false;

	json_each(verb, json_get(rule, "verbs")) {
		struct grain g = { .verb = json_str(verb) };

		json_each(url, json_get(rule, "nonResourceURLs")) {
			g.url = json_str(url);
			any |= add_grain(a, rules, &g);
		}
		g.url = NULL;
		json_each(group, json_get(rule, "apiGroups"))
			json_each(resource, json_get(rule, "resources")) {
				g.group = json_str(group);
				g.resource = json_str(resource);
				any |= add_names(a, rules, rule, g);
			}
	}
	return any;
}

static bool add_items(struct arena *a, struct json *to, const struct json *from)
{
	bool any = false;

	json_each(want, from) {
		bool there = false;

		json_each(have, to)
			there |= json_equal(have, want);
		if (!there)
			json_append(to, json_copy(a, want));
		any |= !there;
	}
	return any;
}

/* Members of metadata's map that are missing. */
static bool add_members(struct arena *a, struct json *o, const struct json *want, const char *map)
{
	const struct json *from = json_get(json_get(want, "metadata"), map);
	bool any = false;

	json_each(v, from) {
		struct json *to = json_ensure_object(a, meta_ensure(a, o), map);

		if (json_get(to, json_name(v)))
			continue;
		json_set_str(a, to, json_name(v), json_str(v));
		any = true;
	}
	return any;
}

bool bootstrap_is_fixed(const struct json *o)
{
	const char *mark = meta_annotation(o, "rbac.authorization.kubernetes.io/autoupdate");

	return mark && !strcmp(mark, "false");
}

bool bootstrap_reconcile(struct arena *a, struct json *o, const struct json *want)
{
	bool any = add_members(a, o, want, "labels");

	any |= add_members(a, o, want, "annotations");
	if (json_get(want, "aggregationRule")) {
		struct json *rule = json_ensure_object(a, o, "aggregationRule");

		any |= add_items(a, json_ensure_array(a, rule, "clusterRoleSelectors"),
				 json_path(want, "aggregationRule.clusterRoleSelectors"));
	} else if (json_get(want, "rules") &&
		   !json_equal(json_get(o, "rules"), json_get(want, "rules"))) {
		json_each(rule, json_get(want, "rules"))
			any |= add_rule(a, json_ensure_array(a, o, "rules"), rule);
	}
	if (json_get(want, "subjects"))
		any |= add_items(a, json_ensure_array(a, o, "subjects"), json_get(want, "subjects"));
	return any;
}
