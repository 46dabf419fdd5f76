/*
 * plan: from the checked tree to steps (cel-go: interpreter/planner.go, decorators.go).  The tree is
 * scratch, so whatever a step needs of it is copied.
 */
#include "cel/plan.h"

#include "cel/ast.h"
#include "cel/cel.h"
#include "cel/eval_priv.h"
#include "cel/function.h"

#include "base/arena.h"
#include "base/log.h"
#include "obj/regex.h"

#include <string.h>

#define MAX_DEPTH 500 /* what the evaluator's recursion stands on a small stack */

struct planner {
	struct arena *a;
	struct cel_error *err;
	int depth;
};

static struct step *plan(struct planner *p, const struct cel_expr *e);

static struct step *new_step(struct planner *p, enum step_kind kind)
{
	struct step *s = arena_zalloc(p->a, sizeof *s);

	s->kind = kind;
	return s;
}

static struct step *constant(struct planner *p, struct cel_value v)
{
	struct step *s = new_step(p, STEP_CONST);

	s->value = v;
	return s;
}

static struct step *refuse(struct planner *p, const char *text)
{
	p->err->text = arena_strdup(p->a, text);
	p->err->type = CEL_ERROR_COMPILE;
	return NULL;
}

/* ---- leaves ---- */

static struct step *plan_literal(struct planner *p, const struct cel_literal *l)
{
	switch (l->kind) {
	case CEL_KIND_BOOL: return constant(p, cel_bool(l->b));
	case CEL_KIND_INT: return constant(p, cel_int(l->i));
	case CEL_KIND_UINT: return constant(p, cel_uint(l->u));
	case CEL_KIND_DOUBLE: return constant(p, cel_double(l->d));
	case CEL_KIND_STRING:
		return constant(p, cel_stringn(arena_dup(p->a, l->s.p, l->s.n), l->s.n));
	case CEL_KIND_BYTES: return constant(p, cel_bytes(arena_dup(p->a, l->s.p, l->s.n), l->s.n));
	default: return constant(p, CEL_NULL_VALUE);
	}
}

static struct step *plan_ident(struct planner *p, const struct cel_expr *e)
{
	struct step *s;

	if (e->ident.ref == CEL_REF_TYPE) {
		const struct cel_type *of = e->type->params[0];

		return constant(p, cel_type_value(arena_strdup(
					   p->a, of && of->name ? of->name : e->ident.name)));
	}
	s = new_step(p, e->ident.ref == CEL_REF_LOCAL ? STEP_LOCAL : STEP_VAR);
	s->slot = e->ident.index;
	return s;
}

/* ---- attributes ---- */

/* An attribute step that a qualifier can be added to: a chain goes on, anything else begins one. */
static struct step *attribute(struct planner *p, struct step *root)
{
	struct step *s;

	if (root->kind == STEP_ATTR && !root->test)
		return root;
	s = new_step(p, STEP_ATTR);
	s->attr.root = root;
	return s;
}

static struct step *qualify(struct planner *p, struct step *root, struct qualifier q)
{
	struct step *s = attribute(p, root);
	struct qualifier *all = arena_alloc(p->a, (s->n + 1) * sizeof *all);

	if (s->n)
		memcpy(all, s->attr.qualifiers, s->n * sizeof *all);
	all[s->n++] = q;
	s->attr.qualifiers = all;
	return s;
}

static struct step *plan_select(struct planner *p, const struct cel_expr *e)
{
	struct step *root = plan(p, e->select.operand), *s;

	if (!root)
		return NULL;
	s = qualify(p, root,
		    (struct qualifier){ .key = cel_string(arena_strdup(p->a, e->select.field)) });
	s->test = e->select.test;
	return s;
}

static struct step *plan_index(struct planner *p, struct step **args, bool optional)
{
	struct qualifier q = { .optional = optional };

	if (args[1]->kind == STEP_CONST)
		q.key = args[1]->value;
	else
		q.index = args[1];
	return qualify(p, args[0], q);
}

/* ---- calls ---- */

static struct step **plan_args(struct planner *p, const struct cel_expr *e, unsigned *n)
{
	unsigned first = e->call.target != NULL;
	struct step **args = arena_alloc(p->a, (e->call.nargs + first) * sizeof *args);

	*n = e->call.nargs + first;
	if (first) {
		args[0] = plan(p, e->call.target);
		if (!args[0])
			return NULL;
	}
	for (unsigned i = 0; i < e->call.nargs; i++) {
		args[i + first] = plan(p, e->call.args[i]);
		if (!args[i + first])
			return NULL;
	}
	return args;
}

static struct step *plan_args_step(struct planner *p, enum step_kind kind, struct step **args,
				   unsigned n)
{
	struct step *s = new_step(p, kind);

	s->args = args;
	s->n = n;
	return s;
}

static bool is_conversion(const char *name)
{
	static const char *const names[] = { "bool", "bytes",  "double",    "duration", "dyn",
					     "int",  "string", "timestamp", "type",     "uint" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Functions that upstream binds once for all overloads: they see any argument. */
static bool is_singleton(const char *name)
{
	static const char *const names[] = { "size",     "type",     "dyn",
					     "sort",     "flatten",  "matches",
					     "contains", "endsWith", "startsWith" };

	if (strchr("_!-@", *name))
		return strcmp(name, "@mapInsert") != 0;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void free_regex(void *r)
{
	struct regex *regex = r;

	regex_free(&regex);
}

/* Compile the pattern of matches(), find() and findAll() when it is a literal. */
static bool plan_regex(struct planner *p, const char *name, struct step *s)
{
	const struct step *pattern = s->n > 1 ? s->call.args[1] : NULL;
	struct regex *r;
	char *why;

	if (!pattern || pattern->kind != STEP_CONST || pattern->value.kind != CELV_STRING ||
	    (strcmp(name, "matches") != 0 && strcmp(name, "find") != 0 &&
	     strcmp(name, "findAll") != 0))
		return true;
	r = regex_new(cel_value_str(p->a, pattern->value), &why);
	if (!r) {
		refuse(p, why);
		regex_free_error(why);
		return false;
	}
	arena_defer(p->a, free_regex, r);
	s->call.regex = r;
	return true;
}

static struct step *fold(struct planner *p, struct step *s)
{
	struct cel_value v = cel_fold(p->a, s);

	if (cel_is_error(v))
		return refuse(p, cel_value_text(p->a, v));
	return constant(p, v);
}

static bool in_set_kind(struct cel_value v)
{
	return v.kind == CELV_BOOL || v.kind == CELV_INT || v.kind == CELV_UINT ||
	       v.kind == CELV_DOUBLE || v.kind == CELV_STRING;
}

/* `x in [literals]`; NULL when it stays a call. */
static struct step *plan_in_set(struct planner *p, struct step *s)
{
	struct cel_value list = s->call.args[1]->value, set;
	const struct cel_value *items;
	struct step *out;
	size_t n;

	if (list.kind != CELV_LIST)
		return NULL;
	n = cel_list_count(list.list);
	if (!n)
		return constant(p, cel_bool(false));
	items = cel_list_items(list.list);
	set = cel_map_new(p->a, n);
	for (size_t i = 0; i < n; i++) {
		if (!in_set_kind(items[i]))
			return NULL;
		cel_map_put(set, items[i], cel_bool(true));
	}
	out = new_step(p, STEP_IN_SET);
	out->in.arg = s->call.args[0];
	out->in.set = set.map;
	return out;
}

static struct step *optimize_call(struct planner *p, const struct cel_expr *e, struct step *s)
{
	struct step *out = NULL;

	if (s->n == 1 && s->call.args[0]->kind == STEP_CONST && is_conversion(e->call.name))
		return fold(p, s);
	if (s->n == 2 && s->call.args[1]->kind == STEP_CONST && s->kind == STEP_CALL &&
	    strcmp(s->call.rows[0]->overload, "in_list") == 0)
		out = plan_in_set(p, s);
	if (out)
		return out;
	return plan_regex(p, e->call.name, s) ? s : NULL;
}

static struct step *plan_function(struct planner *p, const struct cel_expr *e, struct step **args,
				  unsigned n)
{
	const char *name = e->call.name;
	const struct cel_function **rows;
	struct step *s;

	if (strcmp(name, "or") == 0 && n == 2)
		return plan_args_step(p, STEP_OR_OPTIONAL, args, n);
	if (strcmp(name, "orValue") == 0 && n == 2)
		return plan_args_step(p, STEP_OR_VALUE, args, n);
	if (!e->call.noverloads || n > CEL_MAX_ARGS)
		return refuse(p, arena_printf(p->a, "no such overload: %s", name));
	s = new_step(p, e->call.noverloads == 1 ? STEP_CALL : STEP_DISPATCH);
	s->call.args = args;
	rows = arena_alloc(p->a, e->call.noverloads * sizeof *rows);
	memcpy(rows, e->call.overloads, e->call.noverloads * sizeof *rows);
	s->call.rows = rows;
	s->call.nrows = e->call.noverloads;
	s->n = n;
	s->guarded = !is_singleton(name);
	return optimize_call(p, e, s);
}

static struct step *plan_call(struct planner *p, const struct cel_expr *e)
{
	static const uint8_t kinds[] = {
		[CEL_OP_AND] = STEP_AND,   [CEL_OP_OR] = STEP_OR,
		[CEL_OP_COND] = STEP_COND, [CEL_OP_NOT_STRICTLY_FALSE] = STEP_NOT_STRICTLY_FALSE,
		[CEL_OP_EQ] = STEP_EQ,     [CEL_OP_NE] = STEP_NE,
	};
	unsigned n;
	struct step **args = plan_args(p, e, &n);

	if (!args)
		return NULL;
	switch (e->call.op) {
	case CEL_OP_CALL: return plan_function(p, e, args, n);
	case CEL_OP_INDEX: return plan_index(p, args, false);
	case CEL_OP_OPT_INDEX:
	case CEL_OP_OPT_SELECT: return plan_index(p, args, true);
	default: return plan_args_step(p, kinds[e->call.op], args, n);
	}
}

/* ---- aggregates ---- */

static bool all_constant(struct step **args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (args[i]->kind != STEP_CONST)
			return false;
	return true;
}

static struct step *plan_list(struct planner *p, const struct cel_expr *e)
{
	struct step *s = new_step(p, STEP_LIST);

	s->n = e->list.n;
	if (e->list.optional) {
		bool *optional = arena_alloc(p->a, s->n);

		memcpy(optional, e->list.optional, s->n);
		s->optional = optional;
	}
	s->args = arena_alloc(p->a, s->n * sizeof *s->args);
	for (uint32_t i = 0; i < s->n; i++) {
		s->args[i] = plan(p, e->list.items[i]);
		if (!s->args[i])
			return NULL;
	}
	return all_constant(s->args, s->n) ? fold(p, s) : s;
}

static struct step *plan_map(struct planner *p, const struct cel_expr *e)
{
	bool object = e->kind == CEL_NODE_OBJECT, any = false;
	struct step *s = new_step(p, object ? STEP_OBJECT : STEP_MAP);
	bool *optional = arena_zalloc(p->a, e->map.n);

	s->n = e->map.n;
	s->map.name = e->map.name ? arena_strdup(p->a, e->map.name) : NULL;
	s->map.args = arena_alloc(p->a, 2 * s->n * sizeof *s->map.args);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct cel_entry *entry = &e->map.entries[i];

		s->map.args[2 * i] =
			object ? constant(p, cel_string(arena_strdup(p->a, entry->field))) :
				 plan(p, entry->key);
		s->map.args[2 * i + 1] = plan(p, entry->value);
		if (!s->map.args[2 * i] || !s->map.args[2 * i + 1])
			return NULL;
		any |= optional[i] = entry->optional;
	}
	s->optional = any ? optional : NULL;
	return !object && all_constant(s->map.args, 2 * s->n) ? fold(p, s) : s;
}

static struct step *plan_loop(struct planner *p, const struct cel_loop *l)
{
	struct loop_plan *out = arena_zalloc(p->a, sizeof *out);
	struct step *s = new_step(p, STEP_LOOP);

	out->iter = l->iter_slot;
	out->iter2 = l->iter2_slot;
	out->accu = l->accu_slot;
	out->two = l->iter2 != NULL;
	out->init = plan(p, l->init);
	out->range = out->init ? plan(p, l->range) : NULL;
	out->cond = out->range ? plan(p, l->cond) : NULL;
	out->step = out->cond ? plan(p, l->step) : NULL;
	out->result = out->step ? plan(p, l->result) : NULL;
	s->loop = out;
	return out->result ? s : NULL;
}

static struct step *plan_node(struct planner *p, const struct cel_expr *e)
{
	switch (e->kind) {
	case CEL_NODE_LITERAL: return plan_literal(p, &e->literal);
	case CEL_NODE_IDENT: return plan_ident(p, e);
	case CEL_NODE_SELECT: return plan_select(p, e);
	case CEL_NODE_CALL: return plan_call(p, e);
	case CEL_NODE_LIST: return plan_list(p, e);
	case CEL_NODE_MAP:
	case CEL_NODE_OBJECT: return plan_map(p, e);
	case CEL_NODE_LOOP: return plan_loop(p, e->loop);
	default: return refuse(p, "unsupported expr");
	}
}

static struct step *plan(struct planner *p, const struct cel_expr *e)
{
	struct step *s;

	if (p->depth >= MAX_DEPTH)
		return refuse(p, "expression nested too deeply");
	p->depth++;
	s = plan_node(p, e);
	p->depth--;
	return s;
}

const struct step *cel_plan(struct arena *a, const struct cel_expr *root, struct cel_error *err)
{
	struct planner p = { .a = a, .err = err };

	return plan(&p, root);
}
