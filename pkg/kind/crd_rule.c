/*
 * The form of rules, and where they stand.
 *
 * A rule's worst case counts as often as its schema can occur in one object: the product of the limits (maxItems,
 * maxProperties) of all lists and maps above it.
 */
#include "kind/crd_rule.h"

#include "base/arena.h"
#include "kind/check.h"
#include "kind/crd_check.h"
#include "kind/kind.h"
#include "kind/structural.h"
#include "obj/json.h"

#include <ctype.h>
#include <string.h>

/* ---- scopes ---- */

const struct crd_rule_scope *crd_rule_root(struct crd_rule_scope *scope, struct hook *h,
					   const struct structural *s, struct rule_set *rules,
					   bool unchanged)
{
	*scope = (struct crd_rule_scope){
		.s = s,
		.cardinality = 1,
		.root = true,
		.unchanged = unchanged,
		.rules = rules,
		.costs = crd_rule_costs_new(h->a),
	};
	return s ? scope : NULL;
}

/* How many parts a list or map can have at most. */
static uint64_t parts(const struct json *above, const char *limit)
{
	int64_t n;

	return json_int(json_get(above, limit), &n) && n >= 0 ? (uint64_t)n : CRD_RULE_UNBOUNDED;
}

static uint64_t times(uint64_t x, uint64_t y)
{
	if (x == CRD_RULE_UNBOUNDED || y == CRD_RULE_UNBOUNDED)
		return CRD_RULE_UNBOUNDED;
	return y && x > UINT64_MAX / y ? CRD_RULE_UNBOUNDED : x * y;
}

const struct crd_rule_scope *crd_rule_descend(const struct crd_rule_scope *up,
					      struct crd_rule_scope *scope, const struct json *above,
					      const char *name, enum crd_rule_step step)
{
	if (!up || !up->s)
		return NULL;
	*scope = *up;
	scope->root = false;
	if (step == CRD_RULE_PROPERTY) {
		scope->s = structural_property(up->s, name);
	} else if (step == CRD_RULE_ITEM) {
		scope->s = up->s->items;
		scope->cardinality = times(up->cardinality, parts(above, "maxItems"));
	} else {
		scope->s = up->s->additional;
		scope->cardinality = times(up->cardinality, parts(above, "maxProperties"));
	}
	return scope->s ? scope : NULL;
}

/* ---- form ---- */

static bool blank(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return !*s;
}

/* Line breaks inside, not around. */
static bool broken(const char *s)
{
	size_t n = strlen(s);

	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	while (n && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	return memchr(s, '\n', n) || memchr(s, '\r', n);
}

static void check_message(struct hook *h, const struct at *at, const struct json *r)
{
	const char *rule = json_str(json_get(r, "rule"));
	const char *message = json_str(json_get(r, "message"));

	if (blank(rule))
		err_required(h, AT(at, "rule"), "rule is not specified");
	else if (*message && blank(message))
		err_invalid(h, AT(at, "message"), message, "must be non-empty if specified");
	else if (broken(message))
		err_invalid(h, AT(at, "message"), message, "must not contain line breaks");
	else if (broken(rule) && blank(message))
		err_required(h, AT(at, "message"),
			     "message must be specified if rule contains line breaks");
}

static void check_form(struct hook *h, const struct at *at, const struct json *schema,
		       const struct json *r)
{
	static const char *const reasons[] = { "FieldValueDuplicate", "FieldValueForbidden",
					       "FieldValueInvalid", "FieldValueRequired", NULL };
	const char *expression = json_str(json_get(r, "messageExpression"));
	const char *reason = json_str(json_get(r, "reason"));
	const char *path = json_str(json_get(r, "fieldPath"));
	const struct structural *found;

	check_message(h, at, r);
	if (*expression && blank(expression))
		err_required(h, AT(at, "messageExpression"),
			     "messageExpression must be non-empty if specified");
	if (json_get(r, "reason") && !one_of(reason, reasons))
		err_unsupported(h, AT(at, "reason"), reason, reasons);
	if (*path && blank(path))
		err_invalid(h, AT(at, "fieldPath"), path, "must be non-empty if specified");
	if (strpbrk(path, "\n\r"))
		err_invalid(h, AT(at, "fieldPath"), path, "must not contain line breaks");
	if (*path && crd_field_path(h, path, structural_compile(h->a, schema), true, &found))
		err_invalid(h, AT(at, "fieldPath"), path, "must be a valid path");
}

void crd_check_rules(struct hook *h, const struct at *at, const struct json *schema,
		     const struct crd_rule_scope *scope, const struct at *uncorrelated)
{
	const struct json *list = json_get(schema, "x-kubernetes-validations");
	const struct at *here = AT(at, "x-kubernetes-validations");
	size_t before = h->errors->n, i = 0;

	json_each(r, list)
		check_form(h, AT_ITEM(here, i++), schema, r);
	if (scope && json_count(list) && h->errors->n == before)
		crd_rule_compile(h, here, list, scope, uncorrelated);
}
