/*
 * compile: parse, check, estimate, plan; the program that remains.
 *
 * The tree and all types made on the way are scratch; a program keeps the plan, its result type and a
 * few numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cel/check.h"
#include "cel/estimate.h"
#include "cel/parse.h"
#include "cel/plan.h"

struct cel_program {
	const struct cel_env *env;
	const struct cel_type *type;
	const struct step *plan;
	struct cel_bounds cost;
	unsigned slots;
	uint64_t uses[]; /* bit set over env->vars */
};

/* Everything one compilation needs. */
struct compilation {
	struct arena *keep, *scratch;
	struct issues *is;
	struct checker check;
	struct cel_expr *root;
	uint32_t nids;
};

/* ---- types of all nodes, once nothing is free any more ---- */

static void close_types(struct checker *c, struct cel_expr *e);

static void close_all(struct checker *c, struct cel_expr *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close_types(c, v[i]);
}

static void close_entries(struct checker *c, const struct cel_expr *e)
{
	for (uint32_t i = 0; i < e->map.n; i++) {
		if (e->map.entries[i].key)
			close_types(c, e->map.entries[i].key);
		close_types(c, e->map.entries[i].value);
	}
}

static void close_loop(struct checker *c, const struct cel_loop *l)
{
	struct cel_expr *const parts[] = { l->range, l->init, l->cond, l->step, l->result };

	close_all(c, parts, sizeof parts / sizeof *parts);
}

static void close_types(struct checker *c, struct cel_expr *e)
{
	e->type = unify_resolve(c, e->type, true);
	switch (e->kind) {
	case CEL_NODE_SELECT: close_types(c, e->select.operand); break;
	case CEL_NODE_CALL:
		if (e->call.target)
			close_types(c, e->call.target);
		close_all(c, e->call.args, e->call.nargs);
		break;
	case CEL_NODE_LIST: close_all(c, e->list.items, e->list.n); break;
	case CEL_NODE_MAP:
	case CEL_NODE_OBJECT: close_entries(c, e); break;
	case CEL_NODE_LOOP: close_loop(c, e->loop); break;
	default: break;
	}
}

/* ---- the steps ---- */

static size_t use_words(const struct cel_env *env)
{
	return (env->nvars + 63) / 64;
}

static bool analyze(struct compilation *k, const struct cel_env *env, const char *text)
{
	struct checker *c = &k->check;

	k->root = cel_parse(k->scratch, text, strlen(text), k->is, &k->nids);
	if (!k->root)
		return false;
	*c = (struct checker){ .a = k->scratch, .keep = k->keep, .env = env, .is = k->is };
	c->vars_used = arena_zalloc(k->scratch, use_words(env) * sizeof *c->vars_used);
	check_expr(c, k->root);
	if (!k->is->n) {
		close_types(c, k->root);
		check_literals(c, k->root);
	}
	vec_free(&c->vars);
	vec_free(&c->trail);
	vec_free(&c->locals);
	return k->is->n == 0;
}

/* A copy of what may be scratch: types with parameters. */
static const struct cel_type *type_keep(struct arena *a, const struct cel_type *t)
{
	struct cel_type *c;

	if (!t->nparams)
		return t;
	c = cel_type_copy(a, t);
	for (unsigned i = 0; i < t->nparams; i++)
		c->params[i] = type_keep(a, t->params[i]);
	return c;
}

static struct cel_program *program_new(struct compilation *k, const struct cel_env *env,
				       struct cel_error *err)
{
	size_t words = use_words(env);
	struct cel_program *p = arena_zalloc(k->keep, sizeof *p + words * sizeof *p->uses);

	p->env = env;
	p->type = type_keep(k->keep, k->root->type);
	p->slots = k->check.slots;
	memcpy(p->uses, k->check.vars_used, words * sizeof *p->uses);
	if (env->root)
		p->cost = cel_estimate(k->scratch, env, k->root, k->nids);
	p->plan = cel_plan(k->keep, k->root, err);
	if (p->plan)
		return p;
	err->type = CEL_ERROR_PROGRAM;
	return NULL;
}

bool cel_compile(struct arena *a, const struct cel_env *env, const char *text,
		 const struct cel_program **out, struct cel_error *err)
{
	struct issues *is = calloc(1, sizeof *is);
	struct compilation k = { .keep = a, .scratch = arena_new(), .is = is };
	BUF_AUTO struct buf b = BUF_INIT;

	if (!is)
		abort();
	is->a = k.scratch;
	is->source = text;
	is->len = strlen(text);
	*out = NULL;
	if (analyze(&k, env, text)) {
		*out = program_new(&k, env, err);
	} else {
		issues_print(&b, is);
		err->text = arena_dup(a, b.p, b.len);
		err->type = CEL_ERROR_COMPILE;
	}
	arena_free(&k.scratch);
	free(is);
	return *out != NULL;
}

/* Go's print of a slice of types, or of one. */
static void wanted_print(struct arena *a, struct buf *b, const struct cel_type *const *types, size_t n)
{
	if (n == 1) {
		buf_adds(b, cel_type_declared(a, types[0]));
		return;
	}
	buf_adds(b, "one of [");
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s%s", i ? " " : "", cel_type_declared(a, types[i]));
	buf_addc(b, ']');
}

bool cel_compile_typed(struct arena *a, const struct cel_env *env, const char *text,
		       const struct cel_type *const *types, size_t n,
		       const struct cel_program **out, struct cel_error *err)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (!cel_compile(a, env, text, out, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (types[i]->kind == CEL_KIND_DYN || cel_type_same((*out)->type, types[i]))
			return true;
	}
	buf_adds(&b, "must evaluate to ");
	wanted_print(a, &b, types, n);
	buf_addf(&b, " but got %s", cel_type_declared(a, (*out)->type));
	err->text = arena_dup(a, b.p, b.len);
	err->type = CEL_ERROR_TYPE;
	*out = NULL;
	return false;
}

/* ---- reading a program ---- */

const struct cel_type *cel_program_type(const struct cel_program *p)
{
	return p->type;
}

const struct cel_env *cel_program_env(const struct cel_program *p)
{
	return p->env;
}

uint64_t cel_program_cost(const struct cel_program *p)
{
	return p->cost.max;
}

uint64_t cel_program_min_cost(const struct cel_program *p)
{
	return p->cost.min;
}

bool cel_program_uses(const struct cel_program *p, const char *var)
{
	for (size_t i = 0; i < p->env->nvars; i++) {
		if ((p->uses[i / 64] >> i % 64 & 1) && !strcmp(p->env->vars[i].name, var))
			return true;
	}
	return false;
}

unsigned cel_program_slots(const struct cel_program *p)
{
	return p->slots;
}

const struct step *cel_program_plan(const struct cel_program *p)
{
	return p->plan;
}
