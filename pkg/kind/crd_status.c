/*
 * Names and conditions of definitions.
 *
 * Upstream's controllers reach the same state in steps, each with its own write; here one pass computes it, so
 * that one write establishes a definition.
 */
#include "kind/crd.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define APPROVAL "api-approved.kubernetes.io"
#define SEE "see https://github.com/kubernetes/enhancements/pull/1111"

bool crd_is(const struct json *definition, const char *type)
{
	const struct json *c = meta_condition(definition, type);

	return !strcmp(json_str(json_get(c, "status")), "True");
}

bool crd_condition(struct arena *a, struct json *o, const char *type, const char *status,
		   const char *reason, const char *message)
{
	struct json *list = json_ensure_array(a, json_ensure_object(a, o, "status"), "conditions");
	struct json *c = meta_condition(o, type), *made;
	bool same = !strcmp(json_str(json_get(c, "status")), status);
	char now[TIME_LEN];

	if (c && same && !strcmp(json_str(json_get(c, "reason")), reason) &&
	    !strcmp(json_str(json_get(c, "message")), message))
		return false;
	time_format(clock_now_s(), now);
	made = json_build(a, "{type:%s,status:%s,lastTransitionTime:%s,reason:%s,message:%s}", type,
			  status, c && same ? json_str(json_get(c, "lastTransitionTime")) : now,
			  reason, message);
	if (c)
		json_replace(a, list, c, made);
	else
		json_append(list, made);
	return true;
}

/* ---- names ---- */

static void add(struct arena *a, const char ***list, size_t *n, const char *name)
{
	const char **grown;

	if (!*name)
		return;
	grown = arena_alloc(a, (*n + 1) * sizeof *grown);
	if (*n)
		memcpy(grown, *list, *n * sizeof *grown);
	grown[(*n)++] = arena_strdup(a, name);
	*list = grown;
}

void crd_names_add(struct arena *a, struct crd_names *all, const struct crd *d)
{
	add(a, &all->resources, &all->nresources, d->plural);
	add(a, &all->resources, &all->nresources, d->singular);
	for (const char *const *s = d->shorts; s && *s; s++)
		add(a, &all->resources, &all->nresources, *s);
	add(a, &all->kinds, &all->nkinds, d->kind);
	add(a, &all->kinds, &all->nkinds, d->list_kind);
}

static bool same_list(const char *const *have, const struct json *list)
{
	json_each(s, list) {
		if (!have || !*have || strcmp(*have, json_str(s)))
			return false;
		have++;
	}
	return !have || !*have;
}

bool crd_same_status(const struct crd *d, const struct json *o)
{
	const struct json *names = json_path(o, "status.acceptedNames");

	return d->accepted == crd_is(o, "NamesAccepted") &&
	       d->established == crd_is(o, "Established") &&
	       d->terminating == crd_is(o, "Terminating") &&
	       !strcmp(d->plural, json_path_str(names, "plural")) &&
	       !strcmp(d->singular, json_path_str(names, "singular")) &&
	       !strcmp(d->kind, json_path_str(names, "kind")) &&
	       !strcmp(d->list_kind, json_path_str(names, "listKind")) &&
	       same_list(d->shorts, json_get(names, "shortNames")) &&
	       same_list(d->categories, json_get(names, "categories"));
}

static bool listed(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], s))
			return true;
	return false;
}

struct naming {
	struct arena *a;
	const struct crd_names *taken;
	const struct json *want;
	struct json *have;            /* acceptedNames */
	const char *reason, *message; /* of the last conflict; NULL = none */
};

static void name_take(struct naming *n, const char *member, const char *reason)
{
	const char *want = json_str(json_get(n->want, member));
	const char *have = json_str(json_get(n->have, member));
	bool kind = strstr(member, "ind");

	if (strcmp(want, have) && listed(kind ? n->taken->kinds : n->taken->resources,
					 kind ? n->taken->nkinds : n->taken->nresources, want)) {
		n->reason = reason;
		n->message = arena_printf(n->a, "\"%s\" is already in use", want);
	} else if (*want || json_get(n->have, member)) {
		json_set_str(n->a, n->have, member, want);
	}
}

static bool has_string(const struct json *list, const char *s)
{
	json_each(i, list)
		if (!strcmp(json_str(i), s))
			return true;
	return false;
}

static void list_keep(struct naming *n, const char *member)
{
	const struct json *want = json_get(n->want, member);

	if (json_count(want))
		json_set(n->a, n->have, member, json_copy(n->a, want));
	else
		json_del(n->have, member);
}

static void shorts_take(struct naming *n)
{
	const struct json *have = json_get(n->have, "shortNames");
	const char *text = NULL;
	size_t faults = 0;

	json_each(s, json_get(n->want, "shortNames")) {
		const char *name = json_str(s);

		if (has_string(have, name) ||
		    !listed(n->taken->resources, n->taken->nresources, name))
			continue;
		text = arena_printf(n->a, "%s%s\"%s\" is already in use", text ? text : "",
				    text ? ", " : "", name);
		faults++;
	}
	if (!text) {
		list_keep(n, "shortNames");
		return;
	}
	n->reason = "ShortNamesConflict";
	n->message = faults > 1 ? arena_printf(n->a, "[%s]", text) : text;
}

static bool settle_names(struct arena *a, struct json *o, const struct crd_names *taken)
{
	struct json *status = json_ensure_object(a, o, "status");
	struct naming n = { .a = a,
			    .taken = taken,
			    .want = json_path(o, "spec.names"),
			    .have = json_ensure_object(a, status, "acceptedNames") };
	const struct json *before = json_copy(a, n.have);
	bool changed;

	name_take(&n, "plural", "PluralConflict");
	name_take(&n, "singular", "SingularConflict");
	shorts_take(&n);
	name_take(&n, "kind", "KindConflict");
	name_take(&n, "listKind", "ListKindConflict");
	list_keep(&n, "categories");
	changed = crd_condition(a, o, "NamesAccepted", n.reason ? "False" : "True",
				n.reason ? n.reason : "NoConflicts",
				n.reason ? n.message : "no conflicts found");
	return !json_equal(before, n.have) || changed;
}

static bool settle_established(struct arena *a, struct json *o)
{
	if (crd_is(o, "Established"))
		return false;
	if (crd_is(o, "NamesAccepted"))
		return crd_condition(a, o, "Established", "True", "InitialNamesAccepted",
				     "the initial names have been accepted");
	if (meta_condition(o, "Established"))
		return false;
	return crd_condition(a, o, "Established", "False", "NotAccepted",
			     "not all names are accepted");
}

/* ---- protected groups ---- */

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static bool protected_group(const char *group)
{
	return !strcmp(group, "k8s.io") || ends_with(group, ".k8s.io") ||
	       !strcmp(group, "kubernetes.io") || ends_with(group, ".kubernetes.io");
}

/* "scheme://host..." */
static bool is_url(const char *s)
{
	const char *colon = strstr(s, "://");

	if (!colon || colon == s || !colon[3] || colon[3] == '/' || strpbrk(s, " \t\"<>"))
		return false;
	for (const char *p = s; p < colon; p++)
		if (!((*p | 32) >= 'a' && (*p | 32) <= 'z') &&
		    (p == s || !strchr("0123456789+-.", *p)))
			return false;
	return true;
}

enum crd_approval crd_approval(struct arena *a, const struct json *o, const char **reason)
{
	const char *given = meta_annotation(o, APPROVAL);

	*reason = "";
	if (!protected_group(json_path_str(o, "spec.group")))
		return CRD_UNPROTECTED;
	if (!given || !*given) {
		*reason = "protected groups must have approval annotation \"" APPROVAL "\", " SEE;
		return CRD_MISSING;
	}
	if (!strncmp(given, "unapproved", 10)) {
		*reason = arena_printf(a, "not approved: \"%s\"", given);
		return CRD_BYPASSED;
	}
	if (is_url(given)) {
		*reason = arena_printf(a, "approved in %s", given);
		return CRD_APPROVED;
	}
	*reason = "protected groups must have approval annotation \"" APPROVAL
		  "\" with either a URL or a reason starting with \"unapproved\", " SEE;
	return CRD_INVALID;
}

static bool settle_approval(struct arena *a, struct json *o)
{
	static const char type[] = "KubernetesAPIApprovalPolicyConformant";
	const char *reason;

	switch (crd_approval(a, o, &reason)) {
	case CRD_APPROVED: return crd_condition(a, o, type, "True", "ApprovedAnnotation", reason);
	case CRD_BYPASSED:
		return crd_condition(a, o, type, "False", "UnapprovedAnnotation", reason);
	case CRD_MISSING: return crd_condition(a, o, type, "False", "MissingAnnotation", reason);
	case CRD_INVALID: return crd_condition(a, o, type, "False", "InvalidAnnotation", reason);
	default: return false;
	}
}

bool crd_settle(struct arena *a, struct json *o, const struct crd_names *taken)
{
	bool changed = settle_approval(a, o);

	changed |= settle_names(a, o, taken);
	changed |= settle_established(a, o);
	return changed;
}
