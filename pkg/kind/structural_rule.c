/*
 * Rules into programs.
 *
 * A rule sees self and oldSelf, both of its node's type (oldSelf optional when the rule asks for that).
 */
#include "kind/structural_set.h"

#include "base/arena.h"
#include "base/log.h"
#include "kind/crd_check.h"
#include "kind/kind.h"

#include <stdlib.h>
#include <string.h>

struct rule_set *rule_set_new(const struct structural *root)
{
	struct rule_set *rs = calloc(1, sizeof *rs);

	BUG_ON(!rs);
	rs->a = arena_new();
	rs->root = root;
	rs->nodes = arena_zalloc(rs->a, (root->id + 2) * sizeof *rs->nodes);
	return rs;
}

void rule_set_free(struct rule_set **prs)
{
	struct rule_set *rs = *prs;

	if (!rs)
		return;
	arena_free(&rs->a);
	free(rs);
	*prs = NULL;
}

static const struct cel_env *env_of(struct rule_set *rs, const struct cel_type *self, bool optional)
{
	struct cel_env *env = arena_zalloc(rs->a, sizeof *env);
	struct cel_var *vars = arena_zalloc(rs->a, 2 * sizeof *vars);

	vars[0] = (struct cel_var){ "self", self };
	vars[1] = (struct cel_var){ "oldSelf", optional ? cel_type_optional(rs->a, self) : self };
	*env = (struct cel_env){ .vars = vars, .nvars = 2, .root = self };
	return env;
}

static const struct cel_program *compile(struct rule_set *rs, const struct cel_env *env,
					 const char *text, const struct cel_type *want,
					 const char *failed, const char *mistyped, const char **error)
{
	const struct cel_program *p;
	struct cel_error e;

	if (!cel_compile(rs->a, env, text, &p, &e)) {
		*error = arena_printf(rs->a, "%s: %s", failed, e.text);
		return NULL;
	}
	if (cel_type_same(cel_program_type(p), want))
		return p;
	*error = mistyped;
	return NULL;
}

static void compile_rule(struct rule_set *rs, const struct cel_type *self,
			 const struct structural_rule *rule, struct rule_program *out)
{
	const struct cel_env *env = env_of(rs, self, rule->optional_old_self);

	*out = (struct rule_program){ .rule = rule, .path = "" };
	out->program = compile(rs, env, rule->rule, &cel_type_bool, "compilation failed",
			       "cel expression must evaluate to a bool", &out->error);
	if (!out->program)
		return;
	out->uses_old = cel_program_uses(out->program, "oldSelf");
	if (*rule->message_expression)
		out->message = compile(rs, env, rule->message_expression, &cel_type_string,
				       "messageExpression compilation failed",
				       "messageExpression must evaluate to a string",
				       &out->message_error);
	if (*rule->field_path)
		out->path = crd_field_path_text(rs->a, rule->field_path);
}

const struct rule_program *rule_set_programs(struct rule_set *rs, const struct structural *s,
					     bool root)
{
	struct rule_node *n = &rs->nodes[root ? rs->root->id + 1 : s->id];
	const struct cel_type *self;
	struct rule_program *programs;

	if (n->compiled)
		return n->programs;
	n->compiled = true;
	self = rule_set_type(rs, s, root);
	if (!self || !s->nrules)
		return NULL;
	programs = arena_zalloc(rs->a, s->nrules * sizeof *programs);
	for (size_t i = 0; i < s->nrules; i++)
		compile_rule(rs, self, &s->rules[i], &programs[i]);
	n->programs = programs;
	return programs;
}

static void compile_below(struct rule_set *rs, const struct structural *s, bool root)
{
	struct rule_node *n;

	if (!s || !(s->flags & STRUCTURAL_RULES))
		return;
	n = &rs->nodes[root ? rs->root->id + 1 : s->id];
	if (n->compiled)
		return;
	rule_set_programs(rs, s, root);
	compile_below(rs, s->items, false);
	compile_below(rs, s->additional, false);
	for (size_t i = 0; i < s->nproperties; i++)
		compile_below(rs, s->properties[i].schema, false);
}

void rule_set_compile(struct rule_set *rs)
{
	compile_below(rs, rs->root, true);
}
