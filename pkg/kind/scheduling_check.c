/*
 * scheduling_check: affinity, topology spread and tolerations.
 * k8s: pkg/apis/core/validation/validation.go (validateAffinity, validateTopologySpreadConstraints,
 * ValidateTolerations).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <string.h>

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

static bool has_text(const struct json *list, const char *s)
{
	json_each(item, list)
		if (!strcmp(json_str(item), s))
			return true;
	return false;
}

/* ---- tolerations ---- */

bool check_taint_effect(struct hook *h, const struct at *at, const char *effect, bool needed)
{
	return check_enum(h, at, effect, LIST("NoSchedule", "PreferNoSchedule", "NoExecute"), needed);
}

static void check_toleration(struct hook *h, const struct at *at, const struct json *t)
{
	const char *key = json_path_str(t, "key"), *op = json_path_str(t, "operator");
	const char *value = json_path_str(t, "value"), *effect = json_path_str(t, "effect");

	if (key[0])
		check_text(h, AT(at, "key"), TEXT_LABEL_KEY, key);
	else if (strcmp(op, "Exists") != 0)
		err_invalid(h, AT(at, "operator"), op,
			    "operator must be Exists when `key` is empty, which means \"match all "
			    "values and all keys\"");
	if (json_get(t, "tolerationSeconds") && strcmp(effect, "NoExecute") != 0)
		err_invalid(h, AT(at, "effect"), effect,
			    "effect must be 'NoExecute' when `tolerationSeconds` is set");
	if (!strcmp(op, "Exists")) {
		if (value[0])
			err_invalid(h, AT(at, "operator"), value,
				    "value must be empty when `operator` is 'Exists'");
	} else if (!op[0] || !strcmp(op, "Equal")) {
		check_text(h, AT(at, "operator"), TEXT_LABEL_VALUE, value);
	} else if (one_of(op, LIST("Lt", "Gt"))) {
		/* the gate of these operators is off by default; upstream names them all the same */
		err_unsupported(h, AT(at, "operator"), op, LIST("Equal", "Exists", "Lt", "Gt"));
	} else {
		err_unsupported(h, AT(at, "operator"), op, LIST("Equal", "Exists"));
	}
	if (effect[0])
		check_taint_effect(h, AT(at, "effect"), effect, true);
}

void check_tolerations(struct hook *h, const struct at *at, const struct json *tolerations)
{
	size_t i = 0;

	json_each(t, tolerations)
		check_toleration(h, AT_ITEM(at, i++), t);
}

/* ---- keys that stand for the pod's own labels ---- */

static void check_label_keys(struct hook *h, const struct at *at, const struct json *keys,
			     const struct json *selector)
{
	size_t i = 0;

	if (!json_count(keys))
		return;
	if (!selector) {
		err_forbidden(h, at, "must not be specified when labelSelector is not set");
		return;
	}
	json_each(k, keys)
		check_text(h, AT_ITEM(at, i++), TEXT_LABEL_KEY, json_str(k));
}

/* Is the key of expression e in matchLabels or an earlier expression? */
static bool named_before(const struct json *selector, const struct json *e)
{
	const struct json *list = json_get(selector, "matchExpressions");
	const char *key = json_path_str(e, "key");

	if (json_get(json_get(selector, "matchLabels"), key))
		return true;
	for (const struct json *p = json_first(list); p != e; p = json_next(p))
		if (!strcmp(json_path_str(p, "key"), key))
			return true;
	return false;
}

static long index_of(const struct json *list, const char *s)
{
	long i = 0;

	json_each(item, list) {
		if (!strcmp(json_str(item), s))
			return i;
		i++;
	}
	return -1;
}

static void check_match_keys(struct hook *h, const struct at *at, const struct json *term)
{
	const struct json *selector = json_get(term, "labelSelector");
	const struct json *match = json_get(term, "matchLabelKeys");
	const struct json *mismatch = json_get(term, "mismatchLabelKeys");
	size_t i = 0;

	check_label_keys(h, AT(at, "matchLabelKeys"), match, selector);
	check_label_keys(h, AT(at, "mismatchLabelKeys"), mismatch, selector);
	json_each(e, json_get(selector, "matchExpressions")) {
		const char *key = json_path_str(e, "key");
		long n = index_of(match, key);

		if (n >= 0 && named_before(selector, e))
			err_invalid(h, AT_ITEM(at, n), key,
				    "exists in both matchLabelKeys and labelSelector");
	}
	json_each(k, match) {
		if (has_text(mismatch, json_str(k)))
			err_invalid(h, AT_ITEM(AT(at, "matchLabelKeys"), i), json_str(k),
				    "exists in both matchLabelKeys and mismatchLabelKeys");
		i++;
	}
}

/* ---- topology spread ---- */

static void check_min_domains(struct hook *h, const struct at *at, const struct json *c)
{
	const char *action = json_path_str(c, "whenUnsatisfiable");
	int64_t n;

	if (!json_int(json_get(c, "minDomains"), &n))
		return;
	if (n <= 0)
		err_invalid_int(h, at, n, "must be greater than zero");
	if (strcmp(action, "DoNotSchedule") != 0)
		err_invalid_int(h, at, n,
				"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not %s",
				action);
}

static void check_inclusion(struct hook *h, const struct at *at, const struct json *c,
			    const char *name)
{
	if (json_get(c, name) && !one_of(json_path_str(c, name), LIST("Honor", "Ignore")))
		err_unsupported(h, AT(at, name), json_path_str(c, name), LIST("Honor", "Ignore"));
}

/* A later constraint says the same. */
static bool spread_repeats(const struct json *c)
{
	for (const struct json *r = json_next(c); r; r = json_next(r))
		if (!strcmp(json_path_str(r, "topologyKey"), json_path_str(c, "topologyKey")) &&
		    !strcmp(json_path_str(r, "whenUnsatisfiable"),
			    json_path_str(c, "whenUnsatisfiable")))
			return true;
	return false;
}

static void check_constraint(struct hook *h, const struct at *at, const struct json *c)
{
	const char *const *actions = LIST("DoNotSchedule", "ScheduleAnyway");
	const char *action = json_path_str(c, "whenUnsatisfiable");
	const char *key = json_path_str(c, "topologyKey");
	int64_t skew = json_path_int(c, "maxSkew", 0);

	if (skew <= 0)
		err_invalid_int(h, AT(at, "maxSkew"), skew, "must be greater than zero");
	if (!key[0])
		err_required(h, AT(at, "topologyKey"), "can not be empty");
	if (!one_of(action, actions))
		err_unsupported(h, AT(at, "whenUnsatisfiable"), action, actions);
	if (spread_repeats(c))
		err_duplicate(h, AT(at, "{topologyKey, whenUnsatisfiable}"),
			      arena_printf(h->a, "{%s, %s}", key, action));
	check_min_domains(h, AT(at, "minDomains"), c);
	check_inclusion(h, at, c, "nodeAffinityPolicy");
	check_inclusion(h, at, c, "nodeTaintsPolicy");
	check_match_keys(h, at, c);
	check_label_selector(h, AT(at, "labelSelector"), json_get(c, "labelSelector"));
}

void check_spread(struct hook *h, const struct at *at, const struct json *constraints)
{
	size_t i = 0;

	json_each(c, constraints)
		check_constraint(h, AT_ITEM(at, i++), c);
}

/* ---- affinity to nodes ---- */

static void check_node_expression(struct hook *h, const struct at *at, const struct json *e,
				  bool values)
{
	const char *op = json_path_str(e, "operator");
	const struct json *list = json_get(e, "values");
	size_t i = 0;

	if (one_of(op, LIST("In", "NotIn"))) {
		if (!json_count(list))
			err_required(h, AT(at, "values"),
				     "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (one_of(op, LIST("Exists", "DoesNotExist"))) {
		if (json_count(list))
			err_forbidden(h, AT(at, "values"),
				      "may not be specified when `operator` is 'Exists' or "
				      "'DoesNotExist'");
	} else if (one_of(op, LIST("Gt", "Lt"))) {
		if (json_count(list) != 1)
			err_required(h, AT(at, "values"),
				     "must be specified single value when `operator` is 'Lt' or 'Gt'");
	} else {
		err_invalid(h, AT(at, "operator"), op, "not a valid selector operator");
	}
	check_text(h, AT(at, "key"), TEXT_LABEL_KEY, json_path_str(e, "key"));
	if (!values)
		return;
	json_each(v, list)
		check_text(h, AT_ITEM(AT(at, "values"), i++), TEXT_LABEL_VALUE, json_str(v));
}

static void check_node_field(struct hook *h, const struct at *at, const struct json *e)
{
	const char *op = json_path_str(e, "operator"), *key = json_path_str(e, "key");
	const struct json *list = json_get(e, "values");
	size_t i = 0;

	if (!one_of(op, LIST("In", "NotIn")))
		err_invalid(h, AT(at, "operator"), op, "not a valid selector operator");
	else if (json_count(list) != 1)
		err_required(h, AT(at, "values"),
			     "must be only one value when `operator` is 'In' or 'NotIn' for node field "
			     "selector");
	if (strcmp(key, "metadata.name") != 0) {
		err_invalid(h, AT(at, "key"), key, "not a valid field selector key");
		return;
	}
	json_each(v, list)
		check_text(h, AT_ITEM(AT(at, "values"), i++), TEXT_DNS_SUBDOMAIN, json_str(v));
}

static void check_node_term(struct hook *h, const struct at *at, const struct json *term, bool values)
{
	size_t i = 0;

	json_each(e, json_get(term, "matchExpressions"))
		check_node_expression(h, AT_ITEM(AT(at, "matchExpressions"), i++), e, values);
	i = 0;
	json_each(e, json_get(term, "matchFields"))
		check_node_field(h, AT_ITEM(AT(at, "matchFields"), i++), e);
}

void check_node_selector(struct hook *h, const struct at *at, const struct json *selector)
{
	const struct json *terms = json_get(selector, "nodeSelectorTerms");
	const struct at *terms_at = AT(at, "nodeSelectorTerms");
	size_t i = 0;

	if (!json_count(terms))
		err_required(h, terms_at, "must have at least one node selector term");
	/* what is stored may name values that were fine once */
	json_each(t, terms)
		check_node_term(h, AT_ITEM(terms_at, i++), t, !h->old);
}

static void check_weight(struct hook *h, const struct at *at, const struct json *w)
{
	int64_t weight = json_path_int(w, "weight", 0);

	if (weight <= 0 || weight > 100)
		err_invalid_int(h, AT(at, "weight"), weight, "must be in the range 1-100");
}

static void check_node_affinity(struct hook *h, const struct at *at, const struct json *affinity)
{
	size_t i = 0;

	if (json_get(affinity, REQUIRED))
		check_node_selector(h, AT(at, REQUIRED), json_get(affinity, REQUIRED));
	json_each(w, json_get(affinity, PREFERRED)) {
		const struct at *item = AT_ITEM(AT(at, PREFERRED), i++);

		check_weight(h, item, w);
		check_node_term(h, AT(item, "preference"), json_get(w, "preference"), false);
	}
}

/* ---- affinity to pods ---- */

static void check_pod_term(struct hook *h, const struct at *at, const struct json *term)
{
	const char *key = json_path_str(term, "topologyKey");

	check_label_selector(h, AT(at, "labelSelector"), json_get(term, "labelSelector"));
	check_label_selector(h, AT(at, "namespaceSelector"), json_get(term, "namespaceSelector"));
	json_each(ns, json_get(term, "namespaces"))
		check_text(h, AT(at, "namespace"), TEXT_DNS_LABEL, json_str(ns));
	check_match_keys(h, at, term);
	if (!key[0])
		err_required(h, AT(at, "topologyKey"), "can not be empty");
	check_text(h, AT(at, "topologyKey"), TEXT_LABEL_KEY, key);
}

static void check_pod_affinity(struct hook *h, const struct at *at, const struct json *affinity)
{
	size_t i = 0;

	json_each(term, json_get(affinity, REQUIRED))
		check_pod_term(h, AT_ITEM(AT(at, REQUIRED), i++), term);
	i = 0;
	json_each(w, json_get(affinity, PREFERRED)) {
		const struct at *item = AT_ITEM(AT(at, PREFERRED), i++);

		check_weight(h, item, w);
		check_pod_term(h, AT(item, "podAffinityTerm"), json_get(w, "podAffinityTerm"));
	}
}

void check_spec_affinity(struct hook *h, const struct at *at, const struct json *affinity)
{
	check_node_affinity(h, AT(at, "nodeAffinity"), json_get(affinity, "nodeAffinity"));
	check_pod_affinity(h, AT(at, "podAffinity"), json_get(affinity, "podAffinity"));
	check_pod_affinity(h, AT(at, "podAntiAffinity"), json_get(affinity, "podAntiAffinity"));
}
