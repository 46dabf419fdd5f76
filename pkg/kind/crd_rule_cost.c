/*
 * Rules compiled, and what they may cost.
 */
#include "kind/crd_rule.h"

#include "base/arena.h"

struct crd_rule_costs {
	uint64_t total;
};

struct crd_rule_costs *crd_rule_costs_new(struct arena *a)
{
	return arena_zalloc(a, sizeof(struct crd_rule_costs));
}

void crd_rule_compile(struct hook *h, const struct at *at, const struct json *list,
		      const struct crd_rule_scope *scope, const struct at *uncorrelated)
{
	(void)h;
	(void)at;
	(void)list;
	(void)scope;
	(void)uncorrelated;
}

void crd_rule_total(struct hook *h, const struct at *at, const struct crd_rule_scope *scope)
{
	(void)h;
	(void)at;
	(void)scope;
}
