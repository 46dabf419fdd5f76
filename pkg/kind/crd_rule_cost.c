/*
 * Rules compiled at admission of their definition, and what they may cost.
 *
 * A rule's estimate is multiplied by how often its schema can occur: by the declared limits, or, where there are none, by
 * how often the smallest such value fits into a request.
 */
#include "kind/crd_rule.h"

#include "base/arena.h"
#include "base/codec.h"
#include "cel/cel.h"
#include "kind/check.h"
#include "kind/kind.h"
#include "kind/structural.h"
#include "kind/structural_rule.h"
#include "obj/json.h"

#include <string.h>

#define REQUEST_MAX (3 * 1024 * 1024)
#define RULE_MAX 10000000
#define SCHEMA_MAX 100000000
#define EXPENSIVE 4

struct crd_rule_costs {
	uint64_t total;
	struct {
		const char *path;
		uint64_t cost;
	} most[EXPENSIVE + 1]; /* descending */
	size_t n;
};

struct crd_rule_costs *crd_rule_costs_new(struct arena *a)
{
	return arena_zalloc(a, sizeof(struct crd_rule_costs));
}

static uint64_t product(uint64_t x, uint64_t y)
{
	return x && y > UINT64_MAX / x ? UINT64_MAX : x * y;
}

static uint64_t cost_of(const struct crd_rule_scope *scope, const struct cel_program *p)
{
	const struct cel_type *t = rule_set_type(scope->rules, scope->s, scope->root);
	uint64_t times = scope->cardinality;

	if (times == CRD_RULE_UNBOUNDED)
		times = (uint64_t)(REQUEST_MAX / (t->min_size + 1));
	return product(cel_program_cost(p), times);
}

static const char *too_expensive(struct arena *a, const char *what, uint64_t cost, uint64_t max)
{
	double factor = (double)cost / (double)max;
	const char *text = factor > 100 ? "more than 100x" :
			   factor < 1.5 ? arena_printf(a, "%fx", factor) :
					  arena_printf(a, "%.1fx", factor);

	return arena_printf(a,
			    "%s exceeds budget by factor of %s (try simplifying the rule, or adding "
			    "maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
			    "declared)",
			    what, text);
}

static void observe(struct hook *h, struct crd_rule_costs *c, const struct at *at, uint64_t cost)
{
	size_t i;

	c->total = cost > UINT64_MAX - c->total ? UINT64_MAX : c->total + cost;
	if (cost < SCHEMA_MAX / 100)
		return;
	for (i = c->n; i && c->most[i - 1].cost < cost; i--)
		c->most[i] = c->most[i - 1];
	c->most[i].path = at_text(h, at);
	c->most[i].cost = cost;
	c->n += c->n < EXPENSIVE;
}

static void check_cost(struct hook *h, const struct at *at, const struct crd_rule_scope *scope,
		       const char *what, uint64_t cost)
{
	if (!scope->unchanged && cost > RULE_MAX)
		err_forbidden(h, at, "%s", too_expensive(h->a, what, cost, RULE_MAX));
	observe(h, scope->costs, at, cost);
}

/* The rule as Go prints its internal form. */
static const char *shown(struct hook *h, const struct structural_rule *r)
{
	struct json *o = json_build(h->a,
				    "{Rule:%s,Message:%s,MessageExpression:%s,Reason:null,FieldPath:%s,"
				    "OptionalOldSelf:null}",
				    r->rule, r->message, r->message_expression, r->field_path);

	if (*r->reason)
		json_set_str(h->a, o, "Reason", r->reason);
	if (r->optional_old_self_set)
		json_set_bool(h->a, o, "OptionalOldSelf", r->optional_old_self);
	return json_text(h->a, o);
}

static void check_old_self(struct hook *h, const struct at *at, const struct rule_program *p,
			   const struct at *uncorrelated)
{
	if (p->uses_old && uncorrelated)
		err_invalid(h, AT(at, "rule"), p->rule->rule,
			    "oldSelf cannot be used on the uncorrelatable portion of the schema within %s",
			    at_text(h, uncorrelated));
	else if (!p->uses_old && p->rule->optional_old_self_set)
		err_invalid_json(h, AT(at, "optionalOldSelf"),
				 json_boolean(h->a, p->rule->optional_old_self),
				 "may not be set if oldSelf is not used in rule");
}

static void check_program(struct hook *h, const struct at *at, const struct rule_program *p,
			  const struct crd_rule_scope *scope, const struct at *uncorrelated)
{
	if (p->program)
		check_cost(h, AT(at, "rule"), scope, "estimated rule cost",
			   cost_of(scope, p->program));
	if (p->error)
		field_error(h->errors, FIELD_INVALID, at_text(h, AT(at, "rule")), shown(h, p->rule),
			    p->error);
	if (p->message_error)
		field_error(h->errors, FIELD_INVALID, at_text(h, AT(at, "messageExpression")),
			    shown(h, p->rule), p->message_error);
	if (p->message)
		check_cost(h, AT(at, "messageExpression"), scope,
			   "estimated messageExpression cost", cel_program_cost(p->message));
	check_old_self(h, at, p, uncorrelated);
}

void crd_rule_compile(struct hook *h, const struct at *at, const struct json *list,
		      const struct crd_rule_scope *scope, const struct at *uncorrelated)
{
	const struct rule_program *programs = rule_set_programs(scope->rules, scope->s, scope->root);

	if (!programs) {
		field_error(h->errors, FIELD_INTERNAL, at_text(h, at), NULL,
			    "internal error: failed to construct type information for "
			    "x-kubernetes-validations rules: unable to convert structural schema to CEL "
			    "declarations");
		return;
	}
	for (size_t i = 0; i < json_count(list) && i < scope->s->nrules; i++)
		check_program(h, AT_ITEM(at, i), &programs[i], scope, uncorrelated);
}

void crd_rule_total(struct hook *h, const struct at *at, const struct crd_rule_scope *scope)
{
	const struct crd_rule_costs *c = scope->costs;

	if (c->total <= SCHEMA_MAX)
		return;
	for (size_t i = 0; i < c->n; i++)
		field_error(h->errors, FIELD_FORBIDDEN, c->most[i].path, NULL,
			    "contributed to estimated rule cost total exceeding cost limit for entire "
			    "OpenAPIv3 schema");
	err_forbidden(h, at, "%s",
		      too_expensive(h->a,
				    "x-kubernetes-validations estimated rule cost total for entire "
				    "OpenAPIv3 schema",
				    c->total, SCHEMA_MAX));
}
