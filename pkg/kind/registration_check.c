/*
 * registration_check: webhook configurations, and the rules and conditions policies have, too.
 */
#include "kind/registration_check.h"

#include "base/arena.h"
#include "obj/json.h"

#include <ctype.h>
#include <string.h>

enum { CONDITIONS_MAX = 64, TIMEOUT_MAX_S = 30 };

const char *const failure_policies[] = { "Fail", "Ignore", NULL };
const char *const match_policies[] = { "Equivalent", "Exact", NULL };
const char *const reinvocation_policies[] = { "IfNeeded", "Never", NULL };

bool is_blank(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return !*s;
}

static char *joined(struct arena *a, const char *const *texts, size_t n)
{
	char *all = arena_strdup(a, n ? texts[0] : "");

	for (size_t i = 1; i < n; i++)
		all = arena_printf(a, "%s,%s", all, texts[i]);
	return all;
}

void check_admission_enum(struct hook *h, const struct at *at, const struct json *o,
			  const char *name, const char *const *supported)
{
	const char *value = json_path_str(o, name);

	if (json_get(o, name) && !one_of(value, supported))
		err_unsupported(h, AT(at, name), value, supported);
}

/* ---- rules ---- */

static bool has_text(const struct json *list, const char *s)
{
	json_each(it, list)
		if (!strcmp(json_str(it), s))
			return true;
	return false;
}

/* Not empty, and "*" alone. */
static void check_wildcard(struct hook *h, const struct at *at, const struct json *list,
			   const char *what)
{
	if (!json_count(list))
		err_required(h, at, "");
	if (json_count(list) > 1 && has_text(list, "*"))
		err_invalid_json(h, at, list, "if '*' is present, must not specify other %s", what);
}

static void check_operations(struct hook *h, const struct at *at, const struct json *list)
{
	static const char *const supported[] = { "*", "CONNECT", "CREATE", "DELETE", "UPDATE", NULL };
	size_t i = 0;

	check_wildcard(h, at, list, "operations");
	json_each(op, list) {
		if (!one_of(json_str(op), supported))
			err_unsupported(h, AT_ITEM(at, i), json_str(op), supported);
		i++;
	}
}

/* Does an earlier entry of the list cover res/sub: "res" followed by "/" and "*", or "*" and "/sub"? */
static bool listed_before(const struct json *list, const struct json *end, const char *text)
{
	json_each(it, list) {
		if (it == end)
			return false;
		if (!strcmp(json_str(it), text))
			return true;
	}
	return false;
}

static void check_subresource(struct hook *h, const struct at *at, const struct json *list,
			      const struct json *it)
{
	const char *text = json_str(it), *slash = strchr(text, '/');
	char *all_subs, *all_resources;

	if (!slash)
		return;
	all_subs = arena_printf(h->a, "%.*s/*", (int)(slash - text), text);
	all_resources = arena_printf(h->a, "*%s", slash);
	if (listed_before(list, it, all_subs))
		err_invalid(h, at, text, "if '%s' is present, must not specify %s", all_subs, text);
	if (listed_before(list, it, all_resources))
		err_invalid(h, at, text, "if '%s' is present, must not specify %s", all_resources,
			    text);
}

static void check_resources(struct hook *h, const struct at *at, const struct json *list)
{
	bool plain = false;
	size_t i = 0;

	if (!json_count(list))
		err_required(h, at, "");
	json_each(it, list) {
		const char *text = json_str(it);

		if (!*text)
			err_required(h, AT_ITEM(at, i), "");
		else if (!strchr(text, '/'))
			plain = strcmp(text, "*") != 0;
		check_subresource(h, AT_ITEM(at, i), list, it);
		i++;
	}
	if (json_count(list) > 1 && has_text(list, "*/*"))
		err_invalid_json(h, at, list,
				 "if '*/*' is present, must not specify other resources");
	if (has_text(list, "*") && plain)
		err_invalid_json(
			h, at, list,
			"if '*' is present, must not specify other resources without subresources");
}

static void check_names(struct hook *h, const struct at *at, const struct json *list)
{
	size_t i = 0;

	json_each(it, list) {
		check_text(h, AT_ITEM(at, i), TEXT_PATH_SEGMENT, json_str(it));
		if (listed_before(list, it, json_str(it)))
			err_duplicate(h, AT_ITEM(at, i), json_str(it));
		i++;
	}
}

void check_admission_rule(struct hook *h, const struct at *at, const struct json *rule, bool named)
{
	static const char *const scopes[] = { "*", "Cluster", "Namespaced", NULL };
	const struct json *versions = json_get(rule, "apiVersions");
	size_t i = 0;

	if (named)
		check_names(h, AT(at, "resourceNames"), json_get(rule, "resourceNames"));
	check_operations(h, AT(at, "operations"), json_get(rule, "operations"));
	check_wildcard(h, AT(at, "apiGroups"), json_get(rule, "apiGroups"), "API groups");
	check_wildcard(h, AT(at, "apiVersions"), versions, "API versions");
	json_each(v, versions) {
		if (!*json_str(v))
			err_required(h, AT_ITEM(AT(at, "apiVersions"), i), "");
		i++;
	}
	check_resources(h, AT(at, "resources"), json_get(rule, "resources"));
	check_admission_enum(h, at, rule, "scope", scopes);
}

/* ---- expressions ---- */

void check_expression(struct hook *h, struct policy_env *e, const struct at *at,
		      const char *expression, const char *shown, enum policy_result result)
{
	struct policy_program p;

	policy_compile(e, expression, result, &p);
	if (!p.program)
		err_invalid(h, at, shown, "%s", p.error);
}

static char *trimmed(struct arena *a, const char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return arena_dup(a, s, n);
}

static void check_condition(struct hook *h, struct policy_env *e, const struct at *at,
			    const struct json *list, const struct json *m)
{
	const char *name = json_path_str(m, "name");
	char *text = trimmed(h->a, json_path_str(m, "expression"));

	if (!*text)
		err_required(h, AT(at, "expression"), "");
	else
		check_expression(h, e, AT(at, "expression"), text, text, POLICY_BOOL);
	if (!*name)
		err_required(h, AT(at, "name"), "");
	else
		check_text(h, AT(at, "name"), TEXT_LABEL_KEY, name);
	json_each(it, list) {
		if (it == m)
			break;
		if (*name && !strcmp(json_path_str(it, "name"), name)) {
			err_duplicate(h, AT(at, "name"), name);
			break;
		}
	}
}

void check_match_conditions(struct hook *h, const struct at *at, const struct json *list, bool params)
{
	struct policy_env *e;
	size_t i = 0;

	if (!json_count(list))
		return;
	e = arena_alloc(h->a, sizeof *e);
	policy_env_open(e, h->a, POLICY_HAS_AUTHORIZER | (params ? POLICY_HAS_PARAMS : 0u));
	if (json_count(list) > CONDITIONS_MAX)
		err_too_many(h, at, json_count(list), CONDITIONS_MAX);
	json_each(m, list)
		check_condition(h, e, AT_ITEM(at, i++), list, m);
}

/* ---- webhooks ---- */

static void check_hook_name(struct hook *h, const struct at *at, const char *name)
{
	const char *faults[TEXT_FAULTS_MAX], *dot = strchr(name, '.');
	size_t n;

	if (!*name) {
		err_required(h, at, "");
		return;
	}
	n = text_faults(TEXT_DNS_SUBDOMAIN, name, faults);
	if (n)
		err_invalid(h, at, name, "%s", joined(h->a, faults, n));
	else if (!dot || !strchr(dot + 1, '.'))
		err_invalid(h, at, name,
			    "should be a domain with at least three segments separated by dots");
}

static void check_url(struct hook *h, const struct at *at, const char *url)
{
	static const char form[] = "; desired format: https://host[/path]";
	const char *colon = strstr(url, "://"), *host = colon ? colon + 3 : url, *p;
	char *scheme = arena_dup(h->a, url, colon ? (size_t)(colon - url) : 0);
	size_t n = strcspn(host, "/?#");

	if (strcmp(scheme, "https"))
		err_invalid(h, at, scheme, "'https' is the only allowed URL scheme%s", form);
	if (!colon || !n)
		err_invalid(h, at, "", "host must be specified%s", form);
	p = memchr(host, '@', n);
	if (p)
		err_invalid(h, at, arena_dup(h->a, host, (size_t)(p - host)),
			    "user information is not permitted in the URL");
	p = strchr(url, '#');
	if (p && p[1])
		err_invalid(h, at, p + 1, "fragments are not permitted in the URL");
	p = strchr(url, '?');
	if (p && p[1] && p[1] != '#')
		err_invalid(h, at, arena_dup(h->a, p + 1, strcspn(p + 1, "#")),
			    "query parameters are not permitted in the URL");
}

static void check_segment(struct hook *h, const struct at *at, const char *path, const char *s,
			  size_t n, int index)
{
	const char *faults[TEXT_FAULTS_MAX];
	size_t nfaults;

	if (!n) {
		err_invalid(h, at, path, "segment[%d] may not be empty", index);
		return;
	}
	nfaults = text_faults(TEXT_DNS_SUBDOMAIN, arena_dup(h->a, s, n), faults);
	for (size_t i = 0; i < nfaults; i++)
		err_invalid(h, at, path, "segment[%d]: %s", index, faults[i]);
}

static void check_path(struct hook *h, const struct at *at, const char *path)
{
	const char *s = path + 1, *end = path + strlen(path);
	int index = 0;

	if (!*path || !strcmp(path, "/"))
		return;
	if (!strcmp(path, "//")) {
		err_invalid(h, at, path, "segment[0] may not be empty");
		return;
	}
	if (*path != '/')
		err_invalid(h, at, path, "must start with a '/'");
	if (end > s && end[-1] == '/')
		end--;
	for (;;) {
		const char *slash = memchr(s, '/', (size_t)(end - s));
		const char *stop = slash ? slash : end;

		check_segment(h, at, path, s, (size_t)(stop - s), index++);
		if (!slash)
			return;
		s = slash + 1;
	}
}

static void check_service(struct hook *h, const struct at *at, const struct json *service)
{
	int64_t port = json_path_int(service, "port", 443);

	/* upstream hands the two over in the wrong order */
	if (!*json_path_str(service, "namespace"))
		err_required(h, AT(at, "name"), "");
	if (!*json_path_str(service, "name"))
		err_required(h, AT(at, "namespace"), "");
	if (port < 1 || port > 65535)
		err_invalid_int(h, AT(at, "port"), port,
				"port is not valid: must be between 1 and 65535, inclusive");
	check_path(h, AT(at, "path"), json_path_str(service, "path"));
}

static void check_client(struct hook *h, const struct at *at, const struct json *client)
{
	const struct json *url = json_get(client, "url"), *service = json_get(client, "service");

	if (!url == !service)
		err_required(h, at, "exactly one of url or service is required");
	else if (url)
		check_url(h, AT(at, "url"), json_str(url));
	else
		check_service(h, AT(at, "service"), service);
}

static void check_versions(struct hook *h, const struct at *at, const struct json *list)
{
	size_t i = 0;

	if (!json_count(list)) {
		err_required(h, at, "must specify one of v1, v1beta1");
		return;
	}
	json_each(v, list) {
		if (listed_before(list, v, json_str(v)))
			err_invalid(h, AT_ITEM(at, i), json_str(v), "duplicate version");
		else
			check_text(h, AT_ITEM(at, i), TEXT_DNS_LABEL_1035, json_str(v));
		i++;
	}
	if (!has_text(list, "v1") && !has_text(list, "v1beta1"))
		err_invalid_json(h, at, list, "must include at least one of v1, v1beta1");
}

static void check_effects(struct hook *h, const struct at *at, const struct json *w)
{
	static const char *const supported[] = { "None", "NoneOnDryRun", NULL };

	if (!json_get(w, "sideEffects"))
		err_required(h, AT(at, "sideEffects"), "must specify one of None, NoneOnDryRun");
	check_admission_enum(h, at, w, "sideEffects", supported);
}

static void check_webhook(struct hook *h, const struct at *at, const struct json *w)
{
	int64_t timeout = json_path_int(w, "timeoutSeconds", 10);
	size_t i = 0;

	check_hook_name(h, AT(at, "name"), json_path_str(w, "name"));
	json_each(rule, json_get(w, "rules"))
		check_admission_rule(h, AT_ITEM(AT(at, "rules"), i++), rule, false);
	check_admission_enum(h, at, w, "failurePolicy", failure_policies);
	check_admission_enum(h, at, w, "matchPolicy", match_policies);
	check_effects(h, at, w);
	if (timeout < 1 || timeout > TIMEOUT_MAX_S)
		err_invalid_int(h, AT(at, "timeoutSeconds"), timeout,
				"the timeout value must be between 1 and 30 seconds");
	check_label_selector(h, AT(at, "namespaceSelector"), json_get(w, "namespaceSelector"));
	check_label_selector(h, AT(at, "objectSelector"), json_get(w, "objectSelector"));
	check_admission_enum(h, at, w, "reinvocationPolicy", reinvocation_policies);
	check_client(h, AT(at, "clientConfig"), json_get(w, "clientConfig"));
	check_match_conditions(h, AT(at, "matchConditions"), json_get(w, "matchConditions"), false);
	check_versions(h, AT(at, "admissionReviewVersions"), json_get(w, "admissionReviewVersions"));
}

HOOK_CHECK(webhooks_validate)
{
	const struct json *list = json_get(o, "webhooks");
	size_t i = 0;

	json_each(w, list) {
		const struct at *at = AT_ITEM(AT_ROOT("webhooks"), i++);
		const char *name = json_path_str(w, "name");

		check_webhook(h, at, w);
		json_each(before, list) {
			if (before == w)
				break;
			if (*name && !strcmp(json_path_str(before, "name"), name)) {
				err_duplicate(h, AT(at, "name"), name);
				break;
			}
		}
	}
}
