/*
 * match: rules and selectors against one request.
 *
 * The order is upstream's: selectors first, and their errors count only when a rule matches, too.  A rule
 * that names another version of the same objects matches by equivalence: versions of one resource are those
 * whose objects lie in one table.
 */
#include "api/match.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/selector.h"

#include <string.h>

/* ---- compiling ---- */

const char *const *texts_of(struct arena *a, const struct json *list)
{
	const char **out = arena_zalloc(a, (json_count(list) + 1) * sizeof *out);
	size_t n = 0;

	json_each(s, list)
		out[n++] = arena_strdup(a, json_str(s));
	return out;
}

static unsigned operations(const struct json *list)
{
	static const struct {
		const char *name;
		unsigned bits;
	} names[] = {
		{ "CREATE", 1 << ADMIT_CREATE },
		{ "UPDATE", 1 << ADMIT_UPDATE },
		{ "DELETE", 1 << ADMIT_DELETE },
		{ "CONNECT", 1 << ADMIT_CONNECT },
		{ "*", ~0u },
	};
	unsigned bits = 0;

	json_each(s, list)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (!strcmp(json_str(s), names[i].name))
				bits |= names[i].bits;
	return bits;
}

static size_t rules_compile(struct arena *a, const struct json *list, struct match_rule **out)
{
	struct match_rule *r = arena_zalloc(a, (json_count(list) + 1) * sizeof *r);

	*out = r;
	json_each(rule, list) {
		const char *scope = json_path_str(rule, "scope");
		const struct json *names = json_get(rule, "resourceNames");

		r->ops = operations(json_get(rule, "operations"));
		r->groups = texts_of(a, json_get(rule, "apiGroups"));
		r->versions = texts_of(a, json_get(rule, "apiVersions"));
		r->resources = texts_of(a, json_get(rule, "resources"));
		r->names = json_count(names) ? texts_of(a, names) : NULL;
		r->scope = !strcmp(scope, "Cluster")    ? SCOPE_CLUSTER :
			   !strcmp(scope, "Namespaced") ? SCOPE_NAMESPACED :
							  SCOPE_ALL;
		r++;
	}
	return json_count(list);
}

/* Selectors were validated when the object was written. */
static const struct selector *selector_compile(struct arena *a, const struct json *ls)
{
	struct selector *s = json_is_null(ls) ? NULL : selector_from_label_selector(a, ls, NULL);

	return s && selector_everything(s) ? NULL : s;
}

void match_compile(struct arena *a, const struct json *rules, const struct json *excluded,
		   const struct json *namespaces, const struct json *objects, const char *policy,
		   struct match *out)
{
	out->nrules = rules_compile(a, rules, &out->rules);
	out->nexcluded = rules_compile(a, excluded, &out->excluded);
	out->namespaces = selector_compile(a, namespaces);
	out->objects = selector_compile(a, objects);
	out->equivalent = strcmp(policy, "Exact") != 0;
}

/* ---- selectors ---- */

static bool is_namespace(const struct admission *ad)
{
	return kind_stored(ad->k) == ad->c->api->known.namespace;
}

const char *admit_namespace(const struct admission *ad)
{
	return is_namespace(ad) ? ad->name : ad->ns;
}

/* A Namespace that is being written answers for itself. */
static bool namespace_matches(const struct selector *s, const struct admission *ad, struct status *st)
{
	struct call *c = ad->c;
	const char *name = admit_namespace(ad);
	const struct obj *ns;

	if (!s || (!*name && !is_namespace(ad)))
		return true;
	if (is_namespace(ad) && !*ad->sub && (ad->op == ADMIT_CREATE || ad->op == ADMIT_UPDATE))
		return selector_matches(s, json_path(ad->o, "metadata.labels"));
	ns = store_get(api_table(c->api, c->api->known.namespace), "", name);
	if (!ns) {
		status_not_found(st, &c->api->known.namespace->subject, name);
		return false;
	}
	obj_give(c->a, ns);
	return selector_matches_obj(s, ns);
}

static bool object_matches(const struct selector *s, struct admission *ad)
{
	const struct json *meta, *old;

	if (!s)
		return true;
	meta = json_get(ad->o, "metadata");
	old = json_get(admission_old(ad), "metadata");
	return (meta && selector_matches(s, json_get(meta, "labels"))) ||
	       (old && selector_matches(s, json_get(old, "labels")));
}

/* ---- rules ---- */

static bool listed(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (!strcmp(*list, "*") || !strcmp(*list, s))
			return true;
	return false;
}

static bool resource_listed(const char *const *list, const char *resource, const char *sub)
{
	for (; *list; list++) {
		const char *slash = strchr(*list, '/');
		size_t n = slash ? (size_t)(slash - *list) : strlen(*list);
		bool any = n == 1 && **list == '*';

		if (!any && (strncmp(*list, resource, n) || resource[n]))
			continue;
		slash = slash ? slash + 1 : "";
		if (!strcmp(slash, "*") || !strcmp(slash, sub))
			return true;
	}
	return false;
}

static bool scope_matches(const struct match_rule *r, const struct admission *ad)
{
	bool cluster = is_namespace(ad) || !*ad->ns;

	return r->scope == SCOPE_ALL || cluster == (r->scope == SCOPE_CLUSTER);
}

static bool name_matches(const struct match_rule *r, const struct admission *ad)
{
	if (!r->names)
		return true;
	for (const char *const *n = r->names; *n; n++)
		if (!strcmp(*n, ad->name))
			return true;
	return false;
}

static bool rule_matches(const struct match_rule *r, const struct admission *ad, const struct kind *k)
{
	return (r->ops & 1u << ad->op) && listed(r->groups, k->subject.group) &&
	       listed(r->versions, k->version) &&
	       resource_listed(r->resources, k->subject.resource, ad->sub) &&
	       scope_matches(r, ad) && name_matches(r, ad);
}

static bool rules_match(const struct match_rule *r, size_t n, const struct admission *ad,
			const struct kind *k)
{
	for (size_t i = 0; i < n; i++)
		if (rule_matches(&r[i], ad, k))
			return true;
	return false;
}

/* Another row of the same objects that the rule names. */
static const struct kind *equivalent(const struct match_rule *r, const struct admission *ad)
{
	const struct kind *k;
	size_t it = 0;

	while ((k = kinds_next(ad->c->api->config.kinds, &it)))
		if (k != ad->k && kind_stored(k) == kind_stored(ad->k) && rule_matches(r, ad, k))
			return k;
	return NULL;
}

static const struct kind *rules_find(const struct match_rule *r, size_t n, bool equivalents,
				     const struct admission *ad)
{
	const struct kind *k = NULL;

	if (rules_match(r, n, ad, ad->k))
		return ad->k;
	for (size_t i = 0; equivalents && i < n && !k; i++)
		k = equivalent(&r[i], ad);
	return k;
}

static bool selectors_match(const struct match *m, struct admission *ad, struct status *why)
{
	return (namespace_matches(m->namespaces, ad, why) || !status_ok(why)) &&
	       object_matches(m->objects, ad);
}

static bool verdict(struct status *why, struct status *st)
{
	if (status_ok(why))
		return true;
	if (st)
		status_move(st, why);
	return false;
}

const struct kind *match_request(const struct match *m, struct admission *ad, struct status *st)
{
	STATUS_AUTO struct status why = STATUS_INIT;
	const struct kind *k;

	if (!selectors_match(m, ad, &why) || rules_find(m->excluded, m->nexcluded, m->equivalent, ad))
		return NULL;
	k = m->open && !m->nrules ? ad->k : rules_find(m->rules, m->nrules, m->equivalent, ad);
	return k && verdict(&why, st) ? k : NULL;
}
