/*
 * Audit policies: the first rule that matches gives the level.
 *
 * The policy stays the tree it was read as; rules are few, and walking them takes a microsecond.
 * k8s: apiserver/pkg/audit/policy/{reader,checker}.go, apiserver/pkg/apis/audit/validation
 */
#include "server/audit.h"

#include "api/access.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/yaml.h"

#include <string.h>

const char *const audit_level_names[] = { "None", "Metadata", "Request", "RequestResponse", NULL };
const char *const audit_stage_names[] = { "RequestReceived", "ResponseStarted", "ResponseComplete",
					  "Panic", NULL };

static int index_of(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* ---- reading ---- */

static bool check_stages(const struct json *owner, struct status *st)
{
	json_each(s, json_get(owner, "omitStages"))
		if (index_of(audit_stage_names, json_str(s)) < 0)
			return status_bad_request(st, "audit policy: unknown stage \"%s\"",
						  json_str(s));
	return true;
}

static bool check_rule(const struct json *rule, struct status *st)
{
	const char *level = json_str(json_get(rule, "level"));
	bool resources = json_count(json_get(rule, "resources")) > 0 ||
			 json_count(json_get(rule, "namespaces")) > 0;

	if (index_of(audit_level_names, level) < 0)
		return status_bad_request(st, "audit policy: unknown level \"%s\"", level);
	if (resources && json_count(json_get(rule, "nonResourceURLs")) > 0)
		return status_bad_request(st, "audit policy: rules cannot apply to both regular "
					      "resources and non-resource URLs");
	json_each(g, json_get(rule, "resources"))
		if (json_count(json_get(g, "resourceNames")) && !json_count(json_get(g, "resources")))
			return status_bad_request(st, "audit policy: using resourceNames requires "
						      "at least one resource");
	return check_stages(rule, st);
}

static bool check_policy(const struct json *p, struct status *st)
{
	const char *version = json_str(json_get(p, "apiVersion"));

	if (strcmp(version, "audit.k8s.io/v1") != 0 ||
	    strcmp(json_str(json_get(p, "kind")), "Policy") != 0)
		return status_bad_request(st, "audit policy: not an audit.k8s.io/v1 Policy");
	if (!json_count(json_get(p, "rules")))
		return status_bad_request(st, "audit policy: no rules");
	json_each(rule, json_get(p, "rules"))
		if (!check_rule(rule, st))
			return false;
	return check_stages(p, st);
}

struct json *audit_policy_parse(struct arena *a, const char *text, struct status *st)
{
	struct json *p = yaml_parse(a, text, strlen(text), NULL, st);

	return p && check_policy(p, st) ? p : NULL;
}

/* ---- matching ---- */

/* An absent list holds everything. */
static bool holds(const struct json *list, const char *v)
{
	json_each(it, list)
		if (strcmp(json_str(it), v) == 0)
			return true;
	return json_count(list) == 0;
}

static bool group_matches(const struct json *list, const struct user *u)
{
	if (json_count(list) == 0)
		return true;
	for (size_t i = 0; u && u->groups[i]; i++)
		if (holds(list, u->groups[i]))
			return true;
	return false;
}

static bool path_matches(const struct json *list, const char *path)
{
	json_each(it, list) {
		const char *spec = json_str(it);
		size_t n = strlen(spec);

		if (strcmp(spec, path) == 0)
			return true;
		if (n && spec[n - 1] == '*' && strncmp(path, spec, n - 1) == 0)
			return true;
	}
	return false;
}

/* "pods", "pods/log", "pods/\*", "*\/scale", "*". */
static bool resource_is(const char *spec, const struct attributes *attr)
{
	size_t n = strlen(attr->resource);
	const char *slash = strchr(spec, '/');

	if (strcmp(spec, "*") == 0)
		return true;
	if (!slash)
		return !*attr->subresource && strcmp(spec, attr->resource) == 0;
	if (spec[0] == '*' && slash == spec + 1)
		return *attr->subresource && strcmp(slash + 1, attr->subresource) == 0;
	if ((size_t)(slash - spec) != n || strncmp(spec, attr->resource, n) != 0)
		return false;
	return strcmp(slash + 1, "*") == 0 || strcmp(slash + 1, attr->subresource) == 0;
}

static bool resource_matches(const struct json *list, const struct attributes *attr)
{
	json_each(g, list) {
		const char *group = json_str(json_get(g, "group"));
		const struct json *names = json_get(g, "resources");

		if (strcmp(group, "*") != 0 && strcmp(group, attr->group) != 0)
			continue;
		if (json_count(names) == 0)
			return true;
		if (!holds(json_get(g, "resourceNames"), attr->name))
			continue;
		json_each(it, names)
			if (resource_is(json_str(it), attr))
				return true;
	}
	return false;
}

static bool matches(const struct json *rule, const struct user *u, const struct attributes *attr)
{
	const struct json *resources = json_get(rule, "resources");
	const struct json *namespaces = json_get(rule, "namespaces");
	const struct json *paths = json_get(rule, "nonResourceURLs");

	if (!holds(json_get(rule, "users"), u ? u->name : "") ||
	    !group_matches(json_get(rule, "userGroups"), u) ||
	    !holds(json_get(rule, "verbs"), attr->verb))
		return false;
	if (json_count(namespaces) || json_count(resources))
		return !attr->path && holds(namespaces, attr->ns) &&
		       (!json_count(resources) || resource_matches(resources, attr));
	if (json_count(paths))
		return attr->path && path_matches(paths, attr->path);
	return true;
}

static unsigned stages(const struct json *owner)
{
	unsigned bits = 0;

	json_each(s, json_get(owner, "omitStages"))
		bits |= 1u << index_of(audit_stage_names, json_str(s));
	return bits;
}

struct audit_rule audit_policy_rule(const struct json *policy, const struct user *u,
				    const struct attributes *attr)
{
	struct audit_rule out = { .level = AUDIT_METADATA, .omit_stages = 1u << AUDIT_RECEIVED };

	if (!policy)
		return out;
	out = (struct audit_rule){ .omit_stages = stages(policy) };
	json_each(rule, json_get(policy, "rules")) {
		const struct json *omit = json_get(rule, "omitManagedFields");

		if (!matches(rule, u, attr))
			continue;
		out.level = (enum audit_level)index_of(audit_level_names,
						       json_str(json_get(rule, "level")));
		out.omit_stages |= stages(rule);
		out.omit_managed_fields =
			json_is_true(omit ? omit : json_get(policy, "omitManagedFields"));
		break;
	}
	return out;
}
